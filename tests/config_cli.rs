//! Mistakes in a config, as the person who made them sees them.

use std::path::{Path, PathBuf};

use crate::support::server::{School, lachan};

const FIVE: &str = r#"version = 1
[school]
nmae = "THCS Lá Chắn"
[[group]]
name = "Phòng máy 1"
tier = "lower_secundary"
from = ["10.10.1.0/24"]
[[group]]
name = "Phòng máy 2"
tier = "lower_secondary"
from = ["10.10.2.0/24", "10.10.2.300"]
[[group]]
name = "Phòng máy 3"
tier = "lower_secondary"
from = ["10.10.2.0/24"]
[[list]]
id = "x"
url = "https://lists.example/x.txt"
category = "gamblin"
"#;

#[test]
fn five_mistakes_are_five_located_errors_with_a_likely_fix() {
    let school = School::new();
    let file = school.write("five.toml", FIVE);
    let output = lachan().args(["config", "check"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    for (line, hint) in
        [(3, "name"), (6, "lower_secondary"), (11, "10.10.2.300"), (15, "Phòng máy 2"), (19, "gambling")]
    {
        assert!(text.contains(&format!("five.toml:{line}:")), "line {line}:\n{text}");
        assert!(text.contains(hint), "{hint}:\n{text}");
    }
    let json = lachan().args(["config", "check", "--json"]).arg(&file).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(report["mistakes"].as_array().unwrap().len(), 5, "{report}");
}

#[test]
fn the_environment_names_the_config_where_the_command_does_not() {
    let school = School::new();
    let (named, given) = (school.write("named.toml", FIVE), school.write("given.toml", "version = 1\n"));
    let check = |arguments: &[&Path]| {
        let output =
            lachan().args(["config", "check"]).args(arguments).env("LACHAN_CONFIG", &named).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (passed, said) = check(&[]);
    assert!(!passed && said.contains("named.toml:3:"), "{said}");
    assert_eq!(check(&[&given]), (true, String::new()));
    // Commands other than `config check` go by the same rule.
    let mut lists = lachan();
    lists.args(["lists", "status", "--state"]).arg(school.state()).env("LACHAN_CONFIG", &named);
    assert!(String::from_utf8_lossy(&lists.output().unwrap().stderr).contains("lachan config check"));
}

#[test]
fn every_config_that_we_ship_passes() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config");
    let examples = std::fs::read_dir(folder.join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let mut seen = 0;
    for file in examples
        .chain([folder.join("lachan.toml")])
        .filter(|file| file.extension().is_some_and(|ext| ext == "toml"))
    {
        let output = lachan().args(["config", "check"]).arg(&file).output().unwrap();
        assert!(output.status.success(), "{}:\n{}", file.display(), String::from_utf8_lossy(&output.stderr));
        seen += 1;
    }
    assert!(seen >= 3);
}

#[test]
fn each_code_that_a_report_shows_can_be_looked_up_where_the_program_is() {
    let explain = |code: &[&str]| {
        let output = lachan().args(["config", "explain"]).args(code).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let school = School::new();
    let file = school.write("five.toml", FIVE);
    let output = lachan().args(["config", "check"]).arg(&file).output().unwrap();
    let report = String::from_utf8(output.stderr).unwrap();
    assert!(report.contains("lachan config explain"), "{report}");
    let (_, all, _) = explain(&[]);
    let codes: Vec<&str> =
        report.split("error[").skip(1).filter_map(|part| Some(part.split_once(']')?.0)).collect();
    assert_eq!(codes.len(), 5, "{report}");
    for code in codes {
        let (ended, text, _) = explain(&[code]);
        assert!(ended == Some(0) && text.starts_with(code) && text.lines().count() > 2, "{code}: {text}");
        assert!(all.contains(code), "{code}: {all}");
    }
    let (ended, _, said) = explain(&["bad-nam"]);
    assert!(ended == Some(1) && said.contains("`bad-name`"), "{said}");
}

#[test]
fn a_pasted_address_of_a_page_is_looked_up_by_its_name() {
    let school = School::new();
    school.config(None, "");
    let compiled =
        lachan().args(["lists", "compile", "--config"]).arg(school.path("lachan.toml")).output().unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let check = |name: &str| {
        let mut command = lachan();
        command.args(["check", "--offline", name, "--config"]).arg(school.path("lachan.toml"));
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    for written in
        ["https://thu-chan.lachan.example/abc", "*.thu-chan.lachan.example", "thu-chan.lachan.example:443"]
    {
        let (ended, text, said) = check(written);
        assert_eq!(ended, Some(0), "{written}: {said}");
        assert!(text.starts_with("thu-chan.lachan.example A"), "{written}: {text}");
        assert!(said.contains("`thu-chan.lachan.example`") && said.contains(written), "{written}: {said}");
    }
    let (ended, text, said) = check("192.0.2.1");
    assert!(ended == Some(1) && text.is_empty() && said.contains("địa chỉ IP"), "{text}{said}");
}

/// A script answers the questions of `init`, and what it writes passes.
#[test]
fn a_script_can_answer_the_questions_of_init() {
    use std::io::Write;
    let school = School::new();
    let file = school.path("lachan.toml");
    let mut init = lachan();
    init.arg("init").arg(&file).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = init.spawn().unwrap();
    // The networks of the machine that the test runs on are offered first, each is declined; one of ours ends it.
    let answers = "vi\nTHCS Sơn Tây\ntrung hoc co so\n192.168.77.0/255.255.255.0\nPhòng máy\n\nxong\n\n\n0\n";
    child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let check = lachan().args(["config", "check"]).arg(&file).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    let text = std::fs::read_to_string(&file).unwrap();
    for part in ["THCS Sơn Tây", "lower_secondary", "Phòng máy", "192.168.77.0/24"] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
}

#[test]
fn wrong_use_is_exit_code_2_and_help_is_there_for_everything() {
    assert_eq!(lachan().arg("chekc").output().unwrap().status.code(), Some(2));
    for command in [
        &["serve"][..],
        &["init"],
        &["check"],
        &["config", "check"],
        &["config", "explain"],
        &["lists", "status"],
        &["lists", "update"],
        &["lists", "compile"],
        &["lists", "diff"],
        &["log"],
        &["log", "access"],
        &["status"],
        &["reload"],
    ] {
        let output = lachan().args(command).arg("--help").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains("Cách dùng: "), "{command:?}: {text}");
    }
}
