//! Lists on the command line: every line accounted for, accidents refused, indexes compared.

use std::fs;
use std::path::Path;

use lachan::filter::Index;

use crate::support::client::ask;
use crate::support::server::{School, flat, lachan};
use crate::support::{shared, unpack};

fn list(id: &str, file: &str, category: &str) -> String {
    format!("[[list]]\nid = \"{id}\"\nfile = \"{file}\"\ncategory = \"{category}\"\n")
}

#[test]
fn every_line_of_a_list_is_accounted_for() {
    let school = School::new();
    let text = "# comment\ngood.example\nGOOD.example\nbad..example\ncom\n192.0.2.1\nhttps://moet.gov.vn\nlate.example # why\n";
    let file = school.write("mixed.txt", text);
    school.config(None, &list("mixed", file.to_str().unwrap(), "games"));
    school.run_ok(&["lists", "compile"]);
    let status: serde_json::Value =
        serde_json::from_str(&school.run_ok(&["lists", "status", "--json"])).unwrap();
    let lists = status["lists"].as_array().unwrap();
    let mixed = lists.iter().find(|list| list["id"] == "mixed").unwrap();
    let count = |what: &str| mixed[what].as_u64().unwrap();
    assert_eq!(count("lines"), 8, "{mixed}");
    assert_eq!(count("taken"), 2, "{mixed}");
    assert_eq!(count("taken") + count("ignored") + count("refused") + count("rewrites"), 8, "{mixed}");
    let text = school.run_ok(&["lists", "status", "--samples"]);
    assert!(text.contains("bad..example"), "{text}");
    assert!(lists.iter().any(|list| list["id"] == "starter-gambling" && list["taken"].as_u64() > Some(100)));
}

#[test]
fn an_index_is_compiled_and_compared() {
    let school = School::new();
    let file = school.write("a.txt", "one.example\ntwo.example\n");
    school.config(None, &list("a", file.to_str().unwrap(), "games"));
    let (old, new) = (school.path("old.index"), school.path("new.index"));
    school.run_ok(&["lists", "compile", "--output", old.to_str().unwrap()]);
    fs::write(&file, "two.example\nthree.example\n").unwrap();
    let patterns = school.write("b.txt", "||ads*.banner-tracker.example^\n");
    school.config(
        None,
        &(list("a", file.to_str().unwrap(), "games") + &list("b", patterns.to_str().unwrap(), "ads")),
    );
    let summary = school.run_ok(&["lists", "compile", "--json", "--output", new.to_str().unwrap()]);
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert!(summary["names"].as_u64() > Some(4000), "{summary}");
    let diff = lachan().args(["lists", "diff", "--json"]).args([&old, &new]).output().unwrap();
    let diff: serde_json::Value = serde_json::from_slice(&diff.stdout).unwrap();
    let mut added: Vec<&str> =
        diff["names"]["added_samples"].as_array().unwrap().iter().filter_map(|name| name.as_str()).collect();
    added.sort_unstable();
    assert_eq!(added, ["three.example", "||ads*.banner-tracker.example^"]);
    assert_eq!(diff["names"]["removed_samples"], serde_json::json!(["one.example"]));
    let missing = lachan().args(["lists", "diff"]).args([&old, &school.path("none")]).output().unwrap();
    assert_eq!(missing.status.code(), Some(1));
}

/// A list's rules go into the index as its reading for the gate left them; read once more, they are the same.
#[test]
fn a_list_just_read_makes_the_same_index_as_its_kept_copy() {
    let school = School::new();
    let mut text = String::from("||parent.example^\n@@||open.parent.example^\n||off.example^$badfilter\n");
    for number in 0..30_000 {
        let name = format!("{number}.{}.example", ["parent", "open.parent", "off", "other"][number % 4]);
        text += &format!("||{name}^{}\n", if number % 7 == 0 { "$important" } else { "" });
    }
    text += "||off.example^\n||1.open.parent.example^\n";
    let file = school.write("a.txt", text);
    school.config(None, &(list("a", file.to_str().unwrap(), "games") + "format = \"abp\"\n"));
    let (fresh, again) = (school.path("fresh.index"), school.path("again.index"));
    for index in [&fresh, &again] {
        school.run_ok(&["lists", "compile", "--output", index.to_str().unwrap()]);
    }
    let rules = |path: &Path| {
        let index = Index::open(path).unwrap();
        let number = index.lists().iter().position(|list| list.id == "a").unwrap();
        let mut rules: Vec<String> = index.rules_of(number as u16).map(|rule| format!("{rule:?}")).collect();
        rules.sort();
        rules
    };
    let (fresh, again) = (rules(&fresh), rules(&again));
    assert!(fresh.len() > 20_000 && fresh.iter().any(|rule| rule.contains("Except")), "{}", fresh.len());
    assert_eq!(fresh, again);
}

/// Real accidents: the last version of each series is the one that must not come into force.
#[test]
fn lists_that_collapsed_upstream_leave_the_last_good_copy_in_force() {
    let Some(updates) = shared("updates") else { return };
    for series in [
        "blocklistproject-gambling-2026-collapse",
        "ut1-malware-2020-to-zero",
        "ut1-malware-2025-partial-collapse",
    ] {
        let mut versions: Vec<_> =
            fs::read_dir(updates.join(series)).unwrap().map(|entry| entry.unwrap().path()).collect();
        versions.sort();
        let texts: Vec<Vec<u8>> = versions.iter().map(|file| unpack(file)).collect();
        // The accident is the smallest version; what stands before it is good.
        let accident = texts.iter().enumerate().min_by_key(|(_, text)| text.len()).unwrap().0;
        let school = School::new();
        let file = school.write("list.txt", &texts[0]);
        school.config(None, &list("real", file.to_str().unwrap(), "malware"));
        for text in &texts[..accident] {
            fs::write(&file, text).unwrap();
            school.run_ok(&["lists", "compile"]);
        }
        let before = taken(&school);
        fs::write(&file, &texts[accident]).unwrap();
        let output = school.run(&["lists", "compile"]);
        let told = flat(&output.stderr);
        assert!(told.contains("bản cũ vẫn dùng"), "{series}: {told}");
        assert_eq!(taken(&school), before, "{series}");
        assert!(before > 1000, "{series}: {before}");
    }
}

fn taken(school: &School) -> u64 {
    let status: serde_json::Value =
        serde_json::from_str(&school.run_ok(&["lists", "status", "--json"])).unwrap();
    let lists = status["lists"].as_array().unwrap();
    lists.iter().find(|list| list["id"] == "real").unwrap()["taken"].as_u64().unwrap()
}

/// What a label is taken for a bookmaker's for, and what was caught by it, for a person to judge.
#[test]
fn brands_are_shown_with_what_they_were_learned_from_and_what_they_caught() {
    let school = School::new();
    let file = school.write("local.txt", "listed.example\n");
    school.config(None, &list("own", file.to_str().unwrap(), "gambling"));
    school.run_ok(&["lists", "compile"]);
    let json = |args: &[&str]| -> serde_json::Value { serde_json::from_str(&school.run_ok(args)).unwrap() };
    let brands = json(&["lists", "brands", "--json"]);
    let brands = brands["brands"].as_array().unwrap();
    assert!(brands.len() > 100, "{}", brands.len());
    assert!(brands.iter().all(|brand| brand["names"].as_array().unwrap().len() > 1));
    let status = json(&["lists", "status", "--json"]);
    assert_eq!(status["brands"]["count"].as_u64(), Some(brands.len() as u64));
    assert_eq!(status["brands"]["learned_from"], serde_json::json!(["starter-gambling"]));
    let of_name = json(&["lists", "brands", "gemwin.xyzabc", "--json"]);
    assert_eq!(of_name["brand"], "gemwin");
    assert!(school.run_ok(&["lists", "brands", "GEMWIN"]).contains("gemwin."));
    assert!(!school.run(&["lists", "brands", "moet.gov.vn"]).status.success());

    let server = school.serve();
    for name in ["gemwin.xyzabc", "gemwin.xyzabc", "listed.example"] {
        assert!(ask(server.address, name, 1).is_blocked(), "{name}");
    }
    assert!(server.stop().success(), "what was asked is stored");
    let caught = json(&["lists", "brands", "--caught", "--since", "1h", "--json"]);
    let expected = serde_json::json!([{ "name": "gemwin.xyzabc", "brand": "gemwin", "attempts": 2 }]);
    assert_eq!(caught["caught"], expected);
    assert!(school.run_ok(&["log", "--totals"]).contains("brand-gambling"));
}
