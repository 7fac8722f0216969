//! A name as people and lists write it, and as the wire has it.
//!
//! Both parsers, and UTS 46 before the first: whatever is taken prints as something that reads back the
//! same, and every pass over it ends.

use lachan::dns::idna;
use lachan::dns::name::{NAME_MAX, Name, NameBuf, OwnedName};
use lachan::dns::suffixes::{HashKey, Suffixes, hash_name};

const KEY: HashKey = HashKey([7; 16]);

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
    let suffixes = Suffixes::of(&KEY, name);
    assert_eq!((suffixes.len(), suffixes.name()), (name.label_count(), name));
    for (index, hash) in suffixes.hashes().iter().enumerate() {
        let suffix = suffixes.suffix(index);
        assert_eq!((*hash, suffix.label_count()), (hash_name(&KEY, suffix), index + 1));
        assert!(name.is_at_or_below(suffix));
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
    ];
    let long = [vec!["x".repeat(49); 5].join(".") + ".abc", vec!["a"; 127].join(".")];
    let texts: Vec<&str> = texts.into_iter().chain(long.iter().map(String::as_str)).collect();
    let wire = texts.iter().filter_map(|text| Some(idna::to_name(text).ok()?.as_name().wire().to_vec()));
    let compressed = b"\x03www\x07example\x00\x04mail\xc0\x04\xc0\x0d".to_vec();
    let message = [&[0; 12][..], &compressed].concat();
    texts.iter().map(|text| text.as_bytes().to_vec()).chain(wire).chain([message]).collect()
}
