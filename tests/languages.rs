//! Every command in each language, on a screen of 80 and of 60 columns.

use std::net::SocketAddr;
use std::process::Output;

use unicode_width::UnicodeWidthStr;

use crate::support::authority::free_address;
use crate::support::client::{Stream, ask, ask_from};
use crate::support::server::{School, flat, lachan, wait_for};

/// RR type A.
const A: u16 = 1;
const REFUSED: u16 = 5;
/// Commands that ask a running server and read what it keeps.
const COMMANDS: [&[&str]; 12] = [
    &["status"],
    &["check", "thu-chan.lachan.example"],
    &[
        "check",
        "https://www.a-quite-long-name-of-nobody.example/page",
        "--group",
        "Phòng máy 1",
        "--no-resolve",
    ],
    &["log"],
    &["log", "--totals"],
    &["log", "access"],
    &["log", "--group", "Phòng máy hai"],
    &["log", "--since", "hôm kia"],
    &["lists", "status", "--samples"],
    &["lists", "compile"],
    &["lists", "update"],
    &["reload"],
];

fn on_screen(lang: &str, columns: usize, run: impl FnOnce(&mut std::process::Command)) -> Output {
    let mut command = lachan();
    command.env("LACHAN_LANG", lang).env("COLUMNS", columns.to_string());
    run(&mut command);
    command.output().unwrap()
}

fn reads_well(output: &Output, columns: usize, what: &[&str]) {
    let text = String::from_utf8([output.stdout.as_slice(), &output.stderr].concat()).unwrap();
    assert!(!text.trim().is_empty(), "{what:?} prints nothing");
    for line in text.lines() {
        assert!(line.width() <= columns, "{what:?}, {} of {columns} columns: {line}\n{text}", line.width());
        assert!(!line.contains(" / "), "{what:?}, two languages: {line}\n{text}");
        assert!(!line.contains('\u{1b}'), "{what:?}, a colour in a pipe: {line}");
    }
}

#[test]
fn every_command_prints_one_language_and_fits_the_screen() {
    let school = School::new();
    let list = school.write("own.txt", "one.example\nbad..example\n");
    let config = format!(
        "[[group]]\nname = \"Phòng máy 1\"\ntier = \"lower_secondary\"\nfrom = [\"127.0.0.0/8\"]\n\
         [[list]]\nid = \"danh-sach-cua-truong\"\nfile = \"{}\"\ncategory = \"games\"\n",
        list.display()
    );
    school.config(None, &config);
    let server = school.serve();
    ask(server.address, "thu-chan.lachan.example", A);
    assert!(wait_for(|| (school.attempts_or_none()? > 0).then_some(())).is_some());
    school.wait_for_list("danh-sach-cua-truong");
    for lang in ["vi", "en"] {
        for columns in [80, 60] {
            for command in COMMANDS {
                let output = on_screen(lang, columns, |run| {
                    run.args(command).arg("--config").arg(school.path("lachan.toml"));
                });
                reads_well(&output, columns, command);
            }
        }
    }
}

#[test]
fn commands_that_need_no_server_print_one_language_and_fit_the_screen() {
    let school = School::new();
    let file = school.write("wrong.toml", "version = 1\n[school]\nnmae = \"THCS\"\nlevel = [\"thcs\"]\n");
    for lang in ["vi", "en"] {
        for columns in [80, 60] {
            for command in
                [&["config", "explain"][..], &["config", "explain", "bad-name"], &["status"], &["--help"]]
            {
                let output = on_screen(lang, columns, |run| {
                    run.args(command).env("LACHAN_STATE", school.state());
                });
                reads_well(&output, columns, command);
            }
            let output = on_screen(lang, columns, |run| {
                run.args(["config", "check"]).arg(&file);
            });
            reads_well(&output, columns, &["config", "check"]);
        }
    }
}

#[test]
fn the_option_goes_before_the_environment() {
    let said = |args: &[&str], lang: &str| {
        let output = lachan().args(args).env("LACHAN_LANG", lang).output().unwrap();
        flat(&[output.stdout.as_slice(), &output.stderr].concat())
    };
    assert!(said(&["config", "explain", "x", "--lang", "en"], "vi").contains("there is no code `x`"));
    assert!(said(&["--lang=vi", "config", "explain", "x"], "en").contains("không có mã lỗi `x`"));
    assert!(said(&["log", "access", "--help", "--lang", "en"], "vi").contains("Usage: "));
    assert!(said(&["--lang", "en", "log", "access", "--help"], "vi").contains("Usage: "));
}

/// Names, each of which gets an Extended DNS Error for a reason of its own.
const WITH_A_REASON: [(&str, &str); 5] = [
    ("thu-chan.lachan.example", "a category"),
    ("web.archive.org", "a service"),
    ("game.example", "a school rule"),
    ("zone.example", "a policy zone"),
    ("nobody-answers.example", "a failed resolution"),
];

/// Every text that a client is sent, with what it is about. Each name is asked for twice, so that the packet cache has
/// its part.
fn reasons_sent(server: SocketAddr) -> Vec<(&'static str, String)> {
    let mut sent = Vec::new();
    for (number, (name, what)) in WITH_A_REASON.into_iter().enumerate() {
        for _ in 0..2 {
            let answer = ask_from(&format!("127.0.0.{}", number + 2), server, name, A);
            assert!(!answer.errors.is_empty(), "{what}: {answer:?}");
            sent.extend(answer.errors.into_iter().map(|(_, text)| (what, text)));
        }
    }
    let mut stream = Stream::open_from("127.0.0.9", server);
    let over_rate = (0..20).map(|_| stream.ask("game.example", A)).find(|answer| answer.rcode == REFUSED);
    sent.push(("a rate", over_rate.expect("too fast").errors[0].1.clone()));
    sent
}

#[test]
fn reasons_are_sent_in_the_language_of_the_school_also_after_a_reload() {
    let school = School::new();
    let zone = school.write("zone", "@ SOA ns admin 1 60 60 60 60\n@ NS ns\nzone.example CNAME .\n");
    let address = free_address();
    let config = |language: &str| {
        let config = format!(
            "[school]\n{language}\n[access]\nrate = 1\n[school_rules]\n\
             block = [{{ name = \"game.example\", reason = \"thi\", by = \"IT\" }}]\n\
             [[group]]\nname = \"6A\"\ntier = \"lower_secondary\"\nfrom = [\"127.0.0.0/8\"]\n\
             [[rpz]]\nzone = \"rpz.example\"\nfile = \"{}\"\n[listen]\ndns = [\"{address}\"]\n",
            zone.display()
        );
        school.config(Some(free_address()), &config);
    };
    config("");
    let server = school.serve();
    for (what, text) in reasons_sent(server.address) {
        assert!(!text.is_ascii() && !text.contains(" / "), "{what}: Vietnamese, not {text:?}");
    }
    config("language = \"en\"");
    school.run_ok(&["reload"]);
    for (what, text) in reasons_sent(server.address) {
        assert!(!text.is_empty() && text.is_ascii(), "{what}: English, not {text:?}");
    }
}
