//! Sentences about one setting that is wrong by itself, Vietnamese and English side by side.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::lost::Lost;
use super::mistake::{Code, Mistake, Said};
use super::source::Place;
use super::spec::table::TABLE;
use crate::dns::written::NotAName;
use crate::i18n::cause::cause;
use crate::i18n::{Lang, msg, slip};
use crate::resolve::dns64::prefix::PrefixError;
use crate::sys::private::effective_user;
use crate::sys::user;

/// The file cannot be opened. `path` as it was written, `file` as it was opened.
pub fn unreadable(at: Place, path: &str, file: &Path, error: &std::io::Error) -> Mistake {
    if error.kind() == std::io::ErrorKind::PermissionDenied {
        return no_right(at, path, file);
    }
    let cause = cause(error);
    let what = Said::new(
        format!("không đọc được tệp {path}: {}", cause.text(Lang::Vi)),
        format!("cannot read the file {path}: {}", cause.text(Lang::En)),
    );
    Mistake::new(Code::Unreadable, at, path, what).fix(Said::new(
        "xem lại đường dẫn; đường dẫn tương đối tính từ thư mục của tệp cấu hình",
        "check the path; a relative path starts at the config file's folder",
    ))
}

/// The file may not be read by who reads it: by whom, and whose it is.
fn no_right(at: Place, path: &str, file: &Path) -> Mistake {
    let named = |user: u32| match user::local_name(user) {
        Some(name) => format!("{name} (uid {user})"),
        None => format!("uid {user}"),
    };
    let me = named(effective_user());
    // Where a folder on the way is closed, nothing is known of the file.
    let (vi, en) = match std::fs::metadata(file) {
        Ok(found) => {
            let (owner, mode) = (named(found.uid()), found.mode() & 0o7777);
            (format!("tệp của {owner}, quyền {mode:04o}"), format!("it is of {owner}, mode {mode:04o}"))
        }
        Err(_) => ("không vào được thư mục chứa tệp".to_owned(), "a folder on the way is closed".to_owned()),
    };
    let what = Said::new(
        format!("không đọc được tệp {path}: người dùng {me} không có quyền ({vi})"),
        format!("cannot read the file {path}: the user {me} has no right to ({en})"),
    );
    Mistake::new(Code::NoRight, at, path, what).fix(Said::new(
        "cấp quyền đọc (chown hoặc chmod), hoặc chạy lệnh bằng người dùng của dịch vụ hay root (sudo)",
        "give the right to read it (chown or chmod), or run the command as the service's user or root (sudo)",
    ))
}

/// The file has no octet, or zeros from `at` on: what it held is lost.
pub fn lost(at: Place, lost: Lost) -> Mistake {
    let what = match lost {
        Lost::Empty => Said::new(
            "tệp trống (0 byte), có thể do mất điện khi đang ghi",
            "the file is empty (0 octets), perhaps by a power cut while it was written",
        ),
        Lost::Zeros => Said::new(
            "tệp toàn byte 0, nội dung đã mất (thường do mất điện khi đang ghi)",
            "the file is all zero octets: its content is lost, as by a power cut while it was written",
        ),
        Lost::ZerosWithin => Said::new(
            "từ đây tệp toàn byte 0, phần nội dung này đã mất (thường do mất điện khi đang ghi)",
            "from here on there are zero octets: this part is lost, as by a power cut while it was written",
        ),
    };
    Mistake::new(Code::Unreadable, at, "", what).fix(Said::new(
        "chép lại tệp từ bản sao lưu, hoặc từ mục `text` trong last-good/config.json của thư mục trạng thái",
        "restore it from a backup, or from `text` in last-good/config.json of the state folder",
    ))
}

/// The file is larger than a config can be.
pub fn too_large(at: Place, max: u64) -> Mistake {
    let what = Said::new(
        format!("tệp lớn hơn {max} byte, không phải tệp cấu hình"),
        format!("the file has more than {max} octets; that is no config"),
    );
    Mistake::new(Code::Unreadable, at, "", what)
}

/// Octets that are not UTF-8. `is_utf16`: they begin as Windows writes what it calls Unicode.
pub fn not_utf8(at: Place, is_utf16: bool) -> Mistake {
    let what = if is_utf16 {
        Said::new(
            "tệp lưu bằng UTF-16 (Notepad gọi là Unicode)",
            "the file is in UTF-16 (Notepad calls it Unicode)",
        )
    } else {
        Said::new("tệp không phải văn bản UTF-8", "the file is not UTF-8 text")
    };
    Mistake::new(Code::Unreadable, at, "", what)
        .fix(Said::new("lưu lại tệp với bảng mã UTF-8", "save it again with the encoding UTF-8"))
}

/// A key that the table does not have.
pub fn unknown_key(at: Place, key: &str, known: &[&str], meant: Option<&str>) -> Mistake {
    let what = Said::new(format!("không có mục `{key}` ở đây"), format!("there is no key `{key}` here"));
    Mistake::new(Code::UnknownKey, at, key, what).allowed(known.iter().copied()).meant(meant)
}

/// A key that must be there.
pub fn missing_key(at: Place, key: &'static str) -> Mistake {
    let what = Said::new(format!("thiếu mục `{key}`"), format!("the key `{key}` is missing"));
    let fix = Said::new(format!("thêm `{key} = …`"), format!("add `{key} = …`"));
    Mistake::new(Code::MissingKey, at, "", what).fix(fix).absent(&[key])
}

/// A value of another TOML type; `found` and `expected` are serde's words.
pub fn wrong_type(at: Place, written: &str, found: &str, expected: &str) -> Mistake {
    let (vi, en) = kind(expected);
    let what = Said::new(format!("phải là {vi}"), format!("must be {en}"));
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
        Some(fix) => mistake.fix(Said::new(format!("viết `{fix}`"), format!("write `{fix}`"))),
        None => mistake,
    }
}

fn kind(expected: &str) -> (&str, &str) {
    match expected {
        "a string" => ("chuỗi trong ngoặc kép", "a text in quotes"),
        "a boolean" => ("true hoặc false", "true or false"),
        "i64" => ("số nguyên", "a whole number"),
        "a sequence" => ("danh sách [ … ]", "a list [ … ]"),
        TABLE => ("một bảng [ … ]", "a table"),
        other => (other, other),
    }
}

/// A word that is none of those allowed. `noun` says what it should have been.
pub fn unknown_value(at: Place, found: &str, noun: Said, known: &[&str], meant: Option<&str>) -> Mistake {
    let what =
        Said::new(format!("không có {} `{found}`", noun.vi), format!("there is no {} `{found}`", noun.en));
    Mistake::new(Code::UnknownValue, at, found, what).allowed(known.iter().copied()).meant(meant)
}

/// A number outside its range.
pub fn out_of_range(at: Place, found: &str, from: impl ToString, to: impl ToString) -> Mistake {
    let (from, to) = (from.to_string(), to.to_string());
    let what = Said::new(
        format!("{found} nằm ngoài khoảng cho phép"),
        format!("{found} is outside of what is allowed"),
    );
    Mistake::new(Code::OutOfRange, at, found, what).allowed([format!("{from} … {to}")])
}

/// A list that must not be empty.
pub fn empty(at: Place, key: &'static str) -> Mistake {
    let what = Said::new(format!("`{key}` không được để trống"), format!("`{key}` must not be empty"));
    Mistake::new(Code::OutOfRange, at, "", what).absent(&[key])
}

/// A list with too many entries.
pub fn too_many(at: Place, what: Said, max: usize) -> Mistake {
    let what = Said::new(
        format!("quá nhiều {} (nhiều nhất {max})", what.vi),
        format!("too many {} (at most {max})", what.en),
    );
    Mistake::new(Code::OutOfRange, at, "", what)
}

/// Not a duration.
pub fn bad_duration(at: Place, found: &str) -> Mistake {
    let what =
        Said::new(format!("`{found}` không phải khoảng thời gian"), format!("`{found}` is not a duration"));
    Mistake::new(Code::BadDuration, at, found, what)
        .allowed(["30s", "45m", "24h", "30d", "2w"])
        .fix(Said::new("viết một số kèm đơn vị", "write a number with its unit"))
}

/// Not a size.
pub fn bad_size(at: Place, found: &str) -> Mistake {
    let what = Said::new(format!("`{found}` không phải dung lượng"), format!("`{found}` is not a size"));
    Mistake::new(Code::BadSize, at, found, what)
        .allowed(["512 KiB", "64 MiB", "2 GiB", "500 MB"])
        .fix(Said::new("viết một số kèm đơn vị", "write a number with its unit"))
}

/// Not an address.
pub fn bad_address(at: Place, found: &str, forms: &[&str]) -> Mistake {
    let what = Said::new(
        format!("`{found}` không phải địa chỉ hợp lệ"),
        format!("`{found}` is not a valid address"),
    );
    Mistake::new(Code::BadAddress, at, found, what).allowed(forms.iter().copied())
}

/// Port 0.
pub fn port_zero(at: Place, found: &str) -> Mistake {
    let what = Said::new("cổng 0 không dùng được", "port 0 cannot be used");
    Mistake::new(Code::BadAddress, at, found, what).allowed(["1 … 65535"])
}

/// Not a range of addresses.
pub fn bad_range(at: Place, found: &str, words: &[&str], meant: Option<&str>) -> Mistake {
    let what = Said::new(
        format!("`{found}` không phải dải địa chỉ"),
        format!("`{found}` is not a range of addresses"),
    );
    Mistake::new(Code::BadRange, at, found, what)
        .allowed(words.iter().copied().chain(["10.10.1.0/24", "10.10.1.7", "fd00:1::/64"]))
        .meant(meant)
}

/// Not a prefix that IPv4 addresses can stand behind.
pub fn bad_translation_prefix(at: Place, found: &str, why: PrefixError) -> Mistake {
    let reason = match why {
        PrefixError::Form => "không phải tiền tố IPv6",
        PrefixError::Length => "độ dài phải là 32, 40, 48, 56, 64 hoặc 96 (RFC 6052 §2.2)",
        PrefixError::HostBits => "có bit nằm sau độ dài",
        PrefixError::U => "các bit 64–71 phải bằng 0 (RFC 6052 §2.2)",
    };
    let what = Said::new(
        format!("`{found}` không dùng làm tiền tố DNS64 được: {reason}"),
        format!("`{found}` cannot be the prefix of DNS64: {why}"),
    );
    Mistake::new(Code::BadRange, at, found, what).allowed(["off", "64:ff9b::/96", "2001:db8:64::/96"])
}

/// A prefix with host bits.
pub fn host_bits(at: Place, found: &str, network: &str) -> Mistake {
    let what = Said::new(
        format!("`{found}` là một máy kèm độ dài mạng, không phải một mạng"),
        format!("`{found}` is a host with a prefix length, not a network"),
    );
    let host = found.split('/').next().unwrap_or(found);
    Mistake::new(Code::HostBits, at, found, what).meant(Some(network)).fix(Said::new(
        format!("viết `{network}` cho cả mạng, hoặc `{host}` cho một máy"),
        format!("write `{network}` for the network, or `{host}` for the one host"),
    ))
}

/// Not a name; what is wrong with it, and what was likely meant.
pub fn not_a_name(at: Place, found: &str, wrong: &NotAName) -> Mistake {
    let what = msg!("not-a-name", written = found, why = slip::told(wrong.slip));
    Mistake::new(Code::BadName, at, found, what).meant(wrong.meant.clone())
}

/// The root where a zone of one's own is wanted.
pub fn root_is_no_zone(at: Place, found: &str) -> Mistake {
    let what = Said::new("gốc \".\" không thể là vùng chính sách", "the root \".\" cannot be a policy zone");
    Mistake::new(Code::BadName, at, found, what)
}

/// An address and a port that run together: `::1:53`.
pub fn ambiguous_port(at: Place, found: &str, meant: &str) -> Mistake {
    let what = Said::new(
        format!("`{found}` là một địa chỉ IPv6 không kèm cổng"),
        format!("`{found}` is an IPv6 address without a port"),
    );
    Mistake::new(Code::BadAddress, at, found, what).meant(Some(meant)).fix(Said::new(
        format!("muốn kèm cổng thì viết `{meant}`; nếu đúng là địa chỉ thì viết `[{found}]`"),
        format!("with a port write `{meant}`; if it is the address, write `[{found}]`"),
    ))
}

/// Not a day.
pub fn bad_day(at: Place, found: &str) -> Mistake {
    let what = Said::new(format!("`{found}` không phải một ngày"), format!("`{found}` is not a day"));
    Mistake::new(Code::UnknownValue, at, found, what).allowed(["2026-12-31"])
}

/// Not a URL that a list can come from.
pub fn bad_url(at: Place, found: &str) -> Mistake {
    let what = Said::new(
        format!("`{found}` không phải địa chỉ tải danh sách"),
        format!("`{found}` is not where a list can be fetched"),
    );
    Mistake::new(Code::BadUrl, at, found, what).allowed(["https://…"]).fix(Said::new(
        "dùng https; tệp trên máy thì ghi ở `file`",
        "use https; a file of this machine goes into `file`",
    ))
}

/// A list over HTTP that does not say that it may be.
pub fn plain_http(at: Place, found: &str) -> Mistake {
    let what = Said::new(
        format!("`{found}` tải qua http, ai trên đường truyền cũng sửa được danh sách"),
        format!("`{found}` comes over http, where anybody on the way can change the list"),
    );
    Mistake::new(Code::BadUrl, at, found, what).allowed(["https://…"]).fix(Said::new(
        "dùng https (CA riêng: [lists] ca_file); máy chủ nội bộ không có https: thêm `insecure = true` cho danh sách này",
        "use https (a CA of your own: [lists] ca_file); for a mirror inside without https add `insecure = true` to this list",
    ))
}

/// A record that does not parse.
pub fn bad_record(at: Place, found: &str, rtype: &str, form: &str) -> Mistake {
    let what = Said::new(
        format!("dữ liệu của bản ghi {rtype} không đúng"),
        format!("this is not the data of a record of type {rtype}"),
    );
    Mistake::new(Code::BadRecord, at, found, what).allowed([form])
}

/// A catalogue id that does not exist.
pub fn unknown_source(at: Place, found: &str, meant: Option<&str>, known: &[&str]) -> Mistake {
    let what = Said::new(
        format!("danh mục nguồn không có `{found}`"),
        format!("the catalogue has no source `{found}`"),
    );
    Mistake::new(Code::UnknownSource, at, found, what).meant(meant).allowed(known.iter().copied())
}

/// An allow set that does not exist.
pub fn unknown_allow_set(at: Place, found: &str, known: &[&str], meant: Option<&str>) -> Mistake {
    let what =
        Said::new(format!("không có tập cho phép `{found}`"), format!("there is no allow set `{found}`"));
    Mistake::new(Code::UnknownAllowSet, at, found, what).allowed(known.iter().copied()).meant(meant).fix(
        Said::new(
            "tập của trường là một [[list]] với kind = \"allow\"",
            "a set of the school's own is a [[list]] with kind = \"allow\"",
        ),
    )
}

/// A group that does not exist.
pub fn unknown_group(at: Place, found: &str, known: &[&str], meant: Option<&str>) -> Mistake {
    let what = Said::new(format!("không có nhóm `{found}`"), format!("there is no group `{found}`"));
    Mistake::new(Code::UnknownGroup, at, found, what).allowed(known.iter().copied()).meant(meant)
}

/// A category that only signed bundles fill.
pub fn sealed_category(at: Place, found: &str) -> Mistake {
    let what = Said::new(
        format!("nhóm `{found}` chỉ nhận tên từ gói có chữ ký"),
        format!("the category `{found}` takes names from signed bundles only"),
    );
    Mistake::new(Code::SealedCategory, at, found, what)
}

/// A fetched list that is never asked for anew, or all the time.
pub fn every(at: Place, found: &str, min: &str, max: &str) -> Mistake {
    let what = Said::new(
        format!("`{found}`: khoảng tải phải từ {min} đến {max}"),
        format!("`{found}`: a list is fetched every {min} to {max}"),
    );
    Mistake::new(Code::OutOfRange, at, found, what).allowed([format!("{min} … {max}")])
}

/// A format version that this program does not know.
pub fn version(at: Place, found: i64) -> Mistake {
    let what = Said::new(
        format!("chương trình không biết phiên bản cấu hình {found}"),
        format!("this program does not know config version {found}"),
    );
    Mistake::new(Code::OutOfRange, at, found.to_string(), what).allowed(["1"])
}

/// Time zone that the machine does not know.
pub fn bad_time_zone(at: Place, found: &str) -> Mistake {
    let what = Said::new(format!("không có múi giờ `{found}`"), format!("there is no time zone `{found}`"));
    Mistake::new(Code::UnknownValue, at, found, what).allowed(["Asia/Ho_Chi_Minh", "UTC", "Asia/Bangkok"])
}

/// An id of a list that cannot be one.
pub fn bad_id(at: Place, found: &str) -> Mistake {
    let what = Said::new(
        format!("`{found}` không dùng làm id của danh sách được"),
        format!("`{found}` cannot be the id of a list"),
    );
    Mistake::new(Code::BadName, at, found, what).allowed(["a–z, 0–9, - _ . ; 1 … 64"]).fix(Said::new(
        "không dùng chữ đầu `starter-`, `protected-`, `school`",
        "do not begin with `starter-`, `protected-`, `school`",
    ))
}

/// What a room refuses; `why` is its own, English, word.
pub fn refused(at: Place, why: &str) -> Mistake {
    let what = Said::new(format!("không dùng được: {why}"), "this cannot be used");
    Mistake::new(Code::Unusable, at, "", what)
}

/// A file without a secret.
pub fn bad_secret(at: Place, found: &str) -> Mistake {
    let what = Said::new(
        format!("tệp {found} không chứa khoá bí mật dạng base64"),
        format!("the file {found} holds no secret in base64"),
    );
    Mistake::new(Code::Unusable, at, found, what).fix(Said::new(
        "tạo bằng `tsig-keygen`, hoặc chép phần `secret` từ máy chủ chính",
        "make it with `tsig-keygen`, or copy the `secret` from the primary",
    ))
}

/// Not a share of something.
pub fn bad_percent(at: Place, found: &str) -> Mistake {
    let what =
        Said::new(format!("`{found}` không phải tỉ lệ phần trăm"), format!("`{found}` is not a percentage"));
    Mistake::new(Code::OutOfRange, at, found, what).allowed(["1% … 1000%"])
}

/// Not a proxy.
pub fn bad_proxy(at: Place, found: &str) -> Mistake {
    let what =
        Said::new(format!("`{found}` không phải máy chủ trung gian"), format!("`{found}` is not a proxy"));
    Mistake::new(Code::BadUrl, at, found, what).allowed(["environment", "none", "http://10.0.0.3:3128"])
}
