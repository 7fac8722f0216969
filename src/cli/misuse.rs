//! What was typed wrongly, as the person who typed it is told.

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::screen::Screen;
use crate::i18n::{Message, msg};

/// Exit code of wrong use.
const WRONG_USE: i32 = 2;

/// Says what is wrong and ends the program; help and version are printed where they were asked for.
pub fn end(error: &Error, screen: &Screen) -> ! {
    let Some(message) = message(error) else { error.exit() };
    screen.complain(&msg!("failed", what = message));
    screen.complain(&msg!("misuse-help"));
    std::process::exit(WRONG_USE)
}

/// The sentence; none for what clap prints itself.
fn message(error: &Error) -> Option<Message> {
    let of = |kind: ContextKind| error.get(kind).map(words).filter(|words| !words.is_empty());
    let (arg, value) = (of(ContextKind::InvalidArg), of(ContextKind::InvalidValue));
    let meant = of(ContextKind::SuggestedSubcommand)
        .or(of(ContextKind::SuggestedArg))
        .or(of(ContextKind::SuggestedValue));
    let what = match error.kind() {
        ErrorKind::InvalidSubcommand => msg!("misuse-command", word = of(ContextKind::InvalidSubcommand)?),
        ErrorKind::UnknownArgument => msg!("misuse-unknown", word = arg?),
        ErrorKind::MissingRequiredArgument => msg!("misuse-missing", word = arg?),
        ErrorKind::InvalidValue if value.is_none() => msg!("misuse-no-value", word = arg?),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => match of(ContextKind::ValidValue) {
            Some(valid) => msg!("misuse-value-of", word = arg?, value = value?, valid = valid),
            None => msg!("misuse-value", word = arg?, value = value?),
        },
        ErrorKind::ArgumentConflict => {
            msg!("misuse-conflict", word = arg?, other = of(ContextKind::PriorArg)?)
        }
        _ => return None,
    };
    Some(match meant {
        Some(meant) => msg!("mistake-but", what = what, meant = msg!("mistake-meant", word = meant)),
        None => what,
    })
}

fn words(value: &ContextValue) -> String {
    match value {
        ContextValue::String(word) => word.clone(),
        ContextValue::Strings(words) => words.join(", "),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help::command;
    use crate::i18n::Lang;

    #[test]
    fn what_was_typed_wrongly_is_told_in_the_language_of_the_screen() {
        for screen in Screen::all() {
            for (typed, vi, en) in [
                (
                    "chekc",
                    "không có lệnh `chekc`; có phải ý bạn là `check`?",
                    "there is no command `chekc`; did you mean `check`?",
                ),
                (
                    "status --jsno",
                    "không có `--jsno`; có phải ý bạn là `--json`?",
                    "there is no `--jsno`; did you mean `--json`?",
                ),
                ("check", "thiếu <NAME>", "<NAME> is missing"),
                (
                    "log --format xml",
                    "`xml` không dùng được cho `--format <FORMAT>`: table, csv, json",
                    "`xml` cannot be used for `--format <FORMAT>`: table, csv, json",
                ),
                (
                    "log --limit x",
                    "`x` không dùng được cho `--limit <LIMIT>`",
                    "`x` cannot be used for `--limit <LIMIT>`",
                ),
                (
                    "check x --offline --resolve",
                    "`--offline` không đi cùng `--resolve`",
                    "`--offline` does not go with `--resolve`",
                ),
            ] {
                let words = std::iter::once("lachan").chain(typed.split(' '));
                let error = command(&screen).try_get_matches_from(words).unwrap_err();
                let told = screen.say(&message(&error).unwrap());
                assert_eq!(told, if screen.lang == Lang::Vi { vi } else { en }, "{typed}");
            }
            let help = command(&screen).try_get_matches_from(["lachan", "--help"]).unwrap_err();
            assert_eq!(message(&help), None);
        }
    }
}
