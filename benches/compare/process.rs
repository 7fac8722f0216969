//! Servers as processes: started on a core, ended when dropped, and what they used.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;

/// How long a server may take to end.
const END_MAX: Duration = Duration::from_secs(5);

/// A program from Debian, which often keeps servers where users' PATH does not look.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.exists())
}

/// Keeps this process, and what it starts, on one core.
pub fn pin_self(core: usize) {
    let own = std::process::id().to_string();
    let done = Command::new("taskset").args(["-acp", &core.to_string(), &own]).stdout(Stdio::null()).status();
    assert!(done.is_ok_and(|status| status.success()), "taskset could not pin to core {core}");
}

/// A running server. Killed when dropped.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `command` on `core`, what it says going to a file.
    pub fn start(command: &Command, core: usize, log: &Path) -> io::Result<Self> {
        // These turn into the program, so the process is the server itself. It ends with us, however we end.
        let mut pinned = Command::new("setpriv");
        pinned
            .args(["--pdeathsig", "TERM", "taskset", "-c", &core.to_string()])
            .arg(command.get_program())
            .args(command.get_args());
        pinned.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
        if let Some(folder) = command.get_current_dir() {
            pinned.current_dir(folder);
        }
        let log = fs::File::create(log)?;
        let child = pinned.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        Ok(Self { child })
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended by itself.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it ends after a signal, and ends it if it does not.
    pub fn wait(&mut self) {
        let deadline = Instant::now() + END_MAX;
        while self.is_alive() {
            if Instant::now() > deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_alive() {
            signal(self.id(), "TERM");
        }
        self.wait();
    }
}

/// Sends a signal by its name.
pub fn signal(process: u32, name: &str) {
    let _ = Command::new("kill").args(["-s", name, &process.to_string()]).status();
}

/// Processor time of all threads of a process, of those that have ended too.
#[derive(Clone, Copy, Default)]
pub struct Used {
    /// In all, to the nanosecond.
    pub total: Duration,
    /// Ticks in user mode and in the kernel: good for the ratio of the two only.
    user_ticks: u64,
    system_ticks: u64,
}

impl Used {
    /// Until now.
    pub fn by(process: u32) -> Self {
        let clock = clock_getcpuclockid(Pid::from_raw(process as i32)).and_then(ClockId::now);
        let total = clock.map_or(Duration::ZERO, Duration::from);
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // The name in parentheses may hold blanks; user and system time are the 12th and 13th after it.
        let mut ticks = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11);
        let mut next = || ticks.next().and_then(|ticks| ticks.parse().ok()).unwrap_or(0);
        Self { total, user_ticks: next(), system_ticks: next() }
    }

    /// Between two looks: all of it, and the part in user mode.
    pub fn since(self, earlier: Self) -> (Duration, Duration) {
        let total = self.total.saturating_sub(earlier.total);
        let user = self.user_ticks.saturating_sub(earlier.user_ticks) as f64;
        let system = self.system_ticks.saturating_sub(earlier.system_ticks) as f64;
        (total, total.mul_f64(user / (user + system).max(1.0)))
    }
}

/// Memory of a process, in octets: all that is resident, and of it what no file backs.
pub fn memory(process: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    };
    (field("VmRSS:"), field("RssAnon:"))
}
