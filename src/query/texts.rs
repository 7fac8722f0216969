//! The EXTRA-TEXT of every Extended DNS Error that goes with an answer, all in the school's language.
//!
//! Made once, when settings come into force: none is put together while a query waits. Why resolution failed has its
//! texts in `resolve::reason`, made ready here and chosen by the same language.

use crate::i18n::{Lang, Message, msg};
use crate::model::category::Category;
use crate::model::service::{Service, ServiceId};
use crate::model::verdict::{BlockReason, Layer};
use crate::policy::Group;
use crate::resolve::reason::Reason;

/// The child-protection line 111, which every structured error names (free, day and night).
const HOTLINE: &str = "tel:111";

/// Sub-errors of draft-ietf-dnsop-structured-dns-error.
mod sub_error {
    pub(super) const MALWARE: u8 = 1;
    pub(super) const PHISHING: u8 = 2;
    pub(super) const NETWORK_POLICY: u8 = 5;
    pub(super) const OPERATOR_POLICY: u8 = 6;
}

/// Texts in one language.
#[derive(Debug)]
pub struct ErrorTexts {
    lang: Lang,
    /// By bit.
    by_category: Vec<Option<BlockText>>,
    /// By number.
    by_service: Vec<Option<BlockText>>,
    school: BlockText,
    zone: BlockText,
    allow_only: BlockText,
    /// The same while an allow set of the group has not been read yet.
    allow_only_unread: BlockText,
    over_rate: String,
    shed: String,
    left_out: String,
}

/// What goes with one reason to block.
#[derive(Debug)]
pub(super) struct BlockText {
    pub plain: String,
    pub structured: String,
    pub structured_short: String,
}

impl ErrorTexts {
    /// Texts in the name of `school` (may be empty), in its language.
    pub fn new(school: &str, lang: Lang) -> Self {
        Reason::prepare_texts();
        let text = |plain: Message, sub_error: Option<u8>| {
            BlockText::new(&plain.text(lang), lang, sub_error, school)
        };
        let by_policy = |plain| text(plain, Some(sub_error::NETWORK_POLICY));
        let blocked = |what: &str| msg!("block-what", what = what);
        let of_category = |category: Category| {
            // None goes with EDE 16.
            let sub_error = match category {
                Category::Malware => Some(sub_error::MALWARE),
                Category::Phishing => Some(sub_error::PHISHING),
                Category::Authority => None,
                _ => Some(sub_error::NETWORK_POLICY),
            };
            match category.is_secret() {
                true => text(msg!("block-law"), sub_error),
                false => text(blocked(lang.pick(category.vi(), category.en())), sub_error),
            }
        };
        let of_service = |number| {
            let service = ServiceId::from_number(number)?.service()?;
            Some(by_policy(blocked(lang.pick(service.vi, service.en))))
        };
        let last = Service::ALL.iter().map(|service| service.id.number()).max().unwrap_or(0);
        Self {
            lang,
            by_category: (0..64).map(|bit| Category::from_bit(bit).map(of_category)).collect(),
            by_service: (0..=last).map(of_service).collect(),
            school: by_policy(msg!("block-school")),
            zone: text(msg!("block-zone"), Some(sub_error::OPERATOR_POLICY)),
            allow_only: by_policy(msg!("block-allow-only")),
            allow_only_unread: by_policy(msg!("block-allow-only-unread")),
            over_rate: msg!("block-over-rate").text(lang),
            shed: msg!("block-shed").text(lang),
            left_out: msg!("block-left-out").text(lang),
        }
    }

    /// Their language.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// For a client over its rate.
    pub(super) fn over_rate(&self) -> &str {
        &self.over_rate
    }

    /// For a query that does not get, or loses, its place among those that wait.
    pub(super) fn shed(&self) -> &str {
        &self.shed
    }

    /// For an answer without some of its service records.
    pub(super) fn left_out(&self) -> &str {
        &self.left_out
    }

    /// For an answer of a response policy zone.
    pub(super) fn of_zone(&self) -> &BlockText {
        &self.zone
    }

    /// For a block.
    pub(super) fn of(&self, reason: &BlockReason, group: &Group) -> &BlockText {
        let of_category =
            reason.category.and_then(|it| self.by_category.get(usize::from(it.bit()))?.as_ref());
        let of_service =
            reason.service.and_then(|it| self.by_service.get(usize::from(it.number()))?.as_ref());
        match (of_category.or(of_service), reason.layer) {
            (Some(text), _) => text,
            (None, Layer::AllowOnly) if group.lacks_allow_set => &self.allow_only_unread,
            (None, Layer::AllowOnly) => &self.allow_only,
            (None, Layer::PolicyZone) => &self.zone,
            (None, _) => &self.school,
        }
    }
}

impl BlockText {
    fn new(plain: &str, lang: Lang, sub_error: Option<u8>, school: &str) -> Self {
        let mut object = serde_json::Map::new();
        object.insert("c".into(), vec![HOTLINE].into());
        if let Some(sub_error) = sub_error {
            object.insert("s".into(), sub_error.into());
        }
        let structured_short = serde_json::Value::from(object.clone()).to_string();
        object.insert("j".into(), plain.into());
        if !school.is_empty() {
            object.insert("o".into(), school.into());
        }
        object.insert("l".into(), lang.id().into());
        Self {
            plain: plain.to_owned(),
            structured: serde_json::Value::from(object).to_string(),
            structured_short,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_in_the_one_language_and_says_so() {
        for lang in Lang::ALL {
            let texts = ErrorTexts::new("THCS Nguyễn Du", lang);
            let others = [&texts.school, &texts.zone, &texts.allow_only, &texts.allow_only_unread];
            let blocks = texts.by_category.iter().chain(&texts.by_service).flatten().chain(others);
            let mut count = 0;
            for BlockText { plain, structured, structured_short } in blocks {
                assert_eq!(plain.is_ascii(), lang == Lang::En, "{plain}");
                let object: serde_json::Value = serde_json::from_str(structured).unwrap();
                assert_eq!((&object["j"], &object["l"]), (&plain[..].into(), &lang.id().into()));
                assert_eq!(object["o"], "THCS Nguyễn Du");
                assert!(structured_short.len() < 64, "{structured_short}");
                count += 1;
            }
            assert!(count > 20, "{count} texts");
            for text in [texts.over_rate(), texts.shed(), texts.left_out()] {
                assert_eq!(text.is_ascii(), lang == Lang::En, "{text}");
            }
        }
    }
}
