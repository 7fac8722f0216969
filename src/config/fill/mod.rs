//! From spec to settings: every value parsed, every default resolved, every mistake noted.
//!
//! One file a part of the config. A value that is wrong is noted and replaced by its default, so that
//! the rest can still be checked; a config with mistakes is never used.

pub(super) mod allow_sets;
mod group;
mod list;
mod policy;
mod resolve;
mod rpz;
mod rule;
mod service;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::mistake::{Mistake, Notes, Said, said};
use super::nearest::{nearest, nearest_alias};
use super::source::{FileNo, Place};
use super::spec::{FileSpec, Number, Text};
use super::value::{self, Range};
use super::{Context, Settings, Written, clash, say, words};
use crate::dns::name::OwnedName;
use crate::dns::written::{self, NotAName};
use crate::model::category::{Category, CategorySet};
use crate::model::service::{Service, ServiceId};
use crate::model::tier::Tier;
use crate::sys::whole::open_file;

/// Entries of one array of the config that are read; a school has some dozens.
pub(super) const ENTRIES_MAX: usize = 4096;

/// The port of DNS.
const DNS_PORT: u16 = 53;

/// Where one file is worked on.
pub(super) struct Filler<'d> {
    pub notes: &'d mut Notes,
    pub file: FileNo,
    pub context: &'d Context,
}

/// All settings.
pub(super) fn fill(filler: &mut Filler<'_>, spec: &FileSpec) -> Settings {
    filler.version(&spec.version);
    let state = service::state(filler, &spec.state);
    let (school, time_zone) = service::school(filler, &spec.school);
    let serve = service::serve(filler, &spec.listen, &spec.access);
    let control = service::control(filler, &spec.listen, &state);
    let resolve = resolve::resolve(filler, &spec.resolve, &spec.local);
    let lists = list::lists(filler, &spec.list, &spec.lists, spec.resolve.ca_file.as_ref());
    let journal = service::journal(filler, &spec.journal, &state, time_zone);
    let policy = policy::policy(filler, spec, &school, &lists.specs);
    let rpz = rpz::zones(filler, &spec.rpz, &policy.groups);
    // A query that loses its place is under way until its task has noticed: twice as many may be for a moment.
    let in_flight = serve.in_flight_max.saturating_mul(2);
    let resolve = crate::resolve::settings::Settings { in_flight, ..resolve };
    Settings {
        school,
        serve,
        control,
        resolve,
        lists,
        rpz,
        journal,
        policy,
        state,
        written: Written::default(),
    }
}

impl Filler<'_> {
    pub fn note(&mut self, mistake: Mistake) {
        self.notes.note(mistake);
    }

    /// Place of a spanned value in the file at hand.
    pub fn at<T>(&self, value: &toml::Spanned<T>) -> Place {
        self.file.at(value)
    }

    fn version(&mut self, version: &Option<Number>) {
        if let Some(version) = version
            && *version.get_ref() != 1
        {
            self.note(say::version(self.at(version), *version.get_ref()));
        }
    }

    /// A duration within bounds; `default` where none is written, or a wrong one.
    fn duration(&mut self, text: &Option<Text>, default: Duration, from: Duration, to: Duration) -> Duration {
        let Some(text) = text else { return default };
        match value::duration(text.get_ref()) {
            Some(duration) if (from..=to).contains(&duration) => return duration,
            Some(_) => {
                let (from, to) = (value::print_duration(from), value::print_duration(to));
                self.note(say::out_of_range(self.at(text), text.get_ref(), from, to));
            }
            None => self.note(say::bad_duration(self.at(text), text.get_ref())),
        }
        default
    }

    /// A size within bounds.
    fn size(&mut self, text: &Option<Text>, default: u64, from: (u64, &str), to: (u64, &str)) -> u64 {
        let Some(text) = text else { return default };
        match value::size(text.get_ref()) {
            Some(size) if (from.0..=to.0).contains(&size) => return size,
            Some(_) => self.note(say::out_of_range(self.at(text), text.get_ref(), from.1, to.1)),
            None => self.note(say::bad_size(self.at(text), text.get_ref())),
        }
        default
    }

    /// A whole number within bounds.
    fn number(&mut self, number: &Option<Number>, default: usize, from: usize, to: usize) -> usize {
        let Some(number) = number else { return default };
        match usize::try_from(*number.get_ref()) {
            Ok(value) if (from..=to).contains(&value) => value,
            _ => {
                self.note(say::out_of_range(self.at(number), &number.get_ref().to_string(), from, to));
                default
            }
        }
    }

    /// One of a few words.
    fn word<T: Copy>(&mut self, text: &Text, noun: Said, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| word == text.get_ref());
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let meant = nearest(text.get_ref(), known.iter().copied());
            self.note(say::unknown_value(self.at(text), text.get_ref(), noun, &known, meant));
        }
        found.map(|(_, value)| *value)
    }

    pub(super) fn tier(&mut self, text: &Text) -> Option<Tier> {
        self.tier_among(text, said!("noun-tier"), &Tier::ALL)
    }

    /// A tier that is one of `tiers`.
    fn tier_among(&mut self, text: &Text, noun: Said, tiers: &[Tier]) -> Option<Tier> {
        let tier = Tier::from_id(text.get_ref()).filter(|tier| tiers.contains(tier));
        if tier.is_none() {
            let known: Vec<&str> = tiers.iter().map(|tier| tier.id()).collect();
            let spellings = words::tiers().filter(|(_, tier)| tiers.contains(tier));
            let meant = nearest_alias(text.get_ref(), spellings).map(Tier::id);
            self.note(say::unknown_value(self.at(text), text.get_ref(), noun, &known, meant));
        }
        tier
    }

    fn category(&mut self, text: &Text) -> Option<Category> {
        let category = known_category(text);
        if category.is_none() {
            self.note_no_category(text, said!("noun-category"), &[]);
        }
        category
    }

    /// Notes that `text` is none of the categories and, where they may stand there too, none of `services`.
    fn note_no_category(&mut self, text: &Text, noun: Said, services: &[Service]) {
        let known: Vec<&str> =
            categories().map(Category::id).chain(services.iter().map(|service| service.word)).collect();
        let of_categories = categories().flat_map(|category| {
            let words = category.vi().split(", ").chain(category.en().split(", "));
            std::iter::once(category.id()).chain(words).map(move |word| (word, category.id()))
        });
        let of_services = services
            .iter()
            .flat_map(|service| [service.word, service.vi, service.en].map(|word| (word, service.word)));
        let meant = nearest_alias(text.get_ref(), of_categories.chain(of_services));
        self.note(say::unknown_value(self.at(text), text.get_ref(), noun, &known, meant));
    }

    /// A set of categories, each at most once.
    fn categories(&mut self, texts: &[Text]) -> CategorySet {
        let mut set = CategorySet::EMPTY;
        for text in texts {
            let Some(category) = self.category(text) else { continue };
            if set.contains(category) {
                self.note_duplicate(texts, text, said!("noun-category"));
            }
            set = set.union(CategorySet::of(category));
        }
        set
    }

    /// Categories and services in one list, each at most once.
    fn categories_and_services(&mut self, texts: &[Text]) -> (CategorySet, Vec<ServiceId>) {
        let noun = || said!("noun-category-or-service");
        let (mut set, mut services) = (CategorySet::EMPTY, Vec::new());
        for text in texts {
            let is_new = match (known_category(text), ServiceId::from_word(text.get_ref())) {
                (Some(category), _) => {
                    let before = set;
                    set = set.union(CategorySet::of(category));
                    set.0 != before.0
                }
                (None, Some(service)) => {
                    let is_new = !services.contains(&service);
                    services.extend(Some(service).filter(|_| is_new));
                    is_new
                }
                (None, None) => {
                    self.note_no_category(text, noun(), Service::ALL);
                    true
                }
            };
            if !is_new {
                self.note_duplicate(texts, text, noun());
            }
        }
        (set, services)
    }

    /// Notes that `text` stands among `texts` before.
    fn note_duplicate(&mut self, texts: &[Text], text: &Text, noun: Said) {
        let first = texts.iter().find(|other| other.get_ref() == text.get_ref());
        let first = self.at(first.unwrap_or(text));
        self.note(clash::duplicate(self.at(text), text.get_ref(), noun, first));
    }

    /// The name of a zone or a site.
    fn name(&mut self, text: &Text) -> Option<OwnedName> {
        self.read_name(text, text.get_ref(), written::name)
    }

    /// The owner of a record, which may be a wildcard.
    fn owner(&mut self, text: &Text) -> Option<OwnedName> {
        self.read_name(text, text.get_ref(), written::owner)
    }

    /// A name that is a part of what a value says.
    fn read_name(
        &mut self,
        text: &Text,
        part: &str,
        read: fn(&str) -> Result<OwnedName, NotAName>,
    ) -> Option<OwnedName> {
        match read(part) {
            Ok(name) => Some(name),
            Err(wrong) => {
                self.note(say::not_a_name(self.at(text), part, &wrong));
                None
            }
        }
    }

    /// The value of a key that must be there.
    fn required<'s, T>(
        &mut self,
        value: &'s Option<T>,
        key: &'static str,
        of: &toml::Spanned<impl Sized>,
    ) -> Option<&'s T> {
        if value.is_none() {
            self.note(say::missing_key(self.at(of), key));
        }
        value.as_ref()
    }

    /// Addresses with a port (DNS's own where none is written), each once, at least one. `forms` are examples
    /// of how they are written, `noun` is what they are of.
    fn addresses(
        &mut self,
        texts: &toml::Spanned<Vec<Text>>,
        key: &'static str,
        forms: &[&str],
        noun: Said,
    ) -> Vec<SocketAddr> {
        if texts.get_ref().is_empty() {
            self.note(say::empty(self.at(texts), key));
        }
        let mut addresses: Vec<(SocketAddr, &Text)> = Vec::new();
        for text in texts.get_ref().iter().take(ENTRIES_MAX) {
            if let Some(meant) = value::port_run_together(text.get_ref()) {
                self.note(say::ambiguous_port(self.at(text), text.get_ref(), &meant));
                continue;
            }
            let Some(address) = value::socket_address(text.get_ref(), DNS_PORT) else {
                self.note(say::bad_address(self.at(text), text.get_ref(), forms));
                continue;
            };
            if address.port() == 0 {
                self.note(say::port_zero(self.at(text), text.get_ref()));
            } else if let Some((_, first)) = addresses.iter().find(|(other, _)| *other == address) {
                let first = self.at(first);
                self.note(clash::duplicate(self.at(text), text.get_ref(), noun.clone(), first));
            } else {
                addresses.push((address, text));
            }
        }
        addresses.into_iter().map(|(address, _)| address).collect()
    }

    /// A range of addresses; `words` are those that may stand in its place, for the message.
    fn range(&mut self, text: &Text, words: &[&str]) -> Option<IpNet> {
        match value::range(text.get_ref()) {
            Some(Range::Net(net)) => return Some(net),
            Some(Range::HostBits(net)) => {
                self.note(say::host_bits(self.at(text), text.get_ref(), &net.to_string()));
            }
            None => {
                let meant = nearest(text.get_ref(), words.iter().copied());
                self.note(say::bad_range(self.at(text), text.get_ref(), words, meant));
            }
        }
        None
    }

    /// Ranges where `word` stands for `named`.
    fn ranges(&mut self, texts: &[Text], word: &str, named: &[IpNet]) -> Vec<IpNet> {
        let mut ranges = Vec::new();
        for text in texts {
            if text.get_ref() == word {
                ranges.extend(named);
            } else {
                ranges.extend(self.range(text, &[word]));
            }
        }
        ranges
    }

    /// A path, from the config file's folder if relative. What it leads to may come and go.
    fn path(&self, text: &Text) -> PathBuf {
        let path = self.context.folder.join(text.get_ref());
        self.context.stand_ins.get(&path).cloned().unwrap_or(path)
    }

    /// The same for a file without which the config does not pass.
    fn needed(&mut self, text: &Text) -> PathBuf {
        self.notes.needed.push(self.context.folder.join(text.get_ref()));
        self.path(text)
    }

    /// A path, from the config file's folder if relative; the file must be there, and be one that can be read.
    fn file(&mut self, text: &Text) -> PathBuf {
        let path = self.needed(text);
        if let Err(error) = open_file(&path) {
            self.note(say::unreadable(self.at(text), text.get_ref(), &path, &error));
        }
        path
    }
}

/// An optional flag.
fn flag(flag: &Option<toml::Spanned<bool>>, default: bool) -> bool {
    flag.as_ref().map_or(default, |flag| *flag.get_ref())
}

/// The categories that a config may speak of. The one for trials is blocked everywhere and holds our own name only.
fn categories() -> impl Iterator<Item = Category> {
    Category::ALL.iter().copied().filter(|category| *category != Category::Test)
}

fn known_category(text: &Text) -> Option<Category> {
    categories().find(|category| category.id() == text.get_ref())
}
