//! PowerDNS Recursor, blocking by a response policy zone.

use std::io;
use std::process::Command;

use super::super::place::Place;
use super::{Peer, Reload, command, rpz};

pub const RECURSOR: Peer = Peer {
    title: "PowerDNS Recursor",
    program: "pdns_recursor",
    version: "--version",
    blocks_by: "RPZ",
    keeps_connections: true,
    write_list: rpz::write,
    start,
    reload: Reload::Command("`rec_control reload-lua-config`", |place| {
        let mut control = command("rec_control");
        control.arg(format!("--config-dir={}", place.folder.display()));
        control.arg(format!("--socket-dir={}", place.folder.display()));
        // It waits for the whole load.
        control.args(["--timeout=90", "reload-lua-config"]);
        control
    }),
};

fn start(place: &Place) -> io::Result<Command> {
    let dir = place.folder.display();
    place.write("rpz.lua", &format!("rpzFile(\"{}\", {{policyName=\"rpz\"}})\n", place.file(rpz::FILE)))?;
    let config = format!(
        "local-address={}\nlocal-port={}\nallow-from=127.0.0.0/8\ndont-query=\ndnssec=off\n\
         forward-zones-recurse=.={}\nhint-file=no\nsecurity-poll-suffix=\nthreads=1\n\
         pdns-distributes-queries=no\nlua-config-file={dir}/rpz.lua\nsocket-dir={dir}\n\
         write-pid=no\nquiet=yes\nloglevel=3\ndaemon=no\nstats-ringbuffer-entries=0\n",
        place.address.ip(),
        place.address.port(),
        place.upstream,
    );
    place.write("recursor.conf", &config)?;
    let mut recursor = command("pdns_recursor");
    recursor.arg(format!("--config-dir={dir}"));
    Ok(recursor)
}
