//! How long a connection is borne with: one that is idle, one that dawdles within a query, one that does
//! not take its answers. Time comes from outside.

use std::time::Duration;

use tokio::time::Instant;

use super::places::Places;

/// How long a client may take to accept what was answered at a time.
pub const WRITE_WAIT: Duration = Duration::from_secs(5);

/// What one connection did last.
pub struct Patience {
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

impl Patience {
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

    /// Judges it. Who waits for an answer is not idle (RFC 7766 §6.2.3), but may not dawdle either.
    pub fn judge(&self, now: Instant, places: &Places, is_waiting: bool) -> Judged {
        if let Some(stuck) = self.stuck {
            let end = stuck + WRITE_WAIT;
            return if now >= end { Judged::TooSlow } else { Judged::Look(end) };
        }
        // Places may have become scarce when we look again.
        let look = now + places.idle_when_scarce().max(Duration::from_millis(1));
        let silent_since = match self.begun {
            None if is_waiting => return Judged::Look(look),
            None => self.active,
            Some(begun) => begun,
        };
        let end = silent_since + places.idle();
        if now >= end { Judged::Enough } else { Judged::Look(end.min(look)) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::serve::Settings;

    const SECOND: Duration = Duration::from_secs(1);

    fn places() -> Arc<Places> {
        let settings = Settings { tcp_idle: 10 * SECOND, tcp_connections_max: 4, ..Settings::default() };
        Arc::new(Places::new(&settings))
    }

    /// What becomes of it after each look, until there is something: how long that takes.
    fn borne(patience: &Patience, places: &Places, is_waiting: bool) -> (Duration, Judged) {
        let start = patience.active_since();
        let mut now = start;
        for _ in 0..100 {
            match patience.judge(now, places, is_waiting) {
                Judged::Look(then) if then > now => now = then,
                judged => return (now - start, judged),
            }
        }
        (now - start, Judged::Look(now))
    }

    #[test]
    fn an_idle_connection_is_borne_with_for_its_time_and_for_a_quarter_of_it_when_places_are_scarce() {
        let places = places();
        let patience = Patience::new(Instant::now());
        assert_eq!(borne(&patience, &places, false), (10 * SECOND, Judged::Enough));
        let held: Vec<_> = (0..4).map(|_| places.admit([10, 0, 0, 1].into())).collect();
        assert_eq!(borne(&patience, &places, false), (SECOND * 5 / 2, Judged::Enough));
        drop(held);
    }

    #[test]
    fn an_idle_connection_notices_soon_that_places_have_become_scarce() {
        let places = places();
        let now = Instant::now();
        let patience = Patience::new(now);
        let Judged::Look(then) = patience.judge(now, &places, false) else { panic!("not idle for long") };
        assert!(then <= now + places.idle_when_scarce());
    }

    #[test]
    fn who_waits_is_borne_with_but_not_within_a_query() {
        let places = places();
        let mut patience = Patience::new(Instant::now());
        assert!(matches!(borne(&patience, &places, true), (_, Judged::Look(_))));
        let begun = patience.active_since() + SECOND;
        patience.begun(Some(begun));
        patience.active(begun + 2 * SECOND);
        for is_waiting in [true, false] {
            assert_eq!(borne(&patience, &places, is_waiting), (8 * SECOND, Judged::Enough));
        }
    }

    #[test]
    fn who_does_not_take_answers_is_broken_off_even_if_it_has_more_to_ask() {
        let places = places();
        let mut patience = Patience::new(Instant::now());
        patience.stuck(patience.active_since());
        patience.stuck(patience.active_since() + SECOND);
        assert_eq!(borne(&patience, &places, true), (WRITE_WAIT, Judged::TooSlow));
        patience.unstuck(patience.active_since() + SECOND);
        assert_eq!(borne(&patience, &places, false), (10 * SECOND, Judged::Enough));
    }
}
