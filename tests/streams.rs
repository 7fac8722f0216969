//! Long-lived connections: what they are told, how long they live, what thousands of them cost.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::support::authority::{ADDRESS, Authority};
use crate::support::client::{Answer, Stream, exchange, query};
use crate::support::program;
use crate::support::server::{School, Server, lachan, wait_for};
use crate::support::upstream::Slow;

const A: u16 = 1;
/// Connections that are idle at a time.
const IDLE: usize = 5_000;
/// What each may cost the server, in octets; the kernel's part is not the process's.
const IDLE_COST_MAX: u64 = 5_000;

fn serve(upstream: SocketAddr, listen: &str) -> (Server, School) {
    let school = school(upstream, listen);
    (school.serve(), school)
}

/// Starts it as most systems start programs: with leave to open many files, and a limit of few.
fn serve_with_few_files(school: &School) -> Server {
    serve_with_limit(school, "-Sn")
}

/// Starts it with a limit of 256 files: one that it may raise (`-Sn`), or not (`-n`).
fn serve_with_limit(school: &School, which: &str) -> Server {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit \"$2\" 256 && exec \"$0\" serve --config \"$1\""]);
    command.arg(lachan().get_program()).arg(school.path("lachan.toml")).arg(which);
    lachan().get_envs().for_each(|(name, value)| {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    });
    Server::start(command)
}

fn school(upstream: SocketAddr, listen: &str) -> School {
    let school = School::new();
    let policy = "[[group]]\nname = \"x\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n\
        [school_rules]\nblock = [{ name = \"blocked.example\", reason = \"thi\", by = \"IT\" }]\n";
    school.config(Some(upstream), &format!("{policy}[listen]\n{listen}"));
    school
}

/// A query with edns-tcp-keepalive.
fn keepalive_query(name: &str, id: u16) -> Vec<u8> {
    let mut packet = query(name, A, id);
    let length = packet.len() - 1;
    packet[length] = 4;
    packet.extend_from_slice(&[0, 11, 0, 0]);
    packet
}

/// What an answer's edns-tcp-keepalive says, in units of 100 ms.
fn told(octets: &[u8]) -> Option<u16> {
    let at = octets.windows(4).rposition(|four| four == [0, 11, 0, 2])?;
    Some(u16::from_be_bytes([octets[at + 4], octets[at + 5]]))
}

/// Octets of the process's memory that no file backs.
fn own_memory(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("RssAnon");
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn a_connection_ends_when_it_was_told_that_it_would_and_udp_tells_nothing() {
    let upstream = Slow::start();
    let (server, _school) = serve(upstream.address(), "tcp_idle = \"1s\"\n");
    let mut stream = Stream::open(server.address);
    let begun = Instant::now();
    stream.send(&keepalive_query("blocked.example", 7));
    assert_eq!(told(&stream.receive().unwrap()), Some(10));
    assert!(stream.receive().is_none());
    assert!(begun.elapsed() >= Duration::from_secs(1), "not before its time");
    let over_udp = exchange("127.0.0.1", server.address, &keepalive_query("blocked.example", 7)).unwrap();
    assert!(over_udp.is_blocked());
    assert_eq!(told(&over_udp.octets), None);
}

#[test]
fn dig_and_kdig_keep_a_connection_and_are_told_how_long_they_may() {
    let (Some(dig), Some(kdig)) = (program("dig"), program("kdig")) else { return };
    let Some(authority) = Authority::start("") else { return };
    let (server, _school) = serve(authority.address, "");
    let at = [format!("@{}", server.address.ip()), "-p".into(), server.address.port().to_string()];
    let said = |command: &mut Command| String::from_utf8(command.output().unwrap().stdout).unwrap();
    for name in ["www.example", "www.example", "blocked.example"] {
        let text = said(Command::new(&dig).args(&at).args(["+tcp", "+keepalive", name]));
        assert!(text.contains("status: NOERROR") && text.contains("TCP KEEPALIVE: 10.0 secs"), "{text}");
    }
    let names = ["www.example", "mail.example", "blocked.example", "www.example"];
    let text = said(Command::new(&kdig).args(&at).args(["+tcp", "+keepopen"]).args(names));
    assert_eq!(text.matches("status: NOERROR").count(), names.len(), "{text}");
    assert_eq!(text.matches(ADDRESS).count(), 3, "{text}");
}

#[test]
fn thousands_of_idle_connections_cost_little_and_hold_nobody_up() {
    let (_, files) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, files, files).unwrap();
    // The server holds connections to half of the files that it may open.
    if files < 2 * (IDLE as u64 + 100) {
        println!("left out: only {files} files may be open");
        return;
    }
    let Some(authority) = Authority::start("") else { return };
    let limits =
        format!("tcp_idle = \"10m\"\ntcp_connections = {IDLE}\ntcp_connections_per_client = {IDLE}\n");
    let school = school(authority.address, &limits);
    let server = serve_with_few_files(&school);
    // What the first queries take is no connection's.
    assert_eq!(Stream::open(server.address).ask("www.example", A).addresses(), [ADDRESS]);
    let before = own_memory(&server);
    let mut idle: Vec<Stream> = (0..IDLE).map(|_| Stream::open(server.address)).collect();
    // Each has asked, and some have begun to ask again.
    for (at, stream) in idle.iter_mut().enumerate() {
        stream.send(&keepalive_query(if at % 2 == 0 { "www.example" } else { "blocked.example" }, at as u16));
    }
    for (at, stream) in idle.iter_mut().enumerate() {
        let answer = stream.receive().expect("an answer");
        assert_eq!(u16::from_be_bytes([answer[0], answer[1]]), at as u16);
        if at % 10 == 0 {
            stream.0.write_all(&[0, 40, 1]).unwrap();
        }
    }
    let status = school.run_ok(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["tcp_connections"], IDLE);
    let cost = own_memory(&server).saturating_sub(before) / IDLE as u64;
    println!("{cost} octets a connection");
    assert!(cost <= IDLE_COST_MAX, "{cost} octets a connection");
    // One more: somebody gives way, and everybody else is still there.
    assert!(Stream::open_from("127.0.0.2", server.address).ask("blocked.example", A).is_blocked());
    let gone = idle.iter_mut().skip(1).step_by(100).filter_map(|stream| {
        stream.send(&query("blocked.example", A, 7));
        stream.receive().map_or(Some(()), |octets| (!Answer::read(&octets).is_blocked()).then_some(()))
    });
    assert!(gone.count() <= 1, "those who are idle for longest, no more than needed");
    drop(idle);
    let closed = wait_for(|| {
        let status: serde_json::Value = serde_json::from_str(&school.run_ok(&["status", "--json"])).unwrap();
        (status["tcp_connections"].as_u64()? == 0).then_some(())
    });
    assert!(closed.is_some(), "places are given back");
}

#[test]
fn fewer_connections_than_configured_are_no_change_of_the_config() {
    let Some(authority) = Authority::start("") else { return };
    let school = school(authority.address, "tcp_connections = 1000\n");
    let _server = serve_with_limit(&school, "-n");
    let said = school.run_ok(&["reload"]);
    assert!(!said.contains("restart"), "{said}");
}
