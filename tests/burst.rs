//! A burst that comes while nobody looks: everything waits in the kernel's buffer, and nothing is lost.

use std::fs;
use std::time::{Duration, Instant};

use lachan::sys::udp::Udp;

use crate::support::authority::{ADDRESS, Authority, free_address};
use crate::support::client::{Answer, Client, ask, query};
use crate::support::server::{School, Server};

const A: u16 = 1;

/// Queries that a school's computers send when a lesson begins.
const BURST: usize = 400;
/// The most that is tried, where the kernel lets so many wait.
const MANY: usize = 3500;
/// Sockets that ask. Each can keep more answers than it gets.
const CLIENTS: usize = 50;

const CONFIG: &str = "[[group]]\nname = \"x\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n\
    [school_rules]\nblock = [{ name = \"blocked.example\", reason = \"thi\", by = \"IT\" }]\n\
    [[local]]\nname = \"thuvien.example\"\ntype = \"A\"\ndata = \"10.0.0.20\"\n";

/// Stops the server in its tracks. Nothing it does can help: the whole burst has to wait.
fn freeze(server: &Server) {
    server.signal("STOP");
    let status = format!("/proc/{}/status", server.pid());
    let begun = Instant::now();
    while !fs::read_to_string(&status).unwrap().contains("\nState:\tT") {
        assert!(begun.elapsed() < Duration::from_secs(10), "it does not stop");
        std::thread::yield_now();
    }
}

fn is_right(kind: usize, answer: &Answer) -> bool {
    match kind {
        0 => answer.is_blocked(),
        1 => !answer.is_blocked() && answer.addresses() == [ADDRESS],
        _ => !answer.is_blocked() && answer.addresses() == ["10.0.0.20"],
    }
}

#[test]
fn a_burst_waits_and_every_query_of_it_is_answered() {
    let Some(authority) = Authority::start("") else { return };
    let school = School::new();
    school.config(Some(authority.address), CONFIG);
    let server = school.serve();
    assert_eq!(ask(server.address, "www.example", A).addresses(), [ADDRESS], "now it is in the cache");

    // A socket of the same rights says how many may wait; fewer than a burst do where the system's limit is
    // low, which the server says at its start. On loopback a query takes less room than a network card's.
    let room = Udp::bind(free_address(), Duration::from_secs(1)).unwrap().room().unwrap();
    assert_eq!(server.greeting.contains("net.core.rmem_max"), room < BURST, "{room}: {}", server.greeting);
    let clients: Vec<Client> = (0..CLIENTS).map(|_| Client::of(server.address)).collect();
    for count in [BURST, MANY.min(room).max(BURST)] {
        freeze(&server);
        for number in 0..count {
            let name = ["blocked.example", "www.example", "thuvien.example"][number % 3];
            clients[number % CLIENTS].send(&query(name, A, number as u16));
        }
        server.signal("CONT");
        let mut answered = vec![false; count];
        for number in 0..count {
            let answer = clients[number % CLIENTS].receive();
            let answer = answer.unwrap_or_else(|| panic!("{number} answers to {count} queries"));
            let id = usize::from(u16::from_be_bytes([answer.octets[0], answer.octets[1]]));
            assert!(is_right(id % 3, &answer), "{id}: {answer:?}");
            assert!(!std::mem::replace(&mut answered[id], true), "{id} is answered once");
        }
    }
    assert!(server.stop().success());
}
