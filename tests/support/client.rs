//! A stub resolver: asks over UDP or TCP and reads what comes back.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use lachan::dns::message::{self, Section};
use lachan::dns::name::{NameBuf, OwnedName};
use socket2::{Domain, Socket, Type};

/// How long an answer may take before a test calls it lost.
const WAIT: Duration = Duration::from_secs(10);

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub rcode: u16,
    pub truncated: bool,
    pub authentic: bool,
    /// (type, TTL, what it says) of the answer section; addresses and names as text, the rest in hex.
    pub records: Vec<(u16, u32, String)>,
    /// (INFO-CODE, EXTRA-TEXT)
    pub errors: Vec<(u16, String)>,
    /// Types in the authority section.
    pub authority: Vec<u16>,
    pub octets: Vec<u8>,
}

impl Answer {
    /// Addresses of the answer section.
    pub fn addresses(&self) -> Vec<&str> {
        self.records
            .iter()
            .filter(|(rtype, ..)| matches!(rtype, 1 | 28))
            .map(|(.., data)| data.as_str())
            .collect()
    }

    /// The answer section in a line: `www.example A 198.51.100.7`, one record after the other.
    pub fn said(&self) -> String {
        let (_, records) = message::records(&self.octets).unwrap();
        let owners = records.iter().map(|record| {
            let mut name = NameBuf::new();
            name.fill_from_message(&self.octets, record.owner).unwrap();
            name.name().to_string()
        });
        let lines = owners.zip(&self.records).map(|(owner, (rtype, _, data))| match rtype {
            1 => format!("{owner} A {data}"),
            5 => format!("{owner} CNAME {data}"),
            39 => format!("{owner} DNAME {data}"),
            46 => format!("{owner} RRSIG"),
            other => format!("{owner} TYPE{other} {data}"),
        });
        lines.collect::<Vec<_>>().join(" ")
    }

    /// Whether it is the block answer of style `null`, or NODATA with a block error.
    pub fn is_blocked(&self) -> bool {
        self.errors.iter().any(|(code, _)| matches!(code, 15..=17))
    }

    pub fn read(octets: &[u8]) -> Self {
        let (_, records) = message::records(octets).unwrap();
        let mut answer = Self {
            rcode: u16::from(octets[3] & 15),
            truncated: octets[2] & 2 != 0,
            authentic: octets[3] & 0x20 != 0,
            records: vec![],
            errors: vec![],
            authority: vec![],
            octets: octets.to_vec(),
        };
        for record in &records {
            let rdata = &octets[record.rdata_at()..record.end()];
            match record.section {
                Section::Answer => {
                    let text = match (record.rtype.number(), rdata.len()) {
                        (1, 4) => IpAddr::from(<[u8; 4]>::try_from(rdata).unwrap()).to_string(),
                        (28, 16) => IpAddr::from(<[u8; 16]>::try_from(rdata).unwrap()).to_string(),
                        (2 | 5 | 12 | 39, _) => {
                            let mut name = NameBuf::new();
                            name.fill_from_message(octets, record.rdata_at()).unwrap();
                            name.name().to_string()
                        }
                        (16, _) => String::from_utf8_lossy(&rdata[1..]).into_owned(),
                        _ => rdata.iter().map(|octet| format!("{octet:02x}")).collect(),
                    };
                    answer.records.push((record.rtype.number(), record.ttl, text));
                }
                Section::Authority => answer.authority.push(record.rtype.number()),
                Section::Additional if record.rtype.number() == 41 => {
                    answer.rcode |= ((record.ttl >> 24) as u16) << 4;
                    for option in lachan::dns::edns::options(rdata) {
                        if let Some((15, data)) = option {
                            let text = String::from_utf8(data[2..].to_vec()).unwrap();
                            answer.errors.push((u16::from_be_bytes([data[0], data[1]]), text));
                        }
                    }
                }
                Section::Additional => {}
            }
        }
        answer
    }
}

/// A query packet: RD set, EDNS with 1232 octets.
pub fn query(name: &str, rtype: u16, id: u16) -> Vec<u8> {
    let mut packet = id.to_be_bytes().to_vec();
    packet.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
    // The case of the name is kept, as 0x20 needs it.
    let name: OwnedNameWithCase = OwnedNameWithCase::parse(name);
    packet.extend_from_slice(&name.0);
    packet.extend_from_slice(&rtype.to_be_bytes());
    packet.extend_from_slice(&[0, 1]);
    packet.extend_from_slice(&[0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]);
    packet
}

/// The same with DO set: signatures are wanted, too.
pub fn dnssec_query(name: &str, rtype: u16, id: u16) -> Vec<u8> {
    let mut packet = query(name, rtype, id);
    let flags = packet.len() - 4;
    packet[flags] |= 0x80;
    packet
}

struct OwnedNameWithCase(Vec<u8>);

impl OwnedNameWithCase {
    fn parse(text: &str) -> Self {
        let mut wire = OwnedName::parse(text).unwrap().as_name().wire().to_vec();
        if !text.contains('\\') {
            let letters: Vec<u8> = text.bytes().filter(|octet| *octet != b'.').collect();
            let (mut at, mut next) = (0, 0);
            while wire[at] != 0 {
                let len = wire[at] as usize;
                wire[at + 1..=at + len].copy_from_slice(&letters[next..next + len]);
                (at, next) = (at + len + 1, next + len);
            }
        }
        Self(wire)
    }
}

/// Asks one question over UDP from the given address of this host.
pub fn ask_from(from: &str, server: SocketAddr, name: &str, rtype: u16) -> Answer {
    exchange(from, server, &query(name, rtype, 0x1234)).expect("an answer")
}

/// Asks one question over UDP.
pub fn ask(server: SocketAddr, name: &str, rtype: u16) -> Answer {
    ask_from(if server.is_ipv4() { "127.0.0.1" } else { "::1" }, server, name, rtype)
}

/// Sends octets over UDP and gives back what comes, if anything does.
pub fn exchange(from: &str, server: SocketAddr, packet: &[u8]) -> Option<Answer> {
    let socket = UdpSocket::bind((from.parse::<IpAddr>().unwrap(), 0)).unwrap();
    socket.set_read_timeout(Some(WAIT)).unwrap();
    socket.connect(server).unwrap();
    socket.send(packet).unwrap();
    let mut buf = [0; 65_535];
    let len = socket.recv(&mut buf).ok()?;
    assert_eq!(buf[..2], packet[..2], "the id comes back");
    Some(Answer::read_any(&buf[..len]))
}

/// A socket that asks many questions, also before it reads the answers.
pub struct Client(UdpSocket);

impl Client {
    /// From any port of this host; it takes answers from `server` alone.
    pub fn of(server: SocketAddr) -> Self {
        let any: IpAddr = if server.is_ipv4() { [127, 0, 0, 1].into() } else { Ipv6Addr::LOCALHOST.into() };
        let socket = UdpSocket::bind((any, 0)).unwrap();
        socket.set_read_timeout(Some(WAIT)).unwrap();
        socket.connect(server).unwrap();
        Self(socket)
    }

    pub fn send(&self, packet: &[u8]) {
        self.0.send(packet).unwrap();
    }

    /// The next answer; `None` when none comes.
    pub fn receive(&self) -> Option<Answer> {
        let mut buf = [0; 4096];
        let len = self.0.recv(&mut buf).ok()?;
        Some(Answer::read(&buf[..len]))
    }
}

impl Answer {
    /// As [`read`](Self::read), also for an answer without a question (FORMERR, NOTIMP).
    fn read_any(octets: &[u8]) -> Self {
        if octets[5] == 1 {
            return Self::read(octets);
        }
        Self {
            rcode: u16::from(octets[3] & 15),
            truncated: false,
            authentic: false,
            records: vec![],
            errors: vec![],
            authority: vec![],
            octets: octets.to_vec(),
        }
    }
}

/// A TCP connection that asks.
pub struct Stream(pub TcpStream);

impl Stream {
    pub fn open(server: SocketAddr) -> Self {
        Self::of(TcpStream::connect(server).unwrap())
    }

    /// Connects from the given address of this host.
    pub fn open_from(from: &str, server: SocketAddr) -> Self {
        let socket = Socket::new(Domain::for_address(server), Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::new(from.parse().unwrap(), 0).into()).unwrap();
        socket.connect(&server.into()).unwrap();
        Self::of(socket.into())
    }

    fn of(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(WAIT)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    pub fn send(&mut self, packet: &[u8]) {
        let mut framed = (packet.len() as u16).to_be_bytes().to_vec();
        framed.extend_from_slice(packet);
        self.0.write_all(&framed).unwrap();
    }

    /// The next answer; `None` when the server has closed.
    pub fn receive(&mut self) -> Option<Vec<u8>> {
        let mut len = [0; 2];
        self.0.read_exact(&mut len).ok()?;
        let mut octets = vec![0; u16::from_be_bytes(len).into()];
        self.0.read_exact(&mut octets).ok()?;
        Some(octets)
    }

    pub fn ask(&mut self, name: &str, rtype: u16) -> Answer {
        self.send(&query(name, rtype, 0x4321));
        Answer::read(&self.receive().expect("an answer"))
    }
}
