//! The command line: one file a subcommand, and what they share in printing and asking.
//!
//! Exit codes: 0 done, 1 refused or not found, 2 wrong use.

pub mod args;
mod brands;
mod catalogue;
mod check;
mod config;
mod help;
mod init;
mod lists;
mod log;
mod misuse;
pub mod out;
mod page;
mod place;
mod reload;
mod reply;
mod screen;
mod serve;
mod snapshot;
mod status;
mod table;
mod words;
mod wrap;

use std::process::ExitCode;

use args::{Args, Command, ConfigCommand, ListsCommand};
use clap::FromArgMatches;
use out::Ended;
use screen::Screen;

use crate::app::StartError;
use crate::config::Report;
use crate::control::client::AskError;
use crate::i18n::cause::cause_behind;
use crate::i18n::{Lang, Message, msg};
use crate::journal;

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let typed = help::lang_typed(std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()));
    let screen = &Screen::standard(Lang::choose(typed, |name| std::env::var(name).ok()));
    let typed = help::command(screen).try_get_matches();
    let args = typed.and_then(|typed| Args::from_arg_matches(&typed));
    let args = args.unwrap_or_else(|error| misuse::end(&error, screen));
    let ended = match args.command {
        Command::Serve(args) => serve::run(&args, screen),
        Command::Init(args) => init::run(&args, screen),
        Command::Check(args) => check::run(&args, screen),
        Command::Config(ConfigCommand::Check(args)) => config::check(&args, screen),
        Command::Config(ConfigCommand::Explain(args)) => config::explain(&args, screen),
        Command::Lists(ListsCommand::Status(args)) => lists::status(&args, screen),
        Command::Lists(ListsCommand::Update(args)) => lists::update(&args, screen),
        Command::Lists(ListsCommand::Accept(args)) => lists::accept(&args, screen),
        Command::Lists(ListsCommand::Compile(args)) => lists::compile(&args, screen),
        Command::Lists(ListsCommand::Brands(args)) => brands::run(&args, screen),
        Command::Lists(ListsCommand::Snapshot(args)) => snapshot::run(&args, screen),
        Command::Lists(ListsCommand::Diff(args)) => lists::diff(&args, screen),
        Command::Lists(ListsCommand::Catalogue(args)) => catalogue::catalogue(&args, screen),
        Command::Log(args) => log::run(&args, screen),
        Command::Status(args) => status::run(&args, screen),
        Command::Reload(args) => reload::run(&args, screen),
    };
    match ended {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Refused) => ExitCode::from(1),
        Err(failure) => {
            match failure.downcast_ref::<Report>() {
                // Drawn with colours of ours; what stands in the config is made fit to be shown there.
                Some(report) => {
                    eprint!("lachan:\n{}", report.render(place::look(), screen.lang, screen.columns))
                }
                None => screen.complain(&msg!("failed", what = told(&failure, screen))),
            }
            ExitCode::from(1)
        }
    }
}

/// A failure as the person at the terminal is told of it.
fn told(failure: &out::Failure, screen: &Screen) -> String {
    if let Some(message) = failure.downcast_ref::<Message>() {
        return screen.say(message);
    }
    if let Some(error) = failure.downcast_ref::<StartError>() {
        return screen.say(&error.tell());
    }
    if let Some(error) = failure.downcast_ref::<journal::store::Error>() {
        return screen.say(&error.tell());
    }
    let Some(error) = failure.downcast_ref::<AskError>() else {
        return cause_behind(&**failure).map_or_else(|| failure.to_string(), |cause| screen.say(&cause));
    };
    screen.say(&match error {
        AskError::NotAllowed { path, .. } => place::no_right(path),
        AskError::NotRunning { path, source } => {
            msg!("no-server", path = path.as_path(), error = source)
        }
        AskError::NoAnswer { path, source } => {
            msg!("no-answer", path = path.as_path(), error = source)
        }
    })
}
