//! A wrong clock, as the person who looks at `status` and the log sees it.

use std::fs::{self, File};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::bench::resolvers::clock::{Clock, Clocks};
use crate::support::client::{ask, dnssec_query, exchange, query};
use crate::support::internet::Internet;
use crate::support::server::{School, Server, flat, lachan, wait_for};
use crate::support::upstream::{Ca, Encrypted};
use crate::support::web::{Web, page};

const A: u16 = 1;
const DAY: i64 = 86_400;

const STAFF: &str = "[[group]]\nname = \"x\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n";

/// A school on a board whose clock can be set.
struct Board {
    school: School,
    clock: Clock,
    _internet: Option<Internet>,
}

impl Board {
    /// One that resolves by itself.
    fn new() -> Option<Self> {
        let internet = Internet::open()?;
        let config = internet.config();
        Some(Self { _internet: Some(internet), ..Self::with(&config) })
    }

    fn with(config: &str) -> Self {
        let school = School::new();
        school.config(None, &(config.to_owned() + STAFF));
        fs::create_dir_all(school.path("clock")).unwrap();
        let clock = Clock::new(&school.path("clock"));
        Self { school, clock, _internet: None }
    }

    /// Starts the server; its log goes to a file. `None` where there is no C compiler for its clock.
    fn serve(&self) -> Option<Server> {
        self.serve_by(Clocks::Wall)
    }

    /// The same, with these clocks moved.
    fn serve_by(&self, clocks: Clocks) -> Option<Server> {
        let mut command: Command = lachan();
        command.arg("serve").arg("--config").arg(self.school.path("lachan.toml"));
        if self.clock.wear(&mut command, clocks).is_err() {
            println!("left out: no C compiler for the clock");
            return None;
        }
        let log = File::options().create(true).append(true).open(self.school.path("log")).unwrap();
        Some(Server::start_logging(command, log.into()))
    }

    fn status(&self) -> (bool, serde_json::Value) {
        let output = self.school.run(&["status", "--json"]);
        (output.status.success(), serde_json::from_slice(&output.stdout).unwrap())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.school.path("log")).unwrap()
    }

    /// Whether the server gives an authentic answer.
    fn is_authentic(server: &Server, name: &str) -> bool {
        let answer = exchange("127.0.0.1", server.address, &dnssec_query(name, A, 7)).expect("an answer");
        answer.rcode == 0 && answer.authentic
    }
}

#[test]
fn a_board_that_starts_in_1977_says_so_and_is_well_once_its_clock_is_set() {
    let Some(mut board) = Board::new() else { return };
    board.clock.set(-18_000 * DAY);
    let Some(server) = board.serve() else { return };
    assert!(!Board::is_authentic(&server, "www.secure.example"));
    let (is_well, status) = board.status();
    let troubles = status["troubles"].to_string();
    assert!(!is_well && troubles.contains("the system clock is wrong"), "{troubles}");
    assert_eq!(status["clock"]["plausible"], false);
    assert!(board.log().contains("the system clock is wrong"), "{}", board.log());

    board.clock.set(0);
    assert!(Board::is_authentic(&server, "www.secure.example"));
    let well = wait_for(|| {
        let (is_well, status) = board.status();
        (is_well && status["clock"]["jumps"] == 1).then_some(status)
    });
    let status =
        well.unwrap_or_else(|| panic!("well once the clock is right: {}", board.status().1["troubles"]));
    assert_eq!(status["clock"]["plausible"], true);
    assert!(board.log().contains("the system clock was set by"), "{}", board.log());
    assert!(board.log().contains("plausible again"), "{}", board.log());
}

#[test]
fn a_board_that_starts_six_years_ahead_says_so_and_is_well_once_its_clock_is_set() {
    let Some(mut board) = Board::new() else { return };
    board.clock.set(2200 * DAY);
    let Some(server) = board.serve() else { return };
    assert!(!Board::is_authentic(&server, "www.secure.example"));
    let (is_well, status) = board.status();
    let troubles = status["troubles"].to_string();
    assert!(!is_well && troubles.contains("the system clock is wrong"), "{troubles}");
    board.clock.set(0);
    assert!(Board::is_authentic(&server, "www.secure.example"));
    assert!(wait_for(|| board.status().0.then_some(())).is_some(), "{}", board.status().1);
}

#[test]
fn a_forwarder_over_tls_is_asked_by_a_board_whose_clock_is_before_its_certificate() {
    let Some(ca) = Ca::new() else { return };
    let Some(forwarder) = Encrypted::start(&ca, "dns.truong.example") else { return };
    for server in forwarder.written("dns.truong.example") {
        let mut board = Board::with(&format!(
            "[resolve]\nmode = \"forward\"\nca_file = \"{}\"\n[[resolve.forward]]\nzone = \".\"\n\
             dnssec = false\nservers = [\"{server}\"]\n",
            ca.file().display()
        ));
        board.clock.set(-18_000 * DAY);
        let Some(running) = board.serve() else { return };
        let answer = exchange("127.0.0.1", running.address, &query("pool.ntp.org", A, 7)).expect("an answer");
        assert_eq!(answer.rcode, 0, "{server}: {:?}", answer.errors);
    }
}

#[test]
fn a_time_that_signatures_proved_is_kept_and_a_damaged_one_does_no_harm() {
    let Some(board) = Board::new() else { return };
    let Some(server) = board.serve() else { return };
    assert!(Board::is_authentic(&server, "www.secure.example"));
    let file = board.school.state().join("clock");
    let kept = wait_for(|| {
        board.status();
        fs::read_to_string(&file).ok().filter(|text| text.starts_with("lachan-clock-1 "))
    });
    assert!(kept.is_some(), "no proven time is kept");
    server.kill();

    fs::write(&file, "lachan-clock-1 99999999999 00000000\n").unwrap();
    let Some(server) = board.serve() else { return };
    assert!(board.status().0, "{}", board.status().1);
    assert!(Board::is_authentic(&server, "www.secure.example"));
}

#[test]
fn a_list_that_a_command_could_not_renew_is_tried_again_in_minutes_and_not_in_a_day() {
    let is_up = Arc::new(AtomicBool::new(true));
    let text = Arc::new(Mutex::new("cuoc.example\n"));
    let (up, published) = (is_up.clone(), text.clone());
    let web = Web::start(move |_| match up.load(Ordering::Relaxed) {
        true => page(*published.lock().unwrap(), ""),
        false => b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n".to_vec(),
    });
    let lists = format!(
        "[[list]]\nid = \"web\"\nurl = \"{}\"\ncategory = \"gambling\"\nevery = \"24h\"\n\
         [[list]]\nid = \"file\"\nfile = \"list.txt\"\ncategory = \"gambling\"\n",
        web.url("list.txt")
    );
    let mut board = Board::with(&lists);
    board.school.write("list.txt", "bac.example\n");
    let Some(server) = board.serve_by(Clocks::Both) else { return };
    for id in ["web", "file"] {
        board.school.wait_for_list(id);
    }
    // By URL, at an update; in a file, at a reload.
    is_up.store(false, Ordering::Relaxed);
    assert!(!board.school.run(&["lists", "update"]).status.success());
    is_up.store(true, Ordering::Relaxed);
    *text.lock().unwrap() = "cuoc.example\nmoi.example\n";
    board.school.write("list.txt", "<!DOCTYPE html><html><body>login</body></html>\n");
    assert!(!board.school.run(&["reload"]).status.success());
    board.school.write("list.txt", "bac.example\nkhac.example\n");
    let is_blocked = |name: &str| ask(server.address, name, A).is_blocked();
    assert!(!is_blocked("moi.example") && !is_blocked("khac.example"));
    board.clock.pass(Duration::from_secs(400));
    for name in ["moi.example", "khac.example"] {
        // Each look asks for the status too: that takes some milliseconds, so that the bound is one of time.
        let looked = wait_for(|| {
            board.status();
            is_blocked(name).then_some(())
        });
        assert!(looked.is_some(), "{name}");
    }
    assert!(server.stop().success());
}

#[test]
fn attempts_that_a_wrong_clock_filed_in_the_future_are_told_of_and_stand_in_no_report() {
    let mut board = Board::with("");
    let count = |board: &Board| {
        let server = board.serve()?;
        assert!(ask(server.address, "thu-chan.lachan.example", A).is_blocked());
        assert!(server.stop().success());
        Some(())
    };
    board.clock.set(3 * 365 * DAY);
    if count(&board).is_none() {
        return;
    }
    board.clock.set(0);
    count(&board);
    let totals = |args: &[&str]| {
        let all = [&["log", "--totals", "--format", "json"], args].concat();
        let output = board.school.run(&all);
        let totals: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (totals, flat(&output.stderr))
    };
    for args in [&[][..], &["--since", "1d"]] {
        let (sums, told) = totals(args);
        assert_eq!((&sums["attempts"], sums["by_day"].as_object().unwrap().len()), (&1.into(), 1), "{sums}");
        assert!(told.contains("1 lượt bị ghi với giờ trong tương lai"), "{told}");
    }
    let rows = |args: &[&str]| {
        let output = board.school.run(&[&["log", "--format", "json"], args].concat());
        String::from_utf8(output.stdout).unwrap().lines().count()
    };
    assert_eq!(rows(&[]), 1);
    let (_, told) = totals(&[]);
    let since = told.split("--since ").nth(1).unwrap().split_whitespace().next().unwrap();
    assert_eq!(rows(&["--since", since]), 1, "they are there for who asks");
    assert_eq!(totals(&["--since", since]).0["attempts"], 1);
}
