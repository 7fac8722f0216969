//! What a filter may be written as: ids, and the words that the screen shows, with or without their marks.

use crate::config::nearest::{folded, nearest_alias};
use crate::config::words;
use crate::model::category::Category;
use crate::model::event::Effect;
use crate::model::tier::Tier;
use crate::model::verdict::Layer;

/// What a category filter may name: what the column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A category.
    Category(Category),
    /// A layer that blocks without one: the school's rules, a policy zone, allow-only.
    Layer(Layer),
}

/// The tier that is meant.
///
/// # Errors
/// A sentence with the likely one and all of them.
pub fn tier(written: &str) -> Result<Tier, String> {
    let known = Tier::ALL.iter().map(|tier| format!("{} ({})", tier.id(), tier.vi()));
    find("cấp học / tier", written, words::tiers().collect(), known.collect())
}

/// The category, or the layer that stands in its place, that is meant.
///
/// # Errors
/// As [`tier`].
pub fn class(written: &str) -> Result<Class, String> {
    let of_categories = Category::ALL.iter().flat_map(|category| {
        let words = category.vi().split(", ").chain(category.en().split(", "));
        let words = [category.id(), category.vi(), category.en()].into_iter().chain(words);
        words.map(move |word| (word, Class::Category(*category)))
    });
    let of_layers = WITHOUT_CATEGORY.into_iter().flat_map(|layer| {
        let (vi, en) = layer_words(layer);
        [layer.id(), vi, en].map(move |word| (word, Class::Layer(layer)))
    });
    let known = Category::ALL.iter().map(|category| format!("{} ({})", category.id(), category.vi()));
    find("nhóm nội dung / category", written, of_categories.chain(of_layers).collect(), known.collect())
}

/// The effect that is meant.
///
/// # Errors
/// As [`tier`].
pub fn effect(written: &str) -> Result<Effect, String> {
    let effects = [Effect::Blocked, Effect::Monitored];
    let spellings = effects.into_iter().flat_map(|effect| {
        let (vi, en) = effect_words(effect);
        [effect.id(), vi, en].map(move |word| (word, effect))
    });
    let known = effects.iter().map(|effect| format!("{} ({})", effect.id(), effect_words(*effect).0));
    find("kết quả / effect", written, spellings.collect(), known.collect())
}

/// The group that is meant, of those that the config or the journal has.
///
/// # Errors
/// As [`tier`].
pub fn group(written: &str, known: &[String]) -> Result<String, String> {
    if known.iter().any(|group| group == written) {
        return Ok(written.to_owned());
    }
    let spellings = known.iter().map(|group| (group.as_str(), group.as_str())).collect();
    find("nhóm / group", written, spellings, known.to_vec()).map(str::to_owned)
}

/// Layers that stand in the column of categories, since they block without one.
const WITHOUT_CATEGORY: [Layer; 3] = [Layer::School, Layer::PolicyZone, Layer::AllowOnly];

/// What the screen calls a layer.
pub fn layer_words(layer: Layer) -> (&'static str, &'static str) {
    match layer {
        Layer::Locked => ("khoá", "locked"),
        Layer::School => ("quy định của trường", "school rule"),
        Layer::PolicyZone => ("vùng chính sách", "policy zone"),
        Layer::Category => ("nhóm nội dung", "category"),
        Layer::AllowOnly => ("ngoài danh sách được phép", "not on the allow list"),
    }
}

/// What the screen calls an effect.
pub fn effect_words(effect: Effect) -> (&'static str, &'static str) {
    match effect {
        Effect::Blocked => ("chặn", "block"),
        Effect::Monitored => ("chỉ đếm", "monitor"),
    }
}

/// Groups and categories that a message lists.
const KNOWN_SHOWN: usize = 40;

fn find<T: Copy + PartialEq>(
    noun: &str,
    written: &str,
    spellings: Vec<(&str, T)>,
    known: Vec<String>,
) -> Result<T, String> {
    let wanted = folded(written.trim());
    let mut same = spellings.iter().filter(|(word, _)| folded(word) == wanted).map(|(_, meant)| *meant);
    let first = same.next();
    // Two groups whose names differ only in their marks: which one is meant cannot be told.
    if let Some(first) = first.filter(|first| same.all(|other| other == *first)) {
        return Ok(first);
    }
    let named = spellings.iter().map(|(word, _)| (*word, *word));
    let meant = nearest_alias(written, named);
    let meant = meant.map(|word| format!("; có phải ý bạn là / did you mean `{word}`?")).unwrap_or_default();
    let mut list = known.iter().take(KNOWN_SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if known.len() > KNOWN_SHOWN {
        list += &format!(", … ({})", known.len());
    }
    Err(format!("không có / there is no {noun} `{written}`{meant}\ncó / there are: {list}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_what_the_screen_shows_mean_the_same_with_and_without_marks() {
        for written in
            ["lower_secondary", "THCS", "thcs", "lower secondary", "trung hoc co so", "Trung học cơ sở"]
        {
            assert_eq!(tier(written), Ok(Tier::LowerSecondary), "{written}");
        }
        for written in ["staff", "Giáo viên, cán bộ", "giao vien"] {
            assert_eq!(tier(written), Ok(Tier::Staff), "{written}");
        }
        for written in ["gambling", "Cờ bạc, cá độ", "co bac", "betting"] {
            assert_eq!(class(written), Ok(Class::Category(Category::Gambling)), "{written}");
        }
        for written in ["school", "quy định của trường", "quy dinh cua truong"] {
            assert_eq!(class(written), Ok(Class::Layer(Layer::School)), "{written}");
        }
        for written in ["monitored", "chỉ đếm", "chi dem", "monitor"] {
            assert_eq!(effect(written), Ok(Effect::Monitored), "{written}");
        }
    }

    #[test]
    fn every_word_of_the_screen_leads_to_what_it_stands_for() {
        for category in Category::ALL {
            for word in [category.id(), category.vi(), category.en()] {
                assert_eq!(class(word), Ok(Class::Category(*category)), "{word}");
            }
        }
    }

    #[test]
    fn what_is_not_there_is_told_with_the_likely_one() {
        let groups = ["Phòng máy 1".to_owned(), "Phòng máy 2".to_owned()];
        assert_eq!(group("phong may 2", &groups).unwrap(), "Phòng máy 2");
        let told = group("Phong mai 1", &groups).unwrap_err();
        assert!(told.contains("`Phòng máy 1`?") && told.contains("Phòng máy 2"), "{told}");
        assert!(tier("thsc").unwrap_err().contains("did you mean `THCS`"));
        assert!(class("gamblin").unwrap_err().contains("`gambling`"));
        let same = ["Lớp A".to_owned(), "Lop a".to_owned()];
        assert!(group("LOP A", &same).is_err());
        assert_eq!(group("Lop a", &same).unwrap(), "Lop a");
    }
}
