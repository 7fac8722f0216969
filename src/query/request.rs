//! One query with all that is known of it: found once, passed everywhere.

use std::net::IpAddr;

use super::client::{Client, Transport};
use super::world::{Moment, World};
use crate::dns::question::Question;
use crate::i18n::Lang;
use crate::model::verdict::{AllowReason, BlockReason};
use crate::policy::{Group, Mode};
use crate::resolve::cache::{Hit, Stamp};
use crate::rpz::zones::GroupZones;

/// What is in force for a client: what names are judged by.
#[derive(Clone, Copy)]
pub struct PolicyContext<'w> {
    /// The snapshot.
    pub world: &'w World,
    /// The client's group.
    pub group: &'w Group,
    /// The group's number in the snapshot's policy.
    pub number: usize,
    /// The policy zones of the group; `None`: there are none.
    pub zones: Option<&'w GroupZones>,
    /// The client's address; `None` where a check asks for a whole group.
    pub address: Option<IpAddr>,
    /// The client's transport.
    pub transport: Transport,
}

impl<'w> PolicyContext<'w> {
    /// For a client of group number `number`.
    pub fn of(world: &'w World, client: Client, number: usize) -> Self {
        Self {
            world,
            group: world.policy.numbered(number),
            number,
            zones: world.zones.of(number),
            address: client.known_address(),
            transport: client.transport,
        }
    }

    /// Whether what would be blocked is only counted.
    pub fn is_monitored(&self) -> bool {
        self.group.mode == Mode::Monitor
    }
}

/// One query.
#[derive(Clone, Copy)]
pub struct Request<'q> {
    /// What is asked.
    pub question: &'q Question<'q>,
    /// Who asks.
    pub client: Client,
    /// What is in force for the client.
    pub context: PolicyContext<'q>,
    /// The snapshot and the time.
    pub moment: &'q Moment,
}

impl<'q> Request<'q> {
    /// A query of a client of group number `number`.
    pub fn of(moment: &'q Moment, question: &'q Question<'q>, client: Client, number: usize) -> Self {
        Self { question, client, context: PolicyContext::of(&moment.world, client, number), moment }
    }

    /// The same query with another question, such as the target of a rewrite.
    pub fn asking(&self, question: &'q Question<'q>) -> Self {
        Self { question, ..*self }
    }

    /// The same query with the time of `moment`, whose snapshot must be the same.
    pub fn at(&self, moment: &'q Moment) -> Self {
        Self { moment, ..*self }
    }

    /// The snapshot.
    pub fn world(&self) -> &'q World {
        self.context.world
    }

    /// Writes the answer that `hit` holds.
    pub(super) fn write(&self, hit: &Hit, out: &mut Vec<u8>) {
        hit.write(self.question, self.moment.now, self.lang(), out, self.limit());
    }

    /// Writes the answer that `hit` holds to its end, however long it is, to be read here.
    pub(super) fn write_whole(&self, hit: &Hit, out: &mut Vec<u8>) {
        hit.write(self.question, self.moment.now, self.lang(), out, usize::from(u16::MAX));
    }

    /// The language of texts that go out.
    fn lang(&self) -> Lang {
        self.world().limits.texts.lang()
    }

    /// Octets that the response may have.
    pub fn limit(&self) -> usize {
        limit(self.question, self.client.transport)
    }

    /// Whether the client gets signatures that it does not check itself.
    pub fn wants_signed(&self) -> bool {
        self.question.dnssec_ok() && !self.question.checking_disabled()
    }
}

/// Octets that the response to a question may have.
pub(super) fn limit(question: &Question<'_>, transport: Transport) -> usize {
    match transport {
        Transport::Udp => question.udp_limit(),
        Transport::Stream => usize::from(u16::MAX),
    }
}

/// Why the asked name is allowed, and what policy zones have still to say of the query.
#[derive(Clone, Copy, Debug)]
pub struct Allowed {
    /// Why the asked name is allowed.
    pub reason: AllowReason,
    /// What policy zones have still to say.
    pub zones: ZonesLeft,
}

impl Allowed {
    /// Allowed, and policy zones have nothing more to say.
    pub fn finally(reason: AllowReason) -> Self {
        Self { reason, zones: ZonesLeft::NONE }
    }
}

/// What zones have still to say of a request.
#[derive(Clone, Copy, Debug)]
pub struct ZonesLeft {
    pub(super) look: Look,
    /// Disabled zones that were counted already.
    pub(super) told: u64,
    /// The block that holds unless a zone opens the name.
    pub(super) unless_opened: Option<BlockReason>,
    /// Whether everybody in the group gets the same, also the next time.
    pub(super) may_keep: bool,
}

/// Whether the answer is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// No: there are no zones, or they have decided.
    Done,
    /// Where its stamp says that a zone has a rule for it.
    IfMarked,
    /// In any case: the question has a rule, and an earlier zone may have another for the answer.
    InAnyCase,
}

impl ZonesLeft {
    /// Nothing.
    pub const NONE: Self = Self { look: Look::Done, told: 0, unless_opened: None, may_keep: true };

    /// A number that tells apart what is left to be looked at.
    pub(super) fn key(&self) -> u8 {
        self.look as u8 | u8::from(self.unless_opened.is_some()) << 4
    }

    /// Whether the zones are to be asked about an answer with this stamp.
    pub(super) fn looks(&self, request: Request<'_>, stamp: Stamp) -> bool {
        match self.look {
            Look::Done => false,
            Look::InAnyCase => true,
            Look::IfMarked => request.context.zones.is_some_and(|zones| zones.has_any_of(stamp.zones)),
        }
    }
}
