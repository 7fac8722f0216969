//! Whether `status` says what a person at a school that has no DNS sees.

use std::net::SocketAddr;
use std::process::Output;

use crate::support::authority::free_address;
use crate::support::client::{Answer, exchange, query};
use crate::support::server::{School, Server, wait_for};
use crate::support::upstream::{Answers, Reply};

const A: u16 = 1;
const ADDRESS: Reply = Reply::Address([192, 0, 2, 77]);
const SERVFAIL: Reply = Reply::Code(2);
const NXDOMAIN: Reply = Reply::Code(3);
const REFUSED: Reply = Reply::Code(5);

/// A school that forwards everything.
struct Office {
    school: School,
    server: Server,
}

impl Office {
    fn forwarding_to(upstream: SocketAddr, validates: bool) -> Self {
        let school = School::new();
        let config = format!(
            "[resolve]\nmode = \"forward\"\n[[resolve.forward]]\nzone = \".\"\ndnssec = {validates}\n\
             servers = [\"{upstream}\"]\n[[group]]\nname = \"x\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n"
        );
        school.config(None, &config);
        let server = school.serve();
        Self { school, server }
    }

    fn ask(&self, name: &str) -> Answer {
        exchange("127.0.0.1", self.server.address, &query(name, A, 7)).expect("an answer")
    }

    fn status(&self) -> (bool, serde_json::Value) {
        let Output { status, stdout, .. } = self.school.run(&["status", "--json"]);
        (status.success(), serde_json::from_slice(&stdout).unwrap())
    }

    /// The troubles, where status ended with 1.
    fn troubles(&self) -> Option<String> {
        let (is_well, status) = self.status();
        (!is_well).then(|| status["troubles"].to_string())
    }
}

#[test]
fn a_forwarder_without_signatures_is_recognised_at_the_start() {
    let forwarder = Answers::all(ADDRESS);
    let office = Office::forwarding_to(forwarder.address, true);
    let troubles = wait_for(|| office.troubles()).expect("red");
    let says = format!("{} sends no signatures; use another or write `dnssec = false`", forwarder.address);
    assert!(troubles.contains(&says), "{troubles}");
}

#[test]
fn the_same_forwarder_is_well_where_nothing_is_validated() {
    let forwarder = Answers::all(ADDRESS);
    let office = Office::forwarding_to(forwarder.address, false);
    for number in 0..30 {
        assert_eq!(office.ask(&format!("www.d{number}.example")).rcode, 0);
    }
    let (is_well, status) = office.status();
    assert!(is_well, "{status}");
    assert_eq!(status["recent"]["fetched"], 30);
    assert!(status["notes"].to_string().contains("one and the same address"), "{status}");
}

#[test]
fn a_forwarder_that_refuses_everybody_is_told_of_after_one_question_and_after_many() {
    for questions in [1, 12] {
        let forwarder = Answers::all(REFUSED);
        let office = Office::forwarding_to(forwarder.address, false);
        for number in 0..questions {
            assert_eq!(office.ask(&format!("www.d{number}.example")).rcode, 2);
        }
        let troubles = office.troubles().expect("red");
        assert!(troubles.contains("refuse"), "{troubles}");
        let (_, status) = office.status();
        assert_eq!(status["recent"]["failed"][0]["cause"], "refused", "{status}");
    }
}

#[test]
fn a_forwarder_that_denies_every_name_is_told_of() {
    let forwarder = Answers::all(NXDOMAIN);
    let office = Office::forwarding_to(forwarder.address, false);
    for number in 0..6 {
        assert_eq!(office.ask(&format!("www.d{number}.example")).rcode, 3);
    }
    let troubles = office.troubles().expect("red");
    assert!(troubles.contains("does not exist"), "{troubles}");
}

#[test]
fn a_forwarder_on_a_port_where_nobody_is_makes_status_red() {
    let office = Office::forwarding_to(free_address(), false);
    assert_eq!(office.ask("www.d.example").rcode, 2);
    assert!(office.troubles().expect("red").contains("port"), "{:?}", office.troubles());
}

#[test]
fn one_broken_name_that_is_asked_for_all_day_is_no_trouble() {
    let forwarder = Answers::all_but("broken", SERVFAIL, ADDRESS);
    let office = Office::forwarding_to(forwarder.address, false);
    assert_eq!(office.ask("www.good.example").rcode, 0);
    for number in 0..60 {
        assert_eq!(office.ask(&format!("x{number}.broken.example")).rcode, 2);
    }
    let (is_well, status) = office.status();
    assert!(is_well, "{}", status["troubles"]);
    assert_eq!(status["recent"]["failed"][0]["count"], 60);
    assert_eq!((&status["recent"]["domains"], &status["recent"]["domains_failed"]), (&2.into(), &1.into()));
}

#[test]
fn status_is_well_again_when_answers_can_be_had() {
    let forwarder = Answers::all(REFUSED);
    let office = Office::forwarding_to(forwarder.address, false);
    office.ask("www.d.example");
    assert!(office.troubles().is_some());
    forwarder.say(ADDRESS);
    assert!(wait_for(|| office.status().0.then_some(())).is_some(), "{}", office.status().1);
}
