//! Knot Resolver 5.

use std::io;
use std::process::Command;

use super::{Place, Resolver};

pub const TITLE: &str = "Knot Resolver";

pub fn start(resolver: &Resolver, place: &Place<'_>) -> io::Result<Command> {
    // Modules that look after trust anchors have nothing to do here.
    let config = format!(
        "net.listen('127.0.0.1', 5300, {{ kind = 'dns' }})\ncache.size = 96 * MB\n\
         modules.unload('detect_time_skew')\nmodules.unload('ta_update')\nmodules.unload('ta_signal_query')\n\
         modules.load('hints')\nhints.root_file('{}')\ntrust_anchors.remove('.')\n",
        place.hints.display(),
    );
    let mut command = Command::new(&resolver.program);
    command.arg("-n").arg("-c").arg(place.write("kresd.conf", &config)?).arg(&place.folder);
    Ok(command)
}
