//! Names to ask for: listed ones in random order, and what is made of them.

use lachan::dns::name::{NAME_MAX, NameBuf, OwnedName};
use lachan::filter::Index;

/// Names looked up in turn; with what they touch they are far larger than any cache.
const ASKED: usize = 1 << 20;

/// Four ways to ask.
pub struct Asked {
    /// Listed names.
    pub hits: Vec<OwnedName>,
    /// Names below listed ones.
    pub below: Vec<OwnedName>,
    /// Names of three labels that no list has.
    pub misses: Vec<OwnedName>,
    /// The same with 34 labels.
    pub deep: Vec<OwnedName>,
}

impl Asked {
    /// From the names of an index.
    pub fn of(index: &Index) -> Self {
        let listed = shuffled(index);
        let unlisted = |name: &str, before: &str| {
            let (top, own) = (name.rsplit('.').next()?, name.rsplit('.').nth(1)?);
            Some(format!("{before}{own}zqx.{top}"))
        };
        Self {
            hits: asked(&listed, |name| Some(name.to_owned())),
            below: asked(&listed, |name| Some(format!("www.{name}"))),
            misses: asked(&listed, |name| unlisted(name, "www.")),
            deep: asked(&listed, |name| unlisted(name, &"a1.b2.".repeat(16))),
        }
    }
}

/// Some listed names in random order.
fn shuffled(index: &Index) -> Vec<NameBuf> {
    let every = (index.stats().names as usize).div_ceil(ASKED);
    let mut names: Vec<NameBuf> = Vec::new();
    for entry in index.names().step_by(every) {
        let mut name = NameBuf::new();
        name.fill_from_wire(entry.name.wire()).expect("a name");
        names.push(name);
    }
    // Records stand in the order of their hashes, which is the order of the buckets: shuffle.
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for at in (1..names.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        names.swap(at, (state % (at as u64 + 1)) as usize);
    }
    names
}

/// Names to ask for, in memory one after the other, so that reading them costs little.
fn asked(listed: &[NameBuf], make: impl Fn(&str) -> Option<String>) -> Vec<OwnedName> {
    let made = listed.iter().filter_map(|name| make(&name.name().to_string()));
    made.filter(|name| name.len() < NAME_MAX - 2).filter_map(|name| OwnedName::parse(&name).ok()).collect()
}
