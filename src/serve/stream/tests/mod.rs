//! A client at one end of a pipe, a connection at the other. The clock is the tests' own where nothing is
//! asked upstream.

mod school;

use std::io::ErrorKind;
use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::super::or_nothing;
use super::timeouts::WRITE_WAIT;
use crate::query::counters::Counters;
use crate::serve::Settings;
use school::{BLOCKED, Client, KEEPALIVE, Upstream, framed, query, streams, streams_alone, told};

/// Octets of a pipe that is never full.
const WIDE: usize = 1 << 20;
const SECOND: Duration = Duration::from_secs(1);

fn id(answer: &[u8]) -> u16 {
    u16::from_be_bytes([answer[0], answer[1]])
}

fn rcode(answer: &[u8]) -> u8 {
    answer[3] & 15
}

#[tokio::test]
async fn queries_that_come_in_one_piece_are_all_answered_in_order() {
    let streams = streams_alone(&Settings::default());
    let mut client = Client::connect(&streams, WIDE);
    let all: Vec<u8> = (0..2000).flat_map(|id| framed(&query(BLOCKED, id, &[]))).collect();
    client.stream.write_all(&all).await.unwrap();
    for expected in 0..2000 {
        assert_eq!(id(&client.receive().await.unwrap()), expected);
    }
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.receive().await, None);
    assert!(client.connection.await.unwrap().is_ok());
    assert_eq!((streams.open(), streams.waiting.responder().counts().blocked), (0, 2000));
}

#[tokio::test]
async fn what_is_ready_does_not_wait_for_what_is_not_and_all_that_was_asked_is_answered() {
    let upstream = Upstream::start().await;
    let streams = streams(&Settings::default(), upstream.address(), 9);
    let mut client = Client::connect(&streams, WIDE);
    for (id, name) in [(1, "one.example"), (2, BLOCKED), (3, "three.example"), (4, BLOCKED)] {
        client.send(&query(name, id, &[])).await;
    }
    // Half a connection: nothing more is asked.
    client.stream.shutdown().await.unwrap();
    let ready = [client.receive().await.unwrap(), client.receive().await.unwrap()];
    assert_eq!(ready.map(|answer| id(&answer)), [2, 4]);
    let one = upstream.asked_for("one").await;
    upstream.answer(upstream.asked_for("three").await).await;
    assert_eq!(client.receive().await.map(|answer| id(&answer)), Some(3));
    upstream.answer(one).await;
    assert_eq!(client.receive().await.map(|answer| id(&answer)), Some(1));
    assert_eq!(client.receive().await, None);
}

#[tokio::test]
async fn a_query_too_many_is_held_and_what_can_be_answered_overtakes_it() {
    let upstream = Upstream::start().await;
    let settings = Settings { tcp_pipeline_max: 1, ..Settings::default() };
    let streams = streams(&settings, upstream.address(), 9);
    let mut client = Client::connect(&streams, WIDE);
    let asked = [(1, "one.example"), (2, "two.example"), (3, BLOCKED)];
    let all: Vec<u8> = asked.iter().flat_map(|(id, name)| framed(&query(name, *id, &[]))).collect();
    client.stream.write_all(&all).await.unwrap();
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.receive().await.map(|answer| id(&answer)), Some(3));
    for (number, name) in [(1, "one"), (2, "two")] {
        upstream.answer(upstream.asked_for(name).await).await;
        assert_eq!(client.receive().await.map(|answer| id(&answer)), Some(number));
    }
    assert_eq!(client.receive().await, None);
    assert_eq!(streams.held.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[tokio::test]
async fn five_hundred_slow_questions_do_not_hold_up_one_that_is_blocked() {
    let upstream = Upstream::start().await;
    let streams = streams(&Settings::default(), upstream.address(), 1000);
    let mut client = Client::connect(&streams, WIDE);
    let slow = (0..500).flat_map(|id| framed(&query(&format!("slow{id}.example"), id, &[])));
    let all: Vec<u8> = slow.chain(framed(&query(BLOCKED, 9999, &[]))).collect();
    client.stream.write_all(&all).await.unwrap();
    let first = timeout(SECOND, client.receive()).await.expect("at once").unwrap();
    assert_eq!(id(&first), 9999);
    assert_eq!(streams.waiting.responder().counts().queries, 501);
    assert_eq!(
        streams.held.load(std::sync::atomic::Ordering::Relaxed),
        500 - Settings::default().tcp_pipeline_max
    );
    drop(client.stream);
    client.connection.abort();
    let _ = client.connection.await;
    assert_eq!(streams.held.load(std::sync::atomic::Ordering::Relaxed), 0, "given back with the connection");
}

#[tokio::test]
async fn where_as_many_are_held_as_there_is_room_for_nothing_more_is_read() {
    let upstream = Upstream::start().await;
    let settings = Settings { tcp_pipeline_max: 1, ..Settings::default() };
    let streams = streams(&settings, upstream.address(), 9);
    let mut client = Client::connect(&streams, WIDE);
    // One in flight, 1,024 held; the last is not read.
    let slow = (0..1025).flat_map(|id| framed(&query(&format!("s{id}.example"), id, &[])));
    let all: Vec<u8> = slow.chain(framed(&query(BLOCKED, 9999, &[]))).collect();
    client.stream.write_all(&all).await.unwrap();
    let one = upstream.asked_for("s0").await;
    tokio::task::yield_now().await;
    let read = || streams.waiting.responder().counts().queries;
    for _ in 0..1000 {
        if read() == 1025 {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!((read(), streams.waiting.responder().counts().blocked), (1025, 0));
    upstream.answer(one).await;
    assert_eq!(client.receive().await.map(|answer| id(&answer)), Some(0));
    assert_eq!(client.receive().await.map(|answer| id(&answer)), Some(9999), "there is room again");
    client.connection.abort();
}

#[tokio::test]
async fn where_too_many_wait_in_all_the_oldest_is_turned_away_and_places_come_back() {
    let upstream = Upstream::start().await;
    let streams = streams(&Settings::default(), upstream.address(), 1);
    let mut client = Client::connect(&streams, WIDE);
    client.send(&query("one.example", 1, KEEPALIVE)).await;
    upstream.asked_for("one").await;
    client.send(&query("two.example", 2, KEEPALIVE)).await;
    let shed = client.receive().await.unwrap();
    assert_eq!((id(&shed), rcode(&shed), told(&shed)), (1, 2, Some(10 * SECOND)));
    upstream.answer(upstream.asked_for("two").await).await;
    let answer = client.receive().await.unwrap();
    assert_eq!((id(&answer), rcode(&answer), told(&answer)), (2, 0, Some(10 * SECOND)));
    streams.waiting.admission().drained().await;
    let counts = streams.waiting.responder().counts();
    assert_eq!((counts.shed, counts.over_share), (1, 1), "it was the client's own share, too");
}

#[tokio::test]
async fn every_kind_of_answer_says_how_long_the_connection_may_be_idle_to_whoever_asks() {
    let upstream = Upstream::start().await;
    let settings = Settings { tcp_idle: Duration::from_millis(7_250), ..Settings::default() };
    let streams = streams(&settings, upstream.address(), 9);
    let mut client = Client::connect(&streams, WIDE);
    let changed = |change: fn(&mut Vec<u8>)| {
        let mut packet = query("fetched.example", 7, KEEPALIVE);
        change(&mut packet);
        packet
    };
    client.send(&query("fetched.example", 7, KEEPALIVE)).await;
    upstream.answer(upstream.asked_for("fetched").await).await;
    let fetched = client.receive().await.unwrap();
    assert_eq!((rcode(&fetched), told(&fetched)), (0, Some(Duration::from_millis(7_200))));
    client.send(&changed(|p| p[30] = 255)).await;
    upstream.answer(upstream.asked_for("fetched").await).await;
    let any = client.receive().await.unwrap();
    assert_eq!((rcode(&any), told(&any)), (0, Some(Duration::from_millis(7_200))), "type ANY");
    for (what, packet, code) in [
        ("from the cache", changed(|_| ()), 0),
        ("blocked", query(BLOCKED, 7, KEEPALIVE), 0),
        ("local", query("localhost", 7, KEEPALIVE), 0),
        ("class CH", changed(|p| p[32] = 3), 5),
        ("AXFR", changed(|p| p[30] = 252), 5),
        ("no recursion desired", changed(|p| p[2] = 0), 5),
        ("EDNS version 1", changed(|p| p[39] = 1), 0),
    ] {
        let answer = client.ask(&packet).await;
        assert_eq!((rcode(&answer), told(&answer)), (code, Some(Duration::from_millis(7_200))), "{what}");
    }
    for options in [&[][..], &[0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]] {
        assert_eq!(told(&client.ask(&query(BLOCKED, 7, options)).await), None, "who does not ask");
    }
    // A time is the server's to say (RFC 7828 §3.2.1). The connection goes on.
    let malformed = client.ask(&query(BLOCKED, 7, &[0, 11, 0, 2, 0, 100])).await;
    assert_eq!((rcode(&malformed), told(&malformed)), (1, None));
    assert_eq!(rcode(&client.ask(&query(BLOCKED, 7, KEEPALIVE)).await), 0);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_when_it_was_told_that_it_would() {
    let streams = streams_alone(&Settings::default());
    let mut client = Client::connect(&streams, WIDE);
    tokio::time::sleep(9 * SECOND).await;
    let told = told(&client.ask(&query(BLOCKED, 7, KEEPALIVE)).await).unwrap();
    let asked = Instant::now();
    assert_eq!(client.receive().await, None);
    // Timers go by milliseconds.
    assert!(asked.elapsed() >= told && asked.elapsed() < told + SECOND / 100, "{:?}", asked.elapsed());
    assert!(client.connection.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn where_places_are_scarce_connections_end_sooner_and_are_told_so() {
    let streams = streams_alone(&Settings { tcp_connections_max: 4, ..Settings::default() });
    let mut early = Client::connect(&streams, WIDE);
    assert_eq!(told(&early.ask(&query(BLOCKED, 7, KEEPALIVE)).await), Some(10 * SECOND));
    let _others = [Client::connect(&streams, WIDE), Client::connect(&streams, WIDE)];
    let mut last = Client::connect(&streams, WIDE);
    assert_eq!(told(&last.ask(&query(BLOCKED, 7, KEEPALIVE)).await), Some(SECOND * 5 / 2));
    tokio::time::sleep(SECOND * 26 / 10).await;
    assert_eq!(streams.open(), 3, "one that was told otherwise before ended, and then there was room");
    tokio::time::sleep(SECOND).await;
    assert_eq!(streams.open(), 3);
    tokio::time::sleep(9 * SECOND).await;
    assert_eq!(streams.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn where_no_place_is_left_the_longest_idle_gives_way_to_a_new_client() {
    let streams = streams_alone(&Settings { tcp_connections_max: 2, ..Settings::default() });
    let mut first = Client::connect(&streams, WIDE);
    let mut second = Client::connect(&streams, WIDE);
    for client in [&mut second, &mut first] {
        client.ask(&query(BLOCKED, 7, &[])).await;
        tokio::time::sleep(SECOND / 100).await;
    }
    let mut third = Client::connect(&streams, WIDE);
    assert_eq!(second.receive().await, None);
    assert_eq!(streams.open(), 2);
    for client in [&mut third, &mut first] {
        assert_eq!(id(&client.ask(&query(BLOCKED, 8, &[])).await), 8);
    }
}

#[tokio::test(start_paused = true)]
async fn who_dawdles_within_a_query_is_not_borne_with_for_longer_than_who_is_idle() {
    let streams = streams_alone(&Settings::default());
    let mut client = Client::connect(&streams, WIDE);
    let begun = Instant::now();
    let packet = framed(&query(BLOCKED, 7, &[]));
    for octet in &packet[..packet.len() - 1] {
        if client.stream.write_all(&[*octet]).await.is_err() {
            break;
        }
        tokio::time::sleep(SECOND / 2).await;
    }
    assert_eq!(client.receive().await, None);
    assert!(begun.elapsed() < 11 * SECOND, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_does_not_take_answers_is_not_read_from_and_then_broken_off() {
    let streams = streams_alone(&Settings::default());
    let mut client = Client::connect(&streams, 4096);
    let one = framed(&query(BLOCKED, 7, &[]));
    let mut asked = 0;
    while timeout(SECOND, client.stream.write_all(&one)).await.is_ok_and(|written| written.is_ok()) {
        asked += 1;
    }
    // One round's worth was read, and the pipe is full again.
    let most = (super::buffers::INPUT + 2 * 4096) / one.len() + 1;
    assert!(asked <= most, "{asked} queries taken, {most} at the most");
    let answered = streams.waiting.responder().counts().queries;
    let broken = timeout(2 * WRITE_WAIT, client.connection).await.expect("it ends").unwrap();
    assert_eq!(broken.unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!((streams.waiting.responder().counts().queries, streams.open()), (answered, 0));
}

#[tokio::test(start_paused = true)]
async fn who_takes_answers_slowly_gets_them_all() {
    let streams = streams_alone(&Settings::default());
    let client = Client::connect(&streams, 256);
    let all: Vec<u8> = (0..300).flat_map(|id| framed(&query(BLOCKED, id, &[]))).collect();
    let (mut read, mut write) = tokio::io::split(client.stream);
    let writing = tokio::spawn(async move { write.write_all(&all).await });
    for expected in 0..300 {
        let mut answer = vec![0; read.read_u16().await.unwrap().into()];
        read.read_exact(&mut answer).await.unwrap();
        assert_eq!(id(&answer), expected);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    writing.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn at_a_stop_connections_end_at_once() {
    let streams = streams_alone(&Settings::default());
    let mut client = Client::connect(&streams, WIDE);
    client.ask(&query(BLOCKED, 7, &[])).await;
    streams.limit.close();
    assert_eq!(client.receive().await, None);
    assert!(Client::try_connect(&streams, WIDE).is_none());
}

#[tokio::test]
async fn a_panic_on_the_way_of_an_answer_is_counted_and_leaves_no_answer() {
    let counters = Counters::default();
    assert_eq!(or_nothing(async { vec![7] }, &counters).await, [7]);
    let nothing: Vec<u8> = or_nothing(async { panic!("a bug") }, &counters).await;
    assert_eq!((nothing, counters.panics.into_inner()), (vec![], 1));
}

/// One message, or what is sent in place of one.
fn message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => any::<u16>().prop_map(|id| query(BLOCKED, id, &[])),
        2 => any::<u16>().prop_map(|id| query("localhost", id, KEEPALIVE)),
        2 => any::<u16>().prop_map(|id| query("a.onion", id, &[0, 11, 0, 1, 7])),
        1 => any::<u16>().prop_map(|id| query(BLOCKED, id, &[])[..20].to_vec()),
        1 => any::<u16>().prop_map(|id| query(BLOCKED, id, &[0xff, 0, 0x0f, 0].map(|it| it)).iter().copied()
            .chain(std::iter::repeat_n(0, 3800)).collect()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn wherever_a_stream_is_cut_the_answers_are_the_same(
        messages in prop::collection::vec(message(), 1..40),
        cuts in prop::collection::vec(1usize..700, 1..20),
        pipe in 1usize..3000,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let streams = streams_alone(&Settings::default());
        let octets: Vec<u8> = messages.iter().flat_map(|message| framed(message)).collect();
        let expected = runtime.block_on(async {
            let mut client = Client::connect(&streams, WIDE);
            let mut answers = Vec::new();
            for message in &messages {
                answers.extend(framed(&client.ask(message).await));
            }
            answers
        });
        let found = runtime.block_on(async {
            let (mut read, mut write) = tokio::io::split(Client::connect(&streams, pipe).stream);
            let writing = async {
                let (mut rest, mut cuts) = (&octets[..], cuts.iter().cycle());
                while !rest.is_empty() {
                    let (now, later) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
                    write.write_all(now).await.unwrap();
                    tokio::task::yield_now().await;
                    rest = later;
                }
                write.shutdown().await.unwrap();
            };
            let mut answers = Vec::new();
            let (_, read) = tokio::join!(writing, read.read_to_end(&mut answers));
            read.unwrap();
            answers
        });
        prop_assert_eq!(found, expected);
    }
}
