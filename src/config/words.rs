//! What people call a tier, beside its id.

use super::nearest::{folded, nearest_alias};
use crate::model::tier::Tier;

/// Names of tiers that are not those of [`Tier`] itself.
const OTHERS: &[(&str, Tier)] = &[
    ("mẫu giáo", Tier::Preschool),
    ("nhà trẻ", Tier::Preschool),
    ("mn", Tier::Preschool),
    ("kindergarten", Tier::Preschool),
    ("cấp 1", Tier::Primary),
    ("th", Tier::Primary),
    ("cấp 2", Tier::LowerSecondary),
    ("trung học cơ sở", Tier::LowerSecondary),
    ("middle school", Tier::LowerSecondary),
    ("secondary", Tier::LowerSecondary),
    ("cấp 3", Tier::UpperSecondary),
    ("trung học phổ thông", Tier::UpperSecondary),
    ("phổ thông trung học", Tier::UpperSecondary),
    ("high school", Tier::UpperSecondary),
    ("giáo viên", Tier::Staff),
    ("gv", Tier::Staff),
    ("cán bộ", Tier::Staff),
    ("nhân viên", Tier::Staff),
    ("teacher", Tier::Staff),
    ("teachers", Tier::Staff),
    ("khách", Tier::Guest),
    ("guests", Tier::Guest),
    ("visitors", Tier::Guest),
    ("khách mời", Tier::Guest),
    ("camera", Tier::Iot),
    ("máy in", Tier::Iot),
    ("printers", Tier::Iot),
];

/// Every spelling with its tier.
pub fn tiers() -> impl Iterator<Item = (&'static str, Tier)> {
    let own =
        Tier::ALL.into_iter().flat_map(|tier| [tier.id(), tier.vi(), tier.en()].map(|word| (word, tier)));
    own.chain(OTHERS.iter().copied())
}

/// The tier that a word means for certain: one of its spellings, whatever its case and marks.
pub fn tier(word: &str) -> Option<Tier> {
    let wanted = folded(word.trim());
    tiers().find(|(spelling, _)| folded(spelling) == wanted).map(|(_, tier)| tier)
}

/// The tier that was likely meant.
pub fn nearest_tier(word: &str) -> Option<Tier> {
    tier(word).or_else(|| nearest_alias(word, tiers()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_are_known_by_all_their_names() {
        for (word, meant) in [
            ("trung học cơ sở", Tier::LowerSecondary),
            ("Trung hoc co so", Tier::LowerSecondary),
            ("THCS", Tier::LowerSecondary),
            ("thpt", Tier::UpperSecondary),
            ("Trung học phổ thông", Tier::UpperSecondary),
            ("tieu hoc", Tier::Primary),
            ("Mầm non", Tier::Preschool),
            ("mau giao", Tier::Preschool),
            ("giao vien", Tier::Staff),
            ("lower-secondary", Tier::LowerSecondary),
        ] {
            assert_eq!(tier(word), Some(meant), "{word}");
        }
        assert_eq!(tier("thsc"), None);
        assert_eq!(nearest_tier("trung hoc co sở"), Some(Tier::LowerSecondary));
    }

    #[test]
    fn no_spelling_stands_for_two_tiers() {
        for (word, meant) in tiers() {
            assert_eq!(tier(word), Some(meant), "{word}");
        }
    }
}
