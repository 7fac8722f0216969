//! BIND.

use std::io;
use std::process::Command;

use super::{Place, Resolver};

pub const TITLE: &str = "BIND";

pub fn start(resolver: &Resolver, place: &Place<'_>) -> io::Result<Command> {
    let config = format!(
        "options {{\n directory \"{}\"; pid-file none; lock-file none; session-keyfile none;\n \
         listen-on port 5300 {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n \
         recursion yes; allow-recursion {{ 127.0.0.0/8; }}; dnssec-validation no; notify no;\n \
         max-cache-size 96m; empty-zones-enable no;\n}};\ncontrols {{ }};\n\
         zone \".\" {{ type hint; file \"{}\"; }};\n",
        place.folder.display(),
        place.hints.display(),
    );
    let mut command = Command::new(&resolver.program);
    command.args(["-f", "-n", "1", "-c"]).arg(place.write("named.conf", &config)?);
    command.arg("-L").arg(place.folder.join("log"));
    Ok(command)
}
