//! Where trust begins and where it ends by decree: trust anchors (RFC 4033 §2) and negative ones (RFC
//! 7646).
//!
//! An anchor is what somebody put into a file, or the root's keys as the program comes: DS or DNSKEY, of
//! any name, several of one. Keys that a zone announces itself (RFC 5011) are not followed: a resolver that
//! is updated learns of a new root key with its update, years before it signs.

use super::key;
use crate::dns::name::{Name, OwnedName};
use read::Misread;

pub mod read;

/// What the keys of a zone are checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The zone.
    pub name: OwnedName,
    /// RDATA of each DS.
    pub ds: Vec<Box<[u8]>>,
    /// RDATA of each DNSKEY.
    pub dnskeys: Vec<Box<[u8]>>,
}

impl Anchor {
    /// Tags of the keys.
    fn tags(&self) -> impl Iterator<Item = u16> {
        let of_ds = |rdata: &[u8]| rdata.first_chunk().map(|tag| u16::from_be_bytes(*tag));
        self.ds
            .iter()
            .filter_map(move |rdata| of_ds(rdata))
            .chain(self.dnskeys.iter().map(|rdata| key::tag(rdata)))
    }
}

/// A name at and below which nothing is validated.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Negative {
    name: OwnedName,
    /// Unix seconds.
    expires: Option<u32>,
}

/// All anchors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchors {
    anchors: Vec<Anchor>,
    negative: Vec<Negative>,
}

/// The DS of the root's key signing keys 20326 (since 2017) and 38696 (since 2024, signing from October
/// 2026), as IANA publishes them in `root-anchors.xml`.
const ROOT: &str = "\
    . DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n\
    . DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n";

impl Anchors {
    /// The root's, as the program comes.
    pub fn built_in() -> Self {
        Self::parse(ROOT).expect("what we wrote ourselves can be read")
    }

    /// Reads DS and DNSKEY records in master format (RFC 1035 §5.1; names are absolute with or without the
    /// final dot), or the statements that BIND (`trust-anchors { … };`) and Unbound (`trust-anchor: "…"`)
    /// have for them. Revoked keys are left out (RFC 5011 §2.1).
    ///
    /// # Errors
    /// Every line that is something else, up to a bound.
    pub fn parse(text: &str) -> Result<Self, Vec<Misread>> {
        read::read(text)
    }

    /// Whether nothing is trusted at all.
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// Adds what another file says.
    pub fn add(&mut self, other: Self) {
        self.negative.extend(other.negative);
        for anchor in other.anchors {
            let here = self.of(anchor.name);
            here.ds.extend(anchor.ds);
            here.dnskeys.extend(anchor.dnskeys);
        }
    }

    /// Declares all at and below `name` insecure (RFC 7646), until unix second `expires` if one is given.
    pub fn distrust(&mut self, name: OwnedName, expires: Option<u32>) {
        self.negative.push(Negative { name, expires });
    }

    /// The deepest anchor at or above `name`: where its chain of trust begins. `None` where it is nobody's
    /// to prove: no anchor, or a negative one that is as deep or deeper and in force (RFC 7646 §2).
    pub fn closest(&self, name: Name<'_>, now: u32) -> Option<&Anchor> {
        let found = name
            .ancestors()
            .find_map(|above| self.anchors.iter().find(|anchor| anchor.name.as_name() == above))?;
        let distrusted = name
            .ancestors()
            .take_while(|above| above.is_at_or_below(found.name.as_name()))
            .any(|above| self.negative.iter().any(|negative| negative.is_in_force(above, now)));
        (!distrusted).then_some(found)
    }

    /// Whether a key of the root with that tag is trusted.
    pub(super) fn has_root_key(&self, tag: u16) -> bool {
        let root = self.anchors.iter().filter(|anchor| anchor.name.as_name().is_root());
        root.flat_map(Anchor::tags).any(|other| other == tag)
    }

    /// The record's place: the anchor of that name, which is made if there is none.
    fn of(&mut self, name: OwnedName) -> &mut Anchor {
        let at = self.anchors.iter().position(|anchor| anchor.name == name).unwrap_or_else(|| {
            self.anchors.push(Anchor { name, ds: Vec::new(), dnskeys: Vec::new() });
            self.anchors.len() - 1
        });
        &mut self.anchors[at]
    }
}

impl Negative {
    fn is_in_force(&self, name: Name<'_>, now: u32) -> bool {
        self.name.as_name() == name
            && self.expires.is_none_or(|expires| (expires.wrapping_sub(now) as i32) > 0)
    }
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::dnssec::{PublicKey, TrustAnchors};

    use super::*;
    use crate::dns::rrset::RrSet;
    use crate::dns::rrtype::RrType;
    use crate::resolve::validate::Rules;
    use crate::resolve::validate::chain::keys_by_anchor;
    use crate::resolve::validate::fault::Fault;
    use crate::resolve::validate::work::Work;

    fn name(text: &str) -> OwnedName {
        OwnedName::parse(text).unwrap()
    }

    #[test]
    fn the_built_in_digests_are_those_of_the_roots_keys() {
        let library = TrustAnchors::default();
        let keys: Vec<Box<[u8]>> = (0..library.len())
            .map(|at| [&[1, 1, 3, 8][..], library.get(at).unwrap().public_bytes()].concat().into())
            .collect();
        assert_eq!(keys.len(), 2);
        let built_in = Anchors::built_in();
        for key in keys {
            // Found by its digest; only a signature is missing.
            let set = RrSet::new(name("."), RrType::DNSKEY, 60, vec![key]);
            let anchor = built_in.closest(Name::ROOT, 0).unwrap();
            let said = keys_by_anchor(&set, anchor, 0, &Rules::default(), &Work::new());
            assert_eq!(said.unwrap_err(), Fault::RrsigsMissing);
        }
    }

    #[test]
    fn the_deepest_anchor_counts_and_a_negative_one_as_deep_ends_it() {
        let mut anchors = Anchors::built_in();
        anchors.add(Anchors::parse("edu.example. DS 1 8 250 00").unwrap());
        anchors.distrust(name("example"), None);
        anchors.distrust(name("b.edu.example"), Some(1000));
        let closest = |text: &str, now| {
            anchors.closest(name(text).as_name(), now).map(|anchor| anchor.name.to_string())
        };
        for (asked, now, found) in [
            (".", 0, Some(".")),
            ("other", 0, Some(".")),
            ("example", 0, None),
            ("a.example", 0, None),
            ("edu.example", 0, Some("edu.example")),
            ("a.edu.example", 0, Some("edu.example")),
            ("a.b.edu.example", 999, None),
            ("a.b.edu.example", 1000, Some("edu.example")),
        ] {
            assert_eq!(closest(asked, now).as_deref(), found, "{asked} {now}");
        }
        let mut same = Anchors::built_in();
        same.distrust(name("."), None);
        assert_eq!(same.closest(Name::ROOT, 0), None);
    }
}
