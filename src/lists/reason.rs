//! Why a line of a list is not a rule: one table of reasons and ids. The text of `x` is `line-x` (`i18n`).

use crate::i18n::Message;

macro_rules! reasons {
    ($(#[$head:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $id:literal;)* }) => {
        $(#[$head])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// All of them, as they stand in counts.
            pub const ALL: &[$name] = &[$($name::$variant,)*];
            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();

            /// The id, as exports write it.
            pub fn id(self) -> &'static str {
                match self { $($name::$variant => $id,)* }
            }

            /// What a person is told.
            pub fn message(self) -> Message {
                match self { $($name::$variant => Message::new(concat!("line-", $id)),)* }
            }
        }
    };
}

reasons! {
    /// Why a line is passed over although nothing is wrong with it.
    Ignored {
        Blank = "blank";
        Comment = "comment";
        /// A title, a section, a clause, SOA and NS records, `$TTL`.
        Header = "header";
        /// `localhost` and its kin in a hosts file.
        LocalAlias = "local-alias";
        /// Rules about parts of a page, which no DNS answer can follow.
        Cosmetic = "cosmetic";
        /// The same rule stands in the list already.
        Duplicate = "duplicate";
        /// A rule of the list for a name above covers it.
        Subsumed = "subsumed";
        /// `$badfilter`: switches the same rule off, never blocks.
        BadFilter = "badfilter";
        /// Switched off by a `$badfilter` of the list.
        Disabled = "disabled";
        /// Says how a name is answered, not that it is blocked.
        NotABlock = "not-a-block";
    }
}

reasons! {
    /// Why a line is refused.
    Refusal {
        NotUtf8 = "not-utf8";
        LongLine = "long-line";
        Malformed = "malformed";
        NoName = "no-name";
        EmptyLabel = "empty-label";
        LongLabel = "long-label";
        LongName = "long-name";
        Hyphen = "hyphen";
        BadCharacter = "bad-character";
        /// UTS 46 does not map it, or it hides an invisible character.
        Unmappable = "unmappable";
        NumericTop = "numeric-top";
        /// For the firewall, not for DNS.
        Address = "address";
        SingleLabel = "single-label";
        PublicSuffix = "public-suffix";
        PrivateSuffix = "private-suffix";
        MatchAll = "match-all";
        InnerWildcard = "inner-wildcard";
        /// Blocking the whole name for one page would block too much.
        Path = "path";
        Regex = "regex";
        /// A pattern that meets names with too little in common.
        WidePattern = "wide-pattern";
        /// An exception by pattern: names that the list blocks would have to be held against it with every query.
        PatternException = "pattern-exception";
        /// More patterns than a list may have.
        ManyPatterns = "many-patterns";
        /// An option that DNS cannot honour; without it the rule would block too much.
        Option = "option";
        /// `$third-party`, `$popup`, `$document`, where the list's profile does not take them for the whole name.
        PageOption = "page-option";
        /// `$dnstype`.
        RecordType = "record-type";
        /// `$client`, `$ctag`.
        Client = "client";
        /// `$dnsrewrite`.
        Answer = "answer";
        /// Names left out of the rule that cannot be said exactly.
        DenyAllow = "denyallow";
        /// A setting of the program that the list was written for. Never followed.
        Directive = "directive";
        /// An RPZ trigger other than the name asked for.
        Trigger = "trigger";
        Action = "action";
        OutsideZone = "outside-zone";
        TimeRule = "time-rule";
        Protected = "protected";
        /// A popular name that our own lists do not put into the list's category: held back, to be looked at.
        Popular = "popular";
        TooMany = "too-many";
    }
}

impl Refusal {
    /// Whether it says that the text is not what it seems to be. Lines that mean something, only not
    /// to a name filter (an address, one page), do not speak against a list.
    pub fn is_damage(self) -> bool {
        matches!(
            self,
            Self::NotUtf8
                | Self::LongLine
                | Self::Malformed
                | Self::NoName
                | Self::EmptyLabel
                | Self::LongLabel
                | Self::LongName
                | Self::Hyphen
                | Self::BadCharacter
                | Self::Unmappable
                | Self::NumericTop
        )
    }
}
