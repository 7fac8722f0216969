//! Whether answers can be had: judged by what became of the last minutes' questions, and where these say too
//! little, by asking one question that always has an answer.
//!
//! One odd name, or a client that asks for it all day, is no trouble: domains count, each once. A few domains
//! that fail are only a trouble when the root's SOA cannot be had either.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::watch as signal;
use tracing::{info, warn};

use super::App;
use crate::i18n::{Message, msg};
use crate::query::outcomes::Recent;
use crate::resolve::cause::Cause;
use crate::sys::lock::Guard;

/// How often the last minutes are looked at.
const LOOK: Duration = Duration::from_secs(15);
/// How long the result of a trial counts.
const TRIAL_COUNTS: Duration = Duration::from_secs(5);
/// So often forwarders are asked for signatures: where it is not known, where some send none, and else.
const SIGNATURES_UNKNOWN: Duration = Duration::from_secs(3);
const SIGNATURES_MISSING: Duration = Duration::from_secs(60);
const SIGNATURES_KNOWN: Duration = Duration::from_secs(600);
/// Two warnings of failing answers are so far apart, so that a line that comes and goes does not fill the log.
const WARN_EVERY: Duration = Duration::from_secs(600);

/// So many domains that failed speak for themselves …
const FAILED_MANY: u64 = 10;
/// … and so many that are all said not to exist raise doubt.
const DENIED_MANY: u64 = 5;

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Most questions get no answer.
    Failing(Cause),
    /// Every name is said not to exist, the root too.
    Denying,
}

/// What the last minutes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// Nothing is wrong.
    Well,
    /// Something may be: a trial decides.
    Doubt,
    /// Most domains failed, and many.
    Ill(Cause),
}

/// What was found and said.
#[derive(Default)]
pub struct Answering {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    fault: Option<Fault>,
    warned: Option<Instant>,
    trial: Option<(Instant, Result<(), Cause>)>,
    /// Forwarders that were said to send no signatures.
    unsigned: BTreeSet<String>,
    signatures_looked: Option<Instant>,
}

fn sign(recent: &Recent) -> Sign {
    let (failed, all) = (recent.domains_failed, recent.domains);
    match recent.domains_cause {
        Some(cause) if failed >= FAILED_MANY && failed * 5 >= all * 4 => Sign::Ill(cause),
        Some(_) if failed * 2 > all => Sign::Doubt,
        _ if recent.domains_denied >= DENIED_MANY && recent.domains_denied * 10 >= all * 9 => Sign::Doubt,
        _ => Sign::Well,
    }
}

/// What is wrong, by what the last minutes say and how a trial ended. A trial that went well clears what few
/// domains said; one that failed says why.
fn judge(sign: Sign, denied: bool, trial: Option<Result<(), Cause>>) -> Option<Fault> {
    match (sign, trial) {
        (Sign::Ill(cause), _) => Some(Fault::Failing(cause)),
        (_, Some(Err(Cause::Nonsense))) if denied => Some(Fault::Denying),
        (_, Some(Err(cause))) => Some(Fault::Failing(cause)),
        (_, Some(Ok(())) | None) => None,
    }
}

/// Whether answers can be had now; asks where that is not known.
pub async fn fault(app: &App) -> Option<Fault> {
    let recent = app.responder.recent();
    let sign = sign(&recent);
    let was_ill = app.answering.state().fault.is_some();
    let trial = match sign {
        Sign::Well if !was_ill => None,
        // Speaks for itself.
        Sign::Ill(_) => None,
        Sign::Well | Sign::Doubt => Some(trial(app).await),
    };
    let fault = judge(sign, recent.domains_denied > recent.domains_failed, trial);
    app.answering.note(fault);
    fault
}

async fn trial(app: &App) -> Result<(), Cause> {
    let kept = app.answering.state().trial.filter(|(at, _)| at.elapsed() < TRIAL_COUNTS);
    if let Some((_, result)) = kept {
        return result;
    }
    let result = app.responder.world().resolver.try_out().await;
    app.answering.state().trial = Some((Instant::now(), result));
    result
}

/// Forwarders that drop signatures although their answers are validated; asked where that is not known, or
/// where `now` it matters.
pub async fn unsigned(app: &App, now: bool) -> Vec<String> {
    let resolver = app.responder.world().resolver.clone();
    let names = || resolver.forwarders_without_signatures().map(str::to_owned).collect::<Vec<_>>();
    let every = match (resolver.signatures_are_known(), names().is_empty()) {
        (false, _) => SIGNATURES_UNKNOWN,
        (true, false) => SIGNATURES_MISSING,
        (true, true) => SIGNATURES_KNOWN,
    };
    let every = if now { every.min(SIGNATURES_UNKNOWN) } else { every };
    let is_first = now && !resolver.signatures_are_known();
    let is_due = is_first || app.answering.state().signatures_looked.is_none_or(|at| at.elapsed() >= every);
    if is_due {
        app.answering.state().signatures_looked = Some(Instant::now());
        resolver.look_for_signatures().await;
    }
    let names = names();
    app.answering.note_unsigned(&names);
    names
}

/// Looks every now and then, so that the log tells too, until `stop` says so.
pub async fn watch(app: Arc<App>, mut stop: signal::Receiver<bool>) {
    loop {
        let look = async {
            app.responder.sample();
            unsigned(&app, false).await;
            fault(&app).await;
        };
        tokio::select! {
            () = look => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let pause = match app.responder.world().resolver.signatures_are_known() {
            true => LOOK,
            false => SIGNATURES_UNKNOWN,
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

impl Answering {
    fn note(&self, fault: Option<Fault>) {
        let mut state = self.state();
        let before = std::mem::replace(&mut state.fault, fault);
        match (before, fault) {
            (None, Some(fault)) if state.warned.is_none_or(|at| at.elapsed() >= WARN_EVERY) => {
                state.warned = Some(Instant::now());
                warn!("{}", fault.message());
            }
            (Some(_), None) => info!("answers can be had again"),
            _ => {}
        }
    }

    fn note_unsigned(&self, names: &[String]) {
        let mut state = self.state();
        let names: BTreeSet<String> = names.iter().cloned().collect();
        for name in names.difference(&state.unsigned) {
            warn!(forwarder = %name, "{}", no_signatures(name));
        }
        for name in state.unsigned.difference(&names) {
            info!(forwarder = %name, "{name} sends signatures now");
        }
        state.unsigned = names;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each use is a few lines that leave it whole.
        self.state.guard()
    }
}

/// What to do about a forwarder that drops signatures.
pub fn no_signatures(name: &str) -> Message {
    msg!("forwarder-without-signatures", name = name)
}

impl Fault {
    /// What it is, and what to do.
    pub fn message(self) -> Message {
        let why = match self {
            Self::Failing(cause) => remedy(cause),
            Self::Denying => msg!("remedy-denying"),
        };
        msg!("answers-fail", why = why)
    }
}

/// What it is and what to do.
pub fn remedy(cause: Cause) -> Message {
    match cause {
        Cause::Unreachable => msg!("remedy-unreachable"),
        Cause::Refused => msg!("remedy-refused"),
        Cause::Failing => msg!("remedy-failing"),
        Cause::Distrusted => msg!("remedy-distrusted"),
        Cause::Nonsense => msg!("remedy-nonsense"),
        Cause::SignatureExpired => msg!("remedy-signature-expired"),
        Cause::SignatureNotYetValid => msg!("remedy-signature-not-yet-valid"),
        Cause::SignaturesMissing => msg!("remedy-signatures-missing"),
        Cause::Bogus => msg!("remedy-bogus"),
        Cause::Busy => msg!("remedy-busy"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;

    fn of(failed: u64, denied: u64, all: u64) -> Recent {
        Recent {
            domains: all,
            domains_failed: failed,
            domains_denied: denied,
            domains_cause: (failed > 0).then_some(Cause::Unreachable),
            ..Recent::default()
        }
    }

    #[test]
    fn many_domains_speak_for_themselves_and_few_raise_doubt() {
        for (failed, denied, all, says) in [
            (0, 0, 0, Sign::Well),
            (1, 0, 2, Sign::Well),
            (1, 0, 1, Sign::Doubt),
            (1, 0, 200, Sign::Well),
            (3, 0, 4, Sign::Doubt),
            (9, 0, 9, Sign::Doubt),
            (10, 0, 12, Sign::Ill(Cause::Unreachable)),
            (10, 0, 13, Sign::Doubt),
            (100, 0, 400, Sign::Well),
            (0, 4, 4, Sign::Well),
            (0, 5, 5, Sign::Doubt),
            (0, 9, 20, Sign::Well),
        ] {
            assert_eq!(sign(&of(failed, denied, all)), says, "{failed} {denied} {all}");
        }
    }

    #[test]
    fn in_doubt_a_trial_decides() {
        let failing = |cause| Some(Fault::Failing(cause));
        for (sign, denied, trial, fault) in [
            (Sign::Well, false, None, None),
            (Sign::Doubt, false, Some(Ok(())), None),
            (Sign::Doubt, false, Some(Err(Cause::Refused)), failing(Cause::Refused)),
            (Sign::Doubt, true, Some(Err(Cause::Nonsense)), Some(Fault::Denying)),
            (Sign::Doubt, true, Some(Ok(())), None),
            (Sign::Doubt, false, Some(Err(Cause::Nonsense)), failing(Cause::Nonsense)),
            // It was ill, and nobody has asked since.
            (Sign::Well, false, Some(Err(Cause::Unreachable)), failing(Cause::Unreachable)),
            (Sign::Well, false, Some(Ok(())), None),
            (Sign::Ill(Cause::Bogus), false, None, failing(Cause::Bogus)),
        ] {
            assert_eq!(judge(sign, denied, trial), fault, "{sign:?} {denied} {trial:?}");
        }
    }

    #[test]
    fn every_cause_has_a_remedy_in_both_languages() {
        for cause in Cause::ALL {
            let [vi, en] = Lang::ALL.map(|lang| remedy(cause).text(lang));
            assert!(vi.contains(';') && en.contains(';') && vi != en, "{cause:?}");
        }
    }
}
