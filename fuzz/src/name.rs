//! A name as people and lists write it, and as the wire has it.
//!
//! Both parsers, and UTS 46 before the first: whatever is taken prints as something that reads back the
//! same, and every pass over it ends.

use lachan::dns::idna;
use lachan::dns::name::{NAME_MAX, Name, NameBuf, OwnedName};
use lachan::dns::suffixes::{HashKey, Suffixes, hash_name};
use lachan::model::likeness::{brand_of, carried, chosen_label, find_brand, may_be_brand};

const KEY: HashKey = HashKey([7; 16]);
/// Look-ups of brands that one name costs at most: two stems of few affixes each.
const LOOKS_MAX: usize = 64;

/// The octets as a name in wire form, as one in a message, and as a text.
pub fn check(octets: &[u8]) {
    let mut name = NameBuf::new();
    if let Ok(used) = name.fill_from_wire(octets) {
        assert_eq!(name.name().wire(), octets[..used].to_ascii_lowercase());
        hold(name.name());
    }
    for at in 0..octets.len().min(NAME_MAX) {
        if let Ok(end) = name.fill_from_message(octets, at) {
            hold(name.name());
            let mut again = NameBuf::new();
            assert_eq!(again.fill_from_message(&octets[..end], at), Ok(end), "it needs what follows");
            assert_eq!(again.name(), name.name());
        }
    }
    if let Ok(name) = Name::from_wire(octets) {
        hold(name);
    }
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let parsed = OwnedName::parse(text);
    if let Ok(name) = &parsed {
        hold(name.as_name());
    }
    match idna::to_name(text) {
        Ok(name) => {
            hold(name.as_name());
            assert!(!text.is_ascii() || parsed == Ok(name), "ASCII passes as it is");
        }
        Err(_) => assert!(!text.is_ascii() || parsed.is_err()),
    }
    let _ = idna::to_display(text);
}

/// What holds of every name.
fn hold(name: Name<'_>) {
    assert!(name.wire().len() <= NAME_MAX);
    assert_eq!(Name::from_wire(name.wire()), Ok(name));
    let printed = name.to_string();
    assert!(printed.bytes().all(|octet| octet.is_ascii_graphic()), "{printed}");
    assert_eq!(OwnedName::parse(&printed).as_ref().map(OwnedName::as_name), Ok(name), "{printed}");
    // What people are shown is the same name to who types it in; or it is refused, for what hides in it.
    let shown = idna::to_display(&printed);
    if let Ok(typed) = idna::to_name(&shown) {
        assert_eq!(typed.as_name(), name, "{printed} is shown as {shown}");
    }
    hold_likeness(name);
    let suffixes = Suffixes::of(&KEY, name);
    assert_eq!((suffixes.len(), suffixes.name()), (name.label_count(), name));
    for (index, hash) in suffixes.hashes().iter().enumerate() {
        let suffix = suffixes.suffix(index);
        assert_eq!((*hash, suffix.label_count()), (hash_name(&KEY, suffix), index + 1));
        assert!(name.is_at_or_below(suffix));
    }
}

/// What holds of the names that a name stands for.
fn hold_likeness(name: Name<'_>) {
    let mut asked = 0;
    let none = find_brand(name, &mut |brand| {
        asked += 1;
        let label = brand_of(brand).expect("only brands are looked up");
        assert!(may_be_brand(label) && name.wire().len() > label.len());
        false
    });
    assert!(none.is_none() && asked <= LOOKS_MAX, "{asked} for {name}");
    let found = find_brand(name, &mut |_| true);
    assert_eq!(found.is_some(), asked > 0, "the first that is known is taken");
    assert!(found.is_none_or(|brand| brand_of(brand.as_name()).is_some()));
    assert!(chosen_label(name).is_none_or(|label| name.labels().any(|own| own == label)));
    if let Some(carried) = carried(name) {
        assert!(carried.as_name().label_count() > 1);
        assert_eq!(OwnedName::parse(&carried.to_string()).as_ref(), Ok(&carried));
    }
}

/// Texts, and the same in wire form.
pub fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        ".",
        "www.Example.ORG.",
        r"a\.b\\.\065\000.example",
        "xn--momovint-g2a47a120zdna.example",
        "momovíđiệntử.example",
        "ｆｕｌｌ。example",
        "_dmarc.-a-.faß.example",
        "nhacai-gemwin88-vip.com.co",
        "www--x-pornhub-com.translate.goog",
    ];
    let long = [vec!["x".repeat(49); 5].join(".") + ".abc", vec!["a"; 127].join(".")];
    let texts: Vec<&str> = texts.into_iter().chain(long.iter().map(String::as_str)).collect();
    let wire = texts.iter().filter_map(|text| Some(idna::to_name(text).ok()?.as_name().wire().to_vec()));
    let compressed = b"\x03www\x07example\x00\x04mail\xc0\x04\xc0\x0d".to_vec();
    let message = [&[0; 12][..], &compressed].concat();
    texts.iter().map(|text| text.as_bytes().to_vec()).chain(wire).chain([message]).collect()
}
