//! The doors: many addresses, many queries of one connection, many connections.

use std::io::Write;
use std::net::{IpAddr, Shutdown, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::support::authority::{ADDRESS, Authority, free_address};
use crate::support::client::{Answer, Stream, ask_from, exchange, query};
use crate::support::server::{School, Server, wait_for};
use crate::support::upstream::Slow;

const A: u16 = 1;
const TXT: u16 = 16;
const AXFR: u16 = 252;

/// Everybody of this machine is staff; one name is blocked.
const POLICY: &str = "[[group]]\nname = \"x\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\", \"::1/128\"]\n\
    [school_rules]\nblock = [{ name = \"blocked.example\", reason = \"thi\", by = \"IT\" }]\n";

fn serve(upstream: SocketAddr, listen: &str) -> (Server, School) {
    let school = School::new();
    school.config(Some(upstream), &format!("{POLICY}[listen]\n{listen}"));
    (school.serve(), school)
}

/// Whether this machine has IPv6.
fn has_ipv6() -> bool {
    let has = UdpSocket::bind("[::1]:0").is_ok();
    if !has {
        println!("left out: this machine has no ::1");
    }
    has
}

/// The id of the next answer.
fn next_id(stream: &mut Stream) -> u16 {
    let octets = stream.receive().expect("an answer");
    u16::from_be_bytes([octets[0], octets[1]])
}

/// Asks for what is blocked, what has to be fetched, and what is in the cache, over UDP and TCP. The
/// client's socket takes answers from the address that it asked only.
fn answers_from_itself(client: &str, server: SocketAddr) {
    for name in ["www.example", "www.example"] {
        assert_eq!(ask_from(client, server, name, A).addresses(), [ADDRESS], "{server}");
    }
    assert!(ask_from(client, server, "blocked.example", A).is_blocked(), "{server}");
    let mut stream = Stream::open_from(client, server);
    assert_eq!(stream.ask("www.example", A).addresses(), [ADDRESS], "{server} over TCP");
}

#[test]
fn a_wildcard_listener_answers_from_the_address_that_was_asked() {
    let Some(authority) = Authority::start("") else { return };
    let port = free_address().port();
    let (_server, _school) =
        serve(authority.address, &format!("dns = [\"0.0.0.0:{port}\", \"[::]:{port}\"]\n"));
    let mut asked =
        vec![("127.0.0.1", "127.0.0.1"), ("127.0.0.9", "127.0.0.2"), ("127.0.0.1", "127.20.30.40")];
    if has_ipv6() {
        asked.push(("::1", "::1"));
    }
    for (client, ip) in asked {
        answers_from_itself(client, SocketAddr::new(ip.parse().unwrap(), port));
    }
}

#[test]
fn every_address_of_the_config_answers_and_no_other() {
    let Some(authority) = Authority::start("") else { return };
    let port = free_address().port();
    let at = |ip: &str| SocketAddr::new(ip.parse::<IpAddr>().unwrap(), port);
    let mut addresses = vec![at("127.0.0.1"), at("127.0.0.2")];
    if has_ipv6() {
        addresses.push(at("::1"));
    }
    let written: Vec<String> = addresses.iter().map(SocketAddr::to_string).collect();
    let (_server, _school) = serve(authority.address, &format!("dns = {written:?}\n"));
    for address in addresses {
        answers_from_itself(if address.is_ipv4() { "127.0.0.9" } else { "::1" }, address);
    }
    assert!(exchange("127.0.0.1", at("127.0.0.3"), &query("www.example", A, 7)).is_none());
}

#[test]
fn a_restart_gets_its_port_back_from_open_connections() {
    let Some(authority) = Authority::start("") else { return };
    let (server, school) = serve(authority.address, "");
    let address = server.address;
    let mut stream = Stream::open(address);
    assert_eq!(stream.ask("www.example", A).addresses(), [ADDRESS]);
    assert!(server.stop().success());
    assert!(stream.receive().is_none(), "closed at the end");
    let server = school.serve();
    assert_eq!(server.address, address);
    assert_eq!(Stream::open(address).ask("www.example", A).addresses(), [ADDRESS]);
}

#[test]
fn what_is_slow_on_a_connection_does_not_hold_up_what_is_not() {
    let upstream = Slow::start();
    let (server, _school) = serve(upstream.address(), "");
    let mut stream = Stream::open(server.address);
    stream.send(&query("slow.example", A, 1));
    let slow = upstream.asked_for("slow");
    stream.send(&query("blocked.example", A, 2));
    assert_eq!(next_id(&mut stream), 2);
    // Who has nothing more to ask still gets what waits.
    stream.0.shutdown(Shutdown::Write).unwrap();
    upstream.answer(&slow, [198, 51, 100, 7]);
    let answer = stream.receive().expect("the slow answer");
    assert_eq!((answer[1], Answer::read(&answer).addresses()), (1, vec!["198.51.100.7"]));
    assert!(stream.receive().is_none(), "and then it ends");
}

#[test]
fn a_connection_may_have_so_many_queries_at_servers_and_ready_answers_overtake_them() {
    let upstream = Slow::start();
    let (server, _school) = serve(upstream.address(), "tcp_pipeline = 2\n");
    let mut stream = Stream::open(server.address);
    for (id, name) in [(1, "one.example"), (2, "two.example"), (3, "three.example"), (4, "blocked.example")] {
        stream.send(&query(name, A, id));
    }
    let [one, two] = ["one", "two"].map(|label| upstream.asked_for(label));
    // Elsewhere nobody waits for that.
    assert!(Stream::open(server.address).ask("blocked.example", A).is_blocked());
    assert_eq!(next_id(&mut stream), 4, "the blocked one waits for no other");
    upstream.answer(&one, [198, 51, 100, 1]);
    assert_eq!(next_id(&mut stream), 1);
    let three = upstream.asked_for("three");
    upstream.answer(&three, [198, 51, 100, 3]);
    assert_eq!(next_id(&mut stream), 3);
    upstream.answer(&two, [198, 51, 100, 2]);
    assert_eq!(next_id(&mut stream), 2);
}

#[test]
fn an_idle_connection_is_closed_and_so_is_one_that_dawdles_within_a_query() {
    let upstream = Slow::start();
    let (server, _school) = serve(upstream.address(), "tcp_idle = \"1s\"\n");
    let begun = Instant::now();
    let mut idle = Stream::open(server.address);
    let mut half = Stream::open(server.address);
    half.0.write_all(&[0, 29, 0, 1]).unwrap();
    assert!(idle.receive().is_none());
    assert!(begun.elapsed() >= Duration::from_secs(1), "not before its time");
    assert!(half.receive().is_none());
}

#[test]
fn who_waits_for_an_answer_is_not_idle() {
    let upstream = Slow::start();
    let (server, _school) = serve(upstream.address(), "tcp_idle = \"1s\"\n");
    let mut waiting = Stream::open(server.address);
    waiting.send(&query("slow.example", A, 1));
    let slow = upstream.asked_for("slow");
    // One that is opened now is over when it has been idle for so long.
    assert!(Stream::open(server.address).receive().is_none());
    waiting.send(&query("blocked.example", A, 2));
    assert_eq!(next_id(&mut waiting), 2);
    upstream.answer(&slow, [198, 51, 100, 7]);
    assert_eq!(next_id(&mut waiting), 1);
    assert!(waiting.receive().is_none(), "now it is");
}

#[test]
fn a_client_has_so_many_connections_and_all_together_have() {
    let Some(authority) = Authority::start("") else { return };
    let (server, _school) = serve(authority.address, "tcp_connections = 3\ntcp_connections_per_client = 2\n");
    let open = |from: &str| Stream::open_from(from, server.address);
    // An answer says that the connection has its place.
    let answers = |stream: &mut Stream| {
        let packet = query("www.example", A, 7);
        let framed = [&(packet.len() as u16).to_be_bytes(), &packet[..]].concat();
        stream.0.write_all(&framed).is_ok() && stream.receive().is_some()
    };
    let mut first = open("127.0.0.2");
    let mut second = open("127.0.0.2");
    assert!(answers(&mut first) && answers(&mut second));
    assert!(!answers(&mut open("127.0.0.2")), "a third of one client");
    let mut third = open("127.0.0.3");
    assert!(answers(&mut third), "another client has places of its own");
    let mut fourth = open("127.0.0.4");
    assert!(answers(&mut fourth), "for the fourth of all, the one that was idle for longest gives way");
    assert!(first.receive().is_none(), "the first that asked and then did nothing");
    assert!(answers(&mut second) && answers(&mut third), "the others stay");
    drop(second);
    assert!(wait_for(|| answers(&mut open("127.0.0.2")).then_some(())).is_some(), "a place is given back");
}

#[test]
fn an_answer_is_as_long_as_the_client_can_take_and_never_longer_than_1232_octets_over_udp() {
    let texts = |name: &str, count: usize| -> String {
        (0..count).map(|n| format!("{name}.example. 300 IN TXT \"{n:0>20}\"\n")).collect()
    };
    let Some(authority) = Authority::start(&(texts("middle", 20) + &texts("big", 60))) else { return };
    let (server, _school) = serve(authority.address, "");
    let with_payload = |name: &str, payload: u16| {
        let mut packet = query(name, TXT, 7);
        let at = packet.len() - 8;
        packet[at..at + 2].copy_from_slice(&payload.to_be_bytes());
        exchange("127.0.0.1", server.address, &packet).unwrap()
    };
    let without_edns = |name: &str| {
        let mut packet = query(name, TXT, 7);
        packet.truncate(packet.len() - 11);
        packet[11] = 0;
        exchange("127.0.0.1", server.address, &packet).unwrap()
    };
    for _ in 0..2 {
        assert!(without_edns("middle.example").truncated);
        // A payload below 512 octets is 512 (RFC 6891 §6.2.3).
        assert!(with_payload("middle.example", 0).truncated);
        assert_eq!(with_payload("middle.example", 1232).records.len(), 20);
        let big = with_payload("big.example", 4096);
        assert!(big.truncated && big.octets.len() <= 1232);
        assert_eq!(Stream::open(server.address).ask("big.example", TXT).records.len(), 60);
    }
}

#[test]
fn what_is_no_query_gets_no_answer_and_ends_a_connection() {
    let upstream = Slow::start();
    let (server, _school) = serve(upstream.address(), "");
    let good = query("blocked.example", A, 7);
    let response = [&good[..2], &[0x80], &good[3..]].concat();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket.connect(server.address).unwrap();
    let mut last = good.clone();
    last[1] = 9;
    for packet in [&response[..], &good[..11], &[], &last] {
        socket.send(packet).unwrap();
    }
    let mut buf = [0; 512];
    socket.recv(&mut buf).unwrap();
    assert_eq!(buf[1], 9, "the first answer is that to the only query");

    let length = |len: u16, rest: &[u8]| [&len.to_be_bytes(), rest].concat();
    for framed in [
        length(response.len() as u16, &response),
        length(11, &good[..11]),
        length(0, &[]),
        length(u16::MAX, &good),
    ] {
        let mut stream = Stream::open(server.address);
        stream.0.write_all(&framed).unwrap();
        assert!(stream.receive().is_none(), "{framed:?}");
    }
}

#[test]
fn what_cannot_be_answered_gets_the_same_code_over_tcp_and_the_connection_goes_on() {
    let upstream = Slow::start();
    let (server, _school) = serve(upstream.address(), "");
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut packet = query("www.example", A, 7);
        change(&mut packet);
        packet
    };
    let mut stream = Stream::open(server.address);
    for (what, packet, rcode) in [
        ("NOTIFY", changed(&|p| p[2] |= 4 << 3), 4),
        ("no question", changed(&|p| p[5] = 0), 1),
        ("a question cut short", changed(&|p| p.truncate(20)), 1),
        ("AXFR", query("www.example", AXFR, 7), 5),
    ] {
        stream.send(&packet);
        let octets = stream.receive().expect(what);
        assert_eq!((octets[1], octets[3] & 15), (7, rcode), "{what} over TCP");
        let over_udp = exchange("127.0.0.1", server.address, &packet).expect(what);
        assert_eq!(over_udp.octets, octets, "{what} over UDP");
    }
    assert!(stream.ask("blocked.example", A).is_blocked());
}
