//! Policy zones from primaries on `named` and `nsd`: transferred, changed, announced, signed, and gone.

use std::net::SocketAddr;

use crate::support::authority::{ADDRESS, Authority, free_address};
use crate::support::client::ask;
use crate::support::primary::{self, KEY, OTHER_SECRET, Primary, SECRET, Software, ZONE, zone};
use crate::support::server::{School, Server, wait_for};

const A: u16 = 1;
const NXDOMAIN: u16 = 3;
const CALM: [u32; 3] = [3600, 600, 86_400];
const STAFF: &str = "[[group]]\nname = \"x\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n";

/// A school that has the zone from these primaries, with this secret.
struct Case {
    school: School,
    listen: SocketAddr,
}

impl Case {
    fn new(world: &Authority, primaries: &[SocketAddr], secret: Option<&str>) -> Self {
        let case = Self { school: School::new(), listen: free_address() };
        case.config(world, primaries, secret);
        case
    }

    fn config(&self, world: &Authority, primaries: &[SocketAddr], secret: Option<&str>) {
        let tsig = secret.map(|secret| {
            let file = self.school.write("rpz.key", format!("key \"{KEY}\" {{ secret \"{secret}\"; }};\n"));
            format!("tsig = {{ name = \"{KEY}\", secret_file = \"{}\" }}\n", file.display())
        });
        let primaries: Vec<String> = primaries.iter().map(SocketAddr::to_string).collect();
        self.school.config(
            Some(world.address),
            &format!(
                "{STAFF}[[rpz]]\nzone = \"{ZONE}\"\nprimaries = {primaries:?}\n{}\n[listen]\ndns = [\"{}\"]\n",
                tsig.unwrap_or_default(),
                self.listen
            ),
        );
    }

    fn status(&self) -> serde_json::Value {
        serde_json::from_slice(&self.school.run(&["status", "--json"]).stdout).unwrap_or_default()
    }

    /// Waits until the zone has that serial in force.
    fn wait_for_serial(&self, serial: u32) {
        let found = wait_for(|| (self.status()["zones"][0]["serial"] == serial).then_some(()));
        assert!(found.is_some(), "serial {serial} does not come: {}", self.status());
    }

    fn wait_for_trouble(&self, words: &str) {
        let found = wait_for(|| self.status()["troubles"].to_string().contains(words).then_some(()));
        assert!(found.is_some(), "no trouble with `{words}`: {}", self.status()["troubles"]);
    }
}

fn blocked(server: &Server, name: &str) -> bool {
    ask(server.address, name, A).rcode == NXDOMAIN
}

fn rules(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name} CNAME .\n")).collect()
}

#[test]
fn a_zone_is_transferred_announced_changed_and_used_at_the_next_start() {
    let Some(world) = Authority::start("") else { return };
    for software in [Software::Named, Software::Nsd] {
        for secret in [None, Some(SECRET)] {
            let at = free_address();
            let case = Case::new(&world, &[at], secret);
            let text = zone(1, CALM, &rules(&["one.example", "two.example"]));
            let Some(primary) = Primary::start(software, at, &text, secret.is_some(), case.listen) else {
                return;
            };
            let server = case.school.serve();
            case.wait_for_serial(1);
            assert!(blocked(&server, "one.example") && !blocked(&server, "three.example"), "{software:?}");
            // The primary announces: an hour would be the next look.
            for (serial, names) in
                [(2, ["two.example", "three.example"]), (3, ["three.example", "four.example"])]
            {
                primary.publish(&zone(serial, CALM, &rules(&names)));
                case.wait_for_serial(serial);
                assert_eq!(case.status()["zones"][0]["came_by"], "ixfr", "{software:?} {secret:?}");
                for name in names {
                    assert!(blocked(&server, name), "{software:?} {secret:?} {name}");
                }
                assert!(!blocked(&server, "one.example"), "{software:?}");
            }
            assert!(!blocked(&server, "two.example"));
            // Without the copy that changes are changes of, the whole zone comes.
            std::fs::remove_file(case.school.state().join(format!("rpz/{ZONE}.zone"))).unwrap();
            primary.publish(&zone(4, CALM, &rules(&["four.example", "five.example"])));
            case.wait_for_serial(4);
            assert_eq!(case.status()["zones"][0]["came_by"], "axfr", "{software:?} {secret:?}");
            assert!(blocked(&server, "five.example"));
            assert_eq!(case.status()["troubles"].to_string(), "[]");
            drop(primary);
            assert!(server.stop().success());
            let server = case.school.serve();
            assert!(blocked(&server, "four.example"), "the last good copy, the primary is gone");
            case.wait_for_trouble(ZONE);
            assert!(blocked(&server, "four.example"));
        }
    }
}

#[test]
fn the_primaries_of_a_zone_that_a_reload_adds_are_asked_at_once() {
    let Some(world) = Authority::start("") else { return };
    let at = free_address();
    let case = Case::new(&world, &[at], None);
    let with_zone = std::fs::read_to_string(case.school.path("lachan.toml")).unwrap();
    let (before, after) = (with_zone.find("[[rpz]]").unwrap(), with_zone.rfind("[listen]").unwrap());
    case.school.write("lachan.toml", format!("{}{}", &with_zone[..before], &with_zone[after..]));
    // No announcement reaches the server: it listens elsewhere.
    let text = zone(1, CALM, &rules(&["one.example"]));
    let Some(_primary) = Primary::start(Software::Nsd, at, &text, false, free_address()) else { return };
    let server = case.school.serve();
    assert!(!blocked(&server, "one.example"));
    case.school.write("lachan.toml", with_zone);
    case.school.run_ok(&["reload"]);
    case.wait_for_serial(1);
    assert!(blocked(&server, "one.example"));
    assert!(server.stop().success());
}

#[test]
fn without_the_right_key_nothing_is_transferred_and_the_status_says_why() {
    let Some(world) = Authority::start("") else { return };
    for software in [Software::Named, Software::Nsd] {
        for secret in [None, Some(OTHER_SECRET)] {
            let at = free_address();
            let case = Case::new(&world, &[at], secret);
            let text = zone(1, CALM, &rules(&["one.example"]));
            let Some(_primary) = Primary::start(software, at, &text, true, case.listen) else { return };
            let server = case.school.serve();
            case.wait_for_trouble(&at.to_string());
            assert_eq!(ask(server.address, "one.example", A).addresses(), [ADDRESS]);
            case.wait_for_trouble("chưa có bản nào");
            // Mended by a reload.
            case.config(&world, &[at], Some(SECRET));
            case.school.run_ok(&["reload"]);
            case.wait_for_serial(1);
            assert!(blocked(&server, "one.example"), "{software:?} {secret:?}");
        }
    }
}

#[test]
fn an_unsigned_announcement_is_refused_where_there_is_a_key() {
    let Some(world) = Authority::start("") else { return };
    let at = free_address();
    for (secret, rcode) in [(None, 0), (Some(SECRET), 9)] {
        let case = Case::new(&world, &[at], secret);
        let server = case.school.serve();
        let mut notify = crate::support::client::query(ZONE, 6, 1);
        notify[2] = 0x24;
        let answer = crate::support::client::exchange("127.0.0.1", server.address, &notify).unwrap();
        assert_eq!((answer.rcode, answer.octets[2]), (rcode, 0xa4), "{secret:?}");
        let stranger = crate::support::client::exchange("127.0.0.9", server.address, &notify).unwrap();
        assert_eq!(stranger.rcode, 4, "NOTIMP, as for everybody else");
    }
}

#[test]
fn when_the_first_primary_is_dead_the_second_is_asked_and_an_expired_zone_stays_in_force() {
    let Some(world) = Authority::start("") else { return };
    let (dead, at) = (free_address(), free_address());
    let case = Case::new(&world, &[dead, at], None);
    let text = |serial| primary::zone(serial, [5, 2, 3], &rules(&["one.example"]));
    let Some(primary) = Primary::start(Software::Named, at, &text(1), false, free_address()) else { return };
    let server = case.school.serve();
    case.wait_for_serial(1);
    // Nobody announces this one: the refresh finds it.
    primary.publish(&text(2));
    case.wait_for_serial(2);
    drop(primary);
    case.wait_for_trouble("quá hạn");
    assert!(blocked(&server, "one.example"), "its rules stay in force");
    let Some(_primary) = Primary::start(Software::Named, at, &text(3), false, case.listen) else { return };
    case.wait_for_serial(3);
    let found = wait_for(|| case.status()["troubles"].as_array()?.is_empty().then_some(()));
    assert!(found.is_some(), "{}", case.status());
}

#[test]
fn a_large_zone_comes_whole_in_many_signed_messages() {
    let Some(world) = Authority::start("") else { return };
    let many: String = (0..30_000).map(|number| format!("n{number}.large.example CNAME .\n")).collect();
    for software in [Software::Named, Software::Nsd] {
        let at = free_address();
        let case = Case::new(&world, &[at], Some(SECRET));
        let text = zone(1, CALM, &many);
        let Some(primary) = Primary::start(software, at, &text, true, case.listen) else { return };
        let server = case.school.serve();
        case.wait_for_serial(1);
        assert_eq!(case.status()["zones"][0]["rules"], 30_001);
        assert!(blocked(&server, "n29999.large.example"));
        primary.publish(&zone(2, CALM, &many.replace("n7.large", "late.large")));
        case.wait_for_serial(2);
        assert!(blocked(&server, "late.large.example") && !blocked(&server, "n7.large.example"));
    }
}
