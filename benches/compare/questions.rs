//! What is blocked, and what is asked.

use std::collections::BTreeSet;
use std::hash::Hasher;

use lachan::dns::name::OwnedName;
use lachan::dns::suffixes::Suffixes;
use lachan::lists::protected::Protected;
use lachan::model::category::Category;
use lachan::model::rule::ListKind;
use siphasher::sip::SipHasher13;

use super::{real_lists, split};

/// A name that stands last in every list. Names below it are blocked as soon as the whole list is in force.
pub const LOADED: &str = "loaded.compare.zx";
/// A name that a reload adds.
pub const ADDED: &str = "added.compare.zx";
/// Names that are asked over and over: all fit every peer's cache.
const CACHED: usize = 5_000;
/// Blocked names that are asked over and over.
const REPEATED: usize = 1_000;
/// Questions in the mix.
const MIXED: usize = 200_000;
/// Questions in the mix whose blocked names are of all: more than one visit asks, so that few come twice.
const MIXED_WIDE: usize = 1_000_000;
/// Octets of the longest blocked name: those of zones get more in front and behind.
const NAME_MAX: usize = 200;

/// The names that every server blocks, with all below them.
pub struct Blocked {
    pub names: Vec<String>,
    /// How many were made up, where the real lists did not have enough.
    pub made_up: usize,
}

impl Blocked {
    /// `count` names of the real lists, always the same ones; or all of them.
    pub fn gather(count: Option<usize>) -> Self {
        let protected = Protected::embedded();
        let real: BTreeSet<String> = real_lists::folder()
            .map(|folder| real_lists::files(&folder))
            .unwrap_or_default()
            .iter()
            .flat_map(|file| split::names(&real_lists::text(file)).map(|(_, name)| name).collect::<Vec<_>>())
            .filter(|name| is_host(name) && !is_protected(&protected, name))
            .collect();
        let mut names: Vec<String> = real.into_iter().collect();
        // The order of a hash is random and yet the same everywhere.
        names.sort_by_cached_key(|name| hash(name.as_bytes()));
        let count = count.unwrap_or(names.len().max(1_000));
        names.truncate(count);
        let real = names.len();
        for at in real..count {
            names.push(match real {
                0 => format!("made-up-{at}.zx"),
                _ => format!("x{at}-{}", names[at % real]),
            });
        }
        Self { names, made_up: count - real }
    }

    /// The names and the one that says that all are there.
    pub fn with_mark(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str).chain([LOADED])
    }
}

/// A name that every server takes: letters, digits and hyphens, and not a public suffix, of which
/// Lá Chắn would block nothing.
fn is_host(name: &str) -> bool {
    name.len() <= NAME_MAX
        && !name.contains('_')
        && name.split('.').all(|label| !label.starts_with('-') && !label.ends_with('-') && label.len() < 50)
        && psl::domain_str(name).is_some()
}

/// Whether Lá Chắn never blocks it, whatever lists say; one with many such names it refuses.
fn is_protected(protected: &Protected, name: &str) -> bool {
    let Ok(name) = OwnedName::parse(name) else { return true };
    let suffixes = Suffixes::of(protected.key(), name.as_name());
    protected.against(&suffixes, ListKind::Block(Category::Gambling)).is_some()
}

fn hash(octets: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    hasher.write(octets);
    hasher.finish()
}

/// Questions, ready to be sent but for their ids.
#[derive(Default)]
pub struct Packets {
    octets: Vec<u8>,
    ends: Vec<usize>,
}

impl Packets {
    fn of(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut packets = Self::default();
        names.into_iter().for_each(|name| packets.add(name.as_ref()));
        packets
    }

    /// A question for the address of `name`: recursion desired, no EDNS.
    fn add(&mut self, name: &str) {
        self.octets.extend_from_slice(&question(0, name));
        self.ends.push(self.octets.len());
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// One of them, without the two octets of its id.
    pub fn after_id(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.octets[start + 2..self.ends[at]]
    }
}

/// A whole question.
pub fn question(id: u16, name: &str) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    let mut packet = vec![high, low, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        packet.push(label.len() as u8);
        packet.extend_from_slice(label.as_bytes());
    }
    packet.extend_from_slice(&[0, 0, 1, 0, 1]);
    packet
}

/// The kinds of questions, in the order of the tables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Answered from the cache.
    Cached,
    /// A thousand blocked names over and over, as a school's devices ask for them.
    Repeated,
    /// All blocked names in random order.
    Blocked,
    /// Four fifths of the first, one fifth of the second.
    Mix,
    /// Four fifths of the first, one fifth of the third.
    WideMix,
    /// Names that nobody asked for before.
    Miss,
    /// The first, over TCP connections that live long.
    Streams,
}

impl Kind {
    pub const ALL: [Self; 7] =
        [Self::Cached, Self::Repeated, Self::Blocked, Self::Mix, Self::WideMix, Self::Miss, Self::Streams];

    /// As the command line names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cached => "cached",
            Self::Repeated => "repeated",
            Self::Blocked => "blocked",
            Self::Mix => "mix",
            Self::WideMix => "widemix",
            Self::Miss => "miss",
            Self::Streams => "tcp",
        }
    }
}

/// All that is asked.
pub struct Questions {
    pub cached: Packets,
    pub repeated: Packets,
    pub blocked: Packets,
    pub mix: Packets,
    pub wide_mix: Packets,
    misses: usize,
}

impl Questions {
    pub fn of(blocked: &Blocked) -> Self {
        let cached = |at: usize| format!("host{at}.cached.zz");
        let repeated = &blocked.names[..REPEATED.min(blocked.names.len())];
        let mixed = |count: usize, blocked: &[String]| {
            Packets::of((0..count).map(|at| {
                let random = hash(&at.to_le_bytes()) as usize;
                match random % 5 {
                    0 => blocked[random / 5 % blocked.len()].clone(),
                    _ => cached(random / 5 % CACHED),
                }
            }))
        };
        Self {
            cached: Packets::of((0..CACHED).map(cached)),
            repeated: Packets::of(repeated),
            blocked: Packets::of(&blocked.names),
            mix: mixed(MIXED, repeated),
            wide_mix: mixed(MIXED_WIDE, &blocked.names),
            misses: 0,
        }
    }

    /// `count` questions that were never asked.
    pub fn misses(&mut self, count: usize) -> Packets {
        let first = self.misses;
        self.misses += count;
        Packets::of((first..self.misses).map(|at| format!("host{at}.miss.zz")))
    }
}
