//! A buffer that names are read into.

use std::ops::Range;

use super::{HEADER, LABEL_MAX, NAME_MAX, Name, NameError};

/// A fixed buffer for one name; a worker keeps one and fills it for each query.
#[derive(Clone)]
pub struct NameBuf {
    len: u8,
    octets: [u8; NAME_MAX],
}

impl NameBuf {
    /// A buffer that holds the root.
    pub fn new() -> Self {
        Self { len: 1, octets: [0; NAME_MAX] }
    }

    /// The name held.
    pub fn name(&self) -> Name<'_> {
        Name(&self.octets[..self.len as usize])
    }

    /// Reads an uncompressed name at the start of `octets`, lower-cases it, and says how many octets
    /// it took.
    ///
    /// # Errors
    /// [`NameError::LongLabel`] also for a compression pointer, which no question may hold.
    pub fn fill_from_wire(&mut self, octets: &[u8]) -> Result<usize, NameError> {
        let mut end = 0;
        loop {
            let len = *octets.get(end).ok_or(NameError::Truncated)? as usize;
            if len == 0 {
                break;
            }
            if len > LABEL_MAX {
                return Err(NameError::LongLabel);
            }
            end += len + 1;
            if end >= NAME_MAX {
                return Err(NameError::LongName);
            }
        }
        let name = octets.get(..=end).ok_or(NameError::Truncated)?;
        // A length octet is no letter, so all can be lower-cased in one go.
        for (to, from) in self.octets.iter_mut().zip(name) {
            *to = from.to_ascii_lowercase();
        }
        self.len = name.len() as u8;
        Ok(name.len())
    }

    /// Holds a copy of `name`.
    pub fn copy(&mut self, name: Name<'_>) {
        self.octets[..name.wire().len()].copy_from_slice(name.wire());
        self.len = name.wire().len() as u8;
    }

    /// Reads presentation form; see [`OwnedName::parse`](super::OwnedName::parse).
    ///
    /// # Errors
    /// What [`NameError`] says; the buffer then holds the root.
    pub fn fill_from_text(&mut self, text: &str) -> Result<(), NameError> {
        self.len = 1;
        self.octets[0] = 0;
        if text == "." {
            return Ok(());
        }
        if text.is_empty() {
            return Err(NameError::EmptyLabel);
        }
        let mut octets = text.bytes();
        let mut start = 0; // where the open label's length octet stands
        let mut at = 1;
        while let Some(octet) = octets.next() {
            let octet = match octet {
                b'.' => {
                    self.close_label(start, at)?;
                    start = at;
                    at += 1;
                    continue;
                }
                b'\\' => unescape(&mut octets)?,
                plain => plain,
            };
            if at >= NAME_MAX - 1 {
                return Err(NameError::LongName);
            }
            self.octets[at] = octet.to_ascii_lowercase();
            at += 1;
        }
        if at > start + 1 {
            self.close_label(start, at)?;
            start = at;
        } else if start == 0 {
            return Err(NameError::EmptyLabel);
        }
        if start >= NAME_MAX {
            return Err(NameError::LongName);
        }
        self.octets[start] = 0;
        self.len = (start + 1) as u8;
        Ok(())
    }

    fn close_label(&mut self, start: usize, end: usize) -> Result<(), NameError> {
        match end - start - 1 {
            0 => Err(NameError::EmptyLabel),
            len if len > LABEL_MAX => Err(NameError::LongLabel),
            len => {
                self.octets[start] = len as u8;
                Ok(())
            }
        }
    }

    /// Reads a name at `at` in a whole message, following compression pointers (RFC 1035 §4.1.4),
    /// lower-cases it, and says where the octets after it start. Pointers may only lead backwards, to
    /// what ends before the name that they stand in, so it ends after at most 127 of them and needs
    /// nothing of what follows; and never into the header: no name stands there, and what a name says
    /// must not change with the id of the message around it.
    ///
    /// # Errors
    /// What [`NameError`] says.
    pub fn fill_from_message(&mut self, message: &[u8], at: usize) -> Result<usize, NameError> {
        self.fill_and_show(message, at, &mut |_| ())
    }

    /// As [`fill_from_message`](Self::fill_from_message), and shows where each part of the name stands:
    /// a label with its length octet, a pointer, the root's zero.
    ///
    /// # Errors
    /// What [`NameError`] says.
    pub fn fill_and_show(
        &mut self,
        message: &[u8],
        at: usize,
        show: &mut impl FnMut(Range<usize>),
    ) -> Result<usize, NameError> {
        let mut from = at;
        let mut to = 0;
        let mut end = None;
        let mut lowest = at;
        // The name that a pointer leads to has ended where the name with the pointer begins.
        let mut message = message;
        loop {
            let len = *message.get(from).ok_or(NameError::Truncated)? as usize;
            match len {
                0 => {
                    show(from..from + 1);
                    self.octets[to] = 0;
                    self.len = (to + 1) as u8;
                    return Ok(end.unwrap_or(from + 1));
                }
                1..=LABEL_MAX => {
                    if to + len + 2 > NAME_MAX {
                        return Err(NameError::LongName);
                    }
                    let label = message.get(from + 1..from + 1 + len).ok_or(NameError::Truncated)?;
                    self.octets[to] = len as u8;
                    for (to, from) in self.octets[to + 1..].iter_mut().zip(label) {
                        *to = from.to_ascii_lowercase();
                    }
                    show(from..from + 1 + len);
                    to += len + 1;
                    from += len + 1;
                }
                0xc0.. => {
                    let low = *message.get(from + 1).ok_or(NameError::Truncated)? as usize;
                    let target = (len & 0x3f) << 8 | low;
                    end.get_or_insert(from + 2);
                    if target >= lowest || target < HEADER {
                        return Err(NameError::Truncated);
                    }
                    show(from..from + 2);
                    message = &message[..lowest];
                    lowest = target;
                    from = target;
                }
                _ => return Err(NameError::LongLabel),
            }
        }
    }
}

impl Default for NameBuf {
    fn default() -> Self {
        Self::new()
    }
}

fn unescape(octets: &mut std::str::Bytes<'_>) -> Result<u8, NameError> {
    let first = octets.next().ok_or(NameError::BadEscape)?;
    if !first.is_ascii_digit() {
        return Ok(first);
    }
    let mut value = u32::from(first - b'0');
    for _ in 0..2 {
        let digit = octets.next().filter(u8::is_ascii_digit).ok_or(NameError::BadEscape)?;
        value = value * 10 + u32::from(digit - b'0');
    }
    u8::try_from(value).map_err(|_| NameError::BadEscape)
}
