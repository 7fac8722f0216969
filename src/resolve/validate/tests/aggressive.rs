//! What spans answer, and what they leave to the zone.

use std::sync::Arc;

use proptest::prelude::*;

use super::laws::{Truth, contents, truth, zone_and_name};
use super::zone::{Contents, NOW, VALID, bitmap, name, set};
use crate::dns::rcode::Rcode;
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;
use crate::resolve::validate::Rules;
use crate::resolve::validate::aggressive::{Found, Spans};

const ROOM: usize = 1 << 20;

fn soa() -> Arc<RrSet> {
    Arc::new(set("example", RrType::SOA, &[b"\x00\x00AAAABBBBCCCCDDDDEEEE"]))
}

fn keep(spans: &mut Spans, sets: &[RrSet]) {
    for set in sets {
        spans.keep(name("example").as_name(), Arc::new(set.clone()), soa(), NOW + VALID);
    }
}

fn find(spans: &Spans, asked: &str, rtype: RrType) -> Option<Found> {
    spans.find(name(asked).as_name(), rtype, name("example").as_name(), NOW)
}

fn said(spans: &Spans, asked: &str, rtype: RrType) -> Option<Rcode> {
    find(spans, asked, rtype).map(|found| found.rcode)
}

/// Both kinds of chain, kept whole.
fn both(contents: &Contents) -> [Spans; 2] {
    [contents.nsec(), contents.nsec3(&[1], 1, false)].map(|sets| {
        let mut spans = Spans::new(ROOM, Rules::default());
        keep(&mut spans, &sets);
        spans
    })
}

#[test]
fn an_answer_has_its_proofs_and_lasts_as_long_as_the_first_of_them() {
    let zone = Contents::new("example", [("a.example", &[RrType::A][..]), ("*.w.example", &[RrType::A])]);
    for (spans, least) in both(&zone).iter().zip([1, 2]) {
        let found = find(spans, "m.example", RrType::A).unwrap();
        assert_eq!((found.rcode, found.ttl), (Rcode::NX_DOMAIN, VALID));
        assert!((least..=3).contains(&found.proofs.len()));
        assert_eq!(found.soa, soa());
        assert_eq!(find(spans, "a.example", RrType::MX).unwrap().proofs.len(), 1);
        for (asked, now) in [("m.example", NOW + VALID), ("other", NOW)] {
            assert!(spans.find(name(asked).as_name(), RrType::A, name("example").as_name(), now).is_none());
        }
        // The wildcard has A; whoever asks for it gets it from the zone.
        assert_eq!(said(spans, "q.w.example", RrType::A), None);
        assert_eq!(said(spans, "q.w.example", RrType::MX), Some(Rcode::NO_ERROR));
        assert_eq!(said(spans, "a.example", RrType::ANY), None);
        assert!(spans.find(name("m.example").as_name(), RrType::A, name("test").as_name(), NOW).is_none());
    }
}

#[test]
fn below_a_cut_and_in_an_opt_out_span_the_zone_is_asked() {
    let names: [(&str, &[RrType]); 2] =
        [("cut.example", &[RrType::NS, RrType::DS]), ("open.example", &[RrType::NS])];
    let zone = Contents::new("example", names);
    for spans in both(&zone) {
        for asked in ["cut.example", "www.cut.example", "open.example", "www.open.example"] {
            assert_eq!(said(&spans, asked, RrType::A), None, "{asked}");
        }
        assert_eq!(said(&spans, "open.example", RrType::DS), Some(Rcode::NO_ERROR));
    }
    let mut spans = Spans::new(ROOM, Rules::default());
    keep(&mut spans, &zone.nsec3(&[1], 1, true));
    for asked in ["open.example", "m.example", "www.open.example"] {
        assert_eq!(said(&spans, asked, RrType::A), None, "{asked}");
        assert_eq!(said(&spans, asked, RrType::DS), None, "{asked}");
    }
}

#[test]
fn what_a_newer_set_contradicts_is_forgotten() {
    let before = Contents::new("example", [("a.example", &[RrType::A][..]), ("m.example", &[RrType::A])]);
    let after = Contents::new("example", [("a.example", &[RrType::A][..]), ("x.example", &[RrType::A])]);
    let mut spans = Spans::new(ROOM, Rules::default());
    keep(&mut spans, &before.nsec());
    assert_eq!(said(&spans, "x.example", RrType::A), Some(Rcode::NX_DOMAIN));
    assert_eq!(said(&spans, "m.example", RrType::MX), Some(Rcode::NO_ERROR));
    // From a to x there is nothing: m is gone, and so is what it said of x.
    keep(&mut spans, &after.nsec()[1..2]);
    assert_eq!(said(&spans, "m.example", RrType::MX), Some(Rcode::NX_DOMAIN));
    assert_eq!(said(&spans, "x.example", RrType::A), None);
    // x is there: whoever said that it is not, is.
    let mut spans = Spans::new(ROOM, Rules::default());
    keep(&mut spans, &before.nsec());
    keep(&mut spans, &after.nsec()[2..3]);
    assert_eq!(said(&spans, "x.example", RrType::A), None);
    assert_eq!(said(&spans, "n.example", RrType::A), None);
    assert_eq!(said(&spans, "x.example", RrType::MX), Some(Rcode::NO_ERROR));
    // Another salt, another chain.
    let mut spans = Spans::new(ROOM, Rules::default());
    keep(&mut spans, &before.nsec3(&[1], 1, false));
    keep(&mut spans, &before.nsec3(&[2], 1, false)[..1]);
    assert_eq!(said(&spans, "a.example", RrType::MX).and(said(&spans, "m.example", RrType::MX)), None);
}

#[test]
fn octets_are_bounded_and_the_oldest_goes_first() {
    let names: Vec<String> = (0..200).map(|at| format!("n{at:03}.example")).collect();
    let zone = Contents::new("example", names.iter().map(|name| (name.as_str(), &[RrType::A][..])));
    for sets in [zone.nsec(), zone.nsec3(&[], 0, false)] {
        let mut spans = Spans::new(40_000, Rules::default());
        for set in &sets {
            keep(&mut spans, std::slice::from_ref(set));
            assert!((1..=40_000).contains(&spans.octets()));
        }
        // Kept again, it takes no more room.
        let before = spans.octets();
        keep(&mut spans, &sets[200..]);
        assert_eq!(spans.octets(), before);
        if sets[0].rtype == RrType::NSEC {
            assert_eq!(said(&spans, "n003.example", RrType::MX), None);
            assert_eq!(said(&spans, "n199.example", RrType::MX), Some(Rcode::NO_ERROR));
        }
        let mut none = Spans::new(0, Rules::default());
        keep(&mut none, &sets);
        assert_eq!(none.octets(), 0);
    }
}

#[test]
fn what_is_no_span_is_not_kept() {
    let mut spans = Spans::new(ROOM, Rules::default());
    let own = [
        b"\x01\x00".as_slice(),
        name("no.example").as_name().wire(),
        &bitmap(&[RrType::RRSIG, RrType::NSEC]),
    ]
    .concat();
    keep(&mut spans, &[set("no.example", RrType::NSEC, &[&own])]);
    keep(&mut spans, &[set("a.test", RrType::NSEC, &[b"\x01b\x04test\x00"])]);
    keep(&mut spans, &[set("a.example", RrType::A, &[&[192, 0, 2, 1]])]);
    keep(&mut spans, &Contents::new("example", []).nsec3(&[], 151, false));
    assert_eq!(spans.octets(), 0);
}

proptest! {
    #[test]
    fn whatever_part_of_a_chain_is_kept_only_what_is_true_is_found(
        (names, asked) in zone_and_name(),
        parts in prop::collection::vec(any::<bool>(), 40),
        kind in 0..2,
    ) {
        let zone = contents(&names);
        let sets = if kind == 0 { zone.nsec() } else { zone.nsec3(&[7], 2, false) };
        let truth = truth(&names, &asked);
        let full = format!("{asked}.example");
        let mut whole = Spans::new(ROOM, Rules::default());
        keep(&mut whole, &sets);
        let mx = Some(if truth == Truth::Nothing { Rcode::NX_DOMAIN } else { Rcode::NO_ERROR });
        let a = match truth {
            Truth::Nothing => mx,
            Truth::EmptyNonterminal | Truth::EmptyWildcard => Some(Rcode::NO_ERROR),
            Truth::Exists | Truth::Wildcard => None,
        };
        prop_assert_eq!(said(&whole, &full, RrType::MX), mx);
        prop_assert_eq!(said(&whole, &full, RrType::A), a);
        let mut part = Spans::new(ROOM, Rules::default());
        let some: Vec<RrSet> = sets.into_iter().zip(parts).filter(|(_, keep)| *keep).map(|(set, _)| set).collect();
        keep(&mut part, &some);
        prop_assert!(said(&part, &full, RrType::MX).is_none_or(|rcode| Some(rcode) == mx));
        prop_assert!(said(&part, &full, RrType::A).is_none_or(|rcode| Some(rcode) == a));
    }
}
