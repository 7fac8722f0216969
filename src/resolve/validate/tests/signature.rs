//! Which signatures count, and for what.

use super::zone::{NOW, Signer, Terms, VALID, name, set};
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;
use crate::resolve::validate::fault::Fault;
use crate::resolve::validate::key::ZoneKeys;
use crate::resolve::validate::signature::{Verified, verify};
use crate::resolve::validate::work::Work;
use crate::resolve::validate::{Rules, Sha1Signatures};

fn check(set: &RrSet, keys: &ZoneKeys) -> Result<Verified, Fault> {
    verify(set, keys, NOW, &Rules::default(), &Work::new())
}

fn a(owner: &str) -> RrSet {
    set(owner, RrType::A, &[&[192, 0, 2, 1], &[192, 0, 2, 2]])
}

#[test]
fn a_set_is_proven_for_the_shortest_of_its_times() {
    let signer = Signer::usual();
    let keys = signer.keys("example");
    for (set_ttl, original_ttl, left, ttl) in [
        (3600, 3600, VALID, 3600),
        (60, 3600, VALID, 60),
        (3600, 300, VALID, 300),
        (3600, 3600, 5, 5),
        (60, 60, 0, 0),
    ] {
        let mut set = RrSet { ttl: set_ttl, ..a("www.example") };
        signer.sign_on(
            &mut set,
            "example",
            Terms { original_ttl, expiration: NOW + left, ..Terms::default() },
        );
        assert_eq!(check(&set, &keys), Ok(Verified { ttl, expanded_from: None }));
    }
}

#[test]
fn time_is_compared_by_serial_arithmetic() {
    let signer = Signer::usual();
    let keys = signer.keys("example");
    let half = 1 << 31;
    for (inception, expiration, now, said) in [
        (NOW, NOW, NOW, Ok(())),
        (NOW, NOW + 1, NOW + 2, Err(Fault::SignatureExpired)),
        (NOW + 1, NOW + 2, NOW, Err(Fault::SignatureNotYetValid)),
        (NOW + 2, NOW + 1, NOW, Err(Fault::SignatureExpiredBeforeValid)),
        // Across 2106.
        (u32::MAX - 9, 10, u32::MAX, Ok(())),
        (u32::MAX - 9, 10, 5, Ok(())),
        (u32::MAX - 9, 10, 11, Err(Fault::SignatureExpired)),
        (u32::MAX - 9, 10, u32::MAX - 10, Err(Fault::SignatureNotYetValid)),
        // Half of all time away is neither past nor future.
        (NOW, NOW + half, NOW, Err(Fault::SignatureExpiredBeforeValid)),
        (NOW.wrapping_sub(half - 1), NOW, NOW, Ok(())),
    ] {
        let mut set = a("www.example");
        signer.sign_on(&mut set, "example", Terms { inception, expiration, ..Terms::default() });
        let found = verify(&set, &keys, now, &Rules::default(), &Work::new()).map(|_| ());
        assert_eq!(found, said, "{inception} {expiration} {now}");
    }
}

#[test]
fn a_zone_signs_its_own_names_only() {
    let signer = Signer::usual();
    for (owner, apex) in [("www.test", "example"), ("example", "a.example"), ("wwwexample", "example")] {
        let mut set = a(owner);
        signer.sign(&mut set, apex);
        assert_eq!(check(&set, &signer.keys(apex)), Err(Fault::RrsigsMissing), "{owner} {apex}");
    }
    // A signature of the zone above does not count for the zone below, and the other way round.
    let mut set = a("www.sub.example");
    signer.sign(&mut set, "example");
    assert_eq!(check(&set, &signer.keys("sub.example")), Err(Fault::RrsigsMissing));
    assert!(check(&set, &signer.keys("example")).is_ok());
    let mut ds = super::zone::set("sub.example", RrType::DS, &[&[0, 1, 15, 2, 0]]);
    signer.sign(&mut ds, "sub.example");
    assert_eq!(check(&ds, &signer.keys("sub.example")), Err(Fault::RrsigsMissing));
    signer.sign(&mut ds, "example");
    assert!(check(&ds, &signer.keys("example")).is_ok());
    let mut root = a("www.example");
    signer.sign(&mut root, ".");
    assert!(check(&root, &signer.keys(".")).is_ok());
}

#[test]
fn a_wildcard_is_told_by_its_labels_and_never_denies() {
    let signer = Signer::usual();
    let keys = signer.keys("example");
    let expanded = |owner: &str, wildcard: &str, rtype: RrType| {
        let mut set = super::zone::set(wildcard, rtype, &[b"\x00\x00\x01\x40"]);
        signer.sign(&mut set, "example");
        let verified = check(&RrSet { owner: name(owner), ..set }, &keys)?;
        Ok(verified.expanded_from.map(|encloser| encloser.to_string()))
    };
    for (owner, wildcard, from) in [
        ("a.example", "*.example", Some("example")),
        ("a.b.example", "*.example", Some("example")),
        ("a.b.example", "*.b.example", Some("b.example")),
        // Asked for by its own name; by a name below it; by the name of another wildcard.
        ("*.example", "*.example", None),
        ("a.*.example", "*.*.example", Some("*.example")),
        ("*.b.example", "*.example", Some("example")),
    ] {
        assert_eq!(expanded(owner, wildcard, RrType::TXT), Ok(from.map(Into::into)), "{owner}");
    }
    for rtype in [RrType::NSEC, RrType::NSEC3] {
        assert_eq!(expanded("a.example", "*.example", rtype), Err(Fault::BadSignature));
    }
    assert_eq!(expanded("example", "*.example", RrType::TXT), Err(Fault::BadSignature));
    // A wildcard of the zone above, with the keys of the zone below.
    let mut set = super::zone::set("*.example", RrType::TXT, &[b"\x01x"]);
    signer.sign_on(&mut set, "sub.example", Terms::default());
    let moved = RrSet { owner: name("a.sub.example"), ..set };
    assert_eq!(check(&moved, &signer.keys("sub.example")), Err(Fault::BadSignature));
    let mut set = a("a.example");
    signer.sign_on(&mut set, "example", Terms { labels: Some(3), ..Terms::default() });
    assert_eq!(check(&set, &keys), Err(Fault::BadSignature));
}

#[test]
fn of_several_signatures_one_good_one_is_enough_and_else_the_most_telling_counts() {
    let (signer, stranger) = (Signer::usual(), Signer::usual());
    let keys = signer.keys("example");
    let mut set = a("www.example");
    assert_eq!(check(&set, &keys), Err(Fault::RrsigsMissing));
    set.rrsigs.push([0; 7].into());
    assert_eq!(check(&set, &keys), Err(Fault::RrsigsMissing));
    stranger.sign(&mut set, "example");
    assert_eq!(check(&set, &keys), Err(Fault::DnskeyMissing));
    signer.sign(&mut set, "example");
    *set.rrsigs.last_mut().unwrap().last_mut().unwrap() ^= 1;
    assert_eq!(check(&set, &keys), Err(Fault::BadSignature));
    signer.sign_on(&mut set, "example", Terms { inception: NOW + 1, ..Terms::default() });
    assert_eq!(check(&set, &keys), Err(Fault::SignatureNotYetValid));
    signer.sign_on(&mut set, "example", Terms { expiration: NOW - 1, ..Terms::default() });
    assert_eq!(check(&set, &keys), Err(Fault::SignatureExpired));
    signer.sign(&mut set, "example");
    assert!(check(&set, &keys).is_ok());
}

#[test]
fn a_signature_by_a_key_that_is_not_for_zones_says_so() {
    let (signer, other) = (Signer::usual(), Signer::new(15, 0));
    let dnskeys = signer.dnskeys("example", &[&other]);
    let keys = super::chain::secure(&dnskeys, &[signer.ds("example", 2)]);
    let mut set = a("www.example");
    other.sign(&mut set, "example");
    assert_eq!(check(&set, &keys), Err(Fault::NoZoneKeyBit));
}

#[test]
fn work_is_bounded_whatever_a_zone_does() {
    let signer = Signer::usual();
    let keys = signer.keys("example");
    let mut set = a("www.example");
    for at in 0..40 {
        signer.sign(&mut set, "example");
        set.rrsigs[at][30] ^= 1;
    }
    // Looked at in the order received, sixteen of a set.
    let work = Work::of(100, 20, 0);
    assert_eq!(verify(&set, &keys, NOW, &Rules::default(), &work), Err(Fault::BadSignature));
    assert_eq!(verify(&set, &keys, NOW, &Rules::default(), &work), Err(Fault::TooMuchWork));
    let work = Work::of(3, 20, 0);
    assert_eq!(verify(&set, &keys, NOW, &Rules::default(), &work), Err(Fault::TooMuchWork));
}

#[test]
fn sha_1_counts_by_rule() {
    let rules = |sha1| Rules { sha1, ..Rules::default() };
    for algorithm in [5, 7] {
        assert!(super::super::key::checks(algorithm, &rules(Sha1Signatures::Validated)));
        assert!(!super::super::key::checks(algorithm, &rules(Sha1Signatures::Insecure)));
    }
    let checked: Vec<u8> =
        (0..=255).filter(|algorithm| super::super::key::checks(*algorithm, &Rules::default())).collect();
    assert_eq!(checked, [5, 7, 8, 10, 13, 14, 15]);
}
