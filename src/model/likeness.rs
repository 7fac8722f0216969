//! Names that a name stands for: the brand in it, and the name that it carries.
//!
//! Bookmakers aimed at Vietnam keep their brand and change the ending: `gemwin.nz`, `gemwin.lv`. So a brand is kept in
//! the index as a name of its own, `gemwin` below a label that no host has, and what stands before the public suffix
//! of an asked name is looked up there. Translators and page caches carry another site's name in a label of their own:
//! `www-example-com.translate.goog`. What they carry is looked up as if it had been asked for.

use crate::dns::name::{LABEL_MAX, Name, NameBuf, OwnedName};
use crate::dns::public_suffix::registrable;

/// The label below which brands stand. No host name has a `*`.
const BRANDS: &[u8] = b"*brand";

/// Letters and digits of a brand at least: with a digit among them, and without.
const BRAND_MIN: (usize, usize) = (3, 4);
/// Octets of a brand at least that is found between affixes.
const STRIPPED_MIN: usize = 5;

/// Words that stand before a brand in the names of its clones.
const BEFORE: &[&[u8]] = &[
    b"8",
    b"app",
    b"casino",
    b"choi",
    b"club",
    b"cskh",
    b"dangky",
    b"dk",
    b"game",
    b"get",
    b"go",
    b"link",
    b"m",
    b"my",
    b"new",
    b"nhacai",
    b"play",
    b"tai",
    b"taiapp",
    b"taigame",
    b"the",
    b"top",
    b"trangchu",
    b"vao",
    b"vip",
    b"web",
];

/// Words that stand behind it.
const BEHIND: &[&[u8]] = &[
    b"apk",
    b"app",
    b"asia",
    b"az",
    b"bet",
    b"casino",
    b"cc",
    b"chinhhang",
    b"chinhthuc",
    b"club",
    b"co",
    b"com",
    b"dangky",
    b"dangnhap",
    b"fun",
    b"game",
    b"games",
    b"group",
    b"info",
    b"io",
    b"link",
    b"live",
    b"me",
    b"net",
    b"nhacai",
    b"one",
    b"online",
    b"org",
    b"plus",
    b"pro",
    b"taixiu",
    b"top",
    b"trangchu",
    b"tv",
    b"viet",
    b"vietnam",
    b"vina",
    b"vip",
    b"vn",
    b"win",
    b"xyz",
];

/// Labels of public suffixes below which nobody but schools, states and armies registers.
const CLEAN: [&[u8]; 4] = [b"edu", b"ac", b"gov", b"mil"];

/// Hosts that carry another site's name in the label before theirs, `-` for `.` and `--` for `-`.
const CARRIERS: [&[&[u8]]; 3] =
    [&[b"translate", b"goog"], &[b"cdn", b"ampproject", b"org"], &[b"turbopages", b"org"]];

/// Whether a label can be a brand: letters, and digits among them or enough of them.
pub fn may_be_brand(label: &[u8]) -> bool {
    let has = |test: fn(&u8) -> bool| label.iter().any(test);
    let least = if has(u8::is_ascii_digit) { BRAND_MIN.0 } else { BRAND_MIN.1 };
    label.len() >= least && has(u8::is_ascii_lowercase)
}

/// The name under which a brand stands in the index.
pub fn brand_name(brand: &[u8]) -> Option<OwnedName> {
    let mut name = NameBuf::new();
    fill(&mut name, brand).then(|| name.name().to_owned())
}

/// The brand that such a name is for.
pub fn brand_of(name: Name<'_>) -> Option<&[u8]> {
    let mut labels = name.labels();
    let brand = labels.next()?;
    (labels.next() == Some(BRANDS) && labels.next().is_none()).then_some(brand)
}

fn fill(name: &mut NameBuf, brand: &[u8]) -> bool {
    let mut wire = [0; 2 + LABEL_MAX + 1 + BRANDS.len()];
    if brand.is_empty() || brand.len() > LABEL_MAX {
        return false;
    }
    wire[0] = brand.len() as u8;
    let end = 1 + brand.len();
    wire[1..end].copy_from_slice(brand);
    wire[end] = BRANDS.len() as u8;
    wire[end + 1..end + 1 + BRANDS.len()].copy_from_slice(BRANDS);
    name.fill_from_wire(&wire[..end + 2 + BRANDS.len()]).is_ok()
}

/// The label of a name that somebody chose: the one before its public suffix. None below suffixes of schools and
/// states.
pub fn chosen_label(name: Name<'_>) -> Option<&[u8]> {
    let domain = registrable(name)?;
    let mut labels = domain.labels();
    let label = labels.next()?;
    (!labels.any(|label| CLEAN.contains(&label))).then_some(label)
}

/// Calls `look` with the name of each brand that may be in `name`, until it says that there is one. The whole label
/// first, then what is left without affixes and final digits.
pub fn find_brand(name: Name<'_>, look: &mut dyn FnMut(Name<'_>) -> bool) -> Option<OwnedName> {
    let label = chosen_label(name)?;
    let mut room = NameBuf::new();
    let mut try_one = |brand: &[u8]| fill(&mut room, brand) && look(room.name());
    let found = |brand: &[u8]| brand_name(brand);
    if may_be_brand(label) && try_one(label) {
        return found(label);
    }
    let mut joined = [0; LABEL_MAX];
    let label = without_hyphens(label, &mut joined);
    let mut try_inner = |brand: &[u8]| brand.len() >= STRIPPED_MIN && may_be_brand(brand) && try_one(brand);
    for inner in with_and_without_digits(label) {
        if try_inner(inner) {
            return found(inner);
        }
        let shorter = BEHIND.iter().filter_map(|affix| without_end(inner, affix));
        for without in std::iter::once(inner).chain(shorter) {
            for stem in with_and_without_digits(without) {
                let stems = BEFORE.iter().filter_map(|affix| without_start(stem, affix));
                if let Some(brand) = std::iter::once(stem).chain(stems).find(|brand| try_inner(brand)) {
                    return found(brand);
                }
            }
        }
    }
    None
}

/// `label` without `affix` at its end. One octet is compared first: of some forty affixes hardly one goes further, and
/// every name that is asked for the first time comes here.
fn without_end<'l>(label: &'l [u8], affix: &[u8]) -> Option<&'l [u8]> {
    if label.last() == affix.last() { label.strip_suffix(affix) } else { None }
}

/// The same at its beginning.
fn without_start<'l>(label: &'l [u8], affix: &[u8]) -> Option<&'l [u8]> {
    if label.first() == affix.first() { label.strip_prefix(affix) } else { None }
}

fn without_hyphens<'r>(label: &[u8], room: &'r mut [u8; LABEL_MAX]) -> &'r [u8] {
    let mut end = 0;
    for octet in label.iter().filter(|octet| **octet != b'-').take(LABEL_MAX) {
        room[end] = *octet;
        end += 1;
    }
    &room[..end]
}

/// `label`, and where it ends in digits what stands before these.
fn with_and_without_digits(label: &[u8]) -> impl Iterator<Item = &[u8]> {
    let end = label.iter().rposition(|octet| !octet.is_ascii_digit()).map_or(0, |last| last + 1);
    std::iter::once(label).chain((end < label.len()).then(|| &label[..end]))
}

/// The name that `name` carries: `www.example.com` of `www-example-com.translate.goog`.
pub fn carried(name: Name<'_>) -> Option<OwnedName> {
    let count = name.label_count();
    let carrier = CARRIERS.iter().find(|carrier| {
        count > carrier.len() && name.labels().skip(count - carrier.len()).eq(carrier.iter().copied())
    })?;
    let label = name.labels().nth(count - carrier.len() - 1)?;
    let mut text = String::with_capacity(label.len());
    let mut octets = label.iter().peekable();
    while let Some(octet) = octets.next() {
        match octet {
            b'-' if octets.next_if(|next| **next == b'-').is_some() => text.push('-'),
            b'-' => text.push('.'),
            octet => text.push(char::from(*octet)),
        }
    }
    OwnedName::parse(&text).ok().filter(|carried| carried.as_name().label_count() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, brands: &[&str]) -> Option<String> {
        let name = OwnedName::parse(name).unwrap();
        let mut look = |asked: Name<'_>| brands.iter().any(|brand| brand_of(asked) == Some(brand.as_bytes()));
        let brand = find_brand(name.as_name(), &mut look)?;
        Some(String::from_utf8(brand_of(brand.as_name())?.to_vec()).unwrap())
    }

    #[test]
    fn a_brand_is_found_under_any_ending_and_between_the_words_that_clones_add() {
        let brands = ["gemwin", "b52", "w88", "sky88"];
        for (name, brand) in [
            ("gemwin.nz", Some("gemwin")),
            ("www.gemwin.com.co", Some("gemwin")),
            ("gem-win.club", Some("gemwin")),
            ("gemwin7.top", Some("gemwin")),
            ("nhacaigemwin.org", Some("gemwin")),
            ("taigemwinvip.net", Some("gemwin")),
            ("gemwinchinhhang.com", Some("gemwin")),
            ("b52.fan", Some("b52")),
            // Short ones are believed only as they are.
            ("b52club.fan", None),
            ("sky88vn.win", Some("sky88")),
            // Somebody else's name, a school's, and no registrable name at all.
            ("gemwine.fr", None),
            ("gemwin.edu.vn", None),
            ("gemwin.gov", None),
            ("shop.example", None),
            ("com", None),
        ] {
            assert_eq!(found(name, &brands).as_deref(), brand, "{name}");
        }
    }

    #[test]
    fn a_brand_has_letters_and_is_not_too_short() {
        for (label, may) in [("b52", true), ("w8", false), ("bet", false), ("iwin", true), ("888", false)] {
            assert_eq!(may_be_brand(label.as_bytes()), may, "{label}");
        }
    }

    #[test]
    fn what_a_name_carries_is_read_and_what_is_no_name_is_not() {
        for (name, carries) in [
            ("www-pornhub-com.translate.goog", Some("www.pornhub.com")),
            ("my--site-example.translate.goog", Some("my-site.example")),
            ("a.www-x-example.cdn.ampproject.org", Some("www.x.example")),
            ("news-example.turbopages.org", Some("news.example")),
            ("translate.goog", None),
            ("x.translate.goog", None),
            ("-.translate.goog", None),
            ("www-x-example.example", None),
        ] {
            let name = OwnedName::parse(name).unwrap();
            assert_eq!(carried(name.as_name()).map(|name| name.to_string()).as_deref(), carries, "{name}");
        }
    }
}
