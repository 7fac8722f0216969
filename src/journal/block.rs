//! Many rows of events as a few octets each: sorted, names by what differs from the name before, the
//! columns one after the other, compressed.
//!
//! Layout: one octet of format, the length of the plain form (u32, little endian), a CRC-32 of what
//! follows, and a zstd frame. The plain form has the numbers of rows, names, kinds and devices; the kinds;
//! the devices; the names in their order; and six columns of one number a row: minute, kind and name (each
//! relative to the row before), device, type, count. All numbers are LEB128.
//!
//! Depends on octets only. Does not know SQL, time zones or what a kind is. Reading checks every length
//! and every reference: a damaged block is refused and never panics.
// Measured on a million different names (benches/README.md): a table of rows takes 50 octets a row and has
// 2,000 written for each; with names in a table of their own 97 and 8,000 to 14,000. Blocks take about 10,
// have about 45 written, and need no index.

use super::kinds::Who;

/// Format of a block; a change is a new number.
const FORMAT: u8 = 1;
/// Octets before the frame.
const HEAD: usize = 1 + 4 + 4;
/// Rows in one block: what is read at a time, some 10 MiB when taken apart.
pub(super) const ROWS_MAX: usize = 1 << 17;
/// Octets of the plain form: a row with the longest name and its own device takes less than 320.
const PLAIN_MAX: usize = ROWS_MAX * 320;
/// zstd's quickest useful level: higher ones save 5 % and take three times as long.
const LEVEL: i32 = 1;

/// A block that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a block of the journal is damaged")]
pub struct Damaged;

/// One row. Sorts by minute, kind, name, device, type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line<'a> {
    /// Since 1970.
    pub minute: u32,
    /// The store's number of the kind.
    pub kind: u32,
    /// As [`push_name`] writes it; empty: not kept.
    pub name: &'a [u8],
    pub who: Who,
    pub rtype: u16,
    pub count: u64,
}

impl Line<'_> {
    fn key(&self) -> (u32, u32, &[u8], Who, u16) {
        (self.minute, self.kind, self.name, self.who, self.rtype)
    }
}

/// What a kind adds up to in one minute of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    pub minute: u32,
    pub kind: u32,
    pub count: u64,
    /// Different pairs of name and device.
    pub visits: u64,
}

/// Sorts lines and adds up those that differ in their count only.
pub(super) fn sort(lines: &mut Vec<Line<'_>>) {
    // Stable: lines are often a few sorted runs, which it merges.
    lines.sort_by(|a, b| a.key().cmp(&b.key()));
    lines.dedup_by(|next, kept| {
        let same = next.key() == kept.key();
        if same {
            kept.count = kept.count.saturating_add(next.count);
        }
        same
    });
}

/// What sorted lines add up to, by minute and kind.
pub(super) fn sums(lines: &[Line<'_>]) -> Vec<Sum> {
    let mut sums: Vec<Sum> = Vec::new();
    let mut before: Option<&Line<'_>> = None;
    for line in lines {
        let same_kind = before.is_some_and(|last| last.minute == line.minute && last.kind == line.kind);
        let visit = !(same_kind && before.is_some_and(|last| last.name == line.name && last.who == line.who));
        match sums.last_mut().filter(|_| same_kind) {
            Some(sum) => {
                sum.count = sum.count.saturating_add(line.count);
                sum.visits += u64::from(visit);
            }
            None => {
                sums.push(Sum { minute: line.minute, kind: line.kind, count: line.count, visits: 1 });
            }
        }
        before = Some(line);
    }
    sums
}

/// Appends a name in the form in which it is stored and sorted: labels with their length octets from the
/// top, so that a name begins with all its parents; the root is one zero. `wire` is empty for a name that
/// is not kept, and so is what is appended.
pub(super) fn push_name(wire: &[u8], out: &mut Vec<u8>) {
    let mut starts = [0u8; 128];
    let (mut labels, mut at) = (0, 0);
    while let Some(&len) = wire.get(at).filter(|len| **len != 0) {
        if labels == starts.len() {
            break;
        }
        starts[labels] = at as u8; // a name has 255 octets
        labels += 1;
        at += usize::from(len) + 1;
    }
    if labels == 0 {
        out.extend_from_slice(&wire[..wire.len().min(1)]);
    }
    for &start in starts[..labels].iter().rev() {
        let start = usize::from(start);
        let end = wire.len().min(start + usize::from(wire[start]) + 1);
        out.extend_from_slice(&wire[start..end]);
    }
}

/// The wire form of a stored name; none for a name that is not kept.
pub(super) fn wire_of(stored: &[u8]) -> Option<Vec<u8>> {
    match stored {
        [] => None,
        [0] => Some(vec![0]),
        _ => {
            let mut wire = Vec::with_capacity(stored.len() + 1);
            push_name(stored, &mut wire);
            wire.push(0);
            Some(wire)
        }
    }
}

fn push_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Writes sorted lines, at most [`ROWS_MAX`] of them, as a block.
pub(super) fn write(lines: &[Line<'_>]) -> std::io::Result<Vec<u8>> {
    assert!(lines.len() <= ROWS_MAX, "callers cut at the bound");
    let (names, name_of) = dictionary(lines, |line| line.name);
    let (devices, device_of) = dictionary(lines, |line| line.who);
    let (kinds, kind_of) = dictionary(lines, |line| line.kind);
    let mut plain = Vec::with_capacity(lines.len() * 24);
    for number in [lines.len(), names.len(), kinds.len(), devices.len()] {
        push_number(number as u64, &mut plain);
    }
    kinds.iter().for_each(|kind| push_number(u64::from(*kind), &mut plain));
    for device in &devices {
        plain.push(device.octets().len() as u8);
        plain.extend_from_slice(device.octets());
    }
    let mut before: &[u8] = &[];
    for name in &names {
        let shared = before.iter().zip(*name).take_while(|(a, b)| a == b).count();
        push_number(shared as u64, &mut plain);
        push_number((name.len() - shared) as u64, &mut plain);
        plain.extend_from_slice(&name[shared..]);
        before = name;
    }
    let mut minute = 0;
    for line in lines {
        push_number(u64::from(line.minute - minute), &mut plain);
        minute = line.minute;
    }
    kind_of.iter().for_each(|kind| push_number(u64::from(*kind), &mut plain));
    let mut name_before = 0;
    for (at, &name) in name_of.iter().enumerate() {
        let goes_on = at > 0 && lines[at - 1].minute == lines[at].minute && kind_of[at - 1] == kind_of[at];
        push_number(u64::from(if goes_on { name - name_before } else { name }), &mut plain);
        name_before = name;
    }
    device_of.iter().for_each(|device| push_number(u64::from(*device), &mut plain));
    lines.iter().for_each(|line| push_number(u64::from(line.rtype), &mut plain));
    lines.iter().for_each(|line| push_number(line.count, &mut plain));
    let frame = zstd::bulk::compress(&plain, LEVEL)?;
    let mut body = Vec::with_capacity(HEAD + frame.len());
    body.push(FORMAT);
    body.extend_from_slice(&(plain.len() as u32).to_le_bytes());
    body.extend_from_slice(&crc32fast::hash(&frame).to_le_bytes());
    body.extend_from_slice(&frame);
    Ok(body)
}

/// The different values among the lines, sorted, and the number of each line's value.
fn dictionary<'a, T: Ord + Copy>(lines: &[Line<'a>], of: impl Fn(&Line<'a>) -> T) -> (Vec<T>, Vec<u32>) {
    let mut order: Vec<(T, u32)> = lines.iter().zip(0u32..).map(|(line, at)| (of(line), at)).collect();
    order.sort_by_key(|(value, _)| *value);
    let mut values: Vec<T> = Vec::new();
    let mut numbers = vec![0; lines.len()];
    for (value, at) in order {
        if values.last() != Some(&value) {
            values.push(value);
        }
        numbers[at as usize] = values.len() as u32 - 1;
    }
    (values, numbers)
}

/// A block taken apart.
#[derive(Debug, Default)]
pub(super) struct Block {
    rows: Vec<Row>,
    devices: Vec<Who>,
    names: Vec<u8>,
    /// Where each name ends in `names`.
    ends: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    minute: u32,
    kind: u32,
    name: u32,
    device: u32,
    rtype: u16,
    count: u64,
}

/// A cursor over the plain form.
struct Plain<'a>(&'a [u8]);

impl<'a> Plain<'a> {
    fn number(&mut self) -> Result<u64, Damaged> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (&octet, rest) = self.0.split_first().ok_or(Damaged)?;
            self.0 = rest;
            number |= u64::from(octet & 0x7f) << shift;
            if octet < 0x80 {
                return Ok(number);
            }
        }
        Err(Damaged)
    }

    /// A number that says how many things follow: each takes at least an octet.
    fn many(&mut self) -> Result<usize, Damaged> {
        usize::try_from(self.number()?).ok().filter(|many| *many <= ROWS_MAX).ok_or(Damaged)
    }

    fn small(&mut self) -> Result<u32, Damaged> {
        u32::try_from(self.number()?).map_err(|_| Damaged)
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> Result<u32, Damaged> {
        self.small().and_then(|number| if (number as usize) < end { Ok(number) } else { Err(Damaged) })
    }

    fn octets(&mut self, len: usize) -> Result<&'a [u8], Damaged> {
        let (octets, rest) = self.0.split_at_checked(len).ok_or(Damaged)?;
        self.0 = rest;
        Ok(octets)
    }
}

impl Block {
    /// Takes a block apart.
    pub fn read(body: &[u8]) -> Result<Self, Damaged> {
        let (head, frame) = body.split_at_checked(HEAD).ok_or(Damaged)?;
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let len = number(1) as usize;
        if head[0] != FORMAT || len > PLAIN_MAX || number(5) != crc32fast::hash(frame) {
            return Err(Damaged);
        }
        let plain = zstd::bulk::decompress(frame, len).map_err(|_| Damaged)?;
        if plain.len() != len {
            return Err(Damaged);
        }
        Self::take_apart(&mut Plain(&plain))
    }

    fn take_apart(plain: &mut Plain<'_>) -> Result<Self, Damaged> {
        let (rows, names, kinds, devices) = (plain.many()?, plain.many()?, plain.many()?, plain.many()?);
        let kinds = (0..kinds).map(|_| plain.small()).collect::<Result<Vec<_>, _>>()?;
        let mut block = Self { rows: vec![Row::default(); rows], ..Self::default() };
        for _ in 0..devices {
            let len = usize::from(plain.octets(1)?[0]);
            block.devices.push(Who::new(plain.octets(len.min(16))?));
        }
        let mut before = 0;
        for _ in 0..names {
            let (shared, more) = (plain.small()? as usize, plain.small()? as usize);
            let start = block.names.len();
            if shared > start - before || shared + more > 256 {
                return Err(Damaged);
            }
            block.names.extend_from_within(before..before + shared);
            block.names.extend_from_slice(plain.octets(more)?);
            block.ends.push(block.names.len() as u32);
            before = start;
        }
        let mut minute = 0u32;
        for row in &mut block.rows {
            minute = minute.checked_add(plain.small()?).ok_or(Damaged)?;
            row.minute = minute;
        }
        for row in &mut block.rows {
            row.kind = kinds[plain.below(kinds.len())? as usize];
        }
        let mut last = (0, 0, 0u32);
        for row in &mut block.rows {
            let number = plain.small()?;
            let goes_on = (row.minute, row.kind) == (last.0, last.1);
            row.name = if goes_on { last.2.checked_add(number).ok_or(Damaged)? } else { number };
            if row.name as usize >= names {
                return Err(Damaged);
            }
            last = (row.minute, row.kind, row.name);
        }
        for row in &mut block.rows {
            row.device = plain.below(devices)?;
        }
        for row in &mut block.rows {
            row.rtype = u16::try_from(plain.number()?).map_err(|_| Damaged)?;
        }
        for row in &mut block.rows {
            row.count = plain.number()?;
        }
        if plain.0.is_empty() { Ok(block) } else { Err(Damaged) }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// A row by its number, which is below [`len`](Self::len).
    pub fn line(&self, at: usize) -> Line<'_> {
        let row = self.rows[at];
        let name = row.name as usize;
        let start = if name == 0 { 0 } else { self.ends[name - 1] as usize };
        Line {
            minute: row.minute,
            kind: row.kind,
            name: &self.names[start..self.ends[name] as usize],
            who: self.devices[row.device as usize],
            rtype: row.rtype,
            count: row.count,
        }
    }

    /// All rows, sorted.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        (0..self.len()).map(|at| self.line(at))
    }
}

/// Writes sums.
pub(super) fn write_sums(sums: &[Sum]) -> Vec<u8> {
    let mut out = Vec::with_capacity(sums.len() * 8);
    push_number(sums.len() as u64, &mut out);
    let mut minute = 0;
    for sum in sums {
        push_number(u64::from(sum.minute - minute), &mut out);
        minute = sum.minute;
        push_number(u64::from(sum.kind), &mut out);
        push_number(sum.count, &mut out);
        push_number(sum.visits, &mut out);
    }
    out
}

/// Reads sums.
pub(super) fn read_sums(octets: &[u8]) -> Result<Vec<Sum>, Damaged> {
    let mut plain = Plain(octets);
    let mut minute = 0u32;
    let sums = (0..plain.many()?)
        .map(|_| {
            minute = minute.checked_add(plain.small()?).ok_or(Damaged)?;
            Ok(Sum { minute, kind: plain.small()?, count: plain.number()?, visits: plain.number()? })
        })
        .collect::<Result<_, _>>()?;
    if plain.0.is_empty() { Ok(sums) } else { Err(Damaged) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dns::name::OwnedName;

    type Owned = (u32, u32, Vec<u8>, Vec<u8>, u16, u64);

    fn any_row() -> impl Strategy<Value = Owned> {
        let device = prop_oneof![Just(0usize), Just(4), Just(8), Just(16)]
            .prop_flat_map(|len| prop::collection::vec(0u8..3, len));
        let name = prop::collection::vec(97u8..100, 0..4).prop_map(|label| match label.len() {
            0 => Vec::new(),
            1 => vec![0],
            len => [&[3, b'c', b'o', b'm', len as u8][..], &label].concat(),
        });
        (29_000_000u32..29_000_003, 1u32..4, name, device, 0u16..3, 1u64..300)
    }

    fn lines(rows: &[Owned]) -> Vec<Line<'_>> {
        let mut lines: Vec<Line<'_>> = rows
            .iter()
            .map(|(minute, kind, name, device, rtype, count)| Line {
                minute: *minute,
                kind: *kind,
                name,
                who: Who::new(device),
                rtype: *rtype,
                count: *count,
            })
            .collect();
        sort(&mut lines);
        lines
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_adds_up(rows in prop::collection::vec(any_row(), 0..200)) {
            let lines = lines(&rows);
            let block = Block::read(&write(&lines).unwrap()).unwrap();
            prop_assert_eq!(block.lines().collect::<Vec<_>>(), lines.clone());
            let counted: u64 = rows.iter().map(|row| row.5).sum();
            let sums = sums(&lines);
            prop_assert_eq!(sums.iter().map(|sum| sum.count).sum::<u64>(), counted);
            let visits: std::collections::BTreeSet<_> =
                lines.iter().map(|line| (line.minute, line.kind, line.name, line.who)).collect();
            prop_assert_eq!(sums.iter().map(|sum| sum.visits).sum::<u64>(), visits.len() as u64);
            prop_assert_eq!(read_sums(&write_sums(&sums)).unwrap(), sums);
        }

        #[test]
        fn whatever_the_plain_form_says_is_read_or_refused(octets in prop::collection::vec(0u8..8, 0..120)) {
            if let Ok(block) = Block::take_apart(&mut Plain(&octets)) {
                prop_assert_eq!(block.lines().count(), block.len());
            }
            let _ = read_sums(&octets);
        }
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_seen() {
        let rows: Vec<Owned> =
            (0..40).map(|n| (29_000_000, 1, vec![3, b'c', n, b'm'], vec![n; 8], 1, 1)).collect();
        let body = write(&lines(&rows)).unwrap();
        for at in 0..body.len() {
            for bit in 0..8 {
                let mut changed = body.clone();
                changed[at] ^= 1 << bit;
                assert!(Block::read(&changed).is_err(), "octet {at}, bit {bit}");
            }
            assert!(Block::read(&body[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_stored_name_begins_with_its_parents_and_leads_back() {
        let stored = |name: &str| {
            let mut out = Vec::new();
            push_name(OwnedName::parse(name).unwrap().as_name().wire(), &mut out);
            out
        };
        assert_eq!(stored("www.example.com"), b"\x03com\x07example\x03www");
        assert!(stored("www.example.com").starts_with(&stored("example.com")));
        assert!(!stored("www.example1.com").starts_with(&stored("example.com")));
        assert_eq!(stored("."), b"\0");
        let longest = "a.".repeat(127);
        for name in [".", "com", "www.example.com", r"a\000b.\255.example", longest.trim_end_matches('.')] {
            let wire = OwnedName::parse(name).unwrap().as_name().wire().to_vec();
            assert_eq!(wire_of(&stored(name)), Some(wire), "{name}");
        }
        assert_eq!(wire_of(&[]), None);
    }
}
