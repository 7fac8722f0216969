//! The judgement: facts in, a word out.

/// What the signatures that came lately say of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signatures {
    /// Too few to say anything, or they disagree.
    Silent,
    /// The root's and those of other zones include it.
    Confirm,
    /// Nearly all of them, the root's too, begin later.
    NotYetValid,
    /// Nearly all of them, the root's too, ended before.
    Expired,
}

/// What is known of a time. All in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What the clock shows.
    pub now: u64,
    /// The release of this program.
    pub released: u64,
    /// The newest time that was proven before.
    pub seen: Option<u64>,
    /// What signatures say of `now`.
    pub signatures: Signatures,
}

/// Whether a clock can be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing speaks against it.
    Plausible,
    /// It shows a time before this program existed.
    BeforeRelease,
    /// It shows a time before one that was proven before.
    BeforeSeen,
    /// It is behind what DNSSEC signatures allow.
    Behind,
    /// It is ahead of what DNSSEC signatures allow.
    Ahead,
}

/// A clock that was set back by less than this is not called wrong, in seconds: the first step of NTP after
/// a start corrects some minutes, and no signature is made for so short a time.
const SEEN_SLACK: u64 = 3600;

/// Judges a clock. What signatures confirm overrules what the state folder says, so that one wrong time
/// there does no lasting harm; nothing overrules the release.
pub fn judge(facts: &Facts) -> Judgement {
    let is_before_seen = facts.seen.is_some_and(|seen| facts.now.saturating_add(SEEN_SLACK) < seen);
    match facts.signatures {
        _ if facts.now < facts.released => Judgement::BeforeRelease,
        Signatures::Confirm => Judgement::Plausible,
        Signatures::NotYetValid => Judgement::Behind,
        Signatures::Expired => Judgement::Ahead,
        Signatures::Silent if is_before_seen => Judgement::BeforeSeen,
        Signatures::Silent => Judgement::Plausible,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Signatures::{Confirm, Expired, NotYetValid, Silent};

    const RELEASED: u64 = 1_800_000_000;
    const DAY: u64 = 86_400;

    #[test]
    fn a_clock_is_judged_by_the_release_then_by_signatures_then_by_what_was_seen() {
        let seen = Some(RELEASED + 100 * DAY);
        for (now, seen, signatures, judgement) in [
            (600, None, Silent, Judgement::BeforeRelease),
            (RELEASED - 1, None, Silent, Judgement::BeforeRelease),
            (RELEASED - 1, seen, Confirm, Judgement::BeforeRelease),
            (0, None, Silent, Judgement::BeforeRelease),
            (RELEASED, None, Silent, Judgement::Plausible),
            (u64::MAX, seen, Silent, Judgement::Plausible),
            (RELEASED + 99 * DAY, seen, Silent, Judgement::BeforeSeen),
            (RELEASED + 100 * DAY - SEEN_SLACK - 1, seen, Silent, Judgement::BeforeSeen),
            (RELEASED + 100 * DAY - SEEN_SLACK, seen, Silent, Judgement::Plausible),
            (RELEASED + 99 * DAY, seen, Confirm, Judgement::Plausible),
            (RELEASED + 99 * DAY, seen, NotYetValid, Judgement::Behind),
            (RELEASED + 200 * DAY, seen, NotYetValid, Judgement::Behind),
            (RELEASED + 2200 * DAY, seen, Expired, Judgement::Ahead),
            (RELEASED + 101 * DAY, seen, Silent, Judgement::Plausible),
        ] {
            let facts = Facts { now, released: RELEASED, seen, signatures };
            assert_eq!(judge(&facts), judgement, "{facts:?}");
        }
    }
}
