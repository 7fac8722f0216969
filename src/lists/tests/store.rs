//! The cache folder: last good stays, whatever happens.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use super::torture::spec;
use crate::i18n::{Lang, Message};
use crate::lists::arriving::Arriving;
use crate::lists::fetch::Validators;
use crate::lists::gate::{Refused, Settings, check};
use crate::lists::meta::{Failure, Meta};
use crate::lists::protected::Protected;
use crate::lists::read::survey;
use crate::lists::spec::{ListSpec, Matching, Profile, SourceSpec};
use crate::lists::store::{Error, Store};
use crate::model::category::Category;

fn games() -> ListSpec {
    spec(Category::Games, Profile::default())
}

fn validators(tag: &str) -> Validators {
    Validators { etag: Some(tag.into()), last_modified: None }
}

/// One update as the walk `update` makes it: read, gate, keep or note.
fn update(store: &Store, spec: &ListSpec, text: &str, now: u64) -> Result<(), Refused> {
    let reading = survey(text.as_bytes(), spec, &Protected::none());
    match check(store.past(spec).as_ref(), &reading, &Settings::default(), 0) {
        Ok(passed) => {
            store
                .keep(spec, arriving(store, spec, text), validators(&now.to_string()), &reading, &passed, now)
                .unwrap();
            Ok(())
        }
        Err(why) => {
            store.note_failure(spec, Failure { at: now, why: why.message() }).unwrap();
            Err(why)
        }
    }
}

fn arriving(store: &Store, spec: &ListSpec, text: &str) -> Arriving {
    let mut arriving = store.begin(&spec.id).unwrap();
    arriving.write_all(text.as_bytes()).unwrap();
    arriving
}

/// The last good text, whole, and what is known of it.
fn kept(store: &Store, id: &str) -> Option<(String, Meta)> {
    let meta = store.intact(id).unwrap()?;
    Some((fs::read_to_string(store.text_path(&meta)).unwrap(), meta))
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_accident_leaves_the_last_good_copy_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let spec = games();
    assert_eq!(kept(&store, &spec.id), None);
    update(&store, &spec, "# Version: 7\na.example\nb.example\na..b\n", 100).unwrap();
    assert_eq!(update(&store, &spec, "# Entries: 0\n", 200), Err(Refused::Empty));
    let (text, meta) = kept(&store, &spec.id).unwrap();
    assert_eq!(text, "# Version: 7\na.example\nb.example\na..b\n");
    assert_eq!((meta.version.as_str(), meta.taken, meta.fetched_at), ("7", 2, 100));
    assert_eq!(meta.reasons["empty-label"] + meta.reasons["comment"], 2);
    assert_eq!(meta.failure.unwrap().why.text(Lang::En), "the list is empty");
    assert_eq!(store.validators(&spec), validators("100"));
    update(&store, &spec, "a.example\nb.example\nc.example\n", 300).unwrap();
    let meta = store.meta(&spec.id).unwrap();
    assert_eq!((meta.failure, meta.changes, meta.taken), (None, vec![1], 3));
    assert_eq!(files(&folder.path().join("test")).len(), 2, "the old text is gone");
    store.note_unchanged(&spec.id, 400).unwrap();
    assert_eq!(store.meta(&spec.id).unwrap().checked_at, 400);
    store.forget(&spec.id).unwrap();
    assert_eq!(kept(&store, &spec.id), None);
}

#[test]
fn a_first_failure_is_told_although_nothing_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(update(&store, &games(), "", 100), Err(Refused::Empty));
    let meta = store.meta("test").unwrap();
    assert!(!meta.has_text() && meta.failure.is_some());
    assert_eq!(kept(&store, "test"), None);
    assert_eq!(store.past(&games()), None);
    assert_eq!(store.validators(&games()), Validators::default());
}

#[test]
fn another_source_or_profile_is_not_compared_with_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    update(&store, &games(), "a.example\n", 100).unwrap();
    assert!(store.past(&games()).is_some());
    let profile = Profile { matching: Matching::Subtree, ..Profile::default() };
    assert_eq!(store.past(&spec(Category::Games, profile)), None);
    let moved = ListSpec { source: SourceSpec::Url("https://else.example/".into()), ..games() };
    assert_eq!(store.past(&moved), None);
    assert_eq!(store.validators(&moved), Validators::default());
}

#[test]
fn damage_is_noticed_and_fetched_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    update(&store, &games(), "a.example\n", 100).unwrap();
    let text = folder.path().join("test").join(format!("{}.txt", store.meta("test").unwrap().checksum));
    fs::write(&text, "b.example\n").unwrap();
    assert!(matches!(store.intact("test"), Err(Error::Damaged { .. })));
    assert_eq!(store.validators(&games()), Validators::default(), "of the same length, too");
    fs::write(&text, "a.ex").unwrap();
    assert_eq!(store.validators(&games()), Validators::default());
    fs::write(folder.path().join("test/meta.json"), "{").unwrap();
    assert_eq!(kept(&store, "test"), None);
    update(&store, &games(), "a.example\n", 200).unwrap();
    assert!(kept(&store, "test").is_some());
}

#[test]
fn a_crash_between_text_and_meta_leaves_the_old_copy() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    update(&store, &games(), "a.example\n", 100).unwrap();
    let own = folder.path().join("test");
    fs::write(own.join("00000000000000000000000000000000.txt"), "new.example\n").unwrap();
    fs::write(own.join("meta.new"), "{\"id\": \"te").unwrap();
    assert_eq!(kept(&store, "test").unwrap().0, "a.example\n");
    update(&store, &games(), "c.example\n", 200).unwrap();
    assert_eq!(files(&own).len(), 2);
}

#[test]
fn an_id_never_leads_out_of_the_folder() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("cache");
    let store = Store::open(&folder).unwrap();
    for id in ["../x", "/etc", ".", "", "Danh sách", &"x".repeat(200), "a/b"] {
        let spec = ListSpec { id: id.into(), ..games() };
        update(&store, &spec, "a.example\n", 100).unwrap();
        assert!(kept(&store, id).is_some(), "{id}");
    }
    assert_eq!(files(outer.path()), ["cache"]);
    assert_eq!(files(&folder).len(), 7);
}

#[test]
fn a_full_disk_leaves_the_old_copy() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    update(&store, &games(), "a.example\n", 100).unwrap();
    // A folder stands where the new text must go.
    let reading = survey(b"b.example\n", &games(), &Protected::none());
    let passed = check(None, &reading, &Settings::default(), 0).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Store::open(elsewhere.path()).unwrap();
    update(&other, &games(), "b.example\n", 100).unwrap();
    fs::create_dir(store.text_path(&other.meta("test").unwrap())).unwrap();
    let new = arriving(&store, &games(), "b.example\n");
    let outcome = store.keep(&games(), new, Validators::default(), &reading, &passed, 200);
    assert!(matches!(outcome, Err(Error::Io { .. })));
    assert_eq!(kept(&store, "test").unwrap().0, "a.example\n");
}

#[test]
fn a_text_that_is_not_kept_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    update(&store, &games(), "a.example\n", 100).unwrap();
    let before = files(&folder.path().join("test"));
    drop(arriving(&store, &games(), "b.example\n"));
    assert_eq!(files(&folder.path().join("test")), before);
}

#[test]
fn two_updates_of_one_list_follow_each_other_and_two_lists_do_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let first = store.lock("a", Duration::ZERO).unwrap();
    assert!(store.lock("b", Duration::ZERO).is_ok());
    assert!(matches!(store.lock("a", Duration::ZERO), Err(Error::Busy { .. })));
    drop(first);
    assert!(store.lock("a", Duration::ZERO).is_ok());
}

#[test]
fn what_a_source_keeps_to_itself_is_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let secret = |password: &str| ListSpec {
        source: SourceSpec::Url(format!("https://me:{password}@lists.example/a.txt?token={password}")),
        ..games()
    };
    update(&store, &secret("p4ssw0rd"), "a.example\n", 100).unwrap();
    store.note_failure(&secret("p4ssw0rd"), Failure { at: 1, why: Message::new("") }).unwrap();
    let text = fs::read_to_string(folder.path().join("test/meta.json")).unwrap();
    assert!(!text.contains("p4ssw0rd"), "{text}");
    let meta = store.meta("test").unwrap();
    assert_eq!(meta.source, "https://lists.example/a.txt?…");
    assert!(meta.is_from(&secret("p4ssw0rd")) && !meta.is_from(&secret("other")));
}

#[test]
fn a_text_or_a_reading_that_changed_has_another_mark() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mark = |spec: &ListSpec, text: &str| {
        update(&store, spec, text, 100).unwrap();
        store.meta("test").unwrap().mark(spec)
    };
    let first = mark(&games(), "# Version: 7\na.example\n");
    assert_eq!(mark(&games(), "# Version: 7\na.example\n"), first);
    assert_ne!(mark(&games(), "# Version: 7\nb.example\n"), first);
    let subtree = spec(Category::Games, Profile { matching: Matching::Subtree, ..Profile::default() });
    assert_ne!(mark(&subtree, "# Version: 7\na.example\n"), first);
}
