//! The clock of a resolver under test, moved from outside: an hour costs a write of eight octets.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Cannot;
use crate::support::program;

/// Compiled when needed: whoever builds Rust has a C compiler, because it links.
const SOURCE: &str = include_str!("../clock.c");

/// Which clocks are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clocks {
    /// Its cache reads the time of day; its timers stay with real time.
    Wall,
    /// Its cache reads the clock that nobody can set.
    Both,
}

pub struct Clock {
    folder: PathBuf,
    /// Seconds off the right time.
    off: i64,
}

impl Clock {
    pub fn new(folder: &Path) -> Self {
        let mut clock = Self { folder: folder.to_owned(), off: 0 };
        fs::write(clock.file(), []).unwrap();
        clock.set(0);
        clock
    }

    /// Makes a program read it.
    pub fn wear(&self, command: &mut Command, clocks: Clocks) -> Result<(), Cannot> {
        let Some(compiler) = program("cc") else { return Err(Cannot("no C compiler for its clock")) };
        let (source, library) = (self.folder.join("clock.c"), self.folder.join("clock.so"));
        fs::write(&source, SOURCE).unwrap();
        let compiled = Command::new(compiler)
            .args(["-O1", "-shared", "-fPIC", "-o"])
            .arg(&library)
            .arg(&source)
            .output();
        let compiled = compiled.unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        command.env("LD_PRELOAD", &library).env("BENCH_CLOCK", self.file());
        if clocks == Clocks::Both {
            command.env("BENCH_CLOCK_BOTH", "1");
        }
        Ok(())
    }

    pub fn pass(&mut self, time: Duration) {
        self.set(self.off + i64::try_from(time.as_secs()).unwrap());
    }

    /// In place, because a program has the file mapped.
    pub fn set(&mut self, off: i64) {
        self.off = off;
        let file = OpenOptions::new().write(true).open(self.file()).unwrap();
        file.write_all_at(&off.to_ne_bytes(), 0).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.folder.join("clock")
    }
}
