//! The gate: a download that looks like an accident does not replace the last good copy.
//!
//! Every bound here was broken by a real list: emptied with a proper header, cut to a third for a week,
//! grown hundredfold by a mix-up, a web page in its place (`tests/updates`).

use serde::{Deserialize, Serialize};

use super::content::ContentKind;
use super::read::Reading;
use super::reason::Refusal;
use crate::i18n::{Message, msg};

/// Changes remembered of a list, the newest last.
pub const CHANGES_MAX: usize = 40;

/// What is known of the copy in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Rules in it.
    pub names: u32,
    /// By how many rules its size changed in earlier updates, the newest last.
    pub changes: Vec<u32>,
    /// Sizes that were refused since the copy in force was taken.
    pub refused: Vec<RefusedSize>,
}

/// A size that was refused, with all that were about the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedSize {
    /// Rules, the first time.
    pub names: u32,
    /// When it was first refused, Unix seconds.
    pub first: u64,
    /// When it was last refused.
    pub last: u64,
    /// Fetches that had it.
    pub fetches: u32,
}

/// Refused sizes that are remembered of a list; the one that was seen last stays longest.
const REFUSED_SIZES_MAX: usize = 8;

impl Past {
    /// Notes that a size was refused at `now`, Unix seconds.
    pub fn note_refused(&mut self, names: u32, now: u64, settings: &Settings) {
        if let Some(known) = self.refused.iter_mut().find(|known| settings.is_about(known.names, names)) {
            known.last = now.max(known.last);
            known.fetches = known.fetches.saturating_add(1);
            return;
        }
        if self.refused.len() >= REFUSED_SIZES_MAX
            && let Some(oldest) = (0..self.refused.len()).min_by_key(|at| self.refused[*at].last)
        {
            self.refused.remove(oldest);
        }
        self.refused.push(RefusedSize { names, first: now, last: now, fetches: 1 });
    }
}

/// The bounds. `Default` is what we ship (measured on 2,008 snapshots of UT1 and ten other histories): no list is
/// refused for ever, and no accident among them lasted until it would have been taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Changes that must be known before a list is judged by its own habits.
    pub habits_from: usize,
    /// A list with habits may change by so many times the change that nine in ten stay below …
    pub habit_times: u32,
    /// … or by this share of it, whichever is more.
    pub habit_share: f64,
    /// Until then it may lose this share …
    pub shrink_share: f64,
    /// … and grow by this one.
    pub grow_share: f64,
    /// Shares of the config: where there is one it holds, whatever the list's habits.
    pub bounds: Bounds,
    /// A refused size that comes again, give or take this share, in …
    pub settle_share: f64,
    /// … so many fetches …
    pub settle_fetches: u32,
    /// … over so many seconds is no accident: where the list grew …
    pub settle_growth: u64,
    /// … and where it shrank.
    pub settle_shrinkage: u64,
    /// A change of so few rules is never an accident by itself.
    pub slack: u32,
    /// Up to so many rules a list counts as small: it may lose half, and double or gain this many.
    pub small: u32,
    /// Share of entries whose text may be broken …
    pub damage_share: f64,
    /// … from this many on.
    pub damage_from: u32,
    /// Protected names that a list may name. Each is refused anyway; with more the list is a mix-up.
    /// Of 210 public lists, lists of sites to allow name 9 to 37 …
    pub protected_max: u32,
    /// … and among so large a list as this share leaves room for, some more are no mix-up: UT1's games have 9 of
    /// 34,000.
    pub protected_share: f64,
}

/// What a list may lose and gain, where the config says so.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The share that it may lose.
    pub shrink: Option<f64>,
    /// The share that it may gain.
    pub grow: Option<f64>,
}

impl Settings {
    /// Whether two sizes are about the same.
    fn is_about(&self, known: u32, names: u32) -> bool {
        known.abs_diff(names) <= share(known, self.settle_share)
    }

    /// Whether a size that would be refused was refused so often and so long that it is the list's size now.
    fn has_settled(&self, previous: &Past, is: u32, now: u64) -> bool {
        let wait = if is > previous.names { self.settle_growth } else { self.settle_shrinkage };
        previous.refused.iter().any(|known| {
            self.is_about(known.names, is)
                && known.fetches.saturating_add(1) >= self.settle_fetches
                && now.saturating_sub(known.first) >= wait
        })
    }
}

/// A day in seconds.
const DAY: u64 = 86_400;

impl Default for Settings {
    fn default() -> Self {
        Self {
            habits_from: 8,
            habit_times: 5,
            habit_share: 0.10,
            shrink_share: 0.30,
            grow_share: 0.50,
            bounds: Bounds::default(),
            settle_share: 0.10,
            settle_fetches: 3,
            settle_growth: 14 * DAY,
            settle_shrinkage: 28 * DAY,
            slack: 100,
            small: 500,
            damage_share: 0.05,
            damage_from: 10,
            protected_max: 8,
            protected_share: 0.001,
        }
    }
}

/// Why a downloaded list was not taken. The last good copy stays in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No rule in it.
    Empty,
    /// Its own header says that it holds nothing.
    SaysEmpty,
    /// Far fewer rules than before.
    Shrunk { was: u32, is: u32 },
    /// Far more.
    Grown { was: u32, is: u32 },
    /// Something else than a list of names.
    NotAList { found: ContentKind },
    /// It names too many protected names.
    HitsProtected { names: u32 },
    /// Too much of its text is broken.
    TooManyRefused { refused: u32, of: u32 },
    /// More rules than its profile lets it have.
    TooManyNames { more: u32 },
}

/// A list that may come into force, with what to remember of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// What is known of it from now on.
    pub past: Past,
    /// Why it would have been refused, had nobody meant it, or had it not stayed so for weeks.
    pub warning: Option<Refused>,
}

/// Rules up to which a list in a file of this machine counts as kept by hand: nobody edits more lines than
/// that, a larger file was put there by a program, and that may have an accident.
pub const BY_HAND_MAX: u32 = 1000;

impl Refused {
    /// As people are told.
    pub fn message(self) -> Message {
        match self {
            Self::Empty => msg!("gate-empty"),
            Self::SaysEmpty => msg!("gate-says-empty"),
            Self::Shrunk { was, is } => msg!("gate-shrunk", was = was, is = is),
            Self::Grown { was, is } => msg!("gate-grown", was = was, is = is),
            Self::NotAList { found } => msg!("gate-not-a-list", found = found.message()),
            Self::HitsProtected { names } => msg!("gate-hits-protected", names = names),
            Self::TooManyRefused { refused, of } => msg!("gate-too-many-refused", refused = refused, of = of),
            Self::TooManyNames { more } => msg!("gate-too-many-names", more = more),
        }
    }

    /// Whether a person may want it all the same. What is no list of names cannot be taken by anybody.
    pub fn may_be_accepted(self) -> bool {
        !matches!(self, Self::NotAList { .. } | Self::TooManyNames { .. })
    }
}

/// Who answers for a list's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Somebody else: what looks like an accident is refused.
    Published,
    /// A file of this machine: up to [`BY_HAND_MAX`] rules a change is meant, and only warned of.
    OwnFile,
    /// A person has looked at it and wants it.
    Accepted,
}

/// As [`check`], with regard to who answers for the text. What is no list of names is refused from anybody.
///
/// # Errors
/// As [`check`].
pub fn check_from(
    origin: Origin,
    previous: Option<&Past>,
    reading: &Reading,
    settings: &Settings,
    now: u64,
) -> Result<Passed, Refused> {
    let why = match check(previous, reading, settings, now) {
        Ok(passed) => return Ok(passed),
        Err(why) => why,
    };
    let rules = previous.map_or(reading.account.taken, |previous| previous.names);
    let is_meant = match origin {
        Origin::Published => false,
        // Nobody empties a file to its last octet and means it: an editor or a disk did.
        Origin::OwnFile => rules <= BY_HAND_MAX && (reading.account.lines > 0 || rules == 0),
        Origin::Accepted => true,
    };
    match is_meant && why.may_be_accepted() {
        true => Ok(Passed { warning: Some(why), ..pass(previous, reading.account.taken) }),
        false => Err(why),
    }
}

/// Judges a reading against what is known of the copy in force; without one only its content counts. `now` in Unix
/// seconds: a size that was refused long enough is taken.
///
/// # Errors
/// The first reason why it may not come into force, the plainest first.
pub fn check(
    previous: Option<&Past>,
    reading: &Reading,
    settings: &Settings,
    now: u64,
) -> Result<Passed, Refused> {
    content(reading, settings)?;
    check_size(previous, reading.account.taken, settings, now)
}

/// Judges a number of rules alone.
///
/// # Errors
/// [`Refused::Shrunk`], [`Refused::Grown`].
pub fn check_size(
    previous: Option<&Past>,
    is: u32,
    settings: &Settings,
    now: u64,
) -> Result<Passed, Refused> {
    if let Some(previous) = previous
        && let Err(why) = size(previous, is, settings)
    {
        return match settings.has_settled(previous, is, now) {
            // Its habits were those of another size.
            true => Ok(Passed { past: Past { names: is, ..Past::default() }, warning: Some(why) }),
            false => Err(why),
        };
    }
    Ok(pass(previous, is))
}

/// What to remember of a list that has `is` rules now.
fn pass(previous: Option<&Past>, is: u32) -> Passed {
    let mut past = Past { names: is, ..Past::default() };
    if let Some(previous) = previous {
        past.changes = previous.changes.clone();
        past.changes.push(previous.names.abs_diff(is));
        let surplus = past.changes.len().saturating_sub(CHANGES_MAX);
        past.changes.drain(..surplus);
    }
    Passed { past, warning: None }
}

fn content(reading: &Reading, settings: &Settings) -> Result<(), Refused> {
    let account = &reading.account;
    if let Some(found) = reading.not_a_list {
        return Err(Refused::NotAList { found });
    }
    let more = account.refused(Refusal::TooMany);
    if more > 0 {
        return Err(Refused::TooManyNames { more });
    }
    let (refused, of) = (account.damaged(), account.meant());
    if refused >= settings.damage_from && share(of, settings.damage_share) < refused {
        return Err(Refused::TooManyRefused { refused, of });
    }
    let names = account.protected_names;
    if names > settings.protected_max.max(share(account.taken, settings.protected_share)) {
        return Err(Refused::HitsProtected { names });
    }
    if account.taken == 0 {
        let addresses = account.refused(Refusal::Address);
        let found = if addresses * 2 > of { ContentKind::Addresses } else { ContentKind::NotNames };
        return Err(if of > 0 && account.refused_total() > 0 {
            Refused::NotAList { found }
        } else {
            Refused::Empty
        });
    }
    if reading.header.says_empty { Err(Refused::SaysEmpty) } else { Ok(()) }
}

fn size(previous: &Past, is: u32, settings: &Settings) -> Result<(), Refused> {
    let was = previous.names;
    let (lose, gain) = if previous.changes.len() >= settings.habits_from {
        let habit = usual(&previous.changes)
            .saturating_mul(settings.habit_times)
            .max(share(was, settings.habit_share));
        (habit, habit)
    } else {
        (share(was, settings.shrink_share), share(was, settings.grow_share))
    };
    // Small lists jump by nature: a hand-made list of 40 names may get 60 more.
    let (lose, gain) = match was <= settings.small {
        true => (lose.max(was / 2), gain.max(was.max(settings.small))),
        false => (lose.max(settings.slack), gain.max(settings.slack)),
    };
    let bounds = settings.bounds;
    let lose = bounds.shrink.map_or(lose, |most| share(was, most).max(settings.slack.min(was / 2)));
    let gain = bounds.grow.map_or(gain, |most| share(was, most).max(settings.slack));
    if was.saturating_sub(is) > lose {
        return Err(Refused::Shrunk { was, is });
    }
    if is.saturating_sub(was) > gain {
        return Err(Refused::Grown { was, is });
    }
    Ok(())
}

/// The change that nine in ten stay at or below.
fn usual(changes: &[u32]) -> u32 {
    let mut sorted = changes.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * 9).div_ceil(10).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

fn share(of: u32, share: f64) -> u32 {
    (f64::from(of) * share) as u32
}
