//! Connections to forwarders that end, fall silent or show other certificates: none of it costs an answer.

use std::time::{Duration, Instant};

use crate::support::authority::free_address;
use crate::support::client::{Answer, ask};
use crate::support::forwarder::{ADDRESS, Forwarder, Manner, Over};
use crate::support::server::{School, Server};
use crate::support::upstream::Ca;

const A: u16 = 1;
const SERVFAIL: u16 = 2;
const NETWORK_ERROR: u16 = 23;

/// What the forwarder's certificate is for.
const NAME: &str = "dns.so-gd.example";
const ALL: [Over; 3] = [Over::Tcp, Over::Tls, Over::Https];

/// The time after which stub resolvers ask again or give up.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(3);

/// A school that forwards everything to `servers`.
fn forwarding_to(ca: &Ca, servers: &[String]) -> (Server, School) {
    let school = School::new();
    school.config(
        None,
        &format!(
            "[resolve]\nmode = \"forward\"\ndnssec = false\nca_file = {:?}\n\
             [[resolve.forward]]\nzone = \".\"\nservers = {servers:?}\n\
             [[group]]\nname = \"x\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n",
            ca.file()
        ),
    );
    (school.serve(), school)
}

fn timed(server: &Server, name: &str) -> (Answer, Duration) {
    let start = Instant::now();
    (ask(server.address, name, A), start.elapsed())
}

/// Asks `each` names in each of `clients` threads, one after the other, and expects all to be answered in time.
fn ask_many(server: &Server, what: &str, clients: usize, each: usize) {
    let address = server.address;
    let asking: Vec<_> = (0..clients)
        .map(|client| {
            std::thread::spawn(move || -> Vec<_> {
                let name = |number| format!("n{number}.c{client}.example");
                let asked = |number| {
                    let start = Instant::now();
                    (ask(address, &name(number), A), start.elapsed())
                };
                (0..each).map(asked).collect()
            })
        })
        .collect();
    let answers: Vec<_> = asking.into_iter().flat_map(|client| client.join().unwrap()).collect();
    let lost: Vec<_> = answers.iter().filter(|(answer, _)| answer.addresses() != [ADDRESS]).collect();
    assert!(lost.is_empty(), "{what}: {} of {} are lost: {:?}", lost.len(), answers.len(), lost[0]);
    let slowest = answers.iter().map(|(_, took)| *took).max().unwrap();
    assert!(slowest < CLIENT_TIMEOUT, "{what}: one took {slowest:?}");
}

fn no_query_is_lost(over: Over, manners: &[Manner]) {
    let Some(ca) = Ca::new() else { return };
    let certificate = ca.certificate(NAME);
    for &manner in manners {
        let forwarder = Forwarder::start(over, manner, Some(&certificate));
        let (server, _school) = forwarding_to(&ca, &[forwarder.written(NAME)]);
        let what = format!("{over:?} {manner:?}");
        ask_many(&server, &what, 1, 200);
        ask_many(&server, &what, 10, 100);
    }
}

#[test]
fn http_connections_that_end_cost_no_answer() {
    no_query_is_lost(
        Over::Https,
        &[
            Manner::Good,
            Manner::GoAway(50),
            Manner::GoAway(3),
            Manner::GoAway(1),
            Manner::GoAwayAndIgnore(50),
            Manner::GoAwayAndIgnore(3),
            Manner::Close(50),
            Manner::Close(3),
            Manner::Reset(3),
            Manner::CloseInsteadOfAnswer(20),
            Manner::CloseIdle(Duration::from_millis(1)),
        ],
    );
}

#[test]
fn tls_connections_that_end_cost_no_answer() {
    no_query_is_lost(
        Over::Tls,
        &[
            Manner::Good,
            Manner::GoAway(3),
            Manner::GoAway(1),
            Manner::GoAwayAndIgnore(50),
            Manner::Close(3),
            Manner::Reset(3),
            Manner::CloseInsteadOfAnswer(20),
            Manner::CloseIdle(Duration::from_millis(1)),
        ],
    );
}

#[test]
fn tcp_connections_that_end_cost_no_answer() {
    no_query_is_lost(
        Over::Tcp,
        &[
            Manner::Good,
            Manner::GoAway(3),
            Manner::GoAway(1),
            Manner::Close(3),
            Manner::Reset(3),
            Manner::CloseInsteadOfAnswer(20),
            Manner::CloseIdle(Duration::from_millis(1)),
        ],
    );
}

#[test]
fn a_connection_that_the_server_closed_for_idleness_costs_no_answer() {
    let Some(ca) = Ca::new() else { return };
    for over in ALL {
        let idle = Manner::CloseIdle(Duration::from_millis(20));
        let forwarder = Forwarder::start(over, idle, Some(&ca.certificate(NAME)));
        let (server, _school) = forwarding_to(&ca, &[forwarder.written(NAME)]);
        for number in 0..10 {
            let (answer, took) = timed(&server, &format!("n{number}.example"));
            assert_eq!(answer.addresses(), [ADDRESS], "{over:?}: {:?}", answer.errors);
            assert!(took < Duration::from_millis(700), "{over:?}: {took:?}");
            forwarder.wait_until_all_are_closed();
        }
        assert!(forwarder.connections() <= 20, "{over:?}: nobody asks, and still it connects");
    }
}

#[test]
fn a_connection_that_a_nat_forgot_is_replaced_within_the_clients_time() {
    let Some(ca) = Ca::new() else { return };
    for over in ALL {
        let forwarder = Forwarder::start(over, Manner::Good, Some(&ca.certificate(NAME)));
        let (server, _school) = forwarding_to(&ca, &[forwarder.written(NAME)]);
        for round in 0..3 {
            assert_eq!(ask(server.address, &format!("r{round}.example"), A).addresses(), [ADDRESS]);
            forwarder.forget_connections();
            let (answer, took) = timed(&server, &format!("first.r{round}.example"));
            assert_eq!(answer.addresses(), [ADDRESS], "{over:?}: {:?}", answer.errors);
            assert!(took < Duration::from_millis(1500), "{over:?}: the first took {took:?}");
            let (answer, took) = timed(&server, &format!("second.r{round}.example"));
            assert_eq!(answer.addresses(), [ADDRESS], "{over:?}: {:?}", answer.errors);
            assert!(took < Duration::from_millis(700), "{over:?}: later ones know: {took:?}");
        }
        // Also for many that were sent on it at once.
        forwarder.forget_connections();
        ask_many(&server, &format!("{over:?} forgotten"), 10, 20);
        assert!(forwarder.connections() < 20, "{over:?}: {} connections", forwarder.connections());
    }
}

#[test]
fn a_certificate_that_changes_is_looked_at_again() {
    let (Some(ca), Some(other)) = (Ca::new(), Ca::new()) else { return };
    for over in [Over::Tls, Over::Https] {
        let forwarder = Forwarder::start(over, Manner::GoAway(1), Some(&ca.certificate(NAME)));
        let (server, _school) = forwarding_to(&ca, &[forwarder.written(NAME)]);
        assert_eq!(ask(server.address, "before.example", A).addresses(), [ADDRESS]);

        // Two are open at most: the one that ended and the one that waits to be used.
        forwarder.show(&ca.certificate(NAME));
        for number in 0..3 {
            let answer = ask(server.address, &format!("renewed{number}.example"), A);
            assert_eq!(answer.addresses(), [ADDRESS], "{over:?}: {:?}", answer.errors);
        }
        forwarder.show(&other.certificate(NAME));
        let names = (0..3).map(|number| format!("forged{number}.example"));
        let answers: Vec<_> = names.map(|name| ask(server.address, &name, A)).collect();
        let last = answers.last().unwrap();
        assert_eq!((last.rcode, last.errors[0].0), (SERVFAIL, NETWORK_ERROR), "{over:?}");
        assert!(last.errors[0].1.contains("chứng chỉ"), "{over:?}: {:?}", last.errors);

        forwarder.show(&ca.certificate(NAME));
        let answer = ask(server.address, "after.example", A);
        assert_eq!(answer.addresses(), [ADDRESS], "{over:?}: {:?}", answer.errors);
    }
}

#[test]
fn forwarders_that_were_all_gone_are_used_as_soon_as_one_is_back() {
    let Some(ca) = Ca::new() else { return };
    let certificate = ca.certificate(NAME);
    for over in ALL {
        let first = Forwarder::start(over, Manner::Good, Some(&certificate));
        let second = Forwarder::start(over, Manner::Good, Some(&certificate));
        let (server, _school) = forwarding_to(&ca, &[first.written(NAME), second.written(NAME)]);
        assert_eq!(ask(server.address, "both.example", A).addresses(), [ADDRESS]);
        let address = second.address;
        drop(first);
        for number in 0..5 {
            let (answer, took) = timed(&server, &format!("one{number}.example"));
            assert_eq!(answer.addresses(), [ADDRESS], "{over:?}: {:?}", answer.errors);
            assert!(took < CLIENT_TIMEOUT, "{over:?}: {took:?}");
        }
        drop(second);
        let answer = ask(server.address, "none.example", A);
        assert_eq!((answer.rcode, answer.errors[0].0), (SERVFAIL, NETWORK_ERROR), "{over:?}");

        let _second = Forwarder::start_at(address, over, Manner::Good, Some(&certificate));
        let (answer, took) = timed(&server, "back.example");
        assert_eq!(answer.addresses(), [ADDRESS], "{over:?}: {:?}", answer.errors);
        assert!(took < CLIENT_TIMEOUT, "{over:?}: {took:?}");
    }
}

#[test]
fn a_forwarder_that_starts_again_meanwhile_costs_no_answer() {
    let Some(ca) = Ca::new() else { return };
    let certificate = ca.certificate(NAME);
    for over in ALL {
        let address = free_address();
        let written = {
            let forwarder = Forwarder::start_at(address, over, Manner::Good, Some(&certificate));
            forwarder.written(NAME)
        };
        let (server, school) = forwarding_to(&ca, &[written]);
        let to = server.address;
        let client = std::thread::spawn(move || ask(to, "early.example", A));
        // It came too early: that is seen in the status, once the first try has failed.
        let failed = crate::support::server::wait_for(|| {
            let status = school.run(&["status", "--json"]);
            let status: serde_json::Value = serde_json::from_slice(&status.stdout).ok()?;
            (status["upstreams"][0]["failures"].as_u64()? > 0).then_some(())
        });
        assert!(failed.is_some(), "{over:?}: nobody was there");
        let _forwarder = Forwarder::start_at(address, over, Manner::Good, Some(&certificate));
        let answer = client.join().unwrap();
        assert_eq!(answer.addresses(), [ADDRESS], "{over:?}: {:?}", answer.errors);
    }
}

#[test]
fn an_http_error_is_no_answer_and_another_forwarder_is_asked() {
    let Some(ca) = Ca::new() else { return };
    let certificate = ca.certificate(NAME);
    let failing = Forwarder::start(Over::Https, Manner::HttpError, Some(&certificate));
    let good = Forwarder::start(Over::Https, Manner::Good, Some(&certificate));
    let (server, _school) = forwarding_to(&ca, &[failing.written(NAME), good.written(NAME)]);
    ask_many(&server, "beside a good one", 1, 10);
    let (server, _school) = forwarding_to(&ca, &[failing.written(NAME)]);
    let answer = ask(server.address, "www.example", A);
    assert_eq!((answer.rcode, answer.errors[0].0), (SERVFAIL, NETWORK_ERROR));
    failing.be(Manner::Good);
    assert_eq!(ask(server.address, "later.example", A).addresses(), [ADDRESS]);
}

#[test]
fn a_forwarder_on_ipv6_is_asked_again_as_well() {
    if std::net::UdpSocket::bind("[::1]:0").is_err() {
        println!("left out: no IPv6 here");
        return;
    }
    let Some(ca) = Ca::new() else { return };
    let certificate = ca.certificate(NAME);
    for over in ALL {
        let at = "[::1]:0".parse().unwrap();
        let forwarder = Forwarder::start_at(at, over, Manner::Close(3), Some(&certificate));
        let (server, _school) = forwarding_to(&ca, &[forwarder.written(NAME)]);
        ask_many(&server, &format!("IPv6 {over:?}"), 10, 10);
        forwarder.be(Manner::Good);
        forwarder.forget_connections();
        ask_many(&server, &format!("IPv6 {over:?}, forgotten"), 10, 3);
    }
}
