//! Unbound, blocking by local zones or by a response policy zone.

use std::io;
use std::process::Command;

use super::super::place::Place;
use super::{Peer, Reload, command, rpz};

pub const LOCAL_ZONES: Peer = Peer {
    title: "Unbound, local zones",
    program: "unbound",
    version: "-V",
    blocks_by: "`local-zone … always_null`",
    keeps_connections: true,
    write_list: |place, names| {
        place.write_names("zones.conf", "server:\n", names, |text, name| {
            text.extend(["local-zone: \"", name, "\" always_null\n"]);
        })
    },
    start: |place| start(place, "iterator", &format!("include: \"{}\"\n", place.file("zones.conf"))),
    reload: Reload::Signal("SIGHUP"),
};

pub const RPZ: Peer = Peer {
    title: "Unbound, RPZ",
    program: "unbound",
    version: "-V",
    blocks_by: "RPZ",
    keeps_connections: true,
    write_list: rpz::write,
    start: |place| {
        let zone = format!("rpz:\n name: rpz\n zonefile: \"{}\"\n", place.file(rpz::FILE));
        start(place, "respip iterator", &zone)
    },
    reload: Reload::Command("`auth_zone_reload`", |place| {
        let mut control = command("unbound-control");
        control.arg("-c").arg(place.file("unbound.conf")).args(["auth_zone_reload", "rpz"]);
        control
    }),
};

fn start(place: &Place, modules: &str, blocking: &str) -> io::Result<Command> {
    let config = format!(
        "server:\n interface: {ip}\n port: {port}\n access-control: 127.0.0.0/8 allow\n num-threads: 1\n \
         do-not-query-localhost: no\n module-config: \"{modules}\"\n username: \"\"\n chroot: \"\"\n \
         directory: \"{dir}\"\n pidfile: \"\"\n use-syslog: no\n do-daemonize: no\n \
         msg-cache-size: 32m\n rrset-cache-size: 64m\n so-rcvbuf: 0\n incoming-num-tcp: 200\n\
         forward-zone:\n name: \".\"\n forward-addr: {upstream}\n\
         remote-control:\n control-enable: yes\n control-interface: \"{dir}/control\"\n\
         {blocking}",
        ip = place.address.ip(),
        port = place.address.port(),
        upstream = format_args!("{}@{}", place.upstream.ip(), place.upstream.port()),
        dir = place.folder.display(),
    );
    place.write("unbound.conf", &config)?;
    let mut unbound = command("unbound");
    unbound.arg("-d").arg("-c").arg(place.file("unbound.conf"));
    Ok(unbound)
}
