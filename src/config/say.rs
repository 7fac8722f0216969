//! Every sentence about a mistake, Vietnamese and English side by side.

use super::mistake::{Code, Mistake, Said};
use super::source::Place;
use super::spec::table::TABLE;

/// Categories that one sentence names.
const LAXER_SHOWN: usize = 6;

/// Not TOML; `message` is the parser's.
pub fn syntax(at: Place, message: &str) -> Mistake {
    Mistake::new(Code::Syntax, at, message, Said::new("không đúng cú pháp TOML", "not TOML")).fix(Said::new(
        "xem dấu ngoặc kép, dấu phẩy, dấu = ở dòng này và dòng ngay trước",
        "look at quotes, commas and = on this line and the one before",
    ))
}

/// The file cannot be opened.
pub fn unreadable(at: Place, path: &str, error: &std::io::Error) -> Mistake {
    let what = Said::new(
        format!("không đọc được tệp {path}: {error}"),
        format!("cannot read the file {path}: {error}"),
    );
    Mistake::new(Code::Unreadable, at, path, what).fix(Said::new(
        "xem lại đường dẫn và quyền đọc; đường dẫn tương đối tính từ thư mục của tệp cấu hình",
        "check the path and the right to read it; a relative path starts at the config file's folder",
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

/// Octets that are not UTF-8.
pub fn not_utf8(at: Place) -> Mistake {
    let what = Said::new("tệp không phải văn bản UTF-8", "the file is not UTF-8 text");
    Mistake::new(Code::Unreadable, at, "", what)
        .fix(Said::new("lưu lại tệp với bảng mã UTF-8", "save it again with the encoding UTF-8"))
}

/// A key that the table does not have.
pub fn unknown_key(at: Place, key: &str, known: &[&str], meant: Option<&str>) -> Mistake {
    let what = Said::new(format!("không có mục `{key}` ở đây"), format!("there is no key `{key}` here"));
    Mistake::new(Code::UnknownKey, at, key, what).allowed(known.iter().copied()).meant(meant)
}

/// A key that must be there.
pub fn missing_key(at: Place, key: &str) -> Mistake {
    let what = Said::new(format!("thiếu mục `{key}`"), format!("the key `{key}` is missing"));
    let fix = Said::new(format!("thêm `{key} = …`"), format!("add `{key} = …`"));
    Mistake::new(Code::MissingKey, at, "", what).fix(fix)
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
pub fn empty(at: Place, key: &str) -> Mistake {
    let what = Said::new(format!("`{key}` không được để trống"), format!("`{key}` must not be empty"));
    Mistake::new(Code::OutOfRange, at, "", what)
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

/// Not a name.
pub fn bad_name(at: Place, found: &str, why: &str) -> Mistake {
    let what = Said::new(
        format!("`{found}` không phải tên miền hợp lệ"),
        format!("`{found}` is not a valid name: {why}"),
    );
    Mistake::new(Code::BadName, at, found, what)
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

/// A record that does not parse.
pub fn bad_record(at: Place, found: &str, rtype: &str, form: &str) -> Mistake {
    let what = Said::new(
        format!("dữ liệu của bản ghi {rtype} không đúng"),
        format!("this is not the data of a record of type {rtype}"),
    );
    Mistake::new(Code::BadRecord, at, found, what).allowed([form])
}

/// The same range in two groups.
pub fn overlap(at: Place, range: &str, first: &str, second: &str, other: Place) -> Mistake {
    let what = Said::new(
        format!("dải {range} thuộc cả nhóm \"{first}\" và nhóm \"{second}\""),
        format!("the range {range} is in group \"{first}\" and in group \"{second}\""),
    );
    Mistake::new(Code::Overlap, at, range, what)
        .also(other, Said::new(format!("nhóm \"{first}\""), format!("group \"{first}\"")))
        .fix(Said::new(
            "để dải ở một nhóm, hoặc chia nhỏ nó (dải nhỏ hơn thắng dải lớn hơn)",
            "leave it in one group, or split it (the longer prefix wins)",
        ))
}

/// The same thing twice.
pub fn duplicate(at: Place, found: &str, noun: Said, first: Place) -> Mistake {
    let what = Said::new(
        format!("{} `{found}` có hai lần", noun.vi),
        format!("the {} `{found}` is there twice", noun.en),
    );
    Mistake::new(Code::Duplicate, at, found, what).also(first, Said::new("lần đầu", "the first"))
}

/// A name that the program uses itself.
pub fn taken(at: Place, found: &str) -> Mistake {
    let what = Said::new(
        format!("tên `{found}` chương trình đã dùng"),
        format!("the name `{found}` is used by the program itself"),
    );
    Mistake::new(Code::Duplicate, at, found, what).fix(Said::new("chọn tên khác", "choose another name"))
}

/// None, or more than one, of keys of which exactly one must be there.
pub fn either_or(at: Place, found: &[&str], keys: &[&str]) -> Mistake {
    let (vi, en) = (keys.join("`, `"), keys.join("`, `"));
    let what = if found.is_empty() {
        Said::new(format!("phải có một trong `{vi}`"), format!("one of `{en}` must be there"))
    } else {
        Said::new(format!("chỉ được có một trong `{vi}`"), format!("only one of `{en}` may be there"))
    };
    Mistake::new(Code::EitherOr, at, found.join(", "), what)
}

/// A key that has no sense beside another.
pub fn not_with(at: Place, key: &str, other: &str) -> Mistake {
    let what =
        Said::new(format!("`{key}` không đi cùng `{other}`"), format!("`{key}` does not go with `{other}`"));
    let fix = Said::new(format!("bỏ `{key}` hoặc `{other}`"), format!("remove `{key}` or `{other}`"));
    Mistake::new(Code::Contradiction, at, key, what).fix(fix)
}

/// Forward mode without servers for the root.
pub fn nobody_to_ask(at: Place) -> Mistake {
    let what = Said::new(
        "mode = \"forward\" nhưng không có máy chủ nào cho vùng \".\"",
        "mode = \"forward\", but there are no servers for the zone \".\"",
    );
    Mistake::new(Code::Contradiction, at, "forward", what).fix(Said::new(
        "thêm [[resolve.forward]] với zone = \".\" và servers = [\"…\"], hoặc dùng mode = \"recursive\"",
        "add [[resolve.forward]] with zone = \".\" and servers = [\"…\"], or use mode = \"recursive\"",
    ))
}

/// Recursion that would never happen.
pub fn nothing_to_recurse(at: Place) -> Mistake {
    let what = Said::new(
        "vùng \".\" chuyển tiếp mọi câu hỏi, nhưng mode = \"recursive\"",
        "the zone \".\" forwards every question, but mode = \"recursive\"",
    );
    Mistake::new(Code::Contradiction, at, ".", what).fix(Said::new(
        "đặt mode = \"forward\", hoặc bỏ vùng \".\"",
        "set mode = \"forward\", or remove the zone \".\"",
    ))
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

/// An allow-only tier or group without an allow set.
pub fn no_allow_set(at: Place, who: &str) -> Mistake {
    let what = Said::new(
        format!("\"{who}\" chỉ mở tập cho phép, nhưng chưa có tập nào"),
        format!("\"{who}\" may reach allow sets only, and has none"),
    );
    Mistake::new(Code::NoAllowSet, at, "allow-only", what)
        .fix(Said::new("thêm allow_sets = [\"learning\"]", "add allow_sets = [\"learning\"]"))
}

/// A younger tier that is laxer than an older one.
pub fn laxer(at: Place, younger: Said, older: Said, categories: &[&str], other: Option<Place>) -> Mistake {
    let mut list = categories.iter().take(LAXER_SHOWN).copied().collect::<Vec<_>>().join(", ");
    if categories.len() > LAXER_SHOWN {
        list.push_str(&format!(", … ({})", categories.len()));
    }
    let quoted = categories.iter().map(|category| format!("\"{category}\"")).collect::<Vec<_>>().join(", ");
    let what = Said::new(
        format!("{} được mở nhóm mà {} bị chặn: {list}", younger.vi, older.vi),
        format!("{} may reach what {} may not: {list}", younger.en, older.en),
    );
    let mistake = Mistake::new(Code::LaxerThanOlder, at, "", what)
        .fix(Said::new(
            "thêm vào `blocked`; nếu cố ý thì ghi vào `laxer_than_older`",
            "add it to `blocked`; if it is meant, say so in `laxer_than_older`",
        ))
        .allowed([format!("laxer_than_older = [{quoted}]")]);
    match other {
        Some(place) => {
            mistake.also(place, Said::new(format!("{} chặn", older.vi), format!("{} blocks it", older.en)))
        }
        None => mistake,
    }
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
        format!("danh sách tải về mỗi `{found}`: không bao giờ mới, hoặc làm phiền nguồn"),
        format!("a list fetched every `{found}` is never new, or a burden to its source"),
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

/// A block page without an address, or addresses without a page.
pub fn page(at: Place, has_addresses: bool) -> Mistake {
    let what = if has_addresses {
        Said::new("`page` chỉ dùng khi answer = \"page\"", "`page` is of use only with answer = \"page\"")
    } else {
        Said::new(
            "answer = \"page\" cần địa chỉ của trang chặn",
            "answer = \"page\" needs the block page's addresses",
        )
    };
    Mistake::new(Code::Contradiction, at, "page", what)
        .fix(Said::new("thêm page = [\"192.0.2.10\"]", "add page = [\"192.0.2.10\"]"))
}

/// Time zone that the machine does not know.
pub fn bad_time_zone(at: Place, found: &str) -> Mistake {
    let what = Said::new(format!("không có múi giờ `{found}`"), format!("there is no time zone `{found}`"));
    Mistake::new(Code::UnknownValue, at, found, what).allowed(["Asia/Ho_Chi_Minh", "UTC", "Asia/Bangkok"])
}

/// Clients of the whole Internet.
pub fn open_resolver(at: Place, found: &str) -> Mistake {
    let what = Said::new(
        format!("`{found}` cho cả Internet hỏi: máy chủ sẽ bị lợi dụng để tấn công"),
        format!("`{found}` lets the whole Internet ask: the server would be used in attacks"),
    );
    Mistake::new(Code::OpenResolver, at, found, what)
        .fix(Said::new("ghi các dải địa chỉ của trường", "write the school's own ranges"))
        .allowed(["private", "203.0.113.0/29"])
}

/// A summary that is kept shorter than what it sums up.
pub fn kept_shorter(at: Place, found: &str, [shorter, longer]: [&str; 2]) -> Mistake {
    let what = Said::new(
        format!("`{shorter}` ngắn hơn `{longer}`"),
        format!("`{shorter}` is shorter than `{longer}`"),
    );
    Mistake::new(Code::Contradiction, at, found, what).fix(Said::new(
        format!("đặt `{shorter}` dài ít nhất bằng `{longer}`"),
        format!("make `{shorter}` at least as long as `{longer}`"),
    ))
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

/// An upstream that is this server.
pub fn asks_itself(at: Place, found: &str) -> Mistake {
    let what = Said::new(
        format!("`{found}` chính là máy chủ này: câu hỏi sẽ quay vòng"),
        format!("`{found}` is this very server: questions would go in circles"),
    );
    Mistake::new(Code::Contradiction, at, found, what)
}

/// A tier of the school's levels that no group has.
pub fn tier_without_group(at: Place, tier: &str) -> Mistake {
    let what = Said::new(
        format!("trường có cấp `{tier}` nhưng không nhóm nào thuộc cấp đó"),
        format!("the school has the level `{tier}`, but no group is of that tier"),
    );
    Mistake::new(Code::TierWithoutGroup, at, tier, what).fix(Said::new(
        "thêm [[group]] cho cấp này, hoặc bỏ nó khỏi `level`",
        "add a [[group]] of that tier, or take it out of `level`",
    ))
}

/// A group whose clients may not ask at all.
pub fn not_allowed(at: Place, range: &str) -> Mistake {
    let what = Said::new(
        format!("máy trong dải {range} không được phép hỏi"),
        format!("clients in {range} may not ask"),
    );
    Mistake::new(Code::Contradiction, at, range, what).fix(Said::new(
        format!("thêm \"{range}\" vào `allow` của [access]"),
        format!("add \"{range}\" to `allow` in [access]"),
    ))
}

/// The root as the name of a school rule.
pub fn rule_for_everything(at: Place) -> Mistake {
    let what = Said::new("quy tắc cho \".\" là cho mọi tên", "a rule for \".\" is a rule for every name");
    Mistake::new(Code::BadName, at, ".", what)
        .fix(Said::new("đổi `mode` của nhóm thì đúng hơn", "change the `mode` of the group instead"))
}

/// A rule that both allows and blocks.
pub fn both_ways(at: Place, name: &str, first: Place) -> Mistake {
    let what = Said::new(
        format!("`{name}` vừa được mở vừa bị chặn cho cùng đối tượng"),
        format!("`{name}` is both allowed and blocked for the same clients"),
    );
    Mistake::new(Code::Contradiction, at, name, what).also(first, Said::new("mở ở đây", "allowed here"))
}

/// A catalogue's key that a school must not set.
pub fn fold_threats(at: Place, category: &str) -> Mistake {
    let what = Said::new(
        format!("không gộp `www.` với nhóm `{category}`: chỉ riêng www.x mới độc hại"),
        format!("`www.` is not folded for `{category}`: it may be www.x alone that is bad"),
    );
    Mistake::new(Code::Contradiction, at, "fold_www", what)
}

/// An alias beside other records.
pub fn cname_and_more(at: Place, name: &str, first: Place) -> Mistake {
    let what = Said::new(
        format!("`{name}` vừa là CNAME vừa có bản ghi khác"),
        format!("`{name}` is a CNAME and has other records too"),
    );
    Mistake::new(Code::Contradiction, at, name, what)
        .also(first, Said::new("bản ghi kia", "the other record"))
}

/// What a room refuses; `why` is its own, English, word.
pub fn refused(at: Place, why: &str) -> Mistake {
    let what = Said::new(format!("không dùng được: {why}"), "this cannot be used");
    Mistake::new(Code::Unusable, at, "", what)
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
