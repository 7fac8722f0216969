//! What a filter may be written as: ids, and the words that the screen shows, with or without their marks.

use crate::cli::words;
use crate::config::nearest::{folded, nearest_alias};
use crate::config::words as spelt;
use crate::i18n::{Both, Lang, Message, msg};
use crate::model::category::Category;
use crate::model::event::Effect;
use crate::model::service::{Service, ServiceId};
use crate::model::tier::Tier;
use crate::model::verdict::Layer;

/// What a category filter may name: what the column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A category.
    Category(Category),
    /// A service.
    Service(ServiceId),
    /// A layer that blocks without one: the school's rules, a policy zone, allow-only.
    Layer(Layer),
}

/// The tier that is meant.
///
/// # Errors
/// A sentence with the likely one and all of them.
pub fn tier(written: &str) -> Result<Tier, Message> {
    let known = named(Tier::ALL, Tier::id, words::of_tier);
    let spellings: Vec<(&str, Tier)> = spelt::tiers().collect();
    find(written, &spellings).map_err(|meant| no_such(msg!("log-tier"), written, meant, known))
}

/// The category, or the layer that stands in its place, that is meant.
///
/// # Errors
/// As [`tier`].
pub fn class(written: &str) -> Result<Class, Message> {
    let of_categories = Category::ALL.iter().flat_map(|category| {
        let words = category.vi().split(", ").chain(category.en().split(", "));
        let words = [category.id(), category.vi(), category.en()].into_iter().chain(words);
        words.map(move |word| (word.to_owned(), Class::Category(*category)))
    });
    let of_layers = WITHOUT_CATEGORY.into_iter().flat_map(|layer| {
        let [vi, en] = Lang::ALL.map(|lang| words::layer(layer, lang));
        [layer.id().to_owned(), vi, en].map(move |word| (word, Class::Layer(layer)))
    });
    let of_services = Service::ALL.iter().flat_map(|service| {
        [service.word, service.vi, service.en].map(|word| (word.to_owned(), Class::Service(service.id)))
    });
    let all: Vec<(String, Class)> = of_categories.chain(of_services).chain(of_layers).collect();
    let spellings: Vec<(&str, Class)> = all.iter().map(|(word, class)| (word.as_str(), *class)).collect();
    let known = || {
        let mut known = named(Category::ALL.iter().copied(), Category::id, words::of_category);
        known.extend(Service::ALL.iter().map(|it| {
            let of = |lang| format!("{} ({})", it.word, words::of_service(it.id, lang));
            Both { vi: of(Lang::Vi), en: of(Lang::En) }
        }));
        known
    };
    find(written, &spellings).map_err(|meant| no_such(msg!("log-category"), written, meant, known()))
}

/// The effect that is meant.
///
/// # Errors
/// As [`tier`].
pub fn effect(written: &str) -> Result<Effect, Message> {
    let effects = [Effect::Blocked, Effect::Monitored];
    let all: Vec<(String, Effect)> = effects
        .into_iter()
        .flat_map(|effect| {
            let [vi, en] = Lang::ALL.map(|lang| of_effect(effect).text(lang));
            [effect.id().to_owned(), vi, en].map(move |word| (word, effect))
        })
        .collect();
    let spellings: Vec<(&str, Effect)> = all.iter().map(|(word, effect)| (word.as_str(), *effect)).collect();
    let known = named(effects, Effect::id, |effect, lang| of_effect(effect).text(lang));
    find(written, &spellings).map_err(|meant| no_such(msg!("log-effect"), written, meant, known))
}

/// The group that is meant, of those that the config or the journal has.
///
/// # Errors
/// As [`tier`].
pub fn group(written: &str, known: &[String]) -> Result<String, Message> {
    if known.iter().any(|group| group == written) {
        return Ok(written.to_owned());
    }
    let shown =
        |group: &String| Both { vi: words::group(group, Lang::Vi), en: words::group(group, Lang::En) };
    let of_screen: Vec<Both> = known.iter().map(shown).collect();
    let spellings: Vec<(&str, &str)> = known
        .iter()
        .zip(&of_screen)
        .flat_map(|(group, shown)| [group, &shown.vi, &shown.en].map(|word| (word.as_str(), group.as_str())))
        .collect();
    let all = || of_screen.clone();
    let found = find(written, &spellings).map(str::to_owned);
    found.map_err(|meant| no_such(msg!("log-group"), written, meant, all()))
}

/// Layers that stand in the column of categories, since they block without one.
const WITHOUT_CATEGORY: [Layer; 3] = [Layer::School, Layer::PolicyZone, Layer::AllowOnly];

/// The id of the category or service that an attempt counts under: exports have both in one column.
pub fn class_id(category: Option<Category>, service: Option<ServiceId>) -> Option<String> {
    category.map(|category| category.id().to_owned()).or_else(|| service.map(ServiceId::word))
}

/// What the screen calls an effect.
pub fn of_effect(effect: Effect) -> Message {
    match effect {
        Effect::Blocked => msg!("verdict-block"),
        Effect::Monitored => msg!("verdict-monitor"),
    }
}

/// Groups and categories that a message lists.
const KNOWN_SHOWN: usize = 40;

/// Ids with what the screen calls them.
fn named<T: Copy, S: Into<String>>(
    all: impl IntoIterator<Item = T>,
    id: fn(T) -> &'static str,
    word: impl Fn(T, Lang) -> S,
) -> Vec<Both> {
    let of = |one: T, lang: Lang| format!("{} ({})", id(one), word(one, lang).into());
    all.into_iter().map(|one| Both { vi: of(one, Lang::Vi), en: of(one, Lang::En) }).collect()
}

/// What is written, with or without its marks; else the spelling that was likely meant.
fn find<'s, T: Copy + PartialEq>(written: &str, spellings: &[(&'s str, T)]) -> Result<T, Option<&'s str>> {
    let wanted = folded(written.trim());
    let mut same = spellings.iter().filter(|(word, _)| folded(word) == wanted).map(|(_, meant)| *meant);
    let first = same.next();
    // Two groups whose names differ only in their marks: which one is meant cannot be told.
    if let Some(first) = first.filter(|first| same.all(|other| other == *first)) {
        return Ok(first);
    }
    Err(nearest_alias(written, spellings.iter().map(|(word, _)| (*word, *word))))
}

fn no_such(noun: Message, written: &str, meant: Option<&str>, known: Vec<Both>) -> Message {
    let all = |lang| {
        let mut all: Vec<&str> = known.iter().take(KNOWN_SHOWN).map(|one| one.text(lang)).collect();
        let more = format!("… ({})", known.len());
        if known.len() > KNOWN_SHOWN {
            all.push(&more);
        }
        all.join(", ")
    };
    let known = Both { vi: all(Lang::Vi), en: all(Lang::En) };
    match meant {
        Some(meant) => msg!("log-no-such-but", noun = noun, written = written, meant = meant, known = known),
        None => msg!("log-no-such", noun = noun, written = written, known = known),
    }
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
        for written in ["zalo", "Zalo"] {
            assert_eq!(class(written), Ok(Class::Service(Service::ALL[0].id)), "{written}");
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
        let told = group("Phong mai 1", &groups).unwrap_err().to_string();
        assert!(told.contains("`Phòng máy 1`?") && told.contains("Phòng máy 2"), "{told}");
        assert!(tier("thsc").unwrap_err().to_string().contains("did you mean `THCS`"));
        assert!(class("gamblin").unwrap_err().to_string().contains("`gambling`"));
        let same = ["Lớp A".to_owned(), "Lop a".to_owned()];
        assert!(group("LOP A", &same).is_err());
        assert_eq!(group("Lop a", &same).unwrap(), "Lop a");
    }
}
