//! Knot Resolver, blocking by a response policy zone that it watches.

use std::io;
use std::process::Command;

use super::super::place::Place;
use super::{Peer, Reload, command, rpz};

pub const KNOT: Peer = Peer {
    title: "Knot Resolver",
    program: "kresd",
    version: "--version",
    blocks_by: "`policy.rpz`",
    keeps_connections: true,
    write_list: rpz::write,
    start,
    reload: Reload::Watches("it watches the file"),
};

fn start(place: &Place) -> io::Result<Command> {
    // Modules that would ask the outside by themselves are off.
    let config = format!(
        "net.listen('{ip}', {port})\ncache.size = 64 * MB\n\
         modules.unload('priming')\nmodules.unload('detect_time_skew')\nmodules.unload('ta_update')\n\
         modules.unload('ta_signal_query')\ntrust_anchors.remove('.')\n\
         policy.add(policy.rpz(policy.DENY, '{zone}', true))\n\
         policy.add(policy.all(policy.STUB('{up_ip}@{up_port}')))\n",
        ip = place.address.ip(),
        port = place.address.port(),
        up_ip = place.upstream.ip(),
        up_port = place.upstream.port(),
        zone = place.file(rpz::FILE),
    );
    place.write("kresd.conf", &config)?;
    let mut kresd = command("kresd");
    kresd.arg("-n").arg("-c").arg(place.file("kresd.conf")).arg(&place.folder);
    Ok(kresd)
}
