//! The resolver against small internets on loopback: one promise each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_resolver::proto::op::{Message, ResponseCode};

use super::settings::Settings;
use super::{Answer, Ask, Resolver};
use crate::dns::ede::EdeCode;
use crate::dns::rcode::Rcode;
use crate::resolve::reason::Reason;
use world::{Manner, Server, World, a, ask, zone};

mod forwarding;
mod inside;
mod recursion;
mod signed;
mod world;

/// What an answer says, in a line: `NOERROR www.example. A 198.51.100.7`.
fn said(answer: &Answer) -> String {
    let message = Message::from_vec(&answer.wire).expect("an answer is a message");
    let records: Vec<String> = message
        .answers
        .iter()
        .map(|record| format!("{} {} {}", record.name, record.record_type(), record.data))
        .collect();
    let code = match answer.rcode {
        Rcode::NO_ERROR => "NOERROR",
        Rcode::NX_DOMAIN => "NXDOMAIN",
        Rcode::SERV_FAIL => "SERVFAIL",
        other => panic!("{other:?}"),
    };
    let soa =
        if message.authorities.iter().any(|record| record.record_type().is_soa()) { " +soa" } else { "" };
    std::iter::once(code.to_owned()).chain(records).collect::<Vec<_>>().join(" ") + soa
}

fn ede(answer: &Answer) -> Option<EdeCode> {
    answer.ede.map(Reason::ede)
}
