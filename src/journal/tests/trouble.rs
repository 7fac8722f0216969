//! Disks that fill, files that break, programs that are killed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

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
        // Names that do not compress.
        for number in 0..1000u64 {
            let name = (second * 1000 + number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            school.count_from(&tally, [10, 0, (number / 100) as u8, 1], &format!("{name:016x}.example"));
        }
        school.pass(61);
    }
    let health = school.parts().shared.health();
    assert_eq!((health.waiting, health.stored), (5000, 1));
    assert!(health.failures >= 5);
    let failing = health.failing.unwrap();
    assert!(failing.what.to_string().contains("full"), "{}", failing.what);
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

fn fail_writes_to(school: &mut School, table: &str) {
    let fail = format!(
        "CREATE TEMP TRIGGER fails BEFORE INSERT ON main.{table} BEGIN SELECT raise(ABORT, 'failed once'); END"
    );
    school.parts().keeper.db().execute_batch(&fail).unwrap();
}

#[test]
fn each_write_that_fails_once_costs_nothing_and_doubles_nothing() {
    for table in ["grp", "list", "kind", "batch"] {
        let mut school = School::new();
        let tally = school.tally();
        school.count(&tally, &asked("before.example"));
        school.second();
        // All of it new, so that each table is written to.
        let new = Asked { group: "9C", list: Some("other"), ..asked("new.example") };
        for _ in 0..3 {
            school.count(&tally, &new);
        }
        fail_writes_to(&mut school, table);
        school.pass(1);
        let health = school.health();
        assert_eq!((health.waiting, health.stored), (3, 1), "{table}");
        assert!(health.failing.unwrap().what.to_string().contains("failed once"), "{table}");
        school.count(&tally, &new);
        school.parts().keeper.db().execute_batch("DROP TRIGGER fails").unwrap();
        school.pass(1);
        school.pass(1);
        let health = school.health();
        assert_eq!((health.waiting, health.stored, health.failing), (0, 5, None), "{table}");
        assert_eq!((school.total(), school.hours(), school.months()), (5, 5, 5), "{table}");
        assert_eq!(school.rows().last().unwrap().count, 4, "{table}");
        school.is_sound();
    }
}

#[test]
fn a_fold_that_fails_costs_nothing_and_doubles_nothing() {
    for table in ["block", "hour", "month", "mark"] {
        let mut school = School::new();
        let tally = school.tally();
        for second in 0..5 {
            school.count(&tally, &asked(&format!("s{}.example", second % 2)));
            school.pass(1);
        }
        fail_writes_to(&mut school, table);
        school.pass(60);
        assert!(school.health().failing.unwrap().what.to_string().contains("failed once"), "{table}");
        assert_eq!(
            (school.total(), school.hours(), school.months(), school.rows().len()),
            (5, 5, 5, 2),
            "{table}"
        );
        school.count(&tally, &asked("s0.example"));
        school.pass(1);
        assert_eq!(school.total(), 6, "{table}: what is new is stored all the same");
        school.parts().keeper.db().execute_batch("DROP TRIGGER fails").unwrap();
        school.pass(1);
        school.pass(60);
        assert_eq!(school.health().failing, None, "{table}");
        assert_eq!(
            (school.total(), school.hours(), school.months(), school.rows().len()),
            (6, 6, 6, 3),
            "{table}"
        );
        school.crash();
        school.start();
        school.pass(60);
        assert_eq!(
            (school.total(), school.hours(), school.months(), school.rows().len()),
            (6, 6, 6, 3),
            "{table}"
        );
        school.is_sound();
    }
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
    // What the start has read is read again.
    school.parts().keeper.db().execute_batch("PRAGMA shrink_memory").unwrap();
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

/// The folder in which the child of the next test counts until it is killed.
const CHILD: &str = "LACHAN_TEST_JOURNAL_CHILD";

#[test]
fn a_killed_server_leaves_a_sound_store_that_lacks_at_most_the_last_second() {
    if let Some(folder) = std::env::var_os(CHILD) {
        count_for_ever(folder.as_ref());
        return;
    }
    let mut school = School::new();
    let mut before = 0;
    for batches in [1, 5, 20] {
        school.crash();
        let (stored, counted) = count_until_killed(&school.settings.folder, batches);
        school.start();
        let total = school.total() - before;
        assert!(stored <= total && total <= counted, "{stored} ≤ {total} ≤ {counted}");
        before += total;
        assert_eq!((school.hours(), school.months()), (before, before));
        school.second();
        school.is_sound();
    }
}

/// Runs a server that says what it counts and what it knows to be stored, and kills it while it works.
fn count_until_killed(folder: &Path, batches: usize) -> (u64, u64) {
    let own_name = std::thread::current().name().unwrap().to_owned();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &own_name, "--nocapture", "--test-threads=1"])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut stored, mut counted, mut seen) = (0, 0, 0);
    for line in lines.by_ref().map_while(Result::ok) {
        if let Some(number) = line.strip_prefix("stored ") {
            stored = number.parse().unwrap();
            seen += 1;
            if seen == batches {
                child.kill().unwrap();
            }
        } else if let Some(number) = line.strip_prefix("counts up to ") {
            counted = number.parse().unwrap();
        }
    }
    assert!(!child.wait().unwrap().success());
    assert!(seen >= batches, "it was killed, it did not fail by itself");
    (stored, counted)
}

fn count_for_ever(folder: &Path) {
    let settings = Settings { folder: folder.into(), ..Settings::default() };
    let (groups, lists) = (Roster::default(), Roster::default());
    let journal = Journal::open(settings, groups.clone(), lists.clone(), Arc::new(SystemClock)).unwrap();
    let tally = journal.tally();
    println!();
    for round in 1..10_000 {
        println!("counts up to {}", round * 2000);
        for number in 0..2000 {
            count(&tally, &asked(&format!("n{number}.r{round}.example")), &groups, &lists);
        }
        journal.flush().unwrap();
        println!("stored {}", round * 2000);
    }
}

/// A journal in `folder`, and what hinders it.
fn hindered(folder: &Path) -> (Journal, String) {
    let settings = Settings { folder: folder.to_owned(), ..Settings::default() };
    let journal =
        Journal::open(settings, Roster::default(), Roster::default(), Arc::new(SystemClock)).unwrap();
    let failing = journal.health().failing.expect("something hinders it").what.to_string();
    (journal, failing)
}

#[test]
fn a_store_that_cannot_be_opened_is_counted_for_in_memory_until_it_can() {
    let school = School::new();
    let path = |folder: &Path, name: &str| folder.join(name);
    for (what, name) in
        [("a folder", FILE), ("a link that leads nowhere", FILE), ("a folder", "journal.lock")]
    {
        let folder = tempfile::tempdir().unwrap();
        let obstacle = path(folder.path(), name);
        match what {
            "a folder" => std::fs::create_dir(&obstacle).unwrap(),
            _ => std::os::unix::fs::symlink("/nowhere/at/all", &obstacle).unwrap(),
        }
        let (journal, failing) = hindered(folder.path());
        assert!(failing.contains(name), "{failing}");
        let (groups, lists) = (Roster::default(), Roster::default());
        count(&journal.tally(), &asked("early.example"), &groups, &lists);
        assert!(journal.flush().is_err(), "{what} {name}");
        assert_eq!(journal.health().waiting, 1, "{what} {name}");
        let _ = std::fs::remove_dir(&obstacle).or_else(|_| std::fs::remove_file(&obstacle));
        journal.flush().unwrap();
        let health = journal.health();
        assert_eq!((health.stored, health.failing), (1, None), "{what} {name}");
    }
    drop(school);
}

#[test]
fn a_key_file_that_cannot_be_written_costs_no_count() {
    let folder = tempfile::tempdir().unwrap();
    let (state, runtime) = (folder.path().join("state"), folder.path().join("run"));
    let settings = Settings { folder: state, runtime: Some(runtime.clone()), ..Settings::default() };
    std::fs::write(&runtime, b"a file where the folder should be").unwrap();
    let (groups, lists) = (Roster::default(), Roster::default());
    let journal = Journal::open(settings, groups.clone(), lists.clone(), Arc::new(SystemClock)).unwrap();
    count(&journal.tally(), &asked("early.example"), &groups, &lists);
    let _ = journal.flush();
    let health = journal.health();
    assert_eq!(health.stored, 1);
    assert!(health.failing.is_some_and(|failing| failing.what.to_string().contains("key")));
    std::fs::remove_file(&runtime).unwrap();
    journal.flush().unwrap();
    assert_eq!(journal.health().failing, None);
    assert_eq!(std::fs::read_dir(&runtime).unwrap().count(), 1);
}
