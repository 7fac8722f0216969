//! "Did you mean": the known word that a mistyped one is nearest to.
//!
//! Distance: letters left out, put in, changed, or swapped with their neighbour (optimal string
//! alignment). Case, `-` against `_`, and Vietnamese marks cost nothing.

/// A word without what costs nothing: lower case, without Vietnamese marks, `-` and space as `_`.
pub fn folded(word: &str) -> String {
    word.chars().flat_map(char::to_lowercase).filter_map(bare).collect()
}

/// Letters of a word that are looked at: known words are shorter, and the work is quadratic.
const WORD_MAX: usize = 64;

/// The candidate nearest to `written`, if one is near enough to be meant: at most one slip in three
/// letters. Among equals, the one with the same first letter, then the one of the same length.
pub fn nearest<'c>(written: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    nearest_alias(written, candidates.into_iter().map(|candidate| (candidate, candidate)))
}

/// As [`nearest`], where several spellings lead to one word: pairs of (spelling, word).
pub fn nearest_alias<'c, T: Copy>(
    written: &str,
    candidates: impl IntoIterator<Item = (&'c str, T)>,
) -> Option<T> {
    let written = plain(written);
    if written.is_empty() || written.len() > WORD_MAX {
        return None;
    }
    let allowed = (written.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|(spelling, word)| (plain(spelling), word))
        .filter(|(spelling, _)| !spelling.is_empty() && spelling.len() <= WORD_MAX)
        .map(|(spelling, word)| {
            let distance = distance(&written, &spelling);
            let rank = (distance, spelling[0] != written[0], spelling.len() != written.len());
            (rank, word)
        })
        .filter(|((distance, ..), _)| *distance <= allowed)
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, word)| word)
}

/// Slips between two words, for who must know whether a slip is ambiguous.
#[cfg(test)]
pub(super) fn slips_between(a: &str, b: &str) -> usize {
    distance(&plain(a), &plain(b))
}

/// Slips that lead from one word to the other.
fn distance(a: &[char], b: &[char]) -> usize {
    // Three rows of the table are enough: this one, the one before, and the one before that for swaps.
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + changed);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// Lower case, without Vietnamese marks, `-` and space as `_`.
fn plain(word: &str) -> Vec<char> {
    word.chars().flat_map(char::to_lowercase).filter_map(bare).take(WORD_MAX + 1).collect()
}

fn bare(letter: char) -> Option<char> {
    Some(match letter {
        '-' | ' ' => '_',
        'à'..='å' | 'ă' | 'ạ'..='ặ' => 'a',
        'è'..='ê' | 'ẹ'..='ệ' => 'e',
        'ì' | 'í' | 'ĩ' | 'ỉ' | 'ị' => 'i',
        'ò'..='õ' | 'ơ' | 'ọ'..='ợ' => 'o',
        'ù' | 'ú' | 'ũ' | 'ư' | 'ụ'..='ự' => 'u',
        'ý' | 'ỳ'..='ỹ' => 'y',
        'đ' => 'd',
        '\u{300}'..='\u{36f}' => return None,
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slips_are_counted() {
        for (a, b, slips) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abc", "acb", 1),
            ("tier", "teir", 1),
            ("tier", "tiers", 1),
            ("mode", "node", 1),
            ("kitten", "sitting", 3),
            ("ca", "abc", 3),
        ] {
            assert_eq!(distance(&plain(a), &plain(b)), slips, "{a} {b}");
        }
    }

    #[test]
    fn what_is_far_is_not_suggested() {
        let words = ["mode", "dnssec", "cache", "never_ask"];
        for (written, meant) in [
            ("mod", Some("mode")),
            ("dnsec", Some("dnssec")),
            ("neverask", Some("never_ask")),
            ("Never-Ask", Some("never_ask")),
            ("timetable", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(nearest(written, words), meant, "{written}");
        }
    }

    #[test]
    fn vietnamese_marks_cost_nothing() {
        let tiers = [("mầm non", 0), ("tiểu học", 1), ("THCS", 2)];
        for (written, meant) in [("Mam non", 0), ("tieu_hoc", 1), ("thcs", 2), ("tiê\u{309}u học", 1)] {
            assert_eq!(nearest_alias(written, tiers), Some(meant), "{written}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic_and_a_word_is_nearest_to_itself(word in "\\PC{0,80}", other in "\\PC{0,80}") {
            let found = nearest(&word, [other.as_str(), word.as_str()]);
            if let Some(found) = found {
                prop_assert_eq!(plain(found), plain(&word));
            }
        }
    }
}
