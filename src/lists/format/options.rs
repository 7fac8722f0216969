//! What becomes of a rule with an option: one table, which `docs/list-formats.md` shows.
//!
//! The options are those of AdGuard's grammar for DNS and those that browsers' filters have and public lists carry
//! along. An option narrows a rule to some pages, clients or answers. Where a name does not tell whether the rule
//! holds, the rule is refused: without the option a block would block too much, and an exception would open too much.

use crate::lists::reason::Refusal;

/// What is done with an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is followed.
    Followed,
    /// It takes no name out of the rule, and is passed over.
    Idle,
    /// Only a browser can tell when the rule holds. A list's profile says whether a block is taken for the whole name
    /// (`page_options`); an exception never is.
    ByProfile,
    /// The rule is refused.
    Refused(Refusal),
}

macro_rules! options {
    ($($(#[$doc:meta])* $variant:ident = [$id:literal $(, $alias:literal)*], $decision:expr;)*) => {
        /// An option that the table knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum RuleOption {
            $($(#[$doc])* $variant,)*
        }

        impl RuleOption {
            /// All of them, in the order of the table.
            pub const ALL: &[RuleOption] = &[$(RuleOption::$variant,)*];
            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();

            /// As lists write it.
            pub fn id(self) -> &'static str {
                match self { $(RuleOption::$variant => $id,)* }
            }

            /// Other ways to write it.
            pub fn aliases(self) -> &'static [&'static str] {
                match self { $(RuleOption::$variant => &[$($alias),*],)* }
            }

            /// What is done with it.
            pub fn decision(self) -> Decision {
                match self { $(RuleOption::$variant => $decision,)* }
            }

            /// The option that is written so, without its value.
            pub(super) fn read(name: &str) -> Self {
                match name { $($id $(| $alias)* => RuleOption::$variant,)* _ => RuleOption::Other }
            }
        }
    };
}

options! {
    Important = ["important"], Decision::Followed;
    BadFilter = ["badfilter"], Decision::Followed;
    DenyAllow = ["denyallow"], Decision::Followed;
    /// Every kind of request: the whole name.
    All = ["all"], Decision::Idle;
    Network = ["network"], Decision::Idle;
    /// Names have no case.
    MatchCase = ["match-case"], Decision::Idle;
    /// Only what other sites load from the name.
    ThirdParty = ["third-party", "3p"], Decision::ByProfile;
    /// Only where it is opened by another page.
    Popup = ["popup"], Decision::ByProfile;
    /// Only the page itself, not what others load from there.
    Document = ["document", "doc"], Decision::ByProfile;
    /// A category is about a site, not about one type of its records.
    DnsType = ["dnstype"], Decision::Refused(Refusal::RecordType);
    /// Who gets what is said by groups and tiers, not by the author of a list.
    Client = ["client"], Decision::Refused(Refusal::Client);
    ClientTag = ["ctag"], Decision::Refused(Refusal::Client);
    /// Strangers do not say where a name leads.
    DnsRewrite = ["dnsrewrite"], Decision::Refused(Refusal::Answer);
    /// Whatever else browsers' filters know (`script`, `domain=`, `csp=` …) or somebody will think of.
    Other = ["…"], Decision::Refused(Refusal::Option);
}

/// Some options, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OptionSet(u16);

const _: () = assert!(RuleOption::COUNT <= 16);

impl OptionSet {
    /// None.
    pub const EMPTY: Self = Self(0);

    pub(super) fn add(&mut self, option: RuleOption) {
        self.0 |= 1 << option as u8;
    }

    /// All but that one.
    pub(super) fn without(self, option: RuleOption) -> Self {
        Self(self.0 & !(1 << option as u8))
    }

    /// Whether it is among them.
    pub fn contains(self, option: RuleOption) -> bool {
        self.0 & 1 << option as u8 != 0
    }

    /// Each, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = RuleOption> {
        RuleOption::ALL.iter().copied().filter(move |option| self.contains(*option))
    }

    /// Those that a profile decides.
    pub fn by_profile(self) -> Self {
        self.only(|decision| decision == Decision::ByProfile)
    }

    /// Those with which a rule is refused whatever the profile.
    pub(in crate::lists) fn refused(self) -> Self {
        self.only(|decision| matches!(decision, Decision::Refused(_)))
    }

    /// Why a rule with them is refused, whatever the profile.
    pub fn refusal(self) -> Option<Refusal> {
        self.iter().find_map(|option| match option.decision() {
            Decision::Refused(why) => Some(why),
            _ => None,
        })
    }

    /// A number that tells sets of passed over and profiled options apart, below 64: a `$badfilter` switches off the
    /// rule with the same ones.
    pub(in crate::lists) fn variant(self) -> u8 {
        let first = RuleOption::All as u8;
        (self.only(|decision| matches!(decision, Decision::Idle | Decision::ByProfile)).0 >> first) as u8
    }

    fn only(self, is_wanted: impl Fn(Decision) -> bool) -> Self {
        let mut some = Self::EMPTY;
        self.iter().filter(|option| is_wanted(option.decision())).for_each(|option| some.add(option));
        some
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as the documentation shows it.
    fn printed() -> String {
        let row = |option: &RuleOption| {
            let words = std::iter::once(option.id()).chain(option.aliases().iter().copied());
            let words: Vec<String> = words.map(|word| format!("`${word}`")).collect();
            let decided = match option.decision() {
                Decision::Followed => "followed".to_owned(),
                Decision::Idle => "passed over: takes no name out".to_owned(),
                Decision::ByProfile => "by profile: refused (`page-option`), or taken for the whole name with `page_options = true`; an exception is always refused".to_owned(),
                Decision::Refused(why) => format!("refused (`{}`)", why.id()),
            };
            format!("| {} | {decided} |\n", words.join(", "))
        };
        RuleOption::ALL.iter().map(row).collect()
    }

    #[test]
    fn the_documentation_shows_the_table() {
        let text = include_str!("../../../docs/list-formats.md");
        assert!(text.contains(&printed()), "docs/list-formats.md should have:\n{}", printed());
    }

    #[test]
    fn an_option_is_read_by_each_of_its_words_and_an_unknown_one_is_other() {
        for option in RuleOption::ALL {
            for word in option.aliases().iter().chain([&option.id()]) {
                assert_eq!(RuleOption::read(word), *option, "{word}");
            }
        }
        for word in ["~third-party", "Important", "", "domain", "script"] {
            assert_eq!(RuleOption::read(word), RuleOption::Other, "{word}");
        }
    }

    #[test]
    fn variants_tell_apart_what_a_name_does_not() {
        let set = |options: &[RuleOption]| {
            let mut set = OptionSet::EMPTY;
            options.iter().for_each(|option| set.add(*option));
            set
        };
        let apart = RuleOption::ALL
            .iter()
            .filter(|option| matches!(option.decision(), Decision::Idle | Decision::ByProfile));
        let variants: std::collections::BTreeSet<u8> =
            apart.clone().map(|option| set(&[*option]).variant()).collect();
        assert_eq!(variants.len(), apart.count());
        let all = set(RuleOption::ALL);
        assert!(all.variant() < 64);
        assert_eq!(set(&[RuleOption::Important, RuleOption::DnsType]).variant(), 0);
    }
}
