//! The internet of one scenario: zones delegated and signed from the leaves up, the servers that hold them,
//! and the two files that a resolver starts from.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use super::authority::serve::{Server, Servers};
use super::authority::zone::Zone;
use super::script::zones::ZoneSpec;
use super::script::{AnchorForm, Script};
use super::sign::{self, Signed, Signer};
use super::wire::name::Name;
use super::wire::record::Record;
use super::wire::types::*;

pub struct World {
    pub servers: Arc<Servers>,
    pub hints: PathBuf,
    /// `None`: nothing is trusted, so nothing is validated.
    pub anchors: Option<PathBuf>,
    /// The anchors as records, DNSKEY or DS.
    pub trusted: Vec<Record>,
}

impl World {
    /// Makes the addresses, signs, starts the servers. `None` where a program is missing.
    pub fn open(script: &Script, folder: &Path) -> Option<Self> {
        let signer = Signer::new(script, folder)?;
        let (zones, signed) = zones(script, &signer);
        let servers = servers(script, &zones);
        take_addresses(servers.keys(), folder);
        let servers = Servers::new(servers);
        servers.open();
        let hints = folder.join("hints");
        fs::write(&hints, hints_text(&zones)).unwrap();
        let trusted = trusted(script, &signed);
        let anchors = (!trusted.is_empty()).then(|| {
            let path = folder.join("anchors");
            fs::write(&path, trusted.iter().map(|r| presentation(r) + "\n").collect::<String>()).unwrap();
            path
        });
        Some(Self { servers, hints, anchors, trusted })
    }
}

/// Every zone with the cuts of its children, signed where it is meant to be.
fn zones(script: &Script, signer: &Signer) -> (HashMap<Name, Zone>, HashMap<Name, Signed>) {
    let mut specs: Vec<ZoneSpec> = script.zones.clone();
    specs.sort_by_key(|zone| std::cmp::Reverse(zone.apex.labels().len()));
    let (mut zones, mut all_signed) = (HashMap::new(), HashMap::new());
    for at in 0..specs.len() {
        let spec = specs[at].clone();
        let signed = spec.signing.as_ref().map(|signing| signer.sign(&spec, signing));
        let ds = signed.as_ref().map(|signed| signed.ds.clone()).unwrap_or_default();
        let parent = specs[at + 1..].iter_mut().filter(|parent| spec.apex.is_in(&parent.apex));
        if let Some(parent) = parent.max_by_key(|parent| parent.apex.labels().len())
            && !spec.undelegated
            && !spec.apex.is_root()
        {
            delegate(&spec, ds, parent);
        }
        let mut records = signed.as_ref().map_or(spec.records, |signed| signed.records.clone());
        spec.spoilt.iter().for_each(|spoil| spoil.apply(&mut records));
        zones.insert(spec.apex.clone(), Zone { apex: spec.apex.clone(), records });
        if let Some(signed) = signed {
            all_signed.insert(spec.apex, signed);
        }
    }
    (zones, all_signed)
}

/// Tells the parent of its child, unless the script wrote the cut itself.
fn delegate(child: &ZoneSpec, ds: Vec<Record>, parent: &mut ZoneSpec) {
    let written = |parent: &ZoneSpec, rtype| {
        parent.records.iter().any(|record| record.name == child.apex && record.rtype == rtype)
    };
    if !written(parent, NS) {
        let ns: Vec<Record> =
            child.records.iter().filter(|r| r.rtype == NS && r.name == child.apex).cloned().collect();
        let targets: Vec<Name> = ns.iter().filter_map(Record::target).collect();
        let glue = child.records.iter().filter(|record| {
            !child.glueless && [A, AAAA].contains(&record.rtype) && targets.contains(&record.name)
        });
        let glue: Vec<Record> = glue.cloned().collect();
        parent.records.extend(ns.into_iter().chain(glue));
    }
    if !written(parent, DS) {
        parent.records.extend(ds);
    }
}

fn servers(script: &Script, zones: &HashMap<Name, Zone>) -> HashMap<IpAddr, Server> {
    let mut servers: HashMap<IpAddr, Server> = HashMap::new();
    for spec in &script.zones {
        for ip in &spec.servers {
            servers.entry(*ip).or_default().zones.push(zones[&spec.apex].clone());
        }
    }
    for (ip, manner) in &script.manners {
        servers.entry(*ip).or_default().manners.push(manner.clone());
    }
    for (ip, scripted, taken) in &script.replies {
        let mut scripted = scripted.clone();
        for set in taken {
            let zone = &zones[&set.zone];
            let records = zone.set(&set.name, set.rtype).chain(zone.signatures(&set.name, set.rtype));
            let owner = set.owner.as_ref().unwrap_or(&set.name);
            let renamed = records.map(|record| Record { name: owner.clone(), ..record.clone() });
            set.section.of(&mut scripted.message).extend(renamed);
        }
        servers.entry(*ip).or_default().replies.push(scripted);
    }
    servers
}

/// Gives the addresses to the loopback interface of this network namespace.
fn take_addresses<'a>(addresses: impl Iterator<Item = &'a IpAddr>, folder: &Path) {
    let mut lines = String::from("link set lo up\n");
    for ip in addresses.collect::<BTreeSet<_>>() {
        lines += &match ip {
            IpAddr::V4(_) => format!("address add {ip}/32 dev lo\n"),
            IpAddr::V6(_) => format!("address add {ip}/128 dev lo nodad\n"),
        };
    }
    let batch = folder.join("addresses");
    fs::write(&batch, lines).unwrap();
    let ip = crate::support::program("ip").expect("iproute2");
    let output = Command::new(ip).arg("-batch").arg(&batch).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The root's name servers and their addresses, as its zone has them.
fn hints_text(zones: &HashMap<Name, Zone>) -> String {
    let root = &zones[&Name::root()];
    let mut lines = String::new();
    for ns in root.set(&Name::root(), NS) {
        let target = ns.target().expect("a name");
        lines += &format!(". 3600000 NS {target}\n");
        for address in root.set(&target, A).chain(root.set(&target, AAAA)) {
            lines += &format!("{target} 3600000 {}\n", address.said().split_once(' ').unwrap().1);
        }
    }
    lines
}

/// The anchors that the script names; without any, the root's key where it is signed.
fn trusted(script: &Script, signed: &HashMap<Name, Signed>) -> Vec<Record> {
    if script.anchors.is_empty() {
        return signed.get(&Name::root()).map(|root| entry_keys(&root.dnskeys)).unwrap_or_default();
    }
    let anchors = script.anchors.iter().flat_map(|anchor| {
        let zone = &signed[&anchor.zone];
        match anchor.form {
            AnchorForm::Dnskey => entry_keys(&zone.dnskeys),
            AnchorForm::Ds => zone.true_ds.clone(),
            AnchorForm::WrongDs => zone.true_ds.iter().map(sign::wrong).collect(),
        }
    });
    anchors.collect()
}

/// The keys with the SEP flag (RFC 4034 §2.1.1).
fn entry_keys(keys: &[Record]) -> Vec<Record> {
    keys.iter().filter(|key| key.data[1] & 1 != 0).cloned().collect()
}

/// A DNSKEY or DS as every resolver reads it.
fn presentation(record: &Record) -> String {
    let data = &record.data;
    let first = u16::from_be_bytes([data[0], data[1]]);
    let rest = match record.rtype {
        DS => super::wire::coding::to_hex(&data[4..]),
        _ => super::wire::coding::to_base64(&data[4..]),
    };
    let kind = type_name(record.rtype);
    format!("{} 3600 IN {kind} {first} {} {} {rest}", record.name, data[2], data[3])
}
