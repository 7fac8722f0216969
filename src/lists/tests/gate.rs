//! The gate lets ordinary updates through and holds real accidents.

use super::shared::{folder, unpacked};
use super::torture::spec;
use crate::lists::catalogue;
use crate::lists::content::ContentKind;
use crate::lists::gate::{
    BY_HAND_MAX, Bounds, Origin, Passed, Past, Refused, Settings, check, check_from, check_size,
};
use crate::lists::protected::Protected;
use crate::lists::read::{Reading, survey};
use crate::lists::spec::{Profile, SourceSpec};
use crate::model::category::Category;

fn reading(text: &str) -> Reading {
    survey(text.as_bytes(), &spec(Category::Games, Profile::default()), &Protected::embedded())
}

fn names(count: u32) -> String {
    (0..count).map(|number| format!("n{number}.example\n")).collect()
}

fn verdict(previous: Option<(u32, &[u32])>, text: &str) -> Result<Passed, Refused> {
    let past = previous.map(|(names, changes)| Past { names, changes: changes.to_vec(), ..Past::default() });
    check(past.as_ref(), &reading(text), &Settings::default(), 0)
}

#[test]
fn what_is_no_list_of_names_is_refused_and_named() {
    let sites = ["google.com", "gstatic.com", "apple.com"];
    assert!(verdict(None, &sites.join("\n")).is_err(), "nothing is left of it");
    for (text, why) in [
        (String::new(), Refused::Empty),
        ("# Entries: 0\n".into(), Refused::Empty),
        ("# Entries: 0\na.example\n".into(), Refused::SaysEmpty),
        ("<!DOCTYPE html><html><p>Moved</p>".into(), Refused::NotAList { found: ContentKind::Html }),
        (
            "version https://git-lfs.github.com/spec/v1\n".into(),
            Refused::NotAList { found: ContentKind::GitLfs },
        ),
        ("192.0.2.1\n192.0.2.2\n".into(), Refused::NotAList { found: ContentKind::Addresses }),
        ("a.example/x\nb.example/y\n".into(), Refused::NotAList { found: ContentKind::NotNames }),
        (names(100) + &"bad..name\n".repeat(10), Refused::TooManyRefused { refused: 10, of: 110 }),
    ] {
        assert_eq!(verdict(None, &text), Err(why), "{text:.40}");
    }
    assert!(verdict(None, &(names(200) + &"bad..name\n".repeat(10))).is_ok());
}

#[test]
fn a_list_of_protected_names_is_a_mix_up() {
    let protected = Protected::embedded();
    let all = protected.groups().iter().flat_map(|group| group.names.iter()).take(9);
    let text: String = all.map(|name| format!("{name}\n")).collect::<String>() + &names(5000);
    assert!(matches!(verdict(None, &text), Err(Refused::HitsProtected { .. })));
}

#[test]
fn too_many_names_refuse_the_whole_list() {
    let spec = spec(Category::Games, Profile { max_names: 10, ..Profile::default() });
    let reading = survey(names(12).as_bytes(), &spec, &Protected::none());
    assert_eq!(check(None, &reading, &Settings::default(), 0), Err(Refused::TooManyNames { more: 2 }));
}

#[test]
fn a_young_list_may_change_by_shares_and_an_old_one_by_its_habits() {
    let habits = [3, 0, 5, 40, 2, 0, 1, 8, 30, 4];
    for (previous, is, passes) in [
        (None, 1, true),
        (Some((1000, &[][..])), 701, true),
        (Some((1000, &[])), 699, false),
        (Some((1000, &[])), 1500, true),
        (Some((1000, &[])), 1501, false),
        (Some((1000, &habits)), 850, true),
        (Some((1000, &habits)), 849, false),
        (Some((1000, &habits)), 1150, true),
        (Some((1000, &habits)), 1151, false),
        (Some((40, &[])), 100, true),
        (Some((40, &[])), 20, true),
        (Some((40, &[])), 19, false),
    ] {
        assert_eq!(verdict(previous, &names(is)).is_ok(), passes, "{previous:?} to {is}");
    }
}

#[test]
fn only_the_newest_changes_are_remembered() {
    let long: Vec<u32> = (0..60).collect();
    let passed = verdict(Some((1000, &long)), &names(1001)).unwrap();
    assert_eq!(passed.past.changes.len(), crate::lists::gate::CHANGES_MAX);
    assert_eq!(passed.past.changes.last(), Some(&1));
}

/// A list of which only the sizes are known, fetched once a day.
struct Sizes {
    settings: Settings,
    past: Option<Past>,
    day: u64,
}

impl Sizes {
    fn new(settings: Settings) -> Self {
        Self { settings, past: None, day: 0 }
    }

    /// A fetch `days` later; whether it is taken.
    fn fetch(&mut self, days: u64, names: u32) -> bool {
        self.day += days;
        let now = self.day * 86_400;
        match check_size(self.past.as_ref(), names, &self.settings, now) {
            Ok(passed) => {
                self.past = Some(passed.past);
                true
            }
            Err(_) => {
                let past = self.past.as_mut().expect("a first size is taken");
                past.note_refused(names, now, &self.settings);
                false
            }
        }
    }
}

#[test]
fn a_list_that_stays_grown_for_two_weeks_or_shrunk_for_four_is_taken() {
    for (is, taken_after) in [(20_000, 14), (6000, 28)] {
        let mut list = Sizes::new(Settings::default());
        (0..9).for_each(|at| assert!(list.fetch(1, 10_000 + at)));
        let days = (1..).find(|_| list.fetch(1, is)).unwrap();
        assert_eq!(days, taken_after + 1, "{is}");
        assert!(list.fetch(1, is + 10), "its habits begin anew");
    }
}

#[test]
fn an_accident_of_some_days_leaves_no_trace_and_sizes_that_never_come_again_are_not_taken() {
    let mut list = Sizes::new(Settings::default());
    (0..9).for_each(|at| assert!(list.fetch(1, 10_000 + at)));
    assert!((0..10).all(|_| !list.fetch(1, 300)));
    assert!(list.fetch(1, 10_020));
    // Each time another size: nobody knows which one it is.
    assert!((0..20).all(|at| !list.fetch(3, 20_000 + at * 10_000)));
}

#[test]
fn bounds_of_the_config_hold_whatever_the_habits() {
    let bounds = Bounds { shrink: Some(0.5), grow: Some(2.0) };
    let mut list = Sizes::new(Settings { bounds, ..Settings::default() });
    (0..12).for_each(|at| assert!(list.fetch(1, 10_000 + at)));
    assert!(!list.fetch(1, 4900));
    assert!(list.fetch(1, 5100) && list.fetch(1, 15_000) && !list.fetch(1, 46_000));
}

/// Days with the size on each.
type Series = Vec<(u64, u32)>;

/// Dates and sizes of every category of a list collection, over nine years.
fn nine_years() -> Option<Vec<(String, Series)>> {
    let text = unpacked(&folder("updates")?.join("ut1-category-counts-2017-2026.tsv.zst"));
    let text = String::from_utf8(text).unwrap();
    let mut lines = text.lines();
    let mut all: Vec<(String, Series)> =
        lines.next()?.split('\t').skip(1).map(|id| (id.to_owned(), Vec::new())).collect();
    for line in lines {
        let mut cells = line.split('\t');
        let date: jiff::civil::Date = cells.next()?.parse().unwrap();
        let day = (date - jiff::civil::date(2017, 1, 1)).get_days() as u64;
        for (column, cell) in all.iter_mut().zip(cells) {
            if let Ok(names) = cell.parse() {
                column.1.push((day, names));
            }
        }
    }
    Some(all)
}

#[test]
fn no_list_of_nine_years_is_refused_for_ever_and_each_known_collapse_is_held() {
    let Some(all) = nine_years() else { return };
    let (mut refusals, mut collapses_taken) = (0, Vec::new());
    for (id, sizes) in &all {
        let mut list = Sizes::new(Settings::default());
        let mut refused_since = None;
        for (day, names) in sizes.iter().filter(|(_, names)| *names > 0) {
            let was = list.past.as_ref().map_or(0, |past| past.names);
            if list.fetch(day - list.day.min(*day), *names) {
                refused_since = None;
                if was > 500 && *names < was / 5 {
                    collapses_taken.push((id, *day, was, *names));
                }
            } else {
                refusals += 1;
                refused_since.get_or_insert(*day);
            }
        }
        let stuck = refused_since.map(|since| list.day - since);
        assert!(stuck.is_none_or(|days| days <= 90), "{id} is refused for {stuck:?} days");
    }
    println!("{refusals} refusals; taken collapses: {collapses_taken:?}");
    assert!(refusals < 4000, "{refusals}");
}

/// Runs a series of versions through the gate: what was refused, with the version's number.
fn run(series: &str, category: Category) -> Option<Vec<(usize, Refused)>> {
    let folder = folder("updates")?.join(series);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let protected = Protected::embedded();
    let (mut past, mut refused) = (None, Vec::new());
    for (number, file) in files.iter().enumerate() {
        let reading = survey(&unpacked(file), &spec(category, Profile::default()), &protected);
        match check(past.as_ref(), &reading, &Settings::default(), 0) {
            Ok(passed) => past = Some(passed.past),
            Err(why) => refused.push((number, why)),
        }
    }
    Some(refused)
}

#[test]
fn ordinary_updates_pass() {
    for series in ["hostsVN-gambling-VN", "hostsVN-hosts", "sinfonietta-social"] {
        if let Some(refused) = run(series, Category::Games) {
            assert_eq!(refused, [], "{series}");
        }
    }
}

#[test]
fn real_accidents_are_held() {
    for series in [
        "blocklistproject-gambling-2026-collapse",
        "ut1-malware-2020-to-zero",
        "ut1-malware-2025-partial-collapse",
    ] {
        if let Some(refused) = run(series, Category::Malware) {
            println!("{series}: {refused:?}");
            assert!(!refused.is_empty(), "{series}");
        }
    }
}

#[test]
fn a_file_of_the_schools_own_is_warned_of_and_a_published_one_refused() {
    use Origin::{Accepted, OwnFile, Published};
    let html = || "<html>".to_owned();
    let large = BY_HAND_MAX + 1;
    for (origin, was, text, taken) in [
        (Published, Some(300), names(100), false),
        (OwnFile, Some(300), names(100), true),
        (OwnFile, Some(300), "# nothing for now\n".into(), true),
        (OwnFile, None, "# nothing yet\n".into(), true),
        (OwnFile, None, String::new(), true),
        // Nobody empties a file to its last octet and means it.
        (OwnFile, Some(300), String::new(), false),
        (OwnFile, Some(300), names(30_000), true),
        // No one edits so many lines by hand.
        (OwnFile, Some(large), names(large / 3), false),
        (OwnFile, Some(300), html(), false),
        (Accepted, Some(large), names(large / 3), true),
        (Accepted, Some(large), html(), false),
    ] {
        let past = was.map(|names| Past { names, ..Past::default() });
        let verdict = check_from(origin, past.as_ref(), &reading(&text), &Settings::default(), 0);
        assert_eq!(verdict.is_ok(), taken, "{origin:?} {was:?} {text:.20}: {verdict:?}");
        assert!(verdict.is_err() || verdict.unwrap().warning.is_some(), "{origin:?} {was:?} {text:.20}");
    }
    let ordinary = check_from(OwnFile, None, &reading("a.example\n"), &Settings::default(), 0).unwrap();
    assert_eq!(ordinary.warning, None);
}

#[test]
fn every_source_of_the_catalogue_passes_as_a_first_copy() {
    let Some(root) = folder("lists") else { return };
    let root = root.parent().expect("it has a parent");
    let manifest = std::fs::read_to_string(root.join("MANIFEST.tsv")).unwrap();
    let files: Vec<Vec<&str>> = manifest.lines().map(|line| line.split('\t').collect()).collect();
    let protected = Protected::embedded();
    let mut looked_at = 0;
    for entry in catalogue::all() {
        let SourceSpec::Url(url) = &entry.spec.source else { panic!("{}", entry.spec.id) };
        let is_it = |row: &&Vec<&str>| {
            let of = url.split_once("githubusercontent.com/").map_or("", |(_, of)| of);
            of.starts_with(&format!("{}/", row[1])) && of.ends_with(&format!("/{}", row[2]))
        };
        let Some(row) = files.iter().find(is_it) else { continue };
        let reading = survey(&unpacked(&root.join(row[0])), &entry.spec, &protected);
        let verdict = check(None, &reading, &Settings::default(), 0);
        assert!(verdict.is_ok(), "{}: {verdict:?}", entry.spec.id);
        looked_at += 1;
    }
    assert!(looked_at > 50, "{looked_at}");
}
