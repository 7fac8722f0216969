//! dnsmasq, its list in the file of servers, which it reads again without a restart.

use std::io;
use std::process::Command;

use super::super::place::Place;
use super::{Peer, Reload, command};

pub const DNSMASQ: Peer = Peer {
    title: "dnsmasq",
    program: "dnsmasq",
    version: "--version",
    blocks_by: "`server=/…/` in a servers file",
    // It forks for each connection.
    keeps_connections: false,
    write_list: |place, names| {
        let upstream = format!("server={}#{}\n", place.upstream.ip(), place.upstream.port());
        place.write_names("servers.conf", &upstream, names, |text, name| {
            text.extend(["server=/", name, "/\n"]);
        })
    },
    start,
    reload: Reload::Signal("SIGHUP"),
};

fn start(place: &Place) -> io::Result<Command> {
    let config = format!(
        "keep-in-foreground\nuser=root\nno-resolv\nno-hosts\nno-poll\nbind-interfaces\nlisten-address={}\n\
         port={}\ncache-size=10000\ndns-forward-max=1000\npid-file\nlog-facility=-\nservers-file={}\n",
        place.address.ip(),
        place.address.port(),
        place.file("servers.conf"),
    );
    place.write("dnsmasq.conf", &config)?;
    let mut dnsmasq = command("dnsmasq");
    dnsmasq.arg(format!("--conf-file={}", place.file("dnsmasq.conf")));
    Ok(dnsmasq)
}
