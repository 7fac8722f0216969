//! A person answers, and a config comes out.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::config::Lists;
use crate::config::init::{Answerer, Error, Existing, Machine, interview, write};
use crate::i18n::Lang;
use crate::lists::recommended;
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
        interview(self, &machine(), &Machine::default(), Lang::Vi)
    }

    /// The same at a machine that is in these networks.
    fn interview_at(&mut self, networks: &[&str]) -> Result<String, Error> {
        let networks = networks.iter().map(|net| ("eth0".to_owned(), net.parse().unwrap())).collect();
        interview(self, &machine(), &Machine { networks }, Lang::Vi)
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
    assert!(person.heard.iter().any(|text| text.contains("cả mạng 10.10.2.0/24?")));
}

#[test]
fn a_question_back_has_yes_for_its_default() {
    // Enter says yes; "k" asks again.
    let mut person = Person::new(&[
        "vi",
        "x",
        "thcs",
        "192.168.1.7/24",
        "",
        "",
        "",
        "192.168.2.7/24",
        "k",
        "",
        "",
        "",
        "0",
    ]);
    let settings = settings(&person.interview().unwrap());
    let ranges: Vec<_> = settings.policy.groups.iter().flat_map(|group| &group.from).collect();
    assert_eq!(ranges, [&"192.168.1.0/24".parse::<ipnet::IpNet>().unwrap()]);
}

#[test]
fn networks_are_understood_in_the_forms_that_people_know() {
    for (written, expected) in [
        ("192.168.1.0/255.255.255.0", "192.168.1.0/24"),
        ("192.168.1.x", "192.168.1.0/24"),
        ("192.168.1.0-192.168.1.255", "192.168.1.0/24"),
        ("192.168.1.64-127", "192.168.1.64/26"),
        ("fd00:1::/64", "fd00:1::/64"),
    ] {
        let text =
            Person::new(&["vi", "x", "Trung học cơ sở", written, "", "trung hoc co so", "", "", "", "0"])
                .interview();
        let settings = settings(&text.unwrap());
        assert_eq!(settings.policy.groups[0].from[0].to_string(), expected, "{written}");
        assert_eq!(settings.policy.groups[0].tier, Tier::LowerSecondary, "{written}");
    }
}

#[test]
fn the_networks_of_the_machine_are_offered_and_taken_with_enter() {
    // The first is taken, the second is not wanted, then there are no more.
    let mut person = Person::new(&["vi", "x", "tiểu học", "", "Phòng máy", "", "-", "", "", "", "0"]);
    let text = person.interview_at(&["192.168.1.0/24", "172.16.0.0/16"]).unwrap();
    assert!(person.heard.iter().any(|text| text.contains("192.168.1.0/24 (eth0)")), "{:?}", person.heard);
    let settings = settings(&text);
    let ranges: Vec<_> =
        settings.policy.groups.iter().flat_map(|group| &group.from).map(|net| net.to_string()).collect();
    assert_eq!(ranges, ["192.168.1.0/24"]);
}

#[test]
fn a_network_that_others_would_take_all_clients_from_is_not_taken() {
    let mut person = Person::new(&[
        "vi",
        "x",
        "thcs",
        "10.1.0.0/24",
        "A",
        "",
        "10.1.0.0/25",
        "B",
        "giáo viên",
        "10.1.0.128/25",
        "",
        "",
        "",
        "0",
    ]);
    let settings = settings(&person.interview().unwrap());
    assert_eq!(settings.policy.groups.len(), 2);
    assert!(person.heard.iter().any(|text| text.contains("\"A\" không còn máy nào")), "{:?}", person.heard);
}

#[test]
fn a_domain_controller_gets_its_zone_its_reverse_zones_and_its_private_names() {
    let mut person = Person::new(&[
        "vi",
        "x",
        "thcs",
        "10.30.1.0/24, 10.30.2.0/24",
        "",
        "",
        "",
        "10.30.0.10, 10.30.0.11",
        "Truong.Local",
        "",
        "0",
    ]);
    let settings = settings(&person.interview().unwrap());
    let zones: Vec<_> = settings.resolve.forwards.iter().map(|forward| forward.zone.to_string()).collect();
    assert_eq!(zones, [".", "truong.local", "1.30.10.in-addr.arpa", "2.30.10.in-addr.arpa"]);
    assert!(settings.resolve.forwards.iter().all(|forward| forward.servers.len() == 2));
    assert_eq!(settings.resolve.private_names.len(), 1);
    // A provider's server is no domain controller: nobody is asked.
    let mut person = Person::new(&["vi", "x", "thcs", "", "192.0.2.53", "", "0"]);
    person.interview().unwrap();
    assert!(!person.heard.iter().any(|text| text.contains("Active Directory")), "{:?}", person.heard);
}

#[test]
fn the_recommended_set_is_offered_and_other_sources_are_taken_by_their_id() {
    let lists = |answer: &'static str| {
        let text = Person::new(&["vi", "x", "thcs", "", "", "", answer]).interview().unwrap();
        let Lists { specs, recommended, .. } = settings(&text).lists;
        let named = specs.into_iter().map(|list| list.id).filter(|id| !recommended.contains(id));
        (recommended.len(), named.collect::<Vec<_>>())
    };
    let set = recommended::all().len();
    for answer in ["", "c", "yes"] {
        assert_eq!(lists(answer), (set, vec![]), "{answer}");
    }
    assert_eq!(lists("không"), (0, vec![]));
    assert_eq!(
        lists("nextdns-tiktok, nextdns-roblox"),
        (set, vec!["nextdns-tiktok".into(), "nextdns-roblox".into()])
    );
    // Who has no more answers, a script above all, gets what there is without a config.
    let text = Person::new(&["vi", "x", "thcs", "", "", ""]).interview().unwrap();
    assert_eq!(settings(&text).lists.recommended.len(), set);
}

proptest! {
    /// Whatever is answered: a config that passes, or an end, never one that the check refuses.
    #[test]
    fn what_comes_out_passes(answers in prop::collection::vec(
        prop::sample::select(vec![
            "", "", "", "vi", "en", "thcs", "tiểu học, THPT", "mầm non", "giáo viên", "khách", "x", "k", "c", "-", "0",
            "10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "10.1.2.3/16", "192.168.1.x", "192.168.1.1-254", "fd00::/64",
            "203.0.113.0/24", "0.0.0.0/1", "0.0.0.0/0", "192.0.2.53", "10.0.0.5", "0.0.0.0", "127.0.0.1", "::1:53",
            "tls://192.0.2.53#dns.example", "truong.local", "vn", "*.x", "1, 2", "auto", "/var/lib/x", "Phòng \"1\"",
            "không rõ", "a\u{202e}b",
        ]),
        0..24,
    )) {
        match Person::new(&answers).interview_at(&["192.168.1.0/24", "fd00::/64"]) {
            Ok(text) => { settings(&text); }
            Err(error) => prop_assert!(!matches!(error, Error::Refused(_)), "{:?}\n{}", answers, error),
        }
    }
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
