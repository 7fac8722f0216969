//! Damage to what is kept costs neither the filter nor an answer.

use std::fs;

use crate::support::client::ask;
use crate::support::server::{School, lachan};

const A: u16 = 1;

/// A state folder as a first run leaves it.
fn used() -> School {
    let school = School::new();
    assert!(school.serve_without_config().stop().success());
    school
}

#[test]
fn a_damaged_index_is_refused_and_built_again_and_the_starter_lists_filter_meanwhile() {
    let school = used();
    let path = school.state().join("index.lachan");
    let sound = fs::read(&path).unwrap();
    let flipped = |at: usize| {
        let mut octets = sound.clone();
        octets[at] ^= 0x10;
        octets
    };
    for (what, octets) in [
        ("cut", sound[..sound.len() / 2].to_vec()),
        ("empty", vec![]),
        ("a flipped bit in the header", flipped(9)),
        ("a flipped bit in the middle", flipped(sound.len() / 2)),
        ("a flipped bit at the end", flipped(sound.len() - 1)),
        ("something else", b"<html>".repeat(1000)),
    ] {
        fs::write(&path, octets).unwrap();
        let server = school.serve_without_config();
        let answer = ask(server.address, "www.pornhub.com", A);
        assert_eq!(answer.addresses(), ["0.0.0.0"], "{what}");
        assert!(server.stop().success(), "{what}");
        let check = lachan()
            .args(["check", "pornhub.com", "--offline", "--state"])
            .arg(school.state())
            .output()
            .unwrap();
        assert!(check.status.success(), "{what}: the file on disk is sound again");
    }
}

#[test]
fn a_damaged_journal_is_put_aside_and_a_new_one_begun() {
    let school = used();
    let store = school.state().join("journal.sqlite");
    fs::write(&store, b"this is no database, however long one looks at it ".repeat(200)).unwrap();
    for aside in ["journal.sqlite-wal", "journal.sqlite-shm"] {
        let _ = fs::remove_file(school.state().join(aside));
    }
    let server = school.serve_without_config();
    assert_eq!(ask(server.address, "pornhub.com", A).addresses(), ["0.0.0.0"]);
    assert!(server.stop().success());
    let log = lachan().args(["log", "--format", "csv", "--state"]).arg(school.state()).output().unwrap();
    assert_eq!(String::from_utf8(log.stdout).unwrap().lines().count(), 2);
    let kept = fs::read_dir(school.state())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("corrupt"));
    assert_eq!(kept.count(), 1, "the damaged file is kept for who wants to look at it");
}

#[test]
fn a_socket_file_that_a_crash_left_does_not_stop_the_next_start() {
    let school = used();
    school.serve_without_config().kill();
    assert!(school.state().join("control.sock").exists());
    let server = school.serve_without_config();
    let status = lachan().args(["status", "--json", "--state"]).arg(school.state()).output().unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    drop(server);
}
