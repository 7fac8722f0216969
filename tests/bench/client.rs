//! The clients of a scenario: they ask over UDP or TCP and keep what they hear.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::script::steps::Ask;
use super::wire::message::{Edns, Message};

/// How long a client waits: longer than any resolver may take.
const WAIT: Duration = Duration::from_secs(15);
/// When it sends the same query again, over UDP.
const AGAIN: Duration = Duration::from_millis(2500);
/// The cookie that clients send (RFC 7873): nobody else's.
pub const CLIENT_COOKIE: &[u8] = b"clientid";

/// What a client heard, and after how long.
pub struct Received {
    pub ask: Ask,
    pub answer: Option<Message>,
    pub octets: usize,
    pub took: Duration,
}

/// Asks with as many clients as the script says, all at once.
pub fn hear(server: SocketAddr, ask: &Ask) -> Vec<Received> {
    clients(server, ask).into_iter().map(|client| client.join().expect("a client ends")).collect()
}

/// The same, while the script goes on: what they hear is not looked at.
pub fn leave(server: SocketAddr, ask: &Ask) {
    drop(clients(server, ask));
}

fn clients(server: SocketAddr, ask: &Ask) -> Vec<JoinHandle<Received>> {
    let client = |number: usize| {
        let ask = Ask { name: ask.name.numbered(number), ..ask.clone() };
        std::thread::spawn(move || ask_once(server, ask, number as u16))
    };
    (0..ask.clients).map(client).collect()
}

fn ask_once(server: SocketAddr, ask: Ask, number: u16) -> Received {
    let octets = query(&ask, 1 + number).write();
    let begun = Instant::now();
    let answer = match ask.has("+tcp") {
        true => over_tcp(server, &octets),
        false => over_udp(server, &octets),
    };
    let took = begun.elapsed();
    let octets = answer.as_ref().map_or(0, Vec::len);
    Received { ask, answer: answer.and_then(|octets| Message::read(&octets)), octets, took }
}

fn query(ask: &Ask, id: u16) -> Message {
    let mut query = Message { id, ..Message::query(&ask.name, ask.rtype) };
    query.flags.recursion_desired = !ask.has("-rd");
    query.flags.authentic = ask.has("+ad");
    query.flags.checking_disabled = ask.has("+cd");
    if !ask.has("-edns") {
        let mut edns = Edns { size: 1232, dnssec_ok: ask.has("+do"), ..Edns::default() };
        if ask.has("+ecs") {
            // RFC 7871: a prefix of the client's network.
            edns.options.push((8, vec![0, 1, 24, 0, 10, 20, 30]));
        }
        if ask.has("+cookie") {
            edns.options.push((10, CLIENT_COOKIE.to_vec()));
        }
        if ask.has("+mac") {
            edns.options.push((65001, vec![2, 0, 0, 0, 0, 1]));
        }
        query.edns = Some(edns);
    }
    query
}

/// Sends again after a while, as stub resolvers do.
fn over_udp(server: SocketAddr, query: &[u8]) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(server).unwrap();
    socket.set_read_timeout(Some(AGAIN)).unwrap();
    let mut buffer = vec![0; 65535];
    let begun = Instant::now();
    while begun.elapsed() < WAIT {
        socket.send(query).ok()?;
        if let Ok(len) = socket.recv(&mut buffer) {
            buffer.truncate(len);
            return Some(buffer);
        }
    }
    None
}

fn over_tcp(server: SocketAddr, query: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(server).ok()?;
    stream.set_read_timeout(Some(WAIT)).unwrap();
    stream.write_all(&[&(query.len() as u16).to_be_bytes()[..], query].concat()).ok()?;
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer).ok()?;
    Some(answer)
}
