//! `lachan init`: asks at the terminal, and writes the school's config.

use std::io::{self, BufRead, Write};
use std::path::Path;

use super::args::InitArgs;
use super::out::{Ended, Failure, print};
use crate::config::Context;
use crate::config::init::{Answerer, Existing, interview, write};

/// Asks and writes.
///
/// # Errors
/// Answers that end too early, a file that is there already, a disk that says no.
pub fn run(args: &InitArgs) -> Result<Ended, Failure> {
    if args.file.exists() && !args.overwrite {
        // Before the first question, not after the last answer.
        eprintln!(
            "{0} đã có; thêm --overwrite để ghi đè / {0} exists; add --overwrite to replace it",
            args.file.display()
        );
        return Ok(Ended::Refused);
    }
    let folder = args.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let text = interview(&mut Terminal, &Context::of_this_machine(folder))?;
    let existing = if args.overwrite { Existing::Replace } else { Existing::Keep };
    write(&args.file, &text, existing)?;
    let file = args.file.display();
    print(&format!(
        "đã viết / wrote {file}\n  kiểm tra / check:  lachan config check {file}\n  chạy / run:        lachan serve --config {file}\n"
    ))?;
    Ok(Ended::Done)
}

/// The person at the terminal, or a script on standard input.
struct Terminal;

impl Answerer for Terminal {
    fn tell(&mut self, text: &str) {
        println!("{text}");
    }

    fn ask(&mut self, question: &str, default: &str) -> Option<String> {
        let hint = if default.is_empty() { String::new() } else { format!(" [{default}]") };
        print!("{question}{hint}: ");
        io::stdout().flush().ok()?;
        let mut answer = String::new();
        match io::stdin().lock().read_line(&mut answer) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(answer.trim().to_owned()),
        }
    }
}
