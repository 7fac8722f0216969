//! What each server of the hierarchy answers: referrals, addresses, aliases, "no such name".
//!
//! Answers are as short as a server may make them: no name servers beside an answer, no addresses but glue.

use super::tree::{Data, EVERYWHERE, Tree};
use super::wire::{A, CNAME, NS, Name, Question, Reply, SOA, Section};

const NO_SUCH_NAME: u8 = 3;
const REFUSED: u8 = 5;

/// The answer of the server of zone number `zone`; `None` for what is no question.
pub fn answer(tree: &Tree, zone: usize, packet: &[u8]) -> Option<Vec<u8>> {
    let question = Question::read(packet)?;
    let name = &question.name;
    let apex = &tree.zones[zone].apex;
    if !name.is_within(apex) {
        return Some(Reply::to(packet, &question, false, REFUSED).packet());
    }
    // The zone nearest to the name that this one delegates to: there are no more than three floors.
    let nearest: Vec<usize> = name.ancestors().filter_map(|above| tree.apexes.get(&above).copied()).collect();
    let child =
        nearest.iter().position(|number| *number == zone).and_then(|at| nearest.get(at.checked_sub(1)?));
    Some(match child {
        Some(child) => referral(tree, packet, &question, *child),
        None if name == apex => of_apex(tree, packet, &question, zone),
        None => of_name(tree, packet, &question, zone),
    })
}

fn referral(tree: &Tree, packet: &[u8], question: &Question, child: usize) -> Vec<u8> {
    let child = &tree.zones[child];
    let mut reply = Reply::to(packet, question, false, 0);
    for (server, _) in &child.servers {
        reply.named(Section::Authority, &child.apex, NS, server);
    }
    for (server, address) in child.servers.iter().filter(|_| child.glue) {
        reply.address(Section::Additional, server, *address);
    }
    reply.packet()
}

fn of_apex(tree: &Tree, packet: &[u8], question: &Question, zone: usize) -> Vec<u8> {
    let zone = &tree.zones[zone];
    let mut reply = Reply::to(packet, question, true, 0);
    match question.kind {
        NS => {
            for (server, _) in &zone.servers {
                reply.named(Section::Answer, &zone.apex, NS, server);
            }
            for (server, address) in zone.servers.iter().filter(|_| zone.glue) {
                reply.address(Section::Additional, server, *address);
            }
        }
        SOA => reply.start_of(Section::Answer, &zone.apex),
        _ => reply.start_of(Section::Authority, &zone.apex),
    }
    reply.packet()
}

fn of_name(tree: &Tree, packet: &[u8], question: &Question, zone: usize) -> Vec<u8> {
    let (name, apex) = (&question.name, &tree.zones[zone].apex);
    let made_up = Data::Address(EVERYWHERE);
    let data = tree.data.get(name).or_else(|| is_fresh(name, apex).then_some(&made_up));
    let mut reply = Reply::to(packet, question, true, if data.is_some() { 0 } else { NO_SUCH_NAME });
    match data {
        Some(Data::Address(address)) if question.kind == A => reply.address(Section::Answer, name, *address),
        Some(Data::Alias(target)) => reply.named(Section::Answer, name, CNAME, target),
        _ => reply.start_of(Section::Authority, apex),
    }
    reply.packet()
}

/// Whether it is one of the names that every zone has an address for.
fn is_fresh(name: &Name, apex: &Name) -> bool {
    name.split().is_some_and(|(label, above)| {
        above == *apex && label.len() > 1 && label[0] == b'n' && label[1..].iter().all(u8::is_ascii_digit)
    })
}
