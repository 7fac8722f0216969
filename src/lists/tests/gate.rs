//! The gate lets ordinary updates through and holds real accidents.

use super::shared::{folder, unpacked};
use super::torture::spec;
use crate::lists::content::ContentKind;
use crate::lists::gate::{BY_HAND_MAX, Origin, Passed, Past, Refused, Settings, check, check_from};
use crate::lists::protected::Protected;
use crate::lists::read::{Reading, survey};
use crate::lists::spec::Profile;
use crate::model::category::Category;

fn reading(text: &str) -> Reading {
    survey(text.as_bytes(), &spec(Category::Games, Profile::default()), &Protected::embedded())
}

fn names(count: u32) -> String {
    (0..count).map(|number| format!("n{number}.example\n")).collect()
}

fn verdict(previous: Option<(u32, &[u32])>, text: &str) -> Result<Passed, Refused> {
    let past = previous.map(|(names, changes)| Past { names, changes: changes.to_vec() });
    check(past.as_ref(), &reading(text), &Settings::default())
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
    assert_eq!(check(None, &reading, &Settings::default()), Err(Refused::TooManyNames { more: 2 }));
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

/// Runs a series of versions through the gate: what was refused, with the version's number.
fn run(series: &str, category: Category) -> Option<Vec<(usize, Refused)>> {
    let folder = folder("updates")?.join(series);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let protected = Protected::embedded();
    let (mut past, mut refused) = (None, Vec::new());
    for (number, file) in files.iter().enumerate() {
        let reading = survey(&unpacked(file), &spec(category, Profile::default()), &protected);
        match check(past.as_ref(), &reading, &Settings::default()) {
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
        let past = was.map(|names| Past { names, changes: Vec::new() });
        let verdict = check_from(origin, past.as_ref(), &reading(&text), &Settings::default());
        assert_eq!(verdict.is_ok(), taken, "{origin:?} {was:?} {text:.20}: {verdict:?}");
        assert!(verdict.is_err() || verdict.unwrap().warning.is_some(), "{origin:?} {was:?} {text:.20}");
    }
    let ordinary = check_from(OwnFile, None, &reading("a.example\n"), &Settings::default()).unwrap();
    assert_eq!(ordinary.warning, None);
}
