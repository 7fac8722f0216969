//! `lachan init`: asks at the terminal, and writes the school's config.

use std::io::{self, BufRead, Write};
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;

use super::args::InitArgs;
use super::out::{Ended, Failure, complain, print};
use crate::config::Context;
use crate::config::init::{Answerer, Existing, Machine, interview, write};
use crate::sys::interfaces::{self, Attached};

/// Asks and writes.
///
/// # Errors
/// Answers that end too early, a file that is there already, a disk that says no.
pub fn run(args: &InitArgs) -> Result<Ended, Failure> {
    if args.file.exists() && !args.overwrite {
        // Before the first question, not after the last answer.
        complain(&format!(
            "{0} đã có; thêm --overwrite để ghi đè / {0} exists; add --overwrite to replace it",
            args.file.display()
        ));
        return Ok(Ended::Refused);
    }
    let folder = args.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let machine = Machine { networks: networks() };
    let text = interview(&mut Terminal, &Context::of_this_machine(folder), &machine)?;
    let existing = if args.overwrite { Existing::Replace } else { Existing::Keep };
    write(&args.file, &text, existing)?;
    let file = args.file.display();
    print(&format!(
        "đã viết / wrote {file}\n  kiểm tra / check:  lachan config check {file}\n  chạy / run:        lachan serve --config {file}\n"
    ))?;
    Ok(Ended::Done)
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
