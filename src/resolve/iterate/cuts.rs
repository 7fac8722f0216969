//! Zone cuts that were met: which servers serve what lies below.
//!
//! A cut comes from the zone above it and lives as long as that says, no longer: what the zone below says of
//! its own servers is listened to (they are asked first), but cannot prolong a delegation that the zone above
//! may have taken back (the ghost domains of CVE-2012-1191).

use std::net::IpAddr;
use std::sync::Arc;

use quick_cache::sync::Cache;

use super::reply::Referral;
use crate::dns::name::{Name, OwnedName};

/// Cuts remembered: at some 500 octets each, 8 MB.
const CUTS_MAX: usize = 16_384;
/// No delegation is believed for longer, in seconds.
const TTL_MAX: u32 = 86_400;

/// One cut.
#[derive(Clone, Debug)]
pub struct Cut {
    /// The zone below.
    pub zone: OwnedName,
    /// Its servers as the zone above names them, with glue.
    pub servers: Vec<(OwnedName, Vec<IpAddr>)>,
    /// Its servers as it names them itself, where it did.
    pub own: Vec<(OwnedName, Vec<IpAddr>)>,
    stored: u64,
    ttl: u32,
}

impl Cut {
    /// A cut that the zone above told.
    pub fn new(referral: Referral, now: u64) -> Self {
        let Referral { zone, servers, ttl } = referral;
        Self { zone, servers, own: Vec::new(), stored: now, ttl: ttl.min(TTL_MAX) }
    }

    /// Names and addresses of its servers, those that the zone itself names first, each name once.
    pub fn all_servers(&self) -> Vec<(&OwnedName, Vec<IpAddr>)> {
        let mut all: Vec<(&OwnedName, Vec<IpAddr>)> = Vec::with_capacity(self.servers.len() + self.own.len());
        for (name, addresses) in self.own.iter().chain(&self.servers) {
            match all.iter_mut().find(|(other, _)| *other == name) {
                Some((_, known)) if known.is_empty() => known.extend(addresses),
                Some(_) => {}
                None => all.push((name, addresses.clone())),
            }
        }
        all
    }

    fn is_fresh(&self, now: u64) -> bool {
        self.stored <= now && now < self.stored + u64::from(self.ttl)
    }
}

/// All cuts, and the root's servers.
pub struct Cuts {
    met: Cache<OwnedName, Arc<Cut>>,
    hints: Arc<Cut>,
}

impl Cuts {
    /// `roots` are those of the hints.
    pub fn new(roots: Vec<(OwnedName, Vec<IpAddr>)>) -> Self {
        let zone = Name::ROOT.to_owned();
        let hints = Cut::new(Referral { zone, servers: roots, ttl: TTL_MAX }, 0);
        Self { met: Cache::new(CUTS_MAX), hints: Arc::new(hints) }
    }

    /// The deepest cut at or above `name` that is known.
    pub fn deepest(&self, name: Name<'_>, now: u64) -> Arc<Cut> {
        name.ancestors().find_map(|ancestor| self.at(ancestor, now)).unwrap_or_else(|| self.hints.clone())
    }

    /// The cut at `name`, if there is one that is known.
    pub fn at(&self, name: Name<'_>, now: u64) -> Option<Arc<Cut>> {
        self.met.get(name.wire()).filter(|cut| cut.is_fresh(now))
    }

    /// The root's servers of the hints.
    pub fn hints(&self) -> Arc<Cut> {
        self.hints.clone()
    }

    /// Keeps what the zone above says.
    pub fn learn(&self, referral: Referral, now: u64) -> Arc<Cut> {
        let cut = Arc::new(Cut::new(referral, now));
        if cut.ttl > 0 {
            self.met.insert(cut.zone.clone(), cut.clone());
        }
        cut
    }

    /// Notes what a zone says of its own servers.
    pub fn note_own(&self, referral: &Referral, now: u64) {
        let Some(cut) = self.at(referral.zone.as_name(), now) else {
            if referral.zone.as_name().is_root() {
                // Nobody is above who could have told; the hints stay for servers whose addresses did not come.
                let told = Cut::new(referral.clone(), now);
                let root = Cut { servers: self.hints.servers.clone(), own: told.servers, ..told };
                self.met.insert(root.zone.clone(), Arc::new(root));
            }
            return;
        };
        let is_news = cut.own.len() != referral.servers.len()
            || cut
                .own
                .iter()
                .zip(&referral.servers)
                .any(|(old, new)| old.0 != new.0 || !new.1.iter().all(|address| old.1.contains(address)));
        if is_news {
            let own = referral.servers.clone();
            self.met.insert(cut.zone.clone(), Arc::new(Cut { own, ..(*cut).clone() }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn name(text: &str) -> OwnedName {
        OwnedName::parse(text).unwrap()
    }

    fn referral(zone: &str, server: &str, ttl: u32) -> Referral {
        Referral { zone: name(zone), servers: vec![(name(server), vec!["192.0.2.1".parse().unwrap()])], ttl }
    }

    fn cuts() -> Cuts {
        Cuts::new(vec![(name("a.root"), vec!["192.0.2.53".parse().unwrap()])])
    }

    #[test]
    fn the_deepest_cut_that_lives_is_where_a_walk_begins() {
        let cuts = cuts();
        cuts.learn(referral("example", "ns.example", 600), NOW);
        cuts.learn(referral("school.example", "ns.school.example", 60), NOW);
        let begins = |now| cuts.deepest(name("www.school.example").as_name(), now).zone.to_string();
        assert_eq!(begins(NOW), "school.example");
        assert_eq!(begins(NOW + 60), "example");
        assert_eq!(begins(NOW + 600), ".");
        assert_eq!(begins(NOW - 1), ".", "a cut from the future");
    }

    #[test]
    fn what_a_zone_says_of_its_servers_is_heard_and_prolongs_nothing() {
        let cuts = cuts();
        cuts.learn(referral("example", "old.example", 60), NOW);
        cuts.note_own(&referral("example", "new.example", 86_400), NOW + 50);
        let cut = cuts.at(name("example").as_name(), NOW + 59).unwrap();
        let servers: Vec<String> = cut.all_servers().iter().map(|(name, _)| name.to_string()).collect();
        assert_eq!(servers, ["new.example", "old.example"]);
        assert!(cuts.at(name("example").as_name(), NOW + 60).is_none());
        cuts.note_own(&referral("unknown.example", "ns.unknown.example", 60), NOW);
        assert!(cuts.at(name("unknown.example").as_name(), NOW).is_none(), "nobody above said so");
    }

    #[test]
    fn a_primed_root_without_addresses_still_has_those_of_the_hints() {
        let cuts = cuts();
        let told = Referral { zone: Name::ROOT.to_owned(), servers: vec![(name("a.root"), vec![])], ttl: 60 };
        cuts.note_own(&told, NOW);
        let root = cuts.at(Name::ROOT, NOW).unwrap();
        assert_eq!(root.all_servers()[0].1, ["192.0.2.53".parse::<IpAddr>().unwrap()]);
    }
}
