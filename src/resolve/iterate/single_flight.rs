//! What several questions need at the same time is asked once: after a restart a school's first names all want
//! the same top-level domain, the same delegation and the same keys.
//!
//! The first runs the errand; the others wait until it is back, look at what is known then, and go themselves
//! where that does not help. Nobody waits for long, and nobody for an errand of the same question: errands that
//! wait for one another in a circle, as glueless zones can be built to, only lose that time.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::watch;

use super::Seeker;
use super::budget::Job;
use super::outside::Outside;
use crate::dns::name::{Name, OwnedName};

/// Errands told apart; beyond that everybody goes alone.
const RUNNING_MAX: usize = 10_000;

/// How long one question waits for another that asks the same: most servers answer sooner.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// A question to the servers of a zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Errand {
    zone: OwnedName,
    name: OwnedName,
    kind: u16,
}

/// Somebody who runs one.
struct Runner {
    /// Of which client's question.
    job: usize,
    back: watch::Receiver<()>,
}

/// The errands that are being run.
#[derive(Default)]
pub struct Errands {
    running: Mutex<HashMap<Errand, Runner>>,
}

/// Whose turn it is.
enum Turn<'e> {
    /// One's own, as long as this is kept.
    Own(Running<'e>),
    /// Somebody else's. The other end goes away as soon as they are back, however that went.
    Others(watch::Receiver<()>),
    /// Nobody's: everyone goes, and nobody waits.
    Any,
}

/// What follows when somebody else asked the same: a look at what is known now.
pub struct Waited {
    /// Whether they are back, or were only waited for as long as is sensible.
    pub is_back: bool,
}

/// Tells those who wait, when it is dropped.
pub struct Running<'e> {
    errands: &'e Errands,
    errand: Errand,
    _back: watch::Sender<()>,
}

impl Errands {
    /// Whose turn it is to ask `zone` for `kind` at `name`; `job` tells one client's question from another's.
    fn turn(&self, zone: Name<'_>, name: Name<'_>, kind: u16, job: usize) -> Turn<'_> {
        let errand = Errand { zone: zone.to_owned(), name: name.to_owned(), kind };
        let mut running = self.lock();
        match running.get(&errand) {
            Some(runner) if runner.job == job => Turn::Any,
            Some(runner) => Turn::Others(runner.back.clone()),
            None if running.len() >= RUNNING_MAX => Turn::Any,
            None => {
                let (_back, back) = watch::channel(());
                running.insert(errand.clone(), Runner { job, back });
                Turn::Own(Running { errands: self, errand, _back })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Errand, Runner>> {
        // Each use is one call on the map, so a panic elsewhere leaves it whole.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Outside> Seeker<O> {
    /// One's turn to ask `zone` for `kind` at `name`, which lasts until what is found is where the others look;
    /// or the end of waiting for who asks the same.
    pub(super) async fn take_turn(
        &self,
        zone: Name<'_>,
        name: Name<'_>,
        kind: u16,
        job: &Job,
    ) -> Result<Option<Running<'_>>, Waited> {
        match self.errands.turn(zone, name, kind, job.id()) {
            Turn::Own(running) => Ok(Some(running)),
            Turn::Any => Ok(None),
            Turn::Others(mut back) => {
                let (back, long) = (pin!(back.changed()), pin!(self.outside.pause(WAIT_MAX)));
                Err(Waited { is_back: matches!(select(back, long).await, Either::Left(_)) })
            }
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.errands.lock().remove(&self.errand);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::rdata::rtype;

    fn name(text: &str) -> OwnedName {
        OwnedName::parse(text).unwrap()
    }

    #[test]
    fn one_goes_and_the_others_hear_when_it_is_back() {
        let errands = Errands::default();
        let (zone, asked) = (name("example"), name("www.example"));
        let turn = |job| errands.turn(zone.as_name(), asked.as_name(), rtype::A, job);
        let Turn::Own(running) = turn(1) else { panic!("the first goes") };
        let Turn::Others(back) = turn(2) else { panic!("the second waits") };
        assert!(matches!(turn(1), Turn::Any), "nobody waits for oneself");
        let other_kind = errands.turn(zone.as_name(), asked.as_name(), rtype::AAAA, 2);
        assert!(matches!(other_kind, Turn::Own(_)));
        assert!(back.has_changed().is_ok(), "still away");
        drop(running);
        assert!(back.has_changed().is_err(), "back");
        assert!(matches!(turn(2), Turn::Own(_)), "the next may go");
        assert!(matches!(turn(3), Turn::Own(_)), "and nothing stays behind");
    }

    #[test]
    fn errands_are_bounded() {
        let errands = Errands::default();
        let zone = name("example");
        let mut kept = Vec::new();
        for at in 0..RUNNING_MAX {
            let asked = name(&format!("n{at}.example"));
            let Turn::Own(running) = errands.turn(zone.as_name(), asked.as_name(), rtype::A, at) else {
                panic!("a place is left")
            };
            kept.push(running);
        }
        let turn = || errands.turn(zone.as_name(), zone.as_name(), rtype::A, 0);
        assert!(matches!(turn(), Turn::Any));
        kept.pop();
        assert!(matches!(turn(), Turn::Own(_)));
    }
}
