//! The cache folder: last good stays, whatever happens.

use std::fs;
use std::path::Path;

use super::torture::spec;
use crate::lists::fetch::Validators;
use crate::lists::gate::{Refused, Settings, check};
use crate::lists::protected::Protected;
use crate::lists::read::survey;
use crate::lists::spec::{ListSpec, Matching, Profile, SourceSpec};
use crate::lists::store::{Error, Failure, Store};
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
    match check(store.past(spec).as_ref(), &reading, &Settings::default()) {
        Ok(passed) => {
            store.keep(spec, text.as_bytes(), validators(&now.to_string()), &reading, &passed, now).unwrap();
            Ok(())
        }
        Err(why) => {
            store.note_failure(spec, Failure::refused(now, why)).unwrap();
            Err(why)
        }
    }
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
    assert_eq!(store.text(&spec.id).unwrap(), None);
    update(&store, &spec, "# Version: 7\na.example\nb.example\na..b\n", 100).unwrap();
    assert_eq!(update(&store, &spec, "# Entries: 0\n", 200), Err(Refused::Empty));
    let (text, meta) = store.text(&spec.id).unwrap().unwrap();
    assert_eq!(text, b"# Version: 7\na.example\nb.example\na..b\n");
    assert_eq!((meta.version.as_str(), meta.taken, meta.fetched_at), ("7", 2, 100));
    assert_eq!(meta.reasons["empty-label"] + meta.reasons["comment"], 2);
    assert_eq!(meta.failure.unwrap().en, "the list is empty");
    assert_eq!(store.validators(&spec), validators("100"));
    update(&store, &spec, "a.example\nb.example\nc.example\n", 300).unwrap();
    let meta = store.meta(&spec.id).unwrap();
    assert_eq!((meta.failure, meta.changes, meta.taken), (None, vec![1], 3));
    assert_eq!(files(&folder.path().join("test")).len(), 2, "the old text is gone");
    store.note_unchanged(&spec.id, 400).unwrap();
    assert_eq!(store.meta(&spec.id).unwrap().checked_at, 400);
    store.forget(&spec.id).unwrap();
    assert_eq!(store.text(&spec.id).unwrap(), None);
}

#[test]
fn a_first_failure_is_told_although_nothing_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(update(&store, &games(), "", 100), Err(Refused::Empty));
    let meta = store.meta("test").unwrap();
    assert!(!meta.has_text() && meta.failure.is_some());
    assert_eq!(store.text("test").unwrap(), None);
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
    assert!(matches!(store.text("test"), Err(Error::Damaged { .. })));
    fs::write(&text, "a.ex").unwrap();
    assert_eq!(store.validators(&games()), Validators::default());
    fs::write(folder.path().join("test/meta.json"), "{").unwrap();
    assert_eq!(store.text("test").unwrap(), None);
    update(&store, &games(), "a.example\n", 200).unwrap();
    assert!(store.text("test").unwrap().is_some());
}

#[test]
fn a_crash_between_text_and_meta_leaves_the_old_copy() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    update(&store, &games(), "a.example\n", 100).unwrap();
    let own = folder.path().join("test");
    fs::write(own.join("00000000000000000000000000000000.txt"), "new.example\n").unwrap();
    fs::write(own.join("meta.new"), "{\"id\": \"te").unwrap();
    assert_eq!(store.text("test").unwrap().unwrap().0, b"a.example\n");
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
        assert!(store.text(id).unwrap().is_some(), "{id}");
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
    let passed = check(None, &reading, &Settings::default()).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Store::open(elsewhere.path()).unwrap();
    update(&other, &games(), "b.example\n", 100).unwrap();
    fs::create_dir(store.text_path(&other.meta("test").unwrap())).unwrap();
    let kept = store.keep(&games(), b"b.example\n", Validators::default(), &reading, &passed, 200);
    assert!(matches!(kept, Err(Error::Io { .. })));
    assert_eq!(store.text("test").unwrap().unwrap().0, b"a.example\n");
}
