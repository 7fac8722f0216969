//! A service that a tier is switched off: asked for and by alias, in `check` and in the log.

use serde_json::Value;

use crate::support::authority::Authority;
use crate::support::client::ask_from;
use crate::support::server::{School, flat, lachan, wait_for};

const A: u16 = 1;
const GROUPS: &str = r#"
[[group]]
name = "Lớp 6A"
tier = "lower_secondary"
from = ["127.0.1.0/24"]
[[group]]
name = "Giáo viên"
tier = "staff"
from = ["127.0.2.0/24"]
"#;

#[test]
fn a_service_is_blocked_where_it_is_switched_off_and_counted_by_its_name() {
    let Some(authority) = Authority::start("talk.example CNAME zalo.me.\nzalo.me A 192.0.2.9\n") else {
        return;
    };
    let school = School::new();
    school.config(Some(authority.address), &GROUPS.replace("lower_secondary", "primary"));
    let server = school.serve();
    for name in ["zalo.me", "chat.zaloapp.com", "talk.example"] {
        let pupil = ask_from("127.0.1.1", server.address, name, A);
        assert!(pupil.is_blocked() && pupil.errors[0].1.contains("Zalo"), "{name}: {:?}", pupil.errors);
        assert!(!ask_from("127.0.2.1", server.address, name, A).is_blocked(), "{name}");
    }
    let told: Value =
        serde_json::from_str(&school.run_ok(&["check", "zalo.me", "--tier", "primary", "--json"])).unwrap();
    let asked = &told["asked"];
    assert_eq!((&asked["because"], &asked["service"]), (&"service".into(), &"zalo".into()), "{told}");
    assert_eq!((&asked["category"], &asked["list"]), (&Value::Null, &"services/zalo".into()), "{told}");
    let screen = school.run_ok(&["check", "zalo.me", "--tier", "primary"]);
    assert!(screen.contains("dịch vụ") && screen.contains("Zalo"), "{screen}");

    let log = wait_for(|| {
        let log = school.run_ok(&["log", "--category", "zalo", "--format", "csv"]);
        (log.lines().count() == 4).then_some(log)
    });
    let log = log.unwrap_or_else(|| school.run_ok(&["log", "--format", "csv"]));
    assert!(log.contains(",zalo,") && log.contains(",service,blocked,1"), "{log}");
    let totals = school.run_ok(&["log", "--totals", "--format", "json"]);
    assert!(totals.contains("\"zalo\""), "{totals}");
}

#[test]
fn a_policy_that_blocks_no_service_lets_it_through_and_an_unknown_word_is_a_mistake() {
    let Some(authority) = Authority::start("zalo.me A 192.0.2.9\n") else { return };
    let school = School::new();
    let tier = |blocked: &str| format!("{GROUPS}[policy.tier.lower_secondary]\nblocked = [{blocked}]\n");
    let older = "[policy.tier.upper_secondary]\nblocked = []\n";
    school.config(Some(authority.address), &format!("{}{older}", tier("\"youtube\"")));
    let server = school.serve();
    assert!(!ask_from("127.0.1.1", server.address, "zalo.me", A).is_blocked());
    assert!(ask_from("127.0.1.1", server.address, "m.youtube.com", A).is_blocked());
    let wrong = school.write("wrong.toml", format!("version = 1\n{}{older}", tier("\"zallo\"")));
    let refused = lachan().args(["config", "check"]).arg(wrong).output().unwrap();
    let told = flat(&refused.stdout) + &flat(&refused.stderr);
    assert!(!refused.status.success() && told.contains("zalo"), "{told}");
}
