//! Lá Chắn.

use std::path::Path;
use std::process::Command;

use super::super::script::Minimise;
use super::clock::Clocks;
use super::{ADDRESS, Cannot, Plan, Setup};

pub fn plan(setup: &Setup<'_>, program: &Path) -> Result<Plan, Cannot> {
    let settings = setup.settings();
    let mut resolve = format!(
        "mode = \"recursive\"\ndnssec = {}\nnever_ask = []\ncanaries = false\nroot_hints = \"{}\"\n",
        setup.validates(),
        setup.world.hints.display(),
    );
    if let Some(anchors) = &setup.world.anchors {
        resolve += &format!("trust_anchors = \"{}\"\n", anchors.display());
    }
    // Keys as they come: each is written only where a script asks for other than the default.
    for (asked, key) in [
        (settings.minimise != Minimise::Relaxed, "qname_minimisation"),
        (!settings.negative_anchors.is_empty(), "negative_anchors"),
        (settings.random_case, "case_randomization"),
        (settings.min_ttl.is_some(), "min_ttl"),
        (settings.max_ttl.is_some(), "max_ttl"),
        (settings.edns_size.is_some(), "edns_size"),
        (true, "rebinding"),
        (true, "stale"),
        (true, "prefetch"),
    ] {
        if asked {
            resolve += &knob(key, setup)?;
        }
    }
    let config = format!(
        "version = 1\n[listen]\ndns = [\"{ADDRESS}\"]\nworkers = 1\n[access]\nallow = [\"127.0.0.0/8\"]\n\
         [lists]\nstarter = false\n[state]\nfolder = \"{}\"\n[resolve]\n{resolve}\
         [[group]]\nname = \"all\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n",
        setup.folder.join("state").display(),
    );
    let config = setup.write("lachan.toml", &config);
    let mut command = Command::new(program);
    command
        .env_remove("LACHAN_STATE")
        .env("LACHAN_CONFIG", "")
        .env("NO_COLOR", "1")
        .env("LACHAN_LISTS_RECOMMENDED", "off");
    command.arg("serve").arg("--config").arg(config);
    Ok(Plan { command, clocks: Clocks::Wall })
}

/// The line of a key that not every version has.
fn knob(key: &'static str, setup: &Setup<'_>) -> Result<String, Cannot> {
    let shipped = include_str!("../../../config/lachan.toml");
    let key_of =
        |line: &str| line.trim_start_matches('#').split('=').next().unwrap_or_default().trim() == key;
    let known = shipped.lines().any(key_of);
    if !known {
        return Err(Cannot(key));
    }
    let settings = setup.settings();
    let seconds = |time: Option<std::time::Duration>| format!("\"{}s\"", time.unwrap().as_secs());
    let value = match key {
        "qname_minimisation" => match settings.minimise {
            Minimise::Strict => "\"strict\"".to_owned(),
            Minimise::Relaxed => "\"relaxed\"".to_owned(),
            Minimise::Off => "\"off\"".to_owned(),
        },
        "negative_anchors" => format!("{:?}", texts(&settings.negative_anchors)),
        "rebinding" => (!settings.private.is_empty()).to_string(),
        "min_ttl" => seconds(settings.min_ttl),
        "max_ttl" => seconds(settings.max_ttl),
        "stale" => if settings.stale { "\"1d\"" } else { "\"0s\"" }.to_owned(),
        "prefetch" => settings.prefetch.to_string(),
        "edns_size" => settings.edns_size.unwrap().to_string(),
        _ => "true".to_owned(),
    };
    Ok(format!("{key} = {value}\n"))
}

fn texts(names: &[super::super::wire::name::Name]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}
