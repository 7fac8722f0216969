//! Judges whether the system's wall clock can be right.
//!
//! TTLs, DNSSEC signatures, certificates and the log depend on the wall clock, and the clock's own source,
//! NTP, depends on DNS: a board without a battery starts in 1970, every signature is "not yet valid", the
//! names of time servers do not resolve, and the clock is never set. This module tells such a clock from a
//! plausible one. Three facts speak against a clock: a time before the [release](RELEASED) of this program,
//! a time before the newest one that [an earlier run proved](seen), and DNSSEC signatures of several zones,
//! the root among them, that all exclude it in the same direction ([`evidence`]).
//!
//! No I/O but the file of `seen`; the current time is an argument. Knows zones and signature periods. Does
//! not know messages, queries or who asks.

pub mod evidence;
pub mod judge;
pub mod seen;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use crate::dns::name::Name;
use crate::sys::clock::since_boot;
use crate::sys::lock::Guard;
use evidence::{Evidence, Period};
use judge::{Facts, Judgement, Signatures, judge};

/// No correct clock shows an earlier time: 2026-11-01T00:00:00Z, in seconds since 1970.
///
/// A constant, so that the same source gives the same program (reproducible builds). Packagers may set
/// `SOURCE_DATE_EPOCH` at compile time. A test compares the constant with the date of the last commit: it is
/// raised when it is more than half a year old, and with each release.
pub const RELEASED: u64 = match option_env!("SOURCE_DATE_EPOCH") {
    Some(text) => match parse(text.as_bytes()) {
        Some(epoch) if epoch > COMMITTED => epoch,
        _ => COMMITTED,
    },
    None => COMMITTED,
};

const COMMITTED: u64 = 1_793_491_200;

/// Digits of a number of seconds; beyond this the text is no date of a build.
const DIGITS_MAX: usize = 12;

/// Decimal digits as a number, at compile time.
const fn parse(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > DIGITS_MAX {
        return None;
    }
    let (mut number, mut at) = (0, 0);
    while at < text.len() {
        if !text[at].is_ascii_digit() {
            return None;
        }
        number = number * 10 + (text[at] - b'0') as u64;
        at += 1;
    }
    Some(number)
}

/// What is known of the wall clock of this machine. One for the whole program, behind an `Arc`.
#[derive(Debug)]
pub struct Watch {
    released: u64,
    /// The newest time that was proven, in this run or an earlier one; 0: none.
    seen: AtomicU64,
    evidence: Mutex<Evidence>,
    /// Time since boot when it began.
    started: Duration,
}

impl Default for Watch {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Watch {
    /// Knows the release and what an earlier run has [seen].
    pub fn new(seen: Option<u64>) -> Self {
        Self {
            released: RELEASED,
            seen: AtomicU64::new(seen.unwrap_or(0)),
            evidence: Mutex::default(),
            started: since_boot(),
        }
    }

    /// Whether `now`, in seconds since 1970, can be right.
    pub fn judge(&self, now: u64) -> Judgement {
        judge(&Facts { now, released: self.released, seen: self.seen(), signatures: self.signatures(now) })
    }

    /// Whether `now` is judged plausible.
    pub fn is_plausible(&self, now: u64) -> bool {
        self.judge(now) == Judgement::Plausible
    }

    /// What the signatures met lately say of `now`.
    pub fn signatures(&self, now: u64) -> Signatures {
        self.evidence().say(now, self.elapsed())
    }

    /// The newest time that was proven.
    pub fn seen(&self) -> Option<u64> {
        Some(self.seen.load(Relaxed)).filter(|seen| *seen > 0)
    }

    /// The latest time that is known to be past: the release, or what was proven.
    pub fn past(&self) -> u64 {
        self.seen().unwrap_or(0).max(self.released)
    }

    /// Takes `now` as proven, also where that is earlier than what was before: signatures that validate now
    /// count more than a number from a file.
    pub fn note_seen(&self, now: u64) {
        self.seen.store(now, Relaxed);
    }

    /// Notes the period of a signature of the root's keys that is good but for the time.
    pub fn note_root(&self, period: Period) {
        self.evidence().note_root(period, self.elapsed());
    }

    /// Notes the period of a signature of another zone.
    pub fn note_zone(&self, zone: Name<'_>, period: Period) {
        self.evidence().note_zone(zone, period, self.elapsed());
    }

    fn elapsed(&self) -> Duration {
        since_boot().saturating_sub(self.started)
    }

    fn evidence(&self) -> MutexGuard<'_, Evidence> {
        // Each use is one call that leaves the table whole.
        self.evidence.guard()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;

    const DAY: u64 = 86_400;

    #[test]
    fn the_release_is_no_older_than_half_a_year_before_the_last_commit_and_no_newer() {
        let committed = std::process::Command::new("git")
            .args(["-C", env!("CARGO_MANIFEST_DIR"), "log", "-1", "--format=%ct"])
            .output();
        let committed: Option<u64> = committed
            .ok()
            .and_then(|output| String::from_utf8(output.stdout).ok())
            .and_then(|text| text.trim().parse().ok());
        let Some(committed) = committed else {
            println!("left out: no git history beside the source");
            return;
        };
        assert!(COMMITTED <= committed, "the release lies in the future");
        assert!(committed - COMMITTED < 183 * DAY, "raise `COMMITTED` to the day of this release");
    }

    #[test]
    fn a_date_of_the_build_is_decimal_digits() {
        for (text, number) in [("1793491200", Some(1_793_491_200)), ("", None), ("12x", None)] {
            assert_eq!(parse(text.as_bytes()), number, "{text}");
        }
        assert_eq!(parse(b"9999999999999"), None);
    }

    #[test]
    fn a_watch_finds_1970_impossible_and_today_plausible() {
        let watch = Watch::default();
        assert_eq!(watch.judge(600), Judgement::BeforeRelease);
        assert!(watch.is_plausible(RELEASED));
    }

    #[test]
    fn a_wrong_time_in_the_state_folder_is_overruled_by_signatures() {
        let now = RELEASED + 10 * DAY;
        let watch = Watch::new(Some(now + 2200 * DAY));
        assert_eq!(watch.judge(now), Judgement::BeforeSeen);
        let period = Period { inception: now - 5 * DAY, expiration: now + 5 * DAY };
        watch.note_root(period);
        assert_eq!(watch.judge(now), Judgement::BeforeSeen, "one zone proves nothing");
        watch.note_zone(OwnedName::parse("org").unwrap().as_name(), period);
        assert_eq!(watch.judge(now), Judgement::Plausible);
        watch.note_seen(now);
        assert_eq!(watch.seen(), Some(now));
    }
}
