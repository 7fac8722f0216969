//! One scenario, played to one resolver, in a network namespace of its own.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use super::authority::manner::{Kind as Behaviour, Manner};
use super::authority::serve::{Asked, Servers};
use super::client::{CLIENT_COOKIE, Received, hear, leave};
use super::expect;
use super::resolvers::{Cannot, Resolver, Running, Setup};
use super::script::Script;
use super::script::steps::{Kind, Pattern, Step};
use super::wire::record::Record;
use super::world::World;

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    /// The line and what was wrong with it.
    Failed(String),
    /// The resolver has no such knob.
    NotApplicable(String),
}

pub fn play(text: &str, resolver: Resolver, folder: &Path) -> Option<Outcome> {
    let script = Script::parse(text);
    let world = World::open(&script, folder)?;
    let running = Running::start(resolver, &Setup { script: &script, world: &world, folder });
    let is_ours = resolver == Resolver::Lachan;
    let resolver = match running {
        Ok(running) => running,
        Err(Cannot(what)) => return Some(Outcome::NotApplicable(what.to_owned())),
    };
    let killed = HashMap::new();
    let mut play = Play { servers: &world.servers, resolver, is_ours, heard: Vec::new(), killed };
    for step in &script.steps {
        if let Err(wrong) = play.step(step) {
            let dead = if play.resolver.lives() { "" } else { " (the resolver has ended)" };
            return Some(Outcome::Failed(format!("line {}: {wrong}{dead}", step.at)));
        }
    }
    Some(match play.resolver.lives() {
        true => Outcome::Passed,
        false => Outcome::Failed("the resolver has ended".into()),
    })
}

/// Whatever happens, a client is told something before stub resolvers give up.
const ANSWERED_WITHIN: Duration = Duration::from_millis(4500);

struct Play<'w> {
    servers: &'w Servers,
    resolver: Running,
    /// Whether it is Lá Chắn, of which more is expected.
    is_ours: bool,
    /// Answers to the last `ASK`.
    heard: Vec<Received>,
    killed: HashMap<IpAddr, Vec<Manner>>,
}

impl Play<'_> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        match &step.kind {
            Kind::Ask(ask) if ask.has("background") => leave(self.resolver.address(), ask),
            Kind::Ask(ask) => self.heard = hear(self.resolver.address(), ask),
            Kind::Expect(expected) => {
                for heard in &self.heard {
                    if self.is_ours && heard.took > ANSWERED_WITHIN {
                        let took = heard.took.as_millis();
                        return Err(format!(
                            "{}: within={ANSWERED_WITHIN:?}, but took {took} ms",
                            heard.ask.name
                        ));
                    }
                    expect::check(expected, heard)
                        .map_err(|wrong| format!("{wrong}; {}", self.asked_text()))?;
                }
            }
            Kind::Pass(time) => self.resolver.pass(*time),
            Kind::Clock(off) => self.resolver.set_clock(*off),
            Kind::Kill(ip) => {
                let mut servers = self.servers.servers();
                let server = servers.entry(*ip).or_default();
                let silent = Manner { kind: Behaviour::Silent, name: None, rtype: None, times: None };
                self.killed.insert(*ip, std::mem::replace(&mut server.manners, vec![silent]));
            }
            Kind::Revive(ip) => {
                let manners = self.killed.remove(ip).expect("killed before");
                self.servers.servers().entry(*ip).or_default().manners = manners;
            }
            Kind::Server(ip, manner) => {
                self.servers.servers().entry(*ip).or_default().manners.push(manner.clone());
            }
            Kind::Reply(ip, reply) => {
                self.servers.servers().entry(*ip).or_default().replies.insert(0, reply.clone());
            }
            Kind::Change(apex, records) => {
                let mut servers = self.servers.servers();
                let zones = servers.values_mut().flat_map(|server| &mut server.zones);
                for zone in zones.filter(|zone| zone.apex == *apex) {
                    let replaced = |old: &Record| {
                        records.iter().any(|new| new.name == old.name && new.rtype == old.rtype)
                    };
                    zone.records.retain(|old| !replaced(old));
                    zone.records.extend(records.iter().cloned());
                }
            }
            Kind::Forget => self.servers.forget(),
            Kind::Asked(count, pattern) => {
                let found = self.servers.asked().iter().filter(|asked| pattern.fits(asked)).count();
                if !(count.least..=count.most).contains(&found) {
                    return Err(format!("asked {found} times; {}", self.asked_text()));
                }
            }
            Kind::Await(pattern, within) => {
                let seen = |book: &[Asked]| book.iter().any(|asked| pattern.fits(asked));
                if !self.servers.wait_until(*within, seen) {
                    return Err(format!("not asked in {within:?}; {}", self.asked_text()));
                }
            }
            Kind::Varied(least) => {
                let asked: Vec<Asked> = self.servers.asked().into_iter().filter(|asked| !asked.tcp).collect();
                let ports: BTreeSet<u16> = asked.iter().map(|asked| asked.port).collect();
                let ids: BTreeSet<u16> = asked.iter().map(|asked| asked.query.id).collect();
                if ports.len() < *least || ids.len() < *least {
                    let (ports, ids, all) = (ports.len(), ids.len(), asked.len());
                    return Err(format!("{ports} ports and {ids} ids in {all} queries"));
                }
            }
            Kind::Never(what) => {
                if let Some(asked) = self.servers.asked().iter().find(|asked| carries(asked, what)) {
                    return Err(format!("{asked} carries {what}"));
                }
            }
        }
        Ok(())
    }

    fn asked_text(&self) -> String {
        const SHOWN: usize = 12;
        let asked = self.servers.asked();
        let lines: Vec<String> = asked.iter().take(SHOWN).map(ToString::to_string).collect();
        format!("{} queries: {}", asked.len(), lines.join(", "))
    }
}

impl Pattern {
    fn fits(&self, asked: &Asked) -> bool {
        let (name, rtype) = asked.query.question.as_ref().expect("only questions are noted");
        self.server.is_none_or(|server| server == asked.server)
            && self.rtype.is_none_or(|known| known == *rtype)
            && (asked.tcp || !self.tcp)
            && self
                .name
                .as_ref()
                .is_none_or(|known| if self.below { name.is_in(known) } else { name == known })
    }
}

/// Whether a query has something that it must not tell an authority.
fn carries(asked: &Asked, what: &str) -> bool {
    let options = asked.query.edns.iter().flat_map(|edns| &edns.options);
    let has = |code: u16| options.clone().any(|(known, _)| *known == code);
    match what {
        // More than a datagram that no network fragments (DNS flag day 2020).
        "large-edns" => asked.query.edns.as_ref().is_some_and(|edns| edns.size > 1232),
        "rd" => asked.query.flags.recursion_desired,
        "ecs" => has(8),
        "cookie-of-client" => {
            options.clone().any(|(code, data)| *code == 10 && data.starts_with(CLIENT_COOKIE))
        }
        "upper-case" => {
            let (name, _) = asked.query.question.as_ref().expect("only questions are noted");
            !name.is_same_text(&name.lower())
        }
        what => match what.strip_prefix("option=") {
            Some(code) => has(code.parse().expect("a number")),
            None => panic!("nothing known of {what}"),
        },
    }
}
