//! `lachan config check`: every mistake at once, each with its place.

use super::args::ConfigCheckArgs;
use super::out::{Ended, Failure, print, print_json};
use super::place::{config_file, look};
use crate::config;

/// Checks a config file.
///
/// # Errors
/// Only if standard output fails.
pub fn check(args: &ConfigCheckArgs) -> Result<Ended, Failure> {
    let file = config_file(args.file.as_ref()).unwrap_or_else(|| "lachan.toml".into());
    match config::read_file(&file) {
        Ok(settings) if args.json => {
            print_json(&serde_json::json!({ "mistakes": [], "groups": settings.policy.groups.len() }))?;
            Ok(Ended::Done)
        }
        Ok(_) => {
            print(&format!("{0}: không có lỗi / {0}: no mistakes\n", file.display()))?;
            Ok(Ended::Done)
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
