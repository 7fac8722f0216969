//! Sentences about settings that are well written but cannot stand beside each other, Vietnamese and English side by side.

use super::mistake::{Code, Mistake, Said};
use super::source::Place;

/// Categories that one sentence names.
const LAXER_SHOWN: usize = 6;

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
pub fn either_or(at: Place, found: &[&str], keys: &[&'static str]) -> Mistake {
    let (vi, en) = (keys.join("`, `"), keys.join("`, `"));
    let what = if found.is_empty() {
        Said::new(format!("phải có một trong `{vi}`"), format!("one of `{en}` must be there"))
    } else {
        Said::new(format!("chỉ được có một trong `{vi}`"), format!("only one of `{en}` may be there"))
    };
    let absent = if found.is_empty() { keys } else { &[] };
    Mistake::new(Code::EitherOr, at, found.join(", "), what).absent(absent)
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

/// A rule that would be for the sites of a whole country or branch.
pub fn public_suffix(at: Place, found: &str) -> Mistake {
    let what = Said::new(
        format!("`{found}` là phần đuôi chung của rất nhiều trang, không phải một trang"),
        format!("`{found}` is what many sites end in (a public suffix), not a site"),
    );
    let example = if found.contains(' ') {
        "abc.edu.vn".to_owned()
    } else {
        format!("abc.{}", found.trim_matches('.'))
    };
    Mistake::new(Code::PublicSuffix, at, found, what).fix(Said::new(
        format!("ghi tên của trang, ví dụ `{example}`"),
        format!("write the site's own name, such as `{example}`"),
    ))
}

/// A rule for one word: names of sites have a dot.
pub fn one_word(at: Place, found: &str, meant: Option<&str>) -> Mistake {
    let what = Said::new(
        format!("`{found}` chỉ là một từ: không trang nào trên mạng có tên như vậy"),
        format!("`{found}` is one word: no site of the internet has such a name"),
    );
    Mistake::new(Code::NeverMatches, at, found, what)
        .meant(meant)
        .fix(Said::new("ghi đủ tên, ví dụ `facebook.com`", "write the whole name, such as `facebook.com`"))
}

/// A block of what no school can block.
pub fn always_open(at: Place, found: &str) -> Mistake {
    let what = Said::new(
        format!("`{found}` luôn mở: kiểm tra kết nối, giờ, chứng chỉ, cập nhật, giáo dục quốc gia"),
        format!("`{found}` is always open: connectivity checks, time, PKI, updates, national education"),
    );
    Mistake::new(Code::NeverMatches, at, found, what).fix(Said::new("bỏ quy tắc này", "remove the rule"))
}

/// A rule that no group is meant by.
pub fn rule_for_nobody(at: Place, found: &str, tiers: &[&str]) -> Mistake {
    let what = Said::new(
        format!("quy tắc cho `{found}` không áp dụng cho nhóm máy nào"),
        format!("the rule for `{found}` is for no group of clients"),
    );
    Mistake::new(Code::NeverMatches, at, found, what)
        .fix(Said::new(
            "sửa `tiers`, `groups` của quy tắc; quy tắc mở cho khách phải ghi tiers = [\"guest\"]",
            "change its `tiers` or `groups`; an allow rule for guests must name them: tiers = [\"guest\"]",
        ))
        .allowed(tiers.iter().copied())
}

/// The same rule twice.
pub fn duplicate_rule(at: Place, found: &str, first: Place) -> Mistake {
    duplicate(at, found, Said::new("quy tắc", "rule"), first)
}

/// A rule that another of the same name leaves nothing to decide.
pub fn never_decides(at: Place, found: &str, other: Place, is_opened: bool) -> Mistake {
    let (what, why) = if is_opened {
        (
            Said::new(
                format!("quy tắc chặn `{found}` không bao giờ có hiệu lực: cùng tên đã được mở"),
                format!("the block of `{found}` never decides: the same name is allowed"),
            ),
            Said::new("mở ở đây", "allowed here"),
        )
    } else {
        (
            Said::new(
                format!("quy tắc cho `{found}` thừa: quy tắc kia đã bao gồm"),
                format!("the rule for `{found}` never decides: the other covers all of it"),
            ),
            Said::new("quy tắc kia", "the other"),
        )
    };
    Mistake::new(Code::NeverMatches, at, found, what).also(other, why).fix(Said::new(
        "bỏ một trong hai, hoặc sửa scope, tiers, groups",
        "remove one, or change scope, tiers or groups",
    ))
}

/// A group whose clients all belong to other groups.
pub fn group_without_clients(at: Place, group: &str) -> Mistake {
    let what = Said::new(
        format!("nhóm \"{group}\" không có máy nào: mọi dải của nhóm đã nằm trong dải nhỏ hơn của nhóm khác"),
        format!(
            "the group \"{group}\" has no clients: all its ranges belong to longer prefixes of other groups"
        ),
    );
    Mistake::new(Code::NeverMatches, at, group, what)
        .fix(Said::new("sửa `from`, hoặc bỏ nhóm này", "change its `from`, or remove the group"))
}

/// An allow set that no tier and no group uses.
pub fn unused_allow_set(at: Place, found: &str) -> Mistake {
    let what = Said::new(
        format!("tập cho phép `{found}` không nhóm nào, cấp nào dùng: nó không mở gì cả"),
        format!("no group and no tier uses the allow set `{found}`: it opens nothing"),
    );
    Mistake::new(Code::Unused, at, found, what).fix(Said::new(
        format!("ghi allow_sets = [\"{found}\"] ở nhóm có mode = \"allow-only\"; muốn mở một tên bị chặn thì dùng [school_rules] allow"),
        format!("write allow_sets = [\"{found}\"] into a group with mode = \"allow-only\"; to open a blocked name use [school_rules] allow"),
    ))
}

/// An allow set of a group that is not allow-only.
pub fn allow_set_without_mode(at: Place, found: &str, mode: &str) -> Mistake {
    let what = Said::new(
        format!("tập cho phép `{found}` chỉ dùng ở chế độ allow-only, mà nhóm này ở chế độ {mode}"),
        format!("the allow set `{found}` is of use only in mode allow-only, and this group's mode is {mode}"),
    );
    Mistake::new(Code::Unused, at, found, what).fix(Said::new(
        "thêm mode = \"allow-only\", hoặc bỏ `allow_sets`",
        "add mode = \"allow-only\", or remove `allow_sets`",
    ))
}

/// A rule for names that the server answers itself.
pub fn answered_here(at: Place, found: &str) -> Mistake {
    let what = Said::new(
        format!("`{found}` do chính máy chủ trả lời, không qua quy tắc nào"),
        format!("`{found}` is answered by this server itself, before any rule"),
    );
    Mistake::new(Code::NeverMatches, at, found, what).fix(Said::new(
        "bỏ quy tắc này; tên của trường ở [[local]], tên báo hiệu của trình duyệt theo [resolve] canaries",
        "remove the rule; names of the school are in [[local]], signals of browsers go by [resolve] canaries",
    ))
}
