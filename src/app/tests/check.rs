//! `lachan check` tells what is answered, whatever kind of name, rule, client and mode meet.

use super::school::{A, CNAME, HTTPS, Lists, Reply, School};
use crate::control::explanation::{Answer, Because, GroupVerdict, Rule, Says, Verdict};
use crate::dns::rrtype::RrType;

const CONFIG: &str = r#"
[[local]]
name = "may-in.truong"
type = "A"
data = "10.0.0.5"
[[local]]
name = "ra.truong"
type = "CNAME"
data = "www.bad.example"
[[group]]
name = "học sinh"
tier = "primary"
from = ["127.0.1.0/24"]
[[group]]
name = "theo dõi"
tier = "primary"
mode = "monitor"
from = ["127.0.2.0/24"]
[[group]]
name = "mở"
tier = "primary"
mode = "open"
from = ["127.0.3.0/24"]
[[group]]
name = "tập"
tier = "primary"
mode = "allow-only"
allow_sets = ["learning"]
from = ["127.0.4.0/24"]
[[group]]
name = "giáo viên"
tier = "staff"
from = ["127.0.5.0/24"]
[policy.tier.primary]
locked = ["malware"]
answer = "nxdomain"
[policy.tier.staff]
answer = "refused"
[school_rules]
allow = [{ name = "opened.example", reason = "thi", by = "IT" }]
block = [{ name = "banned.example", reason = "thi", by = "IT" }]
"#;

const LISTS: Lists = &[
    ("gambling", "bad.example opened.example @fine.bad.example passed.example"),
    ("malware", "worm.example"),
    ("authority", "secret.example"),
    ("allow", "school.example"),
    ("protect", "online.example =firefox.com =mozilla.org"),
];

const ZONES: &[(&str, &str)] = &[
    ("opens.test", "passed.example CNAME rpz-passthru.\n"),
    (
        "rules.test",
        "@ SOA ns admin 42 3600 600 86400 60\nnx.zoned.example CNAME .\n*.wild.example CNAME *.\n\
         to.zoned.example CNAME garden.example.\ndata.zoned.example A 192.0.2.80\n\
         drop.zoned.example CNAME rpz-drop.\ntcp.zoned.example CNAME rpz-tcp-only.\n\
         32.66.2.0.192.rpz-ip CNAME .\n32.77.1.0.127.rpz-client-ip CNAME .\n",
    ),
];

const WORLD: &str = "
    www.free.example A 198.51.100.1
    www.bad.example A 198.51.100.66
    fine.bad.example A 198.51.100.2
    a.shop CNAME www.bad.example
    b.shop CNAME a.shop
    banned.shop CNAME www.banned.example
    opened.shop CNAME opened.example
    opened.example A 198.51.100.3
    passed.shop CNAME passed.example
    passed.example A 198.51.100.4
    worm.shop CNAME worm.example
    secret.shop CNAME secret.example
    inside.shop A 10.0.0.1
    near.shop CNAME may-in.truong
    self.shop CNAME localhost
    nx.shop CNAME nx.zoned.example
    wild.shop CNAME x.wild.example
    to.shop CNAME to.zoned.example
    garden.example A 198.51.100.80
    by-ip.example A 192.0.2.66
    dead.example FAILS
    dead.shop CNAME dead.example
    www.school.example CNAME cdn.example
    cdn.example A 198.51.100.5
    https.school.example HTTPS d1.cdn.example
    https.shop HTTPS www.bad.example
    online.example A 198.51.100.6
    firefox.com A 198.51.100.7
    mozilla.org A 198.51.100.8
    dns.msftncsi.com A 131.107.255.255
    dns.msftncsi.com AAAA fd3e:4f5a:5b81::1
";

const NAMES: &[&str] = &[
    "www.free.example",
    "www.bad.example",
    "fine.bad.example",
    "a.shop",
    "b.shop",
    "banned.example",
    "banned.shop",
    "opened.example",
    "opened.shop",
    "passed.example",
    "passed.shop",
    "worm.example",
    "worm.shop",
    "secret.example",
    "secret.shop",
    "inside.shop",
    "near.shop",
    "self.shop",
    "nx.zoned.example",
    "nx.shop",
    "x.wild.example",
    "wild.shop",
    "to.zoned.example",
    "to.shop",
    "data.zoned.example",
    "drop.zoned.example",
    "tcp.zoned.example",
    "by-ip.example",
    "dead.example",
    "dead.shop",
    "www.school.example",
    "https.school.example",
    "https.shop",
    "online.example",
    "firefox.com",
    "mozilla.org",
    "dns.msftncsi.com",
    "may-in.truong",
    "ra.truong",
    "localhost",
    "mask.icloud.com",
    "use-application-dns.net",
    "dns-tunnel-check.googlezip.net",
    "tls-tunnel-check.googlezip.net",
    "x.invalid",
    "none.example",
];

const CLIENTS: &[&str] =
    &["127.0.1.1", "127.0.1.77", "127.0.2.1", "127.0.3.1", "127.0.4.1", "127.0.5.1", "127.9.9.9"];

async fn school() -> School {
    School::open(CONFIG, LISTS, ZONES, WORLD).await
}

/// What the answer is in the words of a check.
fn shown(heard: &Reply) -> String {
    if heard.is_silent {
        return Answer::Nothing.to_string();
    }
    match heard.rcode {
        0 => {}
        2 => return "SERVFAIL".into(),
        3 => return "NXDOMAIN".into(),
        5 => return "REFUSED".into(),
        other => panic!("{other}"),
    }
    if heard.is_truncated {
        return "NOERROR, TC".into();
    }
    let words: Vec<&str> = heard.said.split_whitespace().collect();
    let data: Vec<&[&str]> = words.chunks(3).filter(|record| record[1] != "CNAME").collect();
    let addresses: Vec<&str> =
        data.iter().filter(|record| record[1] != "HTTPS").map(|record| record[2]).collect();
    match addresses.is_empty() {
        true => format!("NOERROR, {} record", data.len()),
        false => format!("NOERROR {}", addresses.join(", ")),
    }
}

fn told_as(heard: &Reply, told: &GroupVerdict, which: &str) {
    let answer = told.answer.as_ref().map(ToString::to_string);
    assert_eq!(answer, Some(shown(heard)), "{which}: {told:?} {heard:?}");
    assert_eq!(told.verdict == Verdict::Block, heard.is_counted, "{which}: {told:?} {heard:?}");
    let codes: Vec<u16> = told.errors.iter().map(|error| error.code).collect();
    assert_eq!(codes, heard.codes, "{which}");
    let words: Vec<&str> = heard.said.split_whitespace().collect();
    let aliases: Vec<&str> =
        words.chunks(3).filter(|record| record[1] == "CNAME").map(|record| record[2]).collect();
    if told.verdict == Verdict::Allow && !which.contains("CNAME") && !aliases.is_empty() {
        assert_eq!(told.aliases, aliases, "{which}");
    }
    match told.verdict {
        Verdict::Block | Verdict::Monitor => assert!(
            told.rule.is_some() || matches!(told.because, Because::AllowOnly | Because::Locked),
            "{which}: a rule is named: {told:?}"
        ),
        Verdict::Allow | Verdict::Local | Verdict::Altered => {}
        Verdict::Refuse => panic!("{which}: {told:?}"),
    }
}

/// In whatever order check and answer come, from whatever is cached for whomever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_says_what_is_answered() {
    for order in 0..3 {
        let school = school().await;
        let mut clients = CLIENTS.to_vec();
        clients.rotate_left(order * 2);
        for kind in [A, HTTPS, CNAME] {
            for client in &clients {
                for name in NAMES {
                    let which = format!(
                        "{name} {kind} {client} {order} {}",
                        if kind == CNAME { "CNAME" } else { "" }
                    );
                    let (told, heard) = if (order + name.len()) & 1 == 0 {
                        let told = school.check(client, name, kind, true).await;
                        (told, school.ask(client, name, kind).await)
                    } else {
                        let heard = school.ask(client, name, kind).await;
                        (school.check(client, name, kind, true).await, heard)
                    };
                    told_as(&heard, &told.asked.unwrap(), &which);
                }
            }
        }
    }
}

/// Without asking anybody, it says what the question decides, and that the rest is not known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_asks_nobody_says_what_the_question_decides() {
    let school = school().await;
    for client in CLIENTS {
        for name in NAMES {
            let told = school.check(client, name, A, false).await;
            assert!(!told.resolved);
            let told = told.asked.unwrap();
            if told.answer.is_some() {
                let heard = school.ask(client, name, A).await;
                told_as(&heard, &told, &format!("{name} {client}"));
                school.responder.forget_answers();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_names_the_link_the_list_and_the_rule() {
    let own = school().await;
    let school = &own;
    let told = |client: &'static str, name: &'static str| async move {
        school.check(client, name, A, true).await.asked.unwrap()
    };
    let listed = told("127.0.1.1", "b.shop").await;
    assert_eq!(listed.link.as_deref(), Some("www.bad.example"), "{listed:?}");
    assert_eq!(listed.aliases, ["a.shop", "www.bad.example"]);
    assert_eq!((listed.list.as_deref(), listed.version.as_deref()), (Some("gambling"), Some("v1")));
    assert_eq!((listed.rule, listed.line), (Some(Rule::Subtree("bad.example".into())), Some(1)));
    let ruled = told("127.0.1.1", "banned.shop").await;
    assert_eq!(ruled.link.as_deref(), Some("www.banned.example"));
    assert_eq!(ruled.school_rule.map(|rule| (rule.reason, rule.by)), Some(("thi".into(), "IT".into())));
    let zone = told("127.0.1.1", "nx.shop").await;
    assert_eq!(zone.link.as_deref(), Some("nx.zoned.example"), "{zone:?}");
    assert_eq!((zone.list.as_deref(), zone.version.as_deref()), (Some("rules.test"), Some("42")));
    assert_eq!(zone.rule, Some(Rule::Zone("qname nxdomain".into())));
    let secret = told("127.0.1.1", "secret.shop").await;
    assert_eq!((secret.verdict, secret.link, secret.list), (Verdict::Block, None, None));
    let inside = told("127.0.1.1", "inside.shop").await;
    assert_eq!((inside.verdict, inside.because), (Verdict::Altered, Because::PrivateAddress));
    for canary in ["mask.icloud.com", "dns-tunnel-check.googlezip.net", "tls-tunnel-check.googlezip.net"] {
        for client in CLIENTS {
            let told = told_of(school, client, canary).await;
            assert_eq!((told.verdict, told.because), (Verdict::Local, Because::Canary));
            assert_eq!(told.answer, Some(Answer::Response("NXDOMAIN".into())), "{client}");
        }
    }
    let local = told("127.0.1.1", "may-in.truong").await;
    let inside = Answer::Response("NOERROR 10.0.0.5".into());
    assert_eq!((local.verdict, local.answer), (Verdict::Local, Some(inside)));
    let excepted = school.check("127.0.1.1", "fine.bad.example", A, true).await;
    let says: Vec<Says> = excepted.rules.into_iter().map(|rule| rule.says).collect();
    assert_eq!(says, [Says::Exception("gambling".into()), Says::Excepted("gambling".into())]);
}

async fn told_of(school: &School, client: &str, name: &str) -> GroupVerdict {
    school.check(client, name, A, true).await.asked.unwrap()
}

#[tokio::test]
async fn names_by_which_firefox_decides_have_addresses_in_every_mode() {
    let school = school().await;
    for client in CLIENTS {
        for name in ["firefox.com", "mozilla.org"] {
            let heard = school.ask(client, name, A).await;
            assert!(
                heard.said.contains("198.51.100.") || *client == "127.0.1.77",
                "{client} {name}: {heard:?}"
            );
        }
        let windows = school.ask(client, "dns.msftncsi.com", RrType::AAAA).await;
        if matches!(*client, "127.0.1.1" | "127.0.3.1" | "127.0.5.1") {
            assert_eq!(windows.said, "dns.msftncsi.com AAAA fd3e:4f5a:5b81::1", "{client}");
        }
    }
}
