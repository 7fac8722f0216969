//! Sentences about one setting that is wrong by itself.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::lost::Lost;
use super::mistake::{Code, Mistake, Said, said};
use super::source::Place;
use super::spec::table::TABLE;
use crate::dns::written::NotAName;
use crate::i18n::cause::cause;
use crate::i18n::{Message, msg, slip};
use crate::resolve::dns64::prefix::PrefixError;
use crate::sys::private::effective_user;
use crate::sys::user;

/// The file cannot be opened. `path` as it was written, `file` as it was opened.
pub fn unreadable(at: Place, path: &str, file: &Path, error: &std::io::Error) -> Mistake {
    if error.kind() == std::io::ErrorKind::PermissionDenied {
        return no_right(at, path, file);
    }
    let cause = cause(error);
    let what = said!("say-unreadable", path = path, cause = cause.clone());
    Mistake::new(Code::Unreadable, at, path, what).fix(said!("say-unreadable-fix"))
}

/// The file may not be read by who reads it: by whom, and whose it is.
fn no_right(at: Place, path: &str, file: &Path) -> Mistake {
    let named = |user: u32| match user::local_name(user) {
        Some(name) => format!("{name} (uid {user})"),
        None => format!("uid {user}"),
    };
    let me = named(effective_user());
    // Where a folder on the way is closed, nothing is known of the file.
    let whose = match std::fs::metadata(file) {
        Ok(found) => {
            let mode = format!("{:04o}", found.mode() & 0o7777);
            msg!("say-no-right-owner", owner = named(found.uid()), mode = mode)
        }
        Err(_) => msg!("say-no-right-on-the-way"),
    };
    let what = said!("say-no-right", path = path, me = me, whose = whose);
    Mistake::new(Code::NoRight, at, path, what).fix(said!("say-no-right-fix"))
}

/// The file has no octet, or zeros from `at` on: what it held is lost.
pub fn lost(at: Place, lost: Lost) -> Mistake {
    let what = match lost {
        Lost::Empty => said!("say-lost"),
        Lost::Zeros => said!("say-lost-the-file-is"),
        Lost::ZerosWithin => said!("say-lost-from-here-on"),
    };
    Mistake::new(Code::Unreadable, at, "", what).fix(said!("say-lost-fix"))
}

/// The file is larger than a config can be.
pub fn too_large(at: Place, max: u64) -> Mistake {
    let what = said!("say-too-large", max = max.to_string());
    Mistake::new(Code::Unreadable, at, "", what)
}

/// Octets that are not UTF-8. `is_utf16`: they begin as Windows writes what it calls Unicode.
pub fn not_utf8(at: Place, is_utf16: bool) -> Mistake {
    let what = if is_utf16 { said!("say-not-utf8") } else { said!("say-not-utf8-the-file-is") };
    Mistake::new(Code::Unreadable, at, "", what).fix(said!("say-not-utf8-fix"))
}

/// A key that the table does not have.
pub fn unknown_key(at: Place, key: &str, known: &[&str], meant: Option<&str>) -> Mistake {
    let what = said!("say-unknown-key", key = key);
    Mistake::new(Code::UnknownKey, at, key, what).allowed(known.iter().copied()).meant(meant)
}

/// A key that must be there.
pub fn missing_key(at: Place, key: &'static str) -> Mistake {
    let what = said!("say-missing-key", key = key);
    let fix = said!("say-missing-key-fix", key = key);
    Mistake::new(Code::MissingKey, at, "", what).fix(fix).absent(&[key])
}

/// A value of another TOML type; `found` and `expected` are serde's words.
pub fn wrong_type(at: Place, written: &str, found: &str, expected: &str) -> Mistake {
    let what = said!("say-wrong-type", kind = kind(expected));
    let mistake = Mistake::new(Code::WrongType, at, written, what);
    let fix = match expected {
        "a string" if !written.is_empty() && !found.starts_with("map") && !found.starts_with("sequence") => {
            Some(format!("\"{written}\""))
        }
        "a sequence" if found.starts_with("map") => Some("[[…]]".to_owned()),
        "a sequence" if !written.is_empty() => Some(format!("[{written}]")),
        TABLE if found.starts_with("sequence") => Some("[…]".to_owned()),
        "i64" | "a boolean" if found.starts_with("string") => {
            Some(written.trim_matches(['"', '\'']).to_owned())
        }
        _ => None,
    };
    match fix {
        Some(fix) => mistake.fix(said!("say-wrong-type-fix", fix = fix.to_string())),
        None => mistake,
    }
}

fn kind(expected: &str) -> Message {
    match expected {
        "a string" => msg!("kind-text"),
        "a boolean" => msg!("kind-boolean"),
        "i64" => msg!("kind-integer"),
        "a sequence" => msg!("kind-list"),
        TABLE => msg!("kind-table"),
        other => msg!("kind-other", kind = other),
    }
}

/// A word that is none of those allowed. `noun` says what it should have been.
pub fn unknown_value(at: Place, found: &str, noun: Said, known: &[&str], meant: Option<&str>) -> Mistake {
    let what = said!("say-unknown-value", noun = noun.clone(), found = found);
    Mistake::new(Code::UnknownValue, at, found, what).allowed(known.iter().copied()).meant(meant)
}

/// A number outside its range.
pub fn out_of_range(at: Place, found: &str, from: impl ToString, to: impl ToString) -> Mistake {
    let (from, to) = (from.to_string(), to.to_string());
    let what = said!("say-out-of-range", found = found);
    Mistake::new(Code::OutOfRange, at, found, what).allowed([format!("{from} … {to}")])
}

/// A list that must not be empty.
pub fn empty(at: Place, key: &'static str) -> Mistake {
    let what = said!("say-empty", key = key);
    Mistake::new(Code::OutOfRange, at, "", what).absent(&[key])
}

/// A list with too many entries.
pub fn too_many(at: Place, what: Said, max: usize) -> Mistake {
    let what = said!("say-too-many", what = what.clone(), max = max.to_string());
    Mistake::new(Code::OutOfRange, at, "", what)
}

/// Not a duration.
pub fn bad_duration(at: Place, found: &str) -> Mistake {
    let what = said!("say-bad-duration", found = found);
    Mistake::new(Code::BadDuration, at, found, what)
        .allowed(["30s", "45m", "24h", "30d", "2w"])
        .fix(said!("say-bad-duration-fix"))
}

/// Not a size.
pub fn bad_size(at: Place, found: &str) -> Mistake {
    let what = said!("say-bad-size", found = found);
    Mistake::new(Code::BadSize, at, found, what)
        .allowed(["512 KiB", "64 MiB", "2 GiB", "500 MB"])
        .fix(said!("say-bad-size-fix"))
}

/// Not an address.
pub fn bad_address(at: Place, found: &str, forms: &[&str]) -> Mistake {
    let what = said!("say-bad-address", found = found);
    Mistake::new(Code::BadAddress, at, found, what).allowed(forms.iter().copied())
}

/// Port 0.
pub fn port_zero(at: Place, found: &str) -> Mistake {
    let what = said!("say-port-zero");
    Mistake::new(Code::BadAddress, at, found, what).allowed(["1 … 65535"])
}

/// Not a range of addresses.
pub fn bad_range(at: Place, found: &str, words: &[&str], meant: Option<&str>) -> Mistake {
    let what = said!("say-bad-range", found = found);
    Mistake::new(Code::BadRange, at, found, what)
        .allowed(words.iter().copied().chain(["10.10.1.0/24", "10.10.1.7", "fd00:1::/64"]))
        .meant(meant)
}

/// Not a prefix that IPv4 addresses can stand behind.
pub fn bad_translation_prefix(at: Place, found: &str, why: PrefixError) -> Mistake {
    let why = match why {
        PrefixError::Form => msg!("prefix-form"),
        PrefixError::Length => msg!("prefix-length"),
        PrefixError::HostBits => msg!("prefix-host-bits"),
        PrefixError::U => msg!("prefix-u"),
    };
    let what = said!("say-bad-translation-prefix", found = found, why = why);
    Mistake::new(Code::BadRange, at, found, what).allowed(["off", "64:ff9b::/96", "2001:db8:64::/96"])
}

/// A prefix with host bits.
pub fn host_bits(at: Place, found: &str, network: &str) -> Mistake {
    let what = said!("say-host-bits", found = found);
    let host = found.split('/').next().unwrap_or(found);
    Mistake::new(Code::HostBits, at, found, what).meant(Some(network)).fix(said!(
        "say-host-bits-fix",
        network = network,
        host = host.to_string()
    ))
}

/// Not a name; what is wrong with it, and what was likely meant.
pub fn not_a_name(at: Place, found: &str, wrong: &NotAName) -> Mistake {
    let what = msg!("not-a-name", written = found, why = slip::told(wrong.slip));
    Mistake::new(Code::BadName, at, found, what).meant(wrong.meant.clone())
}

/// The root where a zone of one's own is wanted.
pub fn root_is_no_zone(at: Place, found: &str) -> Mistake {
    let what = said!("say-root-is-no-zone");
    Mistake::new(Code::BadName, at, found, what)
}

/// An address and a port that run together: `::1:53`.
pub fn ambiguous_port(at: Place, found: &str, meant: &str) -> Mistake {
    let what = said!("say-ambiguous-port", found = found);
    Mistake::new(Code::BadAddress, at, found, what).meant(Some(meant)).fix(said!(
        "say-ambiguous-port-fix",
        meant = meant,
        found = found
    ))
}

/// Not a day.
pub fn bad_day(at: Place, found: &str) -> Mistake {
    let what = said!("say-bad-day", found = found);
    Mistake::new(Code::UnknownValue, at, found, what).allowed(["2026-12-31"])
}

/// Not a URL that a list can come from.
pub fn bad_url(at: Place, found: &str) -> Mistake {
    let what = said!("say-bad-url", found = found);
    Mistake::new(Code::BadUrl, at, found, what).allowed(["https://…"]).fix(said!("say-bad-url-fix"))
}

/// A list over HTTP that does not say that it may be.
pub fn plain_http(at: Place, found: &str) -> Mistake {
    let what = said!("say-plain-http", found = found);
    Mistake::new(Code::BadUrl, at, found, what).allowed(["https://…"]).fix(said!("say-plain-http-fix"))
}

/// A record that does not parse.
pub fn bad_record(at: Place, found: &str, rtype: &str, form: &str) -> Mistake {
    let what = said!("say-bad-record", rtype = rtype);
    Mistake::new(Code::BadRecord, at, found, what).allowed([form])
}

/// A catalogue id that does not exist.
pub fn unknown_source(at: Place, found: &str, meant: Option<&str>, known: &[&str]) -> Mistake {
    let what = said!("say-unknown-source", found = found);
    Mistake::new(Code::UnknownSource, at, found, what).meant(meant).allowed(known.iter().copied())
}

/// An allow set that does not exist.
pub fn unknown_allow_set(at: Place, found: &str, known: &[&str], meant: Option<&str>) -> Mistake {
    let what = said!("say-unknown-allow-set", found = found);
    Mistake::new(Code::UnknownAllowSet, at, found, what)
        .allowed(known.iter().copied())
        .meant(meant)
        .fix(said!("say-unknown-allow-set-a-set-of"))
}

/// A group that does not exist.
pub fn unknown_group(at: Place, found: &str, known: &[&str], meant: Option<&str>) -> Mistake {
    let what = said!("say-unknown-group", found = found);
    Mistake::new(Code::UnknownGroup, at, found, what).allowed(known.iter().copied()).meant(meant)
}

/// A category that only signed bundles fill.
pub fn sealed_category(at: Place, found: &str) -> Mistake {
    let what = said!("say-sealed-category", found = found);
    Mistake::new(Code::SealedCategory, at, found, what)
}

/// A fetched list that is never asked for anew, or all the time.
pub fn every(at: Place, found: &str, min: &str, max: &str) -> Mistake {
    let what = said!("say-every", found = found, min = min, max = max);
    Mistake::new(Code::OutOfRange, at, found, what).allowed([format!("{min} … {max}")])
}

/// A format version that this program does not know.
pub fn version(at: Place, found: i64) -> Mistake {
    let what = said!("say-version", found = found.to_string());
    Mistake::new(Code::OutOfRange, at, found.to_string(), what).allowed(["1"])
}

/// Time zone that the machine does not know.
pub fn bad_time_zone(at: Place, found: &str) -> Mistake {
    let what = said!("say-bad-time-zone", found = found);
    Mistake::new(Code::UnknownValue, at, found, what).allowed(["Asia/Ho_Chi_Minh", "UTC", "Asia/Bangkok"])
}

/// An id of a list that cannot be one.
pub fn bad_id(at: Place, found: &str) -> Mistake {
    let what = said!("say-bad-id", found = found);
    Mistake::new(Code::BadName, at, found, what)
        .allowed(["a–z, 0–9, - _ . ; 1 … 64"])
        .fix(said!("say-bad-id-fix"))
}

/// What a room refuses; `why` is its own, English, word.
pub fn refused(at: Place, why: &str) -> Mistake {
    let what = said!("say-refused", why = why);
    Mistake::new(Code::Unusable, at, "", what)
}

/// A file without a secret.
pub fn bad_secret(at: Place, found: &str) -> Mistake {
    let what = said!("say-bad-secret", found = found);
    Mistake::new(Code::Unusable, at, found, what).fix(said!("say-bad-secret-fix"))
}

/// Not a share of something.
pub fn bad_percent(at: Place, found: &str) -> Mistake {
    let what = said!("say-bad-percent", found = found);
    Mistake::new(Code::OutOfRange, at, found, what).allowed(["1% … 1000%"])
}

/// Not a proxy.
pub fn bad_proxy(at: Place, found: &str) -> Mistake {
    let what = said!("say-bad-proxy", found = found);
    Mistake::new(Code::BadUrl, at, found, what).allowed(["environment", "none", "http://10.0.0.3:3128"])
}
