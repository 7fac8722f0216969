//! Forwarding to servers that are near or far, trusted or not, good or bad.

use std::net::SocketAddr;

use serde_json::Value;

use crate::support::authority::{ADDRESS, Authority, free_address};
use crate::support::client::ask;
use crate::support::server::{School, Server};
use crate::support::upstream::{self, Ca, Encrypted, Saying, Slow};

const A: u16 = 1;
const SERVFAIL: u16 = 2;
const REFUSED: u16 = 5;
const NETWORK_ERROR: u16 = 23;

const STAFF: &str = "[[group]]\nname = \"x\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n";
/// What the certificate of a Department's resolver is for.
const NAME: &str = "dns.so-gd.example";

/// `[resolve]` with `keys`, and forwarders as `(zone, servers)`.
fn config(keys: &str, zones: &[(&str, &[String])]) -> String {
    let zones = zones
        .iter()
        .map(|(zone, servers)| format!("[[resolve.forward]]\nzone = \"{zone}\"\nservers = {servers:?}\n"));
    format!("[resolve]\nmode = \"forward\"\ndnssec = false\n{keys}{}{STAFF}", zones.collect::<String>())
}

fn serve(config: &str) -> (Server, School) {
    let school = School::new();
    school.config(None, config);
    (school.serve(), school)
}

#[test]
fn a_certificate_of_the_schools_own_ca_is_trusted_over_tls_and_https() {
    let Some(ca) = Ca::new() else { return };
    let Some(upstream) = Encrypted::start(&ca, NAME) else { return };
    let ca_file = format!("ca_file = {:?}\n", ca.file());
    for server in upstream.written(NAME) {
        let (server, _school) = serve(&config(&ca_file, &[(".", &[server])]));
        for number in 0..5 {
            let answer = ask(server.address, &format!("n{number}.example"), A);
            assert_eq!(answer.addresses(), [upstream::ADDRESS], "{:?}", answer.errors);
        }
    }
}

#[test]
fn a_certificate_that_does_not_convince_is_said_to_be_why() {
    let (Some(ca), Some(other)) = (Ca::new(), Ca::new()) else { return };
    let Some(upstream) = Encrypted::start(&ca, NAME) else { return };
    let Some(good) = Authority::start("") else { return };
    let ca_file = format!("ca_file = {:?}\n", ca.file());
    let other_file = format!("ca_file = {:?}\n", other.file());
    for (keys, name) in [(&ca_file, "dns.other.example"), (&other_file, NAME), (&String::new(), NAME)] {
        for bad in upstream.written(name) {
            let (server, _school) = serve(&config(keys, &[(".", std::slice::from_ref(&bad))]));
            for number in 0..2 {
                let answer = ask(server.address, &format!("n{number}.example"), A);
                assert_eq!((answer.rcode, answer.errors[0].0), (SERVFAIL, NETWORK_ERROR), "{bad}");
                assert!(answer.errors[0].1.contains("chứng chỉ"), "{bad}: {:?}", answer.errors);
            }
            let (server, _school) = serve(&config(keys, &[(".", &[bad, good.address.to_string()])]));
            assert_eq!(ask(server.address, "n.example", A).addresses(), [ADDRESS]);
        }
    }
}

#[test]
fn the_longest_forwarded_zone_is_asked_and_aliases_go_on_where_their_target_lives() {
    let serving = |zones: &[(&str, &str)]| {
        let head = "$TTL 300\n@ SOA ns admin 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n";
        let zones: Vec<_> = zones
            .iter()
            .map(|(apex, lines)| (*apex, format!("$ORIGIN {}.\n{head}{lines}\n", apex.trim_matches('.'))))
            .collect();
        Authority::serve(free_address(), &zones)
    };
    let Some(world) = serving(&[(".", "* A 198.51.100.1")]) else { return };
    let Some(school) = serving(&[("truong.example", "* A 10.0.0.2\nout CNAME www.world.vn.")]) else {
        return;
    };
    let Some(room) = serving(&[
        ("phong-may.truong.example", "@ A 10.0.0.3\n* A 10.0.0.3\nin CNAME www.truong.example."),
        ("10.in-addr.arpa", "1.0.0 A 10.0.0.3"),
    ]) else {
        return;
    };
    let at = |authority: &Authority| [authority.address.to_string()];
    let (server, _school) = serve(&config(
        "",
        &[
            (".", &at(&world)),
            ("truong.example", &at(&school)),
            ("phong-may.truong.example", &at(&room)),
            ("10.in-addr.arpa", &at(&room)),
        ],
    ));
    for (name, addresses) in [
        ("www.world.vn", ["198.51.100.1"]),
        ("xtruong.example", ["198.51.100.1"]),
        ("truong.example.vn", ["198.51.100.1"]),
        ("www.truong.example", ["10.0.0.2"]),
        ("phong-may.truong.example", ["10.0.0.3"]),
        ("may-1.phong-may.truong.example", ["10.0.0.3"]),
        ("xphong-may.truong.example", ["10.0.0.2"]),
        ("out.truong.example", ["198.51.100.1"]),
        ("in.phong-may.truong.example", ["10.0.0.2"]),
        // Never asked outside, unless there is a server for it.
        ("1.0.0.10.in-addr.arpa", ["10.0.0.3"]),
    ] {
        let answer = ask(server.address, name, A);
        assert_eq!(answer.addresses(), addresses, "{name} {:?}", answer.errors);
    }
}

#[test]
fn one_bad_forwarder_beside_a_good_one_does_not_cost_the_answer() {
    let Some(good) = Authority::start("") else { return };
    let (refusing, failing, silent) = (Saying::start(5), Saying::start(2), Slow::start());
    let dead = free_address();
    for (what, bad, error) in [
        ("REFUSED", refusing.address, None),
        ("SERVFAIL", failing.address, None),
        ("silent", silent.address(), Some(NETWORK_ERROR)),
        ("nobody there", dead, Some(NETWORK_ERROR)),
    ] {
        let (server, _school) = serve(&config("", &[(".", &[bad.to_string(), good.address.to_string()])]));
        for number in 0..10 {
            let answer = ask(server.address, &format!("n{number}.example"), A);
            assert_eq!(answer.addresses(), [ADDRESS], "{what}: {:?}", answer.errors);
        }
        let (server, _school) = serve(&config("", &[(".", &[bad.to_string()])]));
        let answer = ask(server.address, "n.example", A);
        assert_eq!(answer.rcode, SERVFAIL, "{what}");
        assert!(error.is_none_or(|code| answer.errors[0].0 == code), "{what}: {:?}", answer.errors);
        assert_ne!(answer.rcode, REFUSED, "what is refused to us is no refusal of ours");
    }
}

#[test]
fn the_first_good_answer_counts_and_a_late_one_is_nobodys() {
    let (first, second) = (Slow::start(), Slow::start());
    let servers = [&first, &second].map(|server| server.address().to_string());
    let (server, _school) = serve(&config("", &[(".", &servers)]));
    let address: SocketAddr = server.address;
    let client = std::thread::spawn(move || ask(address, "www.example", A));
    let (slow, quick) = (first.asked(), second.asked());
    second.answer(&quick, [198, 51, 100, 2]);
    assert_eq!(client.join().unwrap().addresses(), ["198.51.100.2"]);
    first.answer(&slow, [198, 51, 100, 3]);
    assert_eq!(ask(server.address, "www.example", A).addresses(), ["198.51.100.2"], "from the cache");
}

#[test]
fn what_was_asked_before_a_reload_is_answered_and_not_kept() {
    let (old, new) = (Slow::start(), Slow::start());
    let listen = format!("\n[listen]\ndns = [\"{}\"]\n", free_address());
    let with = |upstream: &Slow| config("", &[(".", &[upstream.address().to_string()])]) + &listen;
    let (server, school) = serve(&with(&old));
    let address = server.address;
    let client = || std::thread::spawn(move || ask(address, "www.example", A));

    let early = client();
    let waiting = old.asked();
    school.config(None, &with(&new));
    school.run_ok(&["reload"]);
    old.answer(&waiting, [198, 51, 100, 2]);
    assert_eq!(early.join().unwrap().addresses(), ["198.51.100.2"], "who asked before is answered");

    let late = client();
    new.answer(&new.asked(), [198, 51, 100, 3]);
    assert_eq!(late.join().unwrap().addresses(), ["198.51.100.3"], "the new server is asked");
}

#[test]
fn two_that_forward_to_each_other_fail_and_do_not_spin() {
    let (one, other) = (free_address(), free_address());
    let serve = |at: SocketAddr, to: SocketAddr| {
        let school = School::new();
        let zones = config("", &[(".", &[to.to_string()])]);
        school.config(None, &format!("{zones}[listen]\ndns = [\"{at}\"]\n"));
        (school.serve(), school)
    };
    let (first, second) = (serve(one, other), serve(other, one));
    assert_eq!(ask(first.0.address, "www.example", A).rcode, SERVFAIL);
    // The question that comes back is the one that is being asked already.
    for (_server, school) in [first, second] {
        let status: Value = serde_json::from_slice(&school.run(&["status", "--json"]).stdout).unwrap();
        assert!(status["queries"].as_u64().unwrap() < 20, "{status}");
    }
}
