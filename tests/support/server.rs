//! The real binary, started as a user would start it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tempfile::TempDir;

/// The binary under test.
pub fn lachan() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lachan"));
    command.env_remove("LACHAN_STATE").env("LACHAN_CONFIG", "").env("NO_COLOR", "1").env("LACHAN_LANG", "vi");
    // What is fetched unasked is tested where it is meant, with a server of the test's own.
    command.env("LACHAN_LISTS_RECOMMENDED", "off");
    // The key of the day lies beside each state folder, not in one place for all servers of the tests.
    command.env_remove("RUNTIME_DIRECTORY").env_remove("XDG_RUNTIME_DIR");
    command
}

/// What a command printed, without the ends of its lines: a sentence may go on in the next one.
pub fn flat(text: &[u8]) -> String {
    String::from_utf8_lossy(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A folder for one school: config, lists, state.
pub struct School {
    folder: TempDir,
}

impl School {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn state(&self) -> PathBuf {
        self.path("state")
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes `lachan.toml`: what every test school has in common, then `config`. `upstream` is the
    /// only server asked.
    pub fn config(&self, upstream: Option<SocketAddr>, config: &str) -> PathBuf {
        let forward = match upstream {
            Some(address) => format!(
                "[resolve]\nmode = \"forward\"\ndnssec = false\n[[resolve.forward]]\nzone = \".\"\nservers = [\"{address}\"]\n"
            ),
            None => String::new(),
        };
        // A test may bring a [listen] of its own; without addresses in it, it gets one.
        let (listen, config) = match config.split_once("[listen]\n") {
            Some((before, after)) => (after, before),
            None => ("", config),
        };
        let dns = match listen.contains("dns = ") {
            true => String::new(),
            false => format!("dns = [\"{}\"]\n", super::authority::free_address()),
        };
        let text = format!(
            "version = 1\n[state]\nfolder = \"{}\"\n{forward}{config}\n[listen]\n{dns}{listen}",
            self.state().display(),
        );
        self.write("lachan.toml", text)
    }

    /// Starts `lachan serve` with the config written before.
    pub fn serve(&self) -> Server {
        let mut command = lachan();
        command.arg("serve").arg("--config").arg(self.path("lachan.toml"));
        Server::start(command)
    }

    /// Starts `lachan serve` without a config. Such servers want the same port, so they take turns.
    pub fn serve_without_config(&self) -> Server {
        static PORT: Mutex<()> = Mutex::new(());
        let turn = PORT.lock().unwrap_or_else(PoisonError::into_inner);
        let mut command = lachan();
        command.arg("serve").arg("--state").arg(self.state());
        let mut server = Server::start(command);
        server.turn = Some(turn);
        server
    }

    /// Runs a command of the school: `lachan … --config lachan.toml`.
    pub fn run(&self, args: &[&str]) -> Output {
        lachan().args(args).arg("--config").arg(self.path("lachan.toml")).output().unwrap()
    }

    /// The same, for one that must succeed; gives back what it printed.
    pub fn run_ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{args:?}\n{out}\n{err}");
        out.into_owned()
    }

    /// Waits until the running server has the list in force.
    pub fn wait_for_list(&self, id: &str) {
        let found = wait_for(|| {
            let output = self.run(&["status", "--json"]);
            let status: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
            status["lists"].as_array()?.iter().any(|list| list["id"] == id).then_some(())
        });
        assert!(found.is_some(), "list {id} does not come into force");
    }

    /// Attempts in the log, all in all.
    pub fn attempts(&self) -> u64 {
        self.attempts_or_none().expect("a journal")
    }

    /// The same, where there may be no journal yet.
    pub fn attempts_or_none(&self) -> Option<u64> {
        let output = self.run(&["log", "--totals", "--format", "json"]);
        let totals: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
        totals["attempts"].as_u64()
    }
}

/// A running server. Killed when dropped.
pub struct Server {
    child: Child,
    /// Held until it is gone, not read.
    turn: Option<MutexGuard<'static, ()>>,
    /// The first DNS address that it printed.
    pub address: SocketAddr,
    /// What it printed until then.
    pub greeting: String,
}

impl Server {
    /// Starts it and waits until it says where it listens.
    pub fn start(command: Command) -> Self {
        Self::start_logging(command, Stdio::inherit())
    }

    /// The same, its log elsewhere.
    pub fn start_logging(mut command: Command, log: Stdio) -> Self {
        command.stderr(log);
        Self::start_as_it_is(command)
    }

    fn start_as_it_is(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        // Its end of a pipe ends with the child alone.
        drop(command);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut greeting = String::new();
        let address = loop {
            let line = lines.next().expect("the server says where it listens").unwrap();
            greeting += &line;
            greeting.push('\n');
            if let Some((_, dig)) = line.split_once("dig @") {
                let mut words = dig.split_whitespace();
                let (ip, _, port) = (words.next().unwrap(), words.next(), words.next().unwrap());
                break SocketAddr::new(ip.parse().unwrap(), port.parse().unwrap());
            }
        };
        // Whatever it prints later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, turn: None, address, greeting }
    }

    /// The same; the handle gives back what it logged, once it has ended.
    pub fn start_with_log(mut command: Command) -> (Self, JoinHandle<String>) {
        let (mut read, write) = std::io::pipe().unwrap();
        command.stderr(write);
        let server = Self::start_as_it_is(command);
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            let _ = read.read_to_string(&mut log);
            log
        });
        (server, log)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM, and how it ended.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.child.wait().unwrap()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks again and again, bounded, until there is what is waited for. Each look is an exchange with the
/// server, so nothing spins.
pub fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    (0..2000).find_map(|_| look())
}
