//! What a wrong wall clock changes: signatures bear witness of the time, and time servers resolve all the
//! same.
//!
//! While the clock cannot be right, questions for names of time servers are answered without validation,
//! whatever their aliases lead to: neither signatures nor the chain of trust are looked at. Such an answer
//! never has AD, lives for [`UNCHECKED_TTL`] at most, and says why (EDE 5). All other names stay bogus, with
//! a text that names the clock. Who could forge those answers could forge NTP's own packets, which nothing
//! protects; whom the client asks for the time is for the client to authenticate.

use super::Recursor;
use super::budget::{Freshness, Job, Path};
use super::io::Io;
use super::store::{Content, Kept};
use super::zone_security::{Validator, signer};
use crate::clock::evidence::Period;
use crate::clock::judge::Signatures;
use crate::dns::ede::EdeCode;
use crate::dns::name::Name;
use crate::dns::rcode::Rcode;
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;
use crate::resolve::reason::Reason;
use crate::resolve::validate::fault::Fault;
use crate::resolve::wire;
use crate::resolve::{Answer, Ask};

/// TTL of an answer that was not validated because the clock is wrong, in seconds: it does not outlive the
/// clock's repair for long.
pub(super) const UNCHECKED_TTL: u32 = 30;
/// Labels of the zones that are asked for their signatures: top-level domains and those below them.
const WITNESS_LABELS_MAX: usize = 2;
/// Signatures of one set whose periods are looked at.
const SIGNATURES_MAX: usize = 16;

impl<O: Io> Recursor<O> {
    /// The work of a client's question.
    pub(super) fn job(&self, ask: &Ask, freshness: Freshness) -> Job {
        let is_unchecked = self.is_unchecked(ask);
        let mut job = Job::new(freshness, self.io.elapsed());
        job.is_unchecked = is_unchecked;
        job
    }

    /// Whether the question is one for a time server, and the clock cannot be right.
    fn is_unchecked(&self, ask: &Ask) -> bool {
        self.validator.is_some()
            && !ask.checking_disabled
            && self.is_of_a_time_server(ask.name.as_name())
            && !self.io.watch().is_plausible(self.io.now())
    }

    /// Whether a question for a time server failed because of signatures that showed, only now, that the clock
    /// cannot be right: it is asked again, unchecked.
    pub(super) async fn showed_that_the_clock_is_wrong(&self, ask: &Ask, answer: &Answer) -> bool {
        let failed_for_time =
            answer.rcode == Rcode::SERV_FAIL && answer.ede.is_some_and(|reason| is_of_time(reason.ede()));
        if !failed_for_time || !self.is_of_a_time_server(ask.name.as_name()) {
            return false;
        }
        if self.io.watch().signatures(self.io.now()) == Signatures::Silent {
            self.seek_periods(ask.name.as_name()).await;
        }
        self.is_unchecked(ask)
    }

    /// Asks the zones above `name` for signatures, as further witnesses of the time: the zone of the name itself
    /// may have none.
    async fn seek_periods(&self, name: Name<'_>) {
        let job = Job::new(Freshness::Kept, self.io.elapsed());
        for zone in name.ancestors().filter(|zone| (1..=WITNESS_LABELS_MAX).contains(&zone.label_count())) {
            if let Ok(lookup) = self.look(zone, RrType::SOA, &job, &Path::of(zone, RrType::SOA)).await {
                self.note_periods_of(&lookup.kept);
            }
        }
    }

    fn is_of_a_time_server(&self, name: Name<'_>) -> bool {
        self.settings.time_servers.iter().any(|server| name.is_at_or_below(server.as_name()))
    }

    /// The answer; where it failed because of a signature's time and the clock cannot be right, with the word
    /// that the clock is wrong.
    pub(super) fn with_word_of_the_clock(&self, ask: &Ask, answer: Answer) -> Answer {
        match answer.ede {
            Some(reason) if is_of_time(reason.ede()) && !self.io.watch().is_plausible(self.io.now()) => {
                wire::failure(ask, Reason::ClockWrong(reason.ede()))
            }
            _ => answer,
        }
    }

    /// Notes when a signature of `set` counts that `zone` made: one that validated now, or one that fails for
    /// its time alone, which is what `verifies_at` finds out for a second since 1970.
    pub(super) fn note_periods(
        &self,
        validator: &Validator,
        zone: Name<'_>,
        set: &RrSet,
        fault: Option<Fault>,
        verifies_at: impl Fn(u32) -> bool,
    ) {
        let Some(period) = newest_period(set, zone) else { return };
        let is_good = match fault {
            None => (period.inception..=period.expiration).contains(&self.io.now()),
            Some(Fault::SignatureExpired | Fault::SignatureNotYetValid) => {
                u32::try_from(period.inception).is_ok_and(verifies_at)
            }
            Some(_) => false,
        };
        if !is_good {
            return;
        }
        // Where the root is not trusted, the zone of an anchor stands in for it.
        let now = self.io.now() as u32;
        let is_top = zone.is_root()
            || validator.anchors.closest(Name::ROOT, now).is_none()
                && validator.anchors.closest(zone, now).is_some_and(|anchor| anchor.name.as_name() == zone);
        match is_top {
            true => self.io.watch().note_root(period),
            false => self.io.watch().note_zone(zone, period),
        }
    }

    /// Notes the periods of what cannot be validated because a zone above failed for its signatures' time:
    /// those of the data at hand, and of the delegations that led there.
    pub(super) fn note_unproven_periods(&self, why: Reason, name: Name<'_>, kept: &Kept) {
        if !is_of_time(why.ede()) {
            return;
        }
        self.note_periods_of(kept);
        let now = self.io.now();
        for above in name.ancestors() {
            if let Some(delegation) = self.store.find(above, RrType::DS, now) {
                self.note_periods_of(&delegation);
            }
        }
    }

    fn note_periods_of(&self, kept: &Kept) {
        let content = match &kept.content {
            Content::Set(set) => Some(set),
            Content::NoData(soa) | Content::NoName(soa) => soa.as_ref(),
        };
        for set in content.into_iter().chain(&kept.proofs) {
            // For the root, only what is proven counts.
            let Some(zone) = signer(set).filter(|zone| !zone.as_name().is_root()) else { continue };
            if let Some(period) = newest_period(set, zone.as_name()) {
                self.io.watch().note_zone(zone.as_name(), period);
            }
        }
    }
}

/// Whether the code says that a signature failed for its time.
fn is_of_time(code: EdeCode) -> bool {
    matches!(code, EdeCode::SignatureExpired | EdeCode::SignatureNotYetValid)
}

/// The period of the newest signature of the set by `zone`.
fn newest_period(set: &RrSet, zone: Name<'_>) -> Option<Period> {
    let is_by_zone = |rdata: &&[u8]| {
        // The signer's name stands uncompressed behind the fixed fields (RFC 4034 §3.1.7).
        rdata.get(18..).is_some_and(|rest| {
            rest.get(..zone.wire().len()).is_some_and(|signer| signer.eq_ignore_ascii_case(zone.wire()))
        })
    };
    let signatures = set.rrsigs.iter().take(SIGNATURES_MAX).map(|rdata| &**rdata).filter(is_by_zone);
    signatures.filter_map(Period::of_rrsig).max_by_key(|period| period.inception)
}
