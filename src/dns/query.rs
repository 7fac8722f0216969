//! Writing queries.

use super::header::{Flags, Header};
use super::name::{HEADER, Name};
use super::rdata::CLASS_IN;
use super::rrtype::RrType;

/// A query: one question and, perhaps, an OPT record.
#[derive(Clone, Copy, Debug)]
pub struct Query<'q> {
    /// Id.
    pub id: u16,
    /// Flags, such as RD and CD.
    pub flags: Flags,
    /// Name.
    pub name: Name<'q>,
    /// RR type.
    pub rtype: RrType,
    /// Class.
    pub class: u16,
    /// OPT record (RFC 6891).
    pub opt: Option<Opt<'q>>,
}

/// What an OPT record says.
#[derive(Clone, Copy, Debug)]
pub struct Opt<'q> {
    /// Octets that are taken over UDP.
    pub payload: u16,
    /// DNSSEC OK (RFC 3225).
    pub dnssec_ok: bool,
    /// Options in wire form.
    pub options: &'q [u8],
}

impl<'q> Query<'q> {
    /// A query of class IN with id 0 and RD, without OPT.
    pub fn new(name: Name<'q>, rtype: RrType) -> Self {
        Self { id: 0, flags: Flags::RD, name, rtype, class: CLASS_IN, opt: None }
    }

    /// The message.
    pub fn to_packet(&self) -> Vec<u8> {
        let options = self.opt.map_or(&[][..], |opt| opt.options);
        let mut packet = Vec::with_capacity(HEADER + self.name.wire().len() + 4 + 11 + options.len());
        let counts = [1, 0, 0, u16::from(self.opt.is_some())];
        packet.extend_from_slice(&Header { id: self.id, flags: self.flags, counts }.octets());
        packet.extend_from_slice(self.name.wire());
        packet.extend_from_slice(&self.rtype.to_be_bytes());
        packet.extend_from_slice(&self.class.to_be_bytes());
        if let Some(opt) = self.opt {
            packet.push(0);
            packet.extend_from_slice(&RrType::OPT.to_be_bytes());
            packet.extend_from_slice(&opt.payload.to_be_bytes());
            packet.extend_from_slice(&[0, 0, u8::from(opt.dnssec_ok) << 7, 0]);
            packet.extend_from_slice(&(options.len() as u16).to_be_bytes());
            packet.extend_from_slice(options);
        }
        packet
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;
    use crate::dns::question::Question;
    use crate::dns::rdata::CLASS_CH;

    #[test]
    fn what_is_written_is_read_as_the_question_that_it_asks() {
        let name = OwnedName::parse("www.example").unwrap();
        for flags in [Flags::default(), Flags::RD, Flags::RD | Flags::CD] {
            for (class, opt) in [
                (CLASS_IN, None),
                (CLASS_CH, Some(Opt { payload: 1232, dnssec_ok: false, options: &[] })),
                (CLASS_IN, Some(Opt { payload: 4096, dnssec_ok: true, options: &[0, 3, 0, 0] })),
            ] {
                let query = Query { id: 7, flags, class, opt, ..Query::new(name.as_name(), RrType::HTTPS) };
                let packet = query.to_packet();
                let question = Question::parse(&packet).unwrap();
                assert_eq!((question.id(), question.name()), (7, name.as_name()));
                assert_eq!((question.rtype, question.class), (RrType::HTTPS, class));
                assert_eq!(question.recursion_desired(), flags.has(Flags::RD));
                assert_eq!(question.checking_disabled(), flags.has(Flags::CD));
                assert_eq!(question.dnssec_ok(), opt.is_some_and(|opt| opt.dnssec_ok));
                assert_eq!(question.edns.is_some(), opt.is_some());
            }
        }
    }
}
