//! Each mistake is told once, in its place.

use super::*;

/// Config, and what is told of it.
type Case = (&'static str, &'static [&'static str]);

fn check(cases: &[Case]) {
    for (text, mistakes) in cases {
        assert_eq!(told(text), *mistakes, "{text}");
    }
}

#[test]
fn keys_and_types() {
    check(&[
        ("[school]\nnam = \"x\"", &["2:1 unknown-key nam"]),
        ("[skool]\nname = \"x\"", &["1:2 unknown-key skool"]),
        ("[school]\nname = 5\nlevel = [1, \"primary\"]", &["2:8 wrong-type 5", "3:10 wrong-type 1"]),
        ("[[group]]\nname = \"x\"\nfrom = [\"10.0.0.0/8\"]", &["1:1 missing-key "]),
        ("[[group]]\nname = \"x\"\ntier = 1\nfrom = [\"10.0.0.0/8\"]", &["3:8 wrong-type 1"]),
        ("[group]\nname = \"x\"", &["1:1 wrong-type [group]"]),
        ("[[school]]\nname = \"x\"", &["1:1 wrong-type [[school]]"]),
        ("access = [[\"private\"]]", &["1:10 wrong-type [[\"private\"]]"]),
        ("resolve = { dnssec = \"yes\" }", &["1:22 wrong-type \"yes\""]),
        ("version = 2", &["1:11 out-of-range 2"]),
        ("policy.tier.primari.ttl = \"1s\"", &["1:13 unknown-key primari"]),
    ]);
}

#[test]
fn syntax() {
    check(&[
        ("[school\nname = \"x\"", &["1:8 syntax "]),
        (
            "[school]\nname = \"x\nlevel = [\"primary\"]\n[resolve]\nmod = \"x\"",
            &["2:10 syntax ", "5:1 unknown-key mod"],
        ),
        ("[school]\nname = \"a\"\nname = \"b\"", &["3:1 syntax name"]),
    ]);
}

#[test]
fn values() {
    check(&[
        ("[listen]\ndns = []", &["2:7 out-of-range "]),
        ("[listen]\ndns = [\"10.0.0.1:0\", \"x\"]", &["2:8 bad-address 10.0.0.1:0", "2:22 bad-address x"]),
        ("[listen]\ndns = [\"10.0.0.1\", \"10.0.0.1:53\"]", &["2:20 duplicate 10.0.0.1:53"]),
        ("[listen]\ntcp_idle = \"10\"", &["2:12 bad-duration 10"]),
        ("[listen]\ntcp_idle = \"10d\"", &["2:12 out-of-range 10d"]),
        ("[listen]\nunprivileged_port = 70000", &["2:21 out-of-range 70000"]),
        ("[resolve]\ncache = \"64\"", &["2:9 bad-size 64"]),
        ("[resolve]\nmode = \"recursiv\"", &["2:8 unknown-value recursiv"]),
        ("[access]\nallow = [\"privat\"]", &["2:10 bad-range privat"]),
        ("[access]\nallow = [\"0.0.0.0/0\"]", &["2:10 open-resolver 0.0.0.0/0"]),
        ("[access]\nallow = [\"10.1.2.3/8\"]", &["2:10 host-bits 10.1.2.3/8"]),
        (
            "[access]\nrefuse = \"dropp\"\nrate = 200000",
            &["2:10 unknown-value dropp", "3:8 out-of-range 200000"],
        ),
        ("[listen]\nin_flight_per_client = 0", &["2:24 out-of-range 0"]),
        ("[school]\ntime_zone = \"Asia/Hanoi\"", &["2:13 unknown-value Asia/Hanoi"]),
        ("[school]\nlanguage = \"tiếng Việt\"", &["2:12 unknown-value tiếng Việt"]),
        ("[school]\nlevel = [\"staff\"]", &["2:10 unknown-value staff"]),
        ("[journal]\nkeep_hours = \"10d\"", &["2:14 contradiction 10d"]),
        (
            "[journal]\ndevice = \"adress\"\nsize_cap = \"1 KiB\"",
            &["2:10 unknown-value adress", "3:12 out-of-range 1 KiB"],
        ),
    ]);
}

#[test]
fn resolution() {
    check(&[
        ("[resolve]\nmode = \"forward\"", &["2:8 contradiction forward"]),
        ("[[resolve.forward]]\nzone = \".\"\nservers = [\"192.0.2.1\"]", &["2:8 contradiction ."]),
        ("[[resolve.forward]]\nzone = \"a..b\"\nservers = []", &["2:8 bad-name a..b", "3:11 out-of-range "]),
        ("[[resolve.forward]]\nzone = \"a\"\nservers = [\"dns.example\"]", &["3:12 bad-address dns.example"]),
        ("[[resolve.forward]]\nzone = \"a\"\nservers = [\"127.0.0.1\"]", &["3:12 contradiction 127.0.0.1"]),
        (
            "[[resolve.forward]]\nzone = \"a\"\nservers = [\"192.0.2.1\"]\n[[resolve.forward]]\nzone = \"A.\"\nservers = [\"192.0.2.1\"]",
            &["5:8 duplicate A."],
        ),
        (
            "[resolve]\nprivate_names = [\"a..b\", \"plex.direct\", \"Plex.direct.\"]",
            &["2:18 bad-name a..b", "2:41 duplicate Plex.direct."],
        ),
        (
            "[resolve]\npublic_zones = [\"onion\", \"10.in-addr.arpa\", \"x\"]",
            &["2:17 unknown-value onion", "2:45 unknown-value x"],
        ),
        ("[resolve]\ndns64 = \"64:ff9b::/95\"", &["2:9 bad-range 64:ff9b::/95"]),
        ("[resolve]\ndns64 = \"on\"", &["2:9 bad-range on"]),
        ("[resolve]\nroot_hints = \"absent\"", &["2:14 unreadable absent"]),
        ("[resolve]\nca_file = \"absent\"", &["2:11 unreadable absent"]),
    ]);
}

#[test]
fn local_records() {
    let record = |name: &str, rtype: &str, data: &str| {
        format!("[[local]]\nname = \"{name}\"\ntype = \"{rtype}\"\ndata = \"{data}\"\n")
    };
    assert_eq!(told(&record("a.example", "A", "192.0.2.256")), ["4:8 bad-record 192.0.2.256"]);
    assert_eq!(told(&record("a.example", "AAA", "::1")), ["3:8 unknown-value AAA"]);
    assert_eq!(told(&record("a..example", "A", "192.0.2.1")), ["2:8 bad-name a..example"]);
    let twice = record("a.example", "CNAME", "b.example") + &record("A.example.", "A", "192.0.2.1");
    assert_eq!(told(&twice), ["6:8 contradiction A.example."]);
    check(&[
        ("[[local]]\ntype = \"A\"", &["1:1 either-or "]),
        ("[[local]]\nname = \"a\"\nzone = \"b\"", &["1:1 either-or name, zone"]),
        ("[[local]]\nname = \"a\"\ntype = \"A\"", &["1:1 missing-key "]),
        ("[[local]]\nzone = \"a\"\nfile = \"absent\"", &["3:8 unreadable absent"]),
        ("[[local]]\nzone = \"a\"\nttl = \"1h\"", &["1:1 missing-key ", "3:7 contradiction ttl"]),
    ]);
}

#[test]
fn policy_zones() {
    let zone = |lines: &str| format!("[[rpz]]\nzone = \"rpz.example\"\n{lines}");
    let of_file = |lines: &str| told(&zone(&format!("file = \"x.zone\"\n{lines}")));
    let of_primaries = |lines: &str| told(&zone(&format!("primaries = [\"192.0.2.1\"]\n{lines}")));
    check(&[
        ("[[rpz]]", &["1:1 missing-key ", "1:1 either-or "]),
        ("[[rpz]]\nzone = \"a..b\"\nfile = \"x\"", &["2:8 bad-name a..b"]),
        ("[[rpz]]\nzone = \".\"\nfile = \"x\"", &["2:8 bad-name ."]),
        ("[[rpz]]\nzone = \"a\"\nfile = \"x\"\nprimaries = []", &["1:1 either-or file, primaries"]),
        ("[[rpz]]\nzone = \"a\"\nprimaries = []", &["3:13 out-of-range "]),
        (
            "[[rpz]]\nzone = \"a\"\nprimaries = [\"ns.example\", \"192.0.2.1:0\", \"192.0.2.1\", \"192.0.2.1:53\", \"127.0.0.1\"]",
            &[
                "3:14 bad-address ns.example",
                "3:28 bad-address 192.0.2.1:0",
                "3:56 duplicate 192.0.2.1:53",
                "3:72 contradiction 127.0.0.1",
            ],
        ),
        (
            "[[rpz]]\nzone = \"a\"\nfile = \"x\"\n[[rpz]]\nzone = \"A.\"\nfile = \"y\"\nenabled = false",
            &["5:8 duplicate a"],
        ),
    ]);
    assert_eq!(of_file("policy = \"nxdomian\""), ["4:10 unknown-value nxdomian"]);
    assert_eq!(of_file("policy = \"cname a..b\""), ["4:10 bad-name a..b"]);
    assert_eq!(
        of_file("groups = [\"x\"]\ntiers = [\"primry\"]"),
        ["4:11 unknown-group x", "5:10 unknown-value primry"]
    );
    assert_eq!(of_file("break_dnssec = 1"), ["4:16 wrong-type 1"]);
    assert_eq!(of_file("tsig = { name = \"k\", secret_file = \"absent\" }").len(), 2);
    assert_eq!(of_primaries("tsig = { name = \"k\" }"), ["4:8 missing-key "]);
    assert_eq!(
        of_primaries("tsig = { name = \"k\", algorithm = \"hmac-md5\", secret_file = \"absent\" }"),
        ["4:34 unknown-value hmac-md5", "4:60 unreadable absent"]
    );
    // A file of this folder that holds no secret.
    let found = of_primaries("tsig = { name = \"k\", secret_file = \"../MISTAKES.md\" }");
    assert_eq!(found, ["4:36 unusable ../MISTAKES.md"]);
    for policy in
        ["given", "disabled", "passthru", "drop", "nodata", "nxdomain", "tcp-only", "cname a.example"]
    {
        assert_eq!(of_file(&format!("policy = \"{policy}\"")), [] as [String; 0], "{policy}");
    }
    let many: String =
        (0..65).map(|number| format!("[[rpz]]\nzone = \"z{number}\"\nfile = \"x\"\n")).collect();
    assert_eq!(told(&many), ["193:1 out-of-range "]);
}

#[test]
fn groups() {
    let group = |name: &str, tier: &str, from: &str| {
        format!("[[group]]\nname = \"{name}\"\ntier = \"{tier}\"\nfrom = [{from}]\n")
    };
    let two = |a: String, b: String| told(&(a + &b));
    let a = || group("a", "primary", "\"10.1.0.0/16\"");
    assert_eq!(two(a(), group("b", "primary", "\"10.1.0.0/24\"")), [] as [String; 0]);
    assert_eq!(two(a(), group("b", "primary", "\"10.1.0.0/16\"")), ["8:9 overlap 10.1.0.0/16"]);
    assert_eq!(two(a(), group("a", "primary", "\"10.2.0.0/16\"")), ["6:8 duplicate a"]);
    assert_eq!(
        told(&group("a", "primary", "\"10.1.0.0/16\", \"10.1.0.0/16\"")),
        ["4:24 duplicate 10.1.0.0/16"]
    );
    assert_eq!(told(&group("a", "primary", "")), ["4:8 out-of-range "]);
    assert_eq!(
        told(&group("a", "thcs", "\"10.1.2.0/16\"")),
        ["3:8 unknown-value thcs", "4:9 host-bits 10.1.2.0/16"]
    );
    assert_eq!(told(&group("a", "staff", "\"203.0.113.0/24\"")), ["4:9 contradiction 203.0.113.0/24"]);
    assert_eq!(told(&group("không rõ", "staff", "\"10.1.0.0/16\"")), ["2:8 duplicate không rõ"]);
    assert_eq!(
        told(&(group("a", "primary", "\"10.1.0.0/16\"") + "mode = \"allow-only\"\n")),
        ["5:8 no-allow-set allow-only"]
    );
    assert_eq!(
        told(
            &(group("a", "primary", "\"10.1.0.0/16\"")
                + "mode = \"allow-only\"\nallow_sets = [\"lerning\"]\n")
        ),
        ["6:15 unknown-allow-set lerning"]
    );
    assert_eq!(
        told(&("[school]\nlevel = [\"primary\", \"lower_secondary\"]\n".to_owned() + &a())),
        ["2:21 tier-without-group lower_secondary"]
    );
}

#[test]
fn lists() {
    check(&[
        ("[[list]]\nsource = \"hostvn-gambling\"", &["2:10 unknown-source hostvn-gambling"]),
        ("[[list]]\ncategory = \"adult\"", &["1:1 either-or "]),
        (
            "[[list]]\nid = \"a\"\nurl = \"https://a.example/l\"\nfile = \"x\"\ncategory = \"adult\"",
            &["1:1 either-or url, file"],
        ),
        (
            "[[list]]\nid = \"a\"\nurl = \"http://a.example/l\"\ncategory = \"adult\"",
            &["3:7 bad-url http://a.example/l"],
        ),
        (
            "[[list]]\nid = \"a\"\nurl = \"ftp://a.example/l\"\ninsecure = true\ncategory = \"adult\"",
            &["3:7 bad-url ftp://a.example/l"],
        ),
        (
            "[[list]]\nid = \"a\"\nurl = \"http://127.0.0.1.evil.example/l\"\ncategory = \"adult\"",
            &["3:7 bad-url http://127.0.0.1.evil.example/l"],
        ),
        ("[[list]]\nid = \"a\"\nurl = \"http://a.example/l\"\ninsecure = true\ncategory = \"adult\"", &[]),
        ("[[list]]\nid = \"a\"\nurl = \"http://[::1]:8080/l\"\ncategory = \"adult\"", &[]),
        ("[[list]]\nid = \"a\"\nurl = \"https://me:secret@a.example:8443/l?k=1\"\ncategory = \"adult\"", &[]),
        (
            "[[list]]\nid = \"a\"\nfile = \"x\"\ninsecure = true\ncategory = \"adult\"",
            &["4:12 contradiction insecure"],
        ),
        ("[lists]\nca_file = \"absent\"", &["2:11 unreadable absent"]),
        (
            "[[list]]\nid = \"a\"\nurl = \"https://a.example/l\"\ncategory = \"adlt\"",
            &["4:12 unknown-value adlt"],
        ),
        ("[[list]]\nid = \"a\"\nurl = \"https://a.example/l\"", &["1:1 missing-key "]),
        ("[[list]]\nurl = \"https://a.example/l\"\ncategory = \"ads\"", &["1:1 missing-key "]),
        (
            "[[list]]\nid = \"starter-x\"\nurl = \"https://a.example/l\"\ncategory = \"ads\"",
            &["2:6 bad-name starter-x"],
        ),
        (
            "[[list]]\nid = \"a\"\nurl = \"https://a.example/l\"\ncategory = \"csam\"",
            &["4:12 sealed-category csam"],
        ),
        (
            "[[list]]\nid = \"a\"\nurl = \"https://a.example/l\"\ncategory = \"ads\"\nevery = \"0s\"",
            &["5:9 out-of-range 0s"],
        ),
        (
            "[[list]]\nid = \"a\"\nurl = \"https://a.example/l\"\ncategory = \"malware\"\nfold_www = true",
            &["5:12 contradiction fold_www"],
        ),
        (
            "[[list]]\nid = \"a\"\nurl = \"https://a.example/l\"\nkind = \"allow\"\ncategory = \"ads\"",
            &["5:12 contradiction category"],
        ),
        (
            "[[list]]\nsource = \"hostsvn-ads\"\n[[list]]\nsource = \"hostsvn-ads\"",
            &["4:10 duplicate hostsvn-ads"],
        ),
        ("[[list]]\nsource = \"hostsvn-ads\"\nformat = \"host\"", &["3:10 unknown-value host"]),
    ]);
}

#[test]
fn policy() {
    check(&[
        ("[policy.tier.primary]\nblocked = [\"adult\", \"gambling\"]", &["2:11 laxer-than-older "]),
        ("[policy.tier.primary]\nmode = \"open\"", &["2:8 laxer-than-older "]),
        (
            "[policy.tier.staff]\nblocked = [\"adut\", \"adult\", \"adult\"]",
            &["2:12 unknown-value adut", "2:29 duplicate adult"],
        ),
        ("[policy.tier.staff]\nanswer = \"page\"", &["2:10 contradiction page"]),
        ("[policy.tier.staff]\npage = [\"192.0.2.1\"]", &["2:8 contradiction page"]),
        ("[policy.tier.staff]\nanswer = \"page\"\npage = [\"x\"]", &["3:9 bad-address x"]),
        ("[policy.tier.preschool]\nmode = \"allow-only\"\nallow_sets = []", &["2:8 no-allow-set allow-only"]),
        ("[policy.tier.preschool]\nallow_sets = []", &["2:14 no-allow-set allow-only"]),
        ("[policy]\nunknown = \"gest\"", &["2:11 unknown-value gest"]),
        ("[policy]\nfile = \"absent.toml\"", &["2:8 unreadable absent.toml"]),
    ]);
    let meant = "[policy.tier.upper_secondary]\nblocked = [\"adult\", \"sexed\"]\n";
    assert_eq!(told(meant), ["2:11 laxer-than-older "; 3], "{:?}", told(meant));
}

#[test]
fn a_younger_tier_may_be_laxer_where_it_is_said() {
    let text = "[policy.tier.upper_secondary]\nblocked = [\"adult\", \"shop\"]\n[policy.tier.lower_secondary]\nblocked = [\"adult\"]\n";
    assert_eq!(told(text), ["4:11 laxer-than-older "]);
    assert_eq!(told(&(text.to_owned() + "laxer_than_older = [\"shop\"]\n")), [] as [String; 0]);
}

#[test]
fn school_rules() {
    let rule = |kind: &str, more: &str| {
        format!("[[school_rules.{kind}]]\nname = \"x.example\"\nreason = \"r\"\nby = \"b\"\n{more}\n")
    };
    assert_eq!(told(&(rule("allow", "") + &rule("block", ""))), ["7:8 contradiction x.example"]);
    assert_eq!(told(&(rule("allow", "") + &rule("allow", ""))), ["7:8 duplicate x.example"]);
    assert_eq!(told(&(rule("allow", "scope = \"exact\"") + &rule("block", ""))), [] as [String; 0]);
    assert_eq!(told(&rule("allow", "groups = [\"x\"]")), ["5:11 unknown-group x"]);
    assert_eq!(
        told(&rule("allow", "tiers = [\"primry\"]\nscope = \"all\"")),
        ["5:10 unknown-value primry", "6:9 unknown-value all"]
    );
    check(&[
        ("[[school_rules.block]]\nname = \".\"\nreason = \"r\"\nby = \"b\"", &["2:8 bad-name ."]),
        ("[[school_rules.block]]\nname = \"x.example\"\nreason = \"\"\nby = \"b\"", &["3:10 out-of-range "]),
        ("[[school_rules.block]]\nname = \"x.example\"", &["1:1 missing-key ", "1:1 missing-key "]),
    ]);
}

#[test]
fn all_that_is_wrong_in_one_entry_is_told_at_once() {
    check(&[(
        "[[school_rules.block]]\nname = \"https://x.example/\"\ntiers = [\"primry\"]\ngroups = [\"y\"]\nscope = \"all\"\nreason = \" \"",
        &[
            "1:1 missing-key ",
            "2:8 bad-name https://x.example/",
            "3:10 unknown-value primry",
            "4:11 unknown-group y",
            "5:9 unknown-value all",
            "6:10 out-of-range ",
        ],
    )]);
    assert_eq!(
        told("[[group]]\nmode = \"filtr\""),
        ["1:1 missing-key ", "1:1 missing-key ", "1:1 missing-key ", "2:8 unknown-value filtr"]
    );
    check(&[
        ("[[resolve.forward]]\ndnssec = 1", &["1:1 missing-key ", "1:1 missing-key ", "2:10 wrong-type 1"]),
        ("[[local]]\nname = \"a..b\"", &["1:1 missing-key ", "1:1 missing-key "]),
        (
            "[[list]]\nsource = \"hostsvn-gambing\"\ncategory = \"gamblin\"\nevery = \"1\"\nformat = \"host\"",
            &[
                "2:10 unknown-source hostsvn-gambing",
                "3:12 unknown-value gamblin",
                "4:9 bad-duration 1",
                "5:10 unknown-value host",
            ],
        ),
        (
            "[[list]]\nid = \"a\"\nfile = \"x\"\nkind = \"alow\"\ncategory = \"gamblin\"",
            &["4:8 unknown-value alow", "5:12 unknown-value gamblin"],
        ),
    ]);
}

#[test]
fn what_only_follows_from_another_mistake_is_not_told() {
    check(&[
        // A misspelt key is not missing too.
        ("[[group]]\nnam = \"x\"\ntier = \"primary\"\nfrom = [\"10.0.0.0/8\"]", &["2:1 unknown-key nam"]),
        ("[[list]]\nsorce = \"hostsvn-ads\"", &["2:1 unknown-key sorce"]),
        ("[[list]]\nsource = 5", &["2:10 wrong-type 5"]),
        // A list of the wrong type, or with a value of the wrong type, is not empty too.
        (
            "[[group]]\nname = \"x\"\ntier = \"primary\"\nfrom = \"10.0.0.0/8\"",
            &["4:8 wrong-type \"10.0.0.0/8\""],
        ),
        ("[[group]]\nname = \"x\"\ntier = \"primary\"\nfrom = [10]", &["4:9 wrong-type 10"]),
        ("[listen]\ndns = [53]", &["2:8 wrong-type 53"]),
        ("[[resolve.forward]]\nzone = \"a\"\nservers = 1", &["3:11 wrong-type 1"]),
        // But what is missing besides is told.
        ("[[group]]\nnam = \"x\"\nfrom = [\"10.0.0.0/8\"]", &["1:1 missing-key ", "2:1 unknown-key nam"]),
        // A level is not without a group because its group cannot be read.
        (
            "[school]\nlevel = [\"primary\"]\n[[group]]\nname = \"x\"\ntier = \"primry\"\nfrom = [\"10.0.0.0/8\"]",
            &["5:8 unknown-value primry"],
        ),
        // A rule's group is there, only its tier is not.
        (
            "[[group]]\nname = \"x\"\ntier = \"primry\"\nfrom = [\"10.0.0.0/8\"]\n[[school_rules.allow]]\nname = \"a.example\"\nreason = \"r\"\nby = \"b\"\ngroups = [\"x\"]",
            &["3:8 unknown-value primry"],
        ),
        // An array without its end swallows what follows, once.
        (
            "[listen]\ndns = [\"0.0.0.0:53\"\n[[list]]\nsource = \"x\"\n[journal]\ndevise = 1",
            &["3:1 syntax "],
        ),
    ]);
}
