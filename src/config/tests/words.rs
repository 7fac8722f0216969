//! Every key, misspelt in every simple way, leads to the right suggestion.

use super::*;
use crate::config::mistake::Code;
use crate::config::nearest::slips_between;

/// Tables of the config, with what must stand in each for it to be read.
const TABLES: &[(&str, &str)] = &[
    ("", ""),
    ("[school]", ""),
    ("[listen]", ""),
    ("[access]", ""),
    ("[resolve]", ""),
    ("[[resolve.forward]]", ""),
    ("[[local]]", ""),
    ("[[group]]", ""),
    ("[[list]]", ""),
    ("[[rpz]]", ""),
    ("[[rpz]]\n[rpz.tsig]", ""),
    ("[lists]", ""),
    ("[journal]", ""),
    ("[policy]", ""),
    ("[policy.tier]", ""),
    ("[policy.tier.primary]", ""),
    ("[school_rules]", ""),
    ("[[school_rules.allow]]", ""),
    ("[state]", ""),
];

/// What is said of one unknown key: what is allowed there, and what was meant.
fn unknown(table: &str, key: &str) -> (Vec<String>, Option<String>) {
    let report = read(&format!("{table}\n{key} = 1\n")).unwrap_err();
    let found = report.mistakes().iter().find(|mistake| mistake.code == Code::UnknownKey);
    let found = found.unwrap_or_else(|| panic!("{table} {key}: {report}"));
    (found.allowed.clone(), found.suggestion.clone())
}

/// A letter left out, doubled, swapped with the next, or changed.
fn slips(key: &str) -> Vec<String> {
    let letters: Vec<char> = key.chars().collect();
    let mut slips = Vec::new();
    for at in 0..letters.len() {
        let mut less = letters.clone();
        less.remove(at);
        let mut more = letters.clone();
        more.insert(at, letters[at]);
        let mut other = letters.clone();
        other[at] = 'q';
        let mut swapped = letters.clone();
        if at + 1 < letters.len() {
            swapped.swap(at, at + 1);
        }
        slips.extend([less, more, other, swapped].map(String::from_iter));
    }
    slips.retain(|slip| {
        slip != key && !slip.is_empty() && slip.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    slips
}

#[test]
fn every_key_misspelt_leads_to_the_right_suggestion() {
    let mut keys = 0;
    for (table, _) in TABLES {
        let (allowed, _) = unknown(table, "zzzzzzzzzz");
        assert!(!allowed.is_empty(), "{table}");
        for key in &allowed {
            keys += 1;
            for slip in slips(key) {
                if allowed.contains(&slip) {
                    continue;
                }
                let (_, meant) = unknown(table, &slip);
                let meant = meant.unwrap_or_else(|| panic!("{table} {slip}: nothing suggested for {key}"));
                // `listn` is as near to `list` as to `listen`: either will do.
                assert!(slips_between(&slip, &meant) <= slips_between(&slip, key), "{table} {slip}: {meant}");
                let others = allowed.iter().filter(|other| *other != key);
                let unclear = others.into_iter().any(|other| slips_between(&slip, other) <= 1);
                assert!(unclear || meant == *key, "{table} {slip}: {meant}");
            }
        }
    }
    assert!(keys > 80, "{keys}");
}

#[test]
fn words_for_tiers_and_categories_are_understood_in_vietnamese() {
    for (text, meant) in [
        ("[policy]\nunknown = \"THCS\"", "lower_secondary"),
        ("[policy]\nunknown = \"tieu hoc\"", "primary"),
        ("[policy]\nunknown = \"cấp 3\"", "upper_secondary"),
        ("[policy]\nunknown = \"giáo viên\"", "staff"),
        ("[policy.tier.staff]\nlocked = [\"co bac\"]", "gambling"),
        ("[policy.tier.staff]\nlocked = [\"pornography\"]", "adult"),
        ("[policy.tier.staff]\nlocked = [\"mạng xã hội\"]", "social"),
    ] {
        let report = read(text).unwrap_err();
        assert_eq!(report.mistakes()[0].suggestion.as_deref(), Some(meant), "{text}");
    }
}
