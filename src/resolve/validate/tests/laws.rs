//! What holds for every set, signature and chain.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::zone::{Contents, NOW, Signer, name};
use crate::dns::name::{Name, NameBuf, OwnedName};
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;
use crate::resolve::validate::anchors::Anchors;
use crate::resolve::validate::chain::{keys_by_anchor, keys_by_ds};
use crate::resolve::validate::denial::{no_closer, no_data, no_ds, no_name};
use crate::resolve::validate::fault::Fault;
use crate::resolve::validate::signature::verify;
use crate::resolve::validate::work::Work;
use crate::resolve::validate::{Denied, NoDs, Rules};

fn rdata() -> impl Strategy<Value = Vec<Box<[u8]>>> {
    let one = prop::collection::vec(any::<u8>(), 1..20).prop_map(Vec::into_boxed_slice);
    prop::collection::vec(one, 1..6)
}

/// Names of few labels from few letters, so that they meet: `a.b`, `*.a`, `b`.
pub fn labels() -> impl Strategy<Value = String> {
    "([ab*]\\.){0,3}[ab*]"
}

/// A zone of such names, and one more name.
pub fn zone_and_name() -> impl Strategy<Value = (BTreeSet<String>, String)> {
    (prop::collection::btree_set(labels(), 0..8), labels())
}

pub fn contents(names: &BTreeSet<String>) -> Contents {
    let names: Vec<String> = names.iter().map(|labels| format!("{labels}.example")).collect();
    Contents::new("example", names.iter().map(|name| (name.as_str(), &[RrType::A][..])))
}

/// What a zone would say of a name, by RFC 4592: the oracle that the proofs are compared with.
#[derive(Debug, PartialEq)]
pub enum Truth {
    Exists,
    EmptyNonterminal,
    Wildcard,
    EmptyWildcard,
    Nothing,
}

pub fn truth(names: &BTreeSet<String>, asked: &str) -> Truth {
    let exists = |name: &str| names.contains(name);
    let above = |name: &str| names.iter().any(|other| other.ends_with(&format!(".{name}")));
    if exists(asked) {
        return Truth::Exists;
    }
    if above(asked) {
        return Truth::EmptyNonterminal;
    }
    let mut encloser = asked;
    let wildcard = loop {
        let Some((_, rest)) = encloser.split_once('.') else { break "*".to_owned() };
        encloser = rest;
        if exists(rest) || above(rest) {
            break format!("*.{rest}");
        }
    };
    match (exists(&wildcard), above(&wildcard)) {
        (true, _) => Truth::Wildcard,
        (_, true) => Truth::EmptyWildcard,
        _ => Truth::Nothing,
    }
}

fn check_denials(names: &BTreeSet<String>, asked: &str, sets: &[RrSet]) -> Result<(), TestCaseError> {
    let (rules, zone) = (Rules::default(), name("example"));
    let (zone, proofs) = (zone.as_name(), sets.iter().collect::<Vec<_>>());
    let full = name(&format!("{asked}.example"));
    let full = full.as_name();
    let truth = truth(names, asked);
    let missing = Err(Fault::NsecMissing);
    let said = no_name(full, zone, &proofs, &rules, &Work::new());
    prop_assert_eq!(said, if truth == Truth::Nothing { Ok(Denied::Secure) } else { missing }, "{:?}", truth);
    let said = no_data(full, RrType::MX, zone, &proofs, &rules, &Work::new());
    prop_assert_eq!(said, if truth == Truth::Nothing { missing } else { Ok(Denied::Secure) }, "{:?}", truth);
    let said = no_data(full, RrType::A, zone, &proofs, &rules, &Work::new());
    let empty = matches!(truth, Truth::EmptyNonterminal | Truth::EmptyWildcard);
    prop_assert_eq!(said, if empty { Ok(Denied::Secure) } else { missing }, "{:?}", truth);
    let said = no_ds(full, zone, &proofs, &rules, &Work::new());
    prop_assert_eq!(said, Ok(NoDs::NotACut), "{:?}", truth);
    // As if each name above had a wildcard.
    for encloser in full.ancestors().skip(1).take_while(|above| above.is_at_or_below(zone)) {
        let labels = full.label_count() - encloser.label_count();
        let closer = asked.splitn(labels, '.').last().unwrap();
        let said = no_closer(full, encloser, zone, &proofs, &rules, &Work::new());
        let there = names.iter().any(|name| name == closer || name.ends_with(&format!(".{closer}")));
        prop_assert_eq!(said, if there { missing } else { Ok(Denied::Secure) }, "{}", closer);
    }
    Ok(())
}

proptest! {
    #[test]
    fn order_duplicates_and_the_owners_case_do_not_matter(
        rtype in prop::sample::select(vec![RrType::TXT, RrType::MX, RrType::from(65280)]),
        rdata in rdata(),
        seed in any::<prop::sample::Index>(),
    ) {
        let signer = Signer::usual();
        let mut set = RrSet::new(name("www.example"), rtype, 60, rdata);
        signer.sign(&mut set, "example");
        let first = seed.index(set.rdata.len());
        set.rdata.rotate_left(first);
        set.rdata.push(set.rdata[0].clone());
        let mut owner = NameBuf::new();
        owner.fill_from_wire(b"\x03wWw\x07EXAMPLE\x00").unwrap();
        set.owner = owner.name().to_owned();
        prop_assert!(verify(&set, &signer.keys("example"), NOW, &Rules::default(), &Work::new()).is_ok());
    }

    #[test]
    fn any_change_makes_it_fail(rdata in rdata(), at in any::<prop::sample::Index>(), bit in 0u32..8) {
        let signer = Signer::usual();
        let keys = signer.keys("example");
        let mut signed = RrSet::new(name("www.example"), RrType::TXT, 60, rdata);
        signer.sign(&mut signed, "example");
        let fails = |set: &RrSet| verify(set, &keys, NOW, &Rules::default(), &Work::new()).is_err();
        prop_assert!(!fails(&signed));
        let flip = |octets: &mut [u8]| octets[at.index(octets.len())] ^= 1 << bit;

        let mut set = signed.clone();
        flip(&mut set.rrsigs[0]);
        // A letter of the signer's name in the other case is the same name.
        if !set.rrsigs[0].eq_ignore_ascii_case(&signed.rrsigs[0]) || at.index(set.rrsigs[0].len()) >= 27 {
            prop_assert!(fails(&set));
        }
        let mut set = signed.clone();
        let which = at.index(set.rdata.len());
        flip(&mut set.rdata[which]);
        let distinct = |set: &RrSet| set.rdata.iter().cloned().collect::<BTreeSet<_>>();
        prop_assert_eq!(fails(&set), distinct(&set) != distinct(&signed));
        let mut set = signed.clone();
        set.rdata.remove(which);
        prop_assert_eq!(fails(&set), distinct(&set) != distinct(&signed));
        let mut owner = signed.owner.as_name().wire().to_vec();
        flip(&mut owner);
        if let Ok(owner) = Name::from_wire(&owner) {
            let moved = RrSet { owner: owner.to_owned(), ..signed.clone() };
            prop_assert!(fails(&moved));
        }
        let other = RrSet { rtype: RrType::from(signed.rtype.number() ^ 1), ..signed.clone() };
        prop_assert!(fails(&other));
    }

    #[test]
    fn an_nsec_chain_says_what_the_zone_would((names, asked) in zone_and_name()) {
        check_denials(&names, &asked, &contents(&names).nsec())?;
    }

    #[test]
    fn an_nsec3_chain_says_what_the_zone_would((names, asked) in zone_and_name(), salt in prop::collection::vec(any::<u8>(), 0..9), iterations in 0u16..4) {
        check_denials(&names, &asked, &contents(&names).nsec3(&salt, iterations, false))?;
    }

    #[test]
    fn no_octets_make_anything_panic(
        owners in prop::collection::vec(labels(), 1..4),
        rtype in prop::sample::select(vec![RrType::NSEC, RrType::NSEC3, RrType::DNSKEY, RrType::SOA, RrType::DS]),
        rdata in rdata(),
        signatures in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..3),
        asked in labels(),
        number: u16,
    ) {
        let (rules, work, root) = (Rules::default(), Work::new(), Name::ROOT);
        let sets: Vec<RrSet> = owners
            .iter()
            .map(|owner| RrSet {
                rrsigs: signatures.iter().map(|octets| octets.clone().into()).collect(),
                ..RrSet::new(name(owner), rtype, 60, rdata.clone())
            })
            .collect();
        let proofs: Vec<&RrSet> = sets.iter().collect();
        let asked: OwnedName = name(&asked);
        let keys = Signer::usual().keys(".");
        let _ = verify(&sets[0], &keys, NOW, &rules, &work);
        let _ = keys_by_ds(&sets[0], &rdata, NOW, &rules, &work);
        let _ = keys_by_anchor(&sets[0], Anchors::built_in().closest(root, 0).unwrap(), NOW, &rules, &work);
        let _ = no_name(asked.as_name(), root, &proofs, &rules, &work);
        let _ = no_data(asked.as_name(), number.into(), root, &proofs, &rules, &work);
        let _ = no_closer(asked.as_name(), root, root, &proofs, &rules, &work);
        let _ = no_ds(asked.as_name(), root, &proofs, &rules, &work);
    }
}
