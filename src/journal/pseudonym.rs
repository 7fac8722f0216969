//! From a client's address to what the store may know of it.
//!
//! A pseudonym is SipHash-2-4 (128 bits, of which 64 are kept) of the address under a random key of
//! the day. At the school's midnight the key is replaced in memory and in its file (`keyfile`), so
//! nobody, the school included, can join two days of one device, or try addresses against an old day.
//! A restart within the day reads the key back, so a device stays one device for that day.
//!
//! A key's octets lie in a locked page ([`Secret`]) as the record that its file holds. They are read
//! from the file into that page, written from it, and replaced in it; what hashing leaves on the stack
//! is overwritten by whoever calls `kept` (`wipe_stack`).

use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::os::unix::fs::FileExt;

use jiff::civil::Date;
use siphasher::sip::SipHasher24;
use siphasher::sip128;

use super::clock::day_number;
use super::kinds::Who;
use crate::sys::secret::Secret;

/// What is kept of the device that asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceMode {
    /// A pseudonym that lasts until midnight.
    #[default]
    Pseudonym,
    /// Nothing.
    None,
    /// The address itself, where the school has a legal ground.
    Address,
}

/// Octets of a pseudonym. Two of 10,000 devices share one with a chance of 1 in 10^11.
pub(super) const PSEUDONYM_OCTETS: usize = 8;

/// The key of one day.
pub(super) struct DayKey {
    day: Date,
    /// The record, and room for the next key behind it.
    page: Secret,
}

/// The file: magic, day, key, and a hash of those, so that a torn write is not taken for a key.
pub(super) const RECORD: usize = 8 + 8 + 16 + 8;
const MAGIC: &[u8; 8] = b"LCDAYKEY";
/// Where the key stands in its record.
const KEY: std::ops::Range<usize> = 16..32;
/// Where a new key is made before it replaces the old one.
const NEXT: std::ops::Range<usize> = 64..80;

impl DayKey {
    /// A new key for `day`. Fails only where the system has no randomness or no memory.
    pub fn fresh(day: Date) -> io::Result<Self> {
        let mut key = Self { day, page: Secret::zeroed()? };
        key.replace(day)?;
        Ok(key)
    }

    /// The key of `day` from its file; none if the file is of another day or damaged.
    pub fn read(file: File, day: Date) -> io::Result<Option<Self>> {
        let mut page = Secret::zeroed()?;
        let mut read = 0;
        while read <= RECORD {
            match file.read_at(&mut page[read..=RECORD], read as u64) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let sound = read == RECORD
            && page.starts_with(MAGIC)
            && page[8..16] == day_number(day).to_le_bytes()
            && page[32..RECORD] == check(&page);
        Ok(sound.then_some(Self { day, page }))
    }

    /// Replaces it by a new one if `day` is another day; says whether it did.
    pub fn turn(&mut self, day: Date) -> io::Result<bool> {
        if self.day == day {
            return Ok(false);
        }
        self.replace(day)?;
        Ok(true)
    }

    fn replace(&mut self, day: Date) -> io::Result<()> {
        getrandom::fill(&mut self.page[NEXT]).map_err(|error| io::Error::other(error.to_string()))?;
        self.page.copy_within(NEXT, KEY.start); // over the old one, in its place
        self.page[NEXT].fill(0);
        self.day = day;
        self.page[..8].copy_from_slice(MAGIC);
        self.page[8..16].copy_from_slice(&day_number(day).to_le_bytes());
        let check = check(&self.page);
        self.page[32..RECORD].copy_from_slice(&check);
        Ok(())
    }

    /// A copy, from page to page, for the thread that writes the file.
    pub fn copy(&self) -> io::Result<Self> {
        let mut page = Secret::zeroed()?;
        page[..RECORD].copy_from_slice(&self.page[..RECORD]);
        Ok(Self { day: self.day, page })
    }

    /// What its file holds.
    pub fn record(&self) -> &[u8] {
        &self.page[..RECORD]
    }

    /// The pseudonym of a client. Not inlined: what it leaves on the stack lies below its caller.
    #[inline(never)]
    fn pseudonym(&self, client: Ipv6Addr) -> Who {
        let key: &[u8; 16] = self.page[KEY].try_into().expect("the range has 16 octets");
        let hash = sip128::SipHasher24::new_with_key(key).hash(&client.octets());
        Who::new(&hash.as_bytes()[..PSEUDONYM_OCTETS])
    }
}

fn check(page: &Secret) -> [u8; 8] {
    SipHasher24::new().hash(&page[..32]).to_le_bytes()
}

/// What the store keeps of a client in a worker's table.
pub(super) fn kept(who: Who, mode: DeviceMode, key: &DayKey) -> Who {
    let Ok(octets) = <[u8; 16]>::try_from(who.octets()) else { return Who::NOBODY };
    let client = Ipv6Addr::from(octets);
    match mode {
        DeviceMode::None => Who::NOBODY,
        DeviceMode::Pseudonym => key.pseudonym(client),
        DeviceMode::Address => match client.to_canonical() {
            IpAddr::V4(v4) => Who::new(&v4.octets()),
            IpAddr::V6(v6) => Who::new(&v6.octets()),
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const DAY: Date = date(2026, 11, 23);

    fn who(client: &str) -> Who {
        let client: Ipv6Addr = client.parse().unwrap();
        Who::new(&client.octets())
    }

    fn written(octets: &[u8]) -> File {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(octets, 0).unwrap();
        file
    }

    #[test]
    fn a_key_read_back_gives_the_same_pseudonyms_and_only_on_its_day() {
        let key = DayKey::fresh(DAY).unwrap();
        let again = DayKey::read(written(key.record()), DAY).unwrap().unwrap();
        let device = who("::ffff:10.0.0.1");
        assert_eq!(kept(device, DeviceMode::Pseudonym, &key), kept(device, DeviceMode::Pseudonym, &again));
        assert_ne!(kept(who("::1"), DeviceMode::Pseudonym, &key), kept(device, DeviceMode::Pseudonym, &key));
        assert!(DayKey::read(written(key.record()), date(2026, 11, 24)).unwrap().is_none());
    }

    #[test]
    fn the_next_days_key_takes_the_place_of_the_old_one() {
        let mut key = DayKey::fresh(DAY).unwrap();
        let (old, at) = (key.record().to_vec(), key.record().as_ptr());
        assert!(!key.turn(DAY).unwrap());
        assert_eq!(key.record(), old);
        assert!(key.turn(date(2026, 11, 24)).unwrap());
        assert_eq!(key.record().as_ptr(), at);
        assert_ne!(key.record()[KEY], old[KEY]);
        assert!(key.page[RECORD..].iter().all(|octet| *octet == 0));
    }

    #[test]
    fn a_damaged_or_cut_key_is_no_key() {
        let whole = DayKey::fresh(DAY).unwrap().record().to_vec();
        for octet in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[octet] ^= 1;
            assert!(DayKey::read(written(&damaged), DAY).unwrap().is_none(), "octet {octet}");
            assert!(DayKey::read(written(&whole[..octet]), DAY).unwrap().is_none(), "cut at {octet}");
        }
        let longer = [&whole[..], &[0]].concat();
        assert!(DayKey::read(written(&longer), DAY).unwrap().is_none());
    }

    #[test]
    fn an_address_is_kept_in_its_own_family() {
        let key = DayKey::fresh(DAY).unwrap();
        assert_eq!(kept(who("::ffff:10.0.0.1"), DeviceMode::Address, &key).octets(), [10, 0, 0, 1]);
        assert_eq!(kept(who("2001:db8::1"), DeviceMode::Address, &key).octets().len(), 16);
        assert_eq!(kept(who("2001:db8::1"), DeviceMode::None, &key), Who::NOBODY);
        assert_eq!(kept(Who::NOBODY, DeviceMode::Pseudonym, &key), Who::NOBODY);
    }
}
