//! From TOML to the checked settings of all rooms.
//!
//! What the file says (`spec`) and what the program uses ([`Settings`]) are two types. Between them
//! stand `read`, which gets past every mistake, `fill`, which makes values and resolves defaults, and
//! `check`, which looks for what cannot all be meant. A config either passes whole or is refused with
//! **all** its mistakes ([`Report`]).
//!
//! Knows every room's settings. Never starts anything.
// Inside: `say` and `clash` hold all sentences, `syntax` those about TOML itself, `mistake` draws them, `explain`
// is the page on each code, `nearest` finds what was meant, `value` reads durations and the like, `lost` knows
// what a crash leaves of a file, `never` finds rules and groups that no query meets, `words` what people call a
// tier, `init` asks for a first config.

mod check;
mod clash;
pub mod explain;
mod fill;
pub mod init;
mod lost;
pub mod mistake;
pub mod nearest;
mod never;
mod read;
mod salvage;
mod say;
mod source;
pub mod spec;
mod syntax;
#[cfg(test)]
mod tests;
pub mod value;
pub mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::i18n::Lang;
use crate::journal;
use crate::lists::spec::ListSpec;
use crate::lists::{fetch, gate};
use crate::model::tier::Tier;
use crate::policy;
use crate::resolve;
use crate::rpz;
use crate::serve;
use crate::sys::whole;
use fill::Filler;
pub use mistake::{Look, Report, Wrong};
use mistake::{Mistake, Notes};
use source::FileNo;
use spec::FileSpec;

/// The commented config that is the defaults, word for word.
pub const DEFAULT_CONFIG: &str = include_str!("../../config/lachan.toml");
/// The policy that is in force where a school says nothing else.
pub const DEFAULT_POLICY: &str = include_str!("../../config/policy.toml");

/// The settings of all rooms, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The school.
    pub school: School,
    /// Listeners.
    pub serve: serve::Settings,
    /// The control socket.
    pub control: PathBuf,
    /// Resolution.
    pub resolve: resolve::settings::Settings,
    /// Lists.
    pub lists: Lists,
    /// Response policy zones, in their order.
    pub rpz: Vec<rpz::zones::Settings>,
    /// Blocked attempts.
    pub journal: journal::Settings,
    /// Tiers, groups, school rules.
    pub policy: policy::Settings,
    /// The state folder.
    pub state: PathBuf,
    /// What was written.
    pub written: Written,
}

/// The text that settings were made of, and the files that it needs: what is kept of a config that passed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The config file's name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Files without which it does not pass: policy, zones, anchors, certificates, keys. Copies of lists and of
    /// policy zones are kept elsewhere.
    pub files: Vec<PathBuf>,
}

impl fmt::Debug for Written {
    /// Without the text: what it means stands in the settings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Written").finish_non_exhaustive()
    }
}

/// Which lists are in force, and how they come in.
#[derive(Clone, Debug, PartialEq)]
pub struct Lists {
    /// Lists beyond those that the program brings along: those that the config names, and the recommended set.
    pub specs: Vec<ListSpec>,
    /// Ids of those that the config does not name: they are of the recommended set.
    pub recommended: Vec<String>,
    /// Whether the starter lists (`blocklists/*.txt`) are in force. Allow sets and protected names are
    /// always there.
    pub starter: bool,
    /// A folder with packed lists (`lists snapshot`), besides the one beside the program.
    pub snapshot: Option<PathBuf>,
    /// What a new copy must pass.
    pub gate: gate::Settings,
    /// How lists are fetched.
    pub fetch: fetch::Settings,
}

/// Who uses the server.
#[derive(Clone, Debug, PartialEq)]
pub struct School {
    /// Name, as reports and status show it.
    pub name: String,
    /// Levels taught, the youngest first.
    pub levels: Vec<Tier>,
    /// The language of what clients are told with an answer.
    pub lang: Lang,
}

/// What a config means on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Where relative paths start: the config file's folder.
    pub folder: PathBuf,
    /// The state folder where the config says `auto`.
    pub state: PathBuf,
    /// Files that are read in place of those that the config names.
    pub stand_ins: BTreeMap<PathBuf, PathBuf>,
}

impl Context {
    /// For a config file in `folder`: the state folder is that of the service manager, else the
    /// system's for root, else the user's.
    pub fn of_this_machine(folder: &Path) -> Self {
        let var = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // systemd gives several folders separated by `:`; the unit in deploy/ has one.
        let state = var("STATE_DIRECTORY").unwrap_or_else(|| {
            let user = || var("XDG_STATE_HOME").or_else(|| Some(var("HOME")?.join(".local/state")));
            let system = PathBuf::from("/var/lib/lachan");
            if is_writable(&system) || is_writable(Path::new("/var/lib")) {
                system
            } else {
                user().map_or(system, |user| user.join("lachan"))
            }
        });
        Self { folder: folder.to_owned(), state, stand_ins: BTreeMap::new() }
    }
}

/// Whether this user may write there, told without writing.
fn is_writable(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(folder) = std::fs::metadata(folder) else { return false };
    // Not by the owner of /proc/self: that is root's once the server has forbidden dumps of itself.
    let me = crate::sys::private::effective_user();
    me == 0 || (folder.uid() == me && folder.mode() & 0o200 != 0)
}

/// The folder of a config file: where its relative paths start.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Reads and checks a config file. An empty one means the defaults.
///
/// # Errors
/// All mistakes.
pub fn read_file(path: &Path) -> Result<Settings, Report> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() && meta.len() == 0 => {
            read_text(&path.display().to_string(), "", &Context::of_this_machine(folder_of(path)))
        }
        _ => read_file_that_had_text(path),
    }
}

/// Reads and checks a config file that is known to have had text: an empty one has lost it.
///
/// # Errors
/// All mistakes.
pub fn read_file_that_had_text(path: &Path) -> Result<Settings, Report> {
    let context = Context::of_this_machine(folder_of(path));
    let mut notes = Notes::default();
    let name = path.display().to_string();
    match take_in(&mut notes, &name, path) {
        Ok(file) => read_source(notes, file, &context),
        Err(unread) => {
            notes.note(*unread);
            Err(notes.refuse().unread())
        }
    }
}

/// Reads and checks a config given as text; `name` stands in reports.
///
/// # Errors
/// All mistakes.
pub fn read_text(name: &str, text: &str, context: &Context) -> Result<Settings, Report> {
    let mut notes = Notes::default();
    let file = notes.sources.add(name, text);
    read_source(notes, file, context)
}

/// What can be made of a config file that does not pass: what is wrong in it is left out, or is as without it.
/// For a start that has nothing better, since a resolver that does not start is a school without internet.
pub fn salvage(path: &Path) -> Settings {
    let context = Context::of_this_machine(folder_of(path));
    let mut notes = Notes::default();
    let settings = match take_in(&mut notes, &path.display().to_string(), path) {
        Ok(file) => {
            let spec: FileSpec = read::read(&mut notes, file);
            fill::fill(&mut Filler { notes: &mut notes, file, context: &context }, &spec)
        }
        Err(_) => defaults(&context),
    };
    salvage::reduced(settings)
}

/// The settings without what keeps the resolver or the policy from being built.
pub fn usable(settings: Settings) -> Settings {
    salvage::reduced(settings)
}

/// The settings without any config file.
pub fn defaults(context: &Context) -> Settings {
    read_text("", "", context)
        .unwrap_or_else(|report| panic!("the empty config is checked by a test: {report}"))
}

fn read_source(mut notes: Notes, file: FileNo, context: &Context) -> Result<Settings, Report> {
    let spec: FileSpec = read::read(&mut notes, file);
    let mut filler = Filler { notes: &mut notes, file, context };
    let mut settings = fill::fill(&mut filler, &spec);
    settings.written = Written {
        name: filler.notes.sources.name(file).to_owned(),
        text: filler.notes.sources.text(file).to_owned(),
        files: std::mem::take(&mut filler.notes.needed),
    };
    check::check(&mut filler, &spec, &settings);
    if filler.notes.is_empty() {
        check::ask_the_rooms(&mut filler, &spec, &settings);
    }
    notes.finish(settings)
}

/// Opens a file, bounded, and takes its text in; where it cannot be read, the mistake points at its
/// start.
fn take_in(notes: &mut Notes, name: &str, path: &Path) -> Result<FileNo, Box<Mistake>> {
    let octets = whole::read_file(path, read::FILE_MAX).map_err(|error| {
        let file = notes.sources.add(name, "");
        Box::new(match error.kind() {
            ErrorKind::FileTooLarge => say::too_large(file.place(0..0), read::FILE_MAX),
            _ => say::unreadable(file.place(0..0), name, path, &error),
        })
    })?;
    // Before it is taken for UTF-16, which has zeros too.
    if let Some((lost, at)) = lost::look(&octets) {
        let file = notes.sources.add(name, &String::from_utf8_lossy(&octets[..at]));
        return Err(Box::new(say::lost(file.place(at..at), lost)));
    }
    let is_utf16 = lost::is_utf16(&octets);
    let text = String::from_utf8(octets).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let file = notes.sources.add(name, &String::from_utf8_lossy(error.as_bytes()));
        Box::new(say::not_utf8(file.place(valid..valid + 1), is_utf16))
    })?;
    if let Some(at) = text.find('\0') {
        let file = notes.sources.add(name, &text);
        return Err(Box::new(say::not_utf8(file.place(at..at + 1), is_utf16)));
    }
    Ok(notes.sources.add(name, text.strip_prefix('\u{feff}').unwrap_or(&text)))
}
