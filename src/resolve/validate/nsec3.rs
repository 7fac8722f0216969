//! What NSEC3 records deny (RFC 5155 §8).

use super::fault::Fault;
use super::hash::{Hash, Parameters, from_base32hex};
use super::types::Types;
use super::work::Work;
use super::{Denied, NoDs, order};
use crate::dns::name::Name;
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;

/// One record: from its hash to the next there is nothing; in an opt-out span, nothing signed.
struct Nsec3<'a> {
    hash: Hash,
    next: Hash,
    opts_out: bool,
    parameters: Parameters<'a>,
    types: Types<'a>,
}

impl<'a> Nsec3<'a> {
    /// Reads a record of the zone `apex`. Hashes other than SHA-1 and unknown flags make it none (RFC 5155
    /// §8.1 and §8.2).
    fn read(apex: Name<'_>, owner: Name<'_>, rdata: &'a [u8]) -> Option<Self> {
        if owner.parent()? != apex {
            return None;
        }
        let hash = from_base32hex(owner.labels().next()?)?;
        let ([algorithm, flags, high, low, salt_len], rest) = rdata.split_first_chunk()?;
        let (salt, rest) = rest.split_at_checked(usize::from(*salt_len))?;
        let (hash_len, rest) = rest.split_first()?;
        let (next, types) = rest.split_first_chunk::<20>()?;
        let known = *algorithm == 1 && *flags <= 1 && usize::from(*hash_len) == next.len();
        let parameters = Parameters { salt, iterations: u16::from_be_bytes([*high, *low]) };
        let types = Types::read(types)?;
        known.then_some(Self { hash, next: *next, opts_out: *flags == 1, parameters, types })
    }

    fn covers(&self, hash: &Hash) -> bool {
        if self.hash < self.next {
            self.hash < *hash && *hash < self.next
        } else {
            // The last of the zone leads back to the first; the only one, to itself.
            self.hash < *hash || *hash < self.next
        }
    }
}

/// The NSEC3 records of a proof, all hashed alike.
pub struct Nsec3s<'a> {
    apex: Name<'a>,
    parameters: Parameters<'a>,
    all: Vec<Nsec3<'a>>,
}

/// What a name's closest encloser is, and how that is known (RFC 5155 §8.3).
enum Closest<'a, 'n> {
    /// The name itself.
    Itself(&'a Nsec3<'a>),
    /// A name above; the next closer name is covered by `span`.
    Above { encloser: Name<'n>, span: &'a Nsec3<'a> },
}

impl<'a> Nsec3s<'a> {
    /// Those of the zone `apex`; others are left out, and so is what cannot be read.
    ///
    /// # Errors
    /// [`Fault::NsecMissing`] where there are none, or not all are hashed alike (RFC 5155 §8.2).
    pub fn read(apex: Name<'a>, sets: &[&'a RrSet]) -> Result<Self, Fault> {
        let all: Vec<Nsec3<'a>> = sets
            .iter()
            .filter(|set| set.rtype == RrType::NSEC3)
            .flat_map(|set| {
                let owner = set.owner.as_name();
                set.rdata.iter().filter_map(move |rdata| Nsec3::read(apex, owner, rdata))
            })
            .collect();
        let parameters = all.first().ok_or(Fault::NsecMissing)?.parameters;
        if all.iter().any(|nsec3| nsec3.parameters != parameters) {
            return Err(Fault::NsecMissing);
        }
        Ok(Self { apex, parameters, all })
    }

    pub fn parameters(&self) -> Parameters<'a> {
        self.parameters
    }

    /// Where the first record's span ends.
    pub fn first_next(&self) -> Option<Hash> {
        Some(self.all.first()?.next)
    }

    /// RFC 5155 §8.4: neither the name nor a wildcard that would have answered for it.
    pub fn no_name(&self, name: Name<'_>, work: &Work) -> Result<Denied, Fault> {
        let Closest::Above { encloser, span } = self.closest(name, work)? else {
            return Err(Fault::NsecMissing);
        };
        // A wildcard too long to be a name is none.
        if let Some(wildcard) = order::wildcard(encloser) {
            self.covering(&self.parameters.hash(wildcard.as_name(), work)?)?;
        }
        Ok(span.denied())
    }

    /// RFC 5155 §8.5 to §8.7: the name, or the wildcard that answers for it, without records of that type. In
    /// an opt-out span there may be an unsigned delegation, or a name above one that has no record of its own
    /// (§7.1): nothing signed is there, whatever the type.
    pub fn no_data(&self, name: Name<'_>, asked: RrType, work: &Work) -> Result<Denied, Fault> {
        let (encloser, span) = match self.closest(name, work)? {
            Closest::Itself(here) if here.types.deny(asked, name.is_root()) => return Ok(Denied::Secure),
            Closest::Itself(_) => return Err(Fault::NsecMissing),
            Closest::Above { encloser, span } => (encloser, span),
        };
        let wildcard = match order::wildcard(encloser) {
            Some(wildcard) => self.at(&self.parameters.hash(wildcard.as_name(), work)?),
            None => None,
        };
        let proven = wildcard.map_or(span.opts_out, |wildcard| wildcard.types.deny(asked, false));
        if proven { Ok(span.denied()) } else { Err(Fault::NsecMissing) }
    }

    /// RFC 5155 §8.8: the next closer name is not there.
    pub fn is_absent(&self, next_closer: Name<'_>, work: &Work) -> Result<Denied, Fault> {
        Ok(self.covering(&self.parameters.hash(next_closer, work)?)?.denied())
    }

    /// RFC 5155 §8.9: no DS at `cut`, and what that makes of it.
    pub fn no_ds(&self, cut: Name<'_>, work: &Work) -> Result<NoDs, Fault> {
        match self.closest(cut, work)? {
            Closest::Itself(here) => here.types.no_ds().ok_or(Fault::NsecMissing),
            Closest::Above { span, .. } if span.opts_out => Ok(NoDs::OptOut),
            Closest::Above { .. } => Ok(NoDs::NotACut),
        }
    }

    /// The closest provable encloser (RFC 5155 §8.3). Hashes the name and each above it until one is there.
    fn closest<'n>(&self, name: Name<'n>, work: &Work) -> Result<Closest<'_, 'n>, Fault> {
        let mut next_closer = None;
        for candidate in name.ancestors().take_while(|above| above.is_at_or_below(self.apex)) {
            let hash = self.parameters.hash(candidate, work)?;
            match (self.at(&hash), next_closer) {
                (None, _) => next_closer = Some(hash),
                (Some(here), None) => return Ok(Closest::Itself(here)),
                (Some(here), Some(_)) if here.types.end_the_zone() => break,
                (Some(_), Some(closer)) => {
                    return Ok(Closest::Above { encloser: candidate, span: self.covering(&closer)? });
                }
            }
        }
        Err(Fault::NsecMissing)
    }

    fn at(&self, hash: &Hash) -> Option<&Nsec3<'a>> {
        self.all.iter().find(|nsec3| nsec3.hash == *hash)
    }

    fn covering(&self, hash: &Hash) -> Result<&Nsec3<'a>, Fault> {
        self.all.iter().find(|nsec3| nsec3.covers(hash)).ok_or(Fault::NsecMissing)
    }
}

impl Nsec3<'_> {
    /// What a proof is worth that rests on this span (RFC 5155 §9.2).
    fn denied(&self) -> Denied {
        if self.opts_out { Denied::OptOut } else { Denied::Secure }
    }
}
