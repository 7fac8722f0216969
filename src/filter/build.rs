//! Building an index: rules in, one file out, never half a file.
//!
//! Rules are cut into parts by their hash as they come (`spill`); each part is then
//! sorted, its names merged over lists, and written. Parts come in the order of their hashes, so names
//! stand in the file in the order of their buckets, and the buckets themselves are written as a
//! stream: memory does not grow with the number of names (some 60 MB at two million or ten).
//!
//! The file is written beside its place, flushed, opened and looked up name by name as a stranger
//! would, and only then renamed. Whoever still reads the old file keeps it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tracing::warn;

use crate::dns::name::Name;
use crate::dns::suffixes::{HashKey, hash_name};
use crate::model::pattern::pattern_of;
use crate::model::rule::{ListInfo, ListKind, Rule, RuleAction, Scope};
use crate::sys::mmap::memory_file;
use crate::sys::pipeline::pipeline;
use crate::sys::scratch::no_random;

use super::class::{Contribution, Effect, Side, settle};
use super::disk::{Disk, Output, Real, beside, clear_leftovers, folder_of};
use super::error::BuildError;
use super::layout::{
    BUCKET_OCTETS, HEADER_OCTETS, Header, LIST_TEXT_MAX, encode_class, encode_list, put_varint, u32_at,
    u64_at,
};
use super::merge::{FIXED_OCTETS, Merged, SortedPart};
use super::patterns::PATTERNS_MAX;
use super::spill::Spill;
use super::table::{Filler, homes_for};
use super::{Index, LISTS_MAX, patterns};

/// What a build may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildLimits {
    /// Rules of all lists together.
    pub rules_max: u64,
    /// Octets of rules kept in memory before they go to a spill file.
    pub spill_at: usize,
}

impl Default for BuildLimits {
    fn default() -> Self {
        Self { rules_max: 50_000_000, spill_at: 8 << 20 }
    }
}

/// Number of a list in the index that is being built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListNo(u16);

impl ListNo {
    /// The number, as `Found::list` has it.
    pub fn number(self) -> u16 {
        self.0
    }
}

/// How far a build has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// Of that step.
    pub done: u64,
    /// All of that step.
    pub of: u64,
}

/// Steps of [`Builder::finish`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Rules of one name put together; counted in rules.
    Merge,
    /// Buckets written; counted in names.
    Write,
    /// Every name looked up; counted in names.
    Verify,
}

/// What was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildSummary {
    /// Names with rules.
    pub names: u64,
    /// Different things that lists say together.
    pub classes: u32,
    /// Octets that every lookup may touch.
    pub bytes_hot: u64,
    /// Octets of the whole file.
    pub bytes_file: u64,
    /// Lists.
    pub lists: usize,
    /// Rules taken in.
    pub rules: u64,
    /// Id of the new index.
    pub id: u64,
    /// From [`Builder::new`] to the end.
    pub took: Duration,
}

impl BuildSummary {
    fn of(index: &Index, rules: u64, started: Instant) -> Self {
        let stats = index.stats();
        Self {
            names: stats.names,
            classes: stats.classes,
            bytes_hot: stats.bytes_hot,
            bytes_file: stats.bytes_file,
            lists: stats.lists,
            rules,
            id: index.id(),
            took: started.elapsed(),
        }
    }
}

/// Takes rules and makes an index file.
pub struct Builder {
    started: Instant,
    folder: PathBuf,
    limits: BuildLimits,
    id: u64,
    key: HashKey,
    lists: Vec<ListInfo>,
    rules: u64,
    /// Texts of patterns.
    patterns: BTreeSet<String>,
    spill: Spill,
}

impl Builder {
    /// An empty builder, with a new key. What does not fit into memory goes to a nameless file in
    /// `folder`.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn new(folder: &Path, limits: BuildLimits) -> Result<Self, BuildError> {
        let mut key = [0; 16];
        let id = getrandom::fill(&mut key).and_then(|()| getrandom::u64());
        let id = id.map_err(no_random).map_err(failed("draw a key for", folder))?;
        Ok(Self {
            started: Instant::now(),
            folder: folder.to_owned(),
            limits,
            id,
            key: HashKey(key),
            lists: Vec::new(),
            rules: 0,
            patterns: BTreeSet::new(),
            spill: Spill::new(folder, limits.spill_at),
        })
    }

    /// An empty builder that needs no disk.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn in_memory(limits: BuildLimits) -> Result<Self, BuildError> {
        Self::new(Path::new(""), limits)
    }

    /// The same with the key of another index of the installation: what was walked or filed by that key stays good.
    /// To be said before the first rule.
    #[must_use]
    pub fn with_key(self, key: HashKey) -> Self {
        debug_assert_eq!(self.rules, 0, "rules are filed by the key");
        Self { key, ..self }
    }

    /// Makes the index in memory: for a start whose state folder takes nothing. It costs the octets of the whole
    /// file, and is gone with the program.
    ///
    /// # Errors
    /// What [`BuildError`] says.
    pub fn finish_in_memory(
        self,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Index, BuildSummary), BuildError> {
        let nowhere = Path::new("(memory)");
        let (rules, started) = (self.rules, self.started);
        let file = memory_file().map_err(failed("make a file in", nowhere))?;
        let file = self.write(&mut Real, file, nowhere, progress)?;
        let index = Index::read(file, nowhere).map_err(BuildError::Unsound)?;
        index.check_every_name(|_| ()).map_err(BuildError::Unsound)?;
        index.note_in_memory();
        let summary = BuildSummary::of(&index, rules, started);
        Ok((index, summary))
    }

    /// Adds a list, before its rules. Allow lists of one id share one set.
    ///
    /// # Errors
    /// [`BuildError::TooManyLists`], [`BuildError::TooManyAllowSets`], [`BuildError::LongListText`].
    pub fn add_list(&mut self, list: ListInfo) -> Result<ListNo, BuildError> {
        if self.lists.len() == LISTS_MAX {
            return Err(BuildError::TooManyLists);
        }
        if list.id.len().max(list.version.len()) > LIST_TEXT_MAX {
            return Err(BuildError::LongListText { id: list.id });
        }
        let is_allow = list.kind == ListKind::Allow;
        self.lists.push(list);
        if is_allow && Effect::of_lists(&self.lists).is_none() {
            self.lists.pop();
            return Err(BuildError::TooManyAllowSets);
        }
        Ok(ListNo((self.lists.len() - 1) as u16))
    }

    /// Adds a rule. The order of rules does not matter, nor does saying one twice.
    ///
    /// # Errors
    /// What [`BuildError`] says of rules and the disk.
    pub fn add(&mut self, list: ListNo, rule: &Rule) -> Result<(), BuildError> {
        self.add_at(list, rule.name.as_name(), rule.scope, rule.action, rule.line)
    }

    /// The same of a rule that is not held together.
    ///
    /// # Errors
    /// As [`Builder::add`].
    pub fn add_at(
        &mut self,
        list: ListNo,
        name: Name<'_>,
        scope: Scope,
        action: RuleAction,
        line: u32,
    ) -> Result<(), BuildError> {
        if usize::from(list.0) >= self.lists.len() {
            return Err(BuildError::UnknownList(list.0));
        }
        if name.is_root() {
            return Err(BuildError::Root { line });
        }
        if self.rules == self.limits.rules_max {
            return Err(BuildError::TooManyRules(self.limits.rules_max));
        }
        if let Some(text) = pattern_of(name) {
            if self.patterns.len() == PATTERNS_MAX && !self.patterns.contains(&text) {
                warn!(list = %self.lists[usize::from(list.0)].id, line, "more patterns than an index may have");
                return Ok(());
            }
            self.patterns.insert(text);
        }
        self.rules += 1;
        let hash = hash_name(&self.key, name);
        let contribution = Contribution { list: list.0, scope, action };
        let mut fixed = [0; FIXED_OCTETS];
        fixed[..8].copy_from_slice(&hash.to_le_bytes());
        fixed[8..12].copy_from_slice(&line.to_le_bytes());
        fixed[12..].copy_from_slice(&contribution.to_bits().to_le_bytes());
        let pushed = self.spill.push(Spill::part_of(hash), &[&fixed, name.wire()]);
        pushed.map_err(failed("keep rules in", &self.folder))
    }

    /// Writes the index to `path`: beside it first, checked, then in one step in its place.
    ///
    /// # Errors
    /// What [`BuildError`] says; what was at `path` is then still there. (Only where the folder could not
    /// be flushed at the very end, the new file may be there already.)
    pub fn finish(self, path: &Path, progress: &mut dyn FnMut(Progress)) -> Result<BuildSummary, BuildError> {
        self.finish_on(&mut Real, path, progress)
    }

    pub(super) fn finish_on(
        self,
        disk: &mut dyn Disk,
        path: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<BuildSummary, BuildError> {
        let folder = folder_of(path);
        let beside = beside(path, self.id);
        clear_leftovers(disk, folder, path);
        let file = disk.create(&beside).map_err(failed("create", &beside))?;
        let made = self.write_and_swap(disk, file, &beside, path, progress);
        if made.is_err() {
            // Whatever is wrong with the disk may be wrong here too; the next build clears it away.
            let _ = disk.remove(&beside);
        }
        made
    }

    fn write_and_swap(
        self,
        disk: &mut dyn Disk,
        file: File,
        beside: &Path,
        path: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<BuildSummary, BuildError> {
        let (rules, started) = (self.rules, self.started);
        let file = self.write(disk, file, beside, progress)?;
        let index = Index::open(beside).map_err(BuildError::Unsound)?;
        let of = index.stats().names;
        let report = |done| tell(progress, Step::Verify, done, of);
        index.check_every_name(report).map_err(BuildError::Unsound)?;
        disk.rename(beside, path).map_err(failed("put the new index at", path))?;
        let folder = folder_of(path);
        disk.sync_folder(folder).map_err(failed("flush the folder", folder))?;
        drop(file); // and with it the lock, now that its name beside is gone
        Ok(BuildSummary::of(&index, rules, started))
    }

    fn write(
        mut self,
        disk: &mut dyn Disk,
        file: File,
        beside: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<File, BuildError> {
        let io = failed("write", beside);
        let mut out = Output::new(disk, file, HEADER_OCTETS as u64);
        let mut merged = self.write_records(&mut out, beside, progress)?;
        let records = out.close().map_err(&io)?;

        let homes = homes_for(merged.names).ok_or(BuildError::TooLarge)?;
        let reach = write_buckets(&mut out, &mut merged, homes, progress).map_err(&io)?;
        let buckets = out.close().map_err(&io)?;

        let effects = Effect::of_lists(&self.lists).ok_or(BuildError::TooManyAllowSets)?;
        let mut first = 0;
        for class in &merged.classes {
            let sides = [true, false].map(|whole| Side::of(class, &effects, whole));
            let count = class.len() as u32;
            out.put(&encode_class(&sides[0], &sides[1], first, count)).map_err(&io)?;
            first += count;
        }
        let classes = out.close().map_err(&io)?;
        for contribution in merged.classes.iter().flatten() {
            out.put(&contribution.to_bits().to_le_bytes()).map_err(&io)?;
        }
        let contributions = out.close().map_err(&io)?;

        let mut text = Vec::new();
        for (list, names) in self.lists.iter().zip(&merged.names_of) {
            encode_list(&mut text, list, *names);
        }
        out.put(&text).map_err(&io)?;
        let lists = out.close().map_err(&io)?;
        out.put(&patterns::encode(&self.patterns)).map_err(&io)?;
        let patterns = out.close().map_err(&io)?;

        let header = Header {
            id: self.id,
            key: self.key.0,
            names: merged.names,
            homes,
            reach,
            deepest: merged.deepest,
            sections: [records, buckets, classes, contributions, lists, patterns],
        };
        let Output { disk, file, .. } = out;
        disk.write(&file, &header.encode(), 0).map_err(&io)?;
        disk.sync(&file).map_err(failed("flush", beside))?;
        Ok(file)
    }

    /// Puts the rules of each name together and writes its record.
    fn write_records(
        &mut self,
        out: &mut Output<'_>,
        beside: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Merged, BuildError> {
        let io = failed("write", beside);
        let spilled = failed("read back rules from", &self.folder);
        let mut merged = Merged::new(&self.folder, self.limits.spill_at, self.lists.len());
        let (mut says, mut settled, mut record) = (Vec::new(), Vec::new(), Vec::new());
        let mut done = 0;
        out.put(&[0]).map_err(&io)?; // the offset 0 means: no record
        let spill = &mut self.spill;
        let sort = |give: &mut dyn FnMut(SortedPart) -> bool| {
            for part in 0..spill.parts() {
                let octets = spill.take(part).map_err(&spilled)?;
                if !give(SortedPart::of(octets)) {
                    break;
                }
            }
            Ok(())
        };
        pipeline("index-sort", 0, sort, &mut |part: SortedPart| {
            for of_name in part.names() {
                let rules = || of_name.iter().filter_map(|place| part.rule(*place));
                let Some(first) = rules().next() else { continue };
                says.clear();
                says.extend(rules().map(|rule| rule.say));
                settle(&mut says, &mut settled);
                record.clear();
                put_varint(&mut record, merged.class_of(&settled)?);
                record.extend_from_slice(first.wire);
                settled.iter().for_each(|say| put_varint(&mut record, say.line));
                let offset = u32::try_from(out.offset()).map_err(|_| BuildError::TooLarge)?;
                out.put(&record).map_err(&io)?;
                merged.note(first, offset, &settled).map_err(&spilled)?;
            }
            done += part.len() as u64;
            progress(Progress { step: Step::Merge, done, of: self.rules });
            Ok(())
        })?;
        let padding = out.offset().next_multiple_of(BUCKET_OCTETS as u64) - out.offset();
        out.put(&[0; BUCKET_OCTETS][..padding as usize]).map_err(&io)?;
        Ok(merged)
    }
}

/// Writes the buckets and says how far from home anyone ended.
fn write_buckets(
    out: &mut Output<'_>,
    merged: &mut Merged,
    homes: u32,
    progress: &mut dyn FnMut(Progress),
) -> io::Result<u32> {
    let mut filler = Filler::new(homes);
    let mut buckets = Vec::new();
    let mut done = 0;
    for part in 0..merged.places.parts() {
        let places = merged.places.take(part)?;
        let (places, _) = places.as_chunks::<12>();
        for place in places {
            filler.add(u64_at(place, 0), u32_at(place, 8), &mut buckets);
            if buckets.len() >= 64 * BUCKET_OCTETS {
                out.put(&buckets)?;
                buckets.clear();
            }
        }
        done += places.len() as u64;
        progress(Progress { step: Step::Write, done, of: merged.names });
    }
    filler.finish(&mut buckets);
    out.put(&buckets)?;
    Ok(filler.reach)
}

/// Names looked up between two reports.
const REPORT_EVERY: u64 = 1 << 16;

fn tell(progress: &mut dyn FnMut(Progress), step: Step, done: u64, of: u64) {
    if done.is_multiple_of(REPORT_EVERY) || done == of {
        progress(Progress { step, done, of });
    }
}

fn failed(what: &'static str, path: &Path) -> impl Fn(io::Error) -> BuildError {
    let path = path.to_owned();
    move |source| BuildError::Io { what, path: path.clone(), source }
}
