//! A question in, an answer with its proof out.
//!
//! [`Resolver::resolve`] always answers, within [`Settings::deadline`](settings::Settings::deadline): from local data, from the
//! forwarders of the name's zone, or by recursion from the root. What cannot be had is SERVFAIL with an
//! Extended DNS Error. Many who ask the same at once cost one upstream query. An answer is a whole
//! message in wire form, one question, without OPT and additional records, TTLs as received; data that
//! failed validation is never in one.
//!
//! [`cache`] stands in front and is asked first by whoever serves; [`Resolver::local`] tells at once
//! what never leaves the school's network.
//!
//! Who asks may say of each alias whether it is followed ([`alias::Gate`]), before its target is asked for.
//!
//! Knows names and servers. Never knows who asks, tiers, categories or lists.
// Inside: `local` is what we know ourselves; `forward` and `recurse` drive the library; `upstream` is
// the connection both ask through; `coalesce` merges identical questions; `wire` writes messages; `rebind`
// keeps answers from outside from leading inside, `dns64` makes IPv6 addresses of IPv4 ones.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use crate::dns::name::{Name, OwnedName};
use crate::dns::rcode::Rcode;
use crate::dns::rdata::CLASS_IN;
use crate::dns::rrtype::RrType;
use crate::dns::servers::NameServers;
use alias::{Alias, Gate, Open, Unfinished};
pub use answer::{Answer, Ask};
use cause::Cause;
use coalesce::{InFlight, NoAnswer, Progress};
use dns64::Dns64;
use forward::upstream::Upstream;
use forward::{Forwarder, Timing};
use iterate::budget::Freshness;
use local::Local;
use reason::Reason;
use rebind::{AnswerSource, Guard};
use recurse::Recursive;
use settings::{ForwardZone, Mode, Settings};
use timekeeping::Timekeeping;
use upstream::tally::Tally;
use wire::End;

pub mod alias;
pub mod answer;
pub mod cache;
pub mod cause;
mod coalesce;
pub mod dns64;
mod file;
pub mod forward;
#[doc(hidden)]
pub mod fuzzing;
mod internal_addresses;
pub mod iterate;
pub mod local;
pub mod reason;
mod rebind;
mod recurse;
#[cfg(test)]
mod scenarios;
mod server_statistics;
pub mod settings;
mod single_flight;
mod taken;
#[cfg(test)]
mod tests;
pub mod timekeeping;
mod upstream;
pub mod validate;
mod wire;

/// Times that a chain of aliases may leave one source of answers for another.
const SOURCES_MAX: usize = 8;

/// Added to the deadline for who waits for another's work, so that the worker's own end comes first.
const TAKE_OVER: Duration = Duration::from_millis(250);

/// Why a resolver cannot be built from its settings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error("could not read {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    /// Root hints without a usable server.
    #[error("root hints {}: {why}", path.as_deref().map_or("(built in)".into(), |path| path.display().to_string()))]
    RootHints { path: Option<PathBuf>, why: String },
    /// Trust anchors that cannot be used.
    #[error("trust anchors {}: {why}", path.display())]
    TrustAnchors { path: PathBuf, why: String },
    /// CA certificates that cannot be used.
    #[error("CA certificates {}: {why}", path.display())]
    Certificates { path: PathBuf, why: String },
    /// Mode `forward` and nowhere to forward to.
    #[error("mode `forward` needs a forwarder for the zone `.`")]
    NoForwarder,
    /// A forwarder for everything, and recursion as well.
    #[error("a forwarder for the zone `.` leaves nothing to mode `recursive`: use mode `forward`")]
    RootForwarded,
    /// A forwarded zone without servers.
    #[error("the forwarded zone `{zone}` has no servers")]
    NoServers { zone: String },
    /// The same zone forwarded twice.
    #[error("the zone `{zone}` is forwarded twice")]
    ZoneTwice { zone: String },
    /// Local data that cannot be used.
    #[error(transparent)]
    Local(#[from] local::LocalError),
    /// The library refuses.
    #[error("could not set up resolution: {0}")]
    Library(String),
}

/// One upstream server, for the status.
#[derive(Clone, Debug)]
pub struct UpstreamState {
    /// Address, or the forwarder as it is written in the config.
    pub server: String,
    /// The zone that is forwarded to it; `None` for a name server met in recursion.
    pub zone: Option<OwnedName>,
    /// Queries sent.
    pub queries: u64,
    /// Tries without a usable answer.
    pub failures: u64,
    /// Tries that failed, or were overtaken by another server, since the last answer.
    pub failing: u32,
    /// Smoothed round trip; `None` before the first answer.
    pub rtt: Option<Duration>,
}

impl UpstreamState {
    fn of(server: String, zone: Option<OwnedName>, tally: &Tally) -> Self {
        Self {
            server,
            zone,
            queries: tally.queries(),
            failures: tally.failures(),
            failing: tally.failing(),
            rtt: tally.rtt(),
        }
    }
}

/// Finds answers. One for the whole program, behind an `Arc`.
pub struct Resolver {
    local: Arc<Local>,
    forwarder: Arc<Forwarder>,
    recursive: Recursive,
    guard: Guard,
    dns64: Option<Dns64>,
    flights: InFlight,
    deadline: Duration,
    /// What stood in the files when they were read.
    files: u64,
}

impl Resolver {
    /// Builds a resolver, reading the files that the settings name. Needs no runtime yet.
    ///
    /// # Errors
    /// What [`Error`] says.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        Self::with_timekeeping(settings, &Timekeeping::default())
    }

    /// The same with a wall clock that is watched.
    ///
    /// # Errors
    /// What [`Error`] says.
    pub fn with_timekeeping(settings: Settings, timekeeping: &Timekeeping) -> Result<Self, Error> {
        let files = settings.mark_of_files();
        let whole = settings.forwards.iter().any(|zone| zone.zone.as_name().is_root());
        match settings.mode {
            Mode::Forward if !whole => return Err(Error::NoForwarder),
            Mode::Recursive if whole => return Err(Error::RootForwarded),
            _ => {}
        }
        let forwarded = settings.forwards.iter().map(|zone| zone.zone.clone());
        let local = Arc::new(Local::new(&settings.local, forwarded, settings.dns64)?);
        let settings = with_delegations(settings, &local);
        let sources: Arc<[IpAddr]> = settings.source_addresses.clone().into();
        let timing = Timing { time_limit: settings.forward_try_for, hedge: settings.hedge_after };
        let forwarder = Arc::new(Forwarder::new(&settings, sources.clone(), timing, &timekeeping.watch)?);
        Ok(Self {
            guard: Guard::new(&settings, local.clone()),
            dns64: settings.dns64.map(Dns64),
            recursive: Recursive::new(&settings, sources, forwarder.clone(), local.clone(), timekeeping)?,
            forwarder,
            local,
            flights: InFlight::new(settings.in_flight),
            deadline: settings.deadline,
            files,
        })
    }

    /// Whether the files that the settings name still say what this resolver read in them.
    pub fn has_read_files_of(&self, settings: &Settings) -> bool {
        self.files == settings.mark_of_files()
    }

    /// Answers, in any case and in time, following every alias. Local data is looked at first.
    pub async fn resolve(&self, ask: Ask) -> Answer {
        self.resolve_for(ask, &Open).await
    }

    /// As [`resolve`](Self::resolve), following aliases as far as `gate` does.
    pub async fn resolve_for(&self, ask: Ask, gate: &dyn Gate) -> Answer {
        self.resolve_as(ask, gate, Freshness::Kept).await
    }

    /// As [`resolve_for`](Self::resolve_for), but what is remembered and near its end is asked for anew.
    pub async fn refresh(&self, ask: Ask, gate: &dyn Gate) -> Answer {
        self.resolve_as(ask, gate, Freshness::Anew).await
    }

    async fn resolve_as(&self, ask: Ask, gate: &dyn Gate, freshness: Freshness) -> Answer {
        if let Some(refusal) = unanswerable(&ask) {
            return refusal;
        }
        // Who takes over from somebody that gave up has what is left of this.
        let end = Instant::now() + self.deadline + TAKE_OVER;
        let work = |progress: Arc<Progress>| {
            let ask = &ask;
            async move {
                let onward = Onward { asked: &ask.name, gate, progress: &progress, before: Vec::new() };
                let end = end.min(Instant::now() + self.deadline);
                match timeout_at(end, self.gather_or_make(ask, &onward, freshness)).await {
                    Ok(answer) => answer,
                    Err(_) => {
                        let aliases = progress.aliases();
                        let unfinished = (!aliases.is_empty()).then_some(Unfinished::Failed(aliases));
                        Answer { unfinished, ..Answer::out_of_time(ask) }
                    }
                }
            }
        };
        match self.flights.share(&ask, gate, end, work).await {
            Ok(answer) => Arc::unwrap_or_clone(answer),
            Err(NoAnswer::Full) => wire::failure(&ask, Reason::TooManyInFlight),
            Err(NoAnswer::OutOfTime) => Answer::out_of_time(&ask),
        }
    }

    /// The answer that never leaves the school's network, at once: config records, local zones, special-use names,
    /// reverse zones of private ranges. `None` where the name is not local, or where local data leads
    /// outside by a CNAME and [`resolve`](Self::resolve) must follow it.
    pub fn local(&self, ask: &Ask) -> Option<Answer> {
        let answer = self.whole_local(ask)?;
        match self.dns64.and_then(|dns64| Some((dns64, dns64.instead(ask, &answer)?))) {
            Some((dns64, instead)) => Some(dns64.make(ask, answer, &self.whole_local(&instead)?)),
            None => Some(answer),
        }
    }

    /// The answer of local data alone.
    fn whole_local(&self, ask: &Ask) -> Option<Answer> {
        let answer = self.local.answer(ask)?;
        (wire::end_of_chain(ask, &answer.wire) == End::Done).then_some(answer)
    }

    /// Whether the answer has IPv6 addresses that were made of IPv4 ones.
    pub fn has_made(&self, answer: &Answer) -> bool {
        self.dns64.is_some_and(|dns64| dns64.has_made(answer))
    }

    /// Names such that each local name is one of them or below one: who has these at hand need not ask
    /// [`is_local`](Self::is_local) for any other name.
    pub fn local_apexes(&self) -> impl Iterator<Item = Name<'_>> {
        self.local.apexes()
    }

    /// Whether questions of that type for a name are local; cheaper than [`local`](Self::local).
    pub fn is_local(&self, name: Name<'_>, rtype: RrType) -> bool {
        self.local.covers(name, rtype)
    }

    /// What is known of each forwarder, and of name servers met in recursion (the busiest first).
    pub fn upstreams(&self) -> Vec<UpstreamState> {
        let mut met: Vec<UpstreamState> = self.recursive.upstreams().collect();
        met.sort_by_key(|server| std::cmp::Reverse(server.queries));
        self.forwarder.upstreams().chain(met).collect()
    }

    /// The name servers of the zones at and above `name`, as far as recursion has learnt them: what answers
    /// for that name came by. `None` where that is not known, and for names that are forwarded. Asks nobody.
    ///
    /// Whoever looks at answers asks right after [`resolve`](Self::resolve), and again whenever the answer is
    /// given from the cache: what is known must be kept as long as the answers are.
    pub fn delegation_of(&self, name: Name<'_>) -> Option<NameServers> {
        self.recursive.delegation_of(name)
    }

    /// Asks a server outside for what always is there, the SOA of the root, whatever is remembered. Says why
    /// where there is no answer; a root that does not exist is [`Cause::Nonsense`].
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn try_out(&self) -> Result<(), Cause> {
        let ask = Ask::new(Name::ROOT.to_owned(), RrType::SOA);
        let progress = Progress::alone();
        let onward = Onward::anywhere(&ask.name, &progress);
        let answer = match timeout(self.deadline, self.one_source(&ask, &onward, Freshness::Never)).await {
            Ok((answer, _)) => answer,
            Err(_) => return Err(Cause::Unreachable),
        };
        match answer.rcode {
            Rcode::NO_ERROR => Ok(()),
            Rcode::SERV_FAIL => Err(Cause::of(answer.ede)),
            _ => Err(Cause::Nonsense),
        }
    }

    /// Finds out which forwarders, whose answers are validated, drop signatures. Asks each once.
    pub async fn look_for_signatures(&self) {
        // An answer that does not come says nothing, and another look comes later.
        let _ = timeout(self.deadline, self.forwarder.look_for_signatures()).await;
    }

    /// Forwarders that are known to drop signatures although their answers are validated.
    pub fn forwarders_without_signatures(&self) -> impl Iterator<Item = &str> {
        self.forwarder.without_signatures()
    }

    /// Whether that is known of each.
    pub fn signatures_are_known(&self) -> bool {
        self.forwarder.signatures_are_known()
    }

    /// Different questions in flight now.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// The answer, with IPv6 addresses made where there are none and some are wanted.
    async fn gather_or_make(&self, ask: &Ask, onward: &Onward<'_>, freshness: Freshness) -> Answer {
        let answer = self.gather(ask, onward, freshness).await;
        let Some(dns64) = self.dns64 else { return answer };
        if matches!(answer.unfinished, Some(Unfinished::Stopped(_))) {
            return answer;
        }
        let Some(instead) = dns64.instead(ask, &answer) else { return dns64.without_mapped(ask, answer) };
        let v4 = self.gather(&instead, onward, freshness).await;
        match &v4.unfinished {
            // An alias of the IPv4 side alone.
            Some(stopped @ Unfinished::Stopped(_)) => wire::unfinished(ask, stopped.clone()),
            _ => dns64.make(ask, answer, &v4),
        }
    }

    /// One source's answer, then the next source's for where its aliases lead.
    async fn gather(&self, ask: &Ask, onward: &Onward<'_>, freshness: Freshness) -> Answer {
        let (mut answer, mut side) = self.one_source(ask, onward, freshness).await;
        let mut last = None;
        for _ in 0..SOURCES_MAX {
            if answer.rcode != Rcode::NO_ERROR {
                return answer;
            }
            match wire::end_of_chain(ask, &answer.wire) {
                End::Done => return answer,
                // Nothing there, says its source, and does not say for how long.
                End::Loose(end) if last.as_ref() == Some(&end) => return answer,
                End::Loose(end) => {
                    let Ok(aliases) = alias::chain_of(&answer.wire, ask.name.as_name(), ask.rtype) else {
                        return wire::failure(ask, Reason::ChainNotJoined);
                    };
                    if !onward.follows(&aliases) {
                        return wire::unfinished(ask, Unfinished::Stopped(aliases.into()));
                    }
                    let is_meant = self.guard.exempts_any(&aliases);
                    let onward = onward.after(aliases);
                    let next = ask.at(end.clone());
                    let (mut rest, next_side) = self.one_source(&next, &onward, freshness).await;
                    // A public alias does not make the school's servers speak for the public.
                    if side == Side::Outside && next_side == Side::Inside && !is_meant {
                        rest = self.guard.keep_outside(&next, rest, AnswerSource::Recursion);
                    }
                    side = if side == Side::Outside { side } else { next_side };
                    answer = wire::join(ask, &answer, &rest);
                    last = Some(end);
                }
                End::Circle => break,
            }
        }
        wire::failure(ask, Reason::AliasLoop)
    }

    /// The answer of whoever is to be asked first, and on which side of the school's border that is.
    async fn one_source(&self, ask: &Ask, onward: &Onward<'_>, freshness: Freshness) -> (Answer, Side) {
        if let Some(answer) = self.local.answer(ask) {
            return (answer, Side::Inside);
        }
        if let Some((zone, answer)) = self.forwarder.resolve(ask).await {
            return match zone.is_root() {
                true => (self.guard.keep_outside(ask, answer, AnswerSource::Forwarder), Side::Outside),
                false => (answer, Side::Inside),
            };
        }
        // In a box of its own: what is forwarded does not make room for a recursion, and carry it from caller to caller.
        let answer = Box::pin(self.recursive.resolve(ask, onward, freshness)).await;
        let by_forwarder = self.forwarder.validated(ask.name.as_name(), ask.rtype).is_some();
        let from = if by_forwarder { AnswerSource::Forwarder } else { AnswerSource::Recursion };
        (self.guard.keep_outside(ask, answer, from), Side::Outside)
    }
}

/// Whose word an answer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The school's own: local data and the servers of forwarded zones.
    Inside,
    /// The public's.
    Outside,
}

/// The way from the asked name, and whether it goes on.
pub struct Onward<'a> {
    asked: &'a OwnedName,
    gate: &'a dyn Gate,
    progress: &'a Progress,
    /// The aliases that led to the name that is asked for now.
    before: Vec<Alias>,
}

impl<'a> Onward<'a> {
    /// From `asked`, wherever aliases lead.
    fn anywhere(asked: &'a OwnedName, progress: &'a Progress) -> Self {
        Self { asked, gate: &Open, progress, before: Vec::new() }
    }

    /// Whether the target of the last alias may be asked for. `aliases` are those met since [`Self::after`].
    fn follows(&self, aliases: &[Alias]) -> bool {
        let all: Vec<Alias> = self.before.iter().chain(aliases).cloned().collect();
        self.progress.tell(&all);
        self.gate.follows(self.asked, &all)
    }

    /// The same for the target of these aliases, all since the asked name.
    fn after(&self, aliases: Vec<Alias>) -> Self {
        Onward { before: aliases, ..*self }
    }
}

/// The settings with a forwarded zone for each that our own zones give away and nobody else is to be asked
/// about: the servers that the delegation names, on the port of name servers.
fn with_delegations(mut settings: Settings, local: &Local) -> Settings {
    for delegation in local.delegations() {
        if settings.forwards.iter().all(|forward| forward.zone != delegation.zone) {
            let servers = delegation.servers.into_iter().map(Upstream::name_server).collect();
            settings.forwards.push(ForwardZone { zone: delegation.zone, servers, validates: false });
        }
    }
    settings
}

/// Questions that no resolver answers: other classes, and types that are not data (RFC 6895 §3.1).
fn unanswerable(ask: &Ask) -> Option<Answer> {
    let not_data = ask.rtype.is_meta() && ask.rtype != RrType::ANY;
    (ask.class != CLASS_IN || not_data).then(|| wire::bare(ask, Rcode::NOT_IMP, Some(Reason::NotSupported)))
}
