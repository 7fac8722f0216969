//! From a client's address to what the store may know of it.
//!
//! A pseudonym is SipHash-2-4 (128 bits, of which 64 are kept) of the address under a random key of
//! the day. At the school's midnight the key is replaced in memory and its file overwritten in place,
//! so nobody, the school included, can join two days of one device, or try addresses against an old
//! day. A restart within the day reads the key back, so a device stays one device for that day.
//!
//! Overwriting in place reaches the old octets on common file systems; a copy-on-write file system,
//! a snapshot or a flash controller may keep them a while. Nothing a program can do reaches those.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;

use jiff::civil::Date;
use siphasher::sip::SipHasher24;
use siphasher::sip128;

use super::clock::day_number;
use super::kinds::Who;
use crate::sys::whole::{open_file, open_private};

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
    key: [u8; 16],
}

/// The file: magic, day, key, and a hash of those, so that a torn write is not taken for a key.
const RECORD: usize = 8 + 8 + 16 + 8;
const MAGIC: &[u8; 8] = b"LCDAYKEY";

impl DayKey {
    /// A new key for `day`. Fails only where the system has no randomness.
    pub fn fresh(day: Date) -> io::Result<Self> {
        let mut key = [0; 16];
        getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self { day, key })
    }

    /// The key of `day` from its file; none if the file is of another day, damaged or absent.
    pub fn read(path: &Path, day: Date) -> io::Result<Option<Self>> {
        let mut octets = Vec::new();
        match open_file(path) {
            Ok(file) => file.take(RECORD as u64 + 1).read_to_end(&mut octets)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let key =
            Self { day, key: octets.get(16..32).and_then(|key| key.try_into().ok()).unwrap_or_default() };
        let same = octets == key.record();
        octets.fill(0);
        Ok(same.then_some(key))
    }

    /// Writes it over whatever key the file holds. In place: the old key's octets go, and a full
    /// disk does not hinder it.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut file = open_private(path)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&self.record())?;
        file.set_len(RECORD as u64)?;
        file.sync_all()
    }

    /// Replaces it by a new one if `day` is another day; says whether it did.
    pub fn turn(&mut self, day: Date) -> io::Result<bool> {
        if self.day == day {
            return Ok(false);
        }
        *self = Self::fresh(day)?; // written over the old one, in its place
        Ok(true)
    }

    /// A copy for the thread that writes the file.
    pub fn copy(&self) -> Self {
        Self { day: self.day, key: self.key }
    }

    /// The pseudonym of a client.
    fn pseudonym(&self, client: Ipv6Addr) -> Who {
        let hash = sip128::SipHasher24::new_with_key(&self.key).hash(&client.octets());
        Who::new(&hash.as_bytes()[..PSEUDONYM_OCTETS])
    }

    fn record(&self) -> [u8; RECORD] {
        let mut out = [0; RECORD];
        out[..8].copy_from_slice(MAGIC);
        out[8..16].copy_from_slice(&day_number(self.day).to_le_bytes());
        out[16..32].copy_from_slice(&self.key);
        let check = SipHasher24::new().hash(&out[..32]);
        out[32..].copy_from_slice(&check.to_le_bytes());
        out
    }
}

impl Drop for DayKey {
    fn drop(&mut self) {
        // Best effort: the optimiser may see that nobody reads it. `black_box` asks it not to.
        self.key = [0; 16];
        std::hint::black_box(&self.key);
    }
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
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use jiff::civil::date;

    use super::*;

    const DAY: Date = date(2026, 11, 23);

    fn who(client: &str) -> Who {
        let client: Ipv6Addr = client.parse().unwrap();
        Who::new(&client.octets())
    }

    #[test]
    fn a_key_read_back_gives_the_same_pseudonyms_and_only_on_its_day() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = DayKey::fresh(DAY).unwrap();
        key.write(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = DayKey::read(&path, DAY).unwrap().unwrap();
        let device = who("::ffff:10.0.0.1");
        assert_eq!(kept(device, DeviceMode::Pseudonym, &key), kept(device, DeviceMode::Pseudonym, &again));
        assert_ne!(kept(who("::1"), DeviceMode::Pseudonym, &key), kept(device, DeviceMode::Pseudonym, &key));
        assert!(DayKey::read(&path, date(2026, 11, 24)).unwrap().is_none());
    }

    #[test]
    fn the_next_days_key_is_written_over_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let mut key = DayKey::fresh(DAY).unwrap();
        key.write(&path).unwrap();
        let old = fs::read(&path).unwrap();
        assert!(!key.turn(DAY).unwrap());
        assert!(key.turn(date(2026, 11, 24)).unwrap());
        key.write(&path).unwrap();
        let new = fs::read(&path).unwrap();
        assert_eq!(new.len(), old.len());
        assert_ne!(new[16..32], old[16..32]);
    }

    #[test]
    fn a_damaged_or_cut_key_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert!(DayKey::read(&path, DAY).unwrap().is_none());
        DayKey::fresh(DAY).unwrap().write(&path).unwrap();
        let whole = fs::read(&path).unwrap();
        for octet in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[octet] ^= 1;
            fs::write(&path, damaged).unwrap();
            assert!(DayKey::read(&path, DAY).unwrap().is_none(), "octet {octet}");
            fs::write(&path, &whole[..octet]).unwrap();
            assert!(DayKey::read(&path, DAY).unwrap().is_none(), "cut at {octet}");
        }
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
