//! A mistake in a config file: where, what was found, what is allowed, what to do.
// Inside: `notes` collects them and drops echoes; `draw` shows all of them, to people and to programs.

mod draw;
mod notes;

use super::source::Place;
use crate::i18n::{Arg, Both, Lang, Message, msg};
use crate::model::tier::Tier;
pub use draw::{Look, Report, Wrong};
pub use notes::{MISTAKES_MAX, Notes};

/// Allowed words that a report lists; the JSON has them all.
const ALLOWED_SHOWN: usize = 40;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $id:literal;)*) => {
        /// What kind of mistake: the word in `error[…]`, explained in `config/MISTAKES.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// All codes.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The word to look up.
            pub fn id(self) -> &'static str {
                match self { $(Code::$variant => $id,)* }
            }
        }
    };
}

codes! {
    /// The file cannot be read at all.
    Unreadable = "unreadable";
    /// The file is there, and the user who reads it may not.
    NoRight = "no-right";
    /// Not TOML.
    Syntax = "syntax";
    /// A key that does not exist.
    UnknownKey = "unknown-key";
    /// A key that must be there.
    MissingKey = "missing-key";
    /// A number where a text is wanted, and the like.
    WrongType = "wrong-type";
    /// A word that is none of those allowed.
    UnknownValue = "unknown-value";
    /// A number outside its range, a list that is empty or too long.
    OutOfRange = "out-of-range";
    BadDuration = "bad-duration";
    BadSize = "bad-size";
    BadAddress = "bad-address";
    BadRange = "bad-range";
    /// A prefix with bits set beyond its length.
    HostBits = "host-bits";
    BadName = "bad-name";
    BadUrl = "bad-url";
    BadRecord = "bad-record";
    /// The same range of clients in two groups.
    Overlap = "overlap";
    /// The same thing twice.
    Duplicate = "duplicate";
    /// None, or more than one, of what must be there once.
    EitherOr = "either-or";
    /// Two settings that cannot both be meant.
    Contradiction = "contradiction";
    UnknownSource = "unknown-source";
    UnknownAllowSet = "unknown-allow-set";
    UnknownGroup = "unknown-group";
    /// An allow-only tier or group that may reach nothing.
    NoAllowSet = "no-allow-set";
    /// A younger tier that may see what an older one may not.
    LaxerThanOlder = "laxer-than-older";
    /// A range that lets the whole Internet ask.
    OpenResolver = "open-resolver";
    /// A level of the school that no group has.
    TierWithoutGroup = "tier-without-group";
    /// What the part of the program that it is for refuses.
    Unusable = "unusable";
    /// A category that only signed bundles fill.
    SealedCategory = "sealed-category";
    /// A rule or a group that no query can ever meet.
    NeverMatches = "never-matches";
    /// A rule that would match a public suffix: the sites of a whole country or branch.
    PublicSuffix = "public-suffix";
    /// Something that nothing uses, so that it does nothing.
    Unused = "unused";
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Said {
    /// One of them.
    pub fn text(&self, lang: Lang) -> &str {
        match lang {
            Lang::Vi => &self.vi,
            Lang::En => &self.en,
        }
    }
}

/// A sentence in both languages, by the id of its text with its arguments, as in `msg!`.
macro_rules! said {
    ($($message:tt)*) => {
        $crate::config::mistake::Said::from($crate::i18n::msg!($($message)*))
    };
}
pub(super) use said;

/// The word for a tier.
pub(super) fn of_tier(tier: Tier) -> Said {
    Said { vi: tier.vi().to_owned(), en: tier.en().to_owned() }
}

/// One sentence stands in another.
impl From<Said> for Arg {
    fn from(said: Said) -> Self {
        Self::Both(Both { vi: said.vi, en: said.en })
    }
}

impl From<Message> for Said {
    fn from(message: Message) -> Self {
        Self { vi: message.text(Lang::Vi), en: message.text(Lang::En) }
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Its kind.
    pub code: Code,
    /// Where.
    pub at: Place,
    /// What is wrong.
    pub what: Said,
    /// What was found, as it was written.
    pub found: String,
    /// Words or forms that are allowed there.
    pub allowed: Vec<String>,
    /// The word that was likely meant.
    pub suggestion: Option<String>,
    /// What to do.
    pub fix: Option<Said>,
    /// Other places that have to do with it.
    pub also: Vec<(Place, Said)>,
    /// Keys or values that it says are absent: they are not, where another mistake took them out.
    pub(super) absent: Vec<&'static str>,
}

impl Mistake {
    /// A mistake at a place.
    pub fn new(code: Code, at: Place, found: impl Into<String>, what: impl Into<Said>) -> Self {
        let found = found.into();
        Self {
            code,
            at,
            what: what.into(),
            found,
            allowed: vec![],
            suggestion: None,
            fix: None,
            also: vec![],
            absent: vec![],
        }
    }

    /// What would be allowed.
    pub fn allowed<S: Into<String>>(mut self, allowed: impl IntoIterator<Item = S>) -> Self {
        self.allowed = allowed.into_iter().map(Into::into).collect();
        self
    }

    /// The word that was likely meant.
    pub fn meant<S: Into<String>>(mut self, suggestion: Option<S>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }

    /// What to do.
    pub fn fix(mut self, fix: Said) -> Self {
        self.fix = Some(fix);
        self
    }

    /// The keys that it says are absent.
    pub(super) fn absent(mut self, keys: &[&'static str]) -> Self {
        self.absent = keys.to_vec();
        self
    }

    /// Another place that has to do with it.
    pub fn also(mut self, place: Place, why: Said) -> Self {
        self.also.push((place, why));
        self
    }

    fn help(&self, lang: Lang) -> String {
        let mut lines = Vec::new();
        if let Some(word) = &self.suggestion {
            lines.push(msg!("mistake-meant", word = word).text(lang));
        }
        if let Some(fix) = &self.fix {
            lines.push(fix.text(lang).to_owned());
        }
        if !self.allowed.is_empty() {
            let mut words = self.allowed.iter().take(ALLOWED_SHOWN).cloned().collect::<Vec<_>>().join(", ");
            if self.allowed.len() > ALLOWED_SHOWN {
                words.push_str(&format!(", … ({})", self.allowed.len()));
            }
            lines.push(msg!("mistake-allowed", words = words).text(lang));
        }
        lines.join("\n")
    }

    /// The mistake in one sentence, with what to do.
    pub fn told_with_fix(&self) -> Message {
        match &self.fix {
            Some(fix) => {
                let fix = Both { vi: fix.vi.clone(), en: fix.en.clone() };
                msg!("mistake-fix", what = self.told(), fix = fix)
            }
            None => self.told(),
        }
    }

    /// The mistake in one sentence, with the word that was likely meant.
    pub fn told(&self) -> Message {
        let what = Both { vi: self.what.vi.clone(), en: self.what.en.clone() };
        match &self.suggestion {
            Some(word) => msg!("mistake-but", what = what, meant = msg!("mistake-meant", word = word)),
            None => msg!("mistake-alone", what = what),
        }
    }
}
