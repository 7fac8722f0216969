//! Single promises.

use super::{List, build, builder, index_of, name, walk};
use crate::dns::suffixes::{HashKey, Suffixes};
use crate::filter::build::{BuildLimits, Builder, Progress, Step};
use crate::filter::diff::diff;
use crate::filter::error::BuildError;
use crate::filter::explain::Found;
use crate::filter::{ALLOW_SETS_MAX, Index, LISTS_MAX, Records};
use crate::model::category::{Category, CategorySet};
use crate::model::matched::HITS_MAX;
use crate::model::rule::{ListInfo, ListKind, Origin, Protection, Rule, RuleAction, Scope};

fn categories(index: &Index, text: &str) -> Vec<Category> {
    index.lookup(&walk(index, text)).categories.iter().collect()
}

/// Lists of the given origin that block `name`, one for each category.
fn say(origin: Origin, categories: &[Category], name: &str) -> Vec<List> {
    let list = |(number, category): (usize, &Category)| {
        let mut list =
            List::new(&format!("{origin:?}-{}-{number}", category.id()), ListKind::Block(*category));
        list.info.origin = origin;
        list.block(name)
    };
    categories.iter().enumerate().map(list).collect()
}

#[test]
fn what_accuses_takes_more_than_one_strangers_word_where_something_milder_is_known() {
    use Category::{Ads, Adult, Ddns, Games, Malware, Social};
    use Origin::{Downloaded, Local, Shipped};
    let name = "b.counter.example";
    let cases = [
        // One list calls a counter pornography; ours, or two others, know what it is.
        ("ours", [say(Downloaded, &[Adult], name), say(Shipped, &[Ads], "counter.example")].concat(), "ads"),
        ("two", [say(Downloaded, &[Adult, Ads, Ads], name)].concat(), "ads"),
        ("one against one", say(Downloaded, &[Adult, Ads], name), "adult ads"),
        ("nobody else", say(Downloaded, &[Adult], name), "adult"),
        (
            "two accuse",
            [say(Downloaded, &[Adult, Adult], name), say(Shipped, &[Ads], name)].concat(),
            "ads adult",
        ),
        (
            "the school accuses",
            [say(Local, &[Adult], name), say(Shipped, &[Ads], name)].concat(),
            "adult ads",
        ),
        // What is said of a host says nothing of who is a guest there.
        (
            "host",
            [say(Downloaded, &[Malware], name), say(Shipped, &[Ddns], "counter.example")].concat(),
            "ddns malware",
        ),
        (
            "the host itself",
            [say(Downloaded, &[Malware], name), say(Shipped, &[Ddns], name)].concat(),
            "ddns",
        ),
        // The best evidenced is told first.
        ("more lists", say(Downloaded, &[Games, Social, Social], name), "social games"),
    ];
    for (what, lists, told) in cases {
        let index = index_of(&lists);
        let suffixes = walk(&index, name);
        let matched = index.lookup(&suffixes);
        let counted = matched.counted.among(matched.categories).expect("a category");
        let others = matched.categories.iter().filter(|category| *category != counted);
        let ids: Vec<&str> = std::iter::once(counted).chain(others).map(Category::id).collect();
        assert_eq!(ids.join(" "), told, "{what}");
        let believed = |found: &Found<'_>| match found.info.kind {
            ListKind::Block(category) => matched.categories.contains(category),
            _ => true,
        };
        assert!(index.explain(&suffixes).iter().all(|found| found.outweighed != believed(found)), "{what}");
    }
}

#[test]
fn scopes_reach_as_far_as_they_say() {
    let index = index_of(&[
        List::of(Category::Ads).rule("exact.example", Scope::Exact, RuleAction::Block),
        List::of(Category::Adult).rule("sub.example", Scope::Subtree, RuleAction::Block),
        List::of(Category::Games).rule("children.example", Scope::Children, RuleAction::Block),
    ]);
    for (asked, expected) in [
        ("exact.example", &[Category::Ads][..]),
        ("a.exact.example", &[]),
        ("sub.example", &[Category::Adult]),
        ("a.b.sub.example", &[Category::Adult]),
        ("children.example", &[]),
        ("a.children.example", &[Category::Games]),
        ("example", &[]),
        (".", &[]),
        ("notsub.example", &[]),
        (r"x\.sub.example", &[]),
    ] {
        assert_eq!(categories(&index, asked), expected, "{asked}");
    }
}

#[test]
fn an_exception_speaks_for_its_own_list_only_and_yields_to_important() {
    let index = index_of(&[
        List::of(Category::Ads)
            .block("example.org")
            .rule("good.example.org", Scope::Subtree, RuleAction::Except)
            .block("bad.good.example.org")
            .rule("worst.good.example.org", Scope::Exact, RuleAction::BlockImportant),
        List::of(Category::Games).block("good.example.org"),
    ]);
    assert_eq!(categories(&index, "example.org"), [Category::Ads]);
    assert_eq!(categories(&index, "good.example.org"), [Category::Games]);
    assert_eq!(categories(&index, "bad.good.example.org"), [Category::Games]);
    assert_eq!(categories(&index, "worst.good.example.org"), [Category::Games, Category::Ads]);
    let suffixes = walk(&index, "bad.good.example.org");
    let told: Vec<_> = (index.explain(&suffixes).into_iter())
        .map(|found| (found.info.id.clone(), found.name.to_string(), found.line, found.excepted))
        .collect();
    let expected = [
        ("ads", "bad.good.example.org", 3, true),
        ("ads", "good.example.org", 2, false),
        ("games", "good.example.org", 1, false),
        ("ads", "example.org", 1, true),
    ];
    assert_eq!(told, expected.map(|(id, name, line, excepted)| (id.into(), name.into(), line, excepted)));
}

#[test]
fn a_name_of_many_lists_remembers_the_line_in_each() {
    let index = index_of(&[
        List::of(Category::Ads).block("other.example").block("x.example"),
        List::of(Category::Adult).block("x.example"),
    ]);
    let suffixes = walk(&index, "www.x.example");
    let matched = index.lookup(&suffixes);
    let lines = [Category::Ads, Category::Adult]
        .map(|category| index.blocking(&suffixes, &matched, category).map(|found| (found.list, found.line)));
    assert_eq!(lines, [Some((0, 2)), Some((1, 1))]);
    assert_eq!(index.blocking(&suffixes, &matched, Category::Games), None);
}

#[test]
fn a_rule_above_more_than_the_remembered_suffixes_is_still_found() {
    let deep = ["a"; HITS_MAX + 3].join(".");
    let mut games = List::of(Category::Games);
    let shortest = "a".to_owned();
    for labels in 2..=HITS_MAX + 3 {
        games = games.block(&["a"; HITS_MAX + 3][..labels].join("."));
    }
    let excepting = List::of(Category::Ads).block(&deep).rule(&shortest, Scope::Subtree, RuleAction::Except);
    let index = index_of(&[games, List::of(Category::Adult).block(&shortest), excepting]);
    let suffixes = walk(&index, &deep);
    let matched = index.lookup(&suffixes);
    assert_eq!(matched.hits().len(), HITS_MAX);
    assert_eq!(categories(&index, &deep), [Category::Adult, Category::Games]);
    let found = index.blocking(&suffixes, &matched, Category::Adult).unwrap();
    assert_eq!((found.name, found.line), (name("a"), 1));
    assert_eq!(index.blocking(&suffixes, &matched, Category::Ads), None);
    assert_eq!(index.explain(&suffixes).len(), HITS_MAX + 2 + 1 + 2);
}

#[test]
fn allow_sets_and_protection_are_told_apart_from_categories() {
    let index = index_of(&[
        List::new("learning", ListKind::Allow).block("school.example"),
        List::new("protected-soft", ListKind::Protect(Protection::Soft)).block("school.example"),
        List::new("protected-hard", ListKind::Protect(Protection::Hard)).block("time.school.example"),
        List::new("exams", ListKind::Allow).block("exam.school.example"),
        List::new("learning", ListKind::Allow).block("more.example"),
    ]);
    assert_eq!(["learning", "exams", "games"].map(|set| index.allow_set(set)), [Some(0), Some(1), None]);
    let asked = |text| {
        let matched = index.lookup(&walk(&index, text));
        assert!(matched.categories.is_empty());
        (matched.protection, matched.allow_sets)
    };
    assert_eq!(asked("www.school.example"), (Some(Protection::Soft), 0b01));
    assert_eq!(asked("time.school.example"), (Some(Protection::Hard), 0b01));
    assert_eq!(asked("exam.school.example"), (Some(Protection::Soft), 0b11));
    assert_eq!(asked("more.example"), (None, 0b01));
}

#[test]
fn an_empty_index_knows_nothing_and_a_wrong_key_finds_nothing() {
    let empty = index_of(&[]);
    assert_eq!(categories(&empty, "a.example"), []);
    assert_eq!(empty.stats().names, 0);
    let index = index_of(&[List::of(Category::Ads).block("example")]);
    let other = Suffixes::of(&HashKey([0; 16]), name("a.example").as_name());
    assert!(index.lookup(&other).categories.is_empty());
    // What was matched in another index leads to no panic here.
    let suffixes = walk(&index, "a.example");
    let matched = index.lookup(&suffixes);
    assert_eq!(empty.blocking(&walk(&empty, "a.example"), &matched, Category::Ads), None);
}

#[test]
fn bounds_hold_at_the_bound_and_one_past_it() {
    let folder = tempfile::tempdir().unwrap();
    let new = |limits| Builder::new(folder.path(), limits).unwrap();
    let info = |id: usize, kind| ListInfo {
        id: id.to_string(),
        version: String::new(),
        kind,
        origin: Origin::Local,
    };

    let mut lists = new(BuildLimits::default());
    let numbers: Vec<_> =
        (0..LISTS_MAX).map(|id| lists.add_list(info(id, ListKind::Block(Category::Ads))).unwrap()).collect();
    let one_more = lists.add_list(info(0, ListKind::Block(Category::Ads)));
    assert!(matches!(one_more, Err(BuildError::TooManyLists)));
    let rule = Rule { name: name("a.example"), scope: Scope::Exact, action: RuleAction::Except, line: 9 };
    lists.add(numbers[0], &Rule { action: RuleAction::Block, ..rule.clone() }).unwrap();
    lists.add(numbers[LISTS_MAX - 1], &rule).unwrap();
    let path = folder.path().join("index");
    lists.finish(&path, &mut |_| ()).unwrap();
    let index = Index::open(&path).unwrap();
    let suffixes = walk(&index, "a.example");
    let matched = index.lookup(&suffixes);
    assert_eq!(matched.categories, CategorySet::of(Category::Ads));
    assert_eq!(usize::from(index.explain(&suffixes)[1].list), LISTS_MAX - 1);

    let mut sets = new(BuildLimits::default());
    for id in 0..ALLOW_SETS_MAX {
        sets.add_list(info(id, ListKind::Allow)).unwrap();
    }
    assert!(sets.add_list(info(0, ListKind::Allow)).is_ok(), "a set of the same id is the same set");
    assert!(matches!(sets.add_list(info(64, ListKind::Allow)), Err(BuildError::TooManyAllowSets)));

    let mut rules = new(BuildLimits { rules_max: 1, ..BuildLimits::default() });
    let list = rules.add_list(info(0, ListKind::Block(Category::Ads))).unwrap();
    let root = Rule { name: name("."), ..rule.clone() };
    assert!(matches!(rules.add(list, &root), Err(BuildError::Root { line: 9 })));
    rules.add(list, &rule).unwrap();
    assert!(matches!(rules.add(list, &rule), Err(BuildError::TooManyRules(1))));
    assert!(matches!(rules.add(numbers[1], &rule), Err(BuildError::UnknownList(1))));
    let long = ListInfo { id: "x".repeat(1025), ..info(0, ListKind::Allow) };
    assert!(matches!(rules.add_list(long), Err(BuildError::LongListText { .. })));
}

#[test]
fn a_build_tells_how_far_it_is_and_what_it_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let lists = [
        List::of(Category::Ads).block("a.example").block("b.example").block("b.example"),
        List::of(Category::Games).block("b.example"),
    ];
    let mut last = Vec::new();
    let summary = builder(folder.path(), &lists)
        .finish(&path, &mut |progress| {
            last.retain(|seen: &Progress| seen.step != progress.step);
            last.push(progress);
        })
        .unwrap();
    assert_eq!((summary.names, summary.classes, summary.lists, summary.rules), (2, 2, 2, 4));
    assert_eq!(summary.bytes_file, std::fs::metadata(&path).unwrap().len());
    let steps = [(Step::Merge, 4), (Step::Write, 2), (Step::Verify, 2)];
    assert_eq!(last, steps.map(|(step, of)| Progress { step, done: of, of }));
    let index = Index::open(&path).unwrap();
    assert_eq!((index.names_of(0), index.names_of(1), index.names_of(2)), (2, 1, 0));
    assert_eq!(index.lists()[1], lists[1].info);
    assert_eq!(index.id(), summary.id);
}

#[test]
fn who_reads_the_old_file_keeps_it_while_the_new_one_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    build(&path, &[List::of(Category::Ads).block("old.example")]);
    let old = Index::open(&path).unwrap();
    build(&path, &[List::of(Category::Ads).block("new.example")]);
    let new = Index::open(&path).unwrap();
    assert_eq!((categories(&old, "old.example").len(), categories(&old, "new.example").len()), (1, 0));
    assert_eq!((categories(&new, "old.example").len(), categories(&new, "new.example").len()), (0, 1));
    assert_ne!((old.id(), old.key()), (new.id(), new.key()));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_diff_counts_by_list_and_category_and_keeps_no_secret() {
    let games = List::of(Category::Games).block("stays.example").block("goes.example");
    let authority = List::of(Category::Authority);
    let old = index_of(&[List::of(Category::Ads).block("stays.example"), games, authority.clone()]);
    let mut games = List::of(Category::Games).block("stays.example").block("comes.example");
    games.info.version = "tomorrow".into();
    let new = index_of(&[games, authority.block("secret.example")]);
    let diff = diff(&old, &new, 10);
    assert_eq!((diff.names.was, diff.names.is, diff.names.added, diff.names.removed), (2, 3, 2, 1));
    assert_eq!(diff.names.added_samples, [name("comes.example")]);
    assert_eq!(diff.names.removed_samples, [name("goes.example")]);
    let lists: Vec<_> = (diff.lists.iter())
        .map(|list| (list.id.as_str(), list.names.added, list.names.removed, list.is_version.as_deref()))
        .collect();
    let expected = [
        ("games", 1, 1, Some("tomorrow")),
        ("authority", 1, 0, Some("authority of today")),
        ("ads", 0, 1, None),
    ];
    assert_eq!(lists, expected);
    let categories: Vec<_> =
        diff.categories.iter().map(|(category, change)| (*category, change.added, change.removed)).collect();
    assert_eq!(categories, [(Category::Authority, 1, 0), (Category::Games, 1, 1), (Category::Ads, 0, 1)]);
    assert!(diff.lists[1].names.added_samples.is_empty());
}

/// An index whose records are mapped, not held: more of them than are kept in memory.
fn large(path: &std::path::Path) -> Index {
    let ads = (0..150_000).fold(List::of(Category::Ads), |list, number| {
        list.block(&format!("a-rather-long-label-that-takes-room-{number}.large.example"))
    });
    build(path, &[ads]);
    let index = Index::open(path).unwrap();
    assert!(matches!(index.records, Records::Mapped { .. }), "{:?}", index.stats());
    index
}

#[test]
fn an_index_whose_file_is_cut_or_written_over_in_place_is_known_to_be_unsound_and_harms_nobody() {
    for harm in [
        (|file: &std::fs::File| file.set_len(0)) as fn(&std::fs::File) -> std::io::Result<()>,
        |file| file.set_len(4096),
        |file| std::os::unix::fs::FileExt::write_all_at(file, &[0x55; 64], 100_000),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        let index = large(&path);
        assert!(index.is_sound() && index.is_kept_at(&path));
        harm(&std::fs::File::options().write(true).open(&path).unwrap()).unwrap();
        for number in (0..150_000).step_by(1000) {
            let name = format!("a-rather-long-label-that-takes-room-{number}.large.example");
            index.explain(&walk(&index, &name));
        }
        assert!(!index.is_sound() && !index.is_sound() && !index.is_kept_at(&path));
    }
}

#[test]
fn a_small_index_is_whole_whatever_becomes_of_its_file_and_puts_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    build(&path, &[List::of(Category::Ads).block("a.example")]);
    let index = Index::open(&path).unwrap();
    let octets = std::fs::read(&path).unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    assert!(!index.lookup(&walk(&index, "a.example")).categories.is_empty());
    assert!(index.is_sound() && !index.is_kept_at(&path));
    index.save(&path).unwrap();
    assert!(index.is_kept_at(&path));
    assert_eq!(std::fs::read(&path).unwrap(), octets);
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(!index.is_kept_at(&path) && index.save(&path).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside");
}

#[test]
fn an_index_made_in_memory_says_what_one_on_disk_says() {
    let lists =
        [List::of(Category::Ads).block("a.example"), List::new("set", ListKind::Allow).block("b.example")];
    let mut builder = Builder::in_memory(BuildLimits { spill_at: 16, ..BuildLimits::default() }).unwrap();
    for list in &lists {
        let number = builder.add_list(list.info.clone()).unwrap();
        list.rules.iter().for_each(|rule| builder.add(number, rule).unwrap());
    }
    let (index, summary) = builder.finish_in_memory(&mut |_| ()).unwrap();
    assert_eq!((index.stats().names, summary.rules), (2, 2));
    assert!(!index.lookup(&walk(&index, "x.a.example")).categories.is_empty());
    assert_eq!(index.lookup(&walk(&index, "b.example")).allow_sets, 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    assert!(!index.is_kept_at(&path));
    index.save(&path).unwrap();
    assert_eq!(Index::open(&path).unwrap().id(), index.id());
}
