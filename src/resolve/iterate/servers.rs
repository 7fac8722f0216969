//! What is known of each name server: how fast it answers, whether it answers at all, and what it cannot do.
//!
//! Round trips are smoothed, with their variation (RFC 6298), and decide who is asked: the fastest mostly,
//! now and then another, so that one that has become faster is found. A silent server is backed off, a little
//! longer each time; until then it is asked only when all others failed.
//!
//! Times are seconds of a clock that only goes forward.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use quick_cache::sync::Cache;

use crate::resolve::server_statistics::{BackOff, ServerStatistics};
use crate::sys::lock::Guard;

/// Servers remembered: half a megabyte.
const SERVERS_MAX: usize = 8192;
/// Pairs of server and zone that do not belong together, remembered.
const LAME_MAX: usize = 4096;
/// How long a server stays lame for a zone, in seconds.
const LAME_FOR: u64 = 900;
/// How long what a server cannot do is remembered, in seconds.
const WEAKNESS_FOR: u64 = 900;
/// How long a server that was never asked is waited for: longer than most of the world is away.
const TIMEOUT_FIRST: Duration = Duration::from_millis(376);
/// The bounds of the timeout of one datagram.
const TIMEOUT_MIN: Duration = Duration::from_millis(60);
const TIMEOUT_MAX: Duration = Duration::from_millis(2400);
/// A server that was never asked counts as this fast, in µs: worth a try before the slow ones.
const UNKNOWN_US: u32 = 60_000;
/// A server is backed off after two silences in a row, for two seconds at first, for two minutes at most.
const BACK_OFF: BackOff = BackOff { after: 2, first: 2, most: 120 };

/// One server.
#[derive(Default)]
pub struct Server {
    statistics: ServerStatistics,
    /// Until when it is asked without EDNS, and without letters of mixed case.
    no_edns_until: AtomicU64,
    one_case_until: AtomicU64,
    /// Until when it is asked over TCP from the start.
    tcp_only_until: AtomicU64,
    /// Its cookie (RFC 7873), at most 32 octets.
    cookie: std::sync::Mutex<Option<Box<[u8]>>>,
}

impl Server {
    /// A question goes out.
    pub fn asked(&self) {
        self.statistics.asked();
    }

    /// An answer came, whatever it says.
    pub fn answered(&self, took: Duration) {
        self.statistics.answered(took);
    }

    /// What it said was of no use.
    pub fn failed(&self) {
        self.statistics.failed();
    }

    /// No answer came in time.
    pub fn silent(&self, now: u64) {
        self.statistics.failed();
        self.statistics.back_off(now, &BACK_OFF);
    }

    /// Nobody is there, says the network.
    pub fn unreachable(&self, now: u64) {
        self.statistics.at_least(BACK_OFF.after);
        self.silent(now);
    }

    /// How long to wait for a datagram's answer before another is asked.
    pub fn time_limit(&self) -> Duration {
        let of_rtt = |rtt| rtt + 4 * self.statistics.variation();
        let base = self.statistics.rtt().map_or(TIMEOUT_FIRST, of_rtt);
        let doubled = base.saturating_mul(1 << self.silences().min(4));
        doubled.clamp(TIMEOUT_MIN, TIMEOUT_MAX)
    }

    /// What to ask first: the smaller. Those backed off come last; `chance` mixes the others.
    pub fn score(&self, now: u64, chance: u32) -> (bool, u32) {
        let unknown = || UNKNOWN_US / 2 + chance % UNKNOWN_US;
        let rtt = self.statistics.rtt().map_or_else(unknown, |rtt| rtt.as_micros() as u32);
        // A fifth to one side or the other: servers that are about as fast share the load.
        let mixed = u64::from(rtt) * u64::from(80 + chance % 41) / 100;
        (self.statistics.is_backed_off(now), mixed as u32)
    }

    /// Whether it is asked with EDNS.
    pub fn knows_edns(&self, now: u64) -> bool {
        self.no_edns_until.load(Relaxed) <= now
    }

    /// It answers without EDNS what it does not answer with it.
    pub fn knows_no_edns(&self, now: u64) {
        self.no_edns_until.store(now + WEAKNESS_FOR, Relaxed);
    }

    /// Whether it gives the letters of a question back as they were.
    pub fn keeps_case(&self, now: u64) -> bool {
        self.one_case_until.load(Relaxed) <= now
    }

    /// It does not.
    pub fn changes_case(&self, now: u64) {
        self.one_case_until.store(now + WEAKNESS_FOR, Relaxed);
    }

    /// Whether datagrams do not reach it, or its answers not us.
    pub fn is_tcp_only(&self, now: u64) -> bool {
        self.tcp_only_until.load(Relaxed) > now
    }

    /// It has answered over TCP, and no datagram ever.
    pub fn set_tcp_only(&self, now: u64) {
        self.tcp_only_until.store(now + WEAKNESS_FOR, Relaxed);
        self.statistics.forgive();
    }

    /// The cookie that it gave.
    pub fn cookie(&self) -> Option<Box<[u8]>> {
        self.lock_cookie().clone()
    }

    /// It gave this cookie.
    pub fn set_cookie(&self, cookie: &[u8]) {
        let mut held = self.lock_cookie();
        if held.as_deref() != Some(cookie) {
            *held = Some(cookie.into());
        }
    }

    fn lock_cookie(&self) -> std::sync::MutexGuard<'_, Option<Box<[u8]>>> {
        // One assignment cannot leave half a cookie.
        self.cookie.guard()
    }

    /// Questions sent.
    pub fn queries(&self) -> u64 {
        self.statistics.queries()
    }

    /// Tries without a useful answer.
    pub fn failures(&self) -> u64 {
        self.statistics.failures()
    }

    /// Silences since the last answer.
    pub fn silences(&self) -> u32 {
        self.statistics.in_a_row()
    }

    /// Smoothed round trip; `None` before the first answer.
    pub fn rtt(&self) -> Option<Duration> {
        self.statistics.rtt()
    }
}

/// All servers met.
pub struct Servers {
    met: Cache<IpAddr, Arc<Server>>,
    lame: Cache<(IpAddr, Box<[u8]>), u64>,
}

impl Default for Servers {
    fn default() -> Self {
        Self { met: Cache::new(SERVERS_MAX), lame: Cache::new(LAME_MAX) }
    }
}

impl Servers {
    /// What is known of one.
    pub fn of(&self, address: IpAddr) -> Arc<Server> {
        let new = || Ok::<_, std::convert::Infallible>(Arc::new(Server::default()));
        match self.met.get_or_insert_with(&address, new) {
            Ok(server) => server,
            Err(never) => match never {},
        }
    }

    /// A server said that it does not serve the zone, or could not answer for it.
    pub fn set_lame(&self, address: IpAddr, zone: &[u8], now: u64) {
        self.lame.insert((address, zone.into()), now + LAME_FOR);
    }

    /// Whether it said so lately.
    pub fn is_lame(&self, address: IpAddr, zone: &[u8], now: u64) -> bool {
        !self.lame.is_empty()
            && self
                .lame
                .get(&(address, zone.into()))
                .is_some_and(|until| now < until && until <= now + LAME_FOR)
    }

    /// Every server met, for the status.
    pub fn all(&self) -> impl Iterator<Item = (IpAddr, Arc<Server>)> + '_ {
        self.met.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_silent_twice_is_backed_off_and_who_answers_is_not() {
        let server = Server::default();
        server.answered(Duration::from_millis(20));
        server.silent(100);
        assert!(!server.score(100, 0).0);
        server.silent(100);
        assert!(server.score(101, 0).0, "it is backed off");
        assert!(!server.score(102, 0).0, "two seconds at first");
        for _ in 0..20 {
            server.silent(200);
        }
        assert!(server.score(200 + BACK_OFF.most - 1, 0).0);
        assert!(!server.score(200 + BACK_OFF.most, 0).0, "and never longer than that");
        server.answered(Duration::from_millis(20));
        assert!(!server.score(200, 0).0);
    }

    #[test]
    fn timeouts_follow_the_round_trip_within_bounds() {
        let server = Server::default();
        assert_eq!(server.time_limit(), TIMEOUT_FIRST);
        server.answered(Duration::from_millis(100));
        assert_eq!(server.time_limit(), Duration::from_millis(300), "100 and four times 50");
        for _ in 0..50 {
            server.answered(Duration::from_millis(100));
        }
        assert!(server.time_limit() < Duration::from_millis(150), "{:?}", server.time_limit());
        for _ in 0..9 {
            server.silent(0);
        }
        assert!(server.time_limit() <= TIMEOUT_MAX);
    }

    #[test]
    fn the_faster_is_asked_first_and_the_unknown_has_its_chance() {
        let (fast, slow, unknown) = (Server::default(), Server::default(), Server::default());
        fast.answered(Duration::from_millis(5));
        slow.answered(Duration::from_millis(150));
        for chance in 0..200 {
            assert!(fast.score(0, chance) < slow.score(0, 199 - chance));
            assert!(unknown.score(0, chance) < slow.score(0, 0));
        }
    }

    #[test]
    fn weaknesses_and_lameness_are_forgotten_after_a_while() {
        let server = Server::default();
        server.knows_no_edns(10);
        assert!(!server.knows_edns(10 + WEAKNESS_FOR - 1));
        assert!(server.knows_edns(10 + WEAKNESS_FOR));
        assert!(!server.is_tcp_only(10));
        server.silent(10);
        server.set_tcp_only(10);
        assert!(server.is_tcp_only(10 + WEAKNESS_FOR - 1) && !server.is_tcp_only(10 + WEAKNESS_FOR));
        assert_eq!(server.silences(), 0, "it answers");
        let servers = Servers::default();
        let (address, zone) = ("192.0.2.1".parse().unwrap(), b"\x07example\0");
        assert!(!servers.is_lame(address, zone, 5));
        servers.set_lame(address, zone, 5);
        assert!(servers.is_lame(address, zone, 5) && !servers.is_lame(address, b"\0", 5));
        assert!(!servers.is_lame(address, zone, 5 + LAME_FOR));
    }

    #[test]
    fn the_servers_remembered_are_bounded() {
        let servers = Servers::default();
        for n in 0..20_000u32 {
            servers.of(IpAddr::from(n.to_be_bytes()));
        }
        assert!(servers.all().count() <= SERVERS_MAX);
    }
}
