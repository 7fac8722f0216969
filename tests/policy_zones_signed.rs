//! Policy zones and DNSSEC: what is forged stays SERVFAIL, and what is signed is rewritten unless the zone
//! leaves it alone.

use crate::support::client::{Answer, dnssec_query, exchange, query};
use crate::support::internet::Internet;
use crate::support::server::{School, Server};

const A: u16 = 1;
const SERVFAIL: u16 = 2;
const NXDOMAIN: u16 = 3;
const BLOCKED: u16 = 15;
const DNSSEC_BOGUS: u16 = 6;

const RULES: &str = "\
www.secure.example CNAME .
www.plain.example CNAME .
32.20.100.51.198.rpz-ip CNAME *.
32.66.100.51.198.rpz-ip CNAME *.
32.66.113.0.203.rpz-ip CNAME *.
";

fn serve(internet: &Internet, rules: &str, keys: &str) -> (Server, School) {
    let school = School::new();
    let file = school.write("rpz.zone", rules);
    let staff = "[[group]]\nname = \"x\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n";
    let zone = format!("[[rpz]]\nzone = \"rpz.test\"\nfile = \"{}\"\n{keys}", file.display());
    school.config(None, &(internet.config() + staff + &zone));
    (school.serve(), school)
}

fn ask(server: &Server, name: &str, signed: bool) -> Answer {
    let packet = if signed { dnssec_query(name, A, 7) } else { query(name, A, 7) };
    exchange("127.0.0.1", server.address, &packet).expect("an answer")
}

fn codes(answer: &Answer) -> Vec<u16> {
    answer.errors.iter().map(|(code, _)| *code).collect()
}

#[test]
fn what_is_signed_is_rewritten_and_says_nothing_of_authenticity() {
    let Some(internet) = Internet::open() else { return };
    let (server, _school) = serve(&internet, RULES, "");
    for signed in [true, false] {
        for (name, rcode) in [
            ("www.secure.example", NXDOMAIN),
            ("x.wild.secure.example", 0),
            ("alias.secure.example", NXDOMAIN),
            ("www.plain.example", NXDOMAIN),
        ] {
            for _ in 0..2 {
                let answer = ask(&server, name, signed);
                assert_eq!((answer.rcode, codes(&answer)), (rcode, vec![BLOCKED]), "{name}");
                assert!(!answer.authentic && answer.addresses().is_empty(), "{name}");
            }
        }
        let forged = ask(&server, "www.broken.example", signed);
        assert_eq!((forged.rcode, codes(&forged)), (SERVFAIL, vec![DNSSEC_BOGUS]));
    }
}

#[test]
fn a_zone_may_leave_signed_answers_alone_for_who_wants_signatures() {
    let Some(internet) = Internet::open() else { return };
    let rules = format!("{RULES}www.broken.example CNAME .\n");
    let (server, _school) = serve(&internet, &rules, "break_dnssec = false\n");
    for _ in 0..2 {
        for name in ["www.secure.example", "x.wild.secure.example", "alias.secure.example"] {
            let answer = ask(&server, name, true);
            assert!(answer.authentic && !answer.addresses().is_empty(), "{name} {:?}", answer.errors);
        }
        for (name, signed) in [("www.plain.example", true), ("www.secure.example", false)] {
            assert_eq!(ask(&server, name, signed).rcode, NXDOMAIN, "{name}");
        }
        // The rule has to wait for the answer, and that is forged.
        assert_eq!(codes(&ask(&server, "www.broken.example", true)), [DNSSEC_BOGUS]);
    }
}

#[test]
fn a_rule_for_a_name_server_reaches_every_zone_that_it_serves() {
    let Some(internet) = Internet::open() else { return };
    let (server, _school) = serve(&internet, "ns.secure.example.rpz-nsdname CNAME .\n", "");
    for _ in 0..2 {
        for (name, rcode) in
            [("www.glueless.example", NXDOMAIN), ("www.secure.example", NXDOMAIN), ("www.plain.example", 0)]
        {
            assert_eq!(ask(&server, name, false).rcode, rcode, "{name}");
        }
    }
    let [a, b, c, d] = internet.zones_at.octets();
    let (server, _school) = serve(&internet, &format!("32.{d}.{c}.{b}.{a}.rpz-nsip CNAME .\n"), "");
    for _ in 0..2 {
        for (name, rcode) in [("www.plain.example", NXDOMAIN), ("www.secure.example", NXDOMAIN)] {
            let answer = ask(&server, name, false);
            assert_eq!((answer.rcode, codes(&answer)), (rcode, vec![BLOCKED]), "{name}");
        }
    }
}
