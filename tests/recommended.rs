//! The recommended set: without a word in the config it comes by itself, behind the starter lists, and one line
//! switches it off.

use std::process::Command;

use crate::support::client::ask;
use crate::support::server::{School, Server, lachan, wait_for};
use crate::support::web::{Web, page};

const A: u16 = 1;

/// A mirror that has two lists of the set, and answers 404 for the others.
fn mirror() -> Web {
    Web::start(|request| match request {
        get if get.contains("/gambling/hosts-VN ") => page("0.0.0.0 nhacai-thu.example\n", ""),
        get if get.contains("/ShadowWhisperer/BlockLists/master/Lists/Adult ") => {
            page("khieu-dam.example\n", "")
        }
        _ => b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec(),
    })
}

fn serve(school: &School, mirror: &Web) -> Command {
    let mut command = lachan();
    command.env_remove("LACHAN_LISTS_RECOMMENDED").env("LACHAN_LISTS_MIRROR", mirror.url(""));
    command.arg("serve").arg("--config").arg(school.path("lachan.toml"));
    command
}

fn status(school: &School) -> serde_json::Value {
    let output = school.run(&["status", "--json"]);
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

#[test]
fn the_recommended_set_comes_by_itself_and_what_does_not_come_is_told_in_one_line() {
    let (school, mirror) = (School::new(), mirror());
    school.config(None, "");
    let server = Server::start(serve(&school, &mirror));
    // The starter lists filter while nothing has come yet.
    assert!(ask(server.address, "bet365.com", A).is_blocked());
    for name in ["nhacai-thu.example", "www.khieu-dam.example"] {
        let blocked = wait_for(|| ask(server.address, name, A).is_blocked().then_some(()));
        assert!(blocked.is_some(), "{name}");
    }
    let told = wait_for(|| {
        let troubles = status(&school)["troubles"].to_string();
        troubles.contains("danh sách khuyến nghị: 2 trong").then_some(troubles)
    });
    let told = told.expect("a line on the set");
    assert!(told.contains("404") && told.contains("recommended = false"), "{told}");
    assert_eq!(told.matches("404").count(), 2, "one line in two languages: {told}");
    assert!(server.stop().success());
}

#[test]
fn nothing_is_fetched_where_the_config_says_so_nor_what_it_does_without() {
    let (school, mirror) = (School::new(), mirror());
    school.config(None, "[lists]\nrecommended = false\n");
    let server = Server::start(serve(&school, &mirror));
    assert!(ask(server.address, "bet365.com", A).is_blocked());
    assert_eq!(status(&school)["notes"].to_string().matches("khuyến nghị").count(), 0);
    assert!(server.stop().success());
    assert_eq!(mirror.requests(), [] as [String; 0]);
    school.config(None, "[lists]\nwithout = [\"shadowwhisperer-adult\"]\n");
    let server = Server::start(serve(&school, &mirror));
    school.wait_for_list("hostsvn-gambling-vn");
    assert!(server.stop().success());
    assert!(!mirror.requests().iter().any(|request| request.contains("/Lists/Adult ")));
}

#[test]
fn packed_lists_filter_where_no_server_can_be_reached_and_fill_a_mirror_on_a_stick() {
    let (school, mirror) = (School::new(), mirror());
    // Two lists of the set.
    let all = include_str!("../blocklists/recommended.toml");
    let ids = all.lines().filter_map(|line| line.strip_prefix("source = \"")?.strip_suffix('"'));
    let others: Vec<&str> =
        ids.filter(|id| !["hostsvn-gambling-vn", "shadowwhisperer-adult"].contains(id)).collect();
    let without = format!("without = {others:?}\n");
    school.config(None, &format!("[lists]\n{without}"));
    let server = Server::start(serve(&school, &mirror));
    school.wait_for_list("hostsvn-gambling-vn");
    school.wait_for_list("shadowwhisperer-adult");
    assert!(server.stop().success());
    let packed = school.path("packed");
    let mut command = lachan();
    command.env_remove("LACHAN_LISTS_RECOMMENDED").args(["lists", "snapshot", "--lang", "en", "--config"]);
    command.arg(school.path("lachan.toml")).arg("--output").arg(&packed);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("packed 2 lists, 2 names"), "{said}");

    // A school that reaches nobody, with the packed lists beside the program or on a stick.
    let nobody = Web::start(|_| b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n".to_vec());
    for key in ["snapshot", "mirror"] {
        let offline = School::new();
        offline.config(None, &format!("[lists]\n{without}{key} = {packed:?}\n"));
        let server = Server::start(serve(&offline, &nobody));
        for name in ["nhacai-thu.example", "www.khieu-dam.example"] {
            let blocked = wait_for(|| ask(server.address, name, A).is_blocked().then_some(()));
            assert!(blocked.is_some(), "{name} by {key}");
        }
        let troubles = status(&offline)["troubles"].to_string();
        assert!(!troubles.contains("khuyến nghị"), "{key}: {troubles}");
        assert!(server.stop().success());
    }
}
