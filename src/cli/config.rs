//! `lachan config`: every mistake at once, each with its place; and what each code means.
//!
//! A list whose file is not there is no mistake, the server runs without it, but the exit code is 1.

use super::args::{ConfigCheckArgs, ConfigExplainArgs};
use super::out::{Ended, Failure, Table, complain, print, print_json};
use super::place::{config_file, look};
use crate::app::lists::missing_files;
use crate::config;
use crate::i18n::Message;

/// Checks a config file.
///
/// # Errors
/// Only if standard output fails.
pub fn check(args: &ConfigCheckArgs) -> Result<Ended, Failure> {
    let file = config_file(args.file.as_ref()).unwrap_or_else(|| "lachan.toml".into());
    match config::read_file(&file) {
        Ok(settings) if args.json => {
            let missing = missing_files(&settings);
            print_json(&serde_json::json!({
                "mistakes": [],
                "warnings": missing.iter().map(Message::both).collect::<Vec<_>>(),
                "groups": settings.policy.groups.len(),
            }))?;
            Ok(if missing.is_empty() { Ended::Done } else { Ended::Refused })
        }
        Ok(settings) => {
            let missing = missing_files(&settings);
            print(&format!("{0}: không có lỗi / {0}: no mistakes\n", file.display()))?;
            missing.iter().for_each(|warning| complain(&warning.both()));
            Ok(if missing.is_empty() { Ended::Done } else { Ended::Refused })
        }
        Err(report) if args.json => {
            print_json(&report.json())?;
            Ok(Ended::Refused)
        }
        Err(report) => {
            eprint!("{}", report.render(look()));
            Ok(Ended::Refused)
        }
    }
}

/// Explains one code, or lists all of them with their first sentence.
///
/// # Errors
/// Only if standard output fails.
pub fn explain(args: &ConfigExplainArgs) -> Result<Ended, Failure> {
    let Some(code) = &args.code else {
        let mut table = Table::new(&["mã / code", "nghĩa / meaning"]);
        for explanation in config::explain::all() {
            let first = explanation.text.split_inclusive(['.', ':']).next().unwrap_or_default();
            table.row(vec![explanation.code.into(), first.trim_end_matches(['.', ':']).into()]);
        }
        print(&format!("{}\nlachan config explain MÃ / CODE\n", table.render()))?;
        return Ok(Ended::Done);
    };
    match config::explain::find(code) {
        Ok(explanation) => {
            print(&format!("{}\n\n{}\n", explanation.code, explanation.text))?;
            Ok(Ended::Done)
        }
        Err(meant) => {
            let meant = meant
                .map(|meant| format!("; có phải ý bạn là / did you mean `{meant}`?"))
                .unwrap_or_default();
            complain(&format!("không có mã lỗi `{code}` / there is no code `{code}`{meant}"));
            Ok(Ended::Refused)
        }
    }
}
