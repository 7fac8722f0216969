//! The plug is pulled at every step of a build: the index at the path is the old one or the new one.

use std::fs::File;
use std::io;
use std::path::Path;

use super::{List, build, builder, walk};
use crate::filter::Index;
use crate::filter::disk::{Disk, Real};
use crate::filter::error::BuildError;
use crate::model::category::Category;

/// A disk that does so many things and then no more. The write at which it stops is half done.
struct Failing {
    left: usize,
    done: Vec<&'static str>,
}

impl Failing {
    fn after(left: usize) -> Self {
        Self { left, done: Vec::new() }
    }

    fn step(&mut self, what: &'static str) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("no power"))?;
        self.done.push(what);
        Ok(())
    }
}

impl Disk for Failing {
    fn create(&mut self, path: &Path) -> io::Result<File> {
        self.step("create")?;
        Real.create(path)
    }

    fn write(&mut self, file: &File, octets: &[u8], at: u64) -> io::Result<()> {
        if self.left == 0 {
            Real.write(file, &octets[..octets.len() / 2], at)?;
        }
        self.step("write")?;
        Real.write(file, octets, at)
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        self.step("sync")?;
        Real.sync(file)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("rename")?;
        Real.rename(from, to)
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        self.step("sync folder")?;
        Real.sync_folder(folder)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.step("remove")?;
        Real.remove(path)
    }
}

fn old() -> List {
    List::of(Category::Ads).block("old.example")
}

fn new() -> List {
    (0..2000).fold(List::of(Category::Ads), |list, number| list.block(&format!("{number}.new.example")))
}

/// Which of the two stands at the path.
fn what_is_at(path: &Path) -> &'static str {
    let index = Index::open(path).expect("a whole index");
    index.check_every_name(|_| ()).unwrap();
    let categories = |text| index.lookup(&walk(&index, text)).categories;
    match (categories("old.example").is_empty(), categories("7.new.example").is_empty()) {
        (false, true) => "old",
        (true, false) => "new",
        neither => panic!("{neither:?}"),
    }
}

#[test]
fn a_build_cut_off_at_any_step_leaves_a_whole_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    build(&path, &[old()]);

    let steps_of_all = {
        let mut disk = Failing::after(usize::MAX);
        let elsewhere = folder.path().join("elsewhere");
        builder(folder.path(), &[new()]).finish_on(&mut disk, &elsewhere, &mut |_| ()).unwrap();
        std::fs::remove_file(elsewhere).unwrap();
        disk.done
    };
    assert_eq!(steps_of_all.first(), Some(&"create"));
    assert_eq!(steps_of_all[steps_of_all.len() - 4..], ["write", "sync", "rename", "sync folder"]);

    let rename = steps_of_all.len() - 2;
    for steps in 0..steps_of_all.len() {
        // Only the first attempt finds no leftovers; each removal of one is a step of its own.
        let mut disk = Failing::after(steps + usize::from(steps > 1));
        let made = builder(folder.path(), &[new()]).finish_on(&mut disk, &path, &mut |_| ());
        assert!(matches!(made, Err(BuildError::Io { .. })), "{steps}");
        let expected = if steps > rename { "new" } else { "old" };
        assert_eq!(what_is_at(&path), expected, "after {steps} of {steps_of_all:?}");
    }

    // The next build clears away what was left and is not disturbed by it.
    build(&path, &[old()]);
    assert_eq!(what_is_at(&path), "old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_build_that_is_going_on_keeps_its_file_when_another_clears_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let going_on = folder.path().join(".index.new-0000000000000001");
    let lock = Real.create(&going_on).unwrap();
    std::fs::write(folder.path().join(".index.new-0000000000000002"), "cut off").unwrap();
    build(&path, &[old()]);
    let mut left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [".index.new-0000000000000001", "index"]);
    drop(lock);
}

#[test]
fn a_folder_that_cannot_be_written_is_named_in_the_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none").join("index");
    let error = builder(folder.path(), &[old()]).finish(&path, &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("none"), "{error}");
}
