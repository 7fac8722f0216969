//! The journal as a school uses it, with time in the test's hand.
//!
//! - `counting`: Σ counts stored = attempts, in every dimension
//! - `trouble`: crash, full disk, damage, two servers, a leaping clock
//! - `hostile`: one device that floods, files that vanish
//! - `upgrade`: a store of version 1
//! - `time`: devices within a day, hours and months, what goes when
//! - `reading`: filters, totals, following, and that a reading is written down

mod counting;
mod hostile;
mod reading;
mod time;
mod trouble;
mod upgrade;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::access::Reader;
use super::clock::{Clock, SetClock};
use super::count::Tally;
use super::pseudonym::DeviceMode;
use super::rows::{By, Filter, NameShown, Order, Row, Total, What};
use super::{Parts, Settings};
use crate::dns::name::OwnedName;
use crate::model::category::Category;
use crate::model::event::{Attempt, Effect};
use crate::model::roster::Roster;
use crate::model::service::ServiceId;
use crate::model::tier::Tier;
use crate::model::verdict::Layer;

/// A school morning: Monday 23/11/2026, 08:00.
const MORNING: &str = "2026-11-23T01:00:00Z";

/// A journal without threads: a second passes when the test says so.
struct School {
    _folder: tempfile::TempDir,
    settings: Settings,
    groups: Roster,
    lists: Roster,
    clock: Arc<SetClock>,
    parts: Option<Parts>,
}

/// What a pupil asked; the rest is the same for most tests.
#[derive(Clone, Debug)]
struct Asked {
    group: &'static str,
    tier: Tier,
    client: &'static str,
    name: String,
    rtype: u16,
    category: Option<Category>,
    service: Option<ServiceId>,
    list: Option<&'static str>,
    layer: Layer,
    effect: Effect,
}

fn asked(name: &str) -> Asked {
    Asked {
        group: "6A",
        tier: Tier::LowerSecondary,
        client: "10.0.0.1",
        name: name.into(),
        rtype: 1,
        category: Some(Category::Gambling),
        service: None,
        list: Some("starter-gambling"),
        layer: Layer::Category,
        effect: Effect::Blocked,
    }
}

impl School {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings {
            folder: folder.path().join("state"),
            runtime: Some(folder.path().join("run")),
            ..Settings::default()
        };
        change(&mut settings);
        let clock = Arc::new(SetClock::at(MORNING.parse().unwrap()));
        let mut school = Self {
            _folder: folder,
            settings,
            groups: Roster::default(),
            lists: Roster::default(),
            clock,
            parts: None,
        };
        school.start();
        school
    }

    fn start(&mut self) {
        let roster = (self.groups.clone(), self.lists.clone());
        let parts = Parts::new(self.settings.clone(), roster.0, roster.1, self.clock.clone()).unwrap();
        // Years pass in these tests; a real power cut does not.
        if let Some(db) = parts.keeper.try_db() {
            db.execute_batch("PRAGMA synchronous = OFF").unwrap();
        }
        self.parts = Some(parts);
    }

    /// As a kill does: nothing is drained.
    fn crash(&mut self) {
        self.parts = None;
    }

    fn parts(&mut self) -> &mut Parts {
        self.parts.as_mut().unwrap()
    }

    fn tally(&mut self) -> Arc<Tally> {
        self.parts().shared.tally()
    }

    fn count(&self, tally: &Tally, asked: &Asked) {
        count(tally, asked, &self.groups, &self.lists);
    }

    /// Counts one attempt of a device.
    fn count_from(&self, tally: &Tally, client: [u8; 4], name: &str) {
        let asked = asked(name);
        let name = OwnedName::parse(name).unwrap();
        tally.count(&Attempt {
            group: self.groups.id_of(asked.group),
            tier: asked.tier,
            client: client.into(),
            name: name.as_name(),
            rtype: asked.rtype.into(),
            category: asked.category,
            service: asked.service,
            list: asked.list.map(|list| self.lists.id_of(list)),
            layer: asked.layer,
            effect: asked.effect,
        });
    }

    fn pass(&mut self, seconds: i64) {
        self.clock.set(self.now() + SignedDuration::from_secs(seconds));
        self.second();
    }

    /// The end of a second: collected and stored.
    fn second(&mut self) {
        let now = self.now();
        self.parts().collector.collect(now);
        self.parts().keeper.store(now);
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.settings.folder).unwrap()
    }

    fn rows(&self) -> Vec<Row> {
        self.reader().rows(&Filter::default(), Order::NewestLast, usize::MAX, self.now()).unwrap()
    }

    fn total(&self) -> u64 {
        sum(&self.reader().totals(&Filter::default(), By::Effect).unwrap())
    }

    fn months(&self) -> u64 {
        self.reader().months().unwrap().iter().map(|month| month.count).sum()
    }

    fn hours(&self) -> u64 {
        self.reader().hours(&Filter::default()).unwrap().iter().map(|hour| hour.count).sum()
    }

    /// Answers SQL's own check of the file, and that events, hours and months agree.
    fn is_sound(&mut self) {
        let db = self.parts().keeper.db();
        let check: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
        let kept: u64 = db
            .query_row(
                "SELECT (SELECT ifnull(sum(rows), 0) FROM block) + (SELECT ifnull(sum(rows), 0) FROM batch
                     WHERE id > (SELECT ifnull(max(value), 0) FROM mark WHERE name = 'folded'))",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(self.parts().shared.health().rows, kept);
        let mut by_hour = std::collections::BTreeMap::new();
        for row in self.rows() {
            let hour = row.at.as_second() / 3600;
            *by_hour.entry((hour, row.kind)).or_insert(0) += row.count;
        }
        for row in self.reader().hours(&Filter::default()).unwrap() {
            if let Some(count) = by_hour.remove(&(row.at.as_second() / 3600, row.kind)) {
                assert_eq!(row.count, count, "an hour agrees with its rows");
            }
        }
        assert!(by_hour.is_empty(), "rows without an hour: {by_hour:?}");
    }

    fn health(&mut self) -> super::health::Health {
        self.parts().shared.health()
    }

    fn key_file(&self) -> std::path::PathBuf {
        super::keyfile::KeyFile::of(&self.settings).path().to_owned()
    }
}

fn count(tally: &Tally, asked: &Asked, groups: &Roster, lists: &Roster) {
    let name = OwnedName::parse(&asked.name).unwrap();
    tally.count(&Attempt {
        group: groups.id_of(asked.group),
        tier: asked.tier,
        client: asked.client.parse::<IpAddr>().unwrap(),
        name: name.as_name(),
        rtype: asked.rtype.into(),
        category: asked.category,
        service: asked.service,
        list: asked.list.map(|list| lists.id_of(list)),
        layer: asked.layer,
        effect: asked.effect,
    });
}

fn sum(totals: &[Total]) -> u64 {
    totals.iter().map(|total| total.count).sum()
}

fn shown(name: &str) -> NameShown {
    NameShown::Name(OwnedName::parse(name).unwrap())
}

fn files_in(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}
