//! PowerDNS Recursor.

use std::io;
use std::process::Command;

use super::{Place, Resolver};

pub const TITLE: &str = "PowerDNS Recursor";

pub fn start(resolver: &Resolver, place: &Place<'_>) -> io::Result<Command> {
    let folder = place.folder.display();
    let config = format!(
        "local-address=127.0.0.1\nlocal-port=5300\nallow-from=127.0.0.0/8\ndont-query=\ndnssec=off\nhint-file={}\n\
         security-poll-suffix=\nthreads=1\npdns-distributes-queries=no\nsocket-dir={folder}\nwrite-pid=no\n\
         quiet=yes\nloglevel=3\ndaemon=no\nstats-ringbuffer-entries=0\n",
        place.hints.display(),
    );
    place.write("recursor.conf", &config)?;
    let mut command = Command::new(&resolver.program);
    command.arg(format!("--config-dir={folder}"));
    Ok(command)
}
