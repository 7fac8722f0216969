//! Services: named sets of names that people switch as one, beside the categories.
//!
//! One table defines number, id and both names. Which names a service has is written in `blocklists/services`.

macro_rules! services {
    ($($number:literal, $id:literal, $vi:literal, $en:literal;)*) => {
        impl Service {
            /// All services, by number.
            pub const ALL: &[Service] =
                &[$(Service { id: ServiceId($number), word: $id, vi: $vi, en: $en },)*];
        }
    };
}

/// A service's number. It is stable for ever, since it stands in stores; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceId(u16);

/// A service.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// Its number.
    pub id: ServiceId,
    /// The id, as config files and exports write it.
    pub word: &'static str,
    /// Vietnamese name.
    pub vi: &'static str,
    /// English name.
    pub en: &'static str,
}

services! {
    1, "zalo", "Zalo", "Zalo";
    2, "youtube", "YouTube", "YouTube";
    3, "web_archive", "Bản lưu trang web", "archived web pages";
}

impl ServiceId {
    /// The number, 1 and above.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The service of a stored number, also one that a newer program knows; none for 0.
    pub fn from_number(number: u16) -> Option<Self> {
        (number != 0).then_some(Self(number))
    }

    /// The service with that id.
    pub fn from_word(word: &str) -> Option<Self> {
        Service::ALL.iter().find(|service| service.word == word).map(|service| service.id)
    }

    /// What is known of it; none for one of a newer program.
    pub fn service(self) -> Option<&'static Service> {
        Service::ALL.iter().find(|service| service.id == self)
    }

    /// The id, as config files and exports write it; the number for one of a newer program.
    pub fn word(self) -> String {
        self.service().map_or_else(|| format!("service-{}", self.0), |service| service.word.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::category::Category;

    #[test]
    fn numbers_count_up_and_words_are_of_one_service_and_no_category() {
        for (service, number) in Service::ALL.iter().zip(1..) {
            assert_eq!(service.id.number(), number, "{}", service.word);
            assert_eq!(ServiceId::from_number(number), Some(service.id));
            assert_eq!(ServiceId::from_word(service.word), Some(service.id));
            assert_eq!(Category::from_id(service.word), None);
        }
        assert_eq!(ServiceId::from_number(0), None);
        assert_eq!(ServiceId::from_number(900).map(ServiceId::word).as_deref(), Some("service-900"));
    }
}
