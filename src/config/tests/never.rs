//! Rules that no query can meet, and names that are none: a mistake each, with what was likely meant.

use super::*;

fn rule(kind: &str, name: &str, more: &str) -> String {
    format!("[[school_rules.{kind}]]\nname = \"{name}\"\nreason = \"r\"\nby = \"b\"\n{more}\n")
}

fn group(name: &str, tier: &str, from: &str) -> String {
    format!("[[group]]\nname = \"{name}\"\ntier = \"{tier}\"\nfrom = [{from}]\n")
}

/// Code and suggestion of the only mistake; empty for none.
fn only(text: &str) -> (String, String) {
    let Err(report) = read(text) else { return Default::default() };
    assert_eq!(report.mistakes().len(), 1, "{text}\n{report}");
    let mistake = &report.mistakes()[0];
    (mistake.code.id().to_owned(), mistake.suggestion.clone().unwrap_or_default())
}

const NONE: [String; 0] = [];

#[test]
fn a_rule_for_what_is_no_name_is_a_mistake_with_the_name_that_was_meant() {
    for kind in ["allow", "block"] {
        for (written, code, meant) in [
            ("*.vidu2.example", "bad-name", "vidu2.example"),
            (".vidu2.example", "bad-name", "vidu2.example"),
            ("https://www.vidu.example/abc", "bad-name", "www.vidu.example"),
            ("www.vidu.example/abc?x=1", "bad-name", "www.vidu.example"),
            ("www.vidu.example:443", "bad-name", "www.vidu.example"),
            ("lan@vidu.example", "bad-name", "vidu.example"),
            ("vidu example", "bad-name", ""),
            (" vidu.example ", "bad-name", "vidu.example"),
            ("||vidu.example^", "bad-name", "vidu.example"),
            ("0.0.0.0 vidu.example", "bad-name", "vidu.example"),
            ("192.0.2.1", "bad-name", ""),
            ("192.0.2.0/24", "bad-name", ""),
            ("2001:db8::1", "bad-name", ""),
            ("vi\\u200bdu.example", "bad-name", "vidu.example"),
            ("", "bad-name", ""),
            ("vn", "public-suffix", ""),
            ("COM.", "public-suffix", ""),
            ("edu.vn", "public-suffix", ""),
            ("co.uk", "public-suffix", ""),
            ("facebook", "never-matches", "facebook.com"),
            ("abcxyz", "never-matches", ""),
            // What is written as it should be, in any case and script, and one provider's own suffix.
            ("VIDU.Example.", "", ""),
            ("tiếngviệt.example", "", ""),
            ("blogspot.com", "", ""),
        ] {
            let (found, suggestion) = only(&rule(kind, written, ""));
            assert_eq!((found.as_str(), suggestion.as_str()), (code, meant), "{kind} {written}");
        }
    }
}

#[test]
fn other_keys_that_want_a_name_say_the_same() {
    for (text, meant) in [
        ("[resolve]\nprivate_names = [\"*.truong.example\"]", "truong.example"),
        ("[resolve]\nprivate_names = [\"https://truong.example/\"]", "truong.example"),
        ("[resolve]\nnegative_anchors = [\"*.x.example until 2099-12-31\"]", "x.example"),
        ("[[resolve.forward]]\nzone = \"*.truong.example\"\nservers = [\"192.0.2.1\"]", "truong.example"),
        ("[[resolve.forward]]\nzone = \"10.0.0.0/8\"\nservers = [\"192.0.2.1\"]", "10.in-addr.arpa"),
        (
            "[[resolve.forward]]\nzone = \"192.168.1.0/24\"\nservers = [\"192.0.2.1\"]",
            "1.168.192.in-addr.arpa",
        ),
        ("[[local]]\nname = \"http://in.example/\"\ntype = \"A\"\ndata = \"10.0.0.1\"", "in.example"),
        ("[[local]]\nname = \"*.*.example\"\ntype = \"A\"\ndata = \"10.0.0.1\"", ""),
        ("[[rpz]]\nzone = \"https://rpz.example\"\nfile = \"x\"", "rpz.example"),
        (
            "[[rpz]]\nzone = \"rpz.example\"\nfile = \"x\"\npolicy = \"cname https://vuon.example/\"",
            "vuon.example",
        ),
    ] {
        assert_eq!(only(text), ("bad-name".to_owned(), meant.to_owned()), "{text}");
    }
    assert_eq!(only("[resolve]\nprivate_names = [\"com.vn\"]").0, "public-suffix");
    assert_eq!(told("[[local]]\nname = \"*.lab.example\"\ntype = \"A\"\ndata = \"10.0.0.1\""), NONE);
    assert_eq!(told("[resolve]\nprivate_names = [\"lan\", \"truong.example\"]"), NONE);
}

#[test]
fn an_ipv6_address_with_a_port_needs_brackets() {
    for (text, meant) in [
        ("[listen]\ndns = [\"::1:53\"]", "[::1]:53"),
        ("[listen]\ndns = [\"fd00:20::2:5353\"]", "[fd00:20::2]:5353"),
        ("[[resolve.forward]]\nzone = \"a.example\"\nservers = [\"2001:db8::1:53\"]", "[2001:db8::1]:53"),
        ("[[rpz]]\nzone = \"rpz.example\"\nprimaries = [\"2001:db8::1:53\"]", "[2001:db8::1]:53"),
    ] {
        assert_eq!(only(text), ("bad-address".to_owned(), meant.to_owned()), "{text}");
    }
    assert_eq!(told("[listen]\ndns = [\"[::1]:53\", \"::2\", \"2001:db8::53\"]"), NONE);
}

#[test]
fn a_block_of_what_is_always_open_is_a_mistake_and_an_allow_is_not() {
    for name in ["msftconnecttest.com", "www.msftconnecttest.com", "captive.apple.com"] {
        assert_eq!(only(&rule("block", name, "")).0, "never-matches", "{name}");
        assert_eq!(only(&rule("allow", name, "")).0, "", "{name}");
    }
    assert_eq!(told(&rule("block", "zalo.me", "")), NONE);
}

#[test]
fn a_rule_for_a_name_that_is_answered_here_is_a_mistake() {
    let local = "[[local]]\nname = \"in.truong.example\"\ntype = \"A\"\ndata = \"10.0.0.1\"\n";
    for name in ["may1.local", "x.test", "use-application-dns.net"] {
        assert_eq!(only(&rule("block", name, "")).0, "never-matches", "{name}");
    }
    // Names below a single record are not local: the rule is for them.
    assert_eq!(told(&(rule("block", "in.truong.example", "") + local)), NONE);
}

#[test]
fn a_rule_for_nobody_is_a_mistake() {
    let school =
        group("Phòng máy", "primary", "\"10.1.0.0/16\"") + &group("Khách", "guest", "\"10.2.0.0/16\"");
    for (kind, more, code) in [
        ("block", "tiers = [\"staff\"]", "never-matches"),
        ("allow", "tiers = [\"primary\"]\ngroups = [\"Khách\"]", "never-matches"),
        ("allow", "groups = [\"Khách\"]", "never-matches"),
        ("allow", "groups = [\"Khách\"]\ntiers = [\"guest\"]", ""),
        ("block", "groups = [\"Khách\"]", ""),
        ("block", "tiers = [\"primary\", \"staff\"]", ""),
    ] {
        assert_eq!(only(&(school.clone() + &rule(kind, "x.example", more))).0, code, "{kind} {more}");
    }
    // A group or tier that is written wrongly is told by itself.
    assert_eq!(
        told(&(school.clone() + &rule("block", "x.example", "groups = [\"Phong may\"]"))),
        ["13:11 unknown-group Phong may"]
    );
    let meant = only(&(school + &rule("block", "x.example", "groups = [\"phong may\"]"))).1;
    assert_eq!(meant, "Phòng máy");
}

#[test]
fn a_rule_that_another_leaves_nothing_to_decide_is_a_mistake() {
    let school = group("a", "primary", "\"10.1.0.0/16\"") + &group("b", "staff", "\"10.2.0.0/16\"");
    let (exact, children) = ("scope = \"exact\"", "scope = \"children\"");
    let two = |first: (&str, &str), second: (&str, &str)| {
        told(
            &(school.clone() + &rule(first.0, "x.example", first.1) + &rule(second.0, "x.example", second.1)),
        )
    };
    let dead = |line: u32| vec![format!("{line}:8 never-matches x.example")];
    // Allow comes before block for the same name.
    assert_eq!(two(("allow", ""), ("block", exact)), dead(15));
    assert_eq!(two(("allow", ""), ("block", "tiers = [\"primary\"]")), dead(15));
    assert_eq!(two(("allow", exact), ("block", "")), NONE);
    assert_eq!(two(("allow", "tiers = [\"staff\"]"), ("block", "")), NONE);
    assert_eq!(two(("allow", exact), ("block", children)), NONE);
    // The wider of two that say the same is enough, whatever their order.
    assert_eq!(two(("block", ""), ("block", exact)), dead(15));
    assert_eq!(two(("block", exact), ("block", "")), dead(10));
    assert_eq!(two(("block", "groups = [\"a\"]"), ("block", "tiers = [\"primary\"]")), dead(10));
    assert_eq!(two(("block", "groups = [\"a\"]"), ("block", "groups = [\"b\"]")), NONE);
    assert_eq!(two(("block", exact), ("block", children)), NONE);
    // Two exceptions together leave a block nothing.
    let three = school.clone()
        + &rule("allow", "x.example", exact)
        + &rule("allow", "x.example", children)
        + &rule("block", "x.example", "");
    assert_eq!(told(&three), dead(20));
    // Other names are other rules: the more specific one decides.
    let other = school.clone() + &rule("allow", "x.example", "") + &rule("block", "www.x.example", "");
    assert_eq!(told(&other), NONE);
    assert_eq!(two(("allow", ""), ("allow", "")), ["15:8 duplicate x.example"]);
    assert_eq!(two(("allow", ""), ("block", "")), ["15:8 contradiction x.example"]);
}

#[test]
fn a_group_whose_ranges_all_belong_to_others_is_a_mistake() {
    let halves = group("b", "primary", "\"10.1.0.0/25\"") + &group("c", "staff", "\"10.1.0.128/25\"");
    let text = |from: &str| group("a", "primary", from) + &halves;
    assert_eq!(told(&text("\"10.1.0.0/24\"")), ["2:8 never-matches a"]);
    assert_eq!(told(&text("\"10.1.0.0/23\"")), NONE);
    assert_eq!(told(&text("\"10.1.0.0/24\", \"fd00::/64\"")), NONE);
    assert_eq!(told(&group("a", "primary", "\"10.1.0.0/24\", \"10.1.0.0/25\", \"10.1.0.128/25\"")), NONE);
}

#[test]
fn an_allow_set_that_nobody_uses_is_a_mistake() {
    let list = "[[list]]\nid = \"hoc\"\nfile = \"hoc.txt\"\nkind = \"allow\"\n";
    assert_eq!(told(list), ["2:6 unused hoc"]);
    let group = group("a", "preschool", "\"10.1.0.0/16\"");
    assert_eq!(told(&(group.clone() + "allow_sets = [\"hoc\"]\n" + list)), NONE);
    assert_eq!(told(&("[policy.tier.preschool]\nallow_sets = [\"hoc\"]\n".to_owned() + list)), NONE);
    // A set that the group's mode does not look at opens nothing either.
    let filtered = group.replace("preschool", "staff") + "allow_sets = [\"hoc\"]\n" + list;
    assert_eq!(told(&filtered), ["5:15 unused hoc"]);
}
