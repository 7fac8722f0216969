//! Files in master format: root hints, trust anchors, a zone of the school's own; and single records.
//!
//! What is taken answers: every answer can be read, has the question that was asked, and neither OPT nor
//! additional records. What is not taken is refused with a sentence.

use std::fs;
use std::net::Ipv4Addr;

use lachan::dns::message::{Section, check_rdata, records};
use lachan::dns::name::{HEADER, OwnedName};
use lachan::dns::rrtype::RrType;
use lachan::resolve::local::{RecordSpec, ZoneSpec};
use lachan::resolve::settings::{Mode, Settings};
use lachan::resolve::{Ask, Resolver};
use tempfile::TempDir;

/// The zone that the file is read as, and names that are asked of it.
const ZONE: &str = "zone.example";
const ASKED: &[&str] = &[
    "zone.example",
    "www.zone.example",
    "a.b.wild.zone.example",
    "x.sub.zone.example",
    "sub.zone.example",
    "none.zone.example",
];
/// Types that are asked for, each with and without DO.
const TYPES: &[RrType] = &[
    RrType::A,
    RrType::NS,
    RrType::CNAME,
    RrType::SOA,
    RrType::TXT,
    RrType::SRV,
    RrType::DS,
    RrType::ANY,
    RrType::DNAME,
];

/// One octet that says what the text is, then the text.
pub fn check(octets: &[u8]) {
    thread_local!(static FOLDER: TempDir = tempfile::tempdir().expect("a folder of our own"));
    let Some((&what, text)) = octets.split_first() else { return };
    FOLDER.with(|folder| {
        let file = folder.path().join("file");
        fs::write(&file, text).expect("room on the disk");
        let mut settings = Settings { dnssec: false, ..Settings::default() };
        match what % 4 {
            0 => settings.root_hints = Some(file),
            1 => {
                settings.dnssec = true;
                settings.trust_anchors = Some(file);
            }
            2 => settings.local.zones = vec![ZoneSpec { zone: name(ZONE), file }],
            _ => settings.local.records = single_records(text),
        }
        assert_eq!(settings.mode, Mode::Recursive);
        match Resolver::new(settings) {
            Ok(resolver) => ASKED.iter().for_each(|asked| ask_all(&resolver, asked)),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    });
}

fn name(text: &str) -> OwnedName {
    OwnedName::parse(text).expect("a name")
}

/// Lines of `number data`: records of that type at a name that is asked for.
fn single_records(text: &[u8]) -> Vec<RecordSpec> {
    let text = String::from_utf8_lossy(text);
    let record = |(line, at): (&str, &&str)| {
        let (kind, data) = line.split_once(' ')?;
        Some(RecordSpec { name: name(at), rtype: kind.parse().ok()?, ttl: 60, data: data.into() })
    };
    text.lines().zip(ASKED.iter().cycle()).take(100).filter_map(record).collect()
}

fn ask_all(resolver: &Resolver, asked: &str) {
    for (&kind, dnssec_ok) in TYPES.iter().flat_map(|kind| [(kind, false), (kind, true)]) {
        let mut ask = Ask::new(name(asked), kind);
        ask.dnssec_ok = dnssec_ok;
        let Some(answer) = resolver.local(&ask) else { continue };
        assert!(resolver.is_local(ask.name.as_name(), kind));
        assert!(answer.wire.len() <= usize::from(u16::MAX));
        let (end, found) = records(&answer.wire).expect("what we say can be read");
        assert_eq!(&answer.wire[HEADER..end - 4], ask.name.as_name().wire());
        assert_eq!(answer.wire[end - 4..end - 2], kind.to_be_bytes());
        for record in &found {
            assert!(record.section != Section::Additional && record.rtype != RrType::OPT);
            assert_eq!(check_rdata(&answer.wire, record), Ok(()), "{record:?}");
        }
    }
}

/// A text of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let texts = super::texts("zone");
    let mut seeds: Vec<Vec<u8>> =
        (0..3u8).flat_map(|what| texts.iter().map(move |text| [&[what][..], text].concat())).collect();
    let address = Ipv4Addr::new(10, 0, 0, 20);
    seeds.push(format!("\x031 {address}\n28 fd00::1\n16 \"v=spf1 -all\"\n33 0 5 389 dc\n").into_bytes());
    seeds.push(b"\x035 www.zone.example\n15 10 mail.zone.example.\n65 1 . alpn=h2\n".to_vec());
    seeds
}
