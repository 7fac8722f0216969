//! The command line with its help in one language.
//!
//! `args` says what may be typed; the texts are found by the names that stand there.

use clap::builder::Resettable;
use clap::{Arg, ArgAction, Command, CommandFactory};

use super::args::Args;
use super::screen::Screen;
use crate::i18n::{Lang, Message, msg};

/// The language that is asked for among what was typed: help is printed before the rest is read.
pub fn lang_typed(mut typed: impl Iterator<Item = String>) -> Option<Lang> {
    while let Some(word) = typed.next() {
        if let Some(id) = word.strip_prefix("--lang=") {
            return Lang::from_id(id);
        }
        if word == "--lang" {
            return typed.next().as_deref().and_then(Lang::from_id);
        }
    }
    None
}

/// The command line, with texts in the screen's language and as wide as it is.
pub fn command(screen: &Screen) -> Command {
    let command = Args::command().term_width(screen.columns).disable_help_subcommand(true);
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
    localised(command.disable_version_flag(true).arg(version), "lachan", screen)
}

fn localised(command: Command, path: &str, screen: &Screen) -> Command {
    let usage = screen.say(&msg!("help-usage"));
    let template = format!("{{about-with-newline}}\n{usage} {{usage}}\n\n{{all-args}}");
    let about = of(&[format!("help-{path}")], screen).unwrap_or_default();
    let long = of(&[format!("help-{path}-long")], screen).unwrap_or_else(|| about.clone());
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    command
        .about(about)
        .long_about(long)
        .help_template(template)
        .subcommand_help_heading(screen.say(&msg!("help-commands")))
        .disable_help_flag(true)
        .arg(help)
        .mut_args(|arg| described(arg, path, screen))
        .mut_subcommands(|command| {
            let path = format!("{path}-{}", command.get_name());
            localised(command, &path, screen)
        })
}

fn described(arg: Arg, path: &str, screen: &Screen) -> Arg {
    let ids = [format!("help-{path}--{}", arg.get_id()), format!("help-any--{}", arg.get_id())];
    let heading = if arg.is_positional() { msg!("help-arguments") } else { msg!("help-options") };
    let arg = arg
        .help(of(&ids, screen).unwrap_or_default())
        .long_help(Resettable::Reset)
        .help_heading(screen.say(&heading));
    match arg.get_action().takes_values() {
        // The texts have them, in the language.
        true => arg.hide_default_value(true).hide_possible_values(true).hide_env(true),
        false => arg,
    }
}

/// The first of these texts that there is.
fn of(ids: &[String], screen: &Screen) -> Option<String> {
    ids.iter().find_map(|id| Message::if_there(id)).map(|message| screen.say(&message))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli::screen::assert_reads_well;
    use crate::i18n::ids_with;

    /// All commands with their paths.
    fn each(command: &Command, path: &str, look: &mut dyn FnMut(&Command, &str)) {
        look(command, path);
        for inner in command.get_subcommands() {
            each(inner, &format!("{path}-{}", inner.get_name()), look);
        }
    }

    #[test]
    fn every_line_of_every_help_fits_and_is_in_one_language() {
        for screen in Screen::all() {
            let mut command = command(&screen);
            command.build();
            each(&command, "lachan", &mut |command, _| {
                for text in [command.clone().render_help(), command.clone().render_long_help()] {
                    let text = text.to_string();
                    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
                    assert_reads_well(&screen, &lines.join("\n"));
                }
            });
        }
    }

    #[test]
    fn everything_that_may_be_typed_has_a_text_and_no_text_is_for_nothing() {
        let screen = Screen { lang: Lang::Vi, columns: 80, colours: false };
        let mut unused: BTreeSet<String> = ids_with("help-");
        for id in ["usage", "commands", "arguments", "options"] {
            unused.remove(&format!("help-{id}"));
        }
        each(&command(&screen), "lachan", &mut |command, path| {
            assert!(Message::if_there(&format!("help-{path}")).is_some(), "{path}");
            unused.remove(&format!("help-{path}"));
            unused.remove(&format!("help-{path}-long"));
            for arg in command.get_arguments() {
                assert!(
                    arg.get_help().is_some_and(|help| !help.to_string().is_empty()),
                    "{path} {}",
                    arg.get_id()
                );
                let own = format!("help-{path}--{}", arg.get_id());
                if !unused.remove(&own) {
                    unused.remove(&format!("help-any--{}", arg.get_id()));
                }
            }
        });
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn the_language_is_known_before_the_rest_is_read() {
        let lang = |typed: &[&str]| lang_typed(typed.iter().map(|word| (*word).to_owned()));
        assert_eq!(lang(&["status", "--lang", "en", "--help"]), Some(Lang::En));
        assert_eq!(lang(&["--lang=vi"]), Some(Lang::Vi));
        assert_eq!(lang(&["--help"]), None);
        assert_eq!(lang(&["--lang"]), None);
    }
}
