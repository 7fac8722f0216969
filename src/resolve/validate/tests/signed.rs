//! Zones that others signed (`tests/data/dnssec`): what is a set, a key and a proof for them, is one for us.

use super::zone::{NOW, name};
use crate::dns::name::Name;
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;
use crate::resolve::validate::anchors::read::base64;
use crate::resolve::validate::chain::{Trust, keys_by_ds};
use crate::resolve::validate::denial::{no_closer, no_data, no_ds, no_name};
use crate::resolve::validate::fault::Fault;
use crate::resolve::validate::key::ZoneKeys;
use crate::resolve::validate::signature::verify;
use crate::resolve::validate::work::Work;
use crate::resolve::validate::{Denied, NoDs, Rules};

const APEX: &str = "signed.example";

/// A zone's sets with their signatures, and the DS that the parent has for its keys.
struct Signed {
    sets: Vec<RrSet>,
    ds: Vec<Box<[u8]>>,
}

impl Signed {
    fn read(text: &str) -> Self {
        let mut sets: Vec<RrSet> = Vec::new();
        let mut ds = Vec::new();
        let mut signatures = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with(';')) {
            let [owner, ttl, rtype, rdata] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let (owner, ttl, rtype) =
                (name(owner), ttl.parse().unwrap(), RrType::from(rtype.parse::<u16>().unwrap()));
            let rdata: Box<[u8]> = base64(rdata).unwrap().into();
            match rtype {
                RrType::RRSIG => signatures.push((owner, rdata)),
                RrType::DS if owner == name(APEX) => ds.push(rdata),
                _ => match sets.iter_mut().find(|set| set.is(owner.as_name(), rtype)) {
                    Some(set) => set.rdata.push(rdata),
                    None => sets.push(RrSet::new(owner, rtype, ttl, vec![rdata])),
                },
            }
        }
        for (owner, rdata) in signatures {
            let covered = RrType::from_be_bytes([rdata[0], rdata[1]]);
            let set = sets.iter_mut().find(|set| set.is(owner.as_name(), covered)).unwrap();
            set.rrsigs.push(rdata);
        }
        Self { sets, ds }
    }

    fn nsec() -> Self {
        Self::read(include_str!("../../../../tests/data/dnssec/nsec.txt"))
    }

    fn nsec3() -> Self {
        Self::read(include_str!("../../../../tests/data/dnssec/nsec3.txt"))
    }

    /// Only what one algorithm made.
    fn by(mut self, algorithm: u8) -> Self {
        self.ds.retain(|ds| ds[2] == algorithm);
        for set in &mut self.sets {
            set.rrsigs.retain(|rrsig| rrsig[2] == algorithm);
        }
        self
    }

    fn set(&self, owner: &str, rtype: RrType) -> &RrSet {
        self.sets.iter().find(|set| set.is(name(owner).as_name(), rtype)).unwrap()
    }

    fn keys(&self) -> ZoneKeys {
        match keys_by_ds(self.set(APEX, RrType::DNSKEY), &self.ds, NOW, &Rules::default(), &Work::new()) {
            Ok(Trust::Secure(keys)) => keys,
            other => panic!("{other:?}"),
        }
    }

    /// The sets that deny, each with a good signature.
    fn proofs(&self) -> Vec<&RrSet> {
        let keys = self.keys();
        let denies = |set: &&RrSet| matches!(set.rtype, RrType::NSEC | RrType::NSEC3);
        let good = |set: &&RrSet| verify(set, &keys, NOW, &Rules::default(), &Work::new()).is_ok();
        self.sets.iter().filter(denies).filter(good).collect()
    }
}

#[test]
fn every_set_of_every_algorithm_is_good_by_one_check_and_bad_when_an_octet_changes() {
    let nsec = [5, 8, 10, 13, 14, 15].map(|algorithm| (algorithm, Signed::nsec().by(algorithm)));
    let nsec3 = [7, 13].map(|algorithm| (algorithm, Signed::nsec3().by(algorithm)));
    for (algorithm, zone) in nsec.into_iter().chain(nsec3) {
        for ds in &zone.ds {
            let trust = keys_by_ds(
                zone.set(APEX, RrType::DNSKEY),
                std::slice::from_ref(ds),
                NOW,
                &Rules::default(),
                &Work::new(),
            );
            assert!(matches!(trust, Ok(Trust::Secure(_))), "{algorithm} {ds:?}");
        }
        let keys = zone.keys();
        let mut signed = 0;
        for set in zone.sets.iter().filter(|set| !set.rrsigs.is_empty()) {
            let check = |set: &RrSet, work: Work| {
                verify(set, &keys, NOW, &Rules::default(), &work).map(|good| good.ttl)
            };
            let once = Work::of(1, 0, 0);
            assert_eq!(check(set, once), Ok(set.ttl), "{algorithm} {} {}", set.owner, set.rtype);
            let mut changed = set.clone();
            *changed.rdata[0].last_mut().unwrap() ^= 1;
            let bad = Err(Fault::BadSignature);
            assert_eq!(check(&changed, Work::new()), bad, "{algorithm} {} {}", set.owner, set.rtype);
            signed += 1;
        }
        assert!(signed > 25, "{algorithm} {signed}");
        // Glue and the NS of a cut are nobody's.
        for (owner, rtype) in [("open.signed.example", RrType::NS), ("ns.open.signed.example", RrType::A)] {
            let said = verify(zone.set(owner, rtype), &keys, NOW, &Rules::default(), &Work::new());
            assert_eq!(said, Err(Fault::RrsigsMissing));
        }
    }
}

#[test]
fn the_case_of_letters_matters_in_the_next_name_and_in_text_only() {
    let zone = Signed::nsec();
    let keys = zone.keys();
    for (owner, rtype, same) in [
        (APEX, RrType::MX, true),
        (APEX, RrType::NS, true),
        ("_sip._tcp.signed.example", RrType::SRV, true),
        ("naptr.signed.example", RrType::NAPTR, false),
        ("rp.signed.example", RrType::RP, true),
        ("old.signed.example", RrType::DNAME, true),
        ("*.wild.signed.example", RrType::CNAME, true),
        ("naptr.signed.example", RrType::NSEC, false),
        ("svc.signed.example", RrType::HTTPS, false),
        ("z.y.signed.example", RrType::TXT, false),
    ] {
        let mut set = zone.set(owner, rtype).clone();
        let before = set.rdata.clone();
        set.rdata.iter_mut().for_each(|rdata| rdata.make_ascii_uppercase());
        assert_ne!(set.rdata, before, "{owner} {rtype}");
        let good = verify(&set, &keys, NOW, &Rules::default(), &Work::new()).is_ok();
        assert_eq!(good, same, "{owner} {rtype}");
    }
}

#[test]
fn their_chains_deny_what_is_not_there() {
    for (zone, opts_out) in [(Signed::nsec(), false), (Signed::nsec3(), true)] {
        let proofs = zone.proofs();
        assert!(proofs.len() > 10);
        let (rules, apex) = (Rules::default(), name(APEX));
        let zone_name: Name<'_> = apex.as_name();
        let span = if opts_out { Denied::OptOut } else { Denied::Secure };
        let full = |text: &str| name(&format!("{text}.{APEX}"));
        let no_name = |text: &str| no_name(full(text).as_name(), zone_name, &proofs, &rules, &Work::new());
        let no_data = |text: &str, rtype| {
            no_data(full(text).as_name(), rtype, zone_name, &proofs, &rules, &Work::new())
        };
        let no_ds = |text: &str| no_ds(full(text).as_name(), zone_name, &proofs, &rules, &Work::new());
        for absent in ["0", "nothing", "a.upper", "zz.y", r"a\000a", r"\255", "z"] {
            assert_eq!(no_name(absent), Ok(span), "{absent}");
        }
        for there in ["upper", "y", "z.y", "q.wild", "*.wild", "wild", r"a\000b", "a.old", "www.open"] {
            assert_eq!(no_name(there), Err(Fault::NsecMissing), "{there}");
        }
        for (there, rtype) in [
            ("upper", RrType::AAAA),
            ("y", RrType::A),
            ("wild", RrType::A),
            ("old", RrType::A),
            ("safe", RrType::SPF),
        ] {
            let said = if there == "safe" { Err(Fault::NsecMissing) } else { Ok(Denied::Secure) };
            assert_eq!(no_data(there, rtype), said, "{there}");
        }
        assert_eq!(no_data("q.wild", RrType::CNAME), Err(Fault::NsecMissing));
        let (asked, encloser) = (full("a.q.wild"), full("wild"));
        let said = no_closer(asked.as_name(), encloser.as_name(), zone_name, &proofs, &rules, &Work::new());
        assert_eq!(said, Ok(span));
        // With or without opt-out: whoever signs may give an unsigned delegation its record.
        assert_eq!(no_ds("open"), Ok(NoDs::Delegation));
        assert_eq!(no_ds("safe"), Err(Fault::NsecMissing));
        assert_eq!(no_ds("upper"), Ok(NoDs::NotACut));
        assert_eq!(no_ds("y"), Ok(NoDs::NotACut));
    }
}

#[test]
fn their_wildcard_is_told_by_its_labels() {
    for zone in [Signed::nsec(), Signed::nsec3()] {
        let mut set = zone.set("*.wild.signed.example", RrType::CNAME).clone();
        set.owner = name("a.b.wild.signed.example");
        let verified = verify(&set, &zone.keys(), NOW, &Rules::default(), &Work::new()).unwrap();
        assert_eq!(verified.expanded_from, Some(name("wild.signed.example")));
    }
}
