//! A reload takes effect; one that fails changes nothing and says why.

use std::fs;
use std::path::PathBuf;

use crate::support::authority::Authority;
use crate::support::client::ask;
use crate::support::server::{School, Server, flat, lachan};

const A: u16 = 1;

const GROUP: &str = "[[group]]\nname = \"Lớp 6A\"\ntier = \"lower_secondary\"\nfrom = [\"127.0.0.0/8\"]\n";

#[test]
fn a_reload_takes_new_rules_and_a_mistake_leaves_everything_as_it_was() {
    let Some(authority) = Authority::start("") else { return };
    let school = School::new();
    school.config(Some(authority.address), GROUP);
    let server = school.serve();
    assert!(!ask(server.address, "game.example", A).is_blocked());

    let block = format!(
        "{GROUP}[school_rules]\nblock = [{{ name = \"game.example\", reason = \"thi\", by = \"IT\" }}]\n"
    );
    school.config(Some(authority.address), &block);
    school.run_ok(&["reload"]);
    assert!(ask(server.address, "game.example", A).is_blocked());

    let broken = school.config(Some(authority.address), &block.replace("lower_secondary", "lower_secundary"));
    let output = school.run(&["reload"]);
    // The config that the command itself reads is broken too: it says so, and names the place.
    assert!(!output.status.success());
    let told = flat(&output.stderr);
    assert!(told.contains("lower_secundary") && told.contains("lower_secondary"), "{told}");
    server.signal("HUP");
    let state = school.state();
    let status = crate::support::server::wait_for(|| {
        let output = crate::support::server::lachan()
            .args(["status", "--json", "--state"])
            .arg(&state)
            .output()
            .unwrap();
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
        status["troubles"].to_string().contains("lower_secundary").then_some(status)
    });
    assert!(status.is_some(), "the mistake shows in the status");
    assert!(ask(server.address, "game.example", A).is_blocked(), "the old policy stays in force");

    fs::remove_file(broken).unwrap();
    school.config(Some(authority.address), GROUP);
    school.run_ok(&["reload"]);
    assert!(!ask(server.address, "game.example", A).is_blocked());
    assert!(server.stop().success());
}

/// A server with one list, a file of one name that can be changed.
fn with_a_list(school: &School, authority: &Authority) -> (Server, PathBuf) {
    let list = school.write("list.txt", "early.example\n");
    let config = format!(
        "{GROUP}[[list]]\nid = \"cua-truong\"\nfile = \"{}\"\ncategory = \"gambling\"\n",
        list.display()
    );
    school.config(Some(authority.address), &config);
    let server = school.serve();
    school.wait_for_list("cua-truong");
    (server, list)
}

#[test]
fn a_changed_list_file_takes_effect_at_a_reload_also_for_answers_in_the_cache() {
    let Some(authority) = Authority::start("alias.example. 300 IN CNAME www.late.example.") else { return };
    let school = School::new();
    let (server, list) = with_a_list(&school, &authority);
    for (name, blocked) in [("early.example", true), ("late.example", false), ("alias.example", false)] {
        assert_eq!(ask(server.address, name, A).is_blocked(), blocked, "{name}");
    }
    fs::write(&list, "early.example\nlate.example\n").unwrap();
    school.run_ok(&["reload"]);
    for (name, blocked) in [("early.example", true), ("late.example", true), ("alias.example", true)] {
        assert_eq!(ask(server.address, name, A).is_blocked(), blocked, "{name}");
    }
    // An accident: the gate refuses the file without an octet, and the last good copy stays.
    fs::write(&list, "").unwrap();
    let told = school.run(&["reload"]);
    assert_eq!(told.status.code(), Some(1));
    assert!(ask(server.address, "late.example", A).is_blocked());
    let status = school.run(&["lists", "status"]);
    let text = flat(&status.stdout);
    assert!(text.contains("danh sách rỗng"), "{text}");
    // What a teacher leaves of it is meant.
    fs::write(&list, "# nothing\n").unwrap();
    school.run_ok(&["reload"]);
    assert!(!ask(server.address, "late.example", A).is_blocked());
}

#[test]
fn a_changed_zone_file_takes_effect_at_a_reload_and_a_broken_one_holds_no_list_back() {
    let Some(authority) = Authority::start("") else { return };
    let school = School::new();
    let zone = |address: &str| format!("@ 60 SOA ns admin 1 60 60 60 60\n@ 60 NS ns\nwww 60 A {address}\n");
    let file = school.write("noibo.zone", zone("10.0.0.1"));
    let list = school.write("list.txt", "early.example\n");
    let config = format!(
        "{GROUP}[[local]]\nzone = \"noibo.test\"\nfile = \"{}\"\n\
         [[list]]\nid = \"cua-truong\"\nfile = \"{}\"\ncategory = \"gambling\"\n",
        file.display(),
        list.display()
    );
    school.config(Some(authority.address), &config);
    let server = school.serve();
    school.wait_for_list("cua-truong");
    assert_eq!(ask(server.address, "www.noibo.test", A).addresses(), ["10.0.0.1"]);

    fs::write(&file, zone("10.0.0.2")).unwrap();
    school.run_ok(&["reload"]);
    assert_eq!(ask(server.address, "www.noibo.test", A).addresses(), ["10.0.0.2"]);

    fs::write(&file, "half a li").unwrap();
    fs::write(&list, "early.example\nlate.example\n").unwrap();
    // The command itself reads the config, so it gets one that only says where the server is.
    let where_it_is = school
        .write("state.toml", format!("version = 1\n[state]\nfolder = \"{}\"\n", school.state().display()));
    let output = lachan().args(["lists", "update", "--config"]).arg(where_it_is).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(ask(server.address, "late.example", A).is_blocked(), "the list has nothing to do with the zone");
    assert_eq!(ask(server.address, "www.noibo.test", A).addresses(), ["10.0.0.2"], "what was good stays");
}

#[test]
fn an_index_that_could_not_be_built_shows_in_the_status_until_one_is_built() {
    let Some(authority) = Authority::start("") else { return };
    let school = School::new();
    let (server, list) = with_a_list(&school, &authority);
    let troubles = || {
        let status: serde_json::Value =
            serde_json::from_slice(&school.run(&["status", "--json"]).stdout).unwrap();
        status["troubles"].as_array().unwrap().clone()
    };
    assert_eq!(troubles(), Vec::<serde_json::Value>::new());

    // A folder in the index's place: no file can be renamed over it.
    let index = school.state().join("index.lachan");
    fs::rename(&index, school.path("aside")).unwrap();
    fs::create_dir(&index).unwrap();
    fs::write(&list, "early.example\nlate.example\n").unwrap();
    school.run(&["lists", "update"]);
    assert_eq!(troubles().len(), 1, "{:?}", troubles());
    assert!(ask(server.address, "early.example", A).is_blocked(), "the old index filters on");
    assert!(!ask(server.address, "late.example", A).is_blocked());

    fs::remove_dir(&index).unwrap();
    fs::write(&list, "early.example\nlate.example\nlast.example\n").unwrap();
    school.run_ok(&["lists", "update"]);
    assert!(ask(server.address, "last.example", A).is_blocked());
    assert_eq!(troubles(), Vec::<serde_json::Value>::new(), "what is mended is no trouble any more");
}
