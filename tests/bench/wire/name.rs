//! Domain names in wire form: compared without regard to case, ordered as DNSSEC orders them (RFC 4034 §6.1).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A name as it is written, case and all.
#[derive(Clone)]
pub struct Name(Vec<Vec<u8>>);

impl Name {
    pub fn root() -> Self {
        Self(Vec::new())
    }

    pub fn of_labels(labels: Vec<Vec<u8>>) -> Self {
        Self(labels)
    }

    /// Reads master format (RFC 1035 §5.1): `\.`, `\032`, `@`; without a dot at the end it is below `origin`.
    pub fn parse(text: &str, origin: &Self) -> Self {
        match text {
            "@" => return origin.clone(),
            "." => return Self::root(),
            _ => {}
        }
        let (mut labels, mut label) = (Vec::new(), Vec::new());
        let mut octets = text.bytes();
        while let Some(octet) = octets.next() {
            match octet {
                b'\\' => {
                    let next = octets.next().expect("something after a backslash");
                    if next.is_ascii_digit() {
                        let digits = [next, octets.next().unwrap(), octets.next().unwrap()];
                        let text = std::str::from_utf8(&digits).unwrap();
                        label.push(text.parse().expect("three digits up to 255"));
                    } else {
                        label.push(next);
                    }
                }
                b'.' => labels.push(std::mem::take(&mut label)),
                other => label.push(other),
            }
        }
        let absolute = label.is_empty();
        if !absolute {
            labels.push(label);
            labels.extend(origin.0.iter().cloned());
        }
        assert!(labels.iter().all(|label| (1..64).contains(&label.len())), "labels of `{text}`");
        Self(labels)
    }

    /// One that ends with a dot.
    pub fn absolute(text: &str) -> Self {
        assert!(text.ends_with('.'), "`{text}` has no dot at its end");
        Self::parse(text, &Self::root())
    }

    /// Adds a label in front.
    pub fn child(&self, label: &[u8]) -> Self {
        Self([vec![label.to_vec()], self.0.clone()].concat())
    }

    /// The last `count` labels.
    pub fn ancestor(&self, count: usize) -> Self {
        Self(self.0[self.0.len() - count..].to_vec())
    }

    /// With the labels of `from` at its end replaced by those of `to`; `None` where it gets too long.
    pub fn moved(&self, from: &Self, to: &Self) -> Option<Self> {
        let kept = &self.0[..self.0.len() - from.0.len()];
        let moved = Self([kept, &to.0].concat());
        (moved.wire().len() <= 255).then_some(moved)
    }

    pub fn labels(&self) -> &[Vec<u8>] {
        &self.0
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub fn parent(&self) -> Option<Self> {
        (!self.0.is_empty()).then(|| self.ancestor(self.0.len() - 1))
    }

    /// Whether it is `apex` or below.
    pub fn is_in(&self, apex: &Self) -> bool {
        self.0.len() >= apex.0.len() && self.ancestor(apex.0.len()) == *apex
    }

    pub fn wire(&self) -> Vec<u8> {
        let mut wire = Vec::new();
        for label in &self.0 {
            wire.push(u8::try_from(label.len()).unwrap());
            wire.extend(label);
        }
        wire.push(0);
        wire
    }

    /// In wire form and lower case.
    pub fn canonical(&self) -> Vec<u8> {
        self.wire().to_ascii_lowercase()
    }

    pub fn lower(&self) -> Self {
        Self(self.0.iter().map(|label| label.to_ascii_lowercase()).collect())
    }

    /// With the number in place of `#`.
    pub fn numbered(&self, number: usize) -> Self {
        let number = number.to_string();
        let numbered = |label: &Vec<u8>| -> Vec<u8> {
            label
                .iter()
                .flat_map(|octet| if *octet == b'#' { number.as_bytes().to_vec() } else { vec![*octet] })
                .collect()
        };
        Self(self.0.iter().map(numbered).collect())
    }

    /// The same octets, case included.
    pub fn is_same_text(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| a.eq_ignore_ascii_case(b))
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical().hash(state);
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        let canonical = |name: &Self| name.0.iter().rev().map(|l| l.to_ascii_lowercase()).collect::<Vec<_>>();
        canonical(self).cmp(&canonical(other))
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(".");
        }
        for label in &self.0 {
            for octet in label {
                match octet {
                    b'.' | b'\\' | b'"' | b';' | b'@' => write!(f, "\\{}", char::from(*octet))?,
                    0x21..=0x7e => write!(f, "{}", char::from(*octet))?,
                    other => write!(f, "\\{other:03}")?,
                }
            }
            f.write_str(".")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
