//! An index file: opened and asked, whatever its octets.
//!
//! A file either is refused or makes no lookup panic and no reading of it go on for ever, even where
//! whoever broke it made the checksums right again.

use std::fs;
use std::path::PathBuf;

use lachan::dns::name::OwnedName;
use lachan::dns::suffixes::Suffixes;
use lachan::filter::Index;
use lachan::filter::build::{BuildLimits, Builder};
use lachan::model::category::Category;
use lachan::model::rule::{ListInfo, ListKind, Origin, Protection, Rule, RuleAction, Scope};
use tempfile::TempDir;

/// Octets of the header, and of the places in it (see `filter::layout`).
const HEADER: usize = 256;
const SECTIONS: usize = 5;
const SECTIONS_AT: usize = 56;
const SECTION: usize = 12;

/// One octet that says whether checksums are made right, then the file.
pub fn check(octets: &[u8]) {
    let Some((&forged, file)) = octets.split_first() else { return };
    let mut file = file.to_vec();
    if forged & 1 != 0 {
        forge(&mut file);
    }
    let Some(index) = open(&file) else { return };
    for asked in ["c.b.a.example", "b.a.example", "a.example", "example", "x.set.example", "."] {
        let name = OwnedName::parse(asked).expect("a name");
        let suffixes = Suffixes::of(index.key(), name.as_name());
        let matched = index.lookup(&suffixes);
        assert_eq!(matched, index.lookup(&suffixes));
        for found in index.explain(&suffixes) {
            assert!(name.as_name().is_at_or_below(found.name.as_name()));
            assert_eq!(index.lists().get(usize::from(found.list)), Some(found.info));
        }
        for category in matched.categories.iter() {
            let _ = index.blocking(&suffixes, &matched, category);
            let _ = index.blocking_list(&suffixes, &matched, category);
        }
        if let Some(entry) = index.entry(name.as_name()) {
            assert_eq!(entry.name, name.as_name());
            assert!(entry.lists().all(|list| usize::from(list) < index.lists().len()));
        }
    }
    let names = index.names().count();
    assert!(names <= file.len(), "more names than octets");
    let whole = index.check_every_name(|_| ()).is_ok();
    assert!(!whole || names as u64 == index.stats().names);
}

/// Makes the checksums of all sections and of the header right, where the sections lie in the file.
fn forge(file: &mut [u8]) {
    if file.len() < HEADER {
        return;
    }
    let mut from = HEADER;
    for at in (SECTIONS_AT..).step_by(SECTION).take(SECTIONS) {
        let mut octets = [0; 8];
        octets.copy_from_slice(&file[at..at + 8]);
        let end =
            usize::try_from(u64::from_le_bytes(octets)).ok().and_then(|octets| from.checked_add(octets));
        let Some(section) = end.and_then(|end| file.get(from..end)) else { return };
        let sum = crc32fast::hash(section).to_le_bytes();
        from += section.len();
        file[at + 8..at + SECTION].copy_from_slice(&sum);
    }
    let sum = crc32fast::hash(&file[..HEADER - 4]).to_le_bytes();
    file[HEADER - 4..HEADER].copy_from_slice(&sum);
}

/// The file, opened as the program does. Each is a new inode, as `sys::mmap` asks of who replaces one.
fn open(octets: &[u8]) -> Option<Index> {
    thread_local! {
        static PLACE: (PathBuf, TempDir) = {
            let folder = tempfile::tempdir().expect("a folder of our own");
            (folder.path().join("index"), folder)
        };
    }
    PLACE.with(|(path, _)| {
        let _ = fs::remove_file(path);
        fs::write(path, octets).expect("room on the disk");
        Index::open(path).ok()
    })
}

/// Two indexes, believed and forged. Their keys are drawn anew each time; a crash keeps the whole file.
pub fn seeds() -> Vec<Vec<u8>> {
    let rules = |names: &[(&str, Scope, RuleAction)]| -> Vec<Rule> {
        let rule = |(line, &(name, scope, action)): (usize, &(&str, Scope, RuleAction))| Rule {
            name: OwnedName::parse(name).expect("a name"),
            scope,
            action,
            line: line as u32 + 1,
        };
        names.iter().enumerate().map(rule).collect()
    };
    let ads = rules(&[
        ("a.example", Scope::Subtree, RuleAction::Block),
        ("b.a.example", Scope::Exact, RuleAction::Except),
        ("example", Scope::Children, RuleAction::BlockImportant),
    ]);
    let set = rules(&[("set.example", Scope::Subtree, RuleAction::Block)]);
    let kept = rules(&[("b.a.example", Scope::Subtree, RuleAction::Block)]);
    let lists = [
        (ListKind::Block(Category::Ads), &ads),
        (ListKind::Allow, &set),
        (ListKind::Protect(Protection::Soft), &kept),
    ];
    let files = [built(&lists[..1]), built(&lists)];
    files.iter().flat_map(|file| [0, 1].map(|forged| [&[forged][..], file].concat())).collect()
}

fn built(lists: &[(ListKind, &Vec<Rule>)]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let mut builder = Builder::new(folder.path(), BuildLimits::default()).expect("a builder");
    for (number, (kind, rules)) in lists.iter().enumerate() {
        let info = ListInfo {
            id: format!("list-{number}"),
            version: "today".into(),
            kind: *kind,
            origin: Origin::Downloaded,
        };
        let list = builder.add_list(info).expect("few lists");
        rules.iter().for_each(|rule| builder.add(list, rule).expect("few rules"));
    }
    let path = folder.path().join("index");
    builder.finish(&path, &mut |_| ()).expect("an index");
    fs::read(path).expect("the file")
}
