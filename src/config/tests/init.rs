//! A person answers, and a config comes out.

use std::collections::VecDeque;

use super::*;
use crate::config::init::{Answerer, Error, Existing, interview, write};
use crate::model::tier::Tier;
use crate::resolve::settings::Mode;

/// Answers in order; remembers what was asked and told.
struct Person {
    answers: VecDeque<&'static str>,
    heard: Vec<String>,
}

impl Person {
    fn new(answers: &[&'static str]) -> Self {
        Self { answers: answers.iter().copied().collect(), heard: vec![] }
    }

    fn interview(&mut self) -> Result<String, Error> {
        interview(self, &machine())
    }
}

impl Answerer for Person {
    fn tell(&mut self, text: &str) {
        self.heard.push(text.to_owned());
    }

    fn ask(&mut self, question: &str, _default: &str) -> Option<String> {
        self.heard.push(question.to_owned());
        self.answers.pop_front().map(str::to_owned)
    }
}

#[test]
fn a_school_with_networks_gets_a_config_that_passes() {
    let mut person = Person::new(&[
        "",
        "Trường THCS \"Sơn Tây\"",
        "thcs",
        "10.10.1.0/24",
        "Phòng máy 1",
        "",
        "10.10.2.7/24",
        "10.10.2.0/24",
        "",
        "giao vien",
        "",
        "192.0.2.53",
        "",
    ]);
    let text = person.interview().unwrap();
    insta::assert_snapshot!(text);
    let settings = settings(&text);
    assert_eq!(settings.school.name, "Trường THCS \"Sơn Tây\"");
    assert_eq!(settings.resolve.mode, Mode::Forward);
    let tiers: Vec<_> = settings.policy.groups.iter().map(|group| group.tier).collect();
    assert_eq!(tiers, [Tier::LowerSecondary, Tier::Staff]);
    assert!(person.heard.iter().any(|text| text == "ý bạn là 10.10.2.0/24?"));
}

#[test]
fn all_defaults_are_a_config_too_and_english_is_spoken() {
    let mut person = Person::new(&["en", "", "", "", "", ""]);
    let text = person.interview().unwrap();
    assert!(text.contains("No groups yet") && person.heard.iter().any(|text| text == "Name of the school"));
    assert_eq!(settings(&text).school.levels, [Tier::Primary]);
}

#[test]
fn a_level_without_a_network_is_asked_for_or_left_out() {
    let mut person = Person::new(&[
        "en",
        "x",
        "primary, upper secondary, preschool",
        "203.0.113.0/24",
        "",
        "primary",
        "",
        "10.9.0.0/16",
        "",
        "",
        "",
    ]);
    let text = person.interview().unwrap();
    let settings = settings(&text);
    assert_eq!(settings.school.levels, [Tier::Preschool, Tier::Primary]);
    assert!(settings.serve.allow.iter().any(|net| net.to_string() == "203.0.113.0/24"));
}

#[test]
fn answers_that_end_or_never_fit_write_nothing() {
    assert!(matches!(Person::new(&["vi"]).interview(), Err(Error::Ended)));
    assert!(matches!(Person::new(&["xx"; 20]).interview(), Err(Error::GaveUp(_))));
}

#[test]
fn a_file_that_is_there_is_not_overwritten_unless_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lachan.toml");
    write(&path, "version = 1\n", Existing::Keep).unwrap();
    assert!(matches!(write(&path, "x", Existing::Keep), Err(Error::Exists(_))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "version = 1\n");
    write(&path, "# new\n", Existing::Replace).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "# new\n");
}
