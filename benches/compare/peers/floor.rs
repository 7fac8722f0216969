//! The kernel floor: this program, sending back what it gets.

use std::process::Command;

use super::{Peer, Reload};

pub const FLOOR: Peer = Peer {
    title: "kernel floor",
    program: "",
    version: "",
    blocks_by: "",
    keeps_connections: true,
    write_list: |_, _| Ok(()),
    start: |place| {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("echo").arg(place.address.to_string());
        Ok(command)
    },
    reload: Reload::Restart(""),
};
