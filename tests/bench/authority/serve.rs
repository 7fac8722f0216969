//! The servers of a scenario at work: port 53 of each address, UDP and TCP, and a book of what they were asked.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::super::wire::message::Message;
use super::super::wire::name::Name;
use super::super::wire::record::Record;
use super::super::wire::types::*;
use super::manner::{Kind, Manner};
use super::zone::Zone;

/// What one server holds and how it behaves.
#[derive(Default)]
pub struct Server {
    pub zones: Vec<Zone>,
    pub manners: Vec<Manner>,
    pub replies: Vec<Scripted>,
}

/// An answer written by hand.
#[derive(Clone, Debug)]
pub struct Scripted {
    /// `None`: any. With `below`, the name itself and whatever is below it.
    pub name: Option<Name>,
    pub below: bool,
    pub rtype: Option<u16>,
    /// Added to the honest answer, instead of standing in its place.
    pub added: bool,
    pub message: Message,
}

impl Scripted {
    fn fits(&self, name: &Name, rtype: u16) -> bool {
        let named =
            self.name.as_ref().is_none_or(|known| if self.below { name.is_in(known) } else { name == known });
        named && self.rtype.is_none_or(|known| known == rtype)
    }
}

/// A query as a server got it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub server: IpAddr,
    pub tcp: bool,
    pub port: u16,
    pub query: Message,
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, rtype) = self.query.question.as_ref().expect("only questions are noted");
        let tcp = if self.tcp { " over TCP" } else { "" };
        write!(f, "{} {name} {}{tcp}", self.server, type_name(*rtype))
    }
}

/// All servers and their book.
#[derive(Default)]
pub struct Servers {
    servers: Mutex<HashMap<IpAddr, Server>>,
    book: Mutex<Vec<Asked>>,
    written: Condvar,
}

impl Servers {
    pub fn new(servers: HashMap<IpAddr, Server>) -> Arc<Self> {
        Arc::new(Self { servers: Mutex::new(servers), ..Self::default() })
    }

    /// Opens port 53 of every address.
    pub fn open(self: &Arc<Self>) {
        let servers = self.servers();
        for (ip, server) in &*servers {
            let has = |kind| server.manners.iter().any(|manner| manner.kind == kind);
            if has(Kind::Closed) {
                continue;
            }
            let address = SocketAddr::new(*ip, 53);
            let udp = UdpSocket::bind(address).unwrap_or_else(|error| panic!("{address}: {error}"));
            let this = self.clone();
            std::thread::spawn(move || this.serve_udp(&udp));
            if !has(Kind::NoTcp) {
                let tcp = TcpListener::bind(address).unwrap();
                let this = self.clone();
                std::thread::spawn(move || {
                    for stream in tcp.incoming().flatten() {
                        let this = this.clone();
                        std::thread::spawn(move || this.serve_tcp(stream));
                    }
                });
            }
        }
    }

    pub fn servers(&self) -> MutexGuard<'_, HashMap<IpAddr, Server>> {
        self.servers.lock().unwrap()
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.book.lock().unwrap().clone()
    }

    pub fn forget(&self) {
        self.book.lock().unwrap().clear();
    }

    /// Waits until the book satisfies `enough`, but not longer than this.
    pub fn wait_until(&self, within: Duration, enough: impl Fn(&[Asked]) -> bool) -> bool {
        let book = self.book.lock().unwrap();
        let (book, _) = self.written.wait_timeout_while(book, within, |book| !enough(book)).unwrap();
        enough(&book)
    }

    fn serve_udp(self: &Arc<Self>, socket: &UdpSocket) {
        let ip = socket.local_addr().unwrap().ip();
        let mut buffer = [0; 4096];
        while let Ok((len, from)) = socket.recv_from(&mut buffer) {
            let Some(query) = Message::read(&buffer[..len]) else { continue };
            let Some(said) = self.exchange(ip, from.port(), &query, false) else { continue };
            for (source, octets) in &said.forged {
                let _ = match source {
                    Some(source) => UdpSocket::bind(source).and_then(|other| other.send_to(octets, from)),
                    None => socket.send_to(octets, from),
                };
            }
            let send = move |socket: &UdpSocket| {
                for _ in 0..said.copies {
                    let _ = socket.send_to(&said.octets, from);
                }
            };
            if said.after.is_zero() {
                send(socket);
            } else {
                let socket = socket.try_clone().unwrap();
                let due = Instant::now() + said.after;
                std::thread::spawn(move || {
                    wait_until(due);
                    send(&socket);
                });
            }
        }
    }

    fn serve_tcp(&self, mut stream: TcpStream) {
        let Ok(address) = stream.local_addr() else { return };
        let port = stream.peer_addr().map_or(0, |peer| peer.port());
        let mut length = [0; 2];
        while stream.read_exact(&mut length).is_ok() {
            let mut octets = vec![0; usize::from(u16::from_be_bytes(length))];
            if stream.read_exact(&mut octets).is_err() {
                return;
            }
            let Some(query) = Message::read(&octets) else { return };
            let Some(said) = self.exchange(address.ip(), port, &query, true) else { continue };
            wait_until(Instant::now() + said.after);
            let framed = [&(said.octets.len() as u16).to_be_bytes()[..], &said.octets].concat();
            if stream.write_all(&framed).is_err() || said.last {
                return;
            }
        }
    }

    /// Notes a query and says what goes back.
    fn exchange(&self, ip: IpAddr, port: u16, query: &Message, tcp: bool) -> Option<Said> {
        query.question.as_ref()?;
        let mut servers = self.servers();
        self.book.lock().unwrap().push(Asked { server: ip, tcp, port, query: query.clone() });
        self.written.notify_all();
        servers.get_mut(&ip)?.answer(ip, query, tcp)
    }
}

/// Time passes at a slow server. A thread may wake early, so look at the clock again.
fn wait_until(due: Instant) {
    while let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

/// What a server sends.
struct Said {
    octets: Vec<u8>,
    copies: usize,
    after: Duration,
    /// The connection ends after it.
    last: bool,
    /// Sent before, from where.
    forged: Vec<(Option<SocketAddr>, Vec<u8>)>,
}

impl Server {
    fn answer(&mut self, ip: IpAddr, query: &Message, tcp: bool) -> Option<Said> {
        let (name, rtype) = query.question.clone()?;
        let mut kinds = Vec::new();
        for manner in self.manners.iter_mut().filter(|manner| manner.fits(&name, rtype)) {
            match &mut manner.times {
                Some(0) => continue,
                Some(left) => *left -= 1,
                None => {}
            }
            kinds.push(manner.kind.clone());
        }
        let instead = kinds.iter().find_map(|kind| kind.instead(query, tcp));
        let mut reply = match instead {
            Some(reply) => reply?,
            None => self.honest(query, &kinds),
        };
        let is_between = Zone::of(&self.zones, &name, rtype)
            .is_some_and(|zone| zone.exists(&name) && !zone.records.iter().any(|record| record.name == name));
        kinds.iter().for_each(|kind| kind.change(&mut reply, tcp, is_between));
        let mut said = Said {
            octets: fitted(&reply, query, tcp),
            copies: 1,
            after: Duration::ZERO,
            last: false,
            forged: vec![],
        };
        for kind in kinds {
            match kind {
                Kind::Slow(time) => said.after = time,
                Kind::Loses(size) if !tcp && said.octets.len() > size => return None,
                Kind::TcpCloses => said.last = true,
                Kind::Doubles => said.copies = 2,
                Kind::Garbage => {
                    said.octets.truncate(2);
                    said.octets.extend([0x84, 0, 0, 1, 0, 7, 0, 0, 0, 0, 0xc0, 0x0c, 0xff, 0xff]);
                }
                Kind::HeaderOnly => said.octets.truncate(12),
                Kind::Storm(count, to) => {
                    let forged = forged(query, to);
                    said.forged.extend((1..=count).map(|number| {
                        let id = query.id.wrapping_add(number as u16);
                        (None, Message { id, ..forged.clone() }.write())
                    }));
                }
                Kind::Strays(to) => said.forged.extend(strays(query, ip, to)),
                _ => {}
            }
        }
        Some(said)
    }

    fn honest(&self, query: &Message, kinds: &[Kind]) -> Message {
        let (name, rtype) = query.question.clone().expect("a question");
        let mut reply = Message::reply(query);
        let scripted: Vec<_> = self.replies.iter().filter(|reply| reply.fits(&name, rtype)).collect();
        if let Some(scripted) = scripted.iter().find(|reply| !reply.added) {
            reply.rcode = scripted.message.rcode;
            reply.flags.authoritative = scripted.message.flags.authoritative;
            reply.flags.truncated = scripted.message.flags.truncated;
            add(&mut reply, scripted, &name);
            return reply;
        }
        match Zone::of(&self.zones, &name, rtype) {
            Some(zone) => {
                let edns = reply.edns.clone();
                if kinds.contains(&Kind::IgnoresDo) {
                    reply.edns.iter_mut().for_each(|edns| edns.dnssec_ok = false);
                }
                zone.answer(&mut reply);
                reply.edns = edns;
            }
            None => reply.rcode = 5,
        }
        for scripted in scripted {
            add(&mut reply, scripted, &name);
        }
        reply
    }
}

/// Adds the sections of a scripted answer; the owner `=.` stands for the name asked.
fn add(reply: &mut Message, scripted: &Scripted, name: &Name) {
    let asked = Name::absolute("=.");
    let named = |records: &[Record]| -> Vec<Record> {
        let own = |record: &Record| if record.name == asked { name.clone() } else { record.name.clone() };
        records.iter().map(|record| Record { name: own(record), ..record.clone() }).collect()
    };
    reply.answer.extend(named(&scripted.message.answer));
    reply.authority.extend(named(&scripted.message.authority));
    reply.additional.extend(named(&scripted.message.additional));
}

/// Leaves out what does not fit: first the additional section, then everything, with TC.
fn fitted(reply: &Message, query: &Message, tcp: bool) -> Vec<u8> {
    let limit = query.edns.as_ref().map_or(512, |edns| usize::from(edns.size.max(512)));
    let whole = reply.write();
    if tcp || whole.len() <= limit {
        return whole;
    }
    let lean = Message { additional: vec![], ..reply.clone() };
    if !reply.answer.is_empty() && lean.write().len() <= limit {
        return lean.write();
    }
    let mut cut = Message { answer: vec![], authority: vec![], ..lean };
    cut.flags.truncated = true;
    cut.write()
}

/// An answer that leads to `to`.
fn forged(query: &Message, to: IpAddr) -> Message {
    let mut reply = Message::reply(query);
    let (name, _) = query.question.clone().expect("a question");
    reply.flags.authoritative = true;
    reply.answer.push(match to {
        IpAddr::V4(ip) => Record::new(name, A, ip.octets().to_vec()),
        IpAddr::V6(ip) => Record::new(name, AAAA, ip.octets().to_vec()),
    });
    reply
}

fn strays(query: &Message, ip: IpAddr, to: IpAddr) -> Vec<(Option<SocketAddr>, Vec<u8>)> {
    let forged = forged(query, to);
    let other_question = Some((Name::absolute("other.example."), A));
    vec![
        (Some(SocketAddr::new(ip, 5353)), forged.write()),
        (Some(SocketAddr::new("127.0.0.1".parse().unwrap(), 53)), forged.write()),
        (None, Message { id: forged.id ^ 1, ..forged.clone() }.write()),
        (None, Message { question: other_question, ..forged.clone() }.write()),
        (None, Message { flags: Default::default(), ..forged }.write()),
    ]
}
