//! DNSSEC: what signatures and proofs of absence say, as pure functions over RRsets in wire form.
//!
//! From a trust anchor ([`anchors`]) or a parent's DS to a zone's keys ([`chain`]); from the keys to each
//! RRset ([`signature`]); from verified NSEC and NSEC3 sets to what is not there ([`denial`]), also for
//! names that nobody asked before ([`aggressive`]). Canonical form, order and proofs are ours; a library
//! checks single signatures and digests.
//!
//! No I/O and no clock: unix seconds come as `now`, and are compared by serial arithmetic as RRSIG wants
//! it (RFC 4034 §3.1.5). Whatever the octets: no panic, every loop has a bound, and what costs is counted
//! in [`work::Work`] before it is done.
//!
//! Knows RRsets and zones. Never knows servers, messages, caches or what a proof is needed for.
// Inside: `order` is how names compare, `canonical` what is signed, `key` a DNSKEY; `types`, `nsec`, `hash`
// and `nsec3` are what `denial` rests on.

pub mod aggressive;
pub mod anchors;
mod canonical;
pub mod chain;
pub mod denial;
pub mod fault;
mod hash;
pub mod key;
mod nsec;
mod nsec3;
mod order;
pub mod sentinel;
pub mod signature;
#[cfg(test)]
mod tests;
mod types;
pub mod work;

use super::reason::Reason;

/// Whether signatures over SHA-1 (algorithms 5 and 7) count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sha1Signatures {
    /// Like any other: RFC 8624 §3.1 lets nobody sign with them, and everybody validate.
    #[default]
    Validated,
    /// Like an algorithm that we do not know (RFC 9905 §2 allows it): the zone is insecure.
    Insecure,
}

/// What the operator decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// NSEC3 iterations above which a proof counts as insecure (RFC 9276 §3.2). 150 is where Unbound and
    /// BIND stood for years; RFC 5155 §10.3 lets signers go there with the smallest keys, and a hash then
    /// costs some 30 µs.
    pub nsec3_iterations_max: u16,
    pub sha1: Sha1Signatures,
}

impl Default for Rules {
    fn default() -> Self {
        Self { nsec3_iterations_max: 150, sha1: Sha1Signatures::default() }
    }
}

/// What a proof of absence is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Proven.
    Secure,
    /// Proven, but for unsigned delegations in an opt-out span: the answer is insecure (RFC 5155 §9.2).
    OptOut,
    /// More NSEC3 iterations than [`Rules`] allow: not looked at, the answer is insecure (RFC 9276 §3.2).
    Insecure,
}

/// What is at a name where there is no DS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDs {
    /// A delegation that is proven insecure.
    Delegation,
    /// Perhaps an insecure delegation, in an opt-out span; nothing signed.
    OptOut,
    /// No zone cut: a name with other records, one without any above others, or none.
    NotACut,
    /// More NSEC3 iterations than [`Rules`] allow: what is below is insecure (RFC 9276 §3.2).
    Insecure,
}

impl Denied {
    /// What the client may be told beside the answer.
    pub fn reason(self) -> Option<Reason> {
        (self == Self::Insecure).then_some(Reason::Nsec3Iterations)
    }
}

impl NoDs {
    /// What the client may be told beside the answer.
    pub fn reason(self) -> Option<Reason> {
        (self == Self::Insecure).then_some(Reason::Nsec3Iterations)
    }
}
