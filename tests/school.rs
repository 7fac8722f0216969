//! Groups, tiers and rules as a school configures them.

use crate::support::authority::{ADDRESS, Authority};
use crate::support::client::{Answer, ask_from};
use crate::support::server::{School, Server, flat};

const A: u16 = 1;

/// A school with a room for each kind of policy; `127.T.0.0/16` is the room of tier T.
const ROOMS: &str = r#"
[[group]]
name = "Lớp mầm"
tier = "preschool"
from = ["127.1.0.0/16"]
[[group]]
name = "Lớp 3A"
tier = "primary"
from = ["127.2.0.0/16"]
[[group]]
name = "Phòng máy"
tier = "lower_secondary"
from = ["127.3.0.0/16"]
[[group]]
name = "Bàn giáo viên"
tier = "staff"
from = ["127.3.0.7/32"]
[[group]]
name = "Theo dõi"
tier = "upper_secondary"
from = ["127.5.0.0/16"]
mode = "monitor"
[[list]]
id = "cua-truong"
file = "FILE"
category = "games"
[school_rules]
allow = [
    { name = "good.games.example", reason = "bài tập tin học", by = "cô Lan" },
]
block = [
    { name = "banned.example", reason = "quyết định 12/QĐ", by = "hiệu trưởng" },
]
"#;

struct Rooms {
    school: School,
    server: Server,
    _authority: Authority,
}

impl Rooms {
    fn open() -> Option<Self> {
        let authority = Authority::start("alias.example. 300 IN CNAME www.games.example.")?;
        let school = School::new();
        let list = school.write("games.txt", "games.example\nplay.example\n");
        school.config(Some(authority.address), &ROOMS.replace("FILE", list.to_str().unwrap()));
        let server = school.serve();
        school.wait_for_list("cua-truong");
        Some(Self { school, server, _authority: authority })
    }

    fn ask(&self, room: u8, name: &str) -> Answer {
        ask_from(&format!("127.{room}.0.1"), self.server.address, name, A)
    }
}

#[test]
fn each_room_gets_its_own_policy() {
    let Some(rooms) = Rooms::open() else { return };
    for (room, name, blocked) in [
        (2, "www.games.example", true),
        (3, "www.games.example", true),
        (2, "free.example", false),
        (1, "free.example", true),
        (1, "wikipedia.org", false),
        (2, "good.games.example", false),
        (2, "www.good.games.example", false),
        (2, "banned.example", true),
        (5, "www.games.example", false),
        (9, "free.example", true),
    ] {
        let answer = rooms.ask(room, name);
        assert_eq!(answer.is_blocked(), blocked, "room {room}, {name}: {answer:?}");
        let address = if blocked { "0.0.0.0" } else { ADDRESS };
        assert_eq!(answer.addresses(), [address], "room {room}, {name}");
    }
    let teacher = ask_from("127.3.0.7", rooms.server.address, "www.games.example", A);
    assert!(!teacher.is_blocked());
}

#[test]
fn an_alias_does_not_open_what_it_leads_to() {
    let Some(rooms) = Rooms::open() else { return };
    for _ in 0..2 {
        assert!(rooms.ask(2, "alias.example").is_blocked(), "fetched first, from the cache then");
    }
    let teacher = ask_from("127.3.0.7", rooms.server.address, "alias.example", A);
    assert!(!teacher.is_blocked());
}

#[test]
fn what_is_blocked_and_what_is_monitored_are_counted_apart() {
    let Some(rooms) = Rooms::open() else { return };
    for _ in 0..3 {
        rooms.ask(2, "play.example");
    }
    rooms.ask(5, "play.example");
    rooms.ask(2, "free.example");
    let Rooms { school, server, .. } = rooms;
    assert!(server.stop().success());
    let log = school.run_ok(&["log", "--format", "csv"]);
    assert_eq!(log.lines().count(), 3, "{log}");
    assert!(log.contains("Lớp 3A,primary,"), "{log}");
    assert!(log.contains("play.example,A,games,cua-truong,category,blocked,3"), "{log}");
    assert!(log.contains("play.example,A,games,cua-truong,category,monitored,1"), "{log}");
    let staff = school.run_ok(&["log", "--tier", "staff", "--format", "csv"]);
    assert_eq!(staff.lines().count(), 1, "{staff}");
}

#[test]
fn check_explains_a_name_for_every_tier_offline_and_from_the_running_server() {
    let Some(rooms) = Rooms::open() else { return };
    for extra in [&["--offline"][..], &[]] {
        let args = [&["check", "www.games.example", "--json"], extra].concat();
        let told: serde_json::Value = serde_json::from_str(&rooms.school.run_ok(&args)).unwrap();
        let tiers = told["tiers"].as_array().unwrap();
        assert_eq!(tiers.len(), lachan::model::tier::Tier::ALL.len(), "{told}");
        let primary = tiers.iter().find(|tier| tier["tier"] == "primary").unwrap();
        assert_eq!(primary["verdict"], "block");
        assert_eq!(primary["category"], "games");
        assert_eq!(primary["list"], "cua-truong");
        assert_eq!(primary["rule"], "subtree games.example");
        assert_eq!(primary["line"], 1);
        assert_eq!(primary["answer"], "NOERROR 0.0.0.0");
        let args = [&["check", "www.games.example", "--type", "https", "--json"], extra].concat();
        let told: serde_json::Value = serde_json::from_str(&rooms.school.run_ok(&args)).unwrap();
        assert_eq!(
            (&told["rtype"], &told["tiers"][0]["answer"]),
            (&"HTTPS".into(), &"NOERROR, 0 record".into())
        );
        let args = [&["check", "localhost", "--json"], extra].concat();
        let told: serde_json::Value = serde_json::from_str(&rooms.school.run_ok(&args)).unwrap();
        assert_eq!((&told["local"], &told["tiers"][0]["because"]), (&true.into(), &"local".into()));
        let args = [&["check", "banned.example", "--client", "127.2.0.1", "--json"], extra].concat();
        let told: serde_json::Value = serde_json::from_str(&rooms.school.run_ok(&args)).unwrap();
        assert_eq!(told["asked"]["group"], "Lớp 3A");
        assert!(told["asked"]["school_rule"].to_string().contains("12/QĐ"), "{told}");
    }
    let text = flat(rooms.school.run_ok(&["check", "www.games.example"]).as_bytes());
    assert!(text.contains("Tiểu học") && text.contains("cua-truong"), "{text}");
}
