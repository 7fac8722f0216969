//! The upstream of all: NSD with a root zone of its own in which every name has one address. Whatever
//! a server asks for stays on this machine.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::process::{Process, program};
use super::{GENERATOR_CORE, generator};

/// Long enough to stay cached during the whole comparison.
const ZONE: &str = "\
$ORIGIN .
$TTL 86400
@ SOA ns.upstream. admin.upstream. 1 3600 600 86400 60
@ NS ns.upstream.
ns.upstream. A 127.0.0.1
*. A 198.51.100.7
";

/// How long it may take to start.
const START_MAX: Duration = Duration::from_secs(10);

pub struct Upstream {
    pub address: SocketAddr,
    _process: Process,
}

/// Starts it; without it there is nothing to compare.
pub fn start(work: &Path) -> Upstream {
    let folder = work.join("upstream");
    fs::create_dir_all(&folder).expect("a folder for the upstream");
    let address = super::place::address(0);
    let config = format!(
        "server:\n ip-address: {}@{}\n username: \"\"\n chroot: \"\"\n zonesdir: \"{dir}\"\n database: \"\"\n \
         pidfile: \"\"\n zonelistfile: \"{dir}/zone.list\"\n xfrdfile: \"\"\n xfrdir: \"{dir}\"\n \
         logfile: \"{dir}/log\"\n server-count: 1\n rrl-ratelimit: 0\n\
         remote-control:\n control-enable: no\n\
         zone:\n name: .\n zonefile: root.zone\n",
        address.ip(),
        address.port(),
        dir = folder.display(),
    );
    fs::write(folder.join("root.zone"), ZONE).expect("room for a zone");
    fs::write(folder.join("nsd.conf"), config).expect("room for a config");
    let mut command = Command::new(program("nsd").expect("nsd, which benches/compare/run installs"));
    command.arg("-d").arg("-c").arg(folder.join("nsd.conf"));
    let process = Process::start(&command, GENERATOR_CORE, &folder.join("out")).expect("nsd starts");
    let deadline = Instant::now() + START_MAX;
    while !answers(address) {
        assert!(Instant::now() < deadline, "the upstream does not answer");
    }
    Upstream { address, _process: process }
}

/// Whether it answers as it should.
pub fn answers(address: SocketAddr) -> bool {
    generator::ask(address, "any.zz").is_some_and(|answer| generator::has_upstream_address(&answer))
}
