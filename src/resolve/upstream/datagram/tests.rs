//! One question against servers that follow a script.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::net::UdpSocket;

use super::super::query::STRAY_MAX;
use super::*;
use crate::dns::name::{HEADER, OwnedName};
use crate::dns::question::Question;
use crate::dns::rrtype::RrType;

/// Long enough that a test which waits for it has failed.
const TIMEOUT: Duration = Duration::from_secs(20);

fn ask() -> Ask {
    Ask::new(OwnedName::parse("www.example").unwrap(), RrType::A)
}

/// An answer with one address, as a server gives it.
fn answer(query: &[u8]) -> Vec<u8> {
    let question = Question::parse(query).expect("a query that can be read");
    let mut answer = query[..question.end].to_vec();
    (answer[2], answer[3], answer[7], answer[11]) = (0x81, 0x80, 1, 0);
    answer.extend_from_slice(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc6\x33\x64\x07");
    answer
}

/// A server that says to the n-th query what `says` makes of it.
async fn server(says: impl Fn(u32, &[u8]) -> Vec<Vec<u8>> + Send + 'static) -> (Datagrams, Arc<AtomicU32>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let server = socket.local_addr().unwrap();
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        let mut buf = [0; 2048];
        while let Ok((len, from)) = socket.recv_from(&mut buf).await {
            let number = count.fetch_add(1, Ordering::SeqCst);
            for octets in says(number, &buf[..len]) {
                socket.send_to(&octets, from).await.unwrap();
            }
        }
    });
    (Datagrams::new(server, None, TIMEOUT), asked)
}

fn octets(found: Found) -> Vec<u8> {
    match found {
        Found::Answer(octets) => octets,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_comes_as_it_is_and_is_put_down() {
    let (datagrams, _) = server(|_, query| vec![answer(query)]).await;
    let tally = Tally::new();
    let found = octets(datagrams.ask(&ask(), &tally).await);
    assert_eq!(found[2..], answer(&query(&ask(), true))[2..]);
    assert_eq!((tally.queries(), tally.failures()), (1, 0));
    assert!(tally.rtt().is_some());
}

#[tokio::test]
async fn a_query_says_what_is_asked_and_nothing_else() {
    let mut ask = ask();
    for (dnssec_ok, checking_disabled) in [(false, false), (true, false), (false, true)] {
        (ask.dnssec_ok, ask.checking_disabled) = (dnssec_ok, checking_disabled);
        let octets = query(&ask, true);
        let question = Question::parse(&octets).unwrap();
        assert_eq!((question.name(), question.rtype), (ask.name.as_name(), RrType::A));
        assert_eq!((question.dnssec_ok(), question.checking_disabled()), (dnssec_ok, checking_disabled));
        assert_eq!((question.udp_limit(), question.recursion_desired()), (usize::from(PAYLOAD), true));
        assert_eq!(octets.len(), question.end + 11, "one OPT record without options");
        assert_eq!(query(&ask, false).len(), question.end);
    }
    let ids: std::collections::HashSet<_> = (0..100).map(|_| query(&ask, true)[..2].to_vec()).collect();
    assert!(ids.len() > 90, "ids are drawn");
}

#[tokio::test]
async fn what_does_not_match_is_passed_over() {
    let (datagrams, _) = server(|_, query| {
        let right = answer(query);
        let change = |at: usize, to: u8| {
            let mut wrong = right.clone();
            wrong[at] ^= to;
            wrong
        };
        // Another id, a query, an opcode, another name, another type, nothing at all; then in another case.
        let wrong = [change(0, 1), change(2, 0x80), change(2, 0x20), change(14, 1), change(26, 0x20)];
        let mut said: Vec<_> = wrong.into_iter().chain([vec![], right[..11].to_vec()]).collect();
        said.push(change(13, 0x20));
        said
    })
    .await;
    let found = octets(datagrams.ask(&ask(), &Tally::new()).await);
    assert_eq!(&found[12..18], b"\x03Www\x07e");
}

#[tokio::test]
async fn who_guesses_makes_us_go_over_tcp() {
    let (datagrams, _) = server(|_, query| {
        let guess = |n: u8| {
            let mut guess = answer(query);
            guess[1] ^= n;
            guess
        };
        (1..=STRAY_MAX as u8 + 1).map(guess).chain([answer(query)]).collect()
    })
    .await;
    assert!(matches!(datagrams.ask(&ask(), &Tally::new()).await, Found::OverTcp));
}

#[tokio::test]
async fn what_does_not_fit_is_fetched_over_tcp() {
    for long in [false, true] {
        let (datagrams, _) = server(move |_, query| {
            let mut answer = answer(query);
            if long {
                answer.resize(usize::from(PAYLOAD) + 1, 0);
            } else {
                answer[2] |= 0x02;
            }
            vec![answer]
        })
        .await;
        assert!(matches!(datagrams.ask(&ask(), &Tally::new()).await, Found::OverTcp));
    }
}

#[tokio::test]
async fn a_server_that_knows_no_edns_is_asked_without_it() {
    for bare in [false, true] {
        let (datagrams, asked) = server(move |_, query| {
            if Question::parse(query).unwrap().edns.is_none() {
                return vec![answer(query)];
            }
            let mut refusal = query.to_vec();
            (refusal[2], refusal[3], refusal[11]) = (0x81, 0x81, 0);
            refusal.truncate(if bare { HEADER } else { refusal.len() - 11 });
            refusal[5] = u8::from(!bare);
            vec![refusal]
        })
        .await;
        octets(datagrams.ask(&ask(), &Tally::new()).await);
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test]
async fn a_query_that_gets_lost_is_repeated() {
    let (datagrams, asked) = server(|number, query| match number {
        0 => vec![],
        _ => vec![answer(query)],
    })
    .await;
    let tally = Tally::new();
    octets(datagrams.ask(&ask(), &tally).await);
    assert_eq!((asked.load(Ordering::SeqCst), tally.queries()), (2, 1));
}

#[tokio::test]
async fn a_repeated_query_has_a_port_of_its_own_and_the_answer_to_either_counts() {
    for answered in [0, 1] {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let datagrams = Datagrams::new(socket.local_addr().unwrap(), None, TIMEOUT);
        let says = async {
            let mut buf = [0; 512];
            let (_, first) = socket.recv_from(&mut buf).await.unwrap();
            let (len, second) = socket.recv_from(&mut buf).await.unwrap();
            socket.send_to(&answer(&buf[..len]), [first, second][answered]).await.unwrap();
            (first.port(), second.port())
        };
        let (ask, tally) = (ask(), Tally::new());
        let (found, (first, second)) = tokio::join!(datagrams.ask(&ask, &tally), says);
        octets(found);
        assert_ne!(first, second, "our address may have changed meanwhile");
    }
}

#[tokio::test]
async fn a_silent_server_costs_its_timeout_and_few_datagrams() {
    let (mut datagrams, asked) = server(|_, _| vec![]).await;
    datagrams.time_limit = Duration::from_millis(900);
    let (tally, start) = (Tally::new(), Instant::now());
    assert!(matches!(datagrams.ask(&ask(), &tally).await, Found::Silent));
    assert!(start.elapsed() >= datagrams.time_limit);
    assert!(asked.load(Ordering::SeqCst) <= SENT_MAX);
    assert_eq!((tally.queries(), tally.failures()), (1, 1));
}

#[tokio::test]
async fn nobody_there_is_known_at_once() {
    let server = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let datagrams = Datagrams::new(server, None, TIMEOUT);
    let start = Instant::now();
    assert!(matches!(datagrams.ask(&ask(), &Tally::new()).await, Found::Silent));
    assert!(start.elapsed() < AGAIN_MAX, "the kernel says so, and nothing is sent again");
}

#[tokio::test]
async fn a_source_address_is_used_as_it_was_given() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let server = socket.local_addr().unwrap();
    let source = Some("127.0.0.9:0".parse().unwrap());
    let datagrams = Datagrams::new(server, source, TIMEOUT);
    let says = async {
        let mut buf = [0; 512];
        let (len, from) = socket.recv_from(&mut buf).await.unwrap();
        socket.send_to(&answer(&buf[..len]), from).await.unwrap();
        from
    };
    let (ask, tally) = (ask(), Tally::new());
    let (found, from) = tokio::join!(datagrams.ask(&ask, &tally), says);
    octets(found);
    assert_eq!(from.ip().to_string(), "127.0.0.9");
}
