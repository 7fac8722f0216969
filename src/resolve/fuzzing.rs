//! Upstreams' octets without an upstream: the entry for fuzzers, which have no socket.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures_util::FutureExt;

use super::cache::TtlBounds;
use super::coalesce::Progress;
use super::iterate::budget::Freshness;
use super::iterate::io::{ExchangeError, Forwarded, Io, Way};
use super::iterate::minimise::Minimisation;
use super::iterate::zone_security::Validator;
use super::iterate::{self, Recursor};
use super::reason::Reason;
use super::taken;
use super::validate::Rules;
use super::validate::anchors::Anchors;
use super::wire::{self, End};
use super::{Answer, Ask, Onward};
use crate::clock::Watch;
use crate::dns::edns::PAYLOAD;
use crate::dns::name::{HEADER, Name, NameBuf, OwnedName};
use crate::dns::rcode::Rcode;
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;

/// What a forwarder's octets are as an answer to `ask`; `None` for what is none, and for error codes.
pub fn taken(ask: &Ask, octets: Vec<u8>) -> Option<Answer> {
    let taken = taken::take(ask, octets).ok()?;
    let rcode = match taken.rcode {
        Rcode::NO_ERROR | Rcode::NX_DOMAIN => taken.rcode,
        _ => return None,
    };
    Some(Answer { wire: taken.wire, rcode, security: Security::Indeterminate, ede: None, unfinished: None })
}

/// `first`, continued by `then` where its chain of aliases ends loosely.
pub fn followed(ask: &Ask, first: &Answer, then: &Answer) -> Option<Answer> {
    matches!(wire::end_of_chain(ask, &first.wire), End::Loose(_)).then(|| wire::join(ask, first, then))
}

/// Resolves `ask` where every name server says the next of the `script`'s messages, their ids and questions
/// made to fit, and where nobody waits. Says how many messages were sent.
pub fn iterated(ask: &Ask, anchors: &str, script: &[&[u8]]) -> (Answer, usize) {
    let root = |octet| (Name::ROOT.to_owned(), vec![IpAddr::from([192, 0, 2, octet])]);
    let settings = iterate::Settings {
        roots: vec![root(1), root(2)],
        never_ask: Vec::new(),
        minimisation: Minimisation::Relaxed,
        edns_size: PAYLOAD,
        mix_case: false,
        cookies: true,
        primes: false,
        ttl: TtlBounds::default(),
        store_bytes: 1 << 20,
        time_servers: Vec::new(),
    };
    let validator = (!anchors.is_empty())
        .then(|| Validator::new(Anchors::parse(anchors).expect("anchors of our own"), Rules::default()));
    let script: Vec<Vec<u8>> = script.iter().map(|message| message.to_vec()).collect();
    let sent = Arc::new(AtomicUsize::new(0));
    let stage = Stage { script, sent: sent.clone(), waited: AtomicU64::new(0), watch: Watch::default() };
    let recursor = Recursor::new(stage, settings, validator);
    let progress = Progress::alone();
    let onward = Onward::anywhere(&ask.name, &progress);
    let answer =
        recursor.resolve(ask, &onward, Freshness::Kept).now_or_never().expect("nobody waits on a stage");
    (answer, sent.load(Relaxed))
}

/// A world in which everything was written before.
struct Stage {
    script: Vec<Vec<u8>>,
    sent: Arc<AtomicUsize>,
    watch: Watch,
    /// Milliseconds that would have passed.
    waited: AtomicU64,
}

impl Io for Stage {
    fn now(&self) -> u64 {
        1_800_000_000
    }

    fn watch(&self) -> &Watch {
        &self.watch
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.sent.load(Relaxed) as u64 + self.waited.load(Relaxed))
    }

    fn chance(&self) -> u64 {
        // Any numbers that differ: a Weyl sequence.
        (self.sent.load(Relaxed) as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    async fn exchange(
        &self,
        _: IpAddr,
        query: Vec<u8>,
        _: Way,
        _: Duration,
    ) -> Result<Vec<u8>, ExchangeError> {
        let at = self.sent.fetch_add(1, Relaxed);
        let said = self.script.get(at % self.script.len().max(1)).ok_or(ExchangeError::TimedOut)?;
        let (head, tail) = said.split_at_checked(HEADER).ok_or(ExchangeError::TimedOut)?;
        let mut name = NameBuf::new();
        let used = name.fill_from_wire(tail).map_err(|_| ExchangeError::Unreachable)?;
        let behind = tail.get(used + 4..).ok_or(ExchangeError::Unreachable)?;
        let asked = name.fill_from_wire(&query[HEADER..]).expect("a question of ours") + HEADER + 4;
        let mut answer = query[..asked].to_vec();
        answer[2..HEADER].copy_from_slice(&head[2..]);
        answer[2] = answer[2] & 0x07 | 0x80;
        answer[4..6].copy_from_slice(&[0, 1]);
        answer.extend_from_slice(behind);
        Ok(answer)
    }

    fn forward_zone(&self, _: Name<'_>, _: RrType) -> Option<OwnedName> {
        None
    }

    async fn forward(&self, _: Name<'_>, _: RrType) -> Result<Forwarded, Reason> {
        Err(Reason::NoUpstream)
    }

    fn is_elsewhere(&self, _: Name<'_>, _: RrType) -> bool {
        false
    }

    async fn give_way(&self) {}

    async fn pause(&self, time: Duration) {
        // Rounded up, so that no pause leaves the clock where it was.
        self.waited.fetch_add(time.as_millis() as u64 + 1, Relaxed);
    }
}
