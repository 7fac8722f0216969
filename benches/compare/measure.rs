//! One visit, one reload; and the figures of all visits to a server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Choices;
use super::generator::{Asker, Tally};
use super::load::{Loaded, is_in_force};
use super::peers::Reload;
use super::process::Used;
use super::questions::{ADDED, Blocked, Kind, Questions};
use super::streams::Connections;
use super::upstream;

/// Questions a second, when the time of answers is measured: a tenth to a third of what a core can do.
pub const RATE: u32 = 20_000;
/// Questions a second during a reload.
pub const RELOAD_RATE: u32 = 2_000;
/// A reload that takes longer is given up.
const RELOAD_MAX: Duration = Duration::from_secs(90);
/// The load goes on after the new list is in force: some give way only then.
const AFTERWARDS: Duration = Duration::from_secs(2);
/// A server that did nothing for so long has no work left from a visit: longer than a tick of the journal.
const QUIET: Duration = Duration::from_millis(1_200);
/// How often that is looked at, and how long it may take.
const LOOK: Duration = Duration::from_millis(200);
const SETTLE_MAX: Duration = Duration::from_secs(15);
/// New names in one visit; when they are used up it ends.
const MISSES: usize = 60_000;

/// One visit with one kind of questions.
#[derive(Clone, Copy)]
pub struct Visit {
    /// Processor time of the server an answer, in µs, and the part in user mode.
    pub cost: f64,
    pub user: f64,
    /// The part that came after the last answer: work put off, which the answers caused all the same.
    pub later: f64,
    /// Answers a second.
    pub speed: f64,
    /// Shares of their cores that the server and the generator used.
    pub server_busy: f64,
    pub generator_busy: f64,
}

/// The time of answers at a fixed rate.
#[derive(Clone, Copy)]
pub struct Times {
    pub half: Duration,
    pub p99: Duration,
    pub p999: Duration,
}

/// A reload under load.
#[derive(Clone, Copy)]
pub struct Reloaded {
    /// Until the new list was in force; `None`: not in the time given.
    pub in_force: Option<Duration>,
    pub silence: Duration,
    pub lost: usize,
    /// The way it was done.
    pub how: &'static str,
}

/// All that is known of one server.
pub struct Figures {
    pub title: &'static str,
    pub version: String,
    pub blocks_by: &'static str,
    pub load: Duration,
    pub load_again: Duration,
    pub memory: (u64, u64),
    visits: [Vec<Visit>; Kind::ALL.len()],
    times: Vec<Times>,
    rounds: usize,
    /// What was not answered as it should be, all visits together.
    pub wrong: Tally,
    pub reload: Option<Reloaded>,
}

impl Figures {
    pub fn of(server: &Loaded) -> Self {
        Self {
            title: server.peer.title,
            version: server.peer.version(),
            blocks_by: server.peer.blocks_by,
            load: server.load,
            load_again: server.load_again,
            memory: server.memory,
            visits: Default::default(),
            times: Vec::new(),
            rounds: 0,
            wrong: Tally::default(),
            reload: None,
        }
    }

    /// The median of something of all visits with one kind of questions.
    pub fn median(&self, kind: Kind, what: impl Fn(&Visit) -> f64) -> f64 {
        median(self.visits[kind as usize].iter().map(what))
    }

    /// The same of the times, in µs.
    pub fn median_time(&self, what: impl Fn(&Times) -> Duration) -> f64 {
        median(self.times.iter().map(|times| what(times).as_secs_f64() * 1e6))
    }

    /// The cheapest and the dearest visit.
    pub fn range(&self, kind: Kind) -> (f64, f64) {
        let costs = self.visits[kind as usize].iter().map(|visit| visit.cost);
        costs.fold((f64::MAX, 0.0), |(least, most), cost| (least.min(cost), most.max(cost)))
    }

    pub fn is_floor(&self) -> bool {
        self.blocks_by.is_empty()
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Asks one server the chosen kinds of questions in turn. Without the upstream, or the server, figures would
/// look like figures and mean nothing.
pub fn visit(server: &mut Loaded, questions: &mut Questions, choices: &Choices, figures: &mut Figures) {
    let (time, parts) = (choices.visit, &choices.parts);
    assert!(upstream::answers(server.place.upstream), "the upstream went away");
    assert!(server.process.is_alive(), "{} went away", server.peer.title);
    let misses = questions.misses(MISSES);
    let mut asker = Asker::of(server.place.address);
    for &kind in &parts.kinds {
        let (packets, times) = match kind {
            Kind::Cached => (&questions.cached, usize::MAX),
            Kind::Repeated => (&questions.repeated, usize::MAX),
            Kind::Blocked => (&questions.blocked, usize::MAX),
            Kind::Mix => (&questions.mix, usize::MAX),
            Kind::WideMix => (&questions.wide_mix, usize::MAX),
            Kind::Miss => (&misses, 1),
            Kind::Streams if !server.peer.keeps_connections => continue,
            Kind::Streams => (&questions.cached, usize::MAX),
        };
        // The cache is full before its speed is measured.
        asker.flood(&questions.cached, 0, 1, time * 5);
        // Each round starts elsewhere in the names.
        let first = if kind == Kind::Miss { 0 } else { figures.rounds * packets.len() / 7 };
        let (visit, tally) = match kind {
            Kind::Streams => {
                let Some(mut connections) = Connections::to(server.place.address) else { continue };
                one(server, || connections.flood(packets, first, time))
            }
            _ => one(server, || asker.flood(packets, first, times, time)),
        };
        figures.visits[kind as usize].push(visit);
        note_wrong(&mut figures.wrong, kind, &tally);
    }
    if parts.times {
        let paced = asker.paced(&questions.mix, RATE, time * 2, &AtomicBool::new(false));
        let (half, p99, p999) = (paced.within(0.5), paced.within(0.99), paced.within(0.999));
        figures.times.push(Times { half, p99, p999 });
        note_wrong(&mut figures.wrong, Kind::Mix, &paced.tally);
        settle(server);
    }
    figures.rounds += 1;
}

/// What `flood` costs the server.
fn one(server: &Loaded, flood: impl FnOnce() -> (Tally, Duration)) -> (Visit, Tally) {
    let (own, theirs) = (std::process::id(), server.process.id());
    let before = (Used::by(own), Used::by(theirs));
    let (tally, wall) = flood();
    let (generator, _) = Used::by(own).since(before.0);
    let (during, _) = Used::by(theirs).since(before.1);
    settle(server);
    let (total, user) = Used::by(theirs).since(before.1);
    let answers = tally.answers().max(1) as f64;
    let wall = wall.as_secs_f64().max(1e-6);
    let visit = Visit {
        cost: total.as_secs_f64() * 1e6 / answers,
        user: user.as_secs_f64() * 1e6 / answers,
        later: total.saturating_sub(during).as_secs_f64() * 1e6 / answers,
        speed: answers / wall,
        server_busy: during.as_secs_f64() / wall,
        generator_busy: generator.as_secs_f64() / wall,
    };
    (visit, tally)
}

/// Waits until the server has nothing left to do.
fn settle(server: &Loaded) {
    let (started, id) = (Instant::now(), server.process.id());
    let (mut before, mut quiet) = (Used::by(id), Duration::ZERO);
    while quiet < QUIET && started.elapsed() < SETTLE_MAX {
        std::thread::sleep(LOOK);
        let now = Used::by(id);
        let is_idle = now.since(before).0 < LOOK / 100;
        (before, quiet) = (now, if is_idle { quiet + LOOK } else { Duration::ZERO });
    }
}

/// A blocked name that was resolved is a leak, one that was not blocked but is without an address a
/// failure. The mix cannot tell, but a leak would show among the blocked.
fn note_wrong(wrong: &mut Tally, kind: Kind, tally: &Tally) {
    wrong.failed += tally.failed;
    wrong.lost += tally.lost;
    match kind {
        Kind::Repeated | Kind::Blocked => wrong.resolved += tally.resolved,
        Kind::Cached | Kind::Miss | Kind::Streams => wrong.blocked += tally.blocked,
        Kind::Mix | Kind::WideMix => {}
    }
}

/// Adds a name to the list and has it taken, while questions go on.
pub fn reload(server: &mut Loaded, questions: &Questions, blocked: &Blocked) -> Option<Reloaded> {
    if server.peer.is_floor() {
        return None;
    }
    println!("{}: reload", server.peer.title);
    let mut names = blocked.with_mark().chain([ADDED]);
    let (stop, address) = (AtomicBool::new(false), server.place.address);
    std::thread::scope(|scope| {
        let stop = &stop;
        let load = scope.spawn(move || {
            let time = RELOAD_MAX + AFTERWARDS * 2;
            Asker::of(address).paced(&questions.mix, RELOAD_RATE, time, stop)
        });
        let started = Instant::now();
        let written = (server.peer.write_list)(&server.place, &mut names);
        // Writing the file is not the server's work, but one that watches its files starts here.
        let started = if server.peer.reload.is_watching() { started } else { Instant::now() };
        let done = written.map_err(|error| error.to_string()).and_then(|()| order_reload(server));
        if let Err(why) = done {
            println!("{}: the reload failed: {why}", server.peer.title);
        }
        let mut tries = 0;
        let in_force = loop {
            if is_in_force(address, ADDED, tries, false) {
                break Some(started.elapsed());
            }
            tries += 1;
            if started.elapsed() > RELOAD_MAX {
                break None;
            }
        };
        std::thread::sleep(AFTERWARDS);
        stop.store(true, Ordering::Relaxed);
        let paced = load.join().expect("the generator ends");
        let how = server.peer.reload.how();
        Some(Reloaded { in_force, silence: paced.silence, lost: paced.tally.lost, how })
    })
}

fn order_reload(server: &mut Loaded) -> Result<(), String> {
    match server.peer.reload {
        Reload::Watches(_) => Ok(()),
        Reload::Restart(_) => {
            super::process::signal(server.process.id(), "TERM");
            server.process.wait();
            server.start_again()
        }
        Reload::Signal(_) => {
            super::process::signal(server.process.id(), "HUP");
            Ok(())
        }
        Reload::Command(_, command) => {
            let status = command(&server.place).status().map_err(|error| error.to_string())?;
            status.success().then_some(()).ok_or_else(|| status.to_string())
        }
    }
}
