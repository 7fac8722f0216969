//! What a client heard against what the script expects.

use std::collections::BTreeSet;

use super::client::Received;
use super::script::duration;
use super::script::steps::Expect;
use super::wire::message::Message;
use super::wire::record::Record;
use super::wire::types::{self, *};

/// `Err` says in one line what is wrong.
pub fn check(expected: &Expect, heard: &Received) -> Result<(), String> {
    let (name, rtype) = (&heard.ask.name, type_name(heard.ask.rtype));
    let Some(answer) = &heard.answer else {
        return Err(format!("{name} {rtype}: no answer in {} ms", heard.took.as_millis()));
    };
    let found = expected.wrong(answer, heard);
    found.map_or(Ok(()), |wrong| Err(format!("{name} {rtype}: {wrong}, but heard {}", told(answer))))
}

impl Expect {
    fn wrong(&self, answer: &Message, heard: &Received) -> Option<String> {
        if !self.rcodes.contains(&answer.rcode) {
            let names: Vec<String> = self.rcodes.iter().map(|code| rcode_name(*code)).collect();
            return Some(names.join(" or "));
        }
        if let Some(wanted) = &self.answer {
            let (wanted, given) = (said(wanted), said(&answer.answer));
            if wanted != given {
                return Some(format!("the answer [{}]", wanted.into_iter().collect::<Vec<_>>().join(", ")));
            }
        }
        let asks_sigs = heard.ask.has("+do") || heard.ask.rtype == RRSIG || heard.ask.rtype == ANY;
        if !asks_sigs && answer.answer.iter().any(|record| record.rtype == RRSIG) {
            return Some("no signatures for who did not ask".into());
        }
        self.words.iter().find(|word| !holds(word, answer, heard)).cloned()
    }
}

fn holds(word: &str, answer: &Message, heard: &Received) -> bool {
    let flags = &answer.flags;
    let (key, value) = word.split_once('=').unwrap_or((word, ""));
    let types =
        |list: &str| list.split(',').map(|name| types::rtype(name).expect("a type")).collect::<Vec<_>>();
    let in_authority = |rtype: u16| answer.authority.iter().any(|record| record.rtype == rtype);
    match (key, value) {
        ("any", _) => true,
        ("ad", _) => flags.authentic,
        ("-ad", _) => !flags.authentic,
        ("aa", _) => flags.authoritative,
        ("-aa", _) => !flags.authoritative,
        ("tc", _) => flags.truncated,
        ("-tc", _) => !flags.truncated,
        ("cd", _) => flags.checking_disabled,
        ("-cd", _) => !flags.checking_disabled,
        ("ra", _) => flags.recursion_available,
        // Every set of the answer has a signature.
        ("sigs", _) => {
            let covered: BTreeSet<u16> = answer.answer.iter().filter_map(Record::covered).collect();
            answer.answer.iter().all(|record| record.rtype == RRSIG || covered.contains(&record.rtype))
        }
        ("authority", list) => types(list).into_iter().all(in_authority),
        ("no-authority", list) => !types(list).into_iter().any(in_authority),
        ("ede", list) => errors(answer).iter().any(|code| list.split('|').any(|one| one == code.to_string())),
        ("no-ede", list) => {
            !errors(answer).iter().any(|code| list.split('|').any(|one| one == code.to_string()))
        }
        ("within", time) => heard.took <= duration(time),
        ("records", count) => answer.answer.len() == count.parse::<usize>().unwrap(),
        ("size<", most) => heard.octets <= most.parse::<usize>().unwrap(),
        ("ttl<", most) => answer.answer.iter().all(|record| record.ttl <= most.parse().unwrap()),
        ("ttl>", least) => answer.answer.iter().all(|record| record.ttl >= least.parse().unwrap()),
        ("negative-ttl<", most) => {
            let soas = answer.authority.iter().filter(|record| record.rtype == SOA);
            soas.clone().count() == 1 && soas.clone().all(|record| record.ttl <= most.parse().unwrap())
        }
        ("same-case", _) => {
            let asked = answer.question.as_ref().is_some_and(|(name, _)| name.is_same_text(&heard.ask.name));
            asked
                && answer
                    .answer
                    .iter()
                    .filter(|r| r.name == heard.ask.name)
                    .all(|r| r.name.is_same_text(&heard.ask.name))
        }
        ("target", text) => {
            let targets = answer.answer.iter().filter_map(Record::target);
            targets.into_iter().any(|target| target.to_string() == text)
        }
        ("owner", text) => answer.answer.iter().any(|record| record.name.to_string() == text),
        _ => panic!("nothing known of `{word}`"),
    }
}

/// Codes of extended errors (RFC 8914).
fn errors(answer: &Message) -> Vec<u16> {
    let options = answer.edns.iter().flat_map(|edns| &edns.options);
    let errors = options.filter(|(code, data)| *code == 15 && data.len() >= 2);
    errors.map(|(_, data)| u16::from_be_bytes([data[0], data[1]])).collect()
}

/// Records without signatures, order and TTL.
fn said(records: &[Record]) -> BTreeSet<String> {
    records.iter().filter(|record| record.rtype != RRSIG).map(Record::said).collect()
}

fn told(answer: &Message) -> String {
    const SHOWN: usize = 8;
    let mut words = vec![rcode_name(answer.rcode)];
    for (set, flag) in
        [(answer.flags.authentic, "ad"), (answer.flags.truncated, "tc"), (answer.flags.authoritative, "aa")]
    {
        words.extend(set.then(|| flag.to_owned()));
    }
    let text = |record: &Record| format!("{} ({})", record.said(), record.ttl);
    words.extend(answer.answer.iter().take(SHOWN).map(text));
    if !answer.authority.is_empty() {
        let types: BTreeSet<String> = answer.authority.iter().map(|record| type_name(record.rtype)).collect();
        words.push(format!("authority {}", types.into_iter().collect::<Vec<_>>().join(" ")));
    }
    words.extend(errors(answer).iter().map(|code| format!("ede={code}")));
    words.join(" ")
}
