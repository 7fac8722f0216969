//! What people see.

use super::*;
use unicode_width::UnicodeWidthStr;

use crate::config::mistake::{Code, Look};
use crate::i18n::Lang;

fn drawn(text: &str) -> String {
    read(text).expect_err("a config with mistakes").render(Look::Plain, Lang::Vi, 80)
}

const FIVE: &str = r#"version = 1

[school]
name = "Trường THCS Sơn Tây"
level = ["thcs"]

[resolve]
mode = "forward"
dnsec = true

[[group]]
name = "Phòng máy 1"
tier = "lower_secondary"
from = ["10.10.1.0/24"]

[[group]]
name = "Phòng máy 2"
tier = "lower_secondary"
from = ["10.10.1.0/24", "10.10.2.7/24"]
"#;

#[test]
fn five_mistakes_are_five_located_errors() {
    insta::assert_snapshot!(drawn(FIVE));
}

#[test]
fn a_drawing_is_in_one_language_and_no_wider_than_the_screen() {
    let long = format!("{FIVE}\n[[school_rules.allow]]\nname = \"{}\"\n", "a.".repeat(100));
    for lang in Lang::ALL {
        for columns in [80, 60] {
            for line in read(&long).unwrap_err().render(Look::Plain, lang, columns).lines() {
                assert!(line.width() <= columns && !line.contains(" / "), "{line}");
            }
        }
    }
}

#[test]
fn a_few_more_as_people_see_them() {
    insta::assert_snapshot!(drawn(
        r#"[listen]
dns = ["0.0.0.0:0"]
[[list]]
source = "hostsvn-gambing"
every = "1 day"

[policy.tier.primary]
blocked = ["csam", "malware"]
"#
    ));
}

#[test]
fn a_syntax_error_is_told_once_and_not_by_its_echoes() {
    insta::assert_snapshot!(drawn(
        "[listen]\ndns = [\"0.0.0.0:53\"\n[[list]]\nsource = \"x\"\nevery = \"1d\"\n"
    ));
}

#[test]
fn programs_read_the_same_as_json() {
    let report = read("[journal]\ndevise = \"none\"\n").unwrap_err();
    insta::assert_snapshot!(serde_json::to_string_pretty(&report.json()).unwrap());
}

#[test]
fn colours_are_for_terminals() {
    let report = read(FIVE).unwrap_err();
    assert!(report.render(Look::Colours, Lang::Vi, 80).contains('\u{1b}'));
    assert!(!report.render(Look::Plain, Lang::Vi, 80).contains('\u{1b}'));
}

#[test]
fn every_code_can_be_looked_up() {
    let page = include_str!("../../../config/MISTAKES.md");
    for code in Code::ALL {
        assert!(page.contains(&format!("\n## {}\n", code.id())), "{} is not explained", code.id());
    }
    assert_eq!(page.matches("\n## ").count(), Code::ALL.len());
}
