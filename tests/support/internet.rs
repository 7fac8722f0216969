//! A small signed internet on loopback: a root, a top-level domain and zones of all kinds, each on nsd
//! where a resolver looks for it, on port 53 of an address of its own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

use tempfile::TempDir;

use super::authority::Authority;

/// TTL of all records.
pub const TTL: u32 = 300;

/// The servers, their files, and the two files that a resolver starts from.
pub struct Internet {
    pub root_hints: PathBuf,
    pub trust_anchor: PathBuf,
    /// The server of most zones.
    pub zones_at: Ipv4Addr,
    _servers: Vec<Authority>,
    _silent: UdpSocket,
    _folder: TempDir,
}

impl Internet {
    /// Signs the zones and starts their servers; `None`, with a line that says so, where a program is
    /// missing or port 53 may not be bound.
    pub fn open() -> Option<Self> {
        let block = Block::take()?;
        let signer = Signer::new()?;
        let [root_at, example_at, zones_at, silent_at, good_at] =
            [1, 2, 3, 4, 5].map(|number| block.ip(number));

        let children = children(&signer, zones_at);
        // One server refuses, one refers upwards, one is silent, and one is good.
        let servers: String = [(1, zones_at), (2, root_at), (3, silent_at), (4, good_at)]
            .map(|(number, ip)| format!("SPREAD NS ns{number}.SPREAD\nns{number}.SPREAD A {ip}\n"))
            .concat();
        let spread = servers.replace(".SPREAD", "").replace("SPREAD", "@") + "* A 198.51.100.70";
        let spread = signer.sign("spread.example", &spread, &[]);

        let mut cuts = servers.replace("SPREAD", "spread") + &spread.ds + "glueless NS ns.secure\n";
        for (apex, child) in &children {
            cuts += &format!("{apex}. NS ns.{apex}.\nns.{apex}. A {zones_at}\n{}", child.ds);
        }
        let example = signer.sign("example", &at(example_at, &cuts), &[]);
        let cut = format!("example NS ns.example\nns.example A {example_at}\n{}", example.ds);
        let root = signer.sign(".", &at(root_at, &cut), &[]);

        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: String| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let more = [
            (
                "glueless.example",
                unsigned("glueless.example", "@ NS ns.secure.example.\nwww A 198.51.100.80"),
            ),
            ("cut.opted.example", unsigned("cut.opted.example", &at(zones_at, "www A 198.51.100.81"))),
        ];
        let servers = [
            (root_at, vec![(".", root.zone)]),
            (example_at, vec![("example", example.zone)]),
            (
                zones_at,
                children.iter().map(|(apex, child)| (*apex, child.zone.clone())).chain(more).collect(),
            ),
            (good_at, vec![("spread.example", spread.zone)]),
        ];
        let servers = servers.map(|(ip, zones)| Authority::serve(SocketAddr::new(ip.into(), 53), &zones));
        Some(Self {
            root_hints: file("root.hints", format!(". 60 NS ns.\nns. 60 A {root_at}\n")),
            trust_anchor: file("root.key", root.dnskey),
            zones_at,
            _servers: servers.into_iter().collect::<Option<_>>()?,
            _silent: UdpSocket::bind((silent_at, 53)).unwrap(),
            _folder: folder,
        })
    }

    /// The lines of a config that make a resolver start here.
    pub fn config(&self) -> String {
        format!(
            "[resolve]\nroot_hints = \"{}\"\ntrust_anchors = \"{}\"\nnever_ask = []\n",
            self.root_hints.display(),
            self.trust_anchor.display()
        )
    }
}

/// The zones that one server has, each of another kind.
fn children(signer: &Signer, ip: Ipv4Addr) -> Vec<(&'static str, Signed)> {
    let sign = |apex, lines: &str, more: &[&str]| (apex, signer.sign(apex, &at(ip, lines), more));
    let (hash, past) = (["-3", "-", "-H", "0"], ["-s", "now-20d", "-e", "now-10d"]);

    let mut broken = sign("broken.example", "www A 198.51.100.66\nother A 198.51.100.67", &[]);
    // The signature is for another address.
    broken.1.zone = broken.1.zone.replace("198.51.100.66", "203.0.113.66");

    let mut stripped = sign("stripped.example", "www A 198.51.100.68\n*.wild A 198.51.100.69", &[]);
    let is_signature = |line: &&str| line.split_whitespace().skip(3).take(2).eq(["RRSIG", "A"]);
    stripped.1.zone =
        stripped.1.zone.lines().filter(|line| !is_signature(line)).flat_map(|line| [line, "\n"]).collect();

    let mut swapped = sign("swapped.example", "www A 198.51.100.61", &[]);
    swapped.1.ds = signer.sign("swapped.example", &at(ip, ""), &[]).ds;

    let cut = format!("www A 198.51.100.42\ncut NS ns.cut\nns.cut A {ip}");
    vec![
        sign("secure.example", &(SECURE.to_owned() + &many()), &[]),
        sign("hashed.example", HASHED, &hash),
        sign("opted.example", &cut, &[&hash[..], &["-A"]].concat()),
        ("plain.example", Signed::not(&unsigned("plain.example", &at(ip, PLAIN)), "")),
        ("odd.example", Signed::not(&unsigned("odd.example", &at(ip, "www A 198.51.100.52")), ODD_DS)),
        sign("expired.example", "www A 198.51.100.60", &past),
        broken,
        stripped,
        swapped,
    ]
}

/// More text than a UDP answer holds.
fn many() -> String {
    (0..60).map(|n| format!("\nmany TXT \"{n:0>20}\"")).collect()
}

/// A key of an algorithm that nobody knows: as good as unsigned (RFC 4035 §5.2).
const ODD_DS: &str =
    "odd.example. DS 4711 250 2 0000000000000000000000000000000000000000000000000000000000000000\n";
/// NSEC; an alias into each other kind of zone; a wildcard; a DNAME.
const SECURE: &str = "www A 198.51.100.10
*.wild A 198.51.100.20
alias CNAME www
far CNAME www.hashed.example.
loose CNAME www.plain.example.
bad CNAME www.broken.example.
gone CNAME missing
old DNAME new
www.new A 198.51.100.30";
/// NSEC3.
const HASHED: &str = "www A 198.51.100.40\n*.wild A 198.51.100.41\nalias CNAME www.secure.example.";
/// No signatures, and the parent proves that there are none.
const PLAIN: &str = "www A 198.51.100.50\n*.wild A 198.51.100.51\nalias CNAME www.secure.example.";

/// A `/24` of loopback that no other test of this program uses.
struct Block([u8; 3]);

impl Block {
    fn take() -> Option<Self> {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        let second = 53 + (std::process::id() % 190) as u8;
        let block = Self([127, second, NEXT.fetch_add(1, Ordering::Relaxed)]);
        match UdpSocket::bind((block.ip(254), 53)) {
            Ok(_) => Some(block),
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "port 53 of {}: {error}", block.ip(254));
                println!(
                    "left out: port 53 of {} cannot be bound ({error}); run as root or with CAP_NET_BIND_SERVICE",
                    block.ip(254)
                );
                None
            }
        }
    }

    fn ip(&self, number: u8) -> Ipv4Addr {
        let [a, b, c] = self.0;
        Ipv4Addr::new(a, b, c, number)
    }
}

/// Signs zones with keys of its own.
struct Signer {
    keygen: PathBuf,
    signzone: PathBuf,
    folder: TempDir,
}

/// A signed zone, and what others must know of it.
struct Signed {
    zone: String,
    /// For its parent.
    ds: String,
    /// For who trusts it.
    dnskey: String,
}

/// The lines of a zone whose one name server is at `ip`.
fn at(ip: Ipv4Addr, lines: &str) -> String {
    format!("@ NS ns\nns A {ip}\n{lines}")
}

/// A zone from lines of master format; the SOA is added.
fn unsigned(apex: &str, lines: &str) -> String {
    let apex = apex.trim_end_matches('.');
    format!("$ORIGIN {apex}.\n$TTL {TTL}\n@ SOA ns admin 1 3600 600 86400 {TTL}\n{lines}\n")
}

impl Signed {
    /// One that is not, whatever its parent says.
    fn not(zone: &str, ds: &str) -> Self {
        Self { zone: zone.to_owned(), ds: ds.to_owned(), dnskey: String::new() }
    }
}

impl Signer {
    fn new() -> Option<Self> {
        let (keygen, signzone) = (super::program("dnssec-keygen")?, super::program("dnssec-signzone")?);
        Some(Self { keygen, signzone, folder: tempfile::tempdir().unwrap() })
    }

    /// Signs with one key; `more` are further arguments of `dnssec-signzone`.
    fn sign(&self, apex: &str, lines: &str, more: &[&str]) -> Signed {
        let at = self.folder.path();
        let key = output(
            Command::new(&self.keygen)
                .args(["-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "-L", &TTL.to_string(), "-K"])
                .arg(at)
                .arg(apex),
        );
        let key = key.trim();
        let dnskey: String = fs::read_to_string(at.join(format!("{key}.key")))
            .unwrap()
            .lines()
            .filter(|line| !line.starts_with(';'))
            .flat_map(|line| [line, "\n"])
            .collect();
        let (written, signed) = (at.join("zone"), at.join("zone.signed"));
        fs::write(&written, unsigned(apex, lines) + &dnskey).unwrap();
        // One key for everything (-z), not looked through afterwards (-P): what is expired has its use here.
        output(
            Command::new(&self.signzone)
                .args(["-q", "-z", "-P", "-O", "full", "-o", apex, "-K"])
                .arg(at)
                .arg("-d")
                .arg(at)
                .arg("-f")
                .arg(&signed)
                .args(more)
                .arg(&written)
                .arg(key),
        );
        let dot = if apex == "." { "" } else { "." };
        Signed {
            zone: fs::read_to_string(signed).unwrap(),
            ds: fs::read_to_string(at.join(format!("dsset-{apex}{dot}"))).unwrap(),
            dnskey,
        }
    }
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
