//! The simulated hierarchy: a root, eight top-level zones, 250 zones below them and a thousand names, all drawn
//! from one seed.
//!
//! Knows what is where and how far away each server is. Never knows packets: `authority` makes them.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::time::Duration;

use super::wire::Name;

/// Top-level zones, each with two servers, as the root and all others have.
const TLDS: usize = 8;
/// Zones below them. Each is a part of its servers' addresses, so at most 256.
const ZONES: usize = 250;
const _: () = assert!(ZONES <= 256);
/// Every fifth zone has its servers' names in another zone, and no glue.
const GLUELESS_EACH: usize = 5;
/// The address of every name that is asked for.
pub const EVERYWHERE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);
/// How far away servers are.
const DELAY_MIN_MS: u64 = 20;
const DELAY_MAX_MS: u64 = 200;

/// Numbers from a seed (splitmix64), the same ones on every machine.
pub struct Draw(pub u64);

impl Draw {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// What a name has, in the zone that it is in.
pub enum Data {
    Address(Ipv4Addr),
    Alias(Name),
    /// It exists for the sake of a name below.
    Nothing,
}

/// A zone with its two servers.
pub struct Zone {
    pub apex: Name,
    pub servers: [(Name, Ipv4Addr); 2],
    /// Whether the servers' addresses are told with the delegation.
    pub glue: bool,
}

/// A server: which zone it has, and how long its answers take.
#[derive(Clone, Copy)]
pub struct Server {
    /// Number of the zone.
    pub zone: usize,
    pub delay: Duration,
}

/// All of it. Zone 0 is the root, the next ones are the top-level zones.
pub struct Tree {
    pub zones: Vec<Zone>,
    pub servers: HashMap<Ipv4Addr, Server>,
    /// Zones by their apex.
    pub apexes: HashMap<Name, usize>,
    pub data: HashMap<Name, Data>,
    /// The names to ask for.
    pub names: Vec<Name>,
}

impl Tree {
    pub fn draw(seed: u64) -> Self {
        let mut tree = Self {
            zones: Vec::new(),
            servers: HashMap::new(),
            apexes: HashMap::new(),
            data: HashMap::new(),
            names: Vec::new(),
        };
        let mut draw = Draw(seed);
        tree.add("", ["a.roots", "b.roots"].map(Name::of), [[10, 0, 0, 2], [10, 0, 0, 3]], true, &mut draw);
        tree.data.insert(Name::of("roots"), Data::Nothing);
        for number in 0..TLDS {
            let (apex, third) = (tld(number), number as u8);
            let names = ["a", "b"].map(|host| Name::of(&format!("{host}.nic.{apex}")));
            tree.add(&apex, names, [[10, 1, third, 2], [10, 1, third, 3]], true, &mut draw);
            tree.data.insert(Name::of(&format!("nic.{apex}")), Data::Nothing);
        }
        for number in 0..ZONES {
            let (apex, third) = (zone(number), number as u8);
            let glue = number % GLUELESS_EACH != GLUELESS_EACH - 1;
            let names = ["ns1", "ns2"].map(|host| {
                Name::of(&if glue {
                    format!("{host}.{apex}")
                } else {
                    format!("{host}-{number}.{}", host_of(number))
                })
            });
            tree.add(&apex, names, [[10, 2, third, 53], [198, 18, third, 53]], glue, &mut draw);
        }
        for number in 0..ZONES {
            tree.fill(number, &mut draw);
        }
        tree
    }

    fn add(&mut self, apex: &str, names: [Name; 2], addresses: [[u8; 4]; 2], glue: bool, draw: &mut Draw) {
        let number = self.zones.len();
        let mut addresses = addresses.map(Ipv4Addr::from).into_iter();
        let servers = names.map(|name| (name, addresses.next().expect("two of each")));
        for (name, address) in &servers {
            let spread = (DELAY_MAX_MS - DELAY_MIN_MS + 1) as usize;
            let delay = Duration::from_millis(DELAY_MIN_MS + draw.below(spread) as u64);
            self.servers.insert(*address, Server { zone: number, delay });
            self.data.insert(name.clone(), Data::Address(*address));
        }
        self.apexes.insert(Name::of(apex), number);
        self.zones.push(Zone { apex: Name::of(apex), servers, glue });
    }

    /// Four names; the last one of every second zone is an alias of a name in another zone.
    fn fill(&mut self, number: usize, draw: &mut Draw) {
        let apex = zone(number);
        for host in ["www", "api", "cdn.img", "shop"] {
            let name = Name::of(&format!("{host}.{apex}"));
            let data = if host == "shop" && number.is_multiple_of(2) {
                let other = (number + 1 + draw.below(ZONES - 1)) % ZONES;
                Data::Alias(Name::of(&format!("www.{}", zone(other))))
            } else {
                Data::Address(EVERYWHERE)
            };
            self.data.insert(name.clone(), data);
            self.names.push(name);
        }
        self.data.insert(Name::of(&format!("img.{apex}")), Data::Nothing);
    }

    /// A name that nobody asked for: every zone has one address for whatever is `n` and a number below its apex.
    pub fn fresh(number: usize, draw: &mut Draw) -> Name {
        Name::of(&format!("n{number}.{}", zone(draw.below(ZONES))))
    }

    /// The file of root hints.
    pub fn hints(&self) -> String {
        self.zones[0].servers.iter().fold(String::new(), |mut text, (name, address)| {
            let _ = write!(text, ". 3600000 IN NS {name}\n{name} 3600000 IN A {address}\n");
            text
        })
    }
}

fn tld(number: usize) -> String {
    format!("t{}", char::from(b'a' + (number % TLDS) as u8).to_string().repeat(2))
}

fn zone(number: usize) -> String {
    format!("zone{number}.{}", tld(number))
}

/// The zone that names a glueless one's servers: one with glue, mostly below another top-level zone.
fn host_of(number: usize) -> String {
    zone((number / GLUELESS_EACH * 3 % ZONES) / GLUELESS_EACH * GLUELESS_EACH)
}
