//! Unbound.

use std::io;
use std::process::Command;

use super::{Place, Resolver};

pub const TITLE: &str = "Unbound";

pub fn start(resolver: &Resolver, place: &Place<'_>) -> io::Result<Command> {
    let config = format!(
        "server:\n interface: 127.0.0.1\n port: 5300\n access-control: 127.0.0.0/8 allow\n num-threads: 1\n \
         module-config: \"iterator\"\n root-hints: \"{}\"\n username: \"\"\n chroot: \"\"\n directory: \"{}\"\n \
         pidfile: \"\"\n use-syslog: no\n do-daemonize: no\n msg-cache-size: 32m\n rrset-cache-size: 64m\n\
         remote-control:\n control-enable: no\n",
        place.hints.display(),
        place.folder.display(),
    );
    let mut command = Command::new(&resolver.program);
    command.arg("-d").arg("-c").arg(place.write("unbound.conf", &config)?);
    Ok(command)
}
