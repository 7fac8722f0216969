//! The language of what is printed.

/// A language that there are texts in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

/// The variable that names the language.
pub const VARIABLE: &str = "LACHAN_LANG";
/// Variables of the locale; the first that is set decides (POSIX.1-2017 §8.2).
const LOCALE: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

impl Lang {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::Vi, Self::En];

    /// The word for `--lang`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    /// The language with that word.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.id() == id)
    }

    /// The one of two that is in this language.
    pub fn pick<T>(self, vi: T, en: T) -> T {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }

    /// What was chosen, else [`VARIABLE`], else the locale: English where it begins with `en`, Vietnamese
    /// everywhere else.
    pub fn choose(chosen: Option<Self>, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        chosen.or_else(|| set(VARIABLE).as_deref().and_then(Self::from_id)).unwrap_or_else(|| {
            match LOCALE.into_iter().find_map(set) {
                Some(locale) if locale.starts_with("en") => Self::En,
                _ => Self::Vi,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_then_the_variable_then_the_locale_then_vietnamese() {
        let lang = |chosen, set: &[(&str, &str)]| {
            let value =
                |name: &str| set.iter().find(|(other, _)| *other == name).map(|(_, value)| value.to_string());
            Lang::choose(chosen, value)
        };
        for (chosen, set, expected) in [
            (None, &[][..], Lang::Vi),
            (Some(Lang::En), &[("LACHAN_LANG", "vi")], Lang::En),
            (None, &[("LACHAN_LANG", "en"), ("LANG", "vi_VN.UTF-8")], Lang::En),
            (None, &[("LACHAN_LANG", "fr"), ("LANG", "en_GB.UTF-8")], Lang::En),
            (None, &[("LACHAN_LANG", "vi"), ("LC_ALL", "en_US.UTF-8")], Lang::Vi),
            (None, &[("LC_ALL", ""), ("LC_MESSAGES", "en_US"), ("LANG", "vi_VN")], Lang::En),
            (None, &[("LC_ALL", "C"), ("LANG", "en_US")], Lang::Vi),
            (None, &[("LANG", "fr_FR.UTF-8")], Lang::Vi),
        ] {
            assert_eq!(lang(chosen, set), expected, "{chosen:?} {set:?}");
        }
    }
}
