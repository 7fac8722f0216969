//! Lá Chắn as shipped, with starter lists and journal, but for where it asks.

use std::io;
use std::process::Command;

use super::{ADDRESS, Place, Resolver};

pub const TITLE: &str = "Lá Chắn";

pub fn start(resolver: &Resolver, place: &Place<'_>) -> io::Result<Command> {
    let state = place.folder.join("state");
    let config = format!(
        "version = 1\n[listen]\ndns = [\"{ADDRESS}\"]\nworkers = 1\n[access]\nallow = [\"127.0.0.0/8\"]\n\
         [state]\nfolder = \"{}\"\n\
         [resolve]\nmode = \"recursive\"\ndnssec = false\nnever_ask = []\nrebinding = false\nroot_hints = \"{}\"\n",
        state.display(),
        place.hints.display(),
    );
    let config = place.write("lachan.toml", &config)?;
    let mut command = Command::new(&resolver.program);
    command.env("LACHAN_STATE", state).env("LACHAN_CONFIG", "").env("NO_COLOR", "1");
    command.arg("serve").arg("--config").arg(config);
    Ok(command)
}
