//! What is counted is stored, once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;
use crate::dns::rrtype::RrType;
use crate::journal::count::KINDS_MAX;
use crate::journal::{Journal, clock::SystemClock};
use crate::model::roster::RosterId;

const GROUPS: [&str; 3] = ["6A", "6B", "Phòng máy 1"];
const LISTS: [Option<&str>; 3] = [None, Some("starter-gambling"), Some("school")];
const CLIENTS: [&str; 4] = ["10.0.0.1", "::ffff:10.0.0.1", "10.0.0.2", "2001:db8::7"];
const CATEGORIES: [Option<Category>; 4] =
    [None, Some(Category::Gambling), Some(Category::Adult), Some(Category::Csam)];

fn any_asked() -> impl Strategy<Value = Asked> {
    (0..3usize, 0..6usize, 0..4usize, 0..5u8, 0..2u16, 0..4usize, 0..3usize, 0..4usize, any::<bool>())
        .prop_map(|(group, tier, client, name, rtype, category, list, layer, blocked)| Asked {
            group: GROUPS[group],
            tier: Tier::ALL[tier],
            client: CLIENTS[client],
            name: if name == 0 { ".".into() } else { format!("n{name}.example") },
            rtype: 1 + rtype * 27,
            category: CATEGORIES[category],
            // An attempt has one of both at most.
            service: ServiceId::from_number(if category == 0 { rtype } else { 0 }),
            list: LISTS[list],
            layer: Layer::ALL[layer],
            effect: if blocked { Effect::Blocked } else { Effect::Monitored },
        })
}

/// What a row says, as text, so that rows and attempts can be compared in all their columns.
fn oracle_key(asked: &Asked, minute: Timestamp) -> String {
    let secret = asked.category.is_some_and(Category::is_secret);
    let name = if secret { "secret" } else { &asked.name };
    let device = asked.client.trim_start_matches("::ffff:");
    let Asked { group, tier, rtype, category, service, list, layer, effect, .. } = asked;
    let class = (category, service);
    format!("{minute} {group} {tier:?} {device} {name} {rtype} {class:?} {list:?} {layer:?} {effect:?}")
}

fn row_key(row: &Row) -> String {
    let name = match &row.name {
        NameShown::Name(name) => name.to_string(),
        NameShown::Secret => "secret".into(),
        NameShown::NotKept => "not kept".into(),
    };
    let kind = &row.kind;
    format!(
        "{} {} {:?} {} {name} {} {:?} {:?} {:?} {:?}",
        row.at,
        kind.group.as_deref().unwrap(),
        kind.tier,
        row.device.unwrap(),
        row.rtype,
        (kind.category, kind.service),
        kind.list.as_deref(),
        kind.layer,
        kind.effect
    )
}

#[derive(Clone, Debug)]
enum Step {
    Count(usize, Asked),
    Pass(i64),
    Restart,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0..3usize, any_asked()).prop_map(|(worker, asked)| Step::Count(worker, asked)),
        3 => (1..90i64).prop_map(Step::Pass),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn every_attempt_is_stored_once_in_every_dimension(steps in prop::collection::vec(any_step(), 0..120)) {
        let mut school = School::with(|settings| settings.device = DeviceMode::Address);
        let mut tallies = [school.tally(), school.tally(), school.tally()];
        let mut oracle: BTreeMap<String, u64> = BTreeMap::new();
        let mut minute = school.now();
        for step in steps {
            match step {
                Step::Count(worker, asked) => {
                    school.count(&tallies[worker], &asked);
                    *oracle.entry(oracle_key(&asked, minute)).or_default() += 1;
                }
                Step::Pass(seconds) => school.pass(seconds),
                Step::Restart => {
                    school.second();
                    school.crash();
                    school.start();
                    tallies = [school.tally(), school.tally(), school.tally()];
                }
            }
            minute = Timestamp::from_second(school.now().as_second() / 60 * 60).unwrap();
        }
        school.second();
        let rows = school.rows();
        let stored: BTreeMap<String, u64> = rows.iter().map(|row| (row_key(row), row.count)).collect();
        prop_assert_eq!(stored.len(), rows.len(), "no key has two rows");
        prop_assert_eq!(&stored, &oracle);
        let all: u64 = oracle.values().sum();
        prop_assert_eq!((school.total(), school.hours(), school.months()), (all, all, all));
        for by in [By::Tier, By::Group, By::Category, By::List, By::Layer, By::Effect, By::Hour] {
            prop_assert_eq!(sum(&school.reader().totals(&Filter::default(), by).unwrap()), all);
        }
        school.is_sound();
    }
}

#[test]
fn workers_that_count_while_their_tables_are_taken_lose_nothing() {
    const EACH: u64 = 40_000;
    let mut school = School::new();
    let tallies: Vec<_> = (0..4).map(|_| school.tally()).collect();
    let done = AtomicBool::new(false);
    let mut parts = school.parts.take().unwrap();
    std::thread::scope(|scope| {
        let (groups, lists, start) = (&school.groups, &school.lists, school.now());
        let workers: Vec<_> = tallies
            .into_iter()
            .enumerate()
            .map(|(worker, tally)| {
                scope.spawn(move || {
                    for number in 0..EACH {
                        let name = format!("n{}.example", number % 97);
                        let asked = Asked { group: GROUPS[worker % 3], ..asked(&name) };
                        count(&tally, &asked, groups, lists);
                    }
                }) // and the tally goes with the worker
            })
            .collect();
        let (parts, done) = (&mut parts, &done);
        scope.spawn(move || {
            let mut now = start;
            while !done.load(Ordering::Acquire) {
                parts.collector.collect(now);
                parts.keeper.store(now);
                now += SignedDuration::from_secs(7);
            }
            parts.collector.collect(now);
            parts.keeper.store(now);
        });
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        done.store(true, Ordering::Release);
    });
    school.parts = Some(parts);
    assert_eq!(school.total(), 4 * EACH);
    let by_group = school.reader().totals(&Filter::default(), By::Group).unwrap();
    assert_eq!(by_group[0], Total { what: What::Group(Some("6A".into())), count: 2 * EACH });
    assert_eq!(school.parts().shared.health().folded, 0);
    assert_eq!(school.parts().shared.health().stored, 4 * EACH);
    school.is_sound();
}

#[test]
fn a_flood_of_fresh_names_is_bounded_counted_and_told() {
    let mut school = School::new();
    let tally = school.tally();
    let flood = KINDS_MAX + 5;
    // From so many devices that none is past its own bound.
    for number in 0..flood {
        let client = [10, 0, (number / 64 / 256) as u8, (number / 64) as u8];
        school.count_from(&tally, client, &format!("r{number}.casino.example"));
    }
    school.second();
    let health = school.parts().shared.health();
    assert_eq!((health.folded, health.stored, health.rows), (5, flood as u64, KINDS_MAX as u64 + 1));
    assert_eq!(school.total(), flood as u64);
    let filter = Filter { group: Some("6A".into()), category: Some(Category::Gambling), ..Filter::default() };
    assert_eq!(sum(&school.reader().totals(&filter, By::List).unwrap()), flood as u64);
    let folded: Vec<_> = school.rows().into_iter().filter(|row| row.name == NameShown::NotKept).collect();
    assert_eq!((folded.len(), folded[0].count, folded[0].device), (1, 5, None));
}

#[test]
fn the_name_of_a_secret_category_is_nowhere_in_the_state_folder() {
    let mut school = School::new();
    let tally = school.tally();
    school.count(&tally, &Asked { category: Some(Category::Csam), ..asked("unspeakable.example") });
    school.count(&tally, &Asked { category: Some(Category::Authority), ..asked("unspeakable.example") });
    school.second();
    let rows = school.rows();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.name == NameShown::Secret));
    for (path, octets) in files_in(&school.settings.folder) {
        let there = octets.windows(11).any(|window| window == b"unspeakable");
        assert!(!there, "{}", path.display());
    }
}

#[test]
fn at_full_speed_under_its_threads_every_attempt_is_in_the_store() {
    const EACH: u64 = 400_000;
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { folder: folder.path().into(), ..Settings::default() };
    let (groups, lists) = (Roster::default(), Roster::default());
    let journal = Journal::open(settings, groups.clone(), lists, Arc::new(SystemClock)).unwrap();
    let counting = AtomicUsize::new(GROUPS.len());
    let mut taken = 0;
    std::thread::scope(|scope| {
        for group in GROUPS {
            let (tally, group, counting) = (journal.tally(), groups.id_of(group), &counting);
            scope.spawn(move || {
                let names = (0..100).map(|n| OwnedName::parse(&format!("n{n}.example")).unwrap());
                let names: Vec<_> = names.collect();
                for number in 0..EACH {
                    tally.count(&attempt(group, &names[number as usize % names.len()]));
                }
                counting.fetch_sub(1, Ordering::Release);
            });
        }
        // Far more often than once a second: each time all tables are taken from under the workers.
        while counting.load(Ordering::Acquire) > 0 {
            journal.flush().unwrap();
            taken += 1;
        }
    });
    journal.close().unwrap();
    let by_group = Reader::open(folder.path()).unwrap().totals(&Filter::default(), By::Group).unwrap();
    assert_eq!(by_group.iter().map(|total| total.count).collect::<Vec<_>>(), [EACH; GROUPS.len()]);
    assert!(taken > 1, "the tables were taken meanwhile");
}

#[test]
fn with_its_threads_it_stores_on_flush_and_on_close() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { folder: folder.path().into(), ..Settings::default() };
    let (groups, lists) = (Roster::default(), Roster::default());
    let open = || Journal::open(settings.clone(), groups.clone(), lists.clone(), Arc::new(SystemClock));
    let journal = open().unwrap();
    let second = open().unwrap();
    assert!(
        second.health().failing.is_some_and(|failing| failing.what.to_string().contains("in use by another"))
    );
    let tally = journal.tally();
    let name = OwnedName::parse("casino.example").unwrap();
    let attempt = attempt(groups.id_of("6A"), &name);
    let total = || sum(&Reader::open(folder.path()).unwrap().totals(&Filter::default(), By::Tier).unwrap());
    tally.count(&attempt);
    journal.flush().unwrap();
    assert_eq!(total(), 1);
    tally.count(&attempt);
    let later = second.tally();
    later.count(&attempt);
    assert!(second.flush().is_err(), "the folder is the first one's");
    journal.close().unwrap();
    assert_eq!(total(), 2);
    second.flush().unwrap();
    assert_eq!(
        (total(), second.health().failing),
        (3, None),
        "what waited is stored when the folder is free"
    );
    drop(second);
    let journal = open().unwrap();
    let tally = journal.tally();
    tally.count(&attempt);
    drop(journal);
    assert_eq!(total(), 4);
}

fn attempt(group: RosterId, name: &OwnedName) -> Attempt<'_> {
    Attempt {
        group,
        tier: Tier::Primary,
        client: "10.0.0.1".parse().unwrap(),
        name: name.as_name(),
        rtype: RrType::HTTPS,
        category: Some(Category::Gambling),
        service: None,
        list: None,
        layer: Layer::School,
        effect: Effect::Blocked,
    }
}
