//! The command line: one file a subcommand, and what they share in printing and asking.
//!
//! Exit codes: 0 done, 1 refused or not found, 2 wrong use.

pub mod args;
mod check;
mod config;
mod init;
mod lists;
mod log;
pub mod out;
mod place;
mod reload;
mod serve;
mod status;

use std::process::ExitCode;

use args::{Args, Command, ConfigCommand, ListsCommand};
use clap::Parser;
use out::Ended;

use crate::config::Report;
use crate::control::client::AskError;

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let args = Args::parse();
    let ended = match args.command {
        Command::Serve(args) => serve::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Config(ConfigCommand::Check(args)) => config::check(&args),
        Command::Config(ConfigCommand::Explain(args)) => config::explain(&args),
        Command::Lists(ListsCommand::Status(args)) => lists::status(&args),
        Command::Lists(ListsCommand::Update(args)) => lists::update(&args),
        Command::Lists(ListsCommand::Compile(args)) => lists::compile(&args),
        Command::Lists(ListsCommand::Diff(args)) => lists::diff(&args),
        Command::Log(args) => log::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Reload(args) => reload::run(&args),
    };
    match ended {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Refused) => ExitCode::from(1),
        Err(failure) => {
            match failure.downcast_ref::<Report>() {
                // Drawn with colours of ours; what stands in the config is made fit to be shown there.
                Some(report) => eprint!("lachan:\n{}", report.render(place::look())),
                None => out::complain(&format!("lachan: {}", told(&failure))),
            }
            ExitCode::from(1)
        }
    }
}

/// A failure as the person at the terminal is told of it.
fn told(failure: &out::Failure) -> String {
    match failure.downcast_ref::<AskError>() {
        Some(AskError::NotAllowed { path, .. }) => place::no_right(path),
        Some(AskError::NotRunning { path, source }) => format!(
            "không thấy máy chủ nào đang chạy ở {0} / no server listens on {0}: {source}",
            path.display()
        ),
        _ => failure.to_string(),
    }
}
