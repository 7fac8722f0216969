//! What a school is protected from: names that lead inside, clients that ask too much, and what is made
//! worse by answering it.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use serde_json::Value;

use crate::support::authority::{ADDRESS, Authority};
use crate::support::client::{Answer, Stream, ask, ask_from, dnssec_query, exchange, query};
use crate::support::server::{School, Server, wait_for};
use crate::support::upstream::Slow;

const A: u16 = 1;
const PTR: u16 = 12;
const TXT: u16 = 16;
const AAAA: u16 = 28;
const DNSKEY: u16 = 48;
const ANY: u16 = 255;
const SERVFAIL: u16 = 2;
const REFUSED: u16 = 5;
const BLOCKED: u16 = 15;

/// Everybody of this machine is staff; one name is blocked.
const POLICY: &str = "[[group]]\nname = \"x\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n\
    [school_rules]\nblock = [{ name = \"blocked.example\", reason = \"thi\", by = \"IT\" }]\n";

fn serve(upstream: SocketAddr, resolve: &str, more: &str) -> (Server, School) {
    let school = School::new();
    let forward = format!("[[resolve.forward]]\nzone = \".\"\nservers = [\"{upstream}\"]\n");
    school.config(
        None,
        &format!("[resolve]\nmode = \"forward\"\ndnssec = false\n{resolve}\n{forward}{POLICY}{more}"),
    );
    (school.serve(), school)
}

/// One number of `lachan status`.
fn count(school: &School, what: &str) -> u64 {
    let output = school.run(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    status[what].as_u64().unwrap_or_else(|| panic!("no `{what}` in {status}"))
}

/// A client on an address of its own that sends and reads when it likes.
struct Host(UdpSocket);

impl Host {
    fn at(address: &str, server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        socket.connect(server).unwrap();
        Self(socket)
    }

    fn send(&self, name: &str, id: u16) {
        self.0.send(&query(name, A, id)).unwrap();
    }

    fn receive(&self) -> Option<Answer> {
        let mut buf = [0; 4096];
        match self.0.recv(&mut buf) {
            Ok(len) => Some(Answer::read(&buf[..len])),
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
                None
            }
        }
    }

    /// What has come by now.
    fn received(&self) -> Vec<Answer> {
        self.0.set_nonblocking(true).unwrap();
        std::iter::from_fn(|| self.receive()).collect()
    }
}

#[test]
fn a_public_name_does_not_lead_into_the_school_and_the_schools_own_names_do() {
    let records = "evil.example. 60 IN A 10.0.0.1\nhalf.example. 60 IN A 192.168.1.1\nhalf.example. 60 IN A 198.51.100.2\n\
                   may.truong.example. 60 IN A 10.0.0.2\n";
    let Some(authority) = Authority::start(records) else { return };
    let local = "[[local]]\nname = \"mayin.noibo.example\"\ntype = \"A\"\ndata = \"10.0.0.3\"\n";
    let (server, school) = serve(authority.address, "private_names = [\"truong.example\"]", local);
    for _ in 0..2 {
        let evil = ask(server.address, "evil.example", A);
        assert_eq!((evil.rcode, evil.addresses(), evil.authority.as_slice()), (0, vec![], &[6][..]));
        assert_eq!(evil.errors[0].0, BLOCKED);
        assert!(evil.errors[0].1.contains("private_names"), "{:?}", evil.errors);
        assert_eq!(ask(server.address, "half.example", A).addresses(), ["198.51.100.2"]);
        assert_eq!(ask(server.address, "may.truong.example", A).addresses(), ["10.0.0.2"]);
        assert_eq!(ask(server.address, "mayin.noibo.example", A).addresses(), ["10.0.0.3"]);
    }
    assert_eq!((count(&school, "rebound"), count(&school, "local")), (2, 2), "kept, not fetched again");
    assert_eq!(school.attempts(), 0, "nobody's attempt at anything");
    let (server, _school) = serve(authority.address, "rebinding = false", "");
    assert_eq!(ask(server.address, "evil.example", A).addresses(), ["10.0.0.1"]);
}

#[test]
fn a_public_alias_does_not_lead_to_a_name_of_the_school() {
    let records = "trick.example. 60 IN CNAME mayin.noibo.example.\nself.example. 60 IN CNAME localhost.\n\
                   truong.example. 60 IN CNAME mayin.noibo.example.\n";
    let Some(authority) = Authority::start(records) else { return };
    let local = "[[local]]\nname = \"mayin.noibo.example\"\ntype = \"A\"\ndata = \"10.0.0.3\"\n";
    let (server, _school) = serve(authority.address, "private_names = [\"truong.example\"]", local);
    for _ in 0..2 {
        for name in ["trick.example", "self.example"] {
            let answer = ask(server.address, name, A);
            assert_eq!((answer.rcode, answer.said().as_str()), (0, ""), "{name}");
            assert_eq!(answer.errors[0].0, BLOCKED, "{name}");
        }
        assert_eq!(ask(server.address, "mayin.noibo.example", A).addresses(), ["10.0.0.3"]);
    }
}

#[test]
fn names_by_which_devices_look_around_get_what_keeps_them_here() {
    let records = "dns.msftncsi.com. 60 IN A 131.107.255.255\ndns.msftncsi.com. 60 IN AAAA fd3e:4f5a:5b81::1\n\
                   firefox.com. 60 IN A 198.51.100.7\nmozilla.org. 60 IN A 198.51.100.8\n\
                   dns-tunnel-check.googlezip.net. 60 IN A 198.51.100.9\n";
    let Some(authority) = Authority::start(records) else { return };
    let exam =
        "[[group]]\nname = \"thi\"\ntier = \"primary\"\nmode = \"allow-only\"\nfrom = [\"127.0.9.0/24\"]\n";
    let (server, _school) = serve(authority.address, "", exam);
    for from in ["127.0.0.1", "127.0.9.1"] {
        let ask = |name, rtype| ask_from(from, server.address, name, rtype);
        assert_eq!(ask("dns.msftncsi.com", AAAA).addresses(), ["fd3e:4f5a:5b81::1"], "{from}");
        assert_eq!(ask("firefox.com", A).addresses(), ["198.51.100.7"], "{from}");
        assert_eq!(ask("mozilla.org", A).addresses(), ["198.51.100.8"], "{from}");
        for canary in [
            "use-application-dns.net",
            "mask.icloud.com",
            "dns-tunnel-check.googlezip.net",
            "tls-tunnel-check.googlezip.net",
        ] {
            assert_eq!((ask(canary, A).rcode, ask(canary, AAAA).rcode), (3, 3), "{from} {canary}");
        }
    }
    assert!(ask_from("127.0.9.1", server.address, "www.example", A).is_blocked());
}

#[test]
fn one_client_that_floods_does_not_starve_another() {
    let upstream = Slow::start();
    let (server, school) = serve(upstream.address(), "", "[listen]\nin_flight = 6\n");
    let (flooding, quiet) = (Host::at("127.0.0.2", server.address), Host::at("127.0.0.3", server.address));
    for id in 0..6 {
        flooding.send(&format!("n{id}.example"), id);
        upstream.asked_for(&format!("n{id}"));
    }
    quiet.send("quiet.example", 100);
    let asked = upstream.asked_for("quiet");
    let shed = flooding.receive().expect("the oldest is turned away");
    assert_eq!((shed.octets[1], shed.rcode, shed.errors.len()), (0, SERVFAIL, 1));
    for id in 6..30 {
        flooding.send(&format!("n{id}.example"), id);
        upstream.asked_for(&format!("n{id}"));
    }
    upstream.answer(&asked, [198, 51, 100, 7]);
    assert_eq!(quiet.receive().expect("an answer").addresses(), ["198.51.100.7"]);
    assert_eq!((count(&school, "shed"), count(&school, "shed_over_share")), (25, 0));
}

#[test]
fn what_is_known_is_answered_while_others_wait_on_the_same_worker() {
    let upstream = Slow::start();
    let (server, _school) = serve(upstream.address(), "", "[listen]\nworkers = 1\n");
    let host = Host::at("127.0.0.2", server.address);
    // The second time the worker comes back from having nobody who waits.
    for round in 0..2 {
        let asked: Vec<_> = (0..20)
            .map(|id| {
                host.send(&format!("n{round}x{id}.example"), id);
                upstream.asked_for(&format!("n{round}x{id}"))
            })
            .collect();
        for id in 100..250 {
            host.send("blocked.example", id);
            let answer = host.receive().expect("an answer before any of those that wait");
            assert_eq!((u16::from(answer.octets[1]), answer.is_blocked()), (id, true));
        }
        for (id, asked) in asked.iter().enumerate().rev() {
            upstream.answer(asked, [198, 51, 100, id as u8]);
            let answer = host.receive().expect("an answer at last");
            assert_eq!(usize::from(answer.octets[1]), id);
            assert_eq!(answer.addresses(), [format!("198.51.100.{id}")]);
        }
    }
}

#[test]
fn a_client_has_no_more_than_its_share_waiting_over_udp_and_tcp_together() {
    let upstream = Slow::start();
    let (server, school) = serve(upstream.address(), "", "[listen]\nin_flight_per_client = 2\n");
    let host = Host::at("127.0.0.2", server.address);
    host.send("one.example", 1);
    upstream.asked_for("one");
    let mut stream = Stream::open_from("127.0.0.2", server.address);
    stream.send(&query("two.example", A, 2));
    upstream.asked_for("two");
    host.send("three.example", 3);
    let three = upstream.asked_for("three");
    assert_eq!(host.receive().map(|answer| (answer.octets[1], answer.rcode)), Some((1, SERVFAIL)));
    host.send("four.example", 4);
    upstream.asked_for("four");
    let shed = stream.receive().expect("the next oldest");
    assert_eq!((shed[1], u16::from(shed[3] & 15)), (2, SERVFAIL));
    upstream.answer(&three, [198, 51, 100, 3]);
    assert_eq!(host.receive().map(|answer| answer.octets[1]), Some(3));
    assert_eq!((count(&school, "shed"), count(&school, "shed_over_share")), (2, 2));
}

#[test]
fn who_asks_too_fast_is_told_now_and_then_to_come_over_tcp_and_others_are_not_touched() {
    const QUERIES: u16 = 60;
    let Some(authority) = Authority::start("") else { return };
    let (server, school) = serve(authority.address, "", "[access]\nrate = 1\n");
    let host = Host::at("127.0.0.2", server.address);
    for id in 0..QUERIES {
        host.send("blocked.example", id);
    }
    let limited = wait_for(|| {
        let limited = count(&school, "limited");
        (count(&school, "queries") + limited == u64::from(QUERIES)).then_some(limited)
    });
    let limited = limited.expect("all are read");
    let answers = host.received();
    let (told, answered): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.truncated);
    assert_eq!(answered.len() as u64, u64::from(QUERIES) - limited);
    assert!(answered.len() >= 5 && answered.iter().all(|answer| answer.is_blocked()), "the reserve");
    assert_eq!(told.len() as u64, limited.div_ceil(2));
    let asked = query("blocked.example", A, 0).len();
    assert!(
        told.iter()
            .all(|answer| answer.rcode == 0 && answer.octets.len() == asked && answer.records.is_empty())
    );
    assert!(Stream::open_from("127.0.0.2", server.address).ask("blocked.example", A).is_blocked());
    assert!(ask_from("127.0.0.3", server.address, "blocked.example", A).is_blocked());
}

#[test]
fn a_reload_gives_nobody_the_reserve_of_its_rate_back() {
    const QUERIES: u16 = 40;
    let Some(authority) = Authority::start("") else { return };
    let (server, school) = serve(authority.address, "", "[access]\nrate = 1\n");
    let host = Host::at("127.0.0.2", server.address);
    let answered = || {
        let all = count(&school, "queries") + count(&school, "limited");
        for id in 0..QUERIES {
            host.send("blocked.example", id);
        }
        let is_over = || count(&school, "queries") + count(&school, "limited") == all + u64::from(QUERIES);
        assert!(wait_for(|| is_over().then_some(())).is_some(), "all are read");
        host.received().iter().filter(|answer| !answer.truncated).count()
    };
    let begun = std::time::Instant::now();
    assert!(answered() >= 5, "the reserve");
    school.run_ok(&["reload"]);
    let again = answered();
    assert!(again as u64 <= begun.elapsed().as_secs() + 1, "{again} answers after the reload");
}

#[test]
fn over_tcp_too_there_is_a_rate() {
    let Some(authority) = Authority::start("") else { return };
    let (server, _school) = serve(authority.address, "", "[access]\nrate = 1\n");
    let mut stream = Stream::open(server.address);
    let codes: Vec<u16> = (0..60).map(|_| stream.ask("blocked.example", A).rcode).collect();
    assert!(codes[..5].iter().all(|code| *code == 0) && codes.contains(&REFUSED), "{codes:?}");
}

#[test]
fn a_stranger_gets_little_or_nothing() {
    let Some(authority) = Authority::start("") else { return };
    let (server, school) = serve(authority.address, "", "[access]\nallow = [\"127.0.0.1/32\"]\n");
    for (name, rtype) in [("a.example", A), ("a.example", ANY), ("a.example", TXT), (".", DNSKEY)] {
        for packet in [query(name, rtype, 7), dnssec_query(name, rtype, 7)] {
            let refused = exchange("127.0.0.2", server.address, &packet).unwrap();
            assert_eq!(refused.rcode, REFUSED);
            assert!(refused.octets.len() <= packet.len() + 6, "an EDE more than what came");
        }
    }
    assert_eq!(count(&school, "refused_clients"), 8);

    let (server, school) =
        serve(authority.address, "", "[access]\nallow = [\"127.0.0.1/32\"]\nrefuse = \"drop\"\n");
    let stranger = Host::at("127.0.0.2", server.address);
    stranger.send("a.example", 1);
    stranger.0.send(&query("a.example", A, 2)[..20]).unwrap();
    assert!(wait_for(|| (count(&school, "refused_clients") == 2).then_some(())).is_some());
    assert!(stranger.received().is_empty());
    let mut stream = Stream::open_from("127.0.0.2", server.address);
    stream.send(&query("a.example", A, 3));
    assert!(stream.receive().is_none(), "closed");
    assert_eq!(ask(server.address, "a.example", A).addresses(), [ADDRESS]);
}

#[test]
fn who_is_answered_over_udp_gets_no_more_than_was_asked_for() {
    let big: String = (0..60).map(|n| format!("big.example. 300 IN TXT \"{n:0>20}\"\n")).collect();
    let Some(authority) = Authority::start(&big) else { return };
    let (server, _school) = serve(authority.address, "", "");
    for (name, rtype, most) in
        [("a.example", ANY, 24), ("big.example", ANY, 0), ("big.example", TXT, 0), ("a.example", A, 16)]
    {
        let packet = query(name, rtype, 7);
        let answer = exchange("127.0.0.1", server.address, &packet).unwrap();
        assert!(answer.octets.len() <= packet.len() + most, "{name} {rtype}: {}", answer.octets.len());
        assert_eq!(answer.authority, [] as [u16; 0]);
    }
}

#[test]
fn an_ipv6_network_reaches_ipv4_names_and_the_filter_sees_the_same() {
    let records = "six.example. 60 IN AAAA 2001:db8::6\nevil.example. 60 IN A 10.0.0.1\n";
    let Some(authority) = Authority::start(records) else { return };
    let (server, school) = serve(authority.address, "dns64 = \"64:ff9b::/96\"", "");
    // 198.51.100.1 is documentation and nobody's; the wildcard has nothing else.
    assert_eq!(ask(server.address, "www.example", AAAA).addresses(), [] as [&str; 0]);
    assert_eq!(ask(server.address, "six.example", AAAA).addresses(), ["2001:db8::6"]);
    assert_eq!(ask(server.address, "evil.example", AAAA).addresses(), [] as [&str; 0]);
    let (server, own) = serve(authority.address, "dns64 = \"2001:db8:64::/96\"", "");
    for _ in 0..2 {
        let made = ask(server.address, "www.example", AAAA);
        assert_eq!((made.addresses(), made.authentic), (vec!["2001:db8:64::c633:6401"], false));
        let blocked = ask(server.address, "blocked.example", AAAA);
        assert_eq!((blocked.addresses(), blocked.is_blocked()), (vec!["::"], true));
        assert_eq!(
            ask(server.address, "ipv4only.arpa", AAAA).addresses(),
            ["2001:db8:64::c000:aa", "2001:db8:64::c000:ab"]
        );
    }
    let below = "1.0.0.0.0.0.a.0.0.0.0.0.0.0.0.0.0.0.0.0.4.6.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
    let pointer = ask(server.address, below, PTR);
    assert_eq!((pointer.rcode, pointer.said()), (3, format!("{below} CNAME 1.0.0.10.in-addr.arpa")));
    assert_eq!((count(&own, "synthesised"), count(&school, "synthesised")), (1, 0));
}

#[test]
fn local_names_stand_where_no_public_ones_can_and_are_never_called_authentic() {
    let Some(authority) = Authority::start("") else { return };
    let more = "[[local]]\nname = \"may1.internal\"\ntype = \"A\"\ndata = \"10.0.0.1\"\n\
                [[local]]\nname = \"a.phong.home.arpa\"\ntype = \"CNAME\"\ndata = \"may1.internal\"\n";
    let (server, _school) = serve(authority.address, "public_zones = [\"168.192.in-addr.arpa\"]", more);
    assert_eq!(ask(server.address, "may1.internal", A).addresses(), ["10.0.0.1"]);
    assert_eq!(
        ask(server.address, "a.phong.home.arpa", A).said(),
        "a.phong.home.arpa CNAME may1.internal may1.internal A 10.0.0.1"
    );
    for (name, rcode) in [("may2.internal", 3), ("internal", 0), ("phong.home.arpa", 0), ("x.onion", 3)] {
        let answer = ask(server.address, name, A);
        assert_eq!(
            (answer.rcode, answer.addresses(), answer.authority.as_slice()),
            (rcode, vec![], &[6][..]),
            "{name}"
        );
    }
    let reverse = dnssec_query("1.1.1.10.in-addr.arpa", PTR, 7);
    let denied = exchange("127.0.0.1", server.address, &reverse).unwrap();
    assert_eq!((denied.rcode, denied.authentic, denied.authority.as_slice()), (3, false, &[6][..]));
    let public = ask(server.address, "1.1.168.192.in-addr.arpa", A);
    assert_eq!(public.addresses(), [ADDRESS], "left to the upstream");
}
