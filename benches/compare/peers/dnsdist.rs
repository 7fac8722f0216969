//! dnsdist: no resolver, but what stands before one where speed counts. A packet cache, and a set of
//! suffixes that a rule looks names up in.

use std::io;
use std::process::Command;

use super::super::place::Place;
use super::{Peer, Reload, command};

pub const DNSDIST: Peer = Peer {
    title: "dnsdist",
    program: "dnsdist",
    version: "--version",
    blocks_by: "`SuffixMatchNodeRule`",
    keeps_connections: true,
    write_list: |place, names| {
        place.write_names("list.txt", "", names, |text, name| {
            *text += name;
            text.push('\n');
        })
    },
    start,
    reload: Reload::Restart("restart"),
};

fn start(place: &Place) -> io::Result<Command> {
    let config = format!(
        "setLocal('{}')\nsetACL('127.0.0.0/8')\nsetSecurityPollSuffix('')\n\
         newServer{{address='{}', healthCheckMode='up'}}\n\
         getPool(''):setCache(newPacketCache(100000, {{maxTTL=86400}}))\n\
         local names = newSuffixMatchNode()\n\
         for name in io.lines('{}') do names:add(newDNSName(name)) end\n\
         addAction(SuffixMatchNodeRule(names, true), SpoofAction('0.0.0.0'))\n",
        place.address,
        place.upstream,
        place.file("list.txt"),
    );
    place.write("dnsdist.conf", &config)?;
    let mut dnsdist = command("dnsdist");
    dnsdist.args(["--supervised", "--disable-syslog", "-C"]).arg(place.file("dnsdist.conf"));
    Ok(dnsdist)
}
