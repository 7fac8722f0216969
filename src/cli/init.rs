//! `lachan init`: asks at the terminal, and writes the school's config.

use std::io::{self, BufRead, Write};
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;

use super::args::InitArgs;
use super::out::{Ended, Failure};
use super::page::Page;
use super::screen::Screen;
use super::wrap::wrap;
use crate::config::init::{Answerer, Error, Existing, Machine, interview, write};
use crate::config::{Context, Look};
use crate::i18n::{Message, msg};
use crate::sys::interfaces::{self, Attached};

/// Asks and writes.
///
/// # Errors
/// Answers that end too early, a file that is there already, a disk that says no.
pub fn run(args: &InitArgs, screen: &Screen) -> Result<Ended, Failure> {
    if args.file.exists() && !args.overwrite {
        // Before the first question, not after the last answer.
        screen.complain(&msg!("init-exists", file = args.file.as_path()));
        return Ok(Ended::Refused);
    }
    let folder = args.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let machine = Machine { networks: networks() };
    let context = Context::of_this_machine(folder);
    let text = interview(&mut Terminal { columns: screen.columns }, &context, &machine, screen.lang);
    let existing = if args.overwrite { Existing::Replace } else { Existing::Keep };
    let written = text.and_then(|text| write(&args.file, &text, existing));
    written.map_err(|error| told(error, screen))?;
    let file = args.file.display();
    let mut page = Page::new(screen);
    page.say(&msg!("init-written", file = args.file.as_path()));
    let check = (screen.say(&msg!("init-check")), format!("lachan config check {file}"));
    let serve = (screen.say(&msg!("init-serve")), format!("lachan serve --config {file}"));
    page.indented_pairs(&[check, serve]);
    page.print()?;
    Ok(Ended::Done)
}

/// Why nothing was written, as the person who answered is told.
fn told(error: Error, screen: &Screen) -> Message {
    match error {
        Error::Ended => msg!("init-ended"),
        Error::GaveUp(question) => msg!("init-gave-up", question = question),
        Error::Exists(path) => msg!("init-exists", file = path.as_path()),
        Error::Write { path, source } => {
            msg!("init-not-written", file = path.as_path(), error = &source)
        }
        Error::Refused(report) => {
            msg!("init-refused", report = report.render(Look::Plain, screen.lang, screen.columns))
        }
    }
}

/// Interfaces that lead nowhere but to this machine itself.
const INSIDE: [&str; 7] = ["lo", "docker", "br-", "veth", "virbr", "vnet", "cni"];

/// The networks that this machine is in. Where the system does not say, none: they can be typed.
fn networks() -> Vec<(String, IpNet)> {
    let mut networks: Vec<(String, IpNet)> = Vec::new();
    for Attached { interface, address, prefix_len } in interfaces::attached().unwrap_or_default() {
        let is_inside = INSIDE.iter().any(|prefix| interface.starts_with(prefix));
        let is_local = match address {
            IpAddr::V4(v4) => v4.is_link_local() || v4.is_loopback() || prefix_len == 32,
            IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_loopback() || prefix_len == 128,
        };
        let Ok(net) = IpNet::new(address, prefix_len) else { continue };
        let net = net.trunc();
        if !is_inside && !is_local && prefix_len > 0 && !networks.iter().any(|(_, other)| *other == net) {
            networks.push((interface, net));
        }
    }
    networks
}

/// The person at the terminal, or a script on standard input.
struct Terminal {
    columns: usize,
}

impl Answerer for Terminal {
    fn tell(&mut self, text: &str) {
        for line in wrap(text, self.columns, 0) {
            println!("{line}");
        }
    }

    fn ask(&mut self, question: &str, default: &str) -> Option<String> {
        let hint = if default.is_empty() { String::new() } else { format!(" [{default}]") };
        print!("{}: ", wrap(&format!("{question}{hint}"), self.columns.saturating_sub(2), 0).join("\n"));
        io::stdout().flush().ok()?;
        let mut answer = String::new();
        match io::stdin().lock().read_line(&mut answer) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(answer.trim().to_owned()),
        }
    }
}
