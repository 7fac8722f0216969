use std::process::Command;

use super::*;
use crate::journal::store::FILE;
use crate::journal::{Journal, clock::SystemClock};

#[test]
fn a_full_disk_loses_nothing_and_is_told_until_room_comes() {
    let mut school = School::new();
    let tally = school.tally();
    school.count(&tally, &asked("before.example"));
    school.second();
    let pages: i64 = school.parts().keeper.db().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    school
        .parts()
        .keeper
        .db()
        .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
        .unwrap();
    for second in 0..5 {
        for number in 0..1000 {
            school.count(&tally, &asked(&format!("n{number}.s{second}.example")));
        }
        school.pass(61);
    }
    let health = school.parts().shared.health();
    assert_eq!((health.waiting, health.stored), (5000, 1));
    assert!(health.failures >= 5);
    let failing = health.failing.unwrap();
    assert!(failing.what.contains("full"), "{}", failing.what);
    assert_eq!(failing.since.to_string(), "2026-11-23T01:01:01Z");
    assert_eq!(school.total(), 1);

    school.parts().keeper.db().query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(())).unwrap();
    school.pass(1);
    school.pass(1);
    let health = school.parts().shared.health();
    assert_eq!((health.waiting, health.failing), (0, None));
    assert_eq!((school.total(), school.hours(), school.months()), (5001, 5001, 5001));
    let minutes: std::collections::BTreeSet<_> = school.rows().into_iter().map(|row| row.at).collect();
    assert_eq!(minutes.len(), 5, "each attempt kept the minute in which it was counted");
    school.is_sound();
}

#[test]
fn a_batch_whose_commit_was_reported_as_failed_is_not_stored_twice() {
    let mut school = School::new();
    let tally = school.tally();
    school.count(&tally, &asked("once.example"));
    let now = school.now();
    school.parts().collector.collect(now);
    school.parts().keeper.store_and_forget_that(now);
    school.parts().keeper.store(now);
    assert_eq!((school.total(), school.parts().shared.health().waiting), (1, 0));
    school.is_sound();
}

#[test]
fn a_store_that_is_damaged_while_running_is_put_aside_and_its_batch_goes_to_the_new_one() {
    let mut school = School::new();
    let tally = school.tally();
    for number in 0..2000 {
        school.count(&tally, &asked(&format!("n{number}.example")));
    }
    school.second();
    school.crash();
    let path = school.settings.folder.join(FILE);
    let mut octets = std::fs::read(&path).unwrap();
    // Every page but the first, after the start has looked at a few.
    school.start();
    let tally = school.tally();
    let page = 4096;
    octets[page * 2..].fill(0xa5);
    std::fs::write(&path, &octets).unwrap();
    school.count(&tally, &asked("after.example"));
    for _ in 0..3 {
        school.pass(1);
    }
    let health = school.parts().shared.health();
    assert!(health.put_aside.as_ref().is_some_and(|aside| aside.exists()), "{health:?}");
    assert_eq!((health.waiting, health.failing), (0, None));
    assert_eq!(school.total(), 1);
    assert_eq!(school.rows()[0].name, shown("after.example"));
    school.is_sound();
}

#[test]
fn a_restart_within_the_second_costs_only_that_second() {
    let mut school = School::new();
    let tally = school.tally();
    for second in 0..10 {
        school.count(&tally, &asked(&format!("s{second}.example")));
        school.pass(1);
    }
    school.count(&tally, &asked("lost.example"));
    school.crash();
    school.start();
    assert_eq!(school.total(), 10);
    school.is_sound();
}

#[test]
fn a_clock_that_leaps_ahead_deletes_nothing_at_once() {
    let mut school = School::new();
    let tally = school.tally();
    school.count(&tally, &asked("today.example"));
    school.second();
    school.pass(400 * 86_400);
    school.pass(60);
    assert_eq!(school.rows().len(), 1);
    school.pass(3600);
    assert_eq!(school.rows().len(), 0, "the clock has gone on from there for an hour");
    school.pass(-400 * 86_400 - 3660);
    school.count(&tally, &asked("back.example"));
    school.second();
    assert_eq!(school.rows().len(), 1);
    school.is_sound();
}

/// The child of the next test: counts until it is killed, and says how much it knows to be stored.
const CHILD: &str = "LACHAN_TEST_JOURNAL_CHILD";

#[test]
fn a_killed_server_leaves_a_sound_store_that_lacks_at_most_the_last_second() {
    if let Some(folder) = std::env::var_os(CHILD) {
        count_until_aborted(folder.as_ref());
    }
    let mut school = School::new();
    school.crash();
    let own_name =
        "journal::tests::trouble::a_killed_server_leaves_a_sound_store_that_lacks_at_most_the_last_second";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", own_name, "--nocapture", "--test-threads=1"])
        .env(CHILD, &school.settings.folder)
        .output()
        .unwrap();
    assert!(!output.status.success(), "it aborts");
    let said = String::from_utf8_lossy(&output.stderr);
    let number = |word: &str| -> u64 {
        let (_, rest) = said.rsplit_once(word).unwrap_or_else(|| panic!("it says `{word}`: {said}"));
        rest.split_whitespace().next().unwrap().parse().unwrap()
    };
    let (stored, counted) = (number("stored="), number("counted="));
    school.start();
    let total = school.total();
    assert!(total >= stored && total <= counted, "{stored} ≤ {total} ≤ {counted}");
    assert_eq!((school.hours(), school.months()), (total, total));
    school.second();
    school.is_sound();
}

fn count_until_aborted(folder: &Path) -> ! {
    let settings = Settings { folder: folder.into(), ..Settings::default() };
    let (groups, lists) = (Roster::default(), Roster::default());
    let journal = Journal::open(settings, groups.clone(), lists, Arc::new(SystemClock)).unwrap();
    let tally = journal.tally();
    let mut counted = 0u64;
    let mut flushed = 0;
    for round in 0..40 {
        for number in 0..500 {
            let name = OwnedName::parse(&format!("n{number}.r{round}.example")).unwrap();
            tally.count(&Attempt {
                group: groups.id_of("6A"),
                tier: Tier::Primary,
                client: "10.0.0.1".parse().unwrap(),
                name: name.as_name(),
                rtype: 1,
                category: None,
                list: None,
                layer: Layer::AllowOnly,
                effect: Effect::Blocked,
            });
            counted += 1;
        }
        if round < 39 {
            journal.flush().unwrap();
            flushed = counted;
        }
    }
    eprintln!("stored={flushed} counted={counted} ");
    std::process::abort();
}
