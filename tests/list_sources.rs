//! Lists come from where schools are: their own CA, a mirror inside, a machine that asks itself; a source
//! that changed is fetched now; and every command that did not take a list says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use crate::support::authority::Authority;
use crate::support::client::ask;
use crate::support::server::{School, Server, flat, lachan, wait_for};
use crate::support::upstream::Ca;
use crate::support::web::{SecureWeb, Web, page};

const A: u16 = 1;

/// A list by URL, in a category that every pupil's tier blocks.
fn by_url(id: &str, url: &str) -> String {
    format!("[[list]]\nid = \"{id}\"\nurl = \"{url}\"\ncategory = \"gambling\"\n")
}

fn by_file(id: &str, file: &Path) -> String {
    format!("[[list]]\nid = \"{id}\"\nfile = \"{}\"\ncategory = \"gambling\"\n", file.display())
}

fn names(count: usize) -> String {
    (0..count).map(|number| format!("n{number}.example\n")).collect()
}

/// What a command said, on both streams.
fn said(output: &Output) -> String {
    flat(&[output.stdout.as_slice(), &output.stderr].concat())
}

fn status_of(school: &School, id: &str) -> serde_json::Value {
    let status: serde_json::Value =
        serde_json::from_str(&school.run_ok(&["lists", "status", "--json"])).unwrap();
    status["lists"].as_array().unwrap().iter().find(|list| list["id"] == id).cloned().unwrap_or_default()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // The control socket is neither.
            if path.is_dir() {
                open.push(path)
            } else if path.is_file() {
                found.push(path)
            }
        }
    }
    found
}

/// A name that only the school's own resolver knows, and that the school blocks.
const INSIDE: &str = "[[local]]\nname = \"mirror.truong.test\"\ntype = \"A\"\ndata = \"127.0.0.1\"\n\
    [school_rules]\nblock = [{ name = \"mirror.truong.test\", reason = \"thi\", by = \"IT\" }]\n";

#[test]
fn a_list_comes_from_a_mirror_inside_with_the_schools_own_ca() {
    let Some(ca) = Ca::new() else { return };
    let Some(web) = SecureWeb::start(&ca, "mirror.truong.test", "inside.example\n") else { return };
    let list = by_url("mirror", &format!("https://mirror.truong.test:{}/list.txt", web.address.port()));
    let trusted = format!("ca_file = \"{}\"\n", ca.file().display());

    // Nobody vouches for it: the command says so, what to do, and ends with 1.
    let school = School::new();
    school.config(None, &format!("{INSIDE}{list}"));
    let output = school.run(&["lists", "update"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("[lists] ca_file") && said(&output).contains("chưa có bản nào để dùng"));

    for config in [format!("{INSIDE}{list}[lists]\n{trusted}"), format!("{INSIDE}{list}[resolve]\n{trusted}")]
    {
        let school = School::new();
        school.config(None, &config);
        school.run_ok(&["lists", "update"]);
        assert_eq!(status_of(&school, "mirror")["taken"], 1, "{config}");
    }

    // The system's store: where the CA of a firewall that inspects TLS is installed.
    let school = School::new();
    let config = school.config(None, &format!("{INSIDE}{list}"));
    let mut command = lachan();
    let output =
        command.env("SSL_CERT_FILE", ca.file()).args(["lists", "update", "--config"]).arg(config).output();
    assert!(output.as_ref().is_ok_and(|output| output.status.success()), "{}", said(&output.unwrap()));
}

#[test]
fn a_server_fetches_its_lists_below_its_own_policy() {
    let Some(authority) = Authority::start("mirror.example. 300 IN A 127.0.0.1") else { return };
    let web = Web::publishing("late.example\n", "\"v1\"");
    let url = format!("http://mirror.example:{}/list.txt", web.address.port());
    let school = School::new();
    let resolve = format!(
        "[resolve]\nmode = \"forward\"\ndnssec = false\nprivate_names = [\"mirror.example\"]\n\
         [[resolve.forward]]\nzone = \".\"\nservers = [\"{}\"]\n",
        authority.address
    );
    let rule = "[school_rules]\nblock = [{ name = \"mirror.example\", reason = \"thi\", by = \"IT\" }]\n";
    let list = by_url("mirror", &url);
    school.config(None, &format!("{resolve}{rule}{list}insecure = true\n"));
    let server = school.serve();
    assert!(ask(server.address, "mirror.example", A).is_blocked(), "whoever asks it");
    school.wait_for_list("mirror");
    assert!(ask(server.address, "late.example", A).is_blocked());
}

#[test]
fn http_is_taken_only_where_the_list_says_so() {
    let school = School::new();
    let list = by_url("mirror", "http://mirror.truong.test/list.txt");
    school.config(None, &list);
    let output = lachan().args(["config", "check"]).arg(school.path("lachan.toml")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("insecure = true"), "{}", said(&output));
    school.config(None, &format!("{list}insecure = true\n"));
    let output = lachan().args(["config", "check"]).arg(school.path("lachan.toml")).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_list_whose_address_changed_is_fetched_at_the_reload() {
    let Some(authority) = Authority::start("") else { return };
    let one = Web::publishing("one.example\n", "\"same\"");
    let two = Web::publishing("two.example\n", "\"same\"");
    let school = School::new();
    school.config(Some(authority.address), &by_url("own", &one.url("one?key=s3cret")));
    let server = school.serve();
    school.wait_for_list("own");
    assert!(ask(server.address, "one.example", A).is_blocked());

    school.config(Some(authority.address), &by_url("own", &two.url("two")));
    school.run_ok(&["reload"]);
    let came = wait_for(|| {
        // An index is built when no other list has come for a moment; a look at the status takes some time.
        school.run(&["status"]);
        ask(server.address, "two.example", A).is_blocked().then_some(())
    });
    assert!(came.is_some(), "the new source is asked at once: {:?}", two.requests());
    assert!(!ask(server.address, "one.example", A).is_blocked());
    let asked = two.requests().concat().to_ascii_lowercase();
    assert!(!asked.contains("if-none-match"), "the old source's ETag means nothing here: {asked}");
    assert_eq!(status_of(&school, "own")["copy_from"], two.url("two"));
    // The copy of the config that passed last is the config, readable for the server alone.
    let is_config = |file: &PathBuf| file.starts_with(school.state().join("last-good"));
    for file in files(&school.state()).into_iter().filter(|file| !is_config(file)) {
        assert!(!String::from_utf8_lossy(&fs::read(&file).unwrap()).contains("s3cret"), "{}", file.display());
    }

    // An address that leads to a login page: the old copy stays, and status says from where it is.
    let portal = Web::start(|_| page("<!DOCTYPE html><html><p>Đăng nhập</p></html>", ""));
    school.config(Some(authority.address), &by_url("own", &portal.url("login")));
    school.run_ok(&["reload"]);
    let asked = wait_for(|| {
        (!portal.requests().is_empty()).then_some(()).or_else(|| {
            school.run(&["status"]);
            None
        })
    });
    assert!(asked.is_some());
    assert!(ask(server.address, "two.example", A).is_blocked());
    let status = status_of(&school, "own");
    assert_eq!((&status["copy_from"], &status["is_from_source"]), (&two.url("two").into(), &false.into()));
}

#[test]
fn what_a_teacher_writes_into_a_file_is_meant() {
    let Some(authority) = Authority::start("") else { return };
    let school = School::new();
    let file = school.write("own.txt", names(300));
    school.config(Some(authority.address), &by_file("own", &file));
    let server = school.serve();
    school.wait_for_list("own");
    assert!(ask(server.address, "n299.example", A).is_blocked());

    fs::write(&file, names(100)).unwrap();
    let told = school.run_ok(&["reload"]);
    assert!(told.contains("own") && told.contains("300") && told.contains("100"), "{told}");
    assert!(!ask(server.address, "n299.example", A).is_blocked());
    assert!(ask(server.address, "n99.example", A).is_blocked());

    // The same date in the header, other names.
    for (text, open) in
        [("# Version: 7\na.example\n", "b.example"), ("# Version: 7\nb.example\n", "a.example")]
    {
        fs::write(&file, text).unwrap();
        school.run_ok(&["reload"]);
        assert!(!ask(server.address, open, A).is_blocked(), "{text}");
    }
    assert!(ask(server.address, "b.example", A).is_blocked());

    // What cannot be a list is named, whoever asks, and the copy stays.
    fs::write(&file, "<html>\n").unwrap();
    for command in [&["reload"][..], &["lists", "update"]] {
        let output = school.run(command);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {}", said(&output));
        assert!(said(&output).contains("own: ") && said(&output).contains("bản cũ vẫn dùng"));
    }
    fs::remove_file(&file).unwrap();
    for command in [&["reload"][..], &["lists", "update"]] {
        let output = school.run(command);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {}", said(&output));
        assert!(
            said(&output).contains("own: ") && said(&output).contains("không có tệp"),
            "{}",
            said(&output)
        );
    }
    assert!(ask(server.address, "b.example", A).is_blocked());
    drop(server);

    // A config whose list file is missing is told of, and starts all the same.
    let output = lachan().args(["config", "check"]).arg(school.path("lachan.toml")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("own.txt"), "{}", said(&output));
    let server = school.serve();
    assert!(ask(server.address, "b.example", A).is_blocked());
}

#[test]
fn a_large_file_that_shrank_is_refused_until_somebody_accepts_it() {
    let school = School::new();
    let file = school.write("large.txt", names(3000));
    school.config(None, &by_file("large", &file));
    school.run_ok(&["lists", "update"]);
    fs::write(&file, names(1200)).unwrap();
    for command in [&["lists", "update"][..], &["lists", "compile"]] {
        let output = school.run(command);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {}", said(&output));
        assert!(said(&output).contains("lists accept large"), "{}", said(&output));
    }
    assert_eq!(status_of(&school, "large")["taken"], 3000);
    school.run_ok(&["lists", "accept", "large", "--why", "nguồn đã dọn"]);
    let taken = status_of(&school, "large");
    assert_eq!(taken["taken"], 1200);
    assert_eq!(taken["accepted"]["why"], "nguồn đã dọn", "{taken}");
    let output = school.run(&["lists", "accept", "nobody", "--why", "x"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
}

#[test]
fn a_change_of_how_a_list_is_read_takes_effect_at_the_reload() {
    let Some(authority) = Authority::start("") else { return };
    let school = School::new();
    let file = school.write("hosts.txt", "0.0.0.0 a.example\n");
    school.config(Some(authority.address), &by_file("own", &file));
    let server = school.serve();
    school.wait_for_list("own");
    assert!(!ask(server.address, "x.a.example", A).is_blocked());
    school.config(Some(authority.address), &(by_file("own", &file) + "match = \"subtree\"\n"));
    school.run_ok(&["reload"]);
    assert!(ask(server.address, "x.a.example", A).is_blocked());
}

#[test]
fn a_list_that_the_running_server_does_not_know_yet_is_named() {
    let Some(authority) = Authority::start("") else { return };
    let school = School::new();
    school.config(Some(authority.address), "");
    let _server = school.serve();
    let file = school.write("own.txt", "a.example\n");
    school.config(Some(authority.address), &by_file("own", &file));
    let output = school.run(&["lists", "update"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("own") && said(&output).contains("lachan reload"), "{}", said(&output));
    assert!(!said(&output).contains("không có danh sách nào"), "{}", said(&output));
}

#[test]
fn updates_of_one_list_at_the_same_time_do_not_get_in_each_others_way() {
    let web = Web::start(|_| page(&names(200), ""));
    let school = School::new();
    school.config(None, &by_url("own", &web.url("list")));
    let config = school.path("lachan.toml");
    let start = || {
        let mut command = lachan();
        command.args(["lists", "update", "--config"]).arg(&config);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let running: Vec<_> = (0..8).map(|_| start()).collect();
    for child in running {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    assert_eq!(status_of(&school, "own")["taken"], 200);
    let left: Vec<_> = files(&school.path("state/lists/own"));
    assert_eq!(left.len(), 3, "text, meta.json and lock: {left:?}");
}

#[test]
fn an_endless_answer_ends_and_the_numbers_of_status_add_up() {
    let web = Web::start(|request| match request.contains("/endless") {
        true => {
            [&b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"[..], &b"a.example\n".repeat(300_000)].concat()
        }
        false => page("||a.example^\n@@||b.a.example^\n||a.example^\nbad..name\n! c\n", ""),
    });
    let school = School::new();
    let lists = by_url("abp", &web.url("abp")) + &by_url("endless", &web.url("endless"));
    school.config(None, &format!("{lists}[lists]\nmax_size = \"1 MiB\"\n"));
    let output = school.run(&["lists", "update"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("endless: ") && said(&output).contains("max_size"), "{}", said(&output));
    let abp = status_of(&school, "abp");
    let count = |what: &str| abp[what].as_u64().unwrap();
    assert_eq!((count("lines"), count("taken"), count("excepted")), (5, 1, 1), "{abp}");
    let parts = ["taken", "excepted", "ignored", "refused", "rewrites"].map(count);
    assert_eq!(parts.iter().sum::<u64>(), count("entries"), "{abp}");
    let output = school.run(&["lists", "compile"]);
    assert_eq!(output.status.code(), Some(1), "a list is missing: {}", said(&output));
}

/// Sixty lists come within a moment: the server builds for all of them, not for each.
#[test]
fn a_first_start_with_many_lists_builds_a_few_indexes() {
    let Some(authority) = Authority::start("") else { return };
    let web = Web::start(|request| {
        let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
        page(&format!("{path}.example\n"), "")
    });
    let school = School::new();
    let lists: String =
        (0..60).map(|number| by_url(&format!("l{number}"), &web.url(&format!("n{number}")))).collect();
    let config = school.config(Some(authority.address), &lists);
    let mut command = lachan();
    command.arg("serve").arg("--log-json").arg("--config").arg(config);
    let (server, log) = Server::start_with_log(command);
    let all = wait_for(|| {
        let output = school.run(&["status", "--json"]);
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
        let lists = status["lists"].as_array()?;
        (0..60).all(|number| lists.iter().any(|list| list["id"] == format!("l{number}"))).then_some(())
    });
    assert!(all.is_some(), "all lists come into force");
    assert!(ask(server.address, "n59.example", A).is_blocked());
    assert!(server.stop().success());
    let built = log.join().unwrap().matches("index built").count();
    assert!((1..=10).contains(&built), "{built} indexes for sixty lists");
}
