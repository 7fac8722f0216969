//! Zones for tests: names with types in, signed RRsets with their chain of NSEC or NSEC3 out.

use std::collections::{BTreeMap, BTreeSet};

use hickory_resolver::proto::dnssec::crypto::{Digest, EcdsaSigningKey, Ed25519SigningKey};
use hickory_resolver::proto::dnssec::{Algorithm, DigestType, SigningKey, TBS};

use crate::dns::name::{Name, OwnedName};
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;
use crate::resolve::validate::canonical;
use crate::resolve::validate::chain::{Trust, keys_by_ds};
use crate::resolve::validate::hash::{Parameters, owner_of};
use crate::resolve::validate::key::{Dnskey, ZoneKeys};
use crate::resolve::validate::work::Work;
use crate::resolve::validate::{Rules, order};

/// When it is in tests, and how long signatures last on both sides of it.
pub const NOW: u32 = 1_800_000_000;
pub const VALID: u32 = 86_400;

pub fn name(text: &str) -> OwnedName {
    OwnedName::parse(text).unwrap()
}

/// A set without signatures.
pub fn set(owner: &str, rtype: RrType, rdata: &[&[u8]]) -> RrSet {
    RrSet::new(name(owner), rtype, 3600, rdata.iter().map(|rdata| Box::from(*rdata)).collect())
}

/// A key that signs.
pub struct Signer {
    key: Box<dyn SigningKey>,
    pub dnskey: Box<[u8]>,
}

/// What an RRSIG says beside its signature, where a test wants something else than what is right.
#[derive(Clone, Copy)]
pub struct Terms {
    pub labels: Option<u8>,
    pub original_ttl: u32,
    pub inception: u32,
    pub expiration: u32,
}

impl Default for Terms {
    fn default() -> Self {
        Self { labels: None, original_ttl: 3600, inception: NOW - VALID, expiration: NOW + VALID }
    }
}

impl Signer {
    pub fn new(algorithm: u8, flags: u16) -> Self {
        let known = Algorithm::from_u8(algorithm);
        let key: Box<dyn SigningKey> = if known == Algorithm::ED25519 {
            let der = Ed25519SigningKey::generate_pkcs8().unwrap();
            Box::new(Ed25519SigningKey::from_pkcs8(&der).unwrap())
        } else {
            let der = EcdsaSigningKey::generate_pkcs8(known).unwrap();
            Box::new(EcdsaSigningKey::from_pkcs8(&der, known).unwrap())
        };
        let public = key.to_public_key().unwrap().into_inner();
        let dnskey = [&flags.to_be_bytes()[..], &[3, algorithm], &public].concat().into();
        Self { key, dnskey }
    }

    /// The usual one: Ed25519, for zones.
    pub fn usual() -> Self {
        Self::new(15, 0x0101)
    }

    pub fn tag(&self) -> u16 {
        // Whatever its flags say.
        let mut rdata = self.dnskey.clone();
        rdata[1] &= 0x7f;
        let revoked = u16::from(self.dnskey[1] & 0x80);
        Dnskey::read(&rdata).unwrap().tag.wrapping_add(revoked)
    }

    pub fn ds(&self, apex: &str, digest_type: u8) -> Box<[u8]> {
        let octets = [name(apex).as_name().wire(), &self.dnskey].concat();
        let digest = Digest::new(&octets, DigestType::from(digest_type)).unwrap();
        [&self.tag().to_be_bytes()[..], &[self.dnskey[3], digest_type], digest.as_ref()].concat().into()
    }

    /// Adds a signature by this key of the zone `apex`.
    pub fn sign(&self, set: &mut RrSet, apex: &str) {
        self.sign_on(set, apex, Terms::default());
    }

    pub fn sign_on(&self, set: &mut RrSet, apex: &str, terms: Terms) {
        let owner = set.owner.as_name();
        let labels = terms.labels.unwrap_or(order::signed_labels(owner) as u8);
        let mut rdata = [&set.rtype.to_be_bytes()[..], &[self.dnskey[3], labels]].concat();
        for number in [terms.original_ttl, terms.expiration, terms.inception] {
            rdata.extend_from_slice(&number.to_be_bytes());
        }
        rdata.extend_from_slice(&self.tag().to_be_bytes());
        rdata.extend_from_slice(name(apex).as_name().wire());
        let mut message = rdata.clone();
        let records = canonical::rdata(set);
        canonical::write_records(&mut message, owner, set.rtype, terms.original_ttl, &records);
        rdata.extend_from_slice(&self.key.sign(&TBS::from(&message[..])).unwrap());
        set.rrsigs.push(rdata.into());
    }

    /// The DNSKEY set of a zone with these keys, signed by this one.
    pub fn dnskeys(&self, apex: &str, others: &[&Signer]) -> RrSet {
        let mut set = set(apex, RrType::DNSKEY, &[&self.dnskey]);
        set.rdata.extend(others.iter().map(|other| other.dnskey.clone()));
        self.sign(&mut set, apex);
        set
    }

    /// The keys of a zone with this one.
    pub fn keys(&self, apex: &str) -> ZoneKeys {
        let (dnskeys, ds) = (self.dnskeys(apex, &[]), [self.ds(apex, 2)]);
        match keys_by_ds(&dnskeys, &ds, NOW, &Rules::default(), &Work::new()) {
            Ok(Trust::Secure(keys)) => keys,
            other => panic!("{other:?}"),
        }
    }
}

/// A type bitmap (RFC 4034 §4.1.2).
pub fn bitmap(types: &[RrType]) -> Vec<u8> {
    let mut windows: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    for rtype in types.iter().copied().collect::<BTreeSet<RrType>>() {
        let [window, low] = rtype.to_be_bytes();
        let bits = windows.entry(window).or_default();
        bits.resize(usize::from(low / 8) + 1, 0);
        bits[usize::from(low / 8)] |= 0x80 >> (low % 8);
    }
    windows.into_iter().flat_map(|(window, bits)| [vec![window, bits.len() as u8], bits].concat()).collect()
}

/// The names of a zone and the types at them; the apex has NS and SOA, and need not be named.
pub struct Contents {
    pub apex: OwnedName,
    names: BTreeMap<OwnedName, Vec<RrType>>,
}

impl Contents {
    pub fn new<'a>(apex: &str, names: impl IntoIterator<Item = (&'a str, &'a [RrType])>) -> Self {
        let mut all = BTreeMap::from([(name(apex), vec![RrType::NS, RrType::SOA])]);
        for (owner, types) in names {
            all.entry(name(owner)).or_default().extend_from_slice(types);
        }
        Self { apex: name(apex), names: all }
    }

    /// Its NSEC chain, unsigned.
    pub fn nsec(&self) -> Vec<RrSet> {
        let mut sorted: Vec<_> = self.names.iter().collect();
        sorted.sort_by(|one, other| order::compare(one.0.as_name(), other.0.as_name()));
        let next = sorted.iter().cycle().skip(1);
        let link = |((owner, types), (next, _)): (&(&OwnedName, &Vec<RrType>), &(&OwnedName, _))| {
            let types = bitmap(&[types, &[RrType::RRSIG, RrType::NSEC][..]].concat());
            let rdata = [next.as_name().wire(), &types].concat();
            RrSet::new((*owner).clone(), RrType::NSEC, 3600, vec![rdata.into()])
        };
        sorted.iter().zip(next).map(link).collect()
    }

    /// Its NSEC3 chain, unsigned. With `opt_out`, unsigned delegations have no record of their own.
    pub fn nsec3(&self, salt: &[u8], iterations: u16, opt_out: bool) -> Vec<RrSet> {
        let apex = self.apex.as_name();
        let parameters = Parameters { salt, iterations };
        let hash = |name: Name<'_>| parameters.hash(name, &Work::new()).unwrap();
        let mut hashed: BTreeMap<[u8; 20], Vec<RrType>> = BTreeMap::new();
        for (name, types) in &self.names {
            let delegation = types.contains(&RrType::NS) && !types.contains(&RrType::SOA);
            let unsigned = delegation && !types.contains(&RrType::DS);
            if unsigned && opt_out {
                continue;
            }
            let own = if unsigned { &[][..] } else { &[RrType::RRSIG] };
            hashed.entry(hash(name.as_name())).or_default().extend([types, own].concat());
            for above in name.as_name().ancestors().take_while(|above| *above != apex) {
                hashed.entry(hash(above)).or_default();
            }
        }
        let next = hashed.keys().cycle().skip(1);
        let link = |((owner, types), next): ((&[u8; 20], &Vec<RrType>), &[u8; 20])| {
            let [high, low] = iterations.to_be_bytes();
            let fixed = [1, u8::from(opt_out), high, low, salt.len() as u8];
            let rdata = [&fixed[..], salt, &[20], next, &bitmap(types)].concat();
            let owner = owner_of(owner, apex).unwrap();
            RrSet::new(owner, RrType::NSEC3, 3600, vec![rdata.into()])
        };
        hashed.iter().zip(next).map(link).collect()
    }
}
