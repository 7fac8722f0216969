//! The commands reach a running server whatever its state folder, its log or its health is like, and say so where they
//! do not.

use std::fs::{self, OpenOptions};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::client::ask;
use crate::support::server::{School, Server, flat, lachan, wait_for};

const A: u16 = 1;
/// On a starter list.
const STARTER: &str = "www.pornhub.com";
/// On the school's own list.
const LISTED: &str = "cuoc.example";

fn school() -> School {
    let school = School::new();
    let list = school.write("list.txt", "cuoc.example\n");
    school.config(
        None,
        &format!("[[list]]\nid = \"truong\"\nfile = \"{}\"\ncategory = \"gambling\"\n", list.display()),
    );
    school
}

fn serve_with_log(school: &School, log: Stdio) -> Server {
    let mut command = lachan();
    command.arg("serve").arg("--config").arg(school.path("lachan.toml"));
    Server::start_logging(command, log)
}

fn is_blocked(server: &Server, name: &str) -> bool {
    ask(server.address, name, A).errors.iter().any(|(code, _)| *code == 15)
}

fn status(school: &School) -> Option<Value> {
    serde_json::from_slice(&school.run(&["status", "--json"]).stdout).ok()
}

#[test]
fn a_state_folder_that_cannot_be_used_hides_no_server_and_costs_no_list() {
    let school = school();
    // A file stands where the folder should be.
    fs::write(school.state(), "not a folder").unwrap();
    let server = school.serve();
    assert!(is_blocked(&server, STARTER));
    assert!(wait_for(|| is_blocked(&server, LISTED).then_some(())).is_some(), "the school's own list");
    let told = status(&school).expect("the status is told");
    let troubles = told["troubles"].to_string();
    assert!(troubles.contains("state"), "{told}");
    assert!(told["notes"].to_string().contains("truong"), "{told}");
    let check = school.run_ok(&["check", LISTED, "--json"]);
    assert!(check.contains("block"), "{check}");
    // It heals: everything is put where it belongs.
    fs::remove_file(school.state()).unwrap();
    let healed = wait_for(|| status(&school).filter(|_| school.state().join("control.sock").exists()));
    assert!(healed.is_some(), "the control socket");
    assert!(server.stop().success());
}

#[test]
fn a_log_that_cannot_be_written_ends_nothing() {
    let school = school();
    // The start has something to warn of.
    fs::write(school.state(), "not a folder").unwrap();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let server = serve_with_log(&school, Stdio::from(full));
    assert!(is_blocked(&server, STARTER));
    fs::remove_file(school.state()).unwrap();
    let stored = wait_for(|| status(&school)?["journal"]["stored"].as_u64().filter(|stored| *stored > 0));
    assert!(stored.is_some(), "{:?}", status(&school));
    assert_eq!(status(&school).unwrap()["panics"], 0);
    school.run_ok(&["reload"]);
    assert!(server.stop().success());
}

#[test]
fn a_server_that_hangs_is_told_of_and_not_waited_for() {
    let school = school();
    let server = school.serve();
    server.signal("STOP");
    let begun = Instant::now();
    let output = school.run(&["status"]);
    server.signal("CONT");
    assert!(!output.status.success());
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert!(!output.stderr.is_empty());
    assert!(server.stop().success());
}

#[test]
fn a_check_of_a_type_that_is_no_question_says_so() {
    let school = school();
    let server = school.serve();
    for (rtype, expected) in [("AXFR", "REFUSED"), ("IXFR", "REFUSED"), ("OPT", "FORMERR")] {
        for arguments in [&[][..], &["--offline"]] {
            let all = [&["check", "example.com", "--type", rtype], arguments].concat();
            let output = school.run(&all);
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.code().is_some_and(|code| code < 100), "{all:?} {output:?}");
            assert!(told.contains(expected) || !output.status.success(), "{all:?} {told}");
        }
    }
    assert_eq!(status(&school).unwrap()["panics"], 0);
    assert!(server.stop().success());
}

#[test]
fn the_server_is_found_by_its_config_after_the_config_named_another_state_folder() {
    let school = school();
    let server = school.serve();
    school.wait_for_list("truong");
    let config = fs::read_to_string(school.path("lachan.toml")).unwrap();
    let moved = config.replace(school.state().to_str().unwrap(), school.path("other").to_str().unwrap());
    assert_ne!(config, moved);
    fs::write(school.path("lachan.toml"), moved).unwrap();
    school.run_ok(&["status"]);
    school.run_ok(&["reload"]);
    assert!(server.stop().success());
}

#[test]
fn a_list_that_did_not_come_at_a_reload_is_tried_again() {
    let school = school();
    let server = school.serve();
    school.wait_for_list("truong");
    // A page from a login is no list.
    fs::write(school.path("list.txt"), "<!DOCTYPE html><html><body>login</body></html>\n").unwrap();
    assert!(!school.run(&["reload"]).status.success());
    let told = wait_for(|| {
        let troubles = status(&school)?["troubles"].to_string();
        troubles.contains("truong").then_some(troubles)
    });
    assert!(told.is_some());
    assert!(is_blocked(&server, LISTED), "the last good copy");
    fs::write(school.path("list.txt"), "cuoc.example\nmoi.example\n").unwrap();
    school.run_ok(&["reload"]);
    assert!(is_blocked(&server, "moi.example"));
    let well = wait_for(|| (!status(&school)?["troubles"].to_string().contains("truong")).then_some(()));
    assert!(well.is_some());
    assert!(server.stop().success());
}

#[test]
fn a_check_without_a_server_says_that_it_comes_from_the_disk_and_one_with_a_server_does_not() {
    let school = school();
    let server = school.serve();
    school.wait_for_list("truong");
    let hint = |args: &[&str]| {
        let output = school.run(args);
        assert!(output.status.success(), "{args:?} {output:?}");
        flat(&output.stderr).contains("theo chỉ mục trên đĩa")
    };
    assert!(!hint(&["check", LISTED]));
    assert!(server.stop().success());
    assert!(hint(&["check", LISTED]));
    assert!(!hint(&["check", LISTED, "--offline"]), "who asks for the disk knows");
    // Where a name is to be resolved, the disk is no answer.
    let output = school.run(&["check", LISTED, "--resolve"]);
    assert!(!output.status.success() && flat(&output.stderr).contains("máy chủ không chạy"), "{output:?}");
}

#[test]
fn the_trouble_of_a_bad_config_ends_with_the_reload_that_cures_it() {
    let school = school();
    let server = school.serve();
    school.wait_for_list("truong");
    let path = school.path("lachan.toml");
    let good = fs::read_to_string(&path).unwrap();
    let well = || (school.run(&["status"]).status.code(), status(&school).unwrap()["troubles"].to_string());
    let settled = wait_for(|| (well() == (Some(0), "[]".into())).then_some(()));
    assert!(settled.is_some(), "{:?}", well());
    fs::write(&path, format!("{good}\nnmae = 1\n")).unwrap();
    assert!(!school.run(&["reload"]).status.success());
    let (code, troubles) = well();
    assert!(code == Some(1) && troubles.contains("cấu hình cũ vẫn dùng"), "{troubles}");
    assert!(is_blocked(&server, LISTED));
    fs::write(&path, good).unwrap();
    school.run_ok(&["reload"]);
    assert_eq!(well(), (Some(0), "[]".into()));
    assert!(server.stop().success());
}
