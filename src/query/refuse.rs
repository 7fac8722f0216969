//! Packets that get no answer of their own: what is no question, who does not desire recursion, who waits beyond bounds.

use super::client::{Client, Refusal};
use super::counters::Counters;
use super::pending::{PendingQuery, Shed};
use super::request::limit;
use super::texts::ErrorTexts;
use super::worker::WorkerState;
use super::{Outcome, Responder, World};
use crate::dns::ede::EdeCode;
use crate::dns::name::HEADER;
use crate::dns::question::{Question, Refused};
use crate::dns::rcode::Rcode;
use crate::dns::reply::{Error, Reply};
use crate::rpz::transfer::notify;

impl Responder {
    /// Writes the answer to a packet that is no question we answer. Who may not ask learns no more than
    /// that, whatever was asked.
    pub(super) fn refuse(
        &self,
        world: &World,
        worker: &WorkerState,
        refused: Refused,
        packet: &[u8],
        client: Client,
        out: &mut Vec<u8>,
    ) -> Outcome {
        if refused == Refused::NotImp && self.announced(world, packet, client, out) {
            return Outcome::Ready;
        }
        if matches!(refused, Refused::Silent | Refused::FormErr) {
            Counters::add(&worker.counters.malformed);
        }
        let rcode = match refused {
            Refused::Silent => return Outcome::Silent,
            Refused::FormErr => Rcode::FORM_ERR,
            Refused::NotImp => Rcode::NOT_IMP,
            Refused::BadVers => Rcode::BAD_VERS,
            Refused::Refused => Rcode::REFUSED,
        };
        let (rcode, errors) = if world.limits.access.allows(client.address) {
            (rcode, &[][..])
        } else {
            Counters::add(&worker.counters.refused);
            if world.limits.access.refusal() == Refusal::Drop {
                return Outcome::Silent;
            }
            (Rcode::REFUSED, &[Error::new(EdeCode::Prohibited, "")][..])
        };
        match client.read(packet) {
            Ok(question) => {
                Reply::to(&question, rcode, out).finish(limit(&question, client.transport), errors)
            }
            Err(_) => Reply::to_header(packet, rcode, out).finish(HEADER, &[]),
        };
        Outcome::Ready
    }

    /// Takes a primary's announcement that its policy zone has changed, and writes the answer. `false`: it
    /// is none that we listen to.
    fn announced(&self, world: &World, packet: &[u8], client: Client, out: &mut Vec<u8>) -> bool {
        if world.announced.is_empty() || !notify::is_notify(packet) {
            return false;
        }
        notify::take(&world.announced, packet, client.address, self.now(), out)
    }

    /// Writes the answer to a query that does not get, or loses, its place among those that wait.
    pub fn turn_away(&self, query: &PendingQuery, why: Shed, out: &mut Vec<u8>) {
        let counters = &self.counters.shared;
        Counters::add(&counters.shed);
        if why == Shed::OverShare {
            Counters::add(&counters.over_share);
        }
        if let Ok(question) = query.question() {
            write_shed(&question, &query.world.limits.texts, out);
        }
    }
}

/// Answers who does not desire recursion, which is all that there is to be had here (RFC 8914 §4.21).
pub(super) fn refuse_without_recursion(question: &Question<'_>, limit: usize, out: &mut Vec<u8>) {
    let error = Error::new(EdeCode::NotAuthoritative, "");
    Reply::to(question, Rcode::REFUSED, out).finish(limit, &[error]);
}

/// Short enough for every way.
fn write_shed(question: &Question<'_>, texts: &ErrorTexts, out: &mut Vec<u8>) {
    let error = Error::new(EdeCode::Other, texts.shed());
    Reply::to(question, Rcode::SERV_FAIL, out).finish(question.udp_limit(), &[error]);
}
