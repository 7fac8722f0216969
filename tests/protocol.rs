//! Odd queries get the codes that the RFCs ask for.

use crate::support::authority::{ADDRESS, Authority};
use crate::support::client::{Answer, Stream, ask, exchange, query};
use crate::support::server::{School, Server};

const A: u16 = 1;
const TXT: u16 = 16;
const IXFR: u16 = 251;
const AXFR: u16 = 252;
/// The OPT record at the end of a query.
const OPT: [u8; 11] = [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0];

struct Setup {
    server: Server,
    _school: School,
    _authority: Authority,
}

fn setup(config: &str) -> Option<Setup> {
    let big: String = (0..120).map(|n| format!("big.example. 300 IN TXT \"{n:0>20}\"\n")).collect();
    let authority = Authority::start(&big)?;
    let school = School::new();
    school.config(
        Some(authority.address),
        &format!("[[group]]\nname = \"x\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n{config}"),
    );
    Some(Setup { server: school.serve(), _school: school, _authority: authority })
}

fn changed(name: &str, rtype: u16, change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut packet = query(name, rtype, 7);
    change(&mut packet);
    packet
}

#[test]
fn odd_queries_get_their_codes() {
    let Some(setup) = setup("") else { return };
    let rcode = |packet: &[u8]| exchange("127.0.0.1", setup.server.address, packet).unwrap().rcode;
    assert_eq!(rcode(&changed("a.example", A, |p| p[2] |= 2 << 3)), 4, "opcode STATUS is NOTIMP");
    assert_eq!(rcode(&changed("a.example", A, |p| p[2] |= 5 << 3)), 4, "UPDATE is NOTIMP");
    // The other bits may mean something else there (RFC 8906 §8.1).
    let unknown = exchange(
        "127.0.0.1",
        setup.server.address,
        &changed("a.example", A, |p| {
            (p[2], p[3]) = (0x7f, 0xf0);
        }),
    );
    assert_eq!(unknown.unwrap().octets[2..], [0xf8, 4, 0, 0, 0, 0, 0, 0, 0, 0], "NOTIMP and nothing else");
    assert_eq!(rcode(&changed("a.example", A, |p| p[5] = 2)), 1, "two questions are FORMERR");
    assert_eq!(rcode(&changed("a.example", 252, |_| {})), 5, "AXFR is REFUSED");
    let ednsver = changed("a.example", A, |p| {
        let at = p.len() - 5;
        p[at] = 1;
    });
    assert_eq!(rcode(&ednsver), 16, "EDNS version 1 is BADVERS");
    assert_eq!(
        rcode(&changed("a.example", A, |p| p[2] &= !1)),
        5,
        "no recursion desired, no look into the cache"
    );
    let unknown_option = changed("a.example", A, |p| {
        let at = p.len() - 1;
        p[at] = 6;
        p.extend_from_slice(&[0xff, 0, 0, 2, 1, 2]);
    });
    assert_eq!(rcode(&unknown_option), 0, "an unknown option is ignored");
    let any = ask(setup.server.address, "a.example", 255);
    assert_eq!((any.rcode, any.addresses()), (0, vec![ADDRESS]), "ANY gets what there is");
}

#[test]
fn what_is_turned_down_for_what_it_says_comes_back_with_its_question_and_an_opt() {
    let Some(setup) = setup("") else { return };
    let edns_1 = changed("a.example", A, |p| {
        let at = p.len() - 5;
        p[at] = 1;
    });
    // An IXFR says what it has: an SOA in its authority section (RFC 1995 §3).
    let ixfr = changed("a.example", IXFR, |p| {
        p[9] = 1;
        let at = p.len() - OPT.len();
        p.splice(at..at, [b"\xc0\x0c\0\x06\0\x01\0\0\0\0\0\x16".as_slice(), &[0; 22]].concat());
    });
    for (packet, rcode) in [(edns_1, 16), (changed("a.example", AXFR, |_| {}), 5), (ixfr, 5)] {
        let question_end = 12 + 11 + 4;
        let answer = exchange("127.0.0.1", setup.server.address, &packet).unwrap();
        assert_eq!(answer.rcode, rcode);
        assert_eq!(answer.octets[4..12], [0, 1, 0, 0, 0, 0, 0, 1], "the question and an OPT");
        assert_eq!(answer.octets[12..question_end], packet[12..question_end]);
        assert_eq!(answer.octets[question_end + 6], 0, "our EDNS version");
    }
}

#[test]
fn without_recursion_desired_there_is_what_is_ours_and_nothing_else() {
    let local = "[[local]]\nname = \"may.truong.example\"\ntype = \"A\"\ndata = \"10.0.0.20\"\n\
                 [[local]]\nname = \"ra.truong.example\"\ntype = \"CNAME\"\ndata = \"www.example\"\n\
                 [school_rules]\nblock = [{ name = \"blocked.example\", reason = \"thi\", by = \"IT\" }]\n";
    let Some(setup) = setup(local) else { return };
    let iterative = |name: &str| {
        let packet = changed(name, A, |p| p[2] &= !1);
        exchange("127.0.0.1", setup.server.address, &packet).unwrap()
    };
    // Once before anybody asked, and once when it is in the cache.
    for _ in 0..2 {
        assert_eq!(iterative("may.truong.example").addresses(), ["10.0.0.20"]);
        assert!(iterative("blocked.example").is_blocked());
        // The second leads outside. RFC 8914 §4.21 says why.
        for name in ["www.example", "ra.truong.example"] {
            let refused = iterative(name);
            let codes: Vec<u16> = refused.errors.iter().map(|(code, _)| *code).collect();
            assert_eq!((refused.rcode, codes), (5, vec![20]), "{name}");
        }
        assert_eq!(ask(setup.server.address, "www.example", A).addresses(), [ADDRESS]);
        assert_eq!(ask(setup.server.address, "ra.truong.example", A).addresses(), [ADDRESS]);
    }
}

#[test]
fn the_case_of_the_question_comes_back() {
    let Some(setup) = setup("") else { return };
    for _ in 0..2 {
        let answer = ask(setup.server.address, "wWw.ExAmPlE", A);
        assert_eq!(answer.addresses(), [ADDRESS]);
        assert_eq!(&answer.octets[12..25], b"\x03wWw\x07ExAmPlE\x00");
    }
}

#[test]
fn what_is_too_large_for_udp_is_cut_and_comes_whole_over_tcp() {
    let Some(setup) = setup("") else { return };
    for _ in 0..2 {
        let answer = ask(setup.server.address, "big.example", TXT);
        assert!(answer.truncated && answer.records.is_empty());
        let whole = Stream::open(setup.server.address).ask("big.example", TXT);
        assert_eq!((whole.truncated, whole.records.len()), (false, 120));
    }
}

#[test]
fn queries_of_one_connection_are_answered_as_they_finish() {
    let Some(setup) = setup("") else { return };
    let mut stream = Stream::open(setup.server.address);
    for id in 0..50 {
        stream.send(&query(&format!("n{id}.example"), A, id));
    }
    let mut ids: Vec<u16> = (0..50)
        .map(|_| {
            let octets = stream.receive().unwrap();
            assert_eq!(Answer::read(&octets).addresses(), [ADDRESS]);
            u16::from_be_bytes([octets[0], octets[1]])
        })
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..50).collect::<Vec<_>>());
}

#[test]
fn class_ch_tells_nothing_unless_the_school_says_so() {
    let chaos = |name: &str| {
        changed(name, TXT, |p| {
            let at = p.len() - 12;
            p[at] = 3;
        })
    };
    let Some(silent) = setup("") else { return };
    let ask = |setup: &Setup, name: &str| exchange("127.0.0.1", setup.server.address, &chaos(name)).unwrap();
    assert_eq!(ask(&silent, "version.bind").rcode, 5);
    let Some(open) = setup("[listen]\nversion = \"lachan\"\nhostname = \"truong-a\"\n") else { return };
    assert_eq!(ask(&open, "version.bind").records[0].2, "lachan");
    assert_eq!(ask(&open, "hostname.bind").records[0].2, "truong-a");
}

#[test]
fn a_client_outside_the_access_list_is_refused() {
    let Some(setup) = setup("[access]\nallow = [\"127.0.0.1/32\"]\n") else { return };
    let refused = exchange("127.0.0.2", setup.server.address, &query("a.example", A, 7)).unwrap();
    assert_eq!(refused.rcode, 5);
    assert_eq!(refused.errors[0].0, 18);
    // Nor does it learn what we would say to something odd.
    for odd in [changed("a.example", A, |p| p[2] |= 2 << 3), changed("a.example", A, |p| p[5] = 2)] {
        assert_eq!(exchange("127.0.0.2", setup.server.address, &odd).unwrap().rcode, 5);
    }
    assert_eq!(ask(setup.server.address, "a.example", A).rcode, 0);
}
