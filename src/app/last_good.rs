//! The last config that passed its check, kept in the state folder with the files that it needs, and which
//! config a start uses.
//!
//! A config that was broken while the server ran shows at the next start, often after a power cut and with nobody
//! there. So the last one that passed is served then; where there is none, what can be read of the present one.
//! Copies are files named by their checksum; `config.json` names those in force, and is written last. Where only
//! the config says which folder that is, a small file beside the config says it too: a config that is gone tells
//! nothing.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::hash::Hasher;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};

use super::Place;
use crate::config::{self, Context, Report, Settings, Written, Wrong};
use crate::i18n::{Message, msg};
use crate::sys::whole::{read_file, write_whole};

/// The folder in the state folder.
const FOLDER: &str = "last-good";
/// What is kept, in that folder.
const MANIFEST: &str = "config.json";
/// Octets of one file: what the resolver takes of a zone.
const FILE_MAX: u64 = 16 << 20;
/// Octets of a path, as the system has it.
const PATH_MAX: u64 = 4096;
/// Octets of the manifest: the config's bound, as JSON.
const MANIFEST_MAX: u64 = 16 << 20;

/// Which config a start uses.
#[derive(Debug)]
pub struct Chosen {
    /// The settings.
    pub settings: Settings,
    /// Why these are not those of the present config, if they are not.
    pub why_not: Option<WhyNot>,
}

/// What is wrong with the present config, for people.
#[derive(Clone, Debug)]
pub struct WhyNot {
    /// With every mistake, and what is in use in its stead.
    pub told: Message,
    /// In a line, for a command that does something else.
    pub brief: Message,
}

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    /// The config file, as the command line named it.
    config: PathBuf,
    text: String,
    /// Each file that it needs, with the checksum that is its copy's name.
    files: BTreeMap<PathBuf, String>,
    /// Of all of the above.
    checksum: String,
}

impl Manifest {
    fn sum(&self) -> String {
        let mut all = Vec::new();
        let files = self.files.iter().map(|(path, sum)| format!("{}\0{sum}\0", path.display()));
        for part in [self.config.display().to_string(), self.text.clone()].into_iter().chain(files) {
            all.extend_from_slice(part.as_bytes());
            all.push(0);
        }
        checksum(&all)
    }

    fn read(state: &Path) -> Option<Self> {
        let text = read_file(&folder(state).join(MANIFEST), MANIFEST_MAX).ok()?;
        serde_json::from_slice(&text).ok().filter(|manifest: &Self| manifest.checksum == manifest.sum())
    }
}

/// The settings of `place`, or the best in their stead.
pub fn choose(place: &Place) -> Chosen {
    let report = match super::settings(place) {
        Ok(settings) => return Chosen { settings, why_not: None },
        Err(report) => report,
    };
    let (wrong, mistakes, brief) = (super::wrong(&report), super::mistakes(&report), brief(&report));
    let salvaged = place.config.as_deref().map_or_else(super::shipped, config::salvage);
    let salvaged = super::at_state(salvaged, place);
    let told = place.config.as_deref().and_then(pointed);
    let states = [place.state.as_ref(), told.as_ref(), Some(&salvaged.state)];
    for state in states.into_iter().flatten() {
        // A folder that may be another server's counts only for the config that it is of.
        let is_ours =
            place.state.is_some() || place.config.as_deref().is_some_and(|config| is_of(state, config));
        if let Some(settings) = Some(state).filter(|_| is_ours).and_then(|state| load(state)) {
            let told = msg!("config-last-good", wrong = wrong, mistakes = mistakes);
            let why_not = Some(WhyNot { told, brief });
            return Chosen { settings: super::at_state(settings, place), why_not };
        }
    }
    let told = match report.wrong() {
        Wrong::Unread => msg!("config-defaults", wrong = wrong, mistakes = mistakes),
        Wrong::NoRight | Wrong::Mistakes => msg!("config-in-part", wrong = wrong, mistakes = mistakes),
    };
    Chosen { settings: salvaged, why_not: Some(WhyNot { told, brief }) }
}

/// In a line: a config that has mistakes is shown by another command, one that cannot be read is told of here.
fn brief(report: &Report) -> Message {
    match (report.wrong(), report.mistakes().first()) {
        (Wrong::Unread | Wrong::NoRight, Some(mistake)) => {
            msg!("config-not-read", what = super::wrong(report), why = mistake.told_with_fix())
        }
        _ => msg!("config-has-mistakes"),
    }
}

/// Whether the last good version of that config is known to have had text: where it is empty now, a crash took that.
pub fn had_text(place: &Place, config: &Path) -> bool {
    let usual = Context::of_this_machine(config::folder_of(config)).state;
    let had = |state: &PathBuf| {
        let kept = Manifest::read(state).filter(|manifest| manifest.config == absolute(config));
        kept.is_some_and(|manifest| !manifest.text.trim().is_empty())
    };
    [place.state.clone(), pointed(config), Some(usual)].iter().flatten().any(had)
}

/// Whether what is kept there is of that config file.
fn is_of(state: &Path, config: &Path) -> bool {
    Manifest::read(state).is_some_and(|manifest| manifest.config == absolute(config))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The file beside a config that says where its state folder is.
fn pointer(config: &Path) -> PathBuf {
    let name = config.file_name().unwrap_or_default().to_string_lossy();
    config.with_file_name(format!(".{name}.state"))
}

/// The state folder that was told beside a config file.
pub fn pointed(config: &Path) -> Option<PathBuf> {
    let text = read_file(&pointer(config), PATH_MAX).ok()?;
    Some(PathBuf::from(String::from_utf8(text).ok()?))
}

/// Says beside the config where its state folder is. A folder of configs that cannot be written is that of a
/// service, which is told its state folder when it is started.
pub fn tell_state(config: &Path, state: &Path) {
    let state = absolute(state);
    if pointed(config).as_ref() != Some(&state)
        && let Some(text) = state.to_str()
    {
        let _ = write_whole(&pointer(config), text.as_bytes());
    }
}

/// The settings of the last config that passed, as they were; none if nothing sound is kept.
pub fn load(state: &Path) -> Option<Settings> {
    let manifest = Manifest::read(state)?;
    let folder = folder(state);
    // A copy that is damaged is none: the file itself is read then, and is perhaps there.
    let sound = |sum: &str| read_file(&folder.join(sum), FILE_MAX).is_ok_and(|text| checksum(&text) == *sum);
    let stand_ins = manifest.files.iter().filter(|(_, sum)| sound(sum));
    let stand_ins = stand_ins.map(|(path, sum)| (path.clone(), folder.join(sum))).collect();
    let context = Context { stand_ins, ..Context::of_this_machine(config::folder_of(&manifest.config)) };
    config::read_text(&manifest.config.display().to_string(), &manifest.text, &context).ok()
}

/// Keeps a config that passed, unless it is what is kept.
///
/// # Errors
/// What the file system says; `InvalidData` where what was written does not read back as a config that passes.
pub fn keep(state: &Path, config: &Path, written: &Written) -> io::Result<()> {
    let folder = folder(state);
    let mut files = BTreeMap::new();
    let mut texts = BTreeMap::new();
    for path in &written.files {
        let text = read_file(path, FILE_MAX)?;
        let sum = checksum(&text);
        files.insert(absolute(path), sum.clone());
        texts.insert(sum, text);
    }
    let mut manifest =
        Manifest { config: absolute(config), text: written.text.clone(), files, checksum: String::new() };
    manifest.checksum = manifest.sum();
    let is_kept =
        |sum: &str| read_file(&folder.join(sum), FILE_MAX).is_ok_and(|text| checksum(&text) == *sum);
    let same = Manifest::read(state).is_some_and(|kept| kept.checksum == manifest.checksum);
    if same && texts.keys().all(|sum| is_kept(sum)) {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    for (sum, text) in &texts {
        if !is_kept(sum) {
            write_whole(&folder.join(sum), text)?;
        }
    }
    let text = serde_json::to_vec(&manifest).map_err(io::Error::other)?;
    write_whole(&folder.join(MANIFEST), &text)?;
    forget_others(&folder, &texts);
    match load(state) {
        Some(_) => Ok(()),
        None => Err(io::Error::new(io::ErrorKind::InvalidData, "the kept config does not read back")),
    }
}

/// Removes copies of earlier configs and what a crash left. That one stays is no harm.
fn forget_others(folder: &Path, texts: &BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != MANIFEST && !texts.contains_key(&name) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn folder(state: &Path) -> PathBuf {
    state.join(FOLDER)
}

/// Against damage on disk, not against forgery.
fn checksum(octets: &[u8]) -> String {
    let mut hasher = SipHasher13::new();
    hasher.write(octets);
    let sum = hasher.finish128();
    format!("{:016x}{:016x}", sum.h1, sum.h2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A school's folder with a config that needs a zone file and a policy file.
    struct School(tempfile::TempDir);

    impl School {
        fn new() -> Self {
            let school = Self(tempfile::tempdir().unwrap());
            school.write("truong.zone", "@ 60 SOA ns admin 1 60 60 60 60\n@ 60 NS ns\nwww 60 A 10.0.0.1\n");
            school.write("policy.toml", "version = 1\n[tier.staff]\nblocked = [\"malware\"]\n");
            school.config("THCS Lá Chắn");
            school
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.0.path().join(name), text).unwrap();
        }

        fn config(&self, name: &str) {
            let text = format!(
                "version = 1\n[school]\nname = \"{name}\"\n[state]\nfolder = \"state\"\n[policy]\n\
                 file = \"policy.toml\"\n[[local]]\nzone = \"truong.test\"\nfile = \"truong.zone\"\n"
            );
            self.write("lachan.toml", &text);
        }

        fn place(&self) -> Place {
            Place { config: Some(self.0.path().join("lachan.toml")), state: None }
        }

        fn keep(&self) {
            let settings = super::super::settings(&self.place()).unwrap();
            keep(&settings.state, &self.place().config.unwrap(), &settings.written).unwrap();
        }

        fn last_good(&self) -> PathBuf {
            self.0.path().join("state").join(FOLDER)
        }
    }

    #[test]
    fn what_passed_is_chosen_when_the_config_or_any_file_that_it_needs_is_broken() {
        for (file, broken) in [
            ("lachan.toml", Some("version = \"")),
            ("lachan.toml", Some("version = 1\n[state]\nfolder = \"state\"\n[school]\nnmae = 1\n")),
            ("truong.zone", Some("half a li")),
            ("truong.zone", None),
            ("policy.toml", Some("[tier")),
            ("policy.toml", None),
        ] {
            let school = School::new();
            school.keep();
            match broken {
                Some(text) => school.write(file, text),
                None => fs::remove_file(school.0.path().join(file)).unwrap(),
            }
            let place = Place { state: Some(school.0.path().join("state")), ..school.place() };
            let chosen = choose(&place);
            assert!(chosen.why_not.unwrap().told.to_string().contains("last good"), "{file}");
            assert_eq!(chosen.settings.school.name, "THCS Lá Chắn", "{file}");
            assert_eq!(chosen.settings.resolve.local.zones.len(), 1, "{file}");
        }
    }

    #[test]
    fn a_config_that_is_gone_is_found_again_by_what_stands_beside_it_and_by_no_other() {
        let school = School::new();
        school.keep();
        let config = school.place().config.unwrap();
        tell_state(&config, &school.0.path().join("state"));
        fs::remove_file(&config).unwrap();
        assert_eq!(choose(&school.place()).settings.school.name, "THCS Lá Chắn");
        let other = Place { config: Some(school.0.path().join("other.toml")), state: None };
        assert_eq!(choose(&other).settings.school.name, "");
        fs::write(pointer(&config), "/nowhere").unwrap();
        assert_eq!(choose(&school.place()).settings.school.name, "");
    }

    #[test]
    fn a_first_start_uses_what_can_be_read_of_a_broken_config() {
        let school = School::new();
        school.write("truong.zone", "half a li");
        let chosen = choose(&school.place());
        assert!(chosen.why_not.unwrap().told.to_string().contains("only what can be read"));
        assert_eq!(chosen.settings.school.name, "THCS Lá Chắn");
        assert_eq!(chosen.settings.resolve.local.zones.len(), 0);
        fs::remove_file(school.place().config.unwrap()).unwrap();
        assert!(choose(&school.place()).why_not.is_some());
    }

    #[test]
    fn a_damaged_copy_is_not_used() {
        let school = School::new();
        school.keep();
        assert!(load(&school.0.path().join("state")).is_some());
        let manifest = school.last_good().join(MANIFEST);
        let whole = fs::read(&manifest).unwrap();
        for at in (0..whole.len()).step_by(7) {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&manifest, flipped).unwrap();
            let loaded = load(&school.0.path().join("state"));
            assert!(loaded.is_none_or(|settings| settings.school.name == "THCS Lá Chắn"), "octet {at}");
        }
        fs::write(&manifest, whole).unwrap();
        for entry in fs::read_dir(school.last_good()).unwrap().flatten() {
            if entry.file_name() != MANIFEST {
                fs::write(entry.path(), "half a li").unwrap();
            }
        }
        assert!(load(&school.0.path().join("state")).is_some(), "the files themselves are still there");
        fs::remove_file(school.0.path().join("truong.zone")).unwrap();
        assert!(load(&school.0.path().join("state")).is_none());
    }

    #[test]
    fn a_newer_config_takes_the_place_of_the_one_before() {
        let school = School::new();
        school.keep();
        school.config("THCS Khác");
        school.write("policy.toml", "version = 1\n");
        school.keep();
        assert_eq!(load(&school.0.path().join("state")).unwrap().school.name, "THCS Khác");
        assert_eq!(fs::read_dir(school.last_good()).unwrap().count(), 3, "two files and the manifest");
    }
}
