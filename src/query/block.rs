//! The answer to a blocked query : style, SOA and TTL for caches, and the error that says why.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::dns::ede::EdeCode;
use crate::dns::name::OwnedName;
use crate::dns::question::Question;
use crate::dns::rdata::rtype;
use crate::dns::reply::{Error, Rcode, Reply};
use crate::model::category::Category;
use crate::model::service::{Service, ServiceId};
use crate::model::verdict::{BlockReason, Layer};
use crate::policy::{AnswerStyle, Group};
use crate::resolve::alias::Alias;

/// The child-protection line 111, which every structured error names (free, day and night).
const HOTLINE: &str = "tel:111";

/// Texts that go with a block, made once: none is put together while a query waits.
#[derive(Debug)]
pub struct BlockTexts {
    /// By bit.
    by_category: Vec<Option<Texts>>,
    /// By number.
    by_service: Vec<Option<Texts>>,
    school: Texts,
    zone: Texts,
    allow_only: Texts,
    /// The same while an allow set of the group has not been read yet.
    allow_only_unread: Texts,
}

/// What goes with one reason.
#[derive(Debug)]
pub(super) struct Texts {
    plain: String,
    structured: String,
    structured_short: String,
}

impl BlockTexts {
    /// Texts in the name of `school` (may be empty).
    pub fn new(school: &str) -> Self {
        let by_category = (0..64).map(|bit| Some(Texts::of_category(Category::from_bit(bit)?, school)));
        let last = Service::ALL.iter().map(|service| service.id.number()).max().unwrap_or(0);
        let by_service = (0..=last).map(|number| {
            let service = ServiceId::from_number(number)?.service()?;
            let (vi, en) = (format!("Chặn: {}", service.vi), format!("blocked: {}", service.en));
            Some(Texts::new(&vi, &en, Some(5), school))
        });
        Self {
            by_category: by_category.collect(),
            by_service: by_service.collect(),
            school: Texts::new("Nhà trường chặn", "blocked by the school", Some(5), school),
            zone: Texts::new(
                "Chặn theo vùng chính sách",
                "blocked by a response policy zone",
                Some(6),
                school,
            ),
            allow_only: Texts::new(
                "Ngoài danh sách được phép",
                "not on the list of allowed names",
                Some(5),
                school,
            ),
            allow_only_unread: Texts::new(
                "Danh sách được phép chưa tải xong",
                "the list of allowed names has not been read yet",
                Some(5),
                school,
            ),
        }
    }

    /// For an answer of a response policy zone.
    pub(super) fn of_zone(&self) -> &Texts {
        &self.zone
    }

    fn of(&self, reason: &BlockReason, group: &Group) -> &Texts {
        let of_category =
            reason.category.and_then(|it| self.by_category.get(usize::from(it.bit()))?.as_ref());
        let of_service =
            reason.service.and_then(|it| self.by_service.get(usize::from(it.number()))?.as_ref());
        match (of_category.or(of_service), reason.layer) {
            (Some(texts), _) => texts,
            (None, Layer::AllowOnly) if group.lacks_allow_set => &self.allow_only_unread,
            (None, Layer::AllowOnly) => &self.allow_only,
            (None, Layer::PolicyZone) => &self.zone,
            (None, _) => &self.school,
        }
    }
}

impl Texts {
    fn of_category(category: Category, school: &str) -> Self {
        // Sub-errors of draft-ietf-dnsop-structured-dns-error; none goes with EDE 16.
        let sub_error = match category {
            Category::Malware => Some(1),
            Category::Phishing => Some(2),
            Category::Authority => None,
            _ => Some(5),
        };
        if category.is_secret() {
            return Self::new("Chặn theo quy định của pháp luật", "blocked by law", sub_error, school);
        }
        Self::new(
            &format!("Chặn: {}", category.vi()),
            &format!("blocked: {}", category.en()),
            sub_error,
            school,
        )
    }

    fn new(vi: &str, en: &str, sub_error: Option<u8>, school: &str) -> Self {
        let plain = format!("{vi} / {en}");
        let mut object = serde_json::Map::new();
        object.insert("c".into(), vec![HOTLINE].into());
        if let Some(sub_error) = sub_error {
            object.insert("s".into(), sub_error.into());
        }
        let structured_short = serde_json::Value::from(object.clone()).to_string();
        object.insert("j".into(), plain.clone().into());
        if !school.is_empty() {
            object.insert("o".into(), school.into());
        }
        object.insert("l".into(), "vi".into());
        Self { plain, structured: serde_json::Value::from(object).to_string(), structured_short }
    }
}

/// What a blocked question of type `rtype` is answered with: the code, and the address that stands in
/// the answer.
pub fn shape(style: AnswerStyle, rtype: u16) -> (Rcode, Option<IpAddr>) {
    let (rcode, v4, v6) = match style {
        AnswerStyle::Null => (Rcode::NoError, Some(Ipv4Addr::UNSPECIFIED), Some(Ipv6Addr::UNSPECIFIED)),
        AnswerStyle::Page { v4, v6 } => (Rcode::NoError, v4, v6),
        AnswerStyle::NoData => (Rcode::NoError, None, None),
        AnswerStyle::NxDomain => (Rcode::NxDomain, None, None),
        AnswerStyle::Refused => (Rcode::Refused, None, None),
    };
    let address = match rtype {
        rtype::A => v4.map(IpAddr::V4),
        rtype::AAAA => v6.map(IpAddr::V6),
        _ => None,
    };
    (rcode, address)
}

/// Where the blocked name stands, if it is not the asked one.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    /// The aliases that lead to it.
    pub before: &'p [Alias],
    /// The name.
    pub owner: &'p OwnedName,
}

/// Writes the block answer to a query. Behind aliases it is said of the blocked name, so that whoever looks
/// sees what was blocked.
pub(super) fn write(
    question: &Question<'_>,
    group: &Group,
    reason: &BlockReason,
    place: Option<Place<'_>>,
    texts: &BlockTexts,
    limit: usize,
    out: &mut Vec<u8>,
) {
    let ttl = group.ttl;
    let (rcode, address) = shape(group.style, question.rtype);
    let mut reply = Reply::to(question, rcode, out);
    let behind = place.filter(|_| rcode != Rcode::Refused);
    for alias in behind.iter().flat_map(|place| place.before) {
        let target = alias.target.as_name().wire();
        reply.answer_at(alias.owner.as_name(), rtype::CNAME, alias.ttl.min(ttl), target);
    }
    match (address, behind) {
        (Some(IpAddr::V4(address)), None) => reply.answer_a(ttl, address),
        (Some(IpAddr::V6(address)), None) => reply.answer_aaaa(ttl, address),
        (Some(IpAddr::V4(address)), Some(place)) => {
            reply.answer_at(place.owner.as_name(), rtype::A, ttl, &address.octets());
        }
        (Some(IpAddr::V6(address)), Some(place)) => {
            reply.answer_at(place.owner.as_name(), rtype::AAAA, ttl, &address.octets());
        }
        (None, _) if rcode != Rcode::Refused => reply.negative_soa(ttl),
        (None, _) => {}
    }
    let code = match reason.category {
        Some(category) if category.is_secret() => EdeCode::Censored,
        _ => EdeCode::Blocked,
    };
    let forged = address.is_some() && matches!(group.style, AnswerStyle::Page { .. });
    let (errors, count) = errors(question, code, texts.of(reason, group), forged);
    reply.finish(limit, &errors[..count]);
}

/// Why an answer is as it is, for who asked `question`: the reason, and that its data was made here if so.
/// How many of the two are to be told.
pub(super) fn errors<'t>(
    question: &Question<'_>,
    code: EdeCode,
    texts: &'t Texts,
    is_forged: bool,
) -> ([Error<'t>; 2], usize) {
    let structured = question.edns.is_some_and(|edns| edns.wants_structured_error);
    let why = if structured {
        Error { code, text: &texts.structured, short: &texts.structured_short }
    } else {
        Error::new(code, &texts.plain)
    };
    // A client that reads structured errors must not be told of forgery (draft, §5).
    let told = if is_forged && !structured { 2 } else { 1 };
    ([why, Error::new(EdeCode::ForgedAnswer, "")], told)
}
