//! DNAME in zone files, which the library's parser does not know: it reads them under the name of another
//! type whose data is one name, and gets them back as what they are.

use hickory_resolver::proto::rr::rdata::NULL;
use hickory_resolver::proto::rr::{RData, Record, RecordType};

use crate::dns::name::{Name, OwnedName};
use crate::dns::rrtype::RrType;
use crate::resolve::wire;

const OURS: &str = "DNAME";
/// A draft that was given up; no server has such records.
const THEIRS: &str = "ANAME";

/// The text of a zone file as the parser can read it.
pub(super) fn readable(text: &str) -> Result<String, String> {
    let mut read = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match type_of(line) {
            Some(at) if line[at.clone()].eq_ignore_ascii_case(THEIRS) => {
                return Err("ANAME is no type of the DNS".to_owned());
            }
            Some(at) if line[at.clone()].eq_ignore_ascii_case(OURS) => {
                read += &line[..at.start];
                read += THEIRS;
                read += &line[at.end..];
            }
            _ => read += line,
        }
    }
    Ok(read)
}

/// The target, if the record is a DNAME as the parser has it.
pub(super) fn target(record: &Record) -> Option<OwnedName> {
    match &record.data {
        RData::ANAME(target) => wire::our_name(&target.0),
        _ => None,
    }
}

/// The record as it goes out.
pub(super) fn record(read: &Record, target: Name<'_>) -> Record {
    let rdata = NULL::with(target.wire().to_vec());
    Record::from_rdata(read.name.clone(), read.ttl, RData::Unknown { code: RecordType::DNAME, rdata })
}

/// Where the type stands in a line: the first word that can be one, the owner at the start left out.
fn type_of(line: &str) -> Option<std::ops::Range<usize>> {
    let line = line.split([';', '"']).next().unwrap_or(line);
    let owner = usize::from(!line.starts_with(char::is_whitespace));
    let words = line.split_whitespace().skip(owner);
    let word = words.into_iter().find(|word| {
        word.parse::<RrType>().ok().is_some()
            || [OURS, THEIRS].iter().any(|known| word.eq_ignore_ascii_case(known))
    })?;
    let start = word.as_ptr() as usize - line.as_ptr() as usize;
    Some(start..start + word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_found_and_nothing_else_is_changed() {
        for (line, read) in [
            ("old DNAME new.example.\n", "old ANAME new.example.\n"),
            ("  60 IN dname new\n", "  60 IN ANAME new\n"),
            ("dname A 10.0.0.1\n", "dname A 10.0.0.1\n"),
            ("a TXT DNAME ; DNAME\n", "a TXT DNAME ; DNAME\n"),
            ("; x DNAME y\r\n", "; x DNAME y\r\n"),
            ("a CNAME dname\n", "a CNAME dname\n"),
            ("$ORIGIN x.example.", "$ORIGIN x.example."),
            ("", ""),
        ] {
            assert_eq!(readable(line).as_deref(), Ok(read), "{line}");
        }
        assert!(readable("a 60 IN ANAME b\n").is_err());
    }
}
