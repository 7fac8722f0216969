//! What an upstream sends: taken or not, kept, and written to clients.
//!
//! What is taken has the asked question and no more than a client may have, and taking it again changes
//! nothing. Kept, it is written to any client as it is (another id, another case, later, a smaller
//! limit), TTLs counting down. What cannot be read never meets a client.

use std::cell::RefCell;

use lachan::dns::message::{RecordAt, Section, records, targets};
use lachan::dns::name::{HEADER, NameBuf, OwnedName};
use lachan::dns::question::Question;
use lachan::dns::rcode::Rcode;
use lachan::dns::rrtype::RrType;
use lachan::dns::security::Security;
use lachan::i18n::Lang;
use lachan::query::Responder;
use lachan::resolve::cache::{Cache, Hit, Stamp, TtlBounds};
use lachan::resolve::fuzzing::{followed, taken};
use lachan::resolve::{Answer, Ask};

use super::again::Pair;
use super::message::query;
use super::question::tally;
use super::school;

/// The cache's clock, in seconds.
const NOW: u64 = 1_000_000;

/// An octet of flags (DO, CD), then a message: asked is what its question says.
pub fn check(octets: &[u8]) {
    let Some((&flags, message)) = octets.split_first() else { return };
    let Some(ask) = asked(flags, message) else { return };
    keep_unchecked(&ask, message);
    let Some(answer) = taken(&ask, message.to_vec()) else { return };
    hold_taken(&ask, &answer);
    hold_kept(&ask, &answer);
    hold_both_ways(&ask, &answer);
    if let Some(joined) = followed(&ask, &answer, &answer) {
        let (end, found) = records(&joined.wire).expect("what we join can be read");
        assert_eq!(end, HEADER + ask.name.as_name().wire().len() + 4);
        assert!(found.iter().all(|record| record.rtype != RrType::OPT));
        hold_kept(&ask, &joined);
    }
}

/// What nobody looked at on its way in may say anything, but it is kept and written without a panic.
fn keep_unchecked(ask: &Ask, message: &[u8]) {
    let raw = Answer {
        wire: message.to_vec(),
        rcode: Rcode::NO_ERROR,
        security: Security::Secure,
        ede: None,
        unfinished: None,
    };
    let hit = Cache::new(1 << 20, TtlBounds::default()).insert(ask, &raw, Stamp::default(), NOW);
    let packet = client(ask, None);
    if let Ok(question) = Question::parse(&packet) {
        assert!(hit.write(&question, NOW + 7, Lang::Vi, &mut Vec::new(), 512) <= 512);
    }
    let _ = hit.message(ask);
}

/// The message's own question.
fn asked(flags: u8, message: &[u8]) -> Option<Ask> {
    let mut name = NameBuf::new();
    let used = name.fill_from_wire(message.get(HEADER..)?).ok()?;
    let tail = message.get(HEADER + used..)?.first_chunk::<4>()?;
    let mut ask = Ask::new(name.name().to_owned(), RrType::from_be_bytes([tail[0], tail[1]]));
    ask.class = u16::from_be_bytes([tail[2], tail[3]]);
    ask.dnssec_ok = flags & 1 != 0;
    ask.checking_disabled = flags & 2 != 0;
    Some(ask)
}

fn hold_taken(ask: &Ask, answer: &Answer) {
    let (end, found) = records(&answer.wire).expect("what is taken can be read");
    let question = query(ask.name.as_name().wire(), ask.rtype, None);
    assert_eq!(answer.wire[HEADER..end - 2], question[HEADER..question.len() - 2]);
    assert_eq!(answer.wire[..2], [0, 0], "the id is nobody's");
    assert_eq!((answer.wire[2] & 0xfd, answer.wire[3] & 0xf0), (0x81, 0x80));
    assert!(found.iter().all(|record| record.section != Section::Additional && record.rtype != RrType::OPT));
    let positive = !found.iter().any(|it| it.section == Section::Authority && it.rtype == RrType::SOA);
    if positive && !ask.dnssec_ok {
        assert!(found.iter().all(|record| record.section == Section::Answer));
    }
    let again = taken(ask, answer.wire.clone()).expect("what was taken is taken");
    assert_eq!((again.wire, again.rcode), (answer.wire.clone(), answer.rcode));
}

/// Keeps the answer and writes it to several clients.
fn hold_kept(ask: &Ask, answer: &Answer) {
    let cache = Cache::new(1 << 20, TtlBounds::default());
    let fresh = cache.insert(ask, answer, Stamp::default(), NOW);
    assert_eq!(cache.is_empty(), fresh.expires_in(NOW) == 0);
    for opt in [None, Some((512, ask.dnssec_ok)), Some((1232, true))] {
        let packet = client(ask, opt);
        let Ok(question) = Question::parse(&packet) else { continue };
        let limits = [question.udp_limit(), usize::from(u16::MAX)];
        for (later, limit) in [0, 7, 1 << 40].into_iter().flat_map(|later| limits.map(|limit| (later, limit)))
        {
            let written = hold_written(&fresh, &question, NOW + later, limit);
            if records(&written).is_ok_and(|(_, found)| found.iter().any(|it| it.rtype != RrType::OPT)) {
                assert_eq!(leads(&written), leads(&answer.wire), "it leads elsewhere after {later} s");
            }
            if let Some(kept) = cache.find(&question, NOW + later) {
                assert_eq!(kept.expires_in(NOW), fresh.expires_in(NOW));
                assert!(kept.expires_in(NOW + later) > 0, "found after its time");
                let mut out = Vec::new();
                kept.write(&question, NOW + later, Lang::Vi, &mut out, limit);
                assert_eq!(out, written, "kept and fresh are written alike");
            }
        }
    }
    hold_message(&fresh, ask, answer);
}

/// Clients who ask again, sooner and later, get what they would get had nobody asked before.
fn hold_both_ways(ask: &Ask, answer: &Answer) {
    thread_local! {
        static PAIR: RefCell<Pair> = RefCell::new(Pair::new(responder(), &tally()));
    }
    let responder = responder();
    let stamp = Stamp { generation: responder.moment().world.index.id(), ..Stamp::default() };
    for opt in [None, Some((512, ask.dnssec_ok)), Some((1232, ask.dnssec_ok))] {
        for later in [0, 7, 1 << 40] {
            responder.forget_answers();
            responder.cache().insert(ask, answer, stamp, responder.moment().now);
            PAIR.with_borrow_mut(|pair| pair.hold(&client(ask, opt), later));
        }
    }
}

/// A responder whose cache is this target's own; a thread's own, since it forgets.
fn responder() -> &'static Responder {
    thread_local! {
        static RESPONDER: &'static Responder = Box::leak(Box::new(school::responder(1 << 20)));
    }
    RESPONDER.with(|responder| *responder)
}

/// A client's query for the same, shouted.
fn client(ask: &Ask, opt: Option<(u16, bool)>) -> Vec<u8> {
    let name = ask.name.as_name().wire().to_ascii_uppercase();
    let mut packet = query(&name, ask.rtype, opt);
    packet[HEADER + name.len() + 2..][..2].copy_from_slice(&ask.class.to_be_bytes());
    packet[3] |= if ask.checking_disabled { 0x10 } else { 0 };
    packet
}

fn hold_written(hit: &Hit, question: &Question<'_>, now: u64, limit: usize) -> Vec<u8> {
    let mut out = Vec::new();
    assert_eq!(hit.write(question, now, Lang::Vi, &mut out, limit), out.len());
    assert!(out.len() <= limit, "{} octets of {limit}", out.len());
    let (end, found) = records(&out).expect("what we write can be read");
    assert_eq!(out[HEADER..end], question.packet[HEADER..question.end]);
    let opts = found.iter().filter(|record| record.rtype == RrType::OPT).count();
    assert_eq!(opts, usize::from(question.edns.is_some()));
    assert_eq!(found.last().map_or(end, RecordAt::end), out.len());
    let age = u32::try_from(now - NOW).unwrap_or(u32::MAX);
    let most = TtlBounds::default().max.saturating_sub(age);
    assert!(found.iter().filter(|record| record.rtype != RrType::OPT).all(|record| record.ttl <= most));
    out
}

/// The whole message again, as it is inspected: it leads where the answer led, or has nothing in it.
fn hold_message(hit: &Hit, ask: &Ask, answer: &Answer) {
    let message = hit.message(ask);
    let (_, found) = records(&message).expect("what is kept can be read");
    if !found.is_empty() {
        assert_eq!(leads(&message), leads(&answer.wire));
    }
}

/// Names to which a message leads.
fn leads(message: &[u8]) -> Vec<OwnedName> {
    targets(message).map(|name| name.name().to_owned()).collect()
}

/// Answers of every shape: data, aliases, nothing there, an error with its reason; and what once broke a law.
pub fn seeds() -> Vec<Vec<u8>> {
    const NAME: &[u8] = b"\x03www\x07Example\x00";
    const ADDRESS: &[u8] = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc6\x33\x64\x07";
    const ALIAS: &[u8] = b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x01\x2c\x00\x04\x01b\xc0\x10";
    const DNAME: &[u8] = b"\xc0\x10\x00\x27\x00\x01\x00\x00\x01\x2c\x00\x07\x05other\x00";
    const HTTPS: &[u8] = b"\xc0\x0c\x00\x41\x00\x01\x00\x00\x01\x2c\x00\x05\x00\x01\x01h\x00";
    const MX: &[u8] = b"\xc0\x0c\x00\x0f\x00\x01\x00\x01\x51\x80\x00\x07\x00\x0a\x02mx\xc0\x10";
    const SOA: &[u8] = b"\xc0\x10\x00\x06\x00\x01\x00\x00\x03\x84\x00\x1a\x01n\xc0\x10\xc0\x0c\
        \x00\x00\x00\x01\x00\x00\x0e\x10\x00\x00\x02\x58\x00\x01\x51\x80\x00\x00\x01\x2c";
    const RRSIG: &[u8] = b"\xc0\x0c\x00\x2e\x00\x01\x00\x00\x00\x3c\x00\x1f\x00\x01\x0d\x02\x00\x00\x00\x3c\
        \x60\x00\x00\x00\x60\x00\x00\x00\x12\x34\x07example\x00sigs";
    const OPT: &[u8] = b"\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x0a\x00\x0f\x00\x06\x00\x0fnope";
    // An alias to the lower half of its own TTL.
    const LOOSE: &[u8] = b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x01\x2c\x00\x02\xc0\x25";
    let seed = |flags: u8, head: [u8; 2], kind: RrType, sections: [&[&[u8]]; 3]| {
        let mut octets = vec![flags];
        octets.extend(query(NAME, kind, None));
        octets[3..5].copy_from_slice(&head);
        for (section, records) in sections.iter().enumerate() {
            octets[8 + 2 * section] = records.len() as u8;
            records.iter().for_each(|record| octets.extend_from_slice(record));
        }
        octets
    };
    let shapes = [
        seed(0, [0x81, 0x80], RrType::A, [&[ADDRESS, ADDRESS], &[], &[OPT]]),
        seed(1, [0x85, 0x80], RrType::A, [&[ADDRESS, RRSIG], &[], &[OPT]]),
        seed(0, [0x81, 0x80], RrType::A, [&[ALIAS], &[], &[]]),
        seed(0, [0x81, 0x80], RrType::A, [&[LOOSE], &[], &[]]),
        seed(0, [0x81, 0x80], RrType::A, [&[DNAME, ALIAS, ADDRESS], &[SOA], &[]]),
        seed(2, [0x81, 0x83], RrType::A, [&[], &[SOA], &[OPT]]),
        seed(1, [0x81, 0x80], RrType::AAAA, [&[ALIAS], &[SOA, RRSIG], &[OPT]]),
        seed(0, [0x81, 0x80], RrType::HTTPS, [&[HTTPS], &[], &[ADDRESS]]),
        seed(0, [0x83, 0x80], RrType::MX, [&[MX, MX], &[], &[]]),
        seed(0, [0x81, 0x82], RrType::A, [&[], &[], &[OPT]]),
    ];
    [&shapes[..], &super::texts("upstream")].concat()
}
