//! The binary as it comes: no config, starter lists, a state folder.

use crate::support::client::{ask, ask_from};
use crate::support::server::{School, lachan};

const A: u16 = 1;
const AAAA: u16 = 28;
const HTTPS: u16 = 65;

#[test]
fn without_a_config_it_blocks_a_name_of_the_starter_lists_and_the_log_shows_it() {
    let school = School::new();
    let server = school.serve_without_config();
    assert!(server.greeting.contains("dig @"), "{}", server.greeting);

    let answer = ask(server.address, "www.Pornhub.com", A);
    assert_eq!(answer.addresses(), ["0.0.0.0"]);
    assert_eq!(answer.records[0].1, 30);
    let (code, text) = &answer.errors[0];
    assert_eq!(*code, 15);
    assert!(text.contains("Khiêu dâm"), "{text}");
    assert_eq!(ask(server.address, "pornhub.com", AAAA).addresses(), ["::"]);
    let nodata = ask(server.address, "pornhub.com", HTTPS);
    assert_eq!((nodata.rcode, nodata.records.len(), nodata.authority.len()), (0, 0, 1));

    assert!(server.stop().success());
    let output = lachan().args(["log", "--format", "csv", "--state"]).arg(school.state()).output().unwrap();
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(log.contains("www.pornhub.com,A,adult,starter-adult,category,blocked,1"), "{log}");
    assert_eq!(log.lines().count(), 1 + 3, "{log}");
    assert!(!log.contains("127.0.0.1"), "no address in the log by default:\n{log}");
}

/// A demonstration in front of a class needs a name that is blocked for everybody and is no site.
#[test]
fn the_name_to_try_is_printed_blocked_and_counted_under_its_own_label() {
    let school = School::new();
    let server = school.serve_without_config();
    let line = server.greeting.lines().find(|line| line.contains("dig @")).unwrap();
    assert!(line.ends_with(" thu-chan.lachan.example"), "{line}");
    let answer = ask(server.address, "thu-chan.lachan.example", A);
    assert_eq!(answer.addresses(), ["0.0.0.0"]);
    let (code, text) = &answer.errors[0];
    assert_eq!((*code, text.contains("Thử bộ lọc")), (15, true), "{text}");
    let mut check = lachan();
    check.args(["check", "thu-chan.lachan.example", "--json", "--state"]).arg(school.state());
    let told: serde_json::Value = serde_json::from_slice(&check.output().unwrap().stdout).unwrap();
    for tier in told["tiers"].as_array().unwrap() {
        assert_eq!((&tier["verdict"], &tier["because"]), (&"block".into(), &"locked".into()), "{tier}");
    }
    assert!(server.stop().success());
    let output = lachan().args(["log", "--format", "csv", "--state"]).arg(school.state()).output().unwrap();
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(log.contains("thu-chan.lachan.example,A,test,starter-test,locked,blocked,1"), "{log}");
}

#[test]
fn names_that_never_leave_the_house_are_answered_at_once() {
    let school = School::new();
    let server = school.serve_without_config();
    assert_eq!(ask(server.address, "localhost", A).addresses(), ["127.0.0.1"]);
    for (name, rtype) in
        [("1.0.0.10.in-addr.arpa", 12), ("printer.local", A), ("x.invalid", A), ("x.onion", A)]
    {
        assert_eq!(ask(server.address, name, rtype).rcode, 3, "{name}");
    }
    assert_eq!(ask(server.address, "use-application-dns.net", A).rcode, 3);
}

#[test]
fn the_second_start_uses_the_index_that_the_first_one_built() {
    let school = School::new();
    assert!(school.serve_without_config().stop().success());
    let built = std::fs::metadata(school.state().join("index.lachan")).unwrap().modified().unwrap();
    let server = school.serve_without_config();
    assert_eq!(ask_from("127.0.0.9", server.address, "pornhub.com", A).addresses(), ["0.0.0.0"]);
    assert!(server.stop().success());
    assert_eq!(std::fs::metadata(school.state().join("index.lachan")).unwrap().modified().unwrap(), built);
}

#[test]
fn a_state_folder_belongs_to_one_server() {
    let school = School::new();
    let _server = school.serve_without_config();
    let output = lachan().arg("serve").arg("--state").arg(school.state()).output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains(school.state().to_str().unwrap()), "{text}");
}
