//! All the real lists at once, from their native formats to one index: every line accounted for, and
//! the index says what the oracle says of every listed name, its parents, a child, neighbours, and of
//! the names that people ask for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use lachan::dns::name::{NameBuf, OwnedName};
use lachan::dns::suffixes::Suffixes;
use lachan::filter::Index;
use lachan::lists::account::Account;
use lachan::lists::brands;
use lachan::lists::protected::Protected;
use lachan::lists::spec::{FormatChoice, ListSpec, Matching, Profile, SourceSpec};
use lachan::lists::starter;
use lachan::model::category::Category;
use lachan::model::rule::ListKind;
use lachan::update::compile::{Source, Text, compile};

use crate::oracle::{Oracle, Said};
use crate::support::{packed, shared, unpack};

/// Each file a list of its own. Categories and profiles take turns, so that names of several lists get
/// many different sets, and every way of taking a rule meets every format.
fn sources(lists: &Path, folder: &Path) -> Vec<Source> {
    let starters = starter::all().into_iter().map(|list| Source {
        spec: list.spec,
        version: "embedded".into(),
        text: Text::Embedded(list.text),
    });
    let real = packed::below(lists).into_iter().enumerate().map(|(at, file)| {
        let path = folder.join(format!("{at}.txt"));
        fs::write(&path, unpack(&file)).unwrap();
        let spec = ListSpec {
            id: file.strip_prefix(lists).unwrap().display().to_string(),
            source: SourceSpec::File(path.clone()),
            kind: ListKind::Block(Category::ALL[at % Category::ALL.len()]),
            format: FormatChoice::Auto,
            profile: Profile {
                matching: if at % 3 == 0 { Matching::Subtree } else { Matching::Native },
                fold_www: at % 2 == 0,
                private_suffixes: at % 5 == 0,
                urls: at % 7 == 0,
                page_options: at % 11 == 0,
                ..Profile::default()
            },
            every: Duration::from_secs(86400),
        };
        Source { spec, version: "snapshot".into(), text: Text::File(path) }
    });
    starters.chain(real).collect()
}

fn oracle(sources: &[Source], protected: &Protected) -> Oracle {
    let mut oracle = Oracle::default();
    for (info, rules) in protected.lists("") {
        oracle.add(&info.id, info.kind, info.origin, &rules);
    }
    for source in sources {
        match &source.text {
            Text::Embedded(text) => oracle.add_text(text.as_bytes(), &source.spec, protected),
            Text::File(path) => oracle.add_text(&fs::read(path).unwrap(), &source.spec, protected),
            Text::Fresh(_) | Text::InForce(..) => unreachable!("every list has its text here"),
        }
    }
    oracle
}

/// Asks both of each name, and counts; they must agree.
struct Asker<'a> {
    index: &'a Index,
    oracle: &'a Oracle,
    suffixes: Suffixes,
    allow_sets: Vec<(String, u8)>,
    asked: u64,
    found: u64,
}

impl<'a> Asker<'a> {
    fn new(index: &'a Index, oracle: &'a Oracle) -> Self {
        let sets =
            index.lists().iter().filter_map(|list| Some((list.id.clone(), index.allow_set(&list.id)?)));
        let mut allow_sets: Vec<(String, u8)> = sets.collect();
        allow_sets.sort();
        Self { index, oracle, suffixes: Suffixes::new(), allow_sets, asked: 0, found: 0 }
    }

    fn ask(&mut self, name: &NameBuf) {
        self.suffixes.fill(self.index.key(), name.name());
        let matched = self.index.lookup(&self.suffixes);
        let in_set = |(id, bit): &(String, u8)| (matched.allow_sets >> bit & 1 == 1).then(|| id.clone());
        let said = Said {
            categories: matched.categories,
            protection: matched.protection,
            allow_sets: self.allow_sets.iter().filter_map(in_set).collect(),
        };
        assert_eq!(said, self.oracle.say(name.name()), "{}", name.name());
        self.asked += 1;
        self.found += u64::from(!matched.categories.is_empty());
    }

    /// The name, all its parents, a child and two neighbours: one that begins as it does, and one that
    /// stands where it stands.
    fn ask_around(&mut self, name: &OwnedName, buf: &mut NameBuf) {
        let name = name.as_name();
        for ancestor in name.ancestors().filter(|ancestor| !ancestor.is_root()) {
            buf.fill_from_wire(ancestor.wire()).unwrap();
            self.ask(buf);
        }
        let wire = name.wire();
        let label = usize::from(wire[0]);
        let mut octets = Vec::with_capacity(wire.len() + 4);
        for near in 0..3 {
            octets.clear();
            match near {
                0 => octets.extend_from_slice(&[&b"\x03www"[..], wire].concat()),
                1 => octets.extend_from_slice(
                    &[&[wire[0] + 1][..], &wire[1..=label], b"x", &wire[label + 1..]].concat(),
                ),
                _ => {
                    octets.extend_from_slice(wire);
                    octets[label] = if octets[label] == b'q' { b'w' } else { b'q' };
                }
            }
            // A name at the limits has no such neighbour.
            if buf.fill_from_wire(&octets).is_ok() {
                self.ask(buf);
            }
        }
    }
}

/// Names of the corpora: one a line, or the column that holds them.
fn corpora(folder: &Path) -> Vec<NameBuf> {
    let mut names = Vec::new();
    for file in packed::below(folder) {
        let text = String::from_utf8(unpack(&file)).unwrap();
        let before = names.len();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let word = line.split('\t').nth(2).unwrap_or(line).trim();
            let mut name = NameBuf::new();
            if name.fill_from_text(word).is_ok() {
                names.push(name);
            }
        }
        assert!(names.len() - before > 100, "{}: hardly a name", file.display());
    }
    names
}

fn report(accounts: &[&Account]) -> String {
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for (reason, count) in accounts.iter().flat_map(|account| account.reasons()) {
        *reasons.entry(reason.id()).or_default() += u64::from(count);
    }
    let sum = |of: fn(&Account) -> u32| accounts.iter().map(|account| u64::from(of(account))).sum::<u64>();
    let mut text = format!(
        "lists {}, entries {}, taken {}, excepted {}\n",
        accounts.len(),
        sum(Account::entries),
        sum(|account| account.taken),
        sum(|account| account.excepted)
    );
    for (reason, count) in reasons {
        text += &format!("  {count:>9} {reason}\n");
    }
    text
}

#[test]
fn all_real_lists_make_one_index_that_says_what_the_oracle_says() {
    let (Some(lists), Some(queries)) = (shared("lists"), shared("queries")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let protected = Protected::embedded();
    let sources = sources(&lists, folder.path());
    let compiled = compile(&sources, &protected, None, &folder.path().join("index"), &mut |_| ()).unwrap();

    assert!(compiled.unreadable.is_empty(), "{:?}", compiled.unreadable);
    assert_eq!(compiled.readings.len(), sources.len());
    for (id, reading) in &compiled.readings {
        assert!(reading.account.adds_up(), "{id}: {:?}", reading.account);
    }
    let accounts: Vec<&Account> = compiled.readings.iter().map(|(_, reading)| &reading.account).collect();
    let stats = compiled.index.stats();
    println!("{}{stats:?}\n{:?}", report(&accounts), compiled.summary);
    assert!(stats.names > 1_900_000, "{stats:?}");
    let a_name = |octets: u64| octets as f64 / stats.names as f64;
    assert!(a_name(stats.bytes_hot) <= 12.0 && a_name(stats.bytes_file) <= 40.0, "{stats:?}");

    let oracle = oracle(&sources, &protected);
    let index = &compiled.index;
    let brands = index.lists().iter().position(|list| list.id == brands::LIST).expect("brands are learned");
    let brands = index.names_of(brands as u16);
    assert!(brands > 100, "{brands}");
    assert_eq!(stats.names - brands, oracle.names().len() as u64, "as many names as rules are about");
    let listed: Vec<&OwnedName> = oracle.names().collect();
    let corpora = corpora(&queries);
    let (asked, found) = std::thread::scope(|scope| {
        let askers: Vec<_> = listed
            .chunks(listed.len().div_ceil(2))
            .zip(corpora.chunks(corpora.len().div_ceil(2)))
            .map(|(listed, corpora)| {
                scope.spawn(|| {
                    let mut asker = Asker::new(&compiled.index, &oracle);
                    let mut buf = NameBuf::new();
                    listed.iter().for_each(|name| asker.ask_around(name, &mut buf));
                    corpora.iter().for_each(|name| asker.ask(name));
                    (asker.asked, asker.found)
                })
            })
            .collect();
        let said = askers.into_iter().map(|asker| asker.join().unwrap());
        said.fold((0, 0), |(asked, found), (more, hits)| (asked + more, found + hits))
    });
    println!("{asked} names asked, {found} of them in some list");
    assert!(asked > 8_000_000 && found > 2_000_000, "{asked} {found}");
}
