//! Files of names that should be blocked, or should be open.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lachan::dns::name::OwnedName;
use lachan::dns::public_suffix::registrable;
use lachan::lists::protected::Protected;
use lachan::lists::read::read_into;
use lachan::lists::spec::{FormatChoice, ListSpec, Profile, SourceSpec};
use lachan::lists::starter;
use lachan::model::category::Category;
use lachan::model::rule::{ListKind, Rule};

/// What is expected of the names of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// They should be blocked.
    Bad,
    /// They should be open.
    Good,
}

impl Kind {
    /// A heading.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bad => "should be blocked, and is",
            Self::Good => "should be open, and is blocked",
        }
    }
}

/// Names with one expectation.
pub struct NameFile {
    /// What is expected.
    pub kind: Kind,
    /// What they are.
    pub name: String,
    /// Each once.
    pub names: Vec<OwnedName>,
}

impl NameFile {
    /// Reads a file: one name a line, or a list of any format that the program reads; packed or not.
    pub fn read(kind: Kind, name: &str, path: &Path) -> Self {
        Self::of(kind, name, names_in(&unpacked(path)))
    }

    fn of(kind: Kind, name: &str, names: impl IntoIterator<Item = OwnedName>) -> Self {
        let names: HashSet<OwnedName> = names.into_iter().collect();
        let mut names: Vec<OwnedName> = names.into_iter().collect();
        names.sort_by_key(ToString::to_string);
        Self { kind, name: name.into(), names }
    }
}

/// The folder of public lists and name sets beside the checkout, if it is there.
pub fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    folder.is_dir().then_some(folder)
}

/// A text, unpacked if it is packed.
pub fn unpacked(path: &Path) -> String {
    let octets = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let octets = match path.extension().is_some_and(|ending| ending == "zst") {
        true => zstd::decode_all(&octets[..]).expect("a packed text"),
        false => octets,
    };
    String::from_utf8_lossy(&octets).into_owned()
}

/// The names of a text, whatever its format.
pub fn names_in(text: &str) -> Vec<OwnedName> {
    // A column of a table: what stands before the first comma.
    let text: String = text.lines().map(|line| line.split(',').next().unwrap_or_default()).fold(
        String::new(),
        |mut all, line| {
            all.push_str(line);
            all.push('\n');
            all
        },
    );
    let spec = ListSpec {
        id: "names".into(),
        source: SourceSpec::Starter,
        kind: ListKind::Block(Category::Games),
        format: FormatChoice::Auto,
        profile: Profile { private_suffixes: true, urls: true, ..Profile::default() },
        every: Duration::MAX,
    };
    let mut names = Vec::new();
    read_into(text.as_bytes(), &spec, &Protected::none(), &mut |rule: &Rule| {
        if rule.action.blocks() {
            names.push(rule.name.clone());
        }
    });
    names
}

/// Whether a file has what we ship as good.
pub fn is_ours(name: &str) -> bool {
    ["starter-edugames", "starter-sexed", "learning"].contains(&name)
}

/// Names that should be open: what we ship as good, and the corpora beside the checkout.
pub fn good_at_hand() -> Vec<NameFile> {
    let mut files: Vec<NameFile> = starter::all()
        .into_iter()
        .filter(|list| {
            matches!(list.spec.kind, ListKind::Allow | ListKind::Block(Category::Edugames | Category::Sexed))
        })
        .map(|list| NameFile::of(Kind::Good, &list.spec.id, names_in(list.text)))
        .collect();
    let Some(queries) = shared().map(|shared| shared.join("queries")) else {
        println!("left out: public lists and corpora are not here");
        return files;
    };
    for (name, file) in [
        ("popular names of 2014 (OpenDNS)", "opendns-top-domains.txt.zst"),
        ("names at random (OpenDNS)", "opendns-random-domains.txt.zst"),
        ("universities", "universities-hipo.txt.zst"),
        ("Vietnamese names", "legit-vn.txt.zst"),
        ("an allow list (anudeepND)", "anudeepnd-whitelist.txt.zst"),
    ] {
        files.push(NameFile::read(Kind::Good, name, &queries.join(file)));
    }
    files
}

/// What is measured where nothing else is asked for: these, and names that should be blocked.
pub fn at_hand() -> Vec<NameFile> {
    let mut files = good_at_hand();
    let Some(shared) = shared() else { return files };
    let (lists, queries) = (shared.join("lists"), shared.join("queries"));
    let radar: HashSet<OwnedName> =
        names_in(&unpacked(&queries.join("radar-top-100000-2026-05-01.csv.zst"))).into_iter().collect();
    for (what, publishers) in [
        (
            "pornography",
            &[
                &["hostsVN/extensions__adult__hosts.zst"][..],
                &["4skin"],
                &["sinfonietta/pornography"],
                &["shadowwhisperer/Adult"],
                &["jarelllama/lists__adblock__nsfw"],
                &["mullvad/doh_adult.txt"],
            ][..],
        ),
        (
            "gambling",
            &[
                &["hostsVN/extensions__gambling__hosts.zst"][..],
                &["sinfonietta/gambling"],
                &["shadowwhisperer/Gambling"],
                &["ut1/gambling"],
                &["mullvad/doh_gambling.txt"],
                &["blocklistproject/gambling"],
            ],
        ),
    ] {
        let popular = said_by_two(&lists, publishers).into_iter().filter(|name| radar.contains(name));
        files.push(NameFile::of(Kind::Bad, &format!("{what} among the popular"), popular));
    }
    let vietnamese = packed_named(&lists, "hostsVN/extensions__gambling__hosts-VN");
    let domains = vietnamese.iter().flat_map(|path| names_in(&unpacked(path)));
    let domains: Vec<OwnedName> =
        domains.filter_map(|name| Some(registrable(name.as_name())?.to_owned())).collect();
    files.push(NameFile::of(Kind::Bad, "Vietnamese gambling", domains));
    for (what, file) in [
        ("pornography of a list that is not in the catalogue", "mullvad/doh_adult.txt"),
        ("gambling of one", "mullvad/doh_gambling.txt"),
    ] {
        let names = packed_named(&lists, file).into_iter().flat_map(|path| names_in(&unpacked(&path)));
        files.push(NameFile::of(Kind::Bad, what, names));
    }
    files
}

/// Names that at least two publishers list, as they are or below `www`.
fn said_by_two(lists: &Path, publishers: &[&[&str]]) -> Vec<OwnedName> {
    let mut said: HashMap<OwnedName, u32> = HashMap::new();
    for files in publishers {
        let names = files.iter().flat_map(|file| packed_named(lists, file));
        let names: HashSet<OwnedName> = names
            .flat_map(|path| names_in(&unpacked(&path)))
            .map(|name| {
                registrable(name.as_name()).map_or_else(
                    || name.clone(),
                    |domain| {
                        let is_www = name.as_name().label_count() == domain.label_count() + 1
                            && name.as_name().labels().next() == Some(b"www");
                        if is_www { domain.to_owned() } else { name.clone() }
                    },
                )
            })
            .collect();
        names.into_iter().for_each(|name| *said.entry(name).or_default() += 1);
    }
    said.into_iter().filter(|(_, publishers)| *publishers >= 2).map(|(name, _)| name).collect()
}

/// The packed files whose path below `folder` begins so.
fn packed_named(folder: &Path, start: &str) -> Vec<PathBuf> {
    let mut found = super::packed::below(folder);
    found
        .retain(|path| path.strip_prefix(folder).is_ok_and(|path| path.to_string_lossy().starts_with(start)));
    found
}
