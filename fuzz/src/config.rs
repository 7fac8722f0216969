//! A config and the policy file beside it.
//!
//! Either settings or all mistakes, each in its place and drawn; the same again when read again. Settings
//! that passed make a policy.

use std::fs;

use lachan::config::mistake::MISTAKES_MAX;
use lachan::config::{Context, Look, Report, Settings, read_file, read_text};
use lachan::i18n::Lang;
use tempfile::TempDir;

/// What parts the config from the policy file's text; no TOML has it.
const BETWEEN: u8 = 0;

/// The config's octets, a zero octet, the policy file's.
pub fn check(octets: &[u8]) {
    thread_local!(static FOLDER: TempDir = tempfile::tempdir().expect("a folder of our own"));
    FOLDER.with(|folder| {
        let (config, policy) = match octets.iter().position(|octet| *octet == BETWEEN) {
            Some(at) => (&octets[..at], &octets[at + 1..]),
            None => (octets, &[][..]),
        };
        fs::write(folder.path().join("policy.toml"), policy).expect("room on the disk");
        let context = Context {
            folder: folder.path().to_owned(),
            state: "/state".into(),
            stand_ins: Default::default(),
        };
        let read = || match std::str::from_utf8(config) {
            Ok(text) => read_text("lachan.toml", text, &context),
            Err(_) => {
                let path = folder.path().join("lachan.toml");
                fs::write(&path, config).expect("room on the disk");
                read_file(&path)
            }
        };
        match (read(), read()) {
            (Ok(settings), Ok(again)) => hold_settings(&settings, &again),
            (Err(report), Err(again)) => hold_report(&report, &again, [config, policy]),
            _ => panic!("settings once and mistakes once"),
        }
    });
}

fn hold_settings(settings: &Settings, again: &Settings) {
    assert_eq!(format!("{settings:?}"), format!("{again:?}"));
    assert!(!settings.serve.dns.is_empty(), "a server that listens nowhere");
    assert!(settings.state.is_absolute() || settings.state.starts_with("."));
}

fn hold_report(report: &Report, again: &Report, texts: [&[u8]; 2]) {
    let mistakes = report.mistakes();
    assert!((1..=MISTAKES_MAX).contains(&mistakes.len()));
    let lines = texts.map(|text| text.iter().filter(|octet| **octet == b'\n').count() + 1);
    for mistake in mistakes {
        let (file, line, column) = report.locate(&mistake.at);
        assert!(!file.is_empty() && line >= 1 && column >= 1);
        assert!(line <= lines.into_iter().max().unwrap_or(1), "line {line}");
        assert!(!mistake.what.vi.is_empty() && !mistake.what.en.is_empty());
    }
    let drawn = report.render(Look::Plain, Lang::Vi, 80);
    let heads = drawn.matches("error[").count();
    assert!(heads >= mistakes.len(), "{heads} of {} mistakes are drawn\n{drawn}", mistakes.len());
    assert_eq!(drawn, again.render(Look::Plain, Lang::Vi, 80));
    assert!(report.render(Look::Colours, Lang::Vi, 80).len() >= drawn.len());
    assert_eq!(report.json()["mistakes"].as_array().map(Vec::len), Some(mistakes.len()));
}

/// The shipped files, the examples, and a config with a mistake of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let policy = lachan::config::DEFAULT_POLICY.as_bytes();
    let with = |text: &[u8]| [text, &[BETWEEN], policy].concat();
    let shipped =
        [lachan::config::DEFAULT_CONFIG.as_bytes().to_vec(), with(b"[policy]\nfile = \"policy.toml\"\n")];
    let own = super::texts("config");
    [
        super::files(&super::repository().join("config/examples")),
        own.iter().map(|text| with(text)).collect(),
        own,
        shipped.to_vec(),
    ]
    .concat()
}
