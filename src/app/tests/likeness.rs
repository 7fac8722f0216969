//! What a name stands for closes it: a bookmaker's brand under another ending, and the name that a translator carries.

use super::school::{A, Lists, Reply, School};
use crate::control::explanation::{Rule, Verdict};

const CONFIG: &str = r#"
[[group]]
name = "học sinh"
tier = "primary"
from = ["127.0.1.0/24"]
[[group]]
name = "giáo viên"
tier = "staff"
from = ["127.0.5.0/24"]
[[group]]
name = "không xét"
tier = "iot"
from = ["127.0.6.0/24"]
[policy.tier.iot]
clones = "off"
[school_rules]
allow = [{ name = "gemwin.school.example", reason = "thi", by = "IT" }, { name = "gemwin.ok", reason = "a", by = "b" }]
"#;

const LISTS: Lists =
    &[("adult", "video.example"), ("games", "games.example"), ("brands", "gemwin"), ("protect", "gemwin.vn")];

const WORLD: &str = "
    gemwin.fun A 198.51.100.1
    gemwin.ok A 198.51.100.2
    gemwin.vn A 198.51.100.3
    shop.example CNAME nhacaigemwin.club
    nhacaigemwin.club A 198.51.100.4
    www-video-example.translate.goog A 198.51.100.5
    games-example.translate.goog A 198.51.100.6
    www-free-example.translate.goog A 198.51.100.7
";

const PUPIL: &str = "127.0.1.1";
const TEACHER: &str = "127.0.5.1";
const EXEMPT: &str = "127.0.6.1";

/// Name, and whether it is blocked for a pupil, a teacher and the group without clones.
const TABLE: &[(&str, [bool; 3])] = &[
    ("gemwin.fun", [true, false, false]),
    // Behind an alias, too.
    ("shop.example", [true, false, false]),
    // The school's word, and protection, stand above it.
    ("gemwin.ok", [false, false, false]),
    ("gemwin.vn", [false, false, false]),
    ("www-video-example.translate.goog", [true, true, true]),
    ("games-example.translate.goog", [true, false, true]),
    ("www-free-example.translate.goog", [false, false, false]),
];

#[tokio::test]
async fn a_clone_and_a_carried_name_are_blocked_whoever_had_the_answer_cached() {
    // The first asked leaves an answer in the cache, or none: the next gets the same.
    for order in [[PUPIL, TEACHER, EXEMPT], [EXEMPT, TEACHER, PUPIL]] {
        let school = School::open(CONFIG, LISTS, &[], WORLD).await;
        for (name, blocked) in TABLE {
            for client in order {
                let number = [PUPIL, TEACHER, EXEMPT].iter().position(|other| *other == client).unwrap();
                for round in 0..2 {
                    let Reply { is_counted, said, .. } = school.ask(client, name, A).await;
                    assert_eq!(is_counted, blocked[number], "{name} {client} {round}: {said}");
                    assert_eq!(said.contains("198.51.100."), !blocked[number], "{name} {client} {said}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_check_says_which_bookmaker_a_name_looks_like_and_what_it_carries() {
    let school = School::open(CONFIG, LISTS, &[], WORLD).await;
    for (name, blocked) in TABLE {
        for (client, blocked) in [PUPIL, TEACHER, EXEMPT].into_iter().zip(blocked) {
            let told = school.check(client, name, A, true).await.asked.unwrap();
            assert_eq!(told.verdict == Verdict::Block, *blocked, "{name} {client}: {told:?}");
        }
    }
    let told = school.check(PUPIL, "gemwin.fun", A, true).await;
    let asked = told.asked.unwrap();
    assert_eq!(asked.rule, Some(Rule::Brand("gemwin".into(), 1)));
    assert_eq!((asked.category.as_deref(), asked.link), (Some("gambling"), None));
    assert!(told.rules.iter().any(|rule| rule.rule == Rule::Brand("gemwin".into(), 1)), "{:?}", told.rules);
    // A teacher's attempt is counted only, which is told without asking anybody too.
    for resolve in [true, false] {
        let told = school.check(TEACHER, "gemwin.fun", A, resolve).await.asked.unwrap();
        assert_eq!(told.verdict, Verdict::Monitor, "{told:?}");
        assert_eq!(told.rule, Some(Rule::Brand("gemwin".into(), 1)));
    }
    let told = school.check(PUPIL, "www-video-example.translate.goog", A, true).await.asked.unwrap();
    assert_eq!(told.link.as_deref(), Some("www.video.example"));
    assert_eq!(told.rule, Some(Rule::Subtree("video.example".into())));
}
