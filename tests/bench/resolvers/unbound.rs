//! Unbound.

use std::path::Path;
use std::process::Command;

use super::super::script::Minimise;
use super::clock::Clocks;
use super::{ADDRESS, Cannot, Plan, Setup};

pub fn plan(setup: &Setup<'_>, program: &Path) -> Result<Plan, Cannot> {
    let settings = setup.settings();
    let yes = |set: bool| if set { "yes" } else { "no" };
    let mut config = format!(
        "server:\n interface: {}\n chroot: \"\"\n username: \"\"\n pidfile: \"\"\n directory: \"{}\"\n \
         use-syslog: no\n verbosity: 3\n logfile: \"\"\n val-log-level: 2\n num-threads: 1\n \
         access-control: 127.0.0.0/8 allow\n do-not-query-localhost: no\n root-hints: \"{}\"\n ede: yes\n \
         module-config: \"{}iterator\"\n qname-minimisation: {}\n qname-minimisation-strict: {}\n \
         use-caps-for-id: {}\n prefetch: {}\n serve-expired: {}\n serve-expired-ttl: 259200\n \
         serve-expired-client-timeout: {}\n ede-serve-expired: yes\n",
        ADDRESS.replace(':', "@"),
        setup.folder.display(),
        setup.world.hints.display(),
        if setup.validates() { "validator " } else { "" },
        yes(settings.minimise != Minimise::Off),
        yes(settings.minimise == Minimise::Strict),
        yes(settings.random_case),
        yes(settings.prefetch),
        yes(settings.stale),
        if settings.stale { 1800 } else { 0 },
    );
    if let Some(anchors) = &setup.world.anchors {
        config += &format!(" trust-anchor-file: \"{}\"\n", anchors.display());
    }
    for name in &settings.negative_anchors {
        config += &format!(" domain-insecure: \"{name}\"\n");
    }
    for range in &settings.private {
        config += &format!(" private-address: {range}\n");
    }
    for (key, time) in [("cache-min-ttl", settings.min_ttl), ("cache-max-ttl", settings.max_ttl)] {
        if let Some(time) = time {
            config += &format!(" {key}: {}\n", time.as_secs());
        }
    }
    if let Some(size) = settings.edns_size {
        config += &format!(" edns-buffer-size: {size}\n");
    }
    config += "remote-control:\n control-enable: no\n";
    let mut command = Command::new(program);
    command.arg("-d").arg("-c").arg(setup.write("unbound.conf", &config));
    Ok(Plan { command, clocks: Clocks::Wall })
}
