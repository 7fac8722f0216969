//! A pattern of a list closes the names that it meets, whoever had the answer cached, and what stands above lists opens
//! them.

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
[school_rules]
allow = [{ name = "badvideo4.example", reason = "thi", by = "IT" }]
"#;

const LISTS: Lists = &[
    ("adult", "||badvideo*.example^ @badvideo2.example"),
    ("protect", "badvideo3.example"),
    ("games", r"/^play[0-9]+games\./"),
];

const WORLD: &str = "
    badvideo1.example A 198.51.100.1
    badvideo2.example A 198.51.100.2
    badvideo3.example A 198.51.100.3
    badvideo4.example A 198.51.100.4
    www.badvideo5.example A 198.51.100.5
    shop.example CNAME badvideo6.example
    badvideo6.example A 198.51.100.6
    play12games.example A 198.51.100.7
    xplay12games.example A 198.51.100.8
";

const PUPIL: &str = "127.0.1.1";
const TEACHER: &str = "127.0.5.1";

/// Name, and whether it is blocked for a pupil and for a teacher.
const TABLE: &[(&str, [bool; 2])] = &[
    ("badvideo1.example", [true, true]),
    ("www.badvideo5.example", [true, true]),
    // Behind an alias, too.
    ("shop.example", [true, true]),
    // The list's own exception, protection, the school's word.
    ("badvideo2.example", [false, false]),
    ("badvideo3.example", [false, false]),
    ("badvideo4.example", [false, false]),
    ("play12games.example", [true, false]),
    ("xplay12games.example", [false, false]),
];

#[tokio::test]
async fn what_a_pattern_meets_is_blocked_whoever_had_the_answer_cached() {
    for order in [[PUPIL, TEACHER], [TEACHER, PUPIL]] {
        let school = School::open(CONFIG, LISTS, &[], WORLD).await;
        for (name, blocked) in TABLE {
            for client in order {
                let number = [PUPIL, TEACHER].iter().position(|other| *other == client).unwrap();
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
async fn a_check_tells_the_pattern_with_its_list_and_line() {
    let school = School::open(CONFIG, LISTS, &[], WORLD).await;
    for (name, blocked) in TABLE {
        for (client, blocked) in [PUPIL, TEACHER].into_iter().zip(blocked) {
            let told = school.check(client, name, A, true).await.asked.unwrap();
            assert_eq!(told.verdict == Verdict::Block, *blocked, "{name} {client}: {told:?}");
        }
    }
    let told = school.check(PUPIL, "badvideo1.example", A, true).await;
    let pattern = Rule::Pattern("||badvideo*.example^".into());
    let asked = told.asked.unwrap();
    assert_eq!(asked.rule, Some(pattern.clone()));
    assert_eq!((asked.list.as_deref(), asked.line, asked.link), (Some("adult"), Some(1), None));
    assert_eq!(asked.category.as_deref(), Some("adult"));
    assert!(told.rules.iter().any(|rule| rule.rule == pattern && rule.line == 1), "{:?}", told.rules);
}
