//! Response policy zones from files: every action over the real binary, for whom they are meant, where they
//! stand among the school's rules and the lists, and what a reload makes of them.

use lachan::dns::message::{self, Section};
use lachan::dns::name::NameBuf;

use crate::support::authority::{ADDRESS, Authority};
use crate::support::client::{Answer, Client, Stream, ask, ask_from, dnssec_query, exchange, query};
use crate::support::server::{School, Server, wait_for};

const A: u16 = 1;
const CNAME: u16 = 5;
const SOA: u16 = 6;
const TXT: u16 = 16;
const NXDOMAIN: u16 = 3;
const BLOCKED: u16 = 15;
const FORGED: u16 = 4;

/// What the world has besides its wildcard.
const WORLD: &str = "\
alias.example. 300 IN CNAME middle.example.
middle.example. 300 IN CNAME end.bad.example.
end.bad.example. 300 IN A 198.51.100.7
*.bad.example. 300 IN A 198.51.100.1
bad.example. 300 IN A 198.51.100.1
by-ip.example. 300 IN CNAME at.example.
at.example. 300 IN A 192.0.2.66
at.example. 300 IN A 198.51.100.9
garden.example. 300 IN A 198.51.100.80
*.garden.example. 300 IN A 198.51.100.81
";

/// Rules of all kinds.
const RULES: &str = "\
@ SOA ns admin 42 3600 600 86400 60
@ NS ns
nx.example 77 CNAME .
nodata.example CNAME *.
*.bad.example CNAME .
fine.bad.example CNAME rpz-passthru.
itself.bad.example CNAME itself.bad.example.
drop.example CNAME rpz-drop.
tcp.example CNAME rpz-tcp-only.
to.example 55 CNAME garden.example.
*.below.example CNAME *.garden.example.
data.example 33 A 10.0.0.80
data.example 33 A 10.0.0.81
data.example 33 TXT \"của trường\"
32.66.2.0.192.rpz-ip CNAME .
32.77.0.0.127.rpz-client-ip CNAME .
";

const STAFF: &str = "[[group]]\nname = \"Giáo viên\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n";

fn zone(school: &School, name: &str, text: &str, keys: &str) -> String {
    let file = school.write(&format!("{name}.zone"), text);
    format!("[[rpz]]\nzone = \"{name}\"\nfile = \"{}\"\n{keys}", file.display())
}

/// A school with one zone of these rules.
fn serve(world: &Authority, rules: &str, keys: &str, config: &str) -> (Server, School) {
    let school = School::new();
    let zone = zone(&school, "rpz.test", rules, keys);
    school.config(Some(world.address), &format!("{STAFF}{config}{zone}"));
    (school.serve(), school)
}

/// Names of SOA records in the additional section.
fn zone_told(answer: &Answer) -> Vec<String> {
    let (_, records) = message::records(&answer.octets).unwrap();
    let soas =
        records.iter().filter(|record| record.section == Section::Additional && record.rtype.number() == SOA);
    soas.map(|record| {
        let mut name = NameBuf::new();
        name.fill_from_message(&answer.octets, record.owner).unwrap();
        name.name().to_string()
    })
    .collect()
}

fn codes(answer: &Answer) -> Vec<u16> {
    answer.errors.iter().map(|(code, _)| *code).collect()
}

#[test]
fn every_action_is_answered_as_it_should_and_says_whose_it_is() {
    let Some(world) = Authority::start(WORLD) else { return };
    let (server, school) = serve(&world, RULES, "", "");
    let at = server.address;
    for (name, rtype, rcode, said) in [
        ("nx.example", A, NXDOMAIN, ""),
        ("nx.example", TXT, NXDOMAIN, ""),
        ("nodata.example", A, 0, ""),
        ("x.y.bad.example", A, NXDOMAIN, ""),
        ("to.example", A, 0, "to.example CNAME garden.example garden.example A 198.51.100.80"),
        ("to.example", CNAME, 0, "to.example CNAME garden.example"),
        ("data.example", A, 0, "data.example A 10.0.0.80 data.example A 10.0.0.81"),
        ("data.example", 28, 0, ""),
        ("by-ip.example", A, NXDOMAIN, "by-ip.example CNAME at.example"),
        (
            "alias.example",
            A,
            NXDOMAIN,
            "alias.example CNAME middle.example middle.example CNAME end.bad.example",
        ),
    ] {
        // The second time from the cache, the third perhaps from the worker's packets.
        for _ in 0..4 {
            let answer = ask(at, name, rtype);
            assert_eq!((answer.rcode, answer.said().as_str()), (rcode, said), "{name} {rtype}");
            let forged = answer.records.iter().any(|(_, _, data)| !data.contains("example"));
            let told = if forged || name == "to.example" { vec![BLOCKED, FORGED] } else { vec![BLOCKED] };
            assert_eq!(codes(&answer), told, "{name} {rtype}");
            assert_eq!(zone_told(&answer), ["rpz.test"], "{name} {rtype}");
            assert!(!answer.authentic);
        }
    }
    assert_eq!(ask(at, "data.example", TXT).records[0], (TXT, 33, "của trường".into()));
    assert_eq!(ask(at, "to.example", A).records[0].1, 55);
    let below = ask(at, "www.below.example", A).said();
    assert_eq!(
        below,
        "www.below.example CNAME www.below.example.garden.example www.below.example.garden.example A 198.51.100.81"
    );
    for passes in ["fine.bad.example", "itself.bad.example", "bad.example", "other.example"] {
        for _ in 0..4 {
            let answer = ask(at, passes, A);
            assert_eq!((answer.addresses(), answer.errors.len()), (vec![ADDRESS], 0), "{passes}");
        }
    }
    // A negative answer says for how long.
    let negative = ask(at, "nx.example", A);
    assert_eq!(negative.authority, [SOA]);

    let found = wait_for(|| {
        let text = school.run_ok(&["log", "--format", "json"]);
        (text.contains("rpz.test") && text.contains("policy_zone")).then_some(())
    });
    assert!(found.is_some(), "the log has the attempts under the zone's name");
    let told = school.run_ok(&["check", "x.bad.example"]);
    assert!(told.contains("vùng chính sách") && told.contains("rpz.test (42)"), "{told}");
    assert!(server.stop().success());
}

#[test]
fn what_is_dropped_gets_no_answer_and_what_is_for_tcp_only_gets_one_there() {
    let Some(world) = Authority::start(WORLD) else { return };
    let (server, _school) = serve(&world, RULES, "", "");
    let client = Client::of(server.address);
    for _ in 0..3 {
        client.send(&query("drop.example", A, 1));
        client.send(&query("nx.example", A, 2));
        assert_eq!(client.receive().unwrap().octets[..2], [0, 2]);
        let udp = ask(server.address, "tcp.example", A);
        assert_eq!((udp.rcode, udp.truncated, udp.records.len()), (0, true, 0));
    }
    let mut stream = Stream::open(server.address);
    assert_eq!(stream.ask("tcp.example", A).addresses(), [ADDRESS]);
    stream.send(&query("drop.example", A, 3));
    assert_eq!(stream.receive(), None, "who asks over TCP for what is dropped is hung up on");
}

#[test]
fn a_rule_for_one_client_is_not_for_the_next_that_asks_the_same() {
    let Some(world) = Authority::start(WORLD) else { return };
    let (server, _school) = serve(&world, RULES, "", "");
    for _ in 0..4 {
        assert_eq!(ask_from("127.0.0.77", server.address, "any.example", A).rcode, NXDOMAIN);
        assert_eq!(ask_from("127.0.0.78", server.address, "any.example", A).addresses(), [ADDRESS]);
    }
}

#[test]
fn an_override_replaces_what_rules_say_and_a_disabled_zone_only_counts() {
    let Some(world) = Authority::start(WORLD) else { return };
    for (policy, rcode, said) in [
        ("given", NXDOMAIN, ""),
        ("nodata", 0, ""),
        ("passthru", 0, "nx.example A 198.51.100.1"),
        ("tcp-only", 0, ""),
        ("cname garden.example", 0, "nx.example CNAME garden.example garden.example A 198.51.100.80"),
        ("disabled", 0, "nx.example A 198.51.100.1"),
    ] {
        let (server, school) = serve(&world, RULES, &format!("policy = \"{policy}\"\n"), "");
        let answer = ask(server.address, "nx.example", A);
        assert_eq!((answer.rcode, answer.said().as_str()), (rcode, said), "{policy}");
        assert_eq!(answer.truncated, policy == "tcp-only");
        if policy == "disabled" {
            let found =
                wait_for(|| school.run_ok(&["log", "--format", "json"]).contains("monitored").then_some(()));
            assert!(found.is_some(), "what it would have done is in the log");
        }
        let status: serde_json::Value = serde_json::from_str(&school.run_ok(&["status", "--json"])).unwrap();
        assert_eq!(status["zones"][0]["hits"], 1, "{policy}");
    }
}

#[test]
fn zones_stand_behind_the_schools_rules_and_before_the_lists() {
    let Some(world) = Authority::start(WORLD) else { return };
    let school = School::new();
    let list = school.write("list.txt", "listed.example\nopened.example\nnamed.example\n");
    let first = zone(
        &school,
        "first.test",
        "opened.example CNAME rpz-passthru.\nkept.example CNAME .\nboth.example CNAME rpz-passthru.\n",
        "passthru_opens = true\n",
    );
    let second = zone(
        &school,
        "second.test",
        "listed.example CNAME rpz-passthru.\nboth.example CNAME .\nnamed.example CNAME *.\nsecond.example CNAME .\n",
        "groups = [\"Học sinh\"]\n",
    );
    school.config(
        Some(world.address),
        &format!(
            "[[group]]\nname = \"Học sinh\"\ntier = \"lower_secondary\"\nfrom = [\"127.0.0.0/24\"]\n\
             [[group]]\nname = \"Giáo viên\"\ntier = \"staff\"\nfrom = [\"127.0.1.0/24\"]\n\
             [school_rules]\nallow = [{{ name = \"kept.example\", reason = \"thi\", by = \"IT\" }}]\n\
             [[list]]\nid = \"cua-truong\"\nfile = \"{}\"\ncategory = \"gambling\"\n{first}{second}",
            list.display()
        ),
    );
    let server = school.serve();
    school.wait_for_list("cua-truong");
    let pupil = |name| ask_from("127.0.0.5", server.address, name, A);
    let teacher = |name| ask_from("127.0.1.5", server.address, name, A);
    assert_eq!(pupil("kept.example").addresses(), [ADDRESS], "the school's rule comes before");
    assert_eq!(pupil("opened.example").addresses(), [ADDRESS], "a PASSTHRU that opens");
    assert!(pupil("listed.example").is_blocked(), "one that does not leaves it to the lists");
    assert_eq!(pupil("listed.example").addresses(), ["0.0.0.0"]);
    assert_eq!(pupil("both.example").addresses(), [ADDRESS], "the earlier zone wins");
    assert_eq!(pupil("named.example").addresses(), [] as [&str; 0], "a zone before the lists");
    assert_eq!(pupil("second.example").rcode, NXDOMAIN);
    assert_eq!(teacher("second.example").addresses(), [ADDRESS], "a zone for pupils alone");
    let told = school.run_ok(&["check", "second.example", "--group", "Học sinh"]);
    assert!(told.contains("second.test"), "{told}");
}

#[test]
fn a_signed_answer_is_rewritten_unless_the_zone_leaves_it_alone() {
    // Nothing is signed here: who asks for signatures gets the same, also where the zone would wait for them.
    let Some(world) = Authority::start(WORLD) else { return };
    for keys in ["break_dnssec = true\n", "break_dnssec = false\n"] {
        let (server, _school) = serve(&world, RULES, keys, "");
        for _ in 0..2 {
            let answer = exchange("127.0.0.1", server.address, &dnssec_query("nx.example", A, 7)).unwrap();
            assert_eq!((answer.rcode, codes(&answer)), (NXDOMAIN, vec![BLOCKED]), "{keys}");
        }
    }
}

#[test]
fn a_reload_takes_new_rules_also_for_cached_answers_and_an_accident_leaves_the_last_good_copy() {
    let Some(world) = Authority::start(WORLD) else { return };
    let (server, school) = serve(&world, RULES, "", "");
    let blocked = |name| ask(server.address, name, A).rcode == NXDOMAIN;
    for name in ["late.example", "nx.example", "by-ip.example"] {
        for _ in 0..3 {
            assert_eq!(blocked(name), name != "late.example", "{name}");
        }
    }
    let replaced = RULES.replace("nx.example", "late.example").replace("32.66.2.0.192", "32.67.2.0.192");
    school.write("rpz.test.zone", replaced);
    school.run_ok(&["reload"]);
    for _ in 0..3 {
        assert!(blocked("late.example") && !blocked("nx.example") && !blocked("by-ip.example"));
    }
    let troubles = || {
        let status: serde_json::Value =
            serde_json::from_slice(&school.run(&["status", "--json"]).stdout).unwrap();
        status["troubles"].to_string()
    };
    assert_eq!(troubles(), "[]");
    for accident in ["", "<!doctype html><html><body>404</body></html>", "\0\u{1}\u{2}"] {
        school.write("rpz.test.zone", accident);
        school.run_ok(&["reload"]);
        assert!(blocked("late.example"), "{accident}");
        assert!(troubles().contains("rpz.test"), "{accident}: {}", troubles());
    }
    std::fs::remove_file(school.path("rpz.test.zone")).unwrap();
    assert!(server.stop().success());
    let server = school.serve();
    assert_eq!(ask(server.address, "late.example", A).rcode, NXDOMAIN, "also at the next start");
    // Without a server, from what is kept.
    drop(server);
    let told = school.run_ok(&["check", "late.example"]);
    assert!(told.contains("rpz.test (42)"), "{told}");
}

#[test]
fn what_zones_block_is_counted_once_each_and_a_monitored_group_is_only_counted() {
    let Some(world) = Authority::start(WORLD) else { return };
    let school = School::new();
    let zone = zone(&school, "rpz.test", RULES, "");
    school.config(
        Some(world.address),
        &format!(
            "[[group]]\nname = \"Học sinh\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/24\"]\n\
             [[group]]\nname = \"Thử\"\ntier = \"staff\"\nmode = \"monitor\"\nfrom = [\"127.0.1.0/24\"]\n{zone}"
        ),
    );
    let server = school.serve();
    let blocked =
        ["nx.example", "nodata.example", "to.example", "data.example", "by-ip.example", "alias.example"];
    for _ in 0..3 {
        for name in blocked {
            assert!(ask_from("127.0.0.5", server.address, name, A).is_blocked(), "{name}");
            let monitored = ask_from("127.0.1.5", server.address, name, A);
            assert!(!monitored.is_blocked() && monitored.rcode != NXDOMAIN || name == "nx.example", "{name}");
        }
        assert!(!ask_from("127.0.1.5", server.address, "tcp.example", A).truncated);
    }
    let count = 3 * blocked.len() as u64;
    let status: serde_json::Value = serde_json::from_str(&school.run_ok(&["status", "--json"])).unwrap();
    assert_eq!(status["blocked"], count);
    let found = wait_for(|| (school.attempts_or_none() == Some(2 * count)).then_some(()));
    assert!(found.is_some(), "{:?} of {count} blocked and as many monitored", school.attempts_or_none());
}

#[test]
fn a_garden_may_be_a_name_of_the_schools_own_and_what_is_locked_stays_closed_in_it() {
    let Some(world) = Authority::start(WORLD) else { return };
    let school = School::new();
    let list = school.write("list.txt", "casino.example\n");
    let zone = zone(
        &school,
        "rpz.test",
        "own.example CNAME chan.truong.test.\nbad.example CNAME casino.example.\n",
        "",
    );
    school.config(
        Some(world.address),
        &format!(
            "{STAFF}[[local]]\nname = \"chan.truong.test\"\ntype = \"A\"\ndata = \"10.0.0.20\"\n\
             [[list]]\nid = \"cua-truong\"\nfile = \"{}\"\ncategory = \"gambling\"\n\
             [policy.tier.staff]\nlocked = [\"gambling\"]\n{zone}",
            list.display()
        ),
    );
    let server = school.serve();
    school.wait_for_list("cua-truong");
    for _ in 0..3 {
        let own = ask(server.address, "own.example", A);
        assert_eq!(own.said(), "own.example CNAME chan.truong.test chan.truong.test A 10.0.0.20");
        let locked = ask(server.address, "bad.example", A);
        assert_eq!((locked.addresses(), codes(&locked)), (vec!["0.0.0.0"], vec![BLOCKED]));
    }
}
