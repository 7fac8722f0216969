//! What readers see, and that it is written down that they saw it.

use super::*;

fn read(school: &School, filter: Filter) -> Vec<String> {
    let rows = school.reader().rows(&filter, Order::NewestLast, 100, school.now()).unwrap();
    rows.into_iter()
        .map(|row| match row.name {
            NameShown::Name(name) => name.to_string(),
            other => format!("{other:?}"),
        })
        .collect()
}

/// Four attempts of four sorts, a minute apart.
fn busy() -> School {
    let mut school = School::new();
    let tally = school.tally();
    for asked in [
        asked("casino.example"),
        Asked { tier: Tier::Primary, group: "3B", ..asked("www.casino.example") },
        Asked { category: Some(Category::Adult), effect: Effect::Monitored, ..asked("xcasino.example") },
        Asked { category: Some(Category::Csam), list: None, layer: Layer::Locked, ..asked("hidden.example") },
    ] {
        school.count(&tally, &asked);
        school.pass(60);
    }
    school
}

#[test]
fn each_filter_lets_through_what_it_says() {
    let school = busy();
    let at = |minute: i64| Some(MORNING.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute));
    let all = || Filter::default();
    let cases: [(Filter, &[&str]); 12] = [
        (all(), &["casino.example", "www.casino.example", "xcasino.example", "Secret"]),
        (Filter { since: at(2), ..all() }, &["xcasino.example", "Secret"]),
        (Filter { until: at(2), ..all() }, &["casino.example", "www.casino.example"]),
        (Filter { since: at(1), until: at(2), ..all() }, &["www.casino.example"]),
        (Filter { tier: Some(Tier::Primary), ..all() }, &["www.casino.example"]),
        (Filter { group: Some("3B".into()), ..all() }, &["www.casino.example"]),
        (Filter { group: Some("3C".into()), ..all() }, &[]),
        (Filter { category: Some(Category::Csam), ..all() }, &["Secret"]),
        (Filter { effect: Some(Effect::Monitored), ..all() }, &["xcasino.example"]),
        (Filter { name: "casino.example".parse().ok(), ..all() }, &["casino.example"]),
        (
            Filter { name: "*.casino.example".parse().ok(), ..all() },
            &["casino.example", "www.casino.example"],
        ),
        (Filter { name: "*.".parse().ok(), tier: Some(Tier::Primary), ..all() }, &["www.casino.example"]),
    ];
    for (filter, expected) in cases {
        assert_eq!(read(&school, filter.clone()), expected, "{filter}");
        let total = sum(&school.reader().totals(&filter, By::Category).unwrap());
        assert_eq!(total, expected.len() as u64, "{filter}");
        let mut each = 0;
        school.reader().each(&filter, school.now(), |_| each += 1).unwrap();
        assert_eq!(each, expected.len(), "{filter}");
        let hours = school.reader().hours(&filter).unwrap();
        if filter.since.is_none() && filter.until.is_none() {
            assert_eq!(hours.iter().map(|hour| hour.count).sum::<u64>(), expected.len() as u64, "{filter}");
        }
    }
}

#[test]
fn a_limit_keeps_the_newest_rows_in_either_order() {
    let school = busy();
    let read = |order| {
        let rows = school.reader().rows(&Filter::default(), order, 2, school.now()).unwrap();
        rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    assert_eq!(read(Order::NewestLast), [shown("xcasino.example"), NameShown::Secret]);
    assert_eq!(read(Order::NewestFirst), [NameShown::Secret, shown("xcasino.example")]);
}

#[test]
fn totals_join_whole_hours_with_minutes_at_the_edges() {
    let mut school = School::new();
    let tally = school.tally();
    for _ in 0..300 {
        school.count(&tally, &asked("a.example"));
        school.pass(60);
    }
    let start: Timestamp = MORNING.parse().unwrap();
    for (from, until) in
        [(0, 300), (1, 299), (59, 61), (60, 120), (61, 119), (30, 200), (90, 90), (0, 60), (250, 300)]
    {
        let filter = Filter {
            since: Some(start + SignedDuration::from_mins(from)),
            until: Some(start + SignedDuration::from_mins(until)),
            ..Filter::default()
        };
        for by in [By::Tier, By::Hour] {
            assert_eq!(sum(&school.reader().totals(&filter, by).unwrap()), (until - from) as u64, "{filter}");
        }
    }
    let hours = school.reader().totals(&Filter::default(), By::Hour).unwrap();
    assert_eq!(hours.len(), 5);
    assert_eq!(hours[0], Total { what: What::Hour(start), count: 60 });
}

#[test]
fn every_reading_of_rows_is_written_down_and_totals_are_not() {
    let school = busy();
    let reader = Reader::open_as(&school.settings.folder, "cô Lan".into()).unwrap();
    let filter = Filter { tier: Some(Tier::Primary), ..Filter::default() };
    reader.totals(&filter, By::Hour).unwrap();
    reader.hours(&filter).unwrap();
    reader.months().unwrap();
    reader.top_names(&filter, 10).unwrap();
    assert_eq!(reader.accesses(10).unwrap(), []);
    reader.rows(&filter, Order::NewestFirst, 10, school.now()).unwrap();
    reader.each(&Filter::default(), school.now(), |_| {}).unwrap();
    let accesses = reader.accesses(10).unwrap();
    assert_eq!(accesses.len(), 2);
    assert_eq!(
        (accesses[1].who.as_str(), accesses[1].filter.as_str(), accesses[1].rows),
        ("cô Lan", "tier=primary", 1)
    );
    assert_eq!((accesses[0].filter.as_str(), accesses[0].rows), ("all", 4));
    assert_eq!(accesses[0].at, school.now());
}

#[test]
fn a_reading_that_cannot_be_written_down_does_not_happen() {
    let school = busy();
    let reader = school.reader();
    let db = rusqlite::Connection::open(school.settings.folder.join(crate::journal::store::FILE)).unwrap();
    db.execute_batch("CREATE TRIGGER never BEFORE INSERT ON access BEGIN SELECT raise(ABORT, 'no'); END")
        .unwrap();
    assert!(reader.rows(&Filter::default(), Order::NewestLast, 10, school.now()).is_err());
    assert!(reader.totals(&Filter::default(), By::Tier).is_ok());
}

#[test]
fn who_follows_sees_each_attempt_once() {
    let mut school = School::new();
    let tally = school.tally();
    let three = [asked("a.example"), asked("b.example"), Asked { tier: Tier::Primary, ..asked("c.example") }];
    three.iter().for_each(|asked| school.count(&tally, asked));
    school.second();
    let reader = school.reader();
    let filter = Filter { tier: Some(Tier::LowerSecondary), ..Filter::default() };
    let mut follow = reader.follow(&filter, school.now()).unwrap();
    assert_eq!(reader.news(&mut follow).unwrap(), []);
    let mut seen = 0;
    for second in 0..400 {
        three.iter().for_each(|asked| school.count(&tally, asked));
        school.pass(1);
        if second % 3 == 0 {
            let news = reader.news(&mut follow).unwrap();
            assert!(news.iter().all(|row| row.kind.tier == Tier::LowerSecondary && row.count <= 3));
            seen += news.iter().map(|row| row.count).sum::<u64>();
        }
    }
    assert_eq!(seen, 800);
    let accesses = reader.accesses(1).unwrap();
    assert_eq!(accesses[0].filter, "follow tier=lower_secondary");
    assert!(accesses[0].rows > 0);
}

#[test]
fn who_follows_sees_also_what_the_disk_took_late() {
    let mut school = School::new();
    let tally = school.tally();
    school.count(&tally, &asked("a.example"));
    school.second();
    let reader = school.reader();
    let mut follow = reader.follow(&Filter::default(), school.now()).unwrap();
    school.count(&tally, &asked("late.example"));
    let now = school.now();
    school.parts().collector.collect(now); // not stored for an hour
    school.pass(3600);
    let news = reader.news(&mut follow).unwrap();
    assert_eq!(
        news.iter().map(|row| (&row.name, row.count)).collect::<Vec<_>>(),
        [(&shown("late.example"), 1)]
    );
}

#[test]
fn reading_and_writing_at_the_same_time_do_not_hinder_each_other() {
    let mut school = School::new();
    let tally = school.tally();
    std::thread::scope(|scope| {
        let folder = school.settings.folder.clone();
        let now = school.now();
        let reading = scope.spawn(move || {
            let reader = Reader::open(&folder).unwrap();
            for _ in 0..100 {
                reader.rows(&Filter::default(), Order::NewestFirst, 10, now).unwrap();
            }
        });
        for number in 0..100 {
            school.count(&tally, &asked(&format!("n{number}.example")));
            school.pass(1);
        }
        reading.join().unwrap();
    });
    assert_eq!(school.parts().shared.health().failures, 0);
    assert_eq!(school.total(), 100);
}

#[test]
fn a_page_asked_for_in_several_types_is_one_visit_of_that_device_in_that_minute() {
    let mut school = School::new();
    let tally = school.tally();
    for rtype in [1, 28, 65, 1] {
        school.count(&tally, &Asked { rtype, ..asked("casino.example") });
    }
    school.count(&tally, &Asked { client: "10.0.0.2", ..asked("casino.example") });
    school.count(&tally, &asked("www.casino.example"));
    school.pass(60);
    school.count(&tally, &Asked { tier: Tier::Primary, ..asked("casino.example") });
    school.second();
    let reader = school.reader();
    assert_eq!(reader.visits(&Filter::default()).unwrap(), 4);
    let primary = Filter { tier: Some(Tier::Primary), ..Filter::default() };
    assert_eq!(reader.visits(&primary).unwrap(), 1);
    assert_eq!(school.total(), 7);
}

#[test]
fn groups_and_categories_cross_and_days_are_the_schools() {
    let mut school = busy();
    let crossed = school.reader().groups_by_category(&Filter::default()).unwrap();
    let cell = |group: &str, category| {
        crossed
            .iter()
            .filter(|cell| cell.group.as_deref() == Some(group) && cell.category == Some(category))
            .map(|cell| cell.count)
            .sum::<u64>()
    };
    assert_eq!(cell("6A", Category::Gambling), 1);
    assert_eq!(cell("6A", Category::Adult), 1);
    assert_eq!(cell("6A", Category::Csam), 1);
    assert_eq!(cell("3B", Category::Gambling), 1);
    assert_eq!(crossed.iter().map(|cell| cell.count).sum::<u64>(), 4);
    assert_eq!(school.reader().groups().unwrap(), ["3B", "6A"]);

    // 23/11/2026, 23:59 in Vietnam and two minutes later.
    let tally = school.tally();
    for at in ["2026-11-23T16:59:00Z", "2026-11-23T17:01:00Z"] {
        school.clock.set(at.parse().unwrap());
        school.second();
        school.count(&tally, &asked("late.example"));
        school.second();
    }
    let days = school.reader().days(&Filter::default(), &super::super::clock::vietnam()).unwrap();
    let days: Vec<_> = days.iter().map(|day| (day.day.to_string(), day.count)).collect();
    assert_eq!(days, [("2026-11-23".into(), 5), ("2026-11-24".into(), 1)]);
}
