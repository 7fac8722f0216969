//! Zone cuts that were met: which servers serve what lies below.
//!
//! A cut is what the zone above says in a referral, and lives as long as that says (the ghost domains of
//! CVE-2012-1191). Nothing else changes which servers are asked for the zone: NS sets in the authority section of
//! its own answers and addresses in their additional section are ignored, since whoever forges one answer for any
//! name of the zone would own the zone (CVE-2025-11411, CVE-2025-40778). Only an authoritative answer to a question
//! for the NS set itself adds names, and they are asked after the delegation's servers have failed.

use std::net::IpAddr;
use std::sync::Arc;

use quick_cache::sync::Cache;

use super::reply::Referral;
use crate::dns::name::{Name, OwnedName};

/// Cuts remembered: at some 500 octets each, 8 MB.
const CUTS_MAX: usize = 16_384;
/// No delegation is believed for longer, in seconds.
const TTL_MAX: u32 = 86_400;
/// Zones whose servers all failed, remembered: 100 KB.
const FAILED_MAX: usize = 1024;
/// For so long after a search for further addresses of a zone's servers no other is made, in seconds: a dead zone
/// that is asked for often must not cost the zone above a query each time (RFC 9520 §2.2).
const SEARCH_INTERVAL: u64 = 30;

/// One cut.
#[derive(Clone, Debug)]
pub struct Cut {
    /// The zone below.
    pub zone: OwnedName,
    /// Its servers as the zone above names them, with glue. Of the root: those of the hints.
    pub servers: Vec<(OwnedName, Vec<IpAddr>)>,
    /// Its servers as an authoritative answer for its NS set names them. Addresses stand here for the root only,
    /// whose priming response (RFC 9609 §4) nobody above could confirm.
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

    /// Names and addresses of its servers, those of the delegation first, each name once.
    pub fn all_servers(&self) -> Vec<(&OwnedName, Vec<IpAddr>)> {
        let mut all: Vec<(&OwnedName, Vec<IpAddr>)> = Vec::with_capacity(self.servers.len() + self.own.len());
        for (name, addresses) in self.servers.iter().chain(&self.own) {
            match all.iter_mut().find(|(other, _)| *other == name) {
                Some((_, known)) if known.is_empty() => known.extend(addresses),
                Some(_) => {}
                None => all.push((name, addresses.clone())),
            }
        }
        all
    }

    /// The delegation's addresses of one of its servers.
    pub fn glue_of(&self, server: Name<'_>) -> &[IpAddr] {
        let found = self.servers.iter().find(|(name, _)| name.as_name() == server);
        found.map_or(&[], |(_, addresses)| addresses)
    }

    fn is_fresh(&self, now: u64) -> bool {
        self.stored <= now && now < self.stored + u64::from(self.ttl)
    }
}

/// All cuts, and the root's servers.
pub struct Cuts {
    met: Cache<OwnedName, Arc<Cut>>,
    hints: Arc<Cut>,
    /// When further addresses of a zone's servers were searched for.
    searched: Cache<OwnedName, u64>,
}

impl Cuts {
    /// `roots` are those of the hints.
    pub fn new(roots: Vec<(OwnedName, Vec<IpAddr>)>) -> Self {
        let zone = Name::ROOT.to_owned();
        let hints = Cut::new(Referral { zone, servers: roots, ttl: TTL_MAX }, 0);
        Self { met: Cache::new(CUTS_MAX), hints: Arc::new(hints), searched: Cache::new(FAILED_MAX) }
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

    /// Keeps what the zone above says. Glue that it left out, and gave for who asked for it, stays.
    pub fn learn(&self, referral: Referral, now: u64) -> Arc<Cut> {
        let mut cut = Cut::new(referral, now);
        if let Some(old) = self.at(cut.zone.as_name(), now) {
            for (server, glue) in cut.servers.iter_mut().filter(|(_, glue)| glue.is_empty()) {
                glue.extend(old.glue_of(server.as_name()));
            }
        }
        let cut = Arc::new(cut);
        if cut.ttl > 0 {
            self.met.insert(cut.zone.clone(), cut.clone());
        }
        cut
    }

    /// Adds addresses of a delegation's server that the zone above gave when it was asked for them: it had left
    /// them out of its referral.
    pub fn learn_glue(&self, zone: Name<'_>, server: Name<'_>, addresses: &[IpAddr], now: u64) {
        let Some(cut) = self.at(zone, now) else { return };
        let mut cut = (*cut).clone();
        let Some((_, glue)) = cut.servers.iter_mut().find(|(name, _)| name.as_name() == server) else {
            return;
        };
        for address in addresses {
            if !glue.contains(address) {
                glue.push(*address);
            }
        }
        self.met.insert(cut.zone.clone(), Arc::new(cut));
    }

    /// Notes the NS set that a zone gives for itself to a question for just that.
    pub fn note_own(&self, referral: &Referral, now: u64) {
        let is_root = referral.zone.as_name().is_root();
        let Some(cut) = self.at(referral.zone.as_name(), now) else {
            if is_root {
                let told = Cut::new(referral.clone(), now);
                let root = Cut { servers: self.hints.servers.clone(), own: told.servers, ..told };
                self.met.insert(root.zone.clone(), Arc::new(root));
            }
            return;
        };
        let mut own = referral.servers.clone();
        if !is_root {
            own.iter_mut().for_each(|(_, addresses)| addresses.clear());
        }
        if cut.own != own {
            self.met.insert(cut.zone.clone(), Arc::new(Cut { own, ..(*cut).clone() }));
        }
    }

    /// Whether it is time to search for further addresses of the zone's servers, all of which failed; `true`
    /// once every [`SEARCH_INTERVAL`] seconds.
    pub fn begin_search(&self, zone: Name<'_>, now: u64) -> bool {
        let last = self.searched.get(zone.wire());
        if last.is_some_and(|last| last <= now && now < last + SEARCH_INTERVAL) {
            return false;
        }
        self.searched.insert(zone.to_owned(), now);
        true
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
    fn the_deepest_cut_that_lives_is_where_iteration_begins() {
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
    fn what_a_zone_says_of_its_servers_comes_last_and_prolongs_nothing() {
        let cuts = cuts();
        cuts.learn(referral("example", "old.example", 60), NOW);
        cuts.note_own(&referral("example", "new.example", 86_400), NOW + 50);
        let cut = cuts.at(name("example").as_name(), NOW + 59).unwrap();
        let servers: Vec<String> = cut.all_servers().iter().map(|(name, _)| name.to_string()).collect();
        assert_eq!(servers, ["old.example", "new.example"]);
        assert!(cut.own[0].1.is_empty(), "its addresses need a question of their own");
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

    #[test]
    fn a_priming_response_replaces_no_address_of_the_hints() {
        let cuts = cuts();
        let forged = vec![(name("a.root"), vec!["203.0.113.66".parse().unwrap()])];
        cuts.note_own(&Referral { zone: Name::ROOT.to_owned(), servers: forged, ttl: 60 }, NOW);
        let root = cuts.at(Name::ROOT, NOW).unwrap();
        assert_eq!(root.all_servers()[0].1, ["192.0.2.53".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn glue_that_the_zone_above_left_out_is_added_to_its_delegation() {
        let cuts = cuts();
        let bare = Referral { zone: name("example"), servers: vec![(name("ns.example"), vec![])], ttl: 60 };
        cuts.learn(bare, NOW);
        let glue = ["192.0.2.7".parse().unwrap()];
        let (zone, server) = (name("example"), name("ns.example"));
        cuts.learn_glue(zone.as_name(), server.as_name(), &glue, NOW);
        cuts.learn_glue(zone.as_name(), server.as_name(), &glue, NOW);
        cuts.learn_glue(zone.as_name(), name("other.example").as_name(), &glue, NOW);
        let cut = cuts.at(zone.as_name(), NOW).unwrap();
        assert_eq!(cut.glue_of(server.as_name()), glue);
        assert_eq!(cut.all_servers().len(), 1, "servers that the delegation does not name are not added");
        let bare = Referral { zone: name("example"), servers: vec![(name("ns.example"), vec![])], ttl: 60 };
        assert_eq!(
            cuts.learn(bare, NOW + 1).glue_of(server.as_name()),
            glue,
            "the same referral leaves it out again"
        );
    }

    #[test]
    fn a_zone_whose_servers_fail_is_searched_for_once_in_a_while() {
        let cuts = cuts();
        let zone = name("example");
        let search = |now| cuts.begin_search(zone.as_name(), now);
        assert!(search(NOW));
        assert!(!search(NOW + SEARCH_INTERVAL - 1));
        assert!(search(NOW + SEARCH_INTERVAL));
        assert!(search(NOW), "the clock was set back");
    }
}
