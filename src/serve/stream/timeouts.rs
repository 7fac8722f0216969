//! Timeouts of a connection: one that is idle, one that is slow within a query, one that does not take its answers.
//! Time is an argument.

use std::time::Duration;

use tokio::time::Instant;

use super::connection_limit::ConnectionLimit;

/// How long a client may take to accept what was answered at a time.
pub const WRITE_WAIT: Duration = Duration::from_secs(5);

/// What one connection did last.
pub struct Timeouts {
    /// When it last asked a whole query, or took an answer.
    active: Instant,
    /// When the query began of which the rest is missing.
    begun: Option<Instant>,
    /// When it stopped taking answers.
    stuck: Option<Instant>,
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Nothing until then.
    Look(Instant),
    /// It is to end; what waits is still answered.
    Enough,
    /// It is broken off: nobody takes the answers.
    TooSlow,
}

impl Timeouts {
    /// With a connection that begins now.
    pub fn new(now: Instant) -> Self {
        Self { active: now, begun: None, stuck: None }
    }

    /// It asked, or took an answer.
    pub fn active(&mut self, now: Instant) {
        self.active = now;
    }

    /// Part of a query is there since now; or, if `since` is `None`, no part of any.
    pub fn begun(&mut self, since: Option<Instant>) {
        self.begun = since;
    }

    /// It does not take more answers now.
    pub fn stuck(&mut self, now: Instant) {
        self.stuck.get_or_insert(now);
    }

    /// It took all answers.
    pub fn unstuck(&mut self, now: Instant) {
        self.stuck = None;
        self.active = now;
    }

    /// Whether it has answers to take.
    pub fn is_stuck(&self) -> bool {
        self.stuck.is_some()
    }

    /// When it last did anything.
    pub fn active_since(&self) -> Instant {
        self.active
    }

    /// What becomes of it now. A client that waits for an answer is not idle (RFC 7766 §6.2.3), but may not be slow
    /// within a query either.
    pub fn judge(&self, now: Instant, limit: &ConnectionLimit, is_waiting: bool) -> Judged {
        if let Some(stuck) = self.stuck {
            let end = stuck + WRITE_WAIT;
            return if now >= end { Judged::TooSlow } else { Judged::Look(end) };
        }
        // The limit may be near when we look again.
        let look = now + limit.idle_when_scarce().max(Duration::from_millis(1));
        let silent_since = match self.begun {
            None if is_waiting => return Judged::Look(look),
            None => self.active,
            Some(begun) => begun,
        };
        let end = silent_since + limit.idle();
        if now >= end { Judged::Enough } else { Judged::Look(end.min(look)) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::serve::Settings;

    const SECOND: Duration = Duration::from_secs(1);

    fn limit() -> Arc<ConnectionLimit> {
        let settings = Settings { tcp_idle: 10 * SECOND, tcp_connections_max: 4, ..Settings::default() };
        Arc::new(ConnectionLimit::new(&settings))
    }

    /// What becomes of it after each look, until there is something: how long that takes.
    fn borne(timeouts: &Timeouts, limit: &ConnectionLimit, is_waiting: bool) -> (Duration, Judged) {
        let start = timeouts.active_since();
        let mut now = start;
        for _ in 0..100 {
            match timeouts.judge(now, limit, is_waiting) {
                Judged::Look(then) if then > now => now = then,
                judged => return (now - start, judged),
            }
        }
        (now - start, Judged::Look(now))
    }

    #[test]
    fn an_idle_connection_is_borne_with_for_its_time_and_for_a_quarter_of_it_when_places_are_scarce() {
        let limit = limit();
        let timeouts = Timeouts::new(Instant::now());
        assert_eq!(borne(&timeouts, &limit, false), (10 * SECOND, Judged::Enough));
        let held: Vec<_> = (0..4).map(|_| limit.admit([10, 0, 0, 1].into())).collect();
        assert_eq!(borne(&timeouts, &limit, false), (SECOND * 5 / 2, Judged::Enough));
        drop(held);
    }

    #[test]
    fn an_idle_connection_notices_soon_that_places_have_become_scarce() {
        let limit = limit();
        let now = Instant::now();
        let timeouts = Timeouts::new(now);
        let Judged::Look(then) = timeouts.judge(now, &limit, false) else { panic!("not idle for long") };
        assert!(then <= now + limit.idle_when_scarce());
    }

    #[test]
    fn who_waits_is_borne_with_but_not_within_a_query() {
        let limit = limit();
        let mut timeouts = Timeouts::new(Instant::now());
        assert!(matches!(borne(&timeouts, &limit, true), (_, Judged::Look(_))));
        let begun = timeouts.active_since() + SECOND;
        timeouts.begun(Some(begun));
        timeouts.active(begun + 2 * SECOND);
        for is_waiting in [true, false] {
            assert_eq!(borne(&timeouts, &limit, is_waiting), (8 * SECOND, Judged::Enough));
        }
    }

    #[test]
    fn who_does_not_take_answers_is_broken_off_even_if_it_has_more_to_ask() {
        let limit = limit();
        let mut timeouts = Timeouts::new(Instant::now());
        timeouts.stuck(timeouts.active_since());
        timeouts.stuck(timeouts.active_since() + SECOND);
        assert_eq!(borne(&timeouts, &limit, true), (WRITE_WAIT, Judged::TooSlow));
        timeouts.unstuck(timeouts.active_since() + SECOND);
        assert_eq!(borne(&timeouts, &limit, false), (10 * SECOND, Judged::Enough));
    }
}
