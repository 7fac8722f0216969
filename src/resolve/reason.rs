//! Why there is no answer, or not the whole truth: every Extended DNS Error (RFC 8914) that resolution gives, with the
//! EXTRA-TEXT that a person reads in `dig`.

use std::sync::OnceLock;

use crate::dns::ede::EdeCode;
use crate::i18n::{Lang, Message};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:ident, $id:literal;)*) => {
        /// Why there is no answer, or what else is to be said of it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
            /// Signatures do not count since the clock cannot be right; the code is that of the signature.
            ClockWrong(EdeCode),
            /// A forwarder reports that validation failed, with this code.
            ForwarderBogus(EdeCode),
        }

        /// The place of each in the texts.
        #[derive(Clone, Copy)]
        enum Place { $($name,)* ClockWrong, ForwarderBogus }

        /// Ids of the texts, by place.
        const IDS: &[&str] = &[$(concat!("ede-", $id),)* "ede-clock-wrong", "ede-forwarder-bogus"];

        impl Reason {
            /// INFO-CODE.
            pub fn ede(self) -> EdeCode {
                match self {
                    $(Self::$name => EdeCode::$code,)*
                    Self::ClockWrong(code) | Self::ForwarderBogus(code) => code,
                }
            }

            fn place(self) -> Place {
                match self {
                    $(Self::$name => Place::$name,)*
                    Self::ClockWrong(_) => Place::ClockWrong,
                    Self::ForwarderBogus(_) => Place::ForwarderBogus,
                }
            }

            /// All reasons, for tests.
            #[cfg(test)]
            pub(super) fn all() -> Vec<Self> {
                let code = EdeCode::SignatureExpired;
                vec![$(Self::$name,)* Self::ClockWrong(code), Self::ForwarderBogus(code)]
            }
        }
    };
}

/// All texts by place, in each language: none is put together while a query waits.
static TEXTS: OnceLock<[Vec<String>; 2]> = OnceLock::new();

impl Reason {
    /// EXTRA-TEXT.
    pub fn text(self, lang: Lang) -> &'static str {
        let [vi, en] = Self::texts();
        &lang.pick(vi, en)[self.place() as usize]
    }

    /// Makes the texts ready, before the first query.
    pub fn prepare_texts() {
        Self::texts();
    }

    fn texts() -> &'static [Vec<String>; 2] {
        let of = |lang| IDS.iter().map(|id| Message::new(id).text(lang)).collect();
        TEXTS.get_or_init(|| Lang::ALL.map(of))
    }
}

reasons! {
    /// DNSSEC validation failed.
    Bogus = DnssecBogus, "bogus";
    /// The name asks which root key is trusted (RFC 8509).
    TrustAnchorSentinel = Other, "trust-anchor-sentinel";
    /// A delegation leads to no server.
    LameDelegation = NoReachableAuthority, "lame-delegation";
    /// No name server answered in time.
    ServersTimedOut = NoReachableAuthority, "servers-timed-out";
    /// No name server gave an answer.
    ServersFail = NoReachableAuthority, "servers-fail";
    /// No address of a name server was found.
    NoServerAddress = NoReachableAuthority, "no-server-address";
    /// The query used up its budget.
    TooMuchWork = InvalidData, "too-much-work";
    /// Aliases lead in a circle, or too far.
    AliasLoop = InvalidData, "alias-loop";
    /// The response does not fit into a message.
    ResponseTooLong = InvalidData, "response-too-long";
    /// The parts of an alias chain do not fit together.
    ChainNotJoined = InvalidData, "chain-not-joined";
    /// A stale answer (RFC 8767).
    StaleAnswer = StaleAnswer, "stale-answer";
    /// A stale NXDOMAIN (RFC 8767).
    StaleNxdomain = StaleNxdomain, "stale-nxdomain";
    /// The deadline of the client query passed.
    Deadline = NoReachableAuthority, "deadline";
    /// Too many different queries are in flight.
    TooManyInFlight = NotReady, "too-many-in-flight";
    /// There is no server to ask.
    NoUpstream = NoReachableAuthority, "no-upstream";
    /// The question is none for a resolver.
    NotSupported = NotSupported, "not-supported";
    /// Records that lead into the school's networks were taken out.
    PrivateAddress = Blocked, "private-address";
    /// A forwarder blocks the name.
    UpstreamBlocked = Blocked, "upstream-blocked";
    /// A forwarder blocks the name by order.
    UpstreamCensored = Censored, "upstream-censored";
    /// A forwarder filters the name.
    UpstreamFiltered = Filtered, "upstream-filtered";
    /// No forwarder answered in time.
    ForwardersTimedOut = NetworkError, "forwarders-timed-out";
    /// A forwarder's certificate is not trusted.
    ForwarderCertificate = NetworkError, "forwarder-certificate";
    /// A forwarder's response cannot be read.
    ForwarderMalformed = InvalidData, "forwarder-malformed";
    /// The forwarders refuse.
    ForwardersRefuse = NoReachableAuthority, "forwarders-refuse";
    /// The forwarders report an error.
    ForwardersFail = NoReachableAuthority, "forwarders-fail";
    /// A signature has expired.
    SignatureExpired = SignatureExpired, "signature-expired";
    /// A signature is not valid yet.
    SignatureNotYetValid = SignatureNotYetValid, "signature-not-yet-valid";
    /// A signature expires before its inception.
    SignatureExpiredBeforeValid = SignatureExpiredBeforeValid, "signature-expired-before-valid";
    /// The clock cannot be right: names of time servers are answered unvalidated.
    ClockWrongUnchecked = DnssecIndeterminate, "clock-wrong-unchecked";
    /// No DNSKEY matches.
    DnskeyMissing = DnskeyMissing, "dnskey-missing";
    /// Signatures are missing.
    RrsigsMissing = RrsigsMissing, "rrsigs-missing";
    /// The DNSKEY is no zone key.
    NoZoneKeyBit = NoZoneKeyBitSet, "no-zone-key-bit";
    /// The proof that there is nothing is missing.
    NsecMissing = NsecMissing, "nsec-missing";
    /// Validation used up its budget.
    TooMuchValidation = DnssecBogus, "too-much-validation";
    /// The algorithm of the DNSKEY is not supported.
    UnsupportedAlgorithm = UnsupportedDnskeyAlgorithm, "unsupported-algorithm";
    /// The digest type of the DS is not supported.
    UnsupportedDigest = UnsupportedDsDigest, "unsupported-digest";
    /// NSEC3 has too many iterations (RFC 9276).
    Nsec3Iterations = UnsupportedNsec3Iterations, "nsec3-iterations";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::dns::reply::EXTRA_TEXT_MAX;
    use crate::i18n::ids_with;

    #[test]
    fn every_reason_has_a_text_and_every_text_a_reason() {
        let ids: BTreeSet<String> = IDS.iter().map(|id| id.to_string()).collect();
        assert_eq!(ids, ids_with("ede-"));
    }

    #[test]
    fn every_text_is_whole_and_in_one_language() {
        for reason in Reason::all() {
            let [vi, en] = Lang::ALL.map(|lang| reason.text(lang));
            assert!(vi.len() <= EXTRA_TEXT_MAX && en.len() <= EXTRA_TEXT_MAX, "{vi} {en}");
            assert!(!vi.is_ascii() && en.is_ascii(), "{vi} {en}");
        }
    }
}
