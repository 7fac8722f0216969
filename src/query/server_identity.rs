//! Questions that are about us.

use crate::dns::name::Name;
use crate::dns::question::Question;
use crate::dns::rcode::Rcode;
use crate::dns::rdata::CLASS_CH;
use crate::dns::reply::Reply;
use crate::dns::rrtype::RrType;

/// What class CH is answered with; `None` is REFUSED.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// `version.bind` and `version.server`.
    pub version: Option<String>,
    /// `hostname.bind` and `id.server` (RFC 4892).
    pub hostname: Option<String>,
}

impl Identity {
    /// Answers a question of a class other than IN.
    pub fn answer(&self, question: &Question<'_>, limit: usize, out: &mut Vec<u8>) {
        let text = match question.class {
            CLASS_CH if matches!(question.rtype, RrType::TXT | RrType::ANY) => self.text(question.name()),
            _ => None,
        };
        let Some(text) = text else {
            Reply::to(question, Rcode::REFUSED, out).finish(limit, &[]);
            return;
        };
        let text = &text.as_bytes()[..text.len().min(255)];
        let mut rdata = Vec::with_capacity(text.len() + 1);
        rdata.push(text.len() as u8);
        rdata.extend_from_slice(text);
        let mut reply = Reply::to(question, Rcode::NO_ERROR, out);
        reply.authoritative();
        reply.answer_in_class(RrType::TXT, CLASS_CH, 0, &rdata);
        reply.finish(limit, &[]);
    }

    fn text(&self, name: Name<'_>) -> Option<&str> {
        match name.to_string().as_str() {
            "version.bind" | "version.server" => self.version.as_deref(),
            "hostname.bind" | "id.server" => self.hostname.as_deref(),
            _ => None,
        }
    }
}
