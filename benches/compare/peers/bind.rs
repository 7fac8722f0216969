//! BIND, blocking by a response policy zone.

use std::io;
use std::process::Command;

use super::super::place::Place;
use super::{Peer, Reload, command, rpz};

pub const BIND: Peer = Peer {
    title: "BIND",
    program: "named",
    version: "-v",
    blocks_by: "RPZ",
    keeps_connections: true,
    write_list: rpz::write,
    start,
    reload: Reload::Signal("SIGHUP"),
};

fn start(place: &Place) -> io::Result<Command> {
    let config = format!(
        "options {{\n directory \"{dir}\"; pid-file none; session-keyfile none;\n \
         listen-on port {port} {{ {ip}; }}; listen-on-v6 {{ none; }};\n \
         recursion yes; allow-recursion {{ 127.0.0.0/8; }}; dnssec-validation no; notify no;\n \
         max-cache-size 64m; empty-zones-enable no; forward only; forwarders {{ {up_ip} port {up_port}; }};\n \
         response-policy {{ zone \"rpz.\"; }} qname-wait-recurse no;\n}};\n\
         controls {{ }};\n\
         zone \"rpz.\" {{ type primary; file \"{zone}\"; allow-query {{ none; }}; }};\n",
        dir = place.folder.display(),
        ip = place.address.ip(),
        port = place.address.port(),
        up_ip = place.upstream.ip(),
        up_port = place.upstream.port(),
        zone = place.file(rpz::FILE),
    );
    place.write("named.conf", &config)?;
    let mut named = command("named");
    named.args(["-f", "-n", "1", "-c"]).arg(place.file("named.conf")).args(["-L"]).arg(place.file("log"));
    Ok(named)
}
