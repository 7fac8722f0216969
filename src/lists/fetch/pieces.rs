//! Octets from a server or a file, unpacked and bounded, piece by piece to where they are kept.

use std::io::{self, Cursor, Read, Write};

use flate2::read::MultiGzDecoder;

use super::{Error, Progress};

/// Octets read at a time.
const CHUNK: usize = 64 * 1024;
/// How a gzip file begins (RFC 1952 §2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Copies everything. A text that begins as gzip does is unpacked; the bound counts what comes out, so a
/// small file that unpacks to terabytes ends there.
pub(super) fn copy(
    mut from: impl Read,
    into: &mut dyn Write,
    octets_max: u64,
    total: Option<u64>,
    progress: &mut dyn FnMut(Progress),
    failed: impl Fn(io::Error) -> Error,
) -> Result<(), Error> {
    let mut head = [0; 2];
    let mut count = 0;
    while count < head.len() {
        match read_some(&mut from, &mut head[count..]).map_err(&failed)? {
            0 => break,
            more => count += more,
        }
    }
    let whole = Cursor::new(head).take(count as u64).chain(from);
    let (mut from, total): (Box<dyn Read>, _) = match head == GZIP && count == GZIP.len() {
        true => (Box::new(MultiGzDecoder::new(whole)), None),
        false => (Box::new(whole), total),
    };
    let mut chunk = vec![0; CHUNK];
    let mut octets = 0;
    loop {
        let count = read_some(&mut from, &mut chunk).map_err(&failed)?;
        if count == 0 {
            return Ok(());
        }
        octets += count as u64;
        if octets > octets_max {
            return Err(Error::TooLarge(octets_max));
        }
        into.write_all(&chunk[..count]).map_err(Error::Disk)?;
        progress(Progress { octets, total });
    }
}

fn read_some(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
