//! BIND's named.

use std::path::Path;
use std::process::Command;

use super::super::script::Minimise;
use super::super::wire::coding::{to_base64, to_hex};
use super::super::wire::record::Record;
use super::super::wire::types::DS;
use super::clock::Clocks;
use super::{Cannot, Plan, Setup};

pub fn plan(setup: &Setup<'_>, program: &Path) -> Result<Plan, Cannot> {
    let settings = setup.settings();
    if settings.random_case {
        return Err(Cannot("does not vary the case"));
    }
    let minimise = match settings.minimise {
        Minimise::Strict => "strict",
        Minimise::Relaxed => "relaxed",
        Minimise::Off => "off",
    };
    let at = setup.folder.display();
    let mut options = format!(
        "directory \"{at}\"; listen-on port 5300 {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n\
         pid-file none; lock-file none; session-keyfile \"{at}/session.key\";\n\
         recursion yes; allow-query {{ any; }}; qname-minimization {minimise};\n\
         dnssec-validation {}; minimal-responses no-auth-recursive;\n\
         stale-answer-client-timeout {}; stale-answer-enable {}; stale-cache-enable {}; prefetch {};\n",
        if setup.validates() { "yes" } else { "no" },
        if settings.stale { "1800" } else { "off" },
        if settings.stale { "yes" } else { "no" },
        if settings.stale { "yes" } else { "no" },
        if settings.prefetch { "10 15" } else { "0" },
    );
    if !settings.negative_anchors.is_empty() {
        let names: Vec<String> =
            settings.negative_anchors.iter().map(|name| format!("\"{}\";", dotless(name))).collect();
        options += &format!("validate-except {{ {} }};\n", names.join(" "));
    }
    if !settings.private.is_empty() {
        let ranges: Vec<String> = settings.private.iter().map(|range| format!("{range};")).collect();
        options += &format!("deny-answer-addresses {{ {} }};\n", ranges.join(" "));
    }
    if let Some(time) = settings.min_ttl {
        options += &format!("min-cache-ttl {};\n", time.as_secs().min(90));
    }
    if let Some(time) = settings.max_ttl {
        options += &format!("max-cache-ttl {0}; max-ncache-ttl {0};\n", time.as_secs());
    }
    if let Some(size) = settings.edns_size {
        options += &format!("edns-udp-size {size};\n");
    }
    let anchors: String = setup.world.trusted.iter().map(anchor).collect();
    let mut config = format!(
        "options {{\n{options}}};\ncontrols {{ }};\nzone \".\" {{ type hint; file \"{}\"; }};\n\
         logging {{ channel all {{ stderr; severity debug 3; print-time yes; }}; category default {{ all; }}; }};\n",
        setup.world.hints.display(),
    );
    if setup.validates() {
        config += &format!("trust-anchors {{\n{anchors}}};\n");
    }
    let mut command = Command::new(program);
    command.args(["-f", "-n", "1", "-c"]).arg(setup.write("named.conf", &config));
    Ok(Plan { command, clocks: Clocks::Wall })
}

fn dotless(name: &super::super::wire::name::Name) -> String {
    name.to_string().trim_end_matches('.').to_owned()
}

fn anchor(record: &Record) -> String {
    let data = &record.data;
    let first = u16::from_be_bytes([data[0], data[1]]);
    let (kind, rest) = match record.rtype {
        DS => ("static-ds", to_hex(&data[4..])),
        _ => ("static-key", to_base64(&data[4..])),
    };
    format!(" \"{}\" {kind} {first} {} {} \"{rest}\";\n", record.name, data[2], data[3])
}
