//! Lists change while everybody asks: no query is lost or answered wrongly, and what was goes.

use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::authority::{ADDRESS, Authority};
use crate::support::client::{Client, ask, query};
use crate::support::server::{School, Server, wait_for};

const A: u16 = 1;
const LOCAL: &str = "10.0.0.20";

/// Names of the list, so that an index which is not given back shows.
const NAMES: usize = 30_000;
const RELOADS: usize = 10;
/// Reloads after which all caches and tables of the server have grown to what this load takes.
const SETTLED: usize = 2;
/// Of which so many are asked for: the journal keeps each, and is not to be measured here.
const ASKED: usize = 500;
/// Who asks all the time, each one question after the other.
const CLIENTS: usize = 3;

const CONFIG: &str = "[[group]]\nname = \"x\"\ntier = \"lower_secondary\"\nfrom = [\"127.0.0.0/8\"]\n\
    [[local]]\nname = \"thuvien.example\"\ntype = \"A\"\ndata = \"10.0.0.20\"\n";

fn name_of(number: usize) -> String {
    format!("n{number}.casino-{}.example", number % 97)
}

/// The list of one reload: one name more, and that of the reload before is gone.
fn list(reload: usize) -> String {
    let names = (0..NAMES).map(|number| name_of(number) + "\n");
    names.collect::<String>() + &format!("in-{reload}.example\n")
}

/// What a client saw.
#[derive(Default)]
struct Seen {
    answers: usize,
    longest: Duration,
}

/// Asks until told to stop, and looks at each answer. `reload` is the one that is under way.
fn ask_on(server: SocketAddr, reload: &AtomicUsize, stop: &AtomicBool) -> Seen {
    let client = Client::of(server);
    let (mut seen, mut last) = (Seen::default(), Instant::now());
    while !stop.load(Ordering::Relaxed) {
        let (number, current) = (seen.answers, reload.load(Ordering::Relaxed));
        let name = match number % 4 {
            0 => name_of(number / 4 % ASKED),
            1 => "www.example".to_owned(),
            2 => "thuvien.example".to_owned(),
            _ => format!("in-{current}.example"),
        };
        client.send(&query(&name, A, number as u16));
        let answer = client.receive().unwrap_or_else(|| panic!("{name} is lost after {number} answers"));
        assert_eq!(answer.octets[..2], (number as u16).to_be_bytes(), "{name}: one answer to each query");
        let is_right = match number % 4 {
            0 => answer.is_blocked(),
            1 => !answer.is_blocked() && answer.addresses() == [ADDRESS],
            2 => !answer.is_blocked() && answer.addresses() == [LOCAL],
            // It is just being blocked, or just not any more.
            _ => answer.is_blocked() || answer.addresses() == [ADDRESS],
        };
        assert!(is_right, "{name}: {answer:?}");
        seen.answers += 1;
        seen.longest = seen.longest.max(last.elapsed());
        last = Instant::now();
    }
    seen
}

/// Has the list of one reload taken, and looks whether it is in force.
fn change_once(school: &School, server: SocketAddr, number: usize) {
    school.run_ok(&["reload"]);
    let [gone, came] = [number - 1, number].map(|n| format!("in-{n}.example"));
    assert!(ask(server, &came, A).is_blocked(), "{came} is on the list now");
    assert_eq!(ask(server, &gone, A).addresses(), [ADDRESS], "{gone} is not any more");
}

/// KiB resident.
fn memory(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Index files that the server has mapped or open, other than the one in place.
fn old_indexes(server: &Server) -> Vec<String> {
    let of_process = |what: &str| format!("/proc/{}/{what}", server.pid());
    let maps = fs::read_to_string(of_process("maps")).unwrap();
    let mapped = maps.lines().filter_map(|line| line.split_once('/')).map(|(_, file)| format!("/{file}"));
    let open =
        fs::read_dir(of_process("fd")).unwrap().flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
    let open = open.map(|file| file.to_string_lossy().into_owned());
    mapped.chain(open).filter(|file| file.contains("/index.lachan") && file.contains("(deleted)")).collect()
}

#[test]
fn lists_change_under_load_and_no_query_is_lost_nor_an_old_index_kept() {
    let Some(authority) = Authority::start("") else { return };
    let school = School::new();
    let file = school.write("list.txt", list(0));
    let lists =
        format!("[[list]]\nid = \"cua-truong\"\nfile = \"{}\"\ncategory = \"gambling\"\n", file.display());
    school.config(Some(authority.address), &format!("{CONFIG}{lists}"));
    let server = school.serve();
    school.wait_for_list("cua-truong");
    let (reload, stop, address) = (AtomicUsize::new(0), AtomicBool::new(false), server.address);

    let (seen, grown) = std::thread::scope(|scope| {
        let clients = [(); CLIENTS].map(|()| scope.spawn(|| ask_on(address, &reload, &stop)));
        let reloads = scope.spawn(|| {
            let after_each = (1..=RELOADS).map(|number| {
                fs::write(&file, list(number)).unwrap();
                reload.store(number, Ordering::Relaxed);
                change_once(&school, address, number);
                memory(&server)
            });
            after_each.collect::<Vec<_>>()
        });
        let done = reloads.join();
        stop.store(true, Ordering::Relaxed);
        let seen = clients.map(|client| client.join().unwrap());
        (seen, done.unwrap())
    });

    for (client, seen) in seen.iter().enumerate() {
        println!("client {client}: {} answers, the longest took {:?}", seen.answers, seen.longest);
        assert!(seen.answers > 100, "{}", seen.answers);
    }
    // Who waits for upstream keeps the index that was in force when it began.
    let none = wait_for(|| {
        // A worker that sleeps keeps the index of its last query; each look takes some milliseconds.
        (0..4).for_each(|_| drop(ask(server.address, "www.example", A)));
        school.run(&["status"]);
        old_indexes(&server).is_empty().then_some(())
    });
    assert!(none.is_some(), "{:?}", old_indexes(&server));
    println!("KiB resident after each reload: {grown:?}");
    let (before, after) = (grown[SETTLED], memory(&server));
    assert!(after <= before * 13 / 10, "{before} KiB have grown to {after}");
    assert!(server.stop().success());
}
