//! Recursion from the root down through signed and unsigned zones, as a client sees it.

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::client::{Answer, Stream, dnssec_query, exchange, query};
use crate::support::internet::{Internet, TTL};
use crate::support::server::{School, Server};

const A: u16 = 1;
const SOA: u16 = 6;
const TXT: u16 = 16;
const AAAA: u16 = 28;
const DS: u16 = 43;
const RRSIG: u16 = 46;
const NSEC: u16 = 47;
const NSEC3: u16 = 50;

const SERVFAIL: u16 = 2;
const NXDOMAIN: u16 = 3;
const SIGNATURE_EXPIRED: u16 = 7;
const DNSKEY_MISSING: u16 = 9;
const RRSIGS_MISSING: u16 = 10;
const DNSSEC_BOGUS: u16 = 6;

/// Nothing but what is illegal is blocked.
const STAFF: &str = "[[group]]\nname = \"x\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n";
/// Clients at once.
const MANY: u64 = 60;

/// A school that resolves by itself.
struct Setup {
    server: Server,
    _school: School,
    internet: Internet,
}

impl Setup {
    fn new() -> Option<Self> {
        let internet = Internet::open()?;
        let school = School::new();
        school.config(None, &(internet.config() + STAFF));
        Some(Self { server: school.serve(), _school: school, internet })
    }

    fn exchange(&self, packet: &[u8]) -> Answer {
        exchange("127.0.0.1", self.server.address, packet).expect("an answer")
    }

    /// Asks as a client that wants to know whether the answer was validated (RFC 6840 §5.7).
    fn ask(&self, name: &str, rtype: u16) -> Answer {
        let mut packet = query(name, rtype, 7);
        packet[3] |= 0x20;
        self.exchange(&packet)
    }

    /// Asks as a client that wants signatures.
    fn ask_dnssec(&self, name: &str, rtype: u16) -> Answer {
        self.exchange(&dnssec_query(name, rtype, 7))
    }

    /// Asks as a client that validates for itself.
    fn ask_unchecked(&self, name: &str, rtype: u16) -> Answer {
        let mut packet = dnssec_query(name, rtype, 7);
        packet[3] |= 0x30;
        self.exchange(&packet)
    }
}

/// Whether an answer says AD.
const AUTHENTIC: bool = true;
const NOT_AUTHENTIC: bool = false;

#[test]
fn what_is_signed_is_authentic_and_what_is_not_is_answered_without_that_word() {
    let Some(setup) = Setup::new() else { return };
    for (name, said, authentic) in [
        ("www.secure.example", "www.secure.example A 198.51.100.10", AUTHENTIC),
        ("www.hashed.example", "www.hashed.example A 198.51.100.40", AUTHENTIC),
        ("www.plain.example", "www.plain.example A 198.51.100.50", NOT_AUTHENTIC),
        ("www.opted.example", "www.opted.example A 198.51.100.42", AUTHENTIC),
        ("www.cut.opted.example", "www.cut.opted.example A 198.51.100.81", NOT_AUTHENTIC),
        ("www.odd.example", "www.odd.example A 198.51.100.52", NOT_AUTHENTIC),
        ("www.glueless.example", "www.glueless.example A 198.51.100.80", NOT_AUTHENTIC),
        ("x.wild.secure.example", "x.wild.secure.example A 198.51.100.20", AUTHENTIC),
        ("x.wild.hashed.example", "x.wild.hashed.example A 198.51.100.41", AUTHENTIC),
        ("x.wild.plain.example", "x.wild.plain.example A 198.51.100.51", NOT_AUTHENTIC),
        (
            "alias.secure.example",
            "alias.secure.example CNAME www.secure.example www.secure.example A 198.51.100.10",
            AUTHENTIC,
        ),
        (
            "far.secure.example",
            "far.secure.example CNAME www.hashed.example www.hashed.example A 198.51.100.40",
            AUTHENTIC,
        ),
        (
            "loose.secure.example",
            "loose.secure.example CNAME www.plain.example www.plain.example A 198.51.100.50",
            NOT_AUTHENTIC,
        ),
        (
            "alias.plain.example",
            "alias.plain.example CNAME www.secure.example www.secure.example A 198.51.100.10",
            NOT_AUTHENTIC,
        ),
        (
            "www.old.secure.example",
            "old.secure.example DNAME new.secure.example www.old.secure.example CNAME www.new.secure.example \
             www.new.secure.example A 198.51.100.30",
            AUTHENTIC,
        ),
    ] {
        let fetched = setup.ask(name, A);
        assert_eq!((fetched.rcode, fetched.said().as_str()), (0, said), "{name} {:?}", fetched.errors);
        assert_eq!(fetched.authentic, authentic, "{name}");
        // An alias may lead to what was fetched for a name before: on a slow machine that is a second older.
        let is_theirs = |ttl: &u32| (TTL - 30..=TTL).contains(ttl);
        assert!(fetched.records.iter().all(|(_, ttl, _)| is_theirs(ttl)), "{name}: {:?}", fetched.records);
        let cached = setup.ask(name, A);
        assert_eq!((cached.said().as_str(), cached.authentic), (said, authentic), "{name} from the cache");
        assert!(cached.records.iter().all(|(_, ttl, _)| is_theirs(ttl)), "{name}");
    }
}

#[test]
fn what_is_not_there_is_proven_where_it_is_signed() {
    let Some(setup) = Setup::new() else { return };
    for (name, rtype, rcode, authentic) in [
        ("missing.secure.example", A, NXDOMAIN, AUTHENTIC),
        ("missing.hashed.example", A, NXDOMAIN, AUTHENTIC),
        ("missing.plain.example", A, NXDOMAIN, NOT_AUTHENTIC),
        // It may be a zone that opted out (RFC 5155 §9.2).
        ("missing.opted.example", A, NXDOMAIN, NOT_AUTHENTIC),
        ("missing.cut.opted.example", A, NXDOMAIN, NOT_AUTHENTIC),
        ("missing.odd.example", A, NXDOMAIN, NOT_AUTHENTIC),
        ("missing.example", A, NXDOMAIN, AUTHENTIC),
        ("missing-top", A, NXDOMAIN, AUTHENTIC),
        ("www.secure.example", AAAA, 0, AUTHENTIC),
        ("www.hashed.example", AAAA, 0, AUTHENTIC),
        ("www.plain.example", AAAA, 0, NOT_AUTHENTIC),
        ("x.wild.secure.example", AAAA, 0, AUTHENTIC),
        ("x.wild.hashed.example", AAAA, 0, AUTHENTIC),
        // Between two names there is one without records.
        ("wild.secure.example", A, 0, AUTHENTIC),
        ("wild.hashed.example", A, 0, AUTHENTIC),
        // That a zone is unsigned is what its parent proves.
        ("plain.example", DS, 0, AUTHENTIC),
    ] {
        for answer in [setup.ask(name, rtype), setup.ask(name, rtype)] {
            assert_eq!((answer.rcode, answer.said().as_str()), (rcode, ""), "{name} {:?}", answer.errors);
            assert_eq!(answer.authentic, authentic, "{name} {rtype}");
            assert_eq!(answer.authority, [SOA], "{name} {rtype}");
        }
    }
    let gone = setup.ask("gone.secure.example", A);
    assert_eq!((gone.rcode, gone.authentic), (NXDOMAIN, AUTHENTIC));
    assert_eq!(gone.said(), "gone.secure.example CNAME missing.secure.example");
}

#[test]
fn signatures_and_proofs_are_for_who_asks_for_them() {
    let Some(setup) = Setup::new() else { return };
    assert_eq!(setup.ask("www.secure.example", A).said(), "www.secure.example A 198.51.100.10");
    let signed = setup.ask_dnssec("www.secure.example", A);
    assert_eq!(signed.said(), "www.secure.example A 198.51.100.10 www.secure.example RRSIG");
    assert!(signed.authentic);
    for (zone, proof) in [("secure", NSEC), ("hashed", NSEC3)] {
        let denied = setup.ask_dnssec(&format!("missing.{zone}.example"), A);
        assert_eq!((denied.rcode, denied.authentic), (NXDOMAIN, AUTHENTIC));
        assert!([SOA, proof, RRSIG].iter().all(|rtype| denied.authority.contains(rtype)), "{denied:?}");
        let expanded = setup.ask_dnssec(&format!("x.wild.{zone}.example"), A);
        assert!(expanded.authority.contains(&proof), "the wildcard's proof: {expanded:?}");
    }
    let plain = setup.ask_dnssec("www.plain.example", A);
    assert_eq!(
        (plain.said().as_str(), plain.authentic),
        ("www.plain.example A 198.51.100.50", NOT_AUTHENTIC)
    );
}

#[test]
fn what_is_forged_or_expired_is_no_answer_but_for_who_checks_it_himself() {
    let Some(setup) = Setup::new() else { return };
    for (name, data, why) in [
        ("www.broken.example", "203.0.113.66", DNSSEC_BOGUS),
        ("www.expired.example", "198.51.100.60", SIGNATURE_EXPIRED),
        ("www.stripped.example", "198.51.100.68", RRSIGS_MISSING),
        ("x.wild.stripped.example", "198.51.100.69", RRSIGS_MISSING),
        ("www.swapped.example", "198.51.100.61", DNSKEY_MISSING),
        ("bad.secure.example", "203.0.113.66", DNSSEC_BOGUS),
    ] {
        for _ in 0..2 {
            let bogus = setup.ask(name, A);
            assert_eq!(
                (bogus.rcode, bogus.said().as_str(), bogus.authentic),
                (SERVFAIL, "", false),
                "{name}"
            );
            assert_eq!(bogus.errors[0].0, why, "{name}");
        }
        for _ in 0..2 {
            let shown = setup.ask_unchecked(name, A);
            assert_eq!((shown.rcode, shown.addresses()), (0, vec![data]), "{name} {:?}", shown.errors);
            assert!(!shown.authentic, "{name}");
            let signed = shown.said().contains("RRSIG");
            assert_eq!(signed, !name.contains("stripped"), "{name}: what it is to be checked with");
        }
        assert_eq!(setup.ask(name, A).rcode, SERVFAIL, "{name}: what was shown to one is not for all");
    }
    // One forged record does not cost its neighbours.
    let good = setup.ask("other.broken.example", A);
    assert_eq!((good.addresses(), good.authentic), (vec!["198.51.100.67"], AUTHENTIC));
}

#[test]
fn what_is_too_long_for_udp_comes_from_the_name_server_over_tcp_and_is_authentic() {
    let Some(setup) = Setup::new() else { return };
    assert!(setup.ask("many.secure.example", TXT).truncated);
    let packet = dnssec_query("many.secure.example", TXT, 7);
    let mut stream = Stream::open(setup.server.address);
    for _ in 0..2 {
        stream.send(&packet);
        let whole = Answer::read(&stream.receive().expect("an answer"));
        assert_eq!((whole.records.len(), whole.authentic), (61, AUTHENTIC), "{:?}", whole.errors);
    }
    // Who asks for neither AD nor DO may not understand AD (RFC 6840 §5.8).
    stream.send(&query("many.secure.example", TXT, 7));
    let plain = Answer::read(&stream.receive().expect("an answer"));
    assert_eq!((plain.records.len(), plain.authentic), (60, NOT_AUTHENTIC));
}

#[test]
fn what_many_need_is_asked_of_a_forwarder_once() {
    let Some(setup) = Setup::new() else { return };
    let school = School::new();
    let mut config = setup.internet.config();
    let _ = write!(
        config,
        "mode = \"forward\"\n[[resolve.forward]]\nzone = \".\"\nservers = [\"{}\"]\n{STAFF}",
        setup.server.address
    );
    school.config(None, &config);
    let server = school.serve();
    let clients: Vec<_> = (0..MANY)
        .map(|number| {
            let address = server.address;
            std::thread::spawn(move || {
                let mut packet = query(&format!("n{number}.wild.secure.example"), A, 7);
                packet[3] |= 0x20;
                exchange("127.0.0.1", address, &packet).expect("an answer")
            })
        })
        .collect();
    for client in clients {
        let answer = client.join().unwrap();
        assert_eq!((answer.addresses(), answer.authentic), (vec!["198.51.100.20"], AUTHENTIC));
    }
    let status: Value = serde_json::from_str(&school.run_ok(&["status", "--json"])).unwrap();
    let asked: u64 =
        status["upstreams"].as_array().unwrap().iter().filter_map(|it| it["queries"].as_u64()).sum();
    assert!(asked > 0 && asked <= MANY + 8, "{asked} questions for {MANY} names");
}

#[test]
fn name_servers_that_refuse_refer_upwards_or_say_nothing_do_not_cost_the_answer() {
    let Some(setup) = Setup::new() else { return };
    for number in 0..12 {
        let name = format!("n{number}.spread.example");
        let begun = Instant::now();
        let answer = setup.ask(&name, A);
        assert!(begun.elapsed() < Duration::from_secs(5), "{name}: {:?}", begun.elapsed());
        assert_eq!(answer.addresses(), ["198.51.100.70"], "{name} {:?}", answer.errors);
        assert!(answer.authentic, "{name}");
    }
}
