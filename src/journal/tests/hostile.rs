//! One device that asks for everything, files that vanish under the running server, stores that cannot be
//! opened, and memory that is looked through.

use std::fs;
use std::io::Write;
use std::os::unix::fs::FileExt;

use super::*;
use crate::journal::budget::{DEVICE_DOMAINS, DEVICE_ROWS};
use crate::journal::store::FILE;

/// A device that asks for `many` names below one that is blocked, each only once.
fn flood(school: &School, tally: &Tally, round: u32, many: u32) {
    for number in 0..many {
        school.count_from(tally, [10, 9, 9, 9], &format!("r{round}x{number}.casino.example"));
    }
}

#[test]
fn one_device_that_floods_keeps_its_budget_and_costs_nobody_a_name() {
    let mut school = School::new();
    let tally = school.tally();
    let mut counted = 0;
    for second in 0..30 {
        flood(&school, &tally, second, 5_000);
        for pupil in 0..50 {
            school.count_from(&tally, [10, 0, 0, pupil], &format!("p{pupil}.game.example"));
        }
        counted += 5_050;
        school.pass(1);
    }
    assert_eq!((school.total(), school.hours(), school.months()), (counted, counted, counted));
    let health = school.health();
    assert!(health.reduced > 0 && health.reduced_last.is_some());
    let rows = school.rows();
    let named = |end: &str| {
        rows.iter()
            .filter(|row| matches!(&row.name, NameShown::Name(name) if name.to_string().ends_with(end)))
            .count()
    };
    assert_eq!(named("game.example"), 50, "each pupil has its name");
    assert!(named(".casino.example") <= usize::from(DEVICE_ROWS));
    let whole =
        rows.iter().filter(|row| row.name == shown("casino.example")).map(|row| row.count).sum::<u64>();
    let without = rows.iter().filter(|row| row.name == NameShown::NotKept).map(|row| row.count).sum::<u64>();
    assert!(whole > 0 && without > 0, "{whole} under the registrable name, {without} under none");
    assert!(rows.len() < usize::from(DEVICE_ROWS + DEVICE_DOMAINS) + 100);
    school.is_sound();
}

#[test]
fn at_the_size_cap_the_greediest_give_up_their_names_first() {
    let mut school = School::with(|settings| settings.size_cap = 200_000);
    let tally = school.tally();
    let (mut counted, mut minutes) = (0, 0);
    while school.health().given == 0 && minutes < 600 {
        for number in 0..500u64 {
            let name =
                format!("{:016x}.example", (minutes * 500 + number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            school.count_from(&tally, [10, 9, 9, 9], &name);
        }
        for pupil in 0..50 {
            school.count_from(&tally, [10, 0, 0, pupil], &format!("p{pupil}.m{minutes}.example"));
        }
        (counted, minutes) = (counted + 550, minutes + 1);
        school.pass(60);
    }
    school.pass(60);
    let health = school.health();
    assert!(health.given > 0 && health.cut == 0 && health.size <= 200_000, "{health:?}");
    assert_eq!((school.total(), school.hours(), school.months()), (counted, counted, counted));
    let rows = school.rows();
    let of_pupils = rows
        .iter()
        .filter(|row| matches!(&row.name, NameShown::Name(name) if name.to_string().starts_with('p')))
        .count() as u64;
    assert_eq!(of_pupils, minutes * 50, "every minute of every other device is there");
    assert_eq!(rows.iter().map(|row| row.count).sum::<u64>(), counted);
    school.is_sound();
}

#[test]
fn a_store_that_is_removed_renamed_or_replaced_is_begun_anew_within_a_second_and_told() {
    type Damage<'a> = &'a dyn Fn(&Path);
    let other = tempfile::tempdir().unwrap();
    let cases: [(&str, Damage<'_>); 5] = [
        ("removed", &|path| fs::remove_file(path).unwrap()),
        ("renamed", &|path| fs::rename(path, path.with_extension("old")).unwrap()),
        ("all removed", &|path| {
            for ending in ["", "-wal", "-shm"] {
                fs::remove_file(format!("{}{ending}", path.display())).unwrap();
            }
        }),
        ("the folder removed", &|path| fs::remove_dir_all(path.parent().unwrap()).unwrap()),
        ("replaced by an empty one", &|path| {
            let beside = other.path().join("empty");
            fs::write(&beside, b"").unwrap();
            fs::copy(&beside, path.with_extension("copy")).unwrap();
            fs::rename(path.with_extension("copy"), path).unwrap();
        }),
    ];
    for (case, act) in cases {
        let mut school = School::new();
        let tally = school.tally();
        school.count(&tally, &asked("before.example"));
        school.second();
        let path = school.settings.folder.join(FILE);
        act(&path);
        school.count(&tally, &asked("after.example"));
        school.pass(1);
        let health = school.health();
        assert!(health.moved.is_some(), "{case}");
        assert_eq!((health.waiting, health.failing), (0, None), "{case}");
        let rows = school.rows();
        assert_eq!(rows.len(), 1, "{case}");
        assert_eq!(rows[0].name, shown("after.example"), "{case}");
        if case == "renamed" {
            let old = rusqlite::Connection::open(path.with_extension("old")).unwrap();
            let kept: i64 = old.query_row("SELECT count(*) FROM batch", [], |row| row.get(0)).unwrap();
            assert_eq!(kept, 1, "what was stored before went with the file");
        }
        school.is_sound();
    }
}

#[test]
fn a_store_that_is_written_over_or_emptied_in_place_is_begun_anew_within_a_second_and_remembered() {
    type Damage<'a> = &'a dyn Fn(&Path);
    let cases: [(&str, Damage<'_>); 3] = [
        ("written over", &|path| {
            let octets = fs::metadata(path).unwrap().len() as usize;
            fs::OpenOptions::new().write(true).open(path).unwrap().write_all(&vec![0xa5; octets]).unwrap();
        }),
        ("emptied", &|path| fs::OpenOptions::new().write(true).open(path).unwrap().set_len(0).unwrap()),
        ("zeros", &|path| {
            fs::OpenOptions::new().write(true).open(path).unwrap().write_all(&[0; 4096]).unwrap();
        }),
    ];
    for (case, act) in cases {
        let mut school = School::new();
        let tally = school.tally();
        school.count(&tally, &asked("before.example"));
        school.second();
        assert_eq!(school.health().lost, None, "{case}");
        act(&school.settings.folder.join(FILE));
        school.count(&tally, &asked("after.example"));
        school.pass(1);
        let health = school.health();
        assert!(health.lost.is_some(), "{case}");
        assert!(health.put_aside.is_some_and(|aside| aside.exists()), "{case}");
        assert_eq!((health.waiting, health.failing), (0, None), "{case}");
        assert_eq!(school.rows().len(), 1, "{case}");
        school.is_sound();
        school.crash();
        school.start();
        assert_eq!(school.health().lost, health.lost, "{case}: a restart does not forget it");
    }
}

#[test]
fn a_log_that_is_removed_costs_nothing() {
    for ending in ["-wal", "-shm"] {
        let mut school = School::new();
        let tally = school.tally();
        school.count(&tally, &asked("before.example"));
        school.second();
        fs::remove_file(school.settings.folder.join(format!("{FILE}{ending}"))).unwrap();
        school.count(&tally, &asked("after.example"));
        school.pass(1);
        school.pass(1);
        assert_eq!((school.health().moved, school.health().lost), (None, None), "{ending}");
        assert_eq!((school.total(), school.rows().len()), (2, 2), "{ending}");
        school.crash();
        school.start();
        assert_eq!(school.total(), 2, "{ending}");
        school.is_sound();
    }
}

#[test]
fn a_store_that_cannot_be_opened_hinders_no_start_and_loses_no_count() {
    type Break = dyn Fn(&Path);
    type Mend = dyn Fn(&Path);
    let newer = |path: &Path| {
        let db = rusqlite::Connection::open(path).unwrap();
        db.execute_batch("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    };
    let older = |path: &Path| {
        let db = rusqlite::Connection::open(path).unwrap();
        db.execute_batch("PRAGMA user_version = 3; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    };
    let folder_in_place = |path: &Path| {
        fs::rename(path, path.with_extension("old")).unwrap();
        fs::create_dir(path).unwrap();
    };
    let mend_folder = |path: &Path| {
        fs::remove_dir(path).unwrap();
        fs::rename(path.with_extension("old"), path).unwrap();
    };
    let cases: [(&str, &Break, &Mend); 2] =
        [("newer", &newer, &older), ("a folder", &folder_in_place, &mend_folder)];
    for (case, spoil, mend) in cases {
        let mut school = School::new();
        let tally = school.tally();
        school.count(&tally, &asked("before.example"));
        school.second();
        school.crash();
        let path = school.settings.folder.join(FILE);
        spoil(&path);
        school.start();
        let tally = school.tally();
        assert!(school.health().failing.is_some(), "{case}");
        for second in 0..3 {
            school.count(&tally, &asked(&format!("s{second}.example")));
            school.pass(1);
        }
        let health = school.health();
        assert_eq!((health.waiting, health.stored), (3, 0), "{case}");
        mend(&path);
        school.pass(1);
        school.pass(1);
        let health = school.health();
        assert_eq!((health.waiting, health.failing), (0, None), "{case}");
        assert_eq!((school.total(), school.rows().len()), (4, 4), "{case}");
        school.is_sound();
    }
}

#[test]
fn a_store_that_another_program_holds_at_the_start_is_taken_when_it_is_free() {
    let mut school = School::new();
    school.crash();
    let path = school.settings.folder.join(FILE);
    let holder = rusqlite::Connection::open(&path).unwrap();
    holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE t (a);").unwrap();
    let begun = std::time::Instant::now();
    school.start();
    assert!(begun.elapsed() < std::time::Duration::from_secs(2), "the start does not wait for it");
    let tally = school.tally();
    school.count(&tally, &asked("meanwhile.example"));
    assert!(school.health().failing.is_some());
    holder.execute_batch("ROLLBACK").unwrap();
    drop(holder);
    school.pass(1);
    school.pass(1);
    assert_eq!((school.health().failing, school.total()), (None, 1));
}

/// Octets that stand masked, so that looking for them does not find what is looked for.
struct Masked([u8; 16]);

const MASK: u8 = 0x5a;

/// The key in `file`, masked on its way.
#[inline(never)]
fn masked_key(file: &Path) -> Masked {
    let mut octets = fs::read(file).unwrap();
    let mut masked = [0; 16];
    for (masked, octet) in masked.iter_mut().zip(&octets[16..32]) {
        *masked = octet ^ MASK;
    }
    octets.fill(0);
    std::hint::black_box(&octets);
    Masked(masked)
}

/// How often a key stands in the memory of this process.
fn copies_in_memory(key: &Masked) -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let memory = fs::File::open("/proc/self/mem").unwrap();
    let mut copies = 0;
    let mut buffer = vec![0; 1 << 20];
    let own = buffer.as_ptr() as u64..buffer.as_ptr() as u64 + buffer.len() as u64;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let range = line.split(' ').next().unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let (mut at, end) = (u64::from_str_radix(start, 16).unwrap(), u64::from_str_radix(end, 16).unwrap());
        while at < end {
            let len = buffer.len().min((end - at) as usize);
            let Ok(read) = memory.read_at(&mut buffer[..len], at) else { break };
            if read < 16 {
                break;
            }
            copies += buffer[..read]
                .windows(16)
                .enumerate()
                .filter(|(offset, window)| {
                    window[0] ^ MASK == key.0[0]
                        && window.iter().zip(key.0).all(|(octet, masked)| octet ^ MASK == masked)
                        && !own.contains(&(at + *offset as u64))
                })
                .count();
            at += if read < len { read as u64 } else { (len - 15).max(1) as u64 };
        }
    }
    copies
}

#[test]
fn yesterdays_key_stands_nowhere_in_memory_and_todays_in_its_page_only() {
    let mut school = School::new();
    let tally = school.tally();
    for device in 0..200 {
        school.count_from(&tally, [10, 0, 0, device], "casino.example");
    }
    school.second();
    let file = school.key_file();
    let yesterday = masked_key(&file);
    assert_eq!(copies_in_memory(&yesterday), 1, "today it stands in its page");
    school.clock.set("2026-11-23T17:00:01Z".parse().unwrap());
    school.second();
    for device in 0..200 {
        school.count_from(&tally, [10, 0, 0, device], "casino.example");
    }
    school.pass(1);
    let today = masked_key(&file);
    assert_eq!(copies_in_memory(&yesterday), 0);
    assert_eq!(copies_in_memory(&today), 1);
}
