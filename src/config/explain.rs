//! The page that explains each code of a mistake, as `lachan config explain` shows it.

use super::mistake::Code;
use super::nearest::nearest;
use crate::i18n::Lang;

/// `config/MISTAKES.md`, part of the program so that every installation has it.
const PAGE: &str = include_str!("../../config/MISTAKES.md");

/// What is to be said of one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The code.
    pub code: &'static str,
    /// Its text: a paragraph in Vietnamese, then one in English.
    text: &'static str,
}

impl Explanation {
    /// The paragraph in one language.
    pub fn text(&self, lang: Lang) -> &'static str {
        let (vi, en) = self.text.split_once("\n\n").unwrap_or((self.text, self.text));
        match lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }
}

/// All codes with their texts, in the order of the page.
pub fn all() -> impl Iterator<Item = Explanation> {
    PAGE.split("\n## ").skip(1).filter_map(|part| {
        let (code, text) = part.split_once('\n')?;
        Some(Explanation { code: code.trim(), text: text.trim() })
    })
}

/// The code that was asked for, written as the report shows it (`error[bad-name]`) or alone; else the nearest.
///
/// # Errors
/// The code that was likely meant, if one is near.
pub fn find(written: &str) -> Result<Explanation, Option<&'static str>> {
    let code = written.trim().trim_start_matches("error").trim_matches(['[', ']', ':', '`', ' ']);
    let is_it = |explanation: &Explanation| explanation.code.eq_ignore_ascii_case(code);
    all().find(is_it).ok_or_else(|| nearest(code, Code::ALL.iter().map(|code| code.id())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_found_however_it_is_written() {
        for code in Code::ALL {
            let found = find(code.id()).unwrap();
            assert_eq!(found.code, code.id());
            assert_eq!(found.text.split("\n\n").count(), 2, "a paragraph a language: {}", found.text);
        }
        for written in ["error[bad-name]", "[bad-name]", "BAD-NAME", " bad-name "] {
            let found = find(written).unwrap();
            assert!(found.text(Lang::Vi).contains("Không phải tên miền"), "{written}: {}", found.text);
        }
        assert_eq!(find("bad_nmae"), Err(Some("bad-name")));
        assert_eq!(find("xyz"), Err(None));
    }
}
