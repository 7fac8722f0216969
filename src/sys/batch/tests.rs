//! Batches over real sockets of loopback.

use std::net::UdpSocket;
use std::time::Duration;

use super::*;

const WAIT: Duration = Duration::from_secs(5);

fn client(of: SocketAddr) -> UdpSocket {
    let client = UdpSocket::bind(SocketAddr::new(of.ip(), 0)).unwrap();
    client.set_read_timeout(Some(WAIT)).unwrap();
    client.connect(of).unwrap();
    client
}

fn server(address: &str) -> Option<Udp> {
    let server = Udp::bind(address.parse().unwrap(), WAIT).ok();
    if server.is_none() {
        eprintln!("left out: {address} cannot be bound here");
    }
    server
}

#[test]
fn answers_that_come_later_leave_from_the_address_that_was_asked_too() {
    for calls in [Calls::Untried, Calls::Batches, Calls::OneByOne] {
        for (bound, asked, count) in [
            ("127.0.0.1:0", "127.0.0.1", 1),
            ("0.0.0.0:0", "127.0.0.53", 1),
            ("0.0.0.0:0", "127.0.0.53", BATCH + 8),
            ("[::1]:0", "::1", 2),
            ("[::]:0", "::1", BATCH),
        ] {
            let Some(server) = server(bound) else { continue };
            let port = server.local().unwrap().port();
            let asked = SocketAddr::new(asked.parse().unwrap(), port);
            let clients: Vec<_> = (0..count).map(|_| client(asked)).collect();
            let (mut batch, mut answers) = (Batch::new(), Vec::new());
            (batch.receiving, batch.sending) = (calls, calls);
            for (n, client) in clients.iter().enumerate() {
                client.send(&[n as u8; 40]).unwrap();
                batch.receive(&server, Wait::ForOne).unwrap();
                batch.each(|datagram, _| {
                    answers.push((datagram.octets[..7].to_vec(), datagram.path()));
                    false
                });
            }
            batch.send_answers(&server, &answers);
            for (n, client) in clients.iter().enumerate() {
                let mut buf = [0; 64];
                assert_eq!(client.recv(&mut buf).unwrap(), 7, "{bound}, client {n}");
                assert_eq!(buf[..7], [n as u8; 7], "{bound}");
            }
        }
    }
}

#[test]
fn a_batch_answers_each_client_from_the_address_that_it_asked() {
    for calls in [Calls::Untried, Calls::Batches, Calls::OneByOne] {
        for (bound, asked) in [
            ("127.0.0.1:0", vec!["127.0.0.1"]),
            ("0.0.0.0:0", vec!["127.0.0.53", "127.0.0.1"]),
            ("[::1]:0", vec!["::1"]),
            ("[::]:0", vec!["::1"]),
        ] {
            let Some(server) = server(bound) else { continue };
            let port = server.local().unwrap().port();
            // More than a batch of them; a client is connected, so it takes answers from there only.
            let clients: Vec<_> = (0..BATCH + 8)
                .map(|n| client(SocketAddr::new(asked[n % asked.len()].parse().unwrap(), port)))
                .collect();
            for (n, client) in clients.iter().enumerate() {
                client.send(&[n as u8; 40]).unwrap();
            }
            let mut batch = Batch::new();
            (batch.receiving, batch.sending) = (calls, calls);
            let mut seen = 0;
            while seen < clients.len() {
                batch.receive(&server, Wait::ForOne).unwrap();
                batch.each(|datagram, out| {
                    assert_eq!(datagram.octets.len(), 40);
                    assert_eq!(datagram.from, clients[usize::from(datagram.octets[0])].local_addr().unwrap());
                    out.clear();
                    out.extend_from_slice(&datagram.octets[..7]);
                    seen += 1;
                    true
                });
                batch.send(&server);
            }
            for (n, client) in clients.iter().enumerate() {
                let mut buf = [0; 64];
                assert_eq!(client.recv(&mut buf).unwrap(), 7, "{bound}, client {n}");
                assert_eq!(buf[0], n as u8);
            }
        }
    }
}

#[test]
fn what_waits_is_taken_at_once_and_what_is_not_due_is_not_sent() {
    let server = server("127.0.0.1:0").unwrap();
    let client = client(server.local().unwrap());
    for n in 0..5u8 {
        client.send(&[n]).unwrap();
    }
    let mut batch = Batch::new();
    batch.receive(&server, Wait::ForOne).unwrap();
    assert_eq!(batch.received, 5);
    batch.each(|datagram, out| {
        out.clear();
        out.push(datagram.octets[0]);
        datagram.octets[0] % 2 == 1
    });
    batch.send(&server);
    batch.send(&server);
    client.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut buf = [0; 8];
    let got: Vec<u8> = std::iter::from_fn(|| client.recv(&mut buf).ok().map(|_| buf[0])).collect();
    assert_eq!(got, [1, 3]);
}

#[test]
fn one_answer_that_cannot_be_sent_does_not_hold_up_the_others() {
    let server = server("127.0.0.1:0").unwrap();
    let client = client(server.local().unwrap());
    for n in 0..4u8 {
        client.send(&[n]).unwrap();
    }
    let mut batch = Batch::new();
    batch.receive(&server, Wait::ForOne).unwrap();
    batch.each(|datagram, out| {
        out.clear();
        // Longer than a datagram can be: the kernel refuses it.
        out.resize(if datagram.octets[0] % 2 == 0 { 70_000 } else { 3 }, datagram.octets[0]);
        true
    });
    batch.send(&server);
    let mut buf = [0; 8];
    for n in [1, 3] {
        assert_eq!((client.recv(&mut buf).unwrap(), buf[0]), (3, n));
    }
}

#[test]
fn a_datagram_that_was_cut_is_handed_out_empty() {
    let server = server("127.0.0.1:0").unwrap();
    let client = client(server.local().unwrap());
    client.send(&[1; QUERY_MAX + 1]).unwrap();
    client.send(&[1; QUERY_MAX]).unwrap();
    let mut batch = Batch::new();
    batch.receive(&server, Wait::ForOne).unwrap();
    let mut lengths = Vec::new();
    batch.each(|datagram, _| {
        lengths.push(datagram.octets.len());
        false
    });
    assert_eq!(lengths, [0, QUERY_MAX]);
}

#[test]
fn a_refused_call_is_told_apart_from_a_refused_datagram() {
    for (calls, error, lacks) in [
        (Calls::Untried, Errno::ENOSYS, true),
        (Calls::Batches, Errno::ENOSYS, true),
        (Calls::Untried, Errno::EPERM, true),
        (Calls::Batches, Errno::EPERM, false),
        (Calls::Untried, Errno::EAGAIN, false),
        (Calls::Untried, Errno::ECONNREFUSED, false),
    ] {
        assert_eq!(calls.may_lack_batches(error), lacks, "{calls:?}, {error}");
    }
}
