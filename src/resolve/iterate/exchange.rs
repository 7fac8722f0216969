//! One question to one server, until it is answered or it is plain that it will not be: over UDP, over TCP
//! where that is too small or not to be trusted, without EDNS where that is not understood.

use std::net::IpAddr;
use std::time::Duration;

use super::Recursor;
use super::budget::Job;
use super::io::{ExchangeError, Io, Way};
use super::question::{self, CLIENT_COOKIE, Extras, Matches, Writing};
use super::reply::rcode;
use super::servers::Server;
use crate::dns::header::Flags;
use crate::dns::name::Name;
use crate::dns::rcode::Rcode;
use crate::dns::rrtype::RrType;

/// How long a connection is waited for: the handshake takes a round trip more.
const TCP_TIMEOUT_MIN: Duration = Duration::from_millis(1500);

/// Why a server's answer was not had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nothing came.
    Silent,
    /// Nothing listens there, or no way leads there.
    Unreachable,
    /// Something came over a connection of this question's own that does not answer it.
    Unusable,
    /// The question may cost no more messages.
    Spent,
}

/// How a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As is known to be good for it.
    Usual,
    /// Without EDNS, whatever is known of it.
    Plain,
    /// Over a connection from the start.
    ByTcp,
}

/// What is asked of one server.
#[derive(Clone, Copy)]
pub struct Wanted<'q> {
    pub name: Name<'q>,
    pub kind: RrType,
    pub manner: Manner,
}

impl<O: Io> Recursor<O> {
    /// Asks `address`, and waits for `time_limit` for each datagram.
    pub(super) async fn exchange(
        &self,
        address: IpAddr,
        server: &Server,
        wanted: Wanted<'_>,
        time_limit: Duration,
        job: &Job,
    ) -> Result<Vec<u8>, NoAnswer> {
        let seconds = self.io.elapsed().as_secs();
        let mut edns = wanted.manner != Manner::Plain && server.knows_edns(seconds);
        let mut fell_back = false;
        let mut way = if wanted.manner == Manner::ByTcp { Way::Tcp } else { Way::Udp };
        // Each turn changes one thing, and never back: EDNS off, cookie new, TCP.
        for _ in 0..4 {
            let chance = self.io.chance();
            // Over TCP the handshake proves the address; letters in mixed case add nothing to that.
            let mixes = self.settings.mix_case && way == Way::Udp && server.keeps_case(seconds);
            let cookie = edns.then(|| self.cookie_for(address, server)).flatten();
            let extras = edns.then(|| Extras {
                payload: self.settings.edns_size,
                dnssec_ok: true,
                cookie: cookie.clone(),
            });
            let case = if mixes { self.io.chance() | 1 } else { 0 };
            let writing =
                Writing { id: chance as u16, recursion: false, checking_disabled: false, case, extras };
            let query = question::write(wanted.name, wanted.kind, &writing);
            // Counted before it is sent: a server that makes us ask again and again is paid for by the question that
            // led to it.
            if !job.spend_message() {
                return Err(NoAnswer::Spent);
            }
            server.asked();
            let time_limit = if way == Way::Tcp { time_limit.max(TCP_TIMEOUT_MIN) } else { time_limit };
            let begun = self.io.elapsed();
            let answer = match self.io.exchange(address, query.clone(), way, time_limit).await {
                Ok(answer) => answer,
                // Somebody guesses, or the path is broken; either way no datagram from there is to be believed now.
                Err(ExchangeError::Mismatched) if way == Way::Udp => {
                    way = Way::Tcp;
                    continue;
                }
                Err(ExchangeError::Unreachable) => {
                    server.unreachable(seconds);
                    return Err(NoAnswer::Unreachable);
                }
                Err(ExchangeError::Mismatched) => {
                    server.failed();
                    return Err(NoAnswer::Unusable);
                }
                Err(ExchangeError::TimedOut) => {
                    server.silent(seconds);
                    return Err(NoAnswer::Silent);
                }
            };
            // A connection's time has the handshake in it, and says nothing of how long a datagram takes.
            if way == Way::Udp {
                server.answered(self.io.elapsed().saturating_sub(begun));
            }
            if mixes && question::is_answer(&query, &answer) != Matches::Yes {
                // Either it changes letters, or somebody else answers for it: a connection tells.
                server.changes_case(seconds);
                way = Way::Tcp;
                continue;
            }
            let code = rcode(&answer);
            if edns && matches!(code, Rcode::FORM_ERR | Rcode::NOT_IMP | Rcode::BAD_VERS) {
                // EDNS, or its options, are beyond it (RFC 6891 §7).
                edns = false;
                fell_back = true;
                continue;
            }
            if let Some(ours) = &cookie {
                match question::cookie(&answer) {
                    Some(theirs)
                        if theirs.len() > CLIENT_COOKIE
                            && theirs[..CLIENT_COOKIE] == ours[..CLIENT_COOKIE] =>
                    {
                        server.set_cookie(&theirs[CLIENT_COOKIE..]);
                    }
                    // It knows cookies, and this answer has none, or not ours: not to be trusted over UDP.
                    _ if ours.len() > CLIENT_COOKIE && way == Way::Udp => {
                        way = Way::Tcp;
                        continue;
                    }
                    _ => {}
                }
                if code == Rcode::BAD_COOKIE {
                    // Its new cookie is known by now (RFC 7873 §5.3). That ours was refused once more may be an
                    // attack on the cookie itself: a connection needs none.
                    if ours.len() > CLIENT_COOKIE {
                        way = Way::Tcp;
                    }
                    continue;
                }
            }
            if Flags::of(&answer).has(Flags::TC) && way == Way::Udp {
                way = Way::Tcp;
                continue;
            }
            // Only a sound answer shows that it was EDNS that it could not read, and not the question.
            if fell_back && matches!(code, Rcode::NO_ERROR | Rcode::NX_DOMAIN) {
                server.knows_no_edns(seconds);
            }
            if wanted.manner == Manner::ByTcp && server.rtt().is_none() {
                server.set_tcp_only(seconds);
            }
            return Ok(answer);
        }
        server.failed();
        Err(NoAnswer::Silent)
    }

    /// The cookies for a server: ours, which differs from server to server, and its own.
    fn cookie_for(&self, address: IpAddr, server: &Server) -> Option<Vec<u8>> {
        self.settings.cookies.then(|| {
            let mut cookie = self.client_cookie(address).to_vec();
            cookie.extend_from_slice(&server.cookie().unwrap_or_default());
            cookie
        })
    }
}
