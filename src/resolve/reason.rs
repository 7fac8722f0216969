//! Why there is no answer, or not the whole truth: each Extended DNS Error that comes from here, with the
//! EXTRA-TEXT that whoever asks `dig` reads.

use crate::dns::ede::EdeCode;

/// INFO-CODE and EXTRA-TEXT.
pub(super) type Reason = (EdeCode, &'static str);

pub(super) const BOGUS: Reason =
    (EdeCode::DnssecBogus, "chữ ký DNSSEC không đúng / DNSSEC validation failed");
pub(super) const SENTINEL: Reason = (
    EdeCode::Other,
    "tên dùng để hỏi khóa gốc nào được tin (RFC 8509) / a name that asks which root key is trusted (RFC 8509)",
);
pub(super) const NOWHERE: Reason = (
    EdeCode::NoReachableAuthority,
    "ủy quyền tên miền không dẫn tới máy chủ nào / a delegation leads nowhere",
);
pub(super) const TOO_SLOW: Reason = (
    EdeCode::NoReachableAuthority,
    "không máy chủ tên miền nào trả lời kịp / no name server answers in time",
);
pub(super) const NO_ANSWER: Reason = (
    EdeCode::NoReachableAuthority,
    "không máy chủ tên miền nào cho câu trả lời / no name server gives an answer",
);
pub(super) const NO_SERVER: Reason =
    (EdeCode::NoReachableAuthority, "không tìm được máy chủ tên miền / no name server can be found");
pub(super) const TOO_MUCH_WORK: Reason =
    (EdeCode::InvalidData, "phân giải tên này quá tốn công / the name takes too much work to resolve");
pub(super) const CIRCLE: Reason = (
    EdeCode::InvalidData,
    "các bí danh (CNAME) dẫn vòng quanh hoặc quá xa / aliases lead in a circle, or too far",
);
pub(super) const TOO_LONG: Reason = (EdeCode::InvalidData, "câu trả lời quá dài / answer too long");
pub(super) const NOT_JOINED: Reason =
    (EdeCode::InvalidData, "không ghép được chuỗi bí danh (CNAME) / chain cannot be joined");
pub(super) const STALE: Reason =
    (EdeCode::StaleAnswer, "câu trả lời cũ, chưa hỏi lại được / an old answer: a new one cannot be had now");
pub(super) const STALE_NAME: Reason = (
    EdeCode::StaleNxdomain,
    "câu trả lời cũ, chưa hỏi lại được / an old answer: a new one cannot be had now",
);
pub(super) const OUT_OF_TIME: Reason =
    (EdeCode::NoReachableAuthority, "hết thời gian chờ câu trả lời / no answer in time");
pub(super) const TOO_BUSY: Reason =
    (EdeCode::NotReady, "đang có quá nhiều câu hỏi chờ / too many questions in flight");
pub(super) const NOBODY: Reason =
    (EdeCode::NoReachableAuthority, "không có máy chủ nào để hỏi / nobody to ask");
pub(super) const NOT_FOR_US: Reason =
    (EdeCode::NotSupported, "không phải câu hỏi dành cho bộ phân giải / not a question for a resolver");
pub(super) const REBOUND: Reason = (
    EdeCode::Blocked,
    "tên bên ngoài trỏ vào mạng của trường; nếu đúng ý: [resolve] private_names / \
     a public name leads into the school's network; if that is meant: [resolve] private_names",
);
pub(super) const UPSTREAM_BLOCKED: Reason =
    (EdeCode::Blocked, "bị máy chủ cấp trên chặn / blocked by upstream");
pub(super) const UPSTREAM_CENSORED: Reason =
    (EdeCode::Censored, "bị máy chủ cấp trên chặn theo lệnh / censored by upstream");
pub(super) const UPSTREAM_FILTERED: Reason =
    (EdeCode::Filtered, "bị máy chủ cấp trên lọc / filtered by upstream");
pub(super) const FORWARDERS_SILENT: Reason =
    (EdeCode::NetworkError, "không máy chủ chuyển tiếp nào trả lời / no forwarder answers");
pub(super) const FORWARDER_DISTRUSTED: Reason = (
    EdeCode::NetworkError,
    "chứng chỉ của máy chủ chuyển tiếp không đáng tin / a forwarder's certificate is not to be trusted",
);
pub(super) const FORWARDER_GARBAGE: Reason = (
    EdeCode::InvalidData,
    "không đọc được câu trả lời của máy chủ chuyển tiếp / a forwarder's answer cannot be read",
);
pub(super) const FORWARDERS_REFUSE: Reason =
    (EdeCode::NoReachableAuthority, "các máy chủ chuyển tiếp từ chối / the forwarders refuse");
pub(super) const FORWARDERS_FAIL: Reason =
    (EdeCode::NoReachableAuthority, "các máy chủ chuyển tiếp báo lỗi / the forwarders fail");

pub(super) const SIGNATURE_EXPIRED: Reason =
    (EdeCode::SignatureExpired, "chữ ký DNSSEC đã hết hạn / a DNSSEC signature has expired");
pub(super) const SIGNATURE_NOT_YET_VALID: Reason =
    (EdeCode::SignatureNotYetValid, "chữ ký DNSSEC chưa có hiệu lực / a DNSSEC signature is not valid yet");
pub(super) const SIGNATURE_EXPIRED_BEFORE_VALID: Reason = (
    EdeCode::SignatureExpiredBeforeValid,
    "chữ ký DNSSEC hết hạn trước khi có hiệu lực / a DNSSEC signature expires before it is valid",
);
/// What is wrong where no signature counts because the clock cannot be right; the code stays that of the
/// signature.
pub(super) const CLOCK_WRONG: &str = "đồng hồ của máy chủ DNS này sai nên không kiểm tra được chữ ký DNSSEC; hãy đặt lại giờ / \
     this DNS server's clock is wrong, so DNSSEC signatures cannot be checked; set its clock";
pub(super) const CLOCK_WRONG_UNCHECKED: Reason = (
    EdeCode::DnssecIndeterminate,
    "đồng hồ của máy chủ DNS này sai: tên máy chủ giờ được trả lời mà không kiểm tra DNSSEC / \
     this DNS server's clock is wrong: names of time servers are answered without DNSSEC validation",
);
pub(super) const DNSKEY_MISSING: Reason =
    (EdeCode::DnskeyMissing, "không có khóa DNSSEC phù hợp / no DNSKEY matches");
pub(super) const RRSIGS_MISSING: Reason =
    (EdeCode::RrsigsMissing, "thiếu chữ ký DNSSEC / DNSSEC signatures are missing");
pub(super) const NO_ZONE_KEY_BIT: Reason =
    (EdeCode::NoZoneKeyBitSet, "khóa DNSSEC không dành cho vùng tên miền / the DNSKEY is not a zone key");
pub(super) const NSEC_MISSING: Reason =
    (EdeCode::NsecMissing, "thiếu bằng chứng DNSSEC rằng tên không tồn tại / no proof that there is nothing");
pub(super) const TOO_MUCH_VALIDATION: Reason =
    (EdeCode::DnssecBogus, "kiểm tra DNSSEC quá tốn công / DNSSEC validation takes too much work");
pub(super) const UNSUPPORTED_ALGORITHM: Reason = (
    EdeCode::UnsupportedDnskeyAlgorithm,
    "không hỗ trợ thuật toán của khóa DNSSEC / DNSKEY algorithm not supported",
);
pub(super) const UNSUPPORTED_DIGEST: Reason =
    (EdeCode::UnsupportedDsDigest, "không hỗ trợ hàm băm của bản ghi DS / DS digest type not supported");
pub(super) const NSEC3_ITERATIONS: Reason = (
    EdeCode::UnsupportedNsec3Iterations,
    "vùng tên miền dùng quá nhiều vòng lặp NSEC3 / too many NSEC3 iterations",
);

/// What a forwarder's own reason for a DNSSEC failure becomes.
pub(super) fn dnssec_failure(code: EdeCode) -> Reason {
    (code, "máy chủ chuyển tiếp báo lỗi DNSSEC / DNSSEC, says the forwarder")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::reply::EXTRA_TEXT_MAX;

    #[test]
    fn every_text_is_whole_and_in_both_languages() {
        for (_, text) in [
            BOGUS,
            NOWHERE,
            TOO_SLOW,
            NO_ANSWER,
            NO_SERVER,
            TOO_MUCH_WORK,
            CIRCLE,
            TOO_LONG,
            NOT_JOINED,
            STALE,
            STALE_NAME,
            OUT_OF_TIME,
            TOO_BUSY,
            NOBODY,
            NOT_FOR_US,
            REBOUND,
            UPSTREAM_BLOCKED,
            UPSTREAM_CENSORED,
            UPSTREAM_FILTERED,
            FORWARDERS_SILENT,
            FORWARDER_DISTRUSTED,
            FORWARDER_GARBAGE,
            FORWARDERS_REFUSE,
            FORWARDERS_FAIL,
            SIGNATURE_EXPIRED,
            SIGNATURE_NOT_YET_VALID,
            SIGNATURE_EXPIRED_BEFORE_VALID,
            DNSKEY_MISSING,
            RRSIGS_MISSING,
            NO_ZONE_KEY_BIT,
            NSEC_MISSING,
            TOO_MUCH_VALIDATION,
            UNSUPPORTED_ALGORITHM,
            UNSUPPORTED_DIGEST,
            NSEC3_ITERATIONS,
            dnssec_failure(EdeCode::DnssecBogus),
            (EdeCode::SignatureExpired, CLOCK_WRONG),
            CLOCK_WRONG_UNCHECKED,
        ] {
            assert!(text.len() <= EXTRA_TEXT_MAX, "{text}");
            assert_eq!(text.split(" / ").count(), 2, "{text}");
        }
    }
}
