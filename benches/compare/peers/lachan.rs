//! Lá Chắn with the configuration that is shipped, but for the upstream and one list: starter lists,
//! journal and everything else are on.

use std::io;
use std::process::Command;

use super::super::place::Place;
use super::{Peer, Reload};

pub const LACHAN: Peer = Peer {
    title: "Lá Chắn",
    program: env!("CARGO_BIN_EXE_lachan"),
    version: "--version",
    blocks_by: "index",
    keeps_connections: true,
    write_list: |place, names| {
        place.write_names("list.txt", "", names, |text, name| {
            *text += name;
            text.push('\n');
        })
    },
    start,
    reload: Reload::Command("`lachan reload`", |place| lachan(place, "reload")),
};

fn start(place: &Place) -> io::Result<Command> {
    let config = format!(
        "version = 1\n\
         [listen]\ndns = [\"{}\"]\n\
         [resolve]\nmode = \"forward\"\ndnssec = false\n\
         [[resolve.forward]]\nzone = \".\"\nservers = [\"{}\"]\n\
         [[list]]\nid = \"compared\"\nfile = \"{}\"\ncategory = \"gambling\"\nformat = \"plain\"\n\
         match = \"subtree\"\n\
         [state]\nfolder = \"{}\"\n",
        place.address,
        place.upstream,
        place.file("list.txt"),
        place.file("state"),
    );
    place.write("lachan.toml", &config)?;
    Ok(lachan(place, "serve"))
}

fn lachan(place: &Place, what: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lachan"));
    command.env("LACHAN_CONFIG", "").env("LACHAN_STATE", place.file("state"));
    command.env("LACHAN_LISTS_RECOMMENDED", "off");
    command.arg(what).arg("--config").arg(place.file("lachan.toml"));
    command
}
