//! Rules in memory, and their order.

use crate::dns::name::Name;

use super::Said;
use super::record::{HEAD, RECORD_MAX, first_octets, first_record, key_of, put_key};

/// Records as they came, and where each stands.
#[derive(Default)]
pub(super) struct Batch {
    records: Vec<u8>,
    order: Vec<Place>,
}

/// Where a record stands, with the first octets of its key: most comparisons end there.
#[derive(Clone, Copy)]
struct Place {
    first: u64,
    at: u32,
}

impl Batch {
    /// Writes down what a line says of a name; `false` at 4 GiB.
    pub(super) fn add(&mut self, name: Name<'_>, said: Said, line: u32) -> bool {
        let Some(at) = u32::try_from(self.records.len()).ok().filter(|at| *at < u32::MAX - 1024) else {
            return false;
        };
        let mut record = [0; RECORD_MAX];
        let key = put_key(&mut record[HEAD..], name);
        let first = first_octets(&record[HEAD..HEAD + key]);
        record[..4].copy_from_slice(&line.to_le_bytes());
        record[4..6].copy_from_slice(&said.to_octets());
        record[HEAD - 1] = key as u8;
        self.records.extend_from_slice(&record[..HEAD + key]);
        self.order.push(Place { first, at });
        true
    }

    /// Octets that it takes.
    pub(super) fn octets(&self) -> usize {
        self.records.len() + self.order.len() * size_of::<Place>()
    }

    pub(super) fn sort(&mut self) {
        let records = &self.records;
        // Of equal keys the earlier line comes first: records stand in the order of their lines.
        self.order.sort_unstable_by(|a, b| {
            let rest =
                || key_of(record_at(records, *a)).cmp(key_of(record_at(records, *b))).then(a.at.cmp(&b.at));
            a.first.cmp(&b.first).then_with(rest)
        });
    }

    /// Every record in its order.
    pub(super) fn each(&self, mut take: impl FnMut(&[u8])) {
        self.order.iter().for_each(|place| take(record_at(&self.records, *place)));
    }

    /// Empties it; its memory stays.
    pub(super) fn clear(&mut self) {
        self.records.clear();
        self.order.clear();
    }
}

fn record_at(records: &[u8], place: Place) -> &[u8] {
    first_record(&records[place.at as usize..]).unwrap_or_default()
}
