//! A kernel, or a filter of system calls round the service, that refuses what only makes us faster.

use std::collections::BTreeMap;
use std::fs;

use nix::errno::Errno;
use nix::libc::{
    IP_PKTINFO, IPPROTO_IP, SO_RCVBUF, SO_RCVBUFFORCE, SOL_SOCKET, SYS_recvmmsg, SYS_sendmmsg, SYS_setsockopt,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};

use crate::support::authority::{ADDRESS, Authority, free_address};
use crate::support::client::{Client, query};
use crate::support::server::School;

const A: u16 = 1;

/// Queries sent at once: more than a batch takes.
const AT_ONCE: u16 = 80;

/// What is refused: a system call, and of `setsockopt` the options alone, each by level and name.
type Refused = (i64, &'static [(i32, i32)]);

/// A filter that answers these calls with `error` and lets all others through.
fn refusing(calls: &[Refused], error: Errno) -> BpfProgram {
    let equals = |at, value: i32| {
        SeccompCondition::new(at, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value as u64).unwrap()
    };
    let rules: BTreeMap<i64, Vec<SeccompRule>> = calls
        .iter()
        .map(|(call, options)| {
            let options = options.iter().map(|(level, name)| vec![equals(1, *level), equals(2, *name)]);
            (*call, options.map(|option| SeccompRule::new(option).unwrap()).collect())
        })
        .collect();
    let refuse = SeccompAction::Errno(error as u32);
    let machine = std::env::consts::ARCH.try_into().unwrap();
    SeccompFilter::new(rules, SeccompAction::Allow, refuse, machine).unwrap().try_into().unwrap()
}

/// Every other query is for a blocked name.
fn is_blocked(id: u16) -> bool {
    id.is_multiple_of(2)
}

/// Starts a server and asks it a handful at once, all under the filter: what a thread may not do, its
/// children may not either.
fn every_query_is_answered(school: &School, filter: &BpfProgram, what: &str) {
    apply_filter(filter).unwrap();
    let server = school.serve();
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    assert!(status.contains("\nSeccomp:\t2\n"), "{what}: the server runs under the filter");
    let client = Client::of(server.address);
    // The second time the allowed name is in the cache.
    for _ in 0..2 {
        for id in 0..AT_ONCE {
            let name = if is_blocked(id) { "blocked.example" } else { "www.example" };
            client.send(&query(name, A, id));
        }
        let mut answered = [0; AT_ONCE as usize];
        for _ in 0..AT_ONCE {
            let answer = client.receive().unwrap_or_else(|| panic!("{what}: an answer is missing"));
            let id = u16::from_be_bytes([answer.octets[0], answer.octets[1]]);
            answered[usize::from(id)] += 1;
            assert_eq!(answer.is_blocked(), is_blocked(id), "{what}");
            assert!(answer.is_blocked() || answer.addresses() == [ADDRESS], "{what}: {answer:?}");
        }
        assert_eq!(answered, [1; AT_ONCE as usize], "{what}");
    }
    assert!(server.stop().success(), "{what}");
}

#[test]
fn what_only_makes_us_faster_may_be_refused() {
    let Some(authority) = Authority::start("") else { return };
    const RECEIVE: Refused = (SYS_recvmmsg, &[]);
    const SEND: Refused = (SYS_sendmmsg, &[]);
    const ADDRESS_ASKED: Refused = (SYS_setsockopt, &[(IPPROTO_IP, IP_PKTINFO)]);
    const BUFFER: Refused = (SYS_setsockopt, &[(SOL_SOCKET, SO_RCVBUF), (SOL_SOCKET, SO_RCVBUFFORCE)]);
    for (what, calls, error) in [
        ("an old kernel", &[RECEIVE, SEND][..], Errno::ENOSYS),
        ("a filter of system calls", &[RECEIVE, SEND], Errno::EPERM),
        ("receiving alone", &[RECEIVE], Errno::EPERM),
        ("sending alone", &[SEND], Errno::EPERM),
        ("no packet info", &[ADDRESS_ASKED], Errno::ENOPROTOOPT),
        ("no say in buffers", &[BUFFER], Errno::EPERM),
    ] {
        let school = School::new();
        school.config(
            Some(authority.address),
            &format!(
                "[[group]]\nname = \"x\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n[school_rules]\n\
                 block = [{{ name = \"blocked.example\", reason = \"thi\", by = \"IT\" }}]\n\
                 [listen]\ndns = [\"0.0.0.0:{}\"]\n",
                free_address().port()
            ),
        );
        let filter = refusing(calls, error);
        std::thread::scope(|scope| {
            scope.spawn(|| every_query_is_answered(&school, &filter, what));
        });
    }
}
