//! Why a line of a list is not a rule: one table of reasons, ids and sentences.

macro_rules! reasons {
    ($(#[$head:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $id:literal, $vi:literal, $en:literal;)* }) => {
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

            /// In Vietnamese.
            pub fn vi(self) -> &'static str {
                match self { $($name::$variant => $vi,)* }
            }

            /// In English.
            pub fn en(self) -> &'static str {
                match self { $($name::$variant => $en,)* }
            }
        }
    };
}

reasons! {
    /// Why a line is passed over although nothing is wrong with it.
    Ignored {
        Blank = "blank", "dòng trống", "blank line";
        Comment = "comment", "chú thích", "comment";
        /// A title, a section, a clause, SOA and NS records, `$TTL`.
        Header = "header", "phần đầu tệp", "header";
        /// `localhost` and its kin in a hosts file.
        LocalAlias = "local-alias", "tên của chính máy", "a name of the machine itself";
        /// Rules about parts of a page, which no DNS answer can follow.
        Cosmetic = "cosmetic", "quy tắc ẩn phần trang", "rule about parts of a page";
        /// The same rule stands in the list already.
        Duplicate = "duplicate", "đã có trong danh sách", "already in the list";
        /// A rule of the list for a name above covers it.
        Subsumed = "subsumed", "đã nằm dưới một tên khác của danh sách", "covered by a parent in the list";
        /// `$badfilter`: switches the same rule off, never blocks.
        BadFilter = "badfilter", "tắt một quy tắc khác", "switches another rule off";
        /// Switched off by a `$badfilter` of the list.
        Disabled = "disabled", "bị chính danh sách tắt", "switched off by the list itself";
        /// Says how a name is answered, not that it is blocked.
        NotABlock = "not-a-block", "không phải lệnh chặn", "not a block";
    }
}

reasons! {
    /// Why a line is refused.
    Refusal {
        NotUtf8 = "not-utf8", "không phải UTF-8", "not UTF-8";
        LongLine = "long-line", "dòng quá dài", "line too long";
        Malformed = "malformed", "sai cú pháp", "malformed";
        NoName = "no-name", "không có tên", "no name";
        EmptyLabel = "empty-label", "nhãn rỗng", "empty label";
        LongLabel = "long-label", "nhãn dài quá 63 ký tự", "label longer than 63 octets";
        LongName = "long-name", "tên dài quá 253 ký tự", "name longer than 253 characters";
        Hyphen = "hyphen", "nhãn bắt đầu hoặc kết thúc bằng gạch nối", "label starts or ends with a hyphen";
        BadCharacter = "bad-character", "ký tự không dùng được trong tên", "character that no name has";
        /// UTS 46 does not map it, or it hides an invisible character.
        Unmappable = "unmappable", "tên quốc tế hoá không hợp lệ", "not a valid internationalised name";
        NumericTop = "numeric-top", "nhãn cuối chỉ có chữ số", "numeric top-level label";
        /// For the firewall, not for DNS.
        Address = "address", "địa chỉ IP (việc của tường lửa)", "IP address (for the firewall)";
        SingleLabel = "single-label", "chỉ có một nhãn", "single label";
        PublicSuffix = "public-suffix", "hậu tố công cộng", "public suffix";
        PrivateSuffix = "private-suffix", "hậu tố riêng (dịch vụ lưu trữ, tên miền động)", "private suffix (hosting, dynamic DNS)";
        MatchAll = "match-all", "trùng với mọi tên", "matches every name";
        InnerWildcard = "inner-wildcard", "dấu * ở giữa tên", "wildcard inside a name";
        /// Blocking the whole name for one page would block too much.
        Path = "path", "chỉ một trang, không phải cả tên", "one page, not the whole name";
        Regex = "regex", "biểu thức chính quy", "regular expression";
        /// An option that DNS cannot honour; without it the rule would block too much.
        Option = "option", "tuỳ chọn mà DNS không làm được", "option that DNS cannot honour";
        /// A setting of the program that the list was written for. Never followed.
        Directive = "directive", "lệnh cấu hình", "configuration directive";
        /// An RPZ trigger other than the name asked for.
        Trigger = "trigger", "điều kiện RPZ không hỗ trợ", "RPZ trigger that is not a name";
        Action = "action", "hành động RPZ không hỗ trợ", "RPZ action not supported";
        OutsideZone = "outside-zone", "nằm ngoài vùng RPZ", "outside the zone";
        TimeRule = "time-rule", "quy tắc theo giờ", "time-based rule";
        Protected = "protected", "tên được bảo vệ", "protected name";
        /// A popular name that our own lists do not put into the list's category: held back, to be looked at.
        Popular = "popular", "tên phổ biến, giữ lại để xem", "popular name, held back to be looked at";
        TooMany = "too-many", "vượt số tên tối đa của danh sách", "more names than the list may have";
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
