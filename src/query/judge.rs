//! Judging the names of an alias chain, link by link, in the order in which they become known.
//!
//! The same function judges a chain while it is being resolved ([`Judge`], the resolver's gate: what comes of
//! it decides whether the next name is asked for) and when its answer is written, also from the cache and
//! for somebody else. What is decided at a link does not depend on the links behind it, so both come to the
//! same end. At each link the order is that of `policy::decide`: what is locked, protected names, the school's
//! rules, services, policy zones, categories. Allow-only mode is for asked names alone.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use siphasher::sip::SipHasher13;

use super::World;
use super::client::{Client, Transport};
use super::inspect::Trail;
use super::likeness::{Likeness, is_exempt};
use super::request::{Allowed, Look, PolicyContext, Request};
use super::zones::opens;
use crate::dns::name::{Name, OwnedName};
use crate::dns::suffixes::Suffixes;
use crate::model::matched::Matched;
use crate::model::verdict::{AllowReason, BlockReason, Verdict};
use crate::policy::Clones;
use crate::policy::decide::{comes_before_zones, decide_link};
use crate::resolve::alias::{Alias, Gate};
use crate::rpz::action::Action;
use crate::rpz::decide::{Ruling, Seen, early, judge as judge_zones};

/// How much is known of a chain.
#[derive(Clone, Copy)]
pub enum Known {
    /// The last name was not asked for yet.
    Begun,
    /// Everything: the answer is there.
    Whole {
        /// Whether the answer was validated and the client gets its signatures.
        is_signed: bool,
        /// Whether validation failed: what is forged is SERVFAIL, whatever a policy zone would put in its place.
        is_bogus: bool,
    },
}

/// What closes a name of a chain.
pub struct Closed {
    /// At which link; 0 is the asked name.
    pub link: usize,
    /// The name: that of the link, or one that its record leads to.
    pub name: OwnedName,
    pub reason: BlockReason,
    pub matched: Matched,
}

/// What was found.
pub enum Found<'w> {
    /// Nothing that is known closes it.
    Passes,
    /// A rule of the school or of a list.
    Closed(Closed),
    /// A rule of a policy zone.
    Ruled(Ruling<'w>),
}

/// What a group in monitor mode would have been closed by.
pub enum Monitored<'w> {
    ByLists(Closed),
    ByZone(Ruling<'w>),
}

/// What came of judging.
pub struct Judgement<'w> {
    pub found: Found<'w>,
    /// The first that would have closed it.
    pub monitored: Option<Monitored<'w>>,
    /// Disabled zones that match (a set).
    pub disabled: u64,
    /// The policy zone that let it pass.
    pub passed: Option<Ruling<'w>>,
}

/// Judges the names of `trail` for a query whose asked name was `allowed`. `signed_wanted`: the client gets signatures that it does not check itself.
pub fn judge<'w>(
    context: PolicyContext<'w>,
    allowed: Allowed,
    signed_wanted: bool,
    trail: &Trail,
    known: Known,
) -> Judgement<'w> {
    let zones_look =
        allowed.zones.look != Look::Done && !matches!(known, Known::Whole { is_bogus: true, .. });
    let mut judging = Judging {
        context,
        allowed: allowed.reason,
        unless_opened: allowed.zones.unless_opened,
        signed_wanted,
        known,
        trail,
        zones_look,
        done: Judgement { found: Found::Passes, monitored: None, disabled: 0, passed: None },
        suffixes: Suffixes::new(),
    };
    for link in 0..trail.links.len() {
        if judging.at(link) == Step::Ends {
            return judging.done;
        }
    }
    if let Known::Whole { .. } = known {
        let last = trail.links.len() - 1;
        for target in &trail.targets {
            let (verdict, matched) = judging.by_name(target.as_name());
            if judging.apply(last, target, verdict, matched) == Step::Ends {
                break;
            }
        }
    }
    judging.done
}

/// Whether the next link is looked at.
#[derive(PartialEq)]
enum Step {
    GoesOn,
    Ends,
}

struct Judging<'w, 't> {
    context: PolicyContext<'w>,
    allowed: AllowReason,
    /// The block of the asked name that holds unless a zone opens it.
    unless_opened: Option<BlockReason>,
    signed_wanted: bool,
    known: Known,
    trail: &'t Trail,
    /// Whether policy zones have anything to say yet.
    zones_look: bool,
    done: Judgement<'w>,
    suffixes: Suffixes,
}

impl<'w> Judging<'w, '_> {
    fn at(&mut self, link: usize) -> Step {
        let name = self.trail.links[link].clone();
        let mut verdict = (None, Matched::default());
        if link > 0 {
            // The target of a DNAME is no link, but may be closed as one.
            if let Some(dname) = &self.trail.aliases[link - 1].dname {
                let (closes, matched) = self.by_name(dname.as_name());
                if matches!(closes, Some(Verdict::Block(_) | Verdict::Monitor(_)))
                    && self.apply(link, dname, closes, matched) == Step::Ends
                {
                    return Step::Ends;
                }
            }
            verdict = self.by_name(name.as_name());
        }
        let (verdict, matched) = verdict;
        if verdict.as_ref().is_some_and(comes_before_zones) {
            return self.apply(link, &name, verdict, matched);
        }
        let is_closed = verdict.is_some();
        match self.by_zones(link, is_closed) {
            Zoned::Ends => return Step::Ends,
            Zoned::Opened => return Step::GoesOn,
            Zoned::GoesOn => {}
        }
        if link == 0
            && let Some(reason) = self.unless_opened
        {
            self.suffixes.fill(self.context.world.index.key(), name.as_name());
            let matched = self.context.world.index.lookup(&self.suffixes);
            return self.apply(link, &name, Some(Verdict::Block(reason)), matched);
        }
        match self.apply(link, &name, verdict, matched) {
            Step::GoesOn => self.by_likeness(link, name.as_name()),
            Step::Ends => Step::Ends,
        }
    }

    /// What lists say of the names for which a name stands. They close it, and open nothing.
    fn by_likeness(&mut self, link: usize, name: Name<'_>) -> Step {
        let PolicyContext { world, group, .. } = self.context;
        let likeness = Likeness::of(world, name);
        if let Some(carried) = &likeness.carried {
            let (verdict, matched) = self.by_name(carried.as_name());
            if matches!(verdict, Some(Verdict::Block(_) | Verdict::Monitor(_)))
                && self.apply(link, carried, verdict, matched) == Step::Ends
            {
                return Step::Ends;
            }
        }
        for (pattern, matched) in &likeness.patterns {
            self.suffixes.fill(world.index.key(), pattern.as_name());
            let verdict = decide_link(&world.policy, group, self.allowed, &self.suffixes, matched);
            if matches!(verdict, Some(Verdict::Block(_) | Verdict::Monitor(_)))
                && self.apply(link, pattern, verdict, *matched) == Step::Ends
            {
                return Step::Ends;
            }
        }
        let Some(brand) = likeness.brand.filter(|_| !is_exempt(world, group.clones, name)) else {
            return Step::GoesOn;
        };
        match self.by_name(brand.as_name()) {
            (Some(Verdict::Block(reason)), matched) if group.clones == Clones::Monitor => {
                self.apply(link, &brand, Some(Verdict::Monitor(reason)), matched)
            }
            (verdict @ Some(Verdict::Block(_) | Verdict::Monitor(_)), matched) => {
                self.apply(link, &brand, verdict, matched)
            }
            _ => Step::GoesOn,
        }
    }

    /// What school and lists say of a name.
    fn by_name(&mut self, name: Name<'_>) -> (Option<Verdict>, Matched) {
        let PolicyContext { world, group, .. } = self.context;
        self.suffixes.fill(world.index.key(), name);
        let matched = world.index.lookup(&self.suffixes);
        (decide_link(&world.policy, group, self.allowed, &self.suffixes, &matched), matched)
    }

    /// Does what school and lists say.
    fn apply(&mut self, link: usize, name: &OwnedName, verdict: Option<Verdict>, matched: Matched) -> Step {
        match verdict {
            None => {}
            Some(Verdict::Allow(reason)) => (self.allowed, self.zones_look) = (reason, false),
            Some(Verdict::Block(reason)) => {
                self.done.found = Found::Closed(Closed { link, name: name.clone(), reason, matched });
                return Step::Ends;
            }
            Some(Verdict::Monitor(reason)) => {
                let closed = Closed { link, name: name.clone(), reason, matched };
                self.done.monitored.get_or_insert(Monitored::ByLists(closed));
                // It is counted; only what is locked can still close it.
                (self.allowed, self.zones_look) = (AllowReason::OpenGroup, false);
            }
        }
        Step::GoesOn
    }

    /// What policy zones say of a link, `suffixes` being its own. `is_closed`: lists close it if no zone opens
    /// it, and that is no reason to ask outside.
    fn by_zones(&mut self, link: usize, is_closed: bool) -> Zoned {
        let Some(zones) = self.context.zones.filter(|_| self.zones_look) else { return Zoned::GoesOn };
        let world = self.context.world;
        if link > 0 {
            let early = early(&world.zones, zones, None, &self.suffixes, self.signed_wanted);
            self.done.disabled |= early.disabled;
            match early.ruling {
                Some(ruling) if !early.waits => return self.rule(Ruling { link, ..ruling }),
                Some(ruling) if is_closed && !opens(&ruling) => return Zoned::GoesOn,
                None if is_closed => return Zoned::GoesOn,
                _ => {}
            }
            if matches!(self.known, Known::Begun) && link + 1 == self.trail.links.len() {
                // Not to be told before it was asked for.
                return Zoned::Opened;
            }
        }
        let seen = Seen {
            links: &self.trail.links,
            addresses: &self.trail.addresses,
            servers: &|name| world.resolver.delegation_of(name),
        };
        let is_signed = matches!(self.known, Known::Whole { is_signed: true, .. });
        let judged = judge_zones(&world.zones, zones, self.context.address, &seen, link, is_signed);
        self.done.disabled |= judged.disabled;
        match judged.ruling {
            Some(ruling) => self.rule(ruling),
            None => Zoned::GoesOn,
        }
    }

    /// Does what the rule of a policy zone says.
    fn rule(&mut self, ruling: Ruling<'w>) -> Zoned {
        let monitors = self.context.is_monitored();
        match ruling.action {
            Action::Passthru => {
                self.zones_look = false;
                self.done.passed = Some(ruling);
                if opens(&ruling) {
                    self.allowed = AllowReason::PolicyZone;
                    return Zoned::Opened;
                }
                Zoned::GoesOn
            }
            Action::TcpOnly if monitors || self.context.transport == Transport::Stream => {
                self.zones_look = false;
                self.done.passed = Some(ruling);
                Zoned::GoesOn
            }
            _ if monitors => {
                self.done.monitored.get_or_insert(Monitored::ByZone(ruling));
                (self.allowed, self.zones_look) = (AllowReason::OpenGroup, false);
                Zoned::Opened
            }
            _ => {
                self.done.found = Found::Ruled(ruling);
                Zoned::Ends
            }
        }
    }
}

/// What came of the policy zones at a link.
enum Zoned {
    /// One decided.
    Ends,
    /// Lists have nothing more to say here.
    Opened,
    /// Lists decide.
    GoesOn,
}

/// The resolver's gate for one query: an alias is followed as long as nothing closes a name.
pub struct Judge {
    world: Arc<World>,
    client: Client,
    allowed: Allowed,
    signed_wanted: bool,
}

impl Judge {
    /// For a query whose asked name was allowed.
    pub fn new(request: Request<'_>, allowed: Allowed) -> Arc<Self> {
        let (client, signed_wanted) = (request.client, request.wants_signed());
        Arc::new(Self { world: request.moment.world.clone(), client, allowed, signed_wanted })
    }
}

impl Gate for Judge {
    fn follows(&self, asked: &OwnedName, aliases: &[Alias]) -> bool {
        let context = PolicyContext::of(&self.world, self.client, self.world.number_of(self.client));
        let trail = Trail::of_aliases(asked.as_name(), aliases);
        let judged = judge(context, self.allowed, self.signed_wanted, &trail, Known::Begun);
        matches!(judged.found, Found::Passes)
    }

    fn key(&self) -> u64 {
        let mut hasher = SipHasher13::new();
        let by_client =
            self.world.zones.of(self.world.number_of(self.client)).is_some_and(|zones| zones.by_client());
        let client = self.client.known_address().filter(|_| by_client);
        Arc::as_ptr(&self.world).hash(&mut hasher);
        (self.world.number_of(self.client), client, self.signed_wanted).hash(&mut hasher);
        (self.client.transport == Transport::Udp).hash(&mut hasher);
        (std::mem::discriminant(&self.allowed.reason), self.allowed.zones.key()).hash(&mut hasher);
        hasher.finish()
    }
}
