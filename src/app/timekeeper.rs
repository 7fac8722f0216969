//! Watches the wall clock: says when it is wrong and when it is right again, has everything judged anew once
//! it was set, and keeps the newest time that signatures proved.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::watch as signal;
use tracing::{info, warn};

use super::App;
use super::keeper::{Change, apply};
use crate::clock::judge::{Judgement, Signatures};
use crate::clock::{RELEASED, Watch, seen};
use crate::i18n::{Message, Moment, msg};
use crate::sys::clock::{since_boot, unix_now, wall};
use crate::sys::lock::Guard;

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// A clock that moves by this much beyond the time that passed was set. Less harms nothing that is kept by it:
/// what failed is kept for no longer.
const JUMP_MIN: Duration = Duration::from_secs(30);
/// How much newer a proven time has to be to be written, in seconds: a write an hour wears no disk.
const KEEP_EVERY: u64 = 3600;

/// What is known of the wall clock, and what was said of it.
pub struct Timekeeper {
    watch: Arc<Watch>,
    told: Mutex<Option<Judgement>>,
    jumps: AtomicU64,
}

impl Timekeeper {
    /// Has said nothing yet.
    pub fn new(watch: Arc<Watch>) -> Self {
        Self { watch, told: Mutex::default(), jumps: AtomicU64::new(0) }
    }

    /// Who judges the clock.
    pub fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    /// How often the clock was set while we ran.
    pub fn jumps(&self) -> u64 {
        self.jumps.load(Relaxed)
    }

    /// Notes a judgement; the one noted before, if it is another.
    fn replace(&self, judgement: Judgement) -> Option<Judgement> {
        let mut told = self.told.guard();
        let before = told.replace(judgement).unwrap_or(Judgement::Plausible);
        (before != judgement).then_some(before)
    }
}

/// Looks once: says in the log what has changed. `true` where the clock is right again.
pub fn look(app: &App) -> bool {
    let now = unix_now();
    let judgement = app.timekeeper.watch.judge(now);
    let Some(before) = app.timekeeper.replace(judgement) else { return false };
    match told(app, judgement, now) {
        Some(told) => warn!(clock = now, "{told}"),
        None => info!(clock = now, "the system clock is plausible again: signatures are judged anew"),
    }
    before != Judgement::Plausible && judgement == Judgement::Plausible
}

/// What is wrong with the clock and what to do; nothing if it is plausible.
pub fn told(app: &App, judgement: Judgement, now: u64) -> Option<Message> {
    let zone = &app.settings().journal.time_zone;
    let (shows, released) = (date(now, zone), date(RELEASED, zone));
    let why = match judgement {
        Judgement::Plausible => return None,
        Judgement::BeforeRelease => msg!("clock-before-release", released = released),
        Judgement::BeforeSeen => {
            let seen = date(app.timekeeper.watch.seen().unwrap_or_default(), zone);
            let file = seen::path(&app.settings().state);
            msg!("clock-before-seen", seen = seen, file = file.as_path())
        }
        Judgement::Behind => msg!("clock-behind"),
        Judgement::Ahead => msg!("clock-ahead"),
    };
    Some(msg!("clock-wrong", shows = shows, why = why))
}

/// A moment as the school reads it, of Unix seconds.
pub fn date(seconds: u64, zone: &TimeZone) -> Moment {
    let at = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    moment(at.unwrap_or(Timestamp::MAX), zone)
}

/// A moment as the school reads it.
pub fn moment(at: Timestamp, zone: &TimeZone) -> Moment {
    let at = zone.to_datetime(at);
    Moment { year: at.year(), month: at.month(), day: at.day(), hour: at.hour(), minute: at.minute() }
}

/// Watches until `stop` says so.
pub async fn watch(app: Arc<App>, mut stop: signal::Receiver<bool>) {
    let mut before = (wall(), since_boot());
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let now = (wall(), since_boot());
        let jump = jump(before, now);
        before = now;
        let is_right_again = look(&app);
        if let Some(seconds) = jump {
            app.timekeeper.jumps.fetch_add(1, Relaxed);
            info!(
                clock.jump_s = seconds,
                "the system clock was set by {seconds} s: everything is judged anew"
            );
        }
        if is_right_again || jump.is_some() {
            let app = app.clone();
            // It builds a world, off the tasks that answer.
            let _ = tokio::task::spawn_blocking(move || judge_anew(&app)).await;
        }
        keep_proven(&app).await;
    }
}

/// Seconds by which the wall clock was set between two looks, if it was.
fn jump(before: (Duration, Duration), now: (Duration, Duration)) -> Option<i64> {
    let expected = before.0 + now.1.saturating_sub(before.1);
    let (by, sign) = match now.0 >= expected {
        true => (now.0 - expected, 1),
        false => (expected - now.0, -1),
    };
    (by >= JUMP_MIN).then(|| sign * i64::try_from(by.as_secs()).unwrap_or(i64::MAX))
}

/// Forgets what was judged by a clock that was wrong: answers, failures, keys, zone cuts. What is being
/// fetched is answered, and kept by nobody, since it comes from a resolver that is not in force any more.
fn judge_anew(app: &App) {
    // A file that the settings name is not there.
    if let Err(error) = apply(app, Change::Clock) {
        warn!("the resolver goes on with what it has learnt: {error}");
    }
    app.lists_changed.notify_one();
    app.zones.wake().notify_one();
}

/// Keeps the time if signatures prove it now and the one that is kept is old, or lies in the future.
async fn keep_proven(app: &Arc<App>) {
    let now = unix_now();
    let watch = &app.timekeeper.watch;
    let is_news = watch.seen().is_none_or(|seen| now < seen || now - seen >= KEEP_EVERY);
    if !is_news || watch.signatures(now) != Signatures::Confirm || now < RELEASED {
        return;
    }
    watch.note_seen(now);
    if !app.folder.is_ours() {
        return;
    }
    let state = app.settings().state.clone();
    // A disk that takes nothing costs this help at the next start, and is told of by the journal.
    let _ = tokio::task::spawn_blocking(move || seen::keep(&state, now)).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;
    use crate::journal::clock::vietnam;

    #[test]
    fn a_clock_that_is_set_is_told_from_one_that_runs() {
        let at = |wall: u64, boot: u64| (Duration::from_secs(wall), Duration::from_secs(boot));
        for (before, now, by) in [
            (at(1000, 10), at(1001, 11), None),
            (at(1000, 10), at(1029, 11), None),
            (at(1000, 10), at(1031, 11), Some(30)),
            (at(1000, 10), at(971, 11), Some(-30)),
            (at(1000, 10), at(975, 11), None),
            // It slept: time passed on both clocks.
            (at(1000, 10), at(9000, 8010), None),
            (at(600, 10), at(1_795_000_000, 11), Some(1_794_999_399)),
            (at(1_795_000_000, 10), at(0, 11), Some(-1_795_000_001)),
        ] {
            assert_eq!(jump(before, now), by, "{before:?} {now:?}");
        }
    }

    #[test]
    fn a_moment_is_written_as_a_school_writes_it() {
        assert_eq!(Lang::Vi.moment(date(1_793_491_200, &vietnam())), "01/11/2026 07:00");
        assert_eq!(date(u64::MAX, &vietnam()).year, 9999);
    }
}
