//! Laws of the cache: TTLs only count down, and kept is written as fresh.

use super::*;
use crate::dns::ede::EdeCode;
use crate::dns::message::{Section, records};
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;
use crate::resolve::{taken, wire};
use proptest::prelude::*;

mod bounds;

const NOW: u64 = 1_000_000;

fn ask(name: &str, rtype: RrType) -> Ask {
    Ask::new(OwnedName::parse(name).unwrap(), rtype)
}

/// A client's query, in mixed case, with OPT where a payload is given.
fn query(ask: &Ask, id: u16, payload: Option<u16>) -> Vec<u8> {
    let mut packet = vec![(id >> 8) as u8, id as u8, 1, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(payload.is_some())];
    let name = ask.name.as_name().wire().iter().enumerate();
    packet.extend(name.map(|(at, octet)| if at % 2 == 0 { octet.to_ascii_uppercase() } else { *octet }));
    packet.extend_from_slice(&ask.rtype.to_be_bytes());
    packet.extend_from_slice(&ask.class.to_be_bytes());
    if let Some(payload) = payload {
        let dnssec_ok = if ask.dnssec_ok { 0x80 } else { 0 };
        packet.extend_from_slice(&[0, 0, 41, (payload >> 8) as u8, payload as u8, 0, 0, dnssec_ok, 0, 0, 0]);
    }
    packet
}

fn record(owner: &[u8], rtype: RrType, ttl: u32, rdata: &[u8]) -> Vec<u8> {
    let mut octets = owner.to_vec();
    octets.extend_from_slice(&rtype.to_be_bytes());
    octets.extend_from_slice(&[0, 1]);
    octets.extend_from_slice(&ttl.to_be_bytes());
    octets.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
    octets.extend_from_slice(rdata);
    octets
}

const QNAME: &[u8] = &[0xc0, 12];

fn answer(ask: &Ask, rcode: Rcode, answers: &[Vec<u8>], authorities: &[Vec<u8>]) -> Answer {
    let mut wire = wire::bare(ask, rcode, None).wire;
    wire[7] = answers.len() as u8;
    wire[9] = authorities.len() as u8;
    wire.extend(answers.concat());
    wire.extend(authorities.concat());
    Answer { wire, rcode, security: Security::Insecure, ede: None, unfinished: None }
}

fn address(ttl: u32) -> Vec<u8> {
    record(QNAME, RrType::A, ttl, &[198, 51, 100, 7])
}

fn soa(ttl: u32, minimum: u32) -> Vec<u8> {
    let mut rdata = vec![0, 0];
    for value in [1, 2, 3, 4, minimum] {
        rdata.extend_from_slice(&value.to_be_bytes());
    }
    record(QNAME, RrType::SOA, ttl, &rdata)
}

fn cache() -> Cache {
    Cache::new(1 << 20, TtlBounds::default())
}

/// How long an answer is kept; 0 for not at all.
fn kept(ask: &Ask, answer: &Answer) -> u64 {
    let cache = cache();
    let hit = cache.insert(ask, answer, Stamp::default(), NOW);
    let packet = query(ask, 7, None);
    let question = Question::parse(&packet).unwrap();
    assert_eq!(cache.find(&question, NOW).is_some(), hit.expires_in(NOW) > 0);
    if hit.expires_in(NOW) > 0 {
        assert!(cache.find(&question, NOW + hit.expires_in(NOW) - 1).is_some());
        assert!(cache.find(&question, NOW + hit.expires_in(NOW)).is_none());
    }
    hit.expires_in(NOW)
}

#[test]
fn an_answer_is_kept_as_long_as_its_shortest_record_lives() {
    let www = ask("www.example", RrType::A);
    let ok = Rcode::NO_ERROR;
    let alias = record(QNAME, RrType::CNAME, 30, b"\x01b\x00");
    for (what, answer, seconds) in [
        ("one record", answer(&www, ok, &[address(60)], &[]), 60),
        ("the shorter of two", answer(&www, ok, &[address(60), address(20)], &[]), 20),
        ("more than a day", answer(&www, ok, &[address(1_000_000)], &[]), 86_400),
        ("a TTL with the top bit", answer(&www, ok, &[address(1 << 31)], &[]), 0),
        ("no time at all", answer(&www, ok, &[address(0)], &[]), 0),
        ("NODATA: SOA minimum", answer(&www, ok, &[], &[soa(900, 120)]), 120),
        ("NODATA: SOA TTL", answer(&www, ok, &[], &[soa(90, 120)]), 90),
        ("NXDOMAIN", answer(&www, Rcode::NX_DOMAIN, &[], &[soa(90_000, 90_000)]), 3600),
        ("alias, then NODATA", answer(&www, ok, std::slice::from_ref(&alias), &[soa(900, 120)]), 30),
        ("NODATA without SOA", answer(&www, ok, &[], &[]), 0),
        ("alias alone", answer(&www, ok, &[alias], &[]), 0),
        ("SERVFAIL", answer(&www, Rcode::SERV_FAIL, &[], &[]), 5),
        ("REFUSED", answer(&www, Rcode::REFUSED, &[], &[]), 0),
    ] {
        assert_eq!(kept(&www, &answer), seconds, "{what}");
    }
    let any = ask("www.example", RrType::ANY);
    assert_eq!(kept(&any, &answer(&any, ok, &[address(60)], &[])), 0, "ANY");
    let mut truncated = answer(&www, ok, &[address(60)], &[]);
    truncated.wire[2] |= 0x02;
    assert_eq!(kept(&www, &truncated), 0, "truncated");
}

#[test]
fn a_minimum_raises_short_ttls() {
    let cache = Cache::new(1 << 20, TtlBounds { min: 10, ..TtlBounds::default() });
    let www = ask("www.example", RrType::A);
    let hit = cache.insert(&www, &answer(&www, Rcode::NO_ERROR, &[address(1)], &[]), Stamp::default(), NOW);
    assert_eq!(hit.expires_in(NOW), 10);
}

#[test]
fn the_client_gets_its_own_question_back_with_ttls_counted_down() {
    let cache = cache();
    let www = ask("www.example", RrType::A);
    cache.insert(&www, &answer(&www, Rcode::NO_ERROR, &[address(60)], &[]), Stamp::default(), NOW);
    let packet = query(&www, 0xbeef, Some(1232));
    let question = Question::parse(&packet).unwrap();
    let mut out = Vec::new();
    assert!(cache.write(&question, NOW + 25, &mut out, 1232).is_some());
    assert_eq!(out[..2], [0xbe, 0xef]);
    assert_eq!(out[12..question.end], packet[12..question.end], "0x20 comes back");
    let (_, found) = records(&out).unwrap();
    assert_eq!(
        found.iter().map(|record| (record.rtype, record.ttl)).collect::<Vec<_>>(),
        [(RrType::A, 35), (RrType::OPT, 0)]
    );
    assert!(cache.write(&question, NOW + 60, &mut out, 1232).is_none());
}

#[test]
fn do_and_cd_are_answers_of_their_own() {
    let cache = cache();
    let plain = ask("www.example", RrType::A);
    let signed = Ask { dnssec_ok: true, ..plain.clone() };
    cache.insert(&plain, &answer(&plain, Rcode::NO_ERROR, &[address(60)], &[]), Stamp::default(), NOW);
    let packet = query(&signed, 7, Some(1232));
    assert!(cache.find(&Question::parse(&packet).unwrap(), NOW).is_none());
    let mut packet = query(&plain, 7, None);
    packet[3] |= 0x10;
    assert!(cache.find(&Question::parse(&packet).unwrap(), NOW).is_none());
}

#[test]
fn ad_is_said_of_secure_answers_to_those_who_understand_it() {
    let cache = cache();
    let www = ask("www.example", RrType::A);
    let secure = Answer { security: Security::Secure, ..answer(&www, Rcode::NO_ERROR, &[address(60)], &[]) };
    cache.insert(&www, &secure, Stamp::default(), NOW);
    let mut packet = query(&www, 7, None);
    let mut out = Vec::new();
    for (ad_asked, ad) in [(0, 0), (0x20, 0x20)] {
        packet[3] = ad_asked;
        cache.write(&Question::parse(&packet).unwrap(), NOW, &mut out, 512).unwrap();
        assert_eq!(out[3] & 0x20, ad);
    }
}

#[test]
fn what_does_not_fit_is_truncated_and_room_is_not_asked_for_twice() {
    let cache = cache();
    let www = ask("www.example", RrType::A);
    let many: Vec<_> = (0..60).map(|_| address(60)).collect();
    cache.insert(&www, &answer(&www, Rcode::NO_ERROR, &many, &[]), Stamp::default(), NOW);
    let packet = query(&www, 7, None);
    let mut out = Vec::with_capacity(2048);
    let room = out.as_ptr();
    cache.write(&Question::parse(&packet).unwrap(), NOW, &mut out, 512).unwrap();
    assert!(out.len() <= 512 && out[2] & 0x02 != 0);
    cache.write(&Question::parse(&packet).unwrap(), NOW, &mut out, 65_535).unwrap();
    assert!(out.len() > 512 && out[2] & 0x02 == 0);
    assert_eq!(out.as_ptr(), room);
}

#[test]
fn a_message_that_answers_something_else_never_meets_a_client() {
    let www = ask("www.example", RrType::A);
    let other = ask("mmm.example", RrType::A);
    let longer = ask("wwww.example", RrType::A);
    for answered in [&other, &longer] {
        let hit = cache().insert(
            &www,
            &answer(answered, Rcode::NO_ERROR, &[address(60)], &[]),
            Stamp::default(),
            NOW,
        );
        assert_eq!(hit.rcode(), Rcode::SERV_FAIL);
    }
}

#[test]
fn stamps_travel_with_the_answer_and_can_be_renewed() {
    let cache = cache();
    let www = ask("www.example", RrType::A);
    let stamp = Stamp { all: 5, open: 4, zones: 2, marks: 1, generation: 1 };
    let fresh = answer(&www, Rcode::NO_ERROR, &[address(60)], &[]);
    let hit = cache.insert(&www, &fresh, stamp, NOW);
    assert_eq!(hit.message(&www), fresh.wire);
    let packet = query(&www, 7, None);
    let question = Question::parse(&packet).unwrap();
    assert_eq!(cache.find(&question, NOW).unwrap().stamp(), stamp);
    let renewed = Stamp { generation: 2, ..stamp };
    cache.restamp(&www, &hit, renewed);
    let found = cache.find(&question, NOW + 10).unwrap();
    assert_eq!((found.stamp(), found.expires_in(NOW + 10)), (renewed, 50));
    cache.forget(&www);
    assert!(cache.find(&question, NOW).is_none());
}

#[test]
fn the_octets_are_bounded_whatever_comes() {
    let cache = Cache::new(256 << 10, TtlBounds::default());
    let large = record(QNAME, RrType::TXT, 60, &[255; 256]);
    for n in 0..5000 {
        let ask = ask(&format!("h{n}.example"), RrType::TXT);
        cache.insert(
            &ask,
            &answer(&ask, Rcode::NO_ERROR, std::slice::from_ref(&large), &[]),
            Stamp::default(),
            NOW,
        );
    }
    assert!(cache.octets() <= 256 << 10, "{}", cache.octets());
    assert!(cache.len() > 200, "{}", cache.len());
}

proptest! {
    /// Fresh or kept, the answer is the same octet for octet, but for the TTLs, which are lower by the
    /// answer's age.
    #[test]
    fn a_kept_answer_is_the_fresh_one_grown_older(
        ttls in prop::collection::vec(1u32..100_000, 1..8),
        payload in prop::option::of(512u16..2000),
        share in 0.0f64..1.0,
    ) {
        let cache = cache();
        let www = ask("www.example", RrType::A);
        let answers: Vec<_> = ttls.iter().map(|ttl| address(*ttl)).collect();
        let fresh = cache.insert(&www, &answer(&www, Rcode::NO_ERROR, &answers, &[]), Stamp::default(), NOW);
        let packet = query(&www, 7, payload);
        let question = Question::parse(&packet).unwrap();
        let (mut first, mut later) = (Vec::new(), Vec::new());
        fresh.write(&question, NOW, Lang::Vi, &mut first, 4096);
        let age = (share * fresh.expires_in(NOW) as f64) as u64;
        let kept = cache.write(&question, NOW + age, &mut later, 4096);
        prop_assert!(kept.is_some());
        let (_, found) = records(&first).unwrap();
        let mut older = first.clone();
        for record in found.iter().filter(|record| record.rtype != RrType::OPT) {
            older[record.ttl_at()..record.ttl_at() + 4].copy_from_slice(&(record.ttl - age as u32).to_be_bytes());
        }
        prop_assert_eq!(older, later);
    }

    /// Whatever an upstream sends: no panic, and what is taken can be kept, written, and read again.
    #[test]
    fn no_octets_from_upstream_do_harm(
        mut octets in prop::collection::vec(any::<u8>(), 0..200),
        counts in prop::array::uniform3(0u8..3),
        flags in any::<[u8; 2]>(),
    ) {
        let www = ask("www.example", RrType::A);
        let mut message = wire::bare(&www, Rcode::NO_ERROR, None).wire;
        message[2] = flags[0] | 0x80;
        message[3] = flags[1];
        (message[7], message[9], message[11]) = (counts[0], counts[1], counts[2]);
        message.append(&mut octets);
        harmless(&www, message)?;
    }

    /// The same from a good message with a few octets changed, which gets deeper.
    #[test]
    fn no_damaged_answer_does_harm(changes in prop::collection::vec((0usize..400, any::<u8>()), 1..4), cut in 0usize..400) {
        let www = ask("www.example", RrType::A);
        let alias = record(QNAME, RrType::CNAME, 30, &[1, b'b', 0xc0, 16]);
        let service = record(&[0xc0, 41], RrType::HTTPS, 30, b"\x00\x01\x01c\x00\x00\x01\x00\x03\x02h2");
        let mut message = answer(&www, Rcode::NO_ERROR, &[alias, service, address(60)], &[soa(60, 60)]).wire;
        for (at, octet) in changes {
            if let Some(slot) = message.get_mut(at) {
                *slot = octet;
            }
        }
        message.truncate(message.len().min(cut.max(12)));
        harmless(&www, message)?;
    }
}

fn harmless(www: &Ask, message: Vec<u8>) -> Result<(), TestCaseError> {
    let cache = cache();
    let _ = wire::end_of_chain(www, &message);
    let raw = Answer {
        wire: message.clone(),
        rcode: Rcode::NO_ERROR,
        security: Security::Insecure,
        ede: None,
        unfinished: None,
    };
    let _ = wire::join(www, &raw, &raw);
    let packet = query(www, 7, Some(1232));
    let question = Question::parse(&packet).unwrap();
    let mut out = Vec::new();
    cache.insert(www, &raw, Stamp::default(), NOW).write(&question, NOW + 3, Lang::Vi, &mut out, 1232);
    prop_assert!(records(&out).is_ok());
    if let Ok(taken) = taken::take(www, message) {
        let (_, found) = records(&taken.wire).expect("what was taken can be read");
        prop_assert!(
            found.iter().all(|record| record.rtype != RrType::OPT || record.section != Section::Additional)
        );
        let answer = Answer {
            wire: taken.wire,
            rcode: Rcode::NO_ERROR,
            security: Security::Insecure,
            ede: None,
            unfinished: None,
        };
        let hit = cache.insert(www, &answer, Stamp::default(), NOW);
        hit.write(&question, NOW + 3, Lang::Vi, &mut out, 1232);
        prop_assert!(records(&out).is_ok());
    }
    Ok(())
}

#[test]
fn an_answer_whose_time_is_over_is_better_than_none_for_its_window_and_says_so() {
    let cache = Cache::new(1 << 20, TtlBounds { stale: 3600, ..TtlBounds::default() });
    let www = ask("www.example", RrType::A);
    cache.insert(&www, &answer(&www, Rcode::NO_ERROR, &[address(60)], &[]), Stamp::default(), NOW);
    let packet = query(&www, 7, Some(1232));
    let question = Question::parse(&packet).unwrap();
    assert!(cache.find(&question, NOW + 60).is_none());
    let stale = cache.find_stale(&www, NOW + 60).unwrap();
    assert!(!stale.is_stale(), "nobody was given it yet");
    let extended = cache.extend_stale(&www, &stale, Stamp::default(), NOW + 60);
    assert_eq!(extended.ede().unwrap().ede(), EdeCode::StaleAnswer);
    assert!(extended.is_stale());
    // For thirty seconds it is an answer like any other, with a TTL that says so.
    let mut out = Vec::new();
    cache.find(&question, NOW + 65).unwrap().write(&question, NOW + 65, Lang::Vi, &mut out, 1232);
    let (_, found) = records(&out).unwrap();
    assert_eq!(found[0].ttl, 25);
    assert!(cache.find(&question, NOW + 90).is_none());
    // However often it is extended, its window began when its time was over.
    let again = cache.find_stale(&www, NOW + 3600).unwrap();
    cache.extend_stale(&www, &again, Stamp::default(), NOW + 3600);
    assert!(cache.find_stale(&www, NOW + 3659).is_some());
    assert!(cache.find_stale(&www, NOW + 3660).is_none());
}

#[test]
fn a_name_that_was_not_there_says_that_it_may_be_now_and_a_failure_is_never_prolonged() {
    let cache = cache();
    let www = ask("www.example", RrType::A);
    cache.insert(&www, &answer(&www, Rcode::NX_DOMAIN, &[], &[soa(60, 60)]), Stamp::default(), NOW);
    let stale = cache.find_stale(&www, NOW + 100).unwrap();
    let extended = cache.extend_stale(&www, &stale, Stamp::default(), NOW + 100);
    assert_eq!(extended.ede().unwrap().ede(), EdeCode::StaleNxdomain);
    let fails = ask("fails.example", RrType::A);
    cache.insert(&fails, &answer(&fails, Rcode::SERV_FAIL, &[], &[]), Stamp::default(), NOW);
    assert!(cache.find_stale(&fails, NOW + 100).is_none());
    let off = Cache::new(1 << 20, TtlBounds { stale: 0, ..TtlBounds::default() });
    off.insert(&www, &answer(&www, Rcode::NO_ERROR, &[address(60)], &[]), Stamp::default(), NOW);
    assert!(off.find_stale(&www, NOW + 60).is_none());
}

#[test]
fn an_answer_is_due_in_the_last_tenth_of_its_time_and_one_asker_is_told_so() {
    let cache = cache();
    let www = ask("www.example", RrType::A);
    let hit = cache.insert(&www, &answer(&www, Rcode::NO_ERROR, &[address(60)], &[]), Stamp::default(), NOW);
    assert!(!hit.is_due(NOW + 53));
    assert_eq!(hit.rests_until(NOW), NOW + 54);
    assert!(hit.is_due(NOW + 54));
    assert!(!hit.is_due(NOW + 55), "somebody is at it");
    assert_eq!(hit.rests_until(NOW + 54), NOW + 60);
    let short = cache.insert(&www, &answer(&www, Rcode::NO_ERROR, &[address(5)], &[]), Stamp::default(), NOW);
    assert_eq!(short.rests_until(NOW), NOW + 5, "too short to be worth it");
}

#[test]
fn an_answer_from_the_future_counts_as_expired() {
    let cache = cache();
    let www = ask("www.example", RrType::A);
    cache.insert(&www, &answer(&www, Rcode::NO_ERROR, &[address(60)], &[]), Stamp::default(), NOW);
    let packet = query(&www, 7, None);
    let question = Question::parse(&packet).unwrap();
    assert!(cache.find(&question, NOW).is_some());
    assert!(cache.find(&question, NOW - 1).is_none(), "the clock was set back");
    assert!(cache.find_stale(&www, NOW - 1).is_none());
}
