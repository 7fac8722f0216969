//! A store that version 1 wrote.

use rusqlite::{Connection, params};

use super::*;
use crate::journal::store::{Error, FILE};

/// Names, as version 1 kept them: the root has an empty key.
const NAMES: [(&str, &[u8]); 3] = [
    ("casino.example", b"\x07example\x06casino"),
    ("www.casino.example", b"\x07example\x06casino\x03www"),
    (".", b""),
];

/// A store as version 1 left it: two groups, three names and one not kept, over an hour's end; an hour and a
/// day whose minutes are gone; a reading.
fn version_1(path: &Path) {
    let db = Connection::open(path).unwrap();
    db.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;").unwrap();
    db.execute_batch(include_str!("schema-1.sql")).unwrap();
    db.execute_batch("PRAGMA user_version = 1; PRAGMA application_id = 1279478354;").unwrap();
    db.execute_batch(
        "INSERT INTO grp VALUES (1, '6A'), (2, '3B');
         INSERT INTO list VALUES (1, 'starter-gambling');
         INSERT INTO kind VALUES (1, 1, 2, 1, 1, 6, 0), (2, 2, 1, 1, 1, 6, 0);",
    )
    .unwrap();
    let minute = MORNING.parse::<Timestamp>().unwrap().as_second() / 60;
    for (id, (_, key)) in (1..).zip(NAMES) {
        db.execute("INSERT INTO name VALUES (?1, ?2, ?3)", params![id, key, minute / 60]).unwrap();
    }
    /// Minute, kind, name, device, type, count.
    type Row = (i64, i64, i64, &'static [u8], i64, i64);
    let events: [Row; 5] = [
        (minute, 1, 1, &[1; 8], 1, 3),
        (minute, 1, 2, &[1; 8], 28, 2),
        (minute, 2, 3, &[2; 8], 1, 1),
        (minute + 1, 1, 0, &[], 0, 5),
        (minute + 60, 1, 1, &[1; 8], 1, 4),
    ];
    for (minute, kind, name, device, rtype, count) in events {
        db.execute(
            "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, 7)",
            params![minute, kind, name, device, rtype, count],
        )
        .unwrap();
    }
    let hour = minute / 60;
    for (hour, kind, count, devices) in
        [(hour, 1, 10, 1), (hour, 2, 1, 1), (hour + 1, 1, 4, 1), (hour - 900, 1, 50, 9)]
    {
        db.execute("INSERT INTO hour VALUES (?1, ?2, ?3, ?4)", params![hour, kind, count, devices]).unwrap();
    }
    db.execute_batch(&format!(
        "INSERT INTO month VALUES (202611, 1, 14), (202611, 2, 1), (202610, 1, 50);
         INSERT INTO name_day VALUES (20261016, 1, 2, 50, 9);
         INSERT INTO batch VALUES (7, {0}, {minute});
         INSERT INTO mark VALUES ('events', 5), ('devices_until', {hour});
         INSERT INTO access (at, who, filter, rows) VALUES ({0}, 'cô Lan', 'all', 4);",
        minute * 60 + 3700
    ))
    .unwrap();
}

#[test]
fn a_store_of_version_1_is_brought_up_to_date_with_all_that_it_holds() {
    let mut school = School::new();
    school.crash();
    std::fs::remove_dir_all(&school.settings.folder).unwrap();
    std::fs::create_dir(&school.settings.folder).unwrap();
    let path = school.settings.folder.join(FILE);
    version_1(&path);
    assert!(matches!(Reader::open(&school.settings.folder), Err(Error::Older { found: 1, .. })));
    school.clock.set(school.now() + SignedDuration::from_secs(3720));
    school.start();
    let tally = school.tally();
    assert_eq!(school.health().failing, None, "it is done by the thread that stores");
    school.count(&tally, &asked("new.example"));
    school.second();
    let health = school.health();
    assert_eq!((health.failing, health.waiting, health.stored), (None, 0, 1));

    let rows: Vec<_> = school
        .rows()
        .into_iter()
        .map(|row| (row.at.as_second() / 60, row.name, row.rtype, row.count))
        .collect();
    let minute = MORNING.parse::<Timestamp>().unwrap().as_second() / 60;
    assert_eq!(
        rows,
        [
            (minute, shown("casino.example"), 1, 3),
            (minute, shown("www.casino.example"), 28, 2),
            (minute, shown("."), 1, 1),
            (minute + 1, NameShown::NotKept, 0, 5),
            (minute + 60, shown("casino.example"), 1, 4),
            (minute + 62, shown("new.example"), 1, 1),
        ]
    );
    assert_eq!((school.total(), school.hours(), school.months()), (66, 66, 66));
    let hours = school.reader().hours(&Filter::default()).unwrap();
    assert_eq!(hours[0].devices, 9);
    let top = school.reader().top_names(&Filter::default(), 9).unwrap();
    assert_eq!((top[0].name.to_string(), top[0].count), ("www.casino.example".into(), 52));
    assert_eq!(school.reader().accesses(9).unwrap().last().unwrap().who, "cô Lan");
    assert_eq!(school.reader().visits(&Filter::default()).unwrap(), 6, "of the minutes that are kept");
    assert!(!school.settings.folder.join("journal.sqlite.new").exists());
    school.crash();
    school.start();
    assert_eq!(school.total(), 66);
    school.is_sound();
}

#[test]
fn an_upgrade_that_was_cut_off_is_done_again() {
    let mut school = School::new();
    school.crash();
    std::fs::remove_dir_all(&school.settings.folder).unwrap();
    std::fs::create_dir(&school.settings.folder).unwrap();
    version_1(&school.settings.folder.join(FILE));
    std::fs::write(school.settings.folder.join("journal.sqlite.new"), b"half of a store").unwrap();
    school.start();
    school.second();
    assert_eq!((school.total(), school.health().failing), (65, None));
    school.is_sound();
}

/// How version 2 made its table of kinds.
fn kinds_of_version_2() -> &'static str {
    let text = include_str!("schema-2.sql");
    text[text.find("CREATE TABLE kind").unwrap()..].split(';').next().unwrap()
}

/// Makes a store of the newest version one as version 2 left it: Zalo is the category 21, which layer 6 decided.
fn as_version_2(path: &Path) {
    let db = Connection::open(path).unwrap();
    db.execute_batch(&format!(
        "BEGIN; ALTER TABLE kind RENAME TO newest; {};
         INSERT INTO kind SELECT id, grp, tier, CASE service WHEN 1 THEN 21 ELSE category END, list,
             CASE service WHEN 1 THEN 6 ELSE layer END, effect FROM newest;
         DROP TABLE newest; PRAGMA user_version = 2; COMMIT;",
        kinds_of_version_2()
    ))
    .unwrap();
}

#[test]
fn a_store_of_version_2_keeps_its_counts_and_zalo_is_a_service_in_it() {
    let zalo = ServiceId::from_word("zalo");
    let of_zalo = |name: &str| Asked { service: zalo, category: None, layer: Layer::Service, ..asked(name) };
    let mut school = School::new();
    let tally = school.tally();
    for (name, times) in [("zalo.example", 3), ("chat.zalo.example", 2)] {
        (0..times).for_each(|_| school.count(&tally, &of_zalo(name)));
    }
    school.count(&tally, &asked("casino.example"));
    school.second();
    school.crash();
    let path = school.settings.folder.join(FILE);
    as_version_2(&path);
    assert!(matches!(Reader::open(&school.settings.folder), Err(Error::Older { found: 2, .. })));
    school.start();
    let tally = school.tally();
    school.count(&tally, &of_zalo("zalo.example"));
    school.second();
    assert_eq!((school.health().failing, school.total()), (None, 7));
    let of = |filter: Filter| -> u64 {
        let totals = school.reader().totals(&filter, By::Category).unwrap();
        totals.iter().map(|total| total.count).sum()
    };
    assert_eq!(of(Filter { service: zalo, ..Filter::default() }), 6);
    assert_eq!(
        of(Filter { layer: Some(Layer::Service), ..Filter::default() }),
        6,
        "old and new are one kind"
    );
    let totals = school.reader().totals(&Filter::default(), By::Category).unwrap();
    assert_eq!(totals.iter().map(|total| total.count).collect::<Vec<_>>(), [6, 1]);
    assert_eq!(totals[0].what, What::Service(zalo.unwrap()));
    school.is_sound();
}
