//! Knot Resolver 5, which reads Lua.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::super::script::Minimise;
use super::clock::Clocks;
use super::{Cannot, Plan, Setup};

pub fn plan(setup: &Setup<'_>, program: &Path) -> Result<Plan, Cannot> {
    let settings = setup.settings();
    let mut config = format!(
        "net.listen('127.0.0.1', 5300, {{ kind = 'dns' }})\nlog_level('debug')\n\
         modules.unload('detect_time_skew')\nmodules.unload('detect_time_jump')\n\
         modules.unload('ta_update')\nmodules.unload('ta_signal_query')\nmodules.unload('priming')\n\
         modules.load('hints')\nhints.root_file('{}')\n\
         cache.size = 20 * MB\noption('NO_MINIMIZE', {})\noption('NO_0X20', {})\n\
         trust_anchors.remove('.')\n",
        setup.world.hints.display(),
        settings.minimise == Minimise::Off,
        !settings.random_case,
    );
    if settings.minimise == Minimise::Strict {
        return Err(Cannot("minimises in one way only"));
    }
    if let Some(anchors) = setup.world.anchors.as_ref().filter(|_| setup.validates()) {
        // One at a time: a file of its may speak of one zone only.
        for line in fs::read_to_string(anchors).unwrap().lines() {
            config += &format!("trust_anchors.add('{line}')\n");
        }
    }
    let negative: Vec<String> = settings.negative_anchors.iter().map(|name| format!("'{name}'")).collect();
    if !negative.is_empty() {
        config += &format!("trust_anchors.set_insecure({{ {} }})\n", negative.join(", "));
    }
    if settings.stale {
        config += "modules.load('serve_stale < cache')\n";
    }
    if settings.prefetch {
        config += "modules.load('predict')\n";
    }
    if !settings.private.is_empty() {
        // Its module has one list of ranges of its own.
        config += "modules.load('rebinding < iterate')\n";
    }
    for (key, time) in [("min_ttl", settings.min_ttl), ("max_ttl", settings.max_ttl)] {
        if let Some(time) = time {
            config += &format!("cache.{key}({})\n", time.as_secs());
        }
    }
    if let Some(size) = settings.edns_size {
        config += &format!("net.bufsize({size}, {size})\n");
    }
    let home = setup.folder.join("knot");
    fs::create_dir_all(&home).unwrap();
    let mut command = Command::new(program);
    command.arg("-n").arg("-c").arg(setup.write("knot.lua", &config)).arg(home);
    Ok(Plan { command, clocks: Clocks::Wall })
}
