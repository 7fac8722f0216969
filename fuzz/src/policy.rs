//! Policy zones: as a file, as a primary's messages, and announced.
//!
//! What came is written as text that reads back as the same zone without a refused line, and a table can be
//! built of it. What a primary that signs nothing sends under a key brings nothing. A NOTIFY is answered to
//! primaries only.

use std::net::IpAddr;
use std::sync::Arc;

use lachan::dns::name::{HEADER, OwnedName};
use lachan::dns::rrtype::RrType;
use lachan::dns::suffixes::HashKey;
use lachan::rpz::content::Content;
use lachan::rpz::table::Table;
use lachan::rpz::text::{print, read};
use lachan::rpz::transfer::notify::{self, Bell, Listener};
use lachan::rpz::transfer::tsig::Key;
use lachan::rpz::transfer::{Outcome, Step, Transfer};

/// The zone.
const ZONE: &str = "rpz.test";
/// The id of our questions; messages are given it, or few would be looked at.
const ID: u16 = 0x1a_c4;
/// The serial that we have, where changes are asked for.
const HAVE: u32 = 2;
/// Unix seconds.
const NOW: u64 = 1_800_000_000;

/// One octet that says what it is, then a text, or messages with their lengths, or a packet.
pub fn check(octets: &[u8]) {
    let Some((&what, rest)) = octets.split_first() else { return };
    match what % 4 {
        0 => hold_text(rest),
        1 => hold_transfer(rest, None),
        2 => hold_transfer(rest, Some(HAVE)),
        _ => hold_notify(rest),
    }
}

fn zone() -> OwnedName {
    OwnedName::parse(ZONE).expect("a name")
}

fn hold_text(text: &[u8]) {
    let (content, account) = read(text, zone().as_name());
    assert_eq!(account.refused.values().sum::<u32>(), account.refused());
    assert!(account.told.len() <= account.refused() as usize);
    // A SOA takes the place of the one before.
    assert!(content.len() <= account.taken as usize);
    hold(&content);
}

fn hold(content: &Content) {
    let text = print(content);
    let (back, account) = read(text.as_bytes(), content.apex());
    assert_eq!(account.refused(), 0, "{text}");
    assert_eq!(back.len(), content.len(), "{text}");
    assert_eq!(print(&back), text);
    let table = Table::build(content, HashKey([7; 16]));
    let _ = table.of_client(IpAddr::from([192, 0, 2, 7]));
    let _ = table.of_addresses(&[IpAddr::from([192, 0, 2, 7]), IpAddr::from([0; 16])]);
    let _ = table.of_ns_names(&[zone()]);
}

fn hold_transfer(octets: &[u8], have: Option<u32>) {
    let key = Key::new(zone(), "hmac-sha256", b"nobody knows").expect("a known algorithm");
    let (mut signed, _) = Transfer::start(zone(), ID, have, Some(Arc::new(key)), NOW);
    let mut unbelieved = Vec::new();
    let (mut transfer, question) = Transfer::start(zone(), ID, have, None, NOW);
    assert_eq!(question[..2], ID.to_be_bytes());
    for message in messages(octets) {
        unbelieved.push(message.clone());
        match transfer.received(&message, NOW) {
            Ok(Step::More(next)) => transfer = next,
            Ok(Step::Done(Outcome::Whole(content))) => {
                hold(&content);
                break;
            }
            Ok(Step::Done(Outcome::Changes(changes))) => {
                assert!(changes.iter().all(|change| !change.added.is_empty()), "a SOA at the least");
                break;
            }
            Ok(Step::Done(Outcome::Current)) => break,
            Err(failed) => {
                assert!(!failed.message().to_string().is_empty());
                break;
            }
        }
    }
    for message in unbelieved {
        match signed.received(&message, NOW) {
            Ok(Step::More(next)) => signed = next,
            Ok(Step::Done(outcome)) => panic!("unsigned and believed: {outcome:?}"),
            Err(_) => break,
        }
    }
}

/// Each as long as the two octets before it say, if there are so many.
fn messages(mut octets: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while let Some((len, rest)) = octets.split_first_chunk::<2>() {
        let (message, left) = rest.split_at(rest.len().min(usize::from(u16::from_be_bytes(*len))));
        let mut message = message.to_vec();
        if message.len() >= 2 {
            message[..2].copy_from_slice(&ID.to_be_bytes());
        }
        found.push(message);
        octets = left;
    }
    found
}

fn hold_notify(packet: &[u8]) {
    let primary = IpAddr::from([192, 0, 2, 53]);
    let bell = Arc::new(Bell::default());
    let listener = Listener { zone: zone(), primaries: vec![primary], key: None, bell: bell.clone() };
    let mut out = Vec::new();
    let stranger = IpAddr::from([192, 0, 2, 54]);
    assert!(!notify::take(std::slice::from_ref(&listener), packet, stranger, NOW, &mut out));
    assert!(!bell.has_rung());
    if notify::is_notify(packet) && notify::take(&[listener], packet, primary, NOW, &mut out) {
        assert_eq!(out[..2], packet[..2]);
        assert!(out[2] & 0x80 != 0, "an answer");
    } else {
        assert!(!bell.has_rung());
    }
}

/// A file, transfers of both kinds, and an announcement.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> =
        super::texts("policy").iter().map(|text| [b"\0", &text[..]].concat()).collect();
    let (bad, local) = (b"\x03bad\x07example".as_slice(), b"\x05local".as_slice());
    let whole = [
        soa(3),
        record(bad, RrType::CNAME, b"\0"),
        record(local, RrType::A, &[192, 0, 2, 7]),
        record(local, RrType::TXT, b"\x03one"),
        soa(3),
    ];
    let changes = [
        soa(3),
        soa(HAVE),
        record(bad, RrType::CNAME, b"\0"),
        soa(3),
        record(local, RrType::A, &[0; 4]),
        soa(3),
    ];
    seeds.push([b"\x01".to_vec(), framed(&whole)].concat());
    seeds.push([b"\x01".to_vec(), framed(&whole[..2]), framed(&whole[2..])].concat());
    seeds.push([b"\x02".to_vec(), framed(&changes)].concat());
    seeds.push([b"\x02".to_vec(), framed(&whole)].concat());
    let mut packet = vec![3];
    packet.extend_from_slice(&message(RrType::SOA, &[]));
    packet[3] = 0x24;
    seeds.push(packet);
    seeds
}

fn soa(serial: u32) -> Vec<u8> {
    let numbers = [serial, 3600, 600, 86_400, 60].map(u32::to_be_bytes).concat();
    record(b"", RrType::SOA, &[b"\0\0".as_slice(), &numbers].concat())
}

/// A record whose owner ends in a pointer to the zone's name in the question.
fn record(owner: &[u8], kind: RrType, rdata: &[u8]) -> Vec<u8> {
    let mut record = owner.to_vec();
    record.extend_from_slice(&[0xc0, HEADER as u8]);
    record.extend_from_slice(&kind.to_be_bytes());
    record.extend_from_slice(&[0, 1, 0, 0, 0, 60]);
    record.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
    record.extend_from_slice(rdata);
    record
}

fn message(kind: RrType, records: &[Vec<u8>]) -> Vec<u8> {
    let mut message = vec![0, 0, 0x84, 0, 0, 1, 0, records.len() as u8, 0, 0, 0, 0];
    message.extend_from_slice(zone().as_name().wire());
    message.extend_from_slice(&kind.to_be_bytes());
    message.extend_from_slice(&[0, 1]);
    message.extend(records.concat());
    message
}

fn framed(records: &[Vec<u8>]) -> Vec<u8> {
    let message = message(RrType::AXFR, records);
    [(message.len() as u16).to_be_bytes().to_vec(), message].concat()
}
