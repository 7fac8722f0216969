//! Plays scenarios to resolvers, several at a time, each pair in a process and a network namespace of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::play::{Outcome, play};
use super::resolvers::Resolver;
use crate::support::program;

/// Pairs played at a time.
const AT_A_TIME: usize = 4;
/// How long one may take.
const LONGEST: Duration = Duration::from_secs(90);
/// Scenario, resolver and folder, for the process inside.
const INSIDE: [&str; 3] = ["BENCH_INSIDE", "BENCH_INSIDE_RESOLVER", "BENCH_INSIDE_FOLDER"];
/// The file in that folder that says how it went.
const OUTCOME: &str = "outcome";

/// What is to be played.
pub struct Wanted {
    pub resolvers: Vec<Resolver>,
    /// Names that begin like this.
    pub only: Option<String>,
}

/// One scenario with one resolver.
pub struct Cell {
    pub scenario: String,
    pub resolver: Resolver,
    pub outcome: Outcome,
    pub took: Duration,
    /// Where config and log of a failure lie, if they were to be kept.
    pub kept: Option<PathBuf>,
}

impl Wanted {
    /// `BENCH_RESOLVERS="lachan unbound"` and `BENCH_ONLY=iteration/`; `None` where neither is set.
    pub fn from_environment() -> Option<Self> {
        let (resolvers, only) = (std::env::var("BENCH_RESOLVERS").ok(), std::env::var("BENCH_ONLY").ok());
        if resolvers.is_none() && only.is_none() {
            return None;
        }
        let resolvers = resolvers.map_or(Resolver::ALL.to_vec(), |text| {
            let one = |name| Resolver::parse(name).unwrap_or_else(|| panic!("no resolver `{name}`"));
            text.split_whitespace().map(one).collect()
        });
        Some(Self { resolvers, only: only.filter(|only| !only.is_empty()) })
    }
}

/// Every pair that is wanted; `None`, with a line that says so, where this machine cannot play at all.
pub fn play_all(wanted: &Wanted) -> Option<Vec<Cell>> {
    for name in ["unshare", "ip", "dnssec-keygen", "dnssec-signzone", "dnssec-dsfromkey"] {
        program(name)?;
    }
    if !namespaces() {
        assert!(std::env::var_os("CI").is_none(), "CI needs network namespaces");
        println!("left out: no network namespace can be made here; run as root");
        return None;
    }
    let resolvers: Vec<Resolver> =
        wanted.resolvers.iter().copied().filter(|resolver| resolver.program().is_some()).collect();
    let mut pairs: Vec<(String, Resolver)> = scenarios()
        .into_keys()
        .filter(|name| wanted.only.as_ref().is_none_or(|only| name.starts_with(only.as_str())))
        .flat_map(|name| resolvers.iter().map(move |resolver| (name.clone(), *resolver)))
        .collect();
    pairs.reverse();
    let (pairs, cells) = (Mutex::new(pairs), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let next = pairs.lock().unwrap().pop();
                    let Some((scenario, resolver)) = next else { break };
                    let cell = play_outside(scenario, resolver);
                    cells.lock().unwrap().extend(cell);
                }
            });
        }
    });
    let mut cells = cells.into_inner().unwrap();
    cells
        .sort_by(|a: &Cell, b| a.scenario.cmp(&b.scenario).then((a.resolver as u8).cmp(&(b.resolver as u8))));
    Some(cells)
}

/// All scenarios by name, `topic/name`.
pub fn scenarios() -> BTreeMap<String, PathBuf> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/scenarios");
    let topics = fs::read_dir(&home).unwrap().map(|topic| topic.unwrap().path());
    let files = topics.flat_map(|topic| fs::read_dir(topic).unwrap().map(|file| file.unwrap().path()));
    files
        .filter(|file| file.extension().is_some_and(|extension| extension == "scn"))
        .map(|file| {
            let name = file.strip_prefix(&home).unwrap().with_extension("");
            (name.to_str().unwrap().to_owned(), file)
        })
        .collect()
}

/// Starts this program again, in a namespace, for one pair. `None`: left out inside, which said why.
fn play_outside(scenario: String, resolver: Resolver) -> Option<Cell> {
    let begun = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let mut command = unshare();
    command
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "bench::inside_a_network_of_its_own", "--nocapture"])
        .envs(INSIDE.into_iter().zip([
            scenario.as_str(),
            &resolver.to_string(),
            folder.path().to_str().unwrap(),
        ]))
        .stdin(Stdio::null());
    let said = fs::File::create(folder.path().join("said")).unwrap();
    command.stdout(said.try_clone().unwrap()).stderr(said);
    let mut child = command.spawn().unwrap();
    let ended = loop {
        match child.try_wait().unwrap() {
            Some(_) => break true,
            None if begun.elapsed() > LONGEST => break false,
            None => std::thread::park_timeout(Duration::from_millis(10)),
        }
    };
    if !ended {
        // Its end takes all processes of its namespace with it.
        let _ = child.kill();
        let _ = child.wait();
    }
    let outcome = match fs::read_to_string(folder.path().join(OUTCOME)) {
        Ok(text) => parse(&text)?,
        Err(_) if !ended => Outcome::Failed(format!("not over after {} s", LONGEST.as_secs())),
        Err(_) => {
            let said = fs::read_to_string(folder.path().join("said")).unwrap_or_default();
            let panic = said.lines().skip_while(|line| !line.contains("panicked at")).skip(1).take(2);
            Outcome::Failed(panic.collect::<Vec<_>>().join(" "))
        }
    };
    let keep = matches!(outcome, Outcome::Failed(_)) && std::env::var_os("BENCH_KEEP").is_some();
    let kept = keep.then(|| folder.keep());
    Some(Cell { scenario, resolver, outcome, took: begun.elapsed(), kept })
}

/// The inside: plays what the environment names and leaves the outcome in the folder.
pub fn play_inside() {
    let [Ok(scenario), Ok(resolver), Ok(folder)] = INSIDE.map(std::env::var) else { return };
    let text = fs::read_to_string(&scenarios()[&scenario]).unwrap();
    let folder = Path::new(&folder);
    let outcome = play(&text, Resolver::parse(&resolver).unwrap(), folder);
    let line = match outcome {
        None => "left out".to_owned(),
        Some(Outcome::Passed) => "passed".to_owned(),
        Some(Outcome::Failed(why)) => format!("failed {why}"),
        Some(Outcome::NotApplicable(why)) => format!("n/a {why}"),
    };
    fs::write(folder.join("outcome.new"), line).unwrap();
    fs::rename(folder.join("outcome.new"), folder.join(OUTCOME)).unwrap();
}

fn parse(text: &str) -> Option<Outcome> {
    let (word, why) = text.split_once(' ').unwrap_or((text, ""));
    match word {
        "passed" => Some(Outcome::Passed),
        "failed" => Some(Outcome::Failed(why.to_owned())),
        "n/a" => Some(Outcome::NotApplicable(why.to_owned())),
        _ => None,
    }
}

/// A new network for the program that follows; who is not root becomes it inside. All processes inside end with
/// the first one.
fn unshare() -> Command {
    let mut command = Command::new(program("unshare").expect("looked for before"));
    command.args(["--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]);
    command
}

fn namespaces() -> bool {
    let tried = unshare().arg("true").stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, why) = match &self.outcome {
            Outcome::Passed => ("pass", ""),
            Outcome::Failed(why) => ("FAIL", why.as_str()),
            Outcome::NotApplicable(why) => ("n/a", why.as_str()),
        };
        write!(f, "{mark} {} {} {} ms {why}", self.scenario, self.resolver, self.took.as_millis())?;
        match &self.kept {
            Some(folder) => write!(f, " [{}]", folder.display()),
            None => Ok(()),
        }
    }
}
