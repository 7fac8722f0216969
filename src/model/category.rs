//! Categories: classes of content, each with a stable bit.
//!
//! One table defines id, bit and both names; policy, help, pages and reports read it.

use std::fmt;

macro_rules! categories {
    ($($(#[$doc:meta])* $variant:ident = $bit:literal, $id:literal, $vi:literal, $en:literal;)*) => {
        /// A class of content. The bit is stable for ever: it stands in index files and stores. 21 and 23 stay
        /// free: they were Zalo and YouTube, which are [services](super::service).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Category {
            $($(#[$doc])* $variant = $bit,)*
        }

        impl Category {
            /// All categories by bit.
            pub const ALL: &[Category] = &[$(Category::$variant,)*];

            /// The id, as config files and exports write it.
            pub fn id(self) -> &'static str {
                match self { $(Category::$variant => $id,)* }
            }

            /// Vietnamese name.
            pub fn vi(self) -> &'static str {
                match self { $(Category::$variant => $vi,)* }
            }

            /// English name.
            pub fn en(self) -> &'static str {
                match self { $(Category::$variant => $en,)* }
            }
        }
    };
}

categories! {
    /// Child sexual abuse. Filled by signed bundles only; its names are never shown.
    Csam = 0, "csam", "Xâm hại tình dục trẻ em", "child sexual abuse";
    Malware = 1, "malware", "Mã độc, điều khiển từ xa trái phép, đào tiền ảo ẩn", "malware, cryptojacking, stalkerware";
    Phishing = 2, "phishing", "Lừa đảo, giả mạo", "phishing, scam";
    /// By order of an authority. Filled by signed bundles only; its names are never shown.
    Authority = 3, "authority", "Danh sách theo yêu cầu cơ quan có thẩm quyền", "authority order list";
    Adult = 4, "adult", "Khiêu dâm", "pornography";
    AdultSoft = 5, "adult_soft", "Nhạy cảm, nội y, hẹn hò", "lingerie, mixed adult, dating";
    Gambling = 6, "gambling", "Cờ bạc, cá độ", "gambling, betting";
    Drugs = 7, "drugs", "Ma tuý, thuốc lá, rượu bia", "drugs, tobacco, alcohol";
    Violence = 8, "violence", "Bạo lực, máu me, tự hại", "gore, violence, self-harm";
    Hate = 9, "hate", "Thù ghét, cực đoan, tà đạo", "hate, extremism, cults";
    Bypass = 10, "bypass", "Vượt bộ lọc: VPN, proxy, Tor", "VPN, proxy, Tor";
    Encdns = 11, "encdns", "DNS mã hoá", "encrypted DNS";
    Ddns = 12, "ddns", "Tên miền động, đường hầm", "dynamic DNS, tunnels";
    Newdom = 13, "newdom", "Tên miền mới thấy", "newly observed";
    Remote = 14, "remote", "Điều khiển từ xa", "remote control";
    Piracy = 15, "piracy", "Vi phạm bản quyền, torrent", "piracy, torrent";
    Games = 16, "games", "Trò chơi", "games";
    Edugames = 17, "edugames", "Trò chơi học tập", "educational games";
    Social = 18, "social", "Mạng xã hội", "social networks";
    Shortvideo = 19, "shortvideo", "Video ngắn", "short video";
    Chat = 20, "chat", "Nhắn tin, diễn đàn", "chat, forums, blogs";
    Video = 22, "video", "Phim, nhạc trực tuyến", "streaming";
    Ai = 24, "ai", "AI tạo sinh", "generative AI";
    Cheat = 25, "cheat", "Gian lận thi cử", "essay mills, cheating";
    Filehost = 26, "filehost", "Lưu trữ, chia sẻ tệp", "file hosting";
    Shortener = 27, "shortener", "Rút gọn liên kết", "URL shorteners";
    Ads = 28, "ads", "Quảng cáo, theo dõi", "ads, trackers";
    Shop = 29, "shop", "Mua sắm, rao vặt, tiền ảo", "shopping, crypto, forex";
    Nosafe = 30, "nosafe", "Tìm kiếm không có chế độ an toàn", "search without SafeSearch";
    Sexed = 31, "sexed", "Giáo dục giới tính", "sexual education";
    /// One name of ours, blocked in every tier, so that a trial or a demonstration needs no real site.
    Test = 32, "test", "Thử bộ lọc", "filter test";
    Webnovel = 33, "webnovel", "Truyện chữ trên mạng", "web novels";
    /// Where anybody puts a page of their own without paying. Apart from [`Category::Ddns`], so that lessons can open it.
    Webhost = 34, "webhost", "Nơi đặt trang web miễn phí", "free web hosting";
}

impl Category {
    /// The bit, 0–63.
    pub fn bit(self) -> u8 {
        self as u8
    }

    /// The category with that bit.
    pub fn from_bit(bit: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|category| category.bit() == bit)
    }

    /// The category with that id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|category| category.id() == id)
    }

    /// Whether nothing local may ever open it, and its names are never shown.
    pub fn is_secret(self) -> bool {
        matches!(self, Self::Csam | Self::Authority)
    }

    /// Whether lists of it are threat lists, which may block a soft-protected name.
    pub fn is_threat(self) -> bool {
        matches!(self, Self::Malware | Self::Phishing)
    }
}

/// A set of categories, bit = [`Category::bit`].
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct CategorySet(pub u64);

impl CategorySet {
    /// No category.
    pub const EMPTY: Self = Self(0);
    /// Malware and phishing.
    pub const THREATS: Self = Self(1 << Category::Malware as u8 | 1 << Category::Phishing as u8);
    /// What accuses whoever asks for it: it takes more than one stranger's word.
    pub const GRAVE: Self = Self(
        1 << Category::Malware as u8
            | 1 << Category::Phishing as u8
            | 1 << Category::Adult as u8
            | 1 << Category::Gambling as u8
            | 1 << Category::Drugs as u8
            | 1 << Category::Violence as u8
            | 1 << Category::Hate as u8
            | 1 << Category::Piracy as u8,
    );
    /// Milder than these: what a name may be known as that is listed among them by mistake.
    pub const MILDER: Self = Self(
        Self::KNOWN.0 & !Self::GRAVE.0 & !Self::SECRET.0 & !Self::TEST.0 & !(1 << Category::Newdom as u8),
    );
    /// What a popular name is in by mistake, where our own lists do not say so.
    pub const GUARDED: Self = Self(
        Self::GRAVE.0
            | 1 << Category::AdultSoft as u8
            | 1 << Category::Bypass as u8
            | 1 << Category::Encdns as u8
            | 1 << Category::Ddns as u8
            | 1 << Category::Webhost as u8
            | 1 << Category::Ads as u8,
    );
    /// Hosts of strangers' sites and files.
    pub const HOSTING: Self =
        Self(1 << Category::Ddns as u8 | 1 << Category::Webhost as u8 | 1 << Category::Filehost as u8);
    /// What nothing local opens.
    pub const SECRET: Self = Self(1 << Category::Csam as u8 | 1 << Category::Authority as u8);

    /// The name for trials: blocked for everybody, in every mode.
    pub const TEST: Self = Self(1 << Category::Test as u8);

    /// The set of one.
    pub fn of(category: Category) -> Self {
        Self(1 << category.bit())
    }

    /// Whether it has none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `category` is in it.
    pub fn contains(self, category: Category) -> bool {
        self.0 & 1 << category.bit() != 0
    }

    /// Whether the category with that bit is in it.
    pub fn contains_bit(self, bit: u8) -> bool {
        self.0 >> bit & 1 != 0
    }

    /// Bits in it, the lowest first.
    pub fn bits(self) -> impl Iterator<Item = u8> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let bit = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            (bit < 64).then_some(bit as u8)
        })
    }

    /// Those of it whose bit `keep` says to keep.
    pub fn filter(self, mut keep: impl FnMut(u8) -> bool) -> Self {
        self.bits().filter(|bit| keep(*bit)).fold(Self::EMPTY, |kept, bit| Self(kept.0 | 1 << bit))
    }

    /// What is in either.
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this one and not in `other`.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether all of `other` is in this one.
    pub fn is_superset(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// All categories.
    const KNOWN: Self = {
        let (mut bits, mut at) = (0, 0);
        while at < Category::ALL.len() {
            bits |= 1 << Category::ALL[at] as u8;
            at += 1;
        }
        Self(bits)
    };

    /// The lowest bit's category: the one that a blocked attempt is counted under, so that each
    /// attempt has exactly one.
    pub fn first(self) -> Option<Category> {
        let known = self.0 & Self::KNOWN.0;
        (known != 0).then(|| known.trailing_zeros() as u8).and_then(Category::from_bit)
    }

    /// All in it, by bit.
    pub fn iter(self) -> impl Iterator<Item = Category> {
        Category::ALL.iter().copied().filter(move |category| self.contains(*category))
    }
}

impl FromIterator<Category> for CategorySet {
    fn from_iter<I: IntoIterator<Item = Category>>(categories: I) -> Self {
        categories.into_iter().fold(Self::EMPTY, |set, category| set.union(Self::of(category)))
    }
}

impl fmt::Debug for CategorySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Category::id)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_sits_at_its_own_bit() {
        for category in Category::ALL {
            assert_eq!(Category::from_bit(category.bit()), Some(*category));
            assert_eq!(Category::from_id(category.id()), Some(*category));
        }
    }

    #[test]
    fn an_attempt_counts_under_the_lowest_bit() {
        let set: CategorySet = [Category::Ads, Category::Adult].into_iter().collect();
        assert_eq!(set.first(), Some(Category::Adult));
        assert_eq!(CategorySet::EMPTY.first(), None);
        assert_eq!(CategorySet(1 << 63).first(), None);
        // A bit that was a category once does not hide the others.
        assert_eq!(CategorySet(1 << 21 | 1 << Category::Ads as u8).first(), Some(Category::Ads));
    }
}
