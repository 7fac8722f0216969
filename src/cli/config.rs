//! `lachan config`: every mistake at once, each with its place; and what each code means.
//!
//! A list whose file is not there is no mistake, the server runs without it, but the exit code is 1.

use super::args::{ConfigCheckArgs, ConfigExplainArgs};
use super::out::{Ended, Failure, print_json};
use super::page::Page;
use super::place::{config_file, look};
use super::screen::Screen;
use crate::app::lists::missing_files;
use crate::config;
use crate::i18n::{Message, msg};

/// Checks a config file.
///
/// # Errors
/// Only if standard output fails.
pub fn check(args: &ConfigCheckArgs, screen: &Screen) -> Result<Ended, Failure> {
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
            let mut page = Page::new(screen);
            page.say(&msg!("config-well", file = file.as_path()));
            page.print()?;
            missing.iter().for_each(|warning| screen.complain(warning));
            Ok(if missing.is_empty() { Ended::Done } else { Ended::Refused })
        }
        Err(report) if args.json => {
            print_json(&report.json())?;
            Ok(Ended::Refused)
        }
        Err(report) => {
            eprint!("{}", report.render(look(), screen.lang, screen.columns));
            Ok(Ended::Refused)
        }
    }
}

/// Explains one code, or lists all of them with their first sentence.
///
/// # Errors
/// Only if standard output fails.
pub fn explain(args: &ConfigExplainArgs, screen: &Screen) -> Result<Ended, Failure> {
    let Some(code) = &args.code else {
        all(screen).print()?;
        return Ok(Ended::Done);
    };
    match config::explain::find(code) {
        Ok(explanation) => {
            let mut page = Page::new(screen);
            page.line(explanation.code);
            page.gap();
            page.paragraph(explanation.text(screen.lang));
            page.print()?;
            Ok(Ended::Done)
        }
        Err(meant) => {
            screen.complain(&match meant {
                Some(meant) => msg!("config-no-such-code-but", code = code, meant = meant),
                None => msg!("config-no-such-code", code = code),
            });
            Ok(Ended::Refused)
        }
    }
}

/// All codes with their first sentence.
fn all(screen: &Screen) -> Page<'_> {
    let mut rows: Vec<(String, String)> = Vec::new();
    for explanation in config::explain::all() {
        let first = explanation.text(screen.lang).split_inclusive(['.', ':']).next().unwrap_or_default();
        rows.push((explanation.code.into(), first.trim_end_matches(['.', ':']).into()));
    }
    let mut page = Page::new(screen);
    page.pairs(&rows);
    page.gap();
    page.say(&msg!("config-explain-how"));
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::screen::assert_reads_well;

    #[test]
    fn every_line_fits_and_is_in_one_language() {
        for screen in Screen::all() {
            assert_reads_well(&screen, &all(&screen).text());
        }
    }
}
