//! The gate: a download that looks like an accident does not replace the last good copy.
//!
//! Every bound here was broken by a real list: emptied with a proper header, cut to a third for a week,
//! grown hundredfold by a mix-up, a web page in its place (`tests/updates`).

use super::content::ContentKind;
use super::read::Reading;
use super::reason::Refusal;

/// Changes remembered of a list, the newest last.
pub const CHANGES_MAX: usize = 40;

/// What is known of the copy in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Rules in it.
    pub names: u32,
    /// By how many rules its size changed in earlier updates, the newest last.
    pub changes: Vec<u32>,
}

/// The bounds. `Default` is what we ship (measured on 2,008 snapshots of UT1 and ten other histories).
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
    /// A change of so few rules is never an accident by itself.
    pub slack: u32,
    /// Up to so many rules a list counts as small: it may lose half, and double or gain this many.
    pub small: u32,
    /// Share of entries whose text may be broken …
    pub damage_share: f64,
    /// … from this many on.
    pub damage_from: u32,
    /// Protected names that a list may name. Each is refused anyway; with more the list is a mix-up.
    /// Of 210 public lists, no blocklist names more than 6, while lists of sites to allow name 9 to 15.
    pub protected_max: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            habits_from: 8,
            habit_times: 5,
            habit_share: 0.02,
            shrink_share: 0.30,
            grow_share: 0.50,
            slack: 100,
            small: 500,
            damage_share: 0.05,
            damage_from: 10,
            protected_max: 8,
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
    /// Why it would have been refused, had nobody meant it.
    pub warning: Option<Refused>,
}

/// Rules up to which a list in a file of this machine counts as kept by hand: nobody edits more lines than
/// that, a larger file was put there by a program, and that may have an accident.
pub const BY_HAND_MAX: u32 = 1000;

impl Refused {
    /// In Vietnamese.
    pub fn vi(self) -> String {
        match self {
            Self::Empty => "danh sách rỗng".into(),
            Self::SaysEmpty => "danh sách tự ghi là không có mục nào".into(),
            Self::Shrunk { was, is } => format!("danh sách tụt từ {was} xuống {is} quy tắc"),
            Self::Grown { was, is } => format!("danh sách phình từ {was} lên {is} quy tắc"),
            Self::NotAList { found } => format!("không phải danh sách tên miền mà là {}", found.vi()),
            Self::HitsProtected { names } => format!("danh sách nêu {names} tên được bảo vệ"),
            Self::TooManyRefused { refused, of } => format!("{refused} trong {of} mục bị hỏng"),
            Self::TooManyNames { more } => format!("vượt số tên tối đa {more} mục"),
        }
    }

    /// Whether a person may want it all the same. What is no list of names cannot be taken by anybody.
    pub fn may_be_accepted(self) -> bool {
        !matches!(self, Self::NotAList { .. } | Self::TooManyNames { .. })
    }

    /// In English.
    pub fn en(self) -> String {
        match self {
            Self::Empty => "the list is empty".into(),
            Self::SaysEmpty => "the list says itself that it has no entries".into(),
            Self::Shrunk { was, is } => format!("the list shrank from {was} to {is} rules"),
            Self::Grown { was, is } => format!("the list grew from {was} to {is} rules"),
            Self::NotAList { found } => format!("not a list of names but {}", found.en()),
            Self::HitsProtected { names } => format!("the list names {names} protected names"),
            Self::TooManyRefused { refused, of } => format!("{refused} of {of} entries are broken"),
            Self::TooManyNames { more } => format!("{more} entries more than the list may have"),
        }
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
) -> Result<Passed, Refused> {
    let why = match check(previous, reading, settings) {
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

/// Judges a reading against what is known of the copy in force; without one only its content counts.
///
/// # Errors
/// The first reason why it may not come into force, the plainest first.
pub fn check(previous: Option<&Past>, reading: &Reading, settings: &Settings) -> Result<Passed, Refused> {
    content(reading, settings)?;
    let is = reading.account.taken;
    if let Some(previous) = previous {
        size(previous, is, settings)?;
    }
    Ok(pass(previous, is))
}

/// What to remember of a list that has `is` rules now.
fn pass(previous: Option<&Past>, is: u32) -> Passed {
    let mut past = Past { names: is, changes: Vec::new() };
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
    if names > settings.protected_max {
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
