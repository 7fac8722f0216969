//! Signs zones with BIND's tools and keys of a scenario's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::script::Script;
use super::script::zones::{Denial, Ds, Period, Signing, ZoneSpec};
use super::wire::coding::to_hex;
use super::wire::name::Name;
use super::wire::record::{Record, TTL};
use super::wire::types::*;
use crate::support::program;

/// A signed zone, and what others must know of it.
pub struct Signed {
    pub records: Vec<Record>,
    pub dnskeys: Vec<Record>,
    /// What the parent says.
    pub ds: Vec<Record>,
    /// What would be right.
    pub true_ds: Vec<Record>,
}

pub struct Signer {
    keygen: PathBuf,
    signzone: PathBuf,
    dsfromkey: PathBuf,
    /// Signs with more NSEC3 iterations than BIND's tool agrees to.
    lenient: Option<PathBuf>,
    folder: PathBuf,
}

/// The most NSEC3 iterations that `dnssec-signzone` takes.
const ITERATIONS_MAX: u16 = 150;

impl Signer {
    /// `None`, with a line that says so, where a program is missing.
    pub fn new(script: &Script, folder: &Path) -> Option<Self> {
        let folder = folder.join("keys");
        fs::create_dir_all(&folder).unwrap();
        Some(Self {
            keygen: program("dnssec-keygen")?,
            signzone: program("dnssec-signzone")?,
            dsfromkey: program("dnssec-dsfromkey")?,
            lenient: match script.zones.iter().any(takes_many_iterations) {
                true => Some(program("ldns-signzone")?),
                false => None,
            },
            folder,
        })
    }

    pub fn sign(&self, zone: &ZoneSpec, signing: &Signing) -> Signed {
        let apex = zone.apex.to_string();
        let mut keys: Vec<String> =
            signing.algorithms.iter().map(|algorithm| self.key(&apex, algorithm, &["-f", "KSK"])).collect();
        let for_keys = keys.len();
        if signing.split {
            keys.extend(signing.algorithms.iter().map(|algorithm| self.key(&apex, algorithm, &[])));
        }
        let read = |key: &String| self.records(&self.folder.join(format!("{key}.key")));
        let mut dnskeys: Vec<Record> = keys.iter().flat_map(read).collect();
        if signing.trap > 0 {
            let tag = tag(&dnskeys[0].data);
            dnskeys.extend(
                (0..signing.trap).map(|number| trapped(&dnskeys[0], number, tag)).collect::<Vec<_>>(),
            );
        }
        let written = self.folder.join("zone");
        let lines: String = zone.records.iter().chain(&dnskeys).map(line).collect();
        fs::write(&written, lines).unwrap();
        let signed = self.folder.join("zone.signed");
        match &self.lenient {
            Some(tool) if takes_many_iterations(zone) => self.sign_leniently(tool, zone, &keys[0]),
            _ => self.sign_strictly(zone, signing, &keys),
        }
        let mut records = self.records(&signed);
        if signing.trap > 0 {
            multiply(&mut records, signing.trap);
        }
        let digest = |key: &String, digest: &str| {
            let key = self.folder.join(key);
            let text = run(Command::new(&self.dsfromkey).args(["-a", digest]).arg(key));
            Record::parse(text.trim(), &Name::root())
        };
        let true_ds: Vec<Record> = keys[..for_keys].iter().map(|key| digest(key, "SHA-256")).collect();
        let ds = match &signing.ds {
            Ds::Right => true_ds.clone(),
            Ds::None => vec![],
            Ds::Digests(list) => list.iter().map(|name| digest(&keys[0], name)).collect(),
            Ds::Wrong => true_ds.iter().map(wrong).collect(),
            Ds::Standby => {
                let mut other = wrong(&true_ds[0]);
                other.data[1] ^= 1;
                vec![other, true_ds[0].clone()]
            }
            Ds::UnknownAlgorithm => changed(&true_ds, 2, 200),
            Ds::UnknownDigest => changed(&true_ds, 3, 200),
        };
        Signed { records, dnskeys, ds, true_ds }
    }

    fn sign_strictly(&self, zone: &ZoneSpec, signing: &Signing, keys: &[String]) {
        let at = &self.folder;
        let mut command = Command::new(&self.signzone);
        // One key for everything (-z), not looked through afterwards (-P): what is wrong has its use here.
        command.args((!signing.split).then_some("-z"));
        command.args(["-q", "-P", "-O", "full", "-o", &zone.apex.to_string(), "-K"]).arg(at);
        command.arg("-d").arg(at).arg("-f").arg(at.join("zone.signed"));
        match signing.period {
            Period::Now => {}
            Period::Expired => drop(command.args(["-s", "20200101000000", "-e", "20200201000000"])),
            Period::Future => drop(command.args(["-s", "now+20d", "-e", "now+40d"])),
        }
        if let Denial::Nsec3 { iterations, salt, opt_out } = &signing.denial {
            command.args(["-3", salt, "-H", &iterations.to_string()]);
            command.args(opt_out.then_some("-A"));
        }
        run(command.arg(at.join("zone")).args(keys));
    }

    fn sign_leniently(&self, tool: &Path, zone: &ZoneSpec, key: &str) {
        let Some(Signing { denial: Denial::Nsec3 { iterations, .. }, .. }) = &zone.signing else { return };
        let mut command = Command::new(tool);
        command.args(["-n", "-t", &iterations.to_string(), "-o", &zone.apex.to_string(), "-f"]);
        command.arg(self.folder.join("zone.signed")).arg(self.folder.join("zone"));
        run(command.arg(self.folder.join(key)));
    }

    fn key(&self, apex: &str, algorithm: &str, more: &[&str]) -> String {
        let mut command = Command::new(&self.keygen);
        command.args(["-q", "-a", algorithm, "-L", &TTL.to_string(), "-K"]).arg(&self.folder).args(more);
        command.args(algorithm.starts_with("RSA").then_some(["-b", "2048"]).iter().flatten());
        run(command.arg(apex)).trim().to_owned()
    }

    fn records(&self, file: &Path) -> Vec<Record> {
        let text = fs::read_to_string(file).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with(';') && !line.trim().is_empty());
        lines.map(|line| Record::parse(line, &Name::root())).collect()
    }
}

fn takes_many_iterations(zone: &ZoneSpec) -> bool {
    let denial = zone.signing.as_ref().map(|signing| &signing.denial);
    matches!(denial, Some(Denial::Nsec3 { iterations, .. }) if *iterations > ITERATIONS_MAX)
}

/// A DS that fits no key.
pub fn wrong(ds: &Record) -> Record {
    let mut wrong = ds.clone();
    *wrong.data.last_mut().unwrap() ^= 1;
    wrong
}

fn changed(ds: &[Record], at: usize, octet: u8) -> Vec<Record> {
    let change = |ds: &Record| {
        let mut changed = ds.clone();
        changed.data[at] = octet;
        changed
    };
    ds.iter().map(change).collect()
}

/// A line in master format with the data in hexadecimal (RFC 3597 §5), which loses nothing.
fn line(record: &Record) -> String {
    let data = to_hex(&record.data);
    format!("{} {} IN TYPE{} \\# {} {data}\n", record.name, record.ttl, record.rtype, record.data.len())
}

/// RFC 4034, appendix B.
fn tag(dnskey: &[u8]) -> u16 {
    let sum: u32 = dnskey
        .iter()
        .enumerate()
        .map(|(at, octet)| if at % 2 == 0 { u32::from(*octet) << 8 } else { u32::from(*octet) })
        .sum();
    (sum + (sum >> 16)) as u16
}

/// A key like `key`, with other octets and the same tag.
fn trapped(key: &Record, number: usize, tag_wanted: u16) -> Record {
    let mut data = key.data.clone();
    let number = (number + 1) as u16;
    // The exponent's length and value of an RSA key stay; the modulus changes.
    data[20..22].copy_from_slice(&number.to_be_bytes());
    let same = (0..=u16::MAX).find(|filler| {
        data[40..42].copy_from_slice(&filler.to_be_bytes());
        tag(&data) == tag_wanted
    });
    assert!(same.is_some(), "some filler gives every tag");
    Record { data, ..key.clone() }
}

/// For every signature over other data than keys `count` more, none of which is right; the right one last.
fn multiply(records: &mut Vec<Record>, count: usize) {
    let (signatures, mut rest): (Vec<_>, Vec<_>) = records.drain(..).partition(|record| {
        record.covered().is_some_and(|covered| ![DNSKEY, SOA, NS, NSEC].contains(&covered))
    });
    for signature in signatures {
        rest.extend((0..count).map(|number| {
            let mut forged = signature.clone();
            let end = forged.data.len();
            forged.data[end - 2..].copy_from_slice(&(number as u16).to_be_bytes());
            forged
        }));
        rest.push(signature);
    }
    *records = rest;
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
