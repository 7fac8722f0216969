//! Octets that are no config: mistakes, never a panic, and an end.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::config::mistake::Notes;
use crate::config::mistake::{Code, Look, MISTAKES_MAX};
use crate::config::{Wrong, read_file, read_file_that_had_text, say};
use crate::i18n::Lang;
use crate::sys::whole::make_pipe;

#[test]
fn more_mistakes_than_can_be_told_are_counted() {
    let text: String = (0..MISTAKES_MAX * 2).map(|number| format!("zzz{number} = 1\n")).collect();
    let report = read(&text).unwrap_err();
    assert_eq!(report.mistakes().len(), MISTAKES_MAX);
    let values = (0..MISTAKES_MAX * 2).map(|_| "\"x\"").collect::<Vec<_>>().join(", ");
    let report = read(&format!("[access]\nallow = [{values}]")).unwrap_err();
    assert_eq!(report.mistakes().len(), MISTAKES_MAX);
    assert!(report.render(Look::Plain, Lang::En, 80).contains("100 more not told"));
}

#[test]
fn a_file_that_cannot_be_read_is_a_mistake_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lachan.toml");
    let code = |path: &std::path::Path| read_file(path).unwrap_err().mistakes()[0].code;
    assert_eq!(code(&path), Code::Unreadable);
    assert_eq!(code(folder.path()), Code::Unreadable);
    fs::write(&path, b"version = 1\n# \xff\n").unwrap();
    let report = read_file(&path).unwrap_err();
    assert_eq!(report.locate(&report.mistakes()[0].at).1, 2);
    fs::write(&path, "#".repeat(5 << 20)).unwrap();
    assert_eq!(code(&path), Code::Unreadable);
    fs::write(&path, "\u{feff}version = 1\n").unwrap();
    read_file(&path).unwrap();
}

#[test]
fn a_file_that_a_crash_emptied_or_zeroed_is_told_as_that_and_not_as_utf_16() {
    let folder = tempfile::tempdir().unwrap();
    let (path, policy) = (folder.path().join("lachan.toml"), folder.path().join("policy.toml"));
    let told = || {
        let report = read_file_that_had_text(&path).unwrap_err();
        (report.wrong(), report.mistakes()[0].told().text(Lang::En))
    };
    let zeros_within = [b"version = 1\n".as_slice(), &[0; 100]].concat();
    fs::write(&path, b"").unwrap();
    assert!(read_file(&path).is_ok(), "without anything known of it, the empty config means the defaults");
    for (octets, says) in [
        (&[][..], "empty"),
        (&[0; 5000], "zero octets"),
        (&zeros_within, "zero octets"),
        (b"v\0e\0r\0s\0i\0o\0n\0", "UTF-16"),
    ] {
        fs::write(&path, octets).unwrap();
        let (wrong, text) = told();
        assert!(text.contains(says), "{text}");
        assert_eq!(text.contains("UTF-16"), says == "UTF-16", "{text}");
        assert_eq!(wrong, Wrong::Unread);
    }
    fs::write(&path, "version = 1\n[policy]\nfile = \"policy.toml\"\n").unwrap();
    fs::write(&policy, [0; 5000]).unwrap();
    let (wrong, text) = told();
    assert!(text.contains("policy.toml") && text.contains("zero octets"), "{text}");
    assert_eq!(wrong, Wrong::Mistakes);
}

#[test]
fn a_file_that_this_user_may_not_read_is_told_with_whose_it_is_and_is_no_mistake_of_the_config() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lachan.toml");
    fs::write(&path, "").unwrap();
    let mut notes = Notes::default();
    let file = notes.sources.add("lachan.toml", "");
    let denied = std::io::ErrorKind::PermissionDenied.into();
    notes.note(say::unreadable(file.place(0..0), "lachan.toml", &path, &denied));
    let report = notes.refuse();
    assert_eq!((report.mistakes()[0].code, report.wrong()), (Code::NoRight, Wrong::NoRight));
    let text = report.mistakes()[0].told_with_fix().text(Lang::En);
    assert!(text.contains("(uid ") && text.contains("mode 06") && text.contains("chown"), "{text}");
    assert_eq!(report.unread().wrong(), Wrong::Unread);
}

#[test]
fn a_pipe_in_the_place_of_any_file_is_told_of_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (path, pipe) = (folder.path().join("lachan.toml"), folder.path().join("pipe"));
    make_pipe(&pipe);
    let told = |path: &std::path::Path| {
        let report = read_file(path).unwrap_err();
        (report.mistakes()[0].code, report.mistakes()[0].told().text(Lang::En))
    };
    let (code, text) = told(&pipe);
    assert_eq!(code, Code::Unreadable);
    assert!(text.contains("a pipe (FIFO)"), "{text}");
    for named in [
        "[policy]\nfile = \"pipe\"",
        "[resolve]\nroot_hints = \"pipe\"",
        "[resolve]\ntrust_anchors = \"pipe\"",
        "[resolve]\nca_file = \"pipe\"",
        "[lists]\nca_file = \"pipe\"",
        "[[local]]\nzone = \"a\"\nfile = \"pipe\"",
        "[[rpz]]\nzone = \"a\"\nprimaries = [\"192.0.2.1\"]\ntsig = { name = \"k\", secret_file = \"pipe\" }",
    ] {
        fs::write(&path, format!("version = 1\n{named}\n")).unwrap();
        let (code, text) = told(&path);
        assert_eq!(code, Code::Unreadable, "{named}: {text}");
        assert!(text.contains("a pipe (FIFO)"), "{named}: {text}");
    }
}

#[test]
fn deep_nesting_ends() {
    let deep = format!("a = {}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(!told(&deep).is_empty());
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(octets in prop::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&octets);
        if let Err(report) = read(&text) {
            let _ = (report.render(Look::Plain, Lang::Vi, 80), report.json());
        }
    }

    /// Pieces of a config in any order, with any value: what is torn apart is told or passes.
    #[test]
    fn no_config_like_text_makes_it_panic(
        lines in prop::collection::vec(
            (
                prop::sample::select(vec![
                    "[school]", "[[group]]", "[group]", "[[list]]", "[policy.tier.staff]", "[resolve]",
                    "[[resolve.forward]]", "[[local]]", "[[school_rules.allow]]", "[[school]]",
                    "name = ", "tier = ", "from = ", "blocked = ", "zone = ", "servers = ", "source = ",
                    "url = ", "mode = ", "level = ", "type = ", "data = ", "file = ", "every = ", "x = ",
                ]),
                prop::sample::select(vec![
                    "", "\"a\"", "[\"a\"]", "1", "true", "[", "\"", "{ name = \"a\" }", "[[1]]", "\"10.0.0.0/8\"",
                    "[\"10.0.0.1/8\"]", "\"primary\"", "# đ", "'ế", "\"\"\"\n", "1979-05-27", "inf", "\r",
                ]),
            ),
            0..14,
        )
    ) {
        let text: String = lines.iter().map(|(key, value)| format!("{key}{value}\n")).collect();
        if let Err(report) = read(&text) {
            let drawn = report.render(Look::Plain, Lang::Vi, 80);
            prop_assert!(drawn.matches("error[").count() == report.mistakes().len(), "{}", drawn);
        }
    }
}
