//! From the texts of all lists that are switched on to one verified index file.

use std::fs::File;
use std::hash::Hasher;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use siphasher::sip::SipHasher13;
use tracing::warn;

use crate::dns::name::Name;
use crate::dns::suffixes::HashKey;
use crate::filter::Index;
use crate::filter::build::{BuildLimits, BuildSummary, Builder, Progress};
use crate::filter::error::BuildError;
use crate::filter::error::OpenError;
use crate::lists::brands::{self, Brand, Learner};
use crate::lists::fresh::Fresh;
use crate::lists::protected::Protected;
use crate::lists::read::{Reading, RuleAt, read_file, read_into};
use crate::lists::spec::ListSpec;
use crate::model::rule::{ListInfo, Rule, RuleAction};
use crate::sys::whole::open_file;

/// A list with its text at hand.
#[derive(Clone, Debug)]
pub struct Source {
    /// What it is.
    pub spec: ListSpec,
    /// Which version.
    pub version: String,
    /// The text.
    pub text: Text,
}

/// Where a text lies.
#[derive(Clone, Debug)]
pub enum Text {
    /// In the program.
    Embedded(&'static str),
    /// In a file: the last good copy.
    File(PathBuf),
    /// Read a moment ago, for the gate.
    Fresh(Arc<Fresh>),
    /// Not at hand: the copy is damaged or gone. The rules that an index has of it, under this number, stay in
    /// force until the text was read again.
    InForce(Arc<Index>, u16),
}

impl Source {
    /// As the index remembers it.
    pub fn info(&self) -> ListInfo {
        ListInfo {
            id: self.spec.id.clone(),
            version: self.version.clone(),
            kind: self.spec.kind,
            origin: self.spec.origin(),
        }
    }
}

/// How far a compilation has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Reads list number `number` of `of`.
    Read { id: &'a str, number: usize, of: usize },
    /// Builds the index.
    Build(Progress),
}

/// A compiled index, open, and what became of each list.
#[derive(Debug)]
pub struct Compiled {
    /// The index, verified.
    pub index: Index,
    /// Sizes and time.
    pub summary: BuildSummary,
    /// Each list's account, in the order of the sources.
    pub readings: Vec<(String, Reading)>,
    /// Lists whose text could not be read, and are not in the index.
    pub unreadable: Vec<(String, io::Error)>,
}

/// Why no index was made. The old one stays in force.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("could not read list {id:?} to its end: {source}")]
    Read { id: String, source: io::Error },
}

/// The lists that an index of these sources has, in order: what is compared with the index on disk.
pub fn infos(sources: &[Source], protected: &Protected) -> Vec<ListInfo> {
    let guards = protected.lists(&protected_version(protected)).into_iter().map(|(info, _)| info);
    guards.chain(sources.iter().map(Source::info)).chain(brands_info(sources)).collect()
}

/// The list of brands that is learned from the sources, if any of them teaches.
fn brands_info(sources: &[Source]) -> Option<ListInfo> {
    let teachers = || sources.iter().filter(|source| brands::teaches(&source.spec.id));
    teachers().next()?;
    Some(brands::info(teachers().map(|source| source.version.as_str())))
}

/// A version of the protected names that changes with them: eight hexadecimal digits of a checksum.
fn protected_version(protected: &Protected) -> String {
    let mut hasher = SipHasher13::new_with_key(&[0; 16]);
    for (info, rules) in protected.lists("") {
        hasher.write(info.id.as_bytes());
        for rule in rules {
            hasher.write(rule.name.as_name().wire());
            hasher.write_u8(rule.scope as u8);
        }
    }
    format!("{:08x}", hasher.finish() as u32)
}

/// Reads all sources and builds the index at `target`, with the installation's `key` if it has one already. A list
/// that cannot be read is left out; the others must not wait for it.
///
/// # Errors
/// What [`CompileError`] says; what stood at `target` is untouched.
pub fn compile(
    sources: &[Source],
    protected: &Protected,
    key: Option<HashKey>,
    target: &Path,
    told: &mut dyn FnMut(Step<'_>),
) -> Result<Compiled, CompileError> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut builder = with_key(Builder::new(folder, BuildLimits::default())?, key);
    let (readings, unreadable) = read_all(&mut builder, sources, protected, folder, told)?;
    let summary = builder.finish(target, &mut |progress| told(Step::Build(progress)))?;
    Ok(Compiled { index: Index::open(target)?, summary, readings, unreadable })
}

/// The same in memory alone, for where no disk takes the file.
///
/// # Errors
/// What [`CompileError`] says.
pub fn compile_in_memory(
    sources: &[Source],
    protected: &Protected,
    key: Option<HashKey>,
    told: &mut dyn FnMut(Step<'_>),
) -> Result<Compiled, CompileError> {
    let mut builder = with_key(Builder::in_memory(BuildLimits::default())?, key);
    let (readings, unreadable) = read_all(&mut builder, sources, protected, Path::new(""), told)?;
    let (index, summary) = builder.finish_in_memory(&mut |progress| told(Step::Build(progress)))?;
    Ok(Compiled { index, summary, readings, unreadable })
}

fn with_key(builder: Builder, key: Option<HashKey>) -> Builder {
    match key {
        Some(key) => builder.with_key(key),
        None => builder,
    }
}

type Readings = (Vec<(String, Reading)>, Vec<(String, io::Error)>);

/// Gives the builder the rules of the protected names and of all sources. What does not fit into memory is sorted
/// in `folder`.
fn read_all(
    builder: &mut Builder,
    sources: &[Source],
    protected: &Protected,
    folder: &Path,
    told: &mut dyn FnMut(Step<'_>),
) -> Result<Readings, CompileError> {
    for (info, rules) in protected.lists(&protected_version(protected)) {
        let number = builder.add_list(info)?;
        rules.iter().try_for_each(|rule| builder.add(number, rule))?;
    }
    let mut readings = Vec::with_capacity(sources.len());
    let mut unreadable = Vec::new();
    let mut learner = Learner::default();
    for (at, source) in sources.iter().enumerate() {
        told(Step::Read { id: &source.spec.id, number: at + 1, of: sources.len() });
        let file = match &source.text {
            Text::Embedded(_) | Text::Fresh(_) => None,
            Text::File(path) => match open_file(path) {
                Ok(file) => Some(file),
                Err(error) => {
                    unreadable.push((source.spec.id.clone(), error));
                    continue;
                }
            },
            Text::InForce(index, list) => {
                let number = builder.add_list(source.info())?;
                let teaches = brands::teaches(&source.spec.id);
                index.rules_of(*list).try_for_each(|rule| {
                    if teaches && rule.action.blocks() {
                        learner.note(rule.name.as_name());
                    }
                    builder.add(number, &rule)
                })?;
                continue;
            }
        };
        let reading = add(builder, source, file.as_ref(), (protected, folder), &mut learner)?;
        readings.push((source.spec.id.clone(), reading));
    }
    if let Some(info) = brands_info(sources) {
        let number = builder.add_list(info)?;
        learner.rules().iter().try_for_each(|rule| builder.add(number, rule))?;
    }
    Ok((readings, unreadable))
}

/// The brands that the sources teach, with the names they were learned from. A source that cannot be read teaches
/// nothing. What does not fit into memory is sorted in `folder`.
pub fn brands_of(sources: &[Source], protected: &Protected, folder: &Path) -> Vec<Brand> {
    let mut learner = Learner::default();
    for source in sources.iter().filter(|source| brands::teaches(&source.spec.id)) {
        let mut note = |name: Name<'_>, action: RuleAction| {
            if action.blocks() {
                learner.note(name);
            }
        };
        let read = match &source.text {
            Text::Embedded(text) => {
                let mut take = |rule: &Rule| note(rule.name.as_name(), rule.action);
                read_into(text.as_bytes(), &source.spec, protected, &mut take);
                Ok(())
            }
            Text::InForce(index, list) => {
                index.rules_of(*list).for_each(|rule| note(rule.name.as_name(), rule.action));
                Ok(())
            }
            Text::Fresh(fresh) => fresh.rules.each(&mut |rule| note(rule.name, rule.action)),
            Text::File(path) => open_file(path).and_then(|file| {
                let mut take = |rule: RuleAt<'_>| note(rule.name, rule.action);
                read_file(&file, &source.spec, protected, folder, &mut take).map(drop)
            }),
        };
        if let Err(error) = read {
            let id = &source.spec.id;
            warn!(list.id = %id, "list `{id}` could not be read for its brands: {error}");
        }
    }
    learner.brands().collect()
}

/// Reads one list into the index that is being built.
fn add(
    builder: &mut Builder,
    source: &Source,
    file: Option<&File>,
    (protected, folder): (&Protected, &Path),
    learner: &mut Learner,
) -> Result<Reading, CompileError> {
    let number = builder.add_list(source.info())?;
    let teaches = brands::teaches(&source.spec.id);
    let mut failed = None;
    let mut take = |rule: RuleAt<'_>| {
        if teaches && rule.action.blocks() {
            learner.note(rule.name);
        }
        if failed.is_none() {
            failed = builder.add_at(number, rule.name, rule.scope, rule.action, rule.line).err();
        }
    };
    let unread = |error| CompileError::Read { id: source.spec.id.clone(), source: error };
    let reading = match (&source.text, file) {
        (_, Some(file)) => read_file(file, &source.spec, protected, folder, &mut take).map_err(unread)?,
        (Text::Fresh(fresh), None) => {
            fresh.rules.each(&mut take).map_err(unread)?;
            fresh.reading.clone()
        }
        (Text::Embedded(text), None) => {
            read_into(text.as_bytes(), &source.spec, protected, &mut |rule: &Rule| {
                let Rule { name, scope, action, line } = rule;
                take(RuleAt { name: name.as_name(), scope: *scope, action: *action, line: *line });
            })
        }
        (Text::File(_) | Text::InForce(..), None) => unreachable!("a file is opened before it is read"),
    };
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(reading),
    }
}
