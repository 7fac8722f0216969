//! An upstream's octets without an upstream: the door for fuzzers, who have no socket.

use super::wire::{self, End};
use super::{Answer, Ask, Proof};
use crate::dns::reply::Rcode;

/// What a forwarder's octets are as an answer to `ask`; `None` for what is none, and for error codes.
pub fn taken(ask: &Ask, octets: Vec<u8>) -> Option<Answer> {
    let taken = wire::take(ask, octets).ok()?;
    let rcode = match taken.rcode {
        0 => Rcode::NoError,
        3 => Rcode::NxDomain,
        _ => return None,
    };
    Some(Answer { wire: taken.wire, rcode, proof: Proof::Indeterminate, ede: None })
}

/// `first`, continued by `then` where its chain of aliases ends loosely.
pub fn followed(ask: &Ask, first: &Answer, then: &Answer) -> Option<Answer> {
    matches!(wire::end_of_chain(ask, &first.wire), End::Loose(_)).then(|| wire::join(ask, first, then))
}
