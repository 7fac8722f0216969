//! Why there is no answer, or not the whole truth: every Extended DNS Error (RFC 8914) that resolution gives, with the
//! EXTRA-TEXT that a person reads in `dig`.

use crate::dns::ede::EdeCode;
use crate::i18n::Lang;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:ident, $vi:literal, $en:literal;)*) => {
        /// Why there is no answer, or what else is to be said of it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
            /// Signatures do not count since the clock cannot be right; the code is that of the signature.
            ClockWrong(EdeCode),
            /// A forwarder reports that validation failed, with this code.
            ForwarderBogus(EdeCode),
        }

        impl Reason {
            /// INFO-CODE.
            pub fn ede(self) -> EdeCode {
                match self {
                    $(Self::$name => EdeCode::$code,)*
                    Self::ClockWrong(code) | Self::ForwarderBogus(code) => code,
                }
            }

            /// EXTRA-TEXT.
            pub fn text(self, lang: Lang) -> &'static str {
                let (vi, en) = match self {
                    $(Self::$name => ($vi, $en),)*
                    Self::ClockWrong(_) => CLOCK_WRONG,
                    Self::ForwarderBogus(_) => FORWARDER_BOGUS,
                };
                lang.pick(vi, en)
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

const CLOCK_WRONG: (&str, &str) = (
    "đồng hồ của máy chủ DNS này sai nên không kiểm tra được chữ ký DNSSEC; hãy đặt lại giờ",
    "this DNS server's clock is wrong, so DNSSEC signatures cannot be checked; set its clock",
);
const FORWARDER_BOGUS: (&str, &str) =
    ("máy chủ chuyển tiếp báo lỗi DNSSEC", "the forwarder reports a DNSSEC failure");

reasons! {
    /// DNSSEC validation failed.
    Bogus = DnssecBogus,
        "chữ ký DNSSEC không đúng",
        "DNSSEC validation failed";
    /// The name asks which root key is trusted (RFC 8509).
    TrustAnchorSentinel = Other,
        "tên dùng để hỏi khóa gốc nào được tin (RFC 8509)",
        "a name that asks which root key is trusted (RFC 8509)";
    /// A delegation leads to no server.
    LameDelegation = NoReachableAuthority,
        "ủy quyền tên miền không dẫn tới máy chủ nào",
        "a delegation leads nowhere";
    /// No name server answered in time.
    ServersTimedOut = NoReachableAuthority,
        "không máy chủ tên miền nào trả lời kịp",
        "no name server answers in time";
    /// No name server gave an answer.
    ServersFail = NoReachableAuthority,
        "không máy chủ tên miền nào cho câu trả lời",
        "no name server gives an answer";
    /// No address of a name server was found.
    NoServerAddress = NoReachableAuthority,
        "không tìm được máy chủ tên miền",
        "no name server can be found";
    /// The query used up its budget.
    TooMuchWork = InvalidData,
        "phân giải tên này quá tốn công",
        "the name takes too much work to resolve";
    /// Aliases lead in a circle, or too far.
    AliasLoop = InvalidData,
        "các bí danh (CNAME) dẫn vòng quanh hoặc quá xa",
        "aliases lead in a circle, or too far";
    /// The response does not fit into a message.
    ResponseTooLong = InvalidData,
        "câu trả lời quá dài",
        "answer too long";
    /// The parts of an alias chain do not fit together.
    ChainNotJoined = InvalidData,
        "không ghép được chuỗi bí danh (CNAME)",
        "chain cannot be joined";
    /// A stale answer (RFC 8767).
    StaleAnswer = StaleAnswer,
        "câu trả lời cũ, chưa hỏi lại được",
        "an old answer: a new one cannot be had now";
    /// A stale NXDOMAIN (RFC 8767).
    StaleNxdomain = StaleNxdomain,
        "câu trả lời cũ, chưa hỏi lại được",
        "an old answer: a new one cannot be had now";
    /// The deadline of the client query passed.
    Deadline = NoReachableAuthority,
        "hết thời gian chờ câu trả lời",
        "no answer in time";
    /// Too many different queries are in flight.
    TooManyInFlight = NotReady,
        "đang có quá nhiều câu hỏi chờ",
        "too many questions in flight";
    /// There is no server to ask.
    NoUpstream = NoReachableAuthority,
        "không có máy chủ nào để hỏi",
        "nobody to ask";
    /// The question is none for a resolver.
    NotSupported = NotSupported,
        "không phải câu hỏi dành cho bộ phân giải",
        "not a question for a resolver";
    /// Records that lead into the school's networks were taken out.
    PrivateAddress = Blocked,
        "tên bên ngoài trỏ vào mạng của trường; nếu đúng ý: [resolve] private_names",
        "a public name leads into the school's network; if that is meant: [resolve] private_names";
    /// A forwarder blocks the name.
    UpstreamBlocked = Blocked,
        "bị máy chủ cấp trên chặn",
        "blocked by upstream";
    /// A forwarder blocks the name by order.
    UpstreamCensored = Censored,
        "bị máy chủ cấp trên chặn theo lệnh",
        "censored by upstream";
    /// A forwarder filters the name.
    UpstreamFiltered = Filtered,
        "bị máy chủ cấp trên lọc",
        "filtered by upstream";
    /// No forwarder answered in time.
    ForwardersTimedOut = NetworkError,
        "không máy chủ chuyển tiếp nào trả lời",
        "no forwarder answers";
    /// A forwarder's certificate is not trusted.
    ForwarderCertificate = NetworkError,
        "chứng chỉ của máy chủ chuyển tiếp không đáng tin",
        "a forwarder's certificate is not to be trusted";
    /// A forwarder's response cannot be read.
    ForwarderMalformed = InvalidData,
        "không đọc được câu trả lời của máy chủ chuyển tiếp",
        "a forwarder's answer cannot be read";
    /// The forwarders refuse.
    ForwardersRefuse = NoReachableAuthority,
        "các máy chủ chuyển tiếp từ chối",
        "the forwarders refuse";
    /// The forwarders report an error.
    ForwardersFail = NoReachableAuthority,
        "các máy chủ chuyển tiếp báo lỗi",
        "the forwarders fail";
    /// A signature has expired.
    SignatureExpired = SignatureExpired,
        "chữ ký DNSSEC đã hết hạn",
        "a DNSSEC signature has expired";
    /// A signature is not valid yet.
    SignatureNotYetValid = SignatureNotYetValid,
        "chữ ký DNSSEC chưa có hiệu lực",
        "a DNSSEC signature is not valid yet";
    /// A signature expires before its inception.
    SignatureExpiredBeforeValid = SignatureExpiredBeforeValid,
        "chữ ký DNSSEC hết hạn trước khi có hiệu lực",
        "a DNSSEC signature expires before it is valid";
    /// The clock cannot be right: names of time servers are answered unvalidated.
    ClockWrongUnchecked = DnssecIndeterminate,
        "đồng hồ của máy chủ DNS này sai: tên máy chủ giờ được trả lời mà không kiểm tra DNSSEC",
        "this DNS server's clock is wrong: names of time servers are answered without DNSSEC validation";
    /// No DNSKEY matches.
    DnskeyMissing = DnskeyMissing,
        "không có khóa DNSSEC phù hợp",
        "no DNSKEY matches";
    /// Signatures are missing.
    RrsigsMissing = RrsigsMissing,
        "thiếu chữ ký DNSSEC",
        "DNSSEC signatures are missing";
    /// The DNSKEY is no zone key.
    NoZoneKeyBit = NoZoneKeyBitSet,
        "khóa DNSSEC không dành cho vùng tên miền",
        "the DNSKEY is not a zone key";
    /// The proof that there is nothing is missing.
    NsecMissing = NsecMissing,
        "thiếu bằng chứng DNSSEC rằng tên không tồn tại",
        "no proof that there is nothing";
    /// Validation used up its budget.
    TooMuchValidation = DnssecBogus,
        "kiểm tra DNSSEC quá tốn công",
        "DNSSEC validation takes too much work";
    /// The algorithm of the DNSKEY is not supported.
    UnsupportedAlgorithm = UnsupportedDnskeyAlgorithm,
        "không hỗ trợ thuật toán của khóa DNSSEC",
        "DNSKEY algorithm not supported";
    /// The digest type of the DS is not supported.
    UnsupportedDigest = UnsupportedDsDigest,
        "không hỗ trợ hàm băm của bản ghi DS",
        "DS digest type not supported";
    /// NSEC3 has too many iterations (RFC 9276).
    Nsec3Iterations = UnsupportedNsec3Iterations,
        "vùng tên miền dùng quá nhiều vòng lặp NSEC3",
        "too many NSEC3 iterations";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::reply::EXTRA_TEXT_MAX;

    #[test]
    fn every_text_is_whole_and_in_one_language() {
        for reason in Reason::all() {
            let [vi, en] = Lang::ALL.map(|lang| reason.text(lang));
            assert!(vi.len() <= EXTRA_TEXT_MAX && en.len() <= EXTRA_TEXT_MAX, "{vi} {en}");
            assert!(!vi.is_ascii() && en.is_ascii(), "{vi} {en}");
        }
    }
}
