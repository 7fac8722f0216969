//! Days, months and years: keys that change, rows that go.

use super::*;
use crate::journal::clock::vietnam;
use crate::journal::rows::{Device, HourRow};

const DAY: i64 = 86_400;

fn devices(school: &School) -> Vec<Device> {
    school.rows().into_iter().map(|row| row.device.unwrap()).collect()
}

/// Goes on hour by hour, as a running server would see it.
fn hours_pass(school: &mut School, hours: i64) {
    for _ in 0..hours {
        school.pass(3600);
    }
}

#[test]
fn a_device_can_be_followed_within_a_day_also_over_a_restart_and_not_into_the_next() {
    let mut school = School::new();
    let tally = school.tally();
    school.count(&tally, &asked("a.example"));
    school.count(&tally, &Asked { client: "::ffff:10.0.0.1", ..asked("b.example") });
    school.count(&tally, &Asked { client: "10.0.0.2", ..asked("c.example") });
    school.second();
    let first = devices(&school);
    assert_eq!(first.iter().filter(|device| **device == first[0]).count(), 2);
    school.crash();
    school.start();
    let tally = school.tally();
    school.pass(60);
    school.count(&tally, &asked("d.example"));
    school.second();
    let today = *devices(&school).last().unwrap();
    assert_eq!(first.iter().filter(|device| **device == today).count(), 2, "the same after a restart");
    hours_pass(&mut school, 24);
    school.count(&tally, &asked("e.example"));
    school.second();
    assert!(!devices(&school)[..4].contains(devices(&school).last().unwrap()));
}

#[test]
fn at_midnight_in_vietnam_the_old_key_is_gone_from_the_folder_and_what_was_counted_before_keeps_it() {
    let mut school = School::new();
    let key_file = school.key_file();
    let old = std::fs::read(&key_file).unwrap()[16..32].to_vec();
    let tally = school.tally();
    school.count(&tally, &asked("morning.example"));
    school.second();
    school.clock.set("2026-11-23T16:59:59Z".parse().unwrap());
    school.second();
    school.count(&tally, &asked("late.example"));
    school.clock.set("2026-11-23T17:00:00Z".parse().unwrap());
    school.second();
    let before = devices(&school);
    assert_eq!(before[0], before[1], "a minute of yesterday falls under yesterday's key");
    for folder in [&school.settings.folder, school.settings.runtime.as_ref().unwrap()] {
        for (path, octets) in files_in(folder) {
            assert!(!octets.windows(16).any(|window| window == old), "{}", path.display());
        }
    }
    assert!(key_file.is_file());
    school.count(&tally, &asked("morning.example"));
    school.second();
    assert_ne!(devices(&school)[2], before[0]);
}

#[test]
fn a_key_that_cannot_be_replaced_on_disk_is_told_and_tried_again() {
    let mut school = School::new();
    let key_file = school.key_file();
    let tally = school.tally();
    std::fs::remove_file(&key_file).unwrap();
    std::fs::create_dir(&key_file).unwrap();
    school.count(&tally, &asked("a.example"));
    hours_pass(&mut school, 24);
    let health = school.parts().shared.health();
    assert!(health.failing.unwrap().what.to_string().contains("key"));
    assert_eq!(school.total(), 1, "attempts are stored all the same");
    std::fs::remove_dir(&key_file).unwrap();
    school.second();
    assert_eq!(school.parts().shared.health().failing, None);
    assert!(key_file.is_file());
}

#[test]
fn no_device_is_kept_where_the_school_wants_none_and_no_key_either() {
    let mut school = School::with(|settings| settings.device = DeviceMode::None);
    let tally = school.tally();
    school.count(&tally, &asked("a.example"));
    school.count(&tally, &Asked { client: "10.0.0.2", ..asked("a.example") });
    hours_pass(&mut school, 24);
    let rows = school.rows();
    assert_eq!((rows.len(), rows[0].count, rows[0].device), (1, 2, None));
    assert!(!school.key_file().exists());
}

fn hours_of(school: &School) -> Vec<HourRow> {
    school.reader().hours(&Filter::default()).unwrap()
}

#[test]
fn an_hour_knows_its_distinct_devices_while_it_runs_when_it_is_over_and_when_its_minutes_are_gone() {
    let mut school = School::new();
    let tally = school.tally();
    for client in ["10.0.0.1", "10.0.0.2", "10.0.0.1", "::ffff:10.0.0.2", "10.0.0.3"] {
        school.count(&tally, &Asked { client, ..asked("a.example") });
        school.pass(61);
    }
    let expected = |hours: &[HourRow]| (hours.len(), hours[0].count, hours[0].devices);
    assert_eq!(expected(&hours_of(&school)), (1, 5, 3));
    hours_pass(&mut school, 2);
    assert_eq!(expected(&hours_of(&school)), (1, 5, 3));
    hours_pass(&mut school, 24 * 32);
    assert_eq!(school.rows().len(), 0);
    assert_eq!(expected(&hours_of(&school)), (1, 5, 3));
    assert_eq!(school.total(), 5);
}

#[test]
fn minutes_hours_and_months_go_when_their_time_is_over_and_not_before() {
    let mut school = School::with(|settings| settings.device = DeviceMode::None);
    let tally = school.tally();
    school.count(&tally, &asked("a.example"));
    school.second();
    let days = |school: &mut School, days: i64| (0..days).for_each(|_| school.pass(DAY));
    days(&mut school, 30);
    assert_eq!(school.rows().len(), 1, "30 days: to the end of that day");
    days(&mut school, 1);
    assert_eq!((school.rows().len(), school.hours()), (0, 1));
    let top = school.reader().top_names(&Filter::default(), 10).unwrap();
    assert_eq!((top.len(), top[0].name.to_string(), top[0].count), (1, "a.example".into(), 1));
    days(&mut school, 396 - 31);
    assert_eq!(school.hours(), 1);
    days(&mut school, 1);
    assert_eq!((school.hours(), school.months()), (0, 1));
    assert_eq!(school.reader().top_names(&Filter::default(), 10).unwrap(), []);
    let names = "SELECT count(*) FROM name_day";
    days(&mut school, 1);
    assert_eq!(school.parts().keeper.db().query_row(names, [], |row| row.get(0)), Ok(0));
    days(&mut school, 1827 - 398);
    assert_eq!(school.months(), 1);
    days(&mut school, 31);
    assert_eq!(school.months(), 0);
    school.is_sound();
}

#[test]
fn years_of_school_stay_exact_by_hour_and_by_month() {
    let mut school = School::with(|settings| settings.device = DeviceMode::None);
    let mut per_month: std::collections::BTreeMap<(i16, i8), u64> = Default::default();
    let tally = school.tally();
    for day in 0..800i64 {
        let local = school.now().to_zoned(vietnam());
        for number in 0..day % 5 {
            school.count(&tally, &asked(&format!("n{}.example", (day + number) % 50)));
            *per_month.entry((local.year(), local.month())).or_default() += 1;
        }
        school.pass(DAY);
    }
    let months: std::collections::BTreeMap<_, _> =
        school.reader().months().unwrap().iter().map(|row| ((row.year, row.month), row.count)).collect();
    assert_eq!(months, per_month);
    let events = school.rows().len() as u64;
    assert!(events < 31 * 4, "{events} rows of the last 30 days");
    let kept = |days: i64| (800 - days..800).map(|day| (day % 5) as u64).sum::<u64>();
    assert_eq!(school.hours(), kept(396));
    school.is_sound();
}

#[test]
fn the_size_cap_takes_the_oldest_minutes_first_when_nobody_stands_out_and_says_so() {
    let mut school = School::with(|settings| settings.size_cap = 150_000);
    let tally = school.tally();
    let mut counted = 0;
    for hour in 0..10 {
        // Names that do not compress, each device within its budget.
        for number in 0..2000u32 {
            let name = format!(
                "{:016x}.h{hour}.example",
                u64::from(number * 10 + hour + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            );
            school.count_from(&tally, [10, 0, (number / 100) as u8, 1], &name);
            counted += 1;
        }
        school.pass(3600);
    }
    for _ in 0..5 {
        school.pass(1);
    }
    let health = school.health();
    assert!(health.cut > 0 && health.size <= 150_000 && !health.over_cap, "{health:?}");
    assert_eq!(health.given, 0);
    assert_eq!((school.hours(), school.months(), school.total()), (counted, counted, counted));
    let rows = school.rows();
    assert_eq!(rows.len() as u64, counted - health.cut);
    assert!(rows[0].at > MORNING.parse().unwrap());
    let newest = rows.last().unwrap().at;
    assert_eq!(newest.to_string(), "2026-11-23T10:00:00Z", "the newest are there");
    assert_eq!(hours_of(&school).iter().map(|hour| hour.devices).max(), Some(20));
    school.is_sound();
}

#[test]
fn a_cap_that_hours_alone_exceed_is_told_and_nothing_is_uncounted() {
    let mut school = School::with(|settings| settings.size_cap = 1);
    let tally = school.tally();
    for _ in 0..3 {
        school.count(&tally, &asked("a.example"));
        school.pass(1);
    }
    let health = school.parts().shared.health();
    assert!(health.over_cap && health.rows == 0 && health.failing.is_none());
    assert_eq!((school.total(), school.months()), (3, 3));
}

#[test]
fn the_hundred_most_asked_names_of_a_day_outlive_their_minutes() {
    let mut school = School::new();
    let tally = school.tally();
    for name in 0..150 {
        for _ in 0..=name {
            school.count(&tally, &asked(&format!("n{name}.example")));
        }
    }
    school.second();
    let top = |school: &School| school.reader().top_names(&Filter::default(), 1000).unwrap();
    let before = top(&school);
    assert_eq!(before.len(), 150);
    (0..32).for_each(|_| school.pass(DAY));
    assert_eq!(school.rows().len(), 0);
    assert_eq!(top(&school), before[..100]);
    let names = "SELECT count(*) FROM name_day";
    assert_eq!(school.parts().keeper.db().query_row(names, [], |row| row.get(0)), Ok(100));
}

#[test]
fn a_crash_in_the_middle_of_deletion_neither_doubles_nor_loses() {
    let mut school = School::new();
    let tally = school.tally();
    for number in 0..300 {
        school.count(&tally, &Asked { client: "10.0.0.9", ..asked(&format!("n{}.example", number % 7)) });
    }
    school.second();
    // The first statement that would delete events fails: all that was written with it must go too.
    school
        .parts()
        .keeper
        .db()
        .execute_batch(
            "CREATE TEMP TRIGGER power_cut BEFORE DELETE ON main.block BEGIN SELECT raise(ABORT, 'power cut'); END",
        )
        .unwrap();
    for _ in 0..32 {
        school.pass(DAY);
    }
    assert!(school.parts().shared.health().failing.unwrap().what.to_string().contains("power cut"));
    assert_eq!(school.rows().len(), 7);
    let top = |school: &School| -> u64 {
        school.reader().top_names(&Filter::default(), 100).unwrap().iter().map(|name| name.count).sum()
    };
    assert_eq!(top(&school), 300);
    school.crash();
    school.start();
    for _ in 0..3 {
        school.pass(60);
    }
    assert_eq!((school.rows().len(), top(&school), school.total(), school.months()), (0, 300, 300, 300));
    assert_eq!(hours_of(&school)[0].devices, 1);
    school.is_sound();
}

/// Yesterday's rows, then a restart under a clock that is years ahead.
#[test]
fn a_clock_that_is_years_ahead_at_the_start_deletes_nothing_and_status_can_tell() {
    let mut school = School::new();
    let tally = school.tally();
    for day in 0..3 {
        school.count(&tally, &asked(&format!("d{day}.example")));
        school.pass(DAY);
    }
    let before = (school.rows(), school.hours(), school.months());
    school.crash();
    school.clock.set(school.now() + SignedDuration::from_hours(2200 * 24));
    school.start();
    for _ in 0..600 {
        school.pass(1);
    }
    hours_pass(&mut school, 48);
    assert!(school.health().clock_doubted);
    assert_eq!((school.rows(), school.hours(), school.months()), before);
    // The clock is set right: nothing was lost, and time goes on as ever.
    school.clock.set(school.now() - SignedDuration::from_hours(2200 * 24 + 48));
    school.pass(1);
    assert!(!school.health().clock_doubted);
    (0..32).for_each(|_| school.pass(DAY));
    assert_eq!(school.rows().len(), 0);
    school.is_sound();
}

#[test]
fn a_run_under_a_clock_that_was_never_set_deletes_nothing_and_is_dated_after_what_is_known() {
    let mut school = School::new();
    let tally = school.tally();
    school.count(&tally, &asked("before.example"));
    school.pass(120);
    let today = school.now();
    school.crash();
    school.clock.set("1970-01-01T00:00:05Z".parse().unwrap());
    school.start();
    let tally = school.tally();
    school.count(&tally, &asked("unset.example"));
    school.pass(60);
    assert!(school.health().clock_unset);
    school.clock.set(today + SignedDuration::from_mins(30));
    school.second();
    school.pass(60);
    assert!(!school.health().clock_unset);
    let rows = school.rows();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1].name, shown("unset.example"));
    assert!(rows[1].at.duration_since(rows[0].at) < SignedDuration::from_mins(10), "{}", rows[1].at);
    assert_eq!((school.total(), school.months()), (2, 2));
    (0..29).for_each(|_| school.pass(DAY));
    assert_eq!(school.rows().len(), 2);
    school.is_sound();
}

#[test]
fn minutes_in_the_future_stay_as_long_as_others_from_when_they_were_seen() {
    let mut school = School::new();
    school.clock.set(school.now() + SignedDuration::from_hours(400 * 24));
    school.second();
    let tally = school.tally();
    school.count(&tally, &asked("future.example"));
    school.pass(61);
    school.clock.set(MORNING.parse().unwrap());
    school.second();
    (0..29).for_each(|_| school.pass(DAY));
    assert_eq!(school.rows().len(), 1);
    (0..4).for_each(|_| school.pass(DAY));
    assert_eq!((school.rows().len(), school.total()), (0, 1));
    school.is_sound();
}

#[test]
fn what_was_deleted_stands_in_no_octet_on_disk() {
    let mut school = School::new();
    let tally = school.tally();
    let device = |school: &School| match school.rows()[0].device.unwrap() {
        Device::Pseudonym(number) => number.to_be_bytes(),
        Device::Address(_) => unreachable!("pseudonyms are kept"),
    };
    // Without a second row the block is small enough that zstd stores the device as it is.
    school.count(&tally, &asked("deleted.example"));
    school.second();
    let pseudonym = device(&school);
    let holds = |school: &School| {
        files_in(&school.settings.folder)
            .into_iter()
            .any(|(_, octets)| octets.windows(8).any(|window| window == pseudonym))
    };
    assert!(holds(&school), "else the test could not see it");
    school.pass(61);
    (0..33).for_each(|_| school.pass(DAY));
    assert_eq!(school.rows().len(), 0);
    assert!(!holds(&school));
    let log = school.settings.folder.join("journal.sqlite-wal");
    assert!(std::fs::metadata(log).unwrap().len() < 64 << 10);
}
