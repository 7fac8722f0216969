//! From a DS or an anchor to keys.

use super::zone::{NOW, Signer, Terms, set};
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;
use crate::resolve::validate::Rules;
use crate::resolve::validate::anchors::Anchor;
use crate::resolve::validate::chain::{Trust, keys_by_anchor, keys_by_ds};
use crate::resolve::validate::fault::{Fault, Unsupported};
use crate::resolve::validate::key::ZoneKeys;
use crate::resolve::validate::work::Work;

#[derive(Debug, PartialEq)]
enum Said {
    /// With so many keys.
    Secure(usize),
    Insecure(Unsupported),
    Bogus(Fault),
}

fn said(trust: Result<Trust, Fault>) -> Said {
    match trust {
        Ok(Trust::Secure(keys)) => Said::Secure(keys.keys.len()),
        Ok(Trust::Insecure(why)) => Said::Insecure(why),
        Err(fault) => Said::Bogus(fault),
    }
}

fn by_ds(dnskeys: &RrSet, ds: &[Box<[u8]>]) -> Said {
    said(keys_by_ds(dnskeys, ds, NOW, &Rules::default(), &Work::new()))
}

/// The keys of a zone that is secure.
pub fn secure(dnskeys: &RrSet, ds: &[Box<[u8]>]) -> ZoneKeys {
    match keys_by_ds(dnskeys, ds, NOW, &Rules::default(), &Work::new()) {
        Ok(Trust::Secure(keys)) => keys,
        other => panic!("{other:?}"),
    }
}

/// A DS with one octet changed.
fn with(ds: &[u8], at: usize, octet: u8) -> Box<[u8]> {
    let mut ds: Box<[u8]> = ds.into();
    ds[at] = octet;
    ds
}

#[test]
fn each_algorithm_and_digest_leads_from_the_ds_to_all_keys() {
    for algorithm in [13, 14, 15] {
        let (ksk, zsk) = (Signer::new(algorithm, 0x0101), Signer::new(algorithm, 0x0100));
        let dnskeys = ksk.dnskeys("example", &[&zsk]);
        for digest_type in [1, 2, 4] {
            let ds = [ksk.ds("example", digest_type)];
            assert_eq!(by_ds(&dnskeys, &ds), Said::Secure(2), "{algorithm} {digest_type}");
        }
        // Of another zone with the same key.
        assert_eq!(by_ds(&dnskeys, &[ksk.ds("test", 2)]), Said::Bogus(Fault::DnskeyMissing));
        assert_eq!(by_ds(&dnskeys, &[ksk.ds("example", 2), zsk.ds("example", 2)]), Said::Secure(2));
        assert_eq!(by_ds(&dnskeys, &[zsk.ds("example", 2)]), Said::Bogus(Fault::RrsigsMissing));
    }
}

#[test]
fn a_zone_is_insecure_where_no_ds_can_be_followed_and_bogus_where_one_could() {
    let signer = Signer::usual();
    let dnskeys = signer.dnskeys("example", &[]);
    let good = signer.ds("example", 2);
    let (algorithm, digest) = (with(&good, 2, 16), with(&good, 3, 3));
    let (wrong, other_tag) = (with(&good, 9, good[9] ^ 1), with(&good, 0, good[0] ^ 1));
    let insecure = Said::Insecure;
    for (ds, expected) in [
        (vec![&algorithm], insecure(Unsupported::Algorithm)),
        (vec![&digest], insecure(Unsupported::Digest)),
        (vec![&algorithm, &digest], insecure(Unsupported::Digest)),
        (vec![&algorithm, &digest, &good], Said::Secure(1)),
        (vec![&algorithm, &wrong], Said::Bogus(Fault::DnskeyMissing)),
        (vec![&digest, &other_tag], Said::Bogus(Fault::DnskeyMissing)),
        (vec![&wrong, &other_tag, &good], Said::Secure(1)),
        (vec![], Said::Bogus(Fault::DnskeyMissing)),
        (vec![&Box::from([1, 2, 3])], Said::Bogus(Fault::DnskeyMissing)),
    ] {
        let ds: Vec<Box<[u8]>> = ds.into_iter().cloned().collect();
        assert_eq!(by_ds(&dnskeys, &ds), expected, "{ds:?}");
    }
}

#[test]
fn a_sha_1_digest_does_not_count_beside_a_stronger_one() {
    let (old, new) = (Signer::usual(), Signer::usual());
    let dnskeys = old.dnskeys("example", &[&new]);
    let (weak, strong) = (old.ds("example", 1), new.ds("example", 2));
    assert_eq!(by_ds(&dnskeys, std::slice::from_ref(&weak)), Said::Secure(2));
    assert_eq!(by_ds(&dnskeys, &[weak.clone(), strong.clone()]), Said::Bogus(Fault::RrsigsMissing));
    // One that we cannot follow takes nothing away.
    assert_eq!(by_ds(&dnskeys, &[weak, with(&strong, 2, 16)]), Said::Secure(2));
}

#[test]
fn the_dnskey_set_must_be_signed_now_by_the_key_of_the_ds() {
    let (ksk, zsk) = (Signer::usual(), Signer::usual());
    let ds = [ksk.ds("example", 2)];
    let unsigned = set("example", RrType::DNSKEY, &[&ksk.dnskey, &zsk.dnskey]);
    assert_eq!(by_ds(&unsigned, &ds), Said::Bogus(Fault::RrsigsMissing));
    let mut by_zsk = unsigned.clone();
    zsk.sign(&mut by_zsk, "example");
    assert_eq!(by_ds(&by_zsk, &ds), Said::Bogus(Fault::RrsigsMissing));
    let mut expired = by_zsk.clone();
    ksk.sign_on(&mut expired, "example", Terms { expiration: NOW - 1, ..Terms::default() });
    assert_eq!(by_ds(&expired, &ds), Said::Bogus(Fault::SignatureExpired));
    let mut short = unsigned.clone();
    ksk.sign_on(&mut short, "example", Terms { expiration: NOW + 60, ..Terms::default() });
    assert_eq!(secure(&short, &ds).ttl, 60);
    let mut wrong = unsigned.clone();
    ksk.sign(&mut wrong, "example");
    wrong.rdata.pop();
    assert_eq!(by_ds(&wrong, &ds), Said::Bogus(Fault::BadSignature));
    assert_eq!(by_ds(&set("example", RrType::DNSKEY, &[]), &ds), Said::Bogus(Fault::DnskeyMissing));
}

#[test]
fn a_key_that_is_revoked_or_not_for_zones_leads_nowhere() {
    for (flags, fault) in [(0x0001, Fault::NoZoneKeyBit), (0x0181, Fault::DnskeyMissing)] {
        let signer = Signer::new(15, flags);
        let dnskeys = signer.dnskeys("example", &[]);
        assert_eq!(by_ds(&dnskeys, &[signer.ds("example", 2)]), Said::Bogus(fault));
        let dnskeys_of = vec![signer.dnskey.clone()];
        let anchor = Anchor { name: super::zone::name("example"), ds: vec![], dnskeys: dnskeys_of };
        let trust = keys_by_anchor(&dnskeys, &anchor, NOW, &Rules::default(), &Work::new());
        assert_eq!(said(trust), Said::Bogus(fault));
    }
    // Beside a good key it is left out.
    let (good, revoked) = (Signer::usual(), Signer::new(15, 0x0181));
    let dnskeys = good.dnskeys("example", &[&revoked]);
    assert_eq!(by_ds(&dnskeys, &[good.ds("example", 2)]), Said::Secure(1));
}

#[test]
fn an_anchor_is_a_ds_or_a_dnskey_and_one_of_several_is_enough() {
    let (signer, stranger) = (Signer::usual(), Signer::usual());
    let dnskeys = signer.dnskeys("example", &[]);
    let by_anchor = |name: &str, ds: &[&[u8]], keys: &[&[u8]]| {
        let own = |all: &[&[u8]]| all.iter().map(|rdata| Box::from(*rdata)).collect();
        let anchor = Anchor { name: super::zone::name(name), ds: own(ds), dnskeys: own(keys) };
        said(keys_by_anchor(&dnskeys, &anchor, NOW, &Rules::default(), &Work::new()))
    };
    let (ds, other) = (signer.ds("example", 2), stranger.ds("example", 2));
    assert_eq!(by_anchor("example", &[&ds], &[]), Said::Secure(1));
    assert_eq!(by_anchor("example", &[&other, &ds], &[]), Said::Secure(1));
    assert_eq!(by_anchor("example", &[&other], &[&signer.dnskey]), Said::Secure(1));
    assert_eq!(by_anchor("example", &[&other], &[&stranger.dnskey]), Said::Bogus(Fault::DnskeyMissing));
    assert_eq!(by_anchor("test", &[&ds], &[&signer.dnskey]), Said::Bogus(Fault::DnskeyMissing));
    let unknown = with(&ds, 2, 16);
    assert_eq!(by_anchor("example", &[&unknown], &[]), Said::Insecure(Unsupported::Algorithm));
}

#[test]
fn colliding_key_tags_are_tried_but_not_without_end() {
    let mut signer = Signer::usual();
    let mut colliding = signer.dnskeys("example", &[]);
    let ds = [signer.ds("example", 2)];
    // Swapping two octets at even distance leaves the tag as it is.
    let mut others = vec![];
    for at in 4..30 {
        let mut other = signer.dnskey.clone();
        other.swap(at, at + 2);
        if other != signer.dnskey {
            others.push(other);
        }
    }
    let rearranged = |before: usize| {
        let mut set = colliding.clone();
        set.rdata.splice(0..0, others[..before].iter().cloned());
        set.rrsigs.clear();
        signer.sign(&mut set, "example");
        by_ds(&set, &ds)
    };
    assert_eq!(rearranged(3), Said::Secure(4));
    assert_eq!(rearranged(4), Said::Bogus(Fault::DnskeyMissing));
    colliding.rdata.clear();
    signer.dnskey = others[0].clone();
    assert_eq!(by_ds(&colliding, &ds), Said::Bogus(Fault::DnskeyMissing));
}

#[test]
fn a_key_too_small_to_check_makes_insecure_only_where_every_ds_leads_to_one() {
    let small: Box<[u8]> = [&[1, 1, 3, 8, 3, 1, 0, 1][..], &[0xff; 64]].concat().into();
    let mut signer = Signer::usual();
    let good = (signer.ds("example", 2), signer.dnskey.clone());
    signer.dnskey = small.clone();
    let weak = signer.ds("example", 2);
    let keys = |keys: &[&[u8]]| set("example", RrType::DNSKEY, keys);
    assert_eq!(by_ds(&keys(&[&small]), std::slice::from_ref(&weak)), Said::Insecure(Unsupported::Algorithm));
    // The good key was taken out, or its signature.
    let both = [weak, good.0];
    assert_eq!(by_ds(&keys(&[&small]), &both), Said::Bogus(Fault::RrsigsMissing));
    assert_eq!(by_ds(&keys(&[&small, &good.1]), &both), Said::Bogus(Fault::RrsigsMissing));
}
