//! What a profile makes of a list, and what it may not.

use super::torture::spec;
use crate::i18n::Lang;
use crate::lists::account::Reason;
use crate::lists::format::Format;
use crate::lists::protected::Protected;
use crate::lists::read::{Reading, read, read_file, survey};
use crate::lists::reason::{Ignored, Refusal};
use crate::lists::spec::{FormatChoice, ListSpec, Matching, Profile, SourceSpec};
use crate::model::category::Category;
use crate::model::rule::{ListKind, Rule, RuleAction};

fn shown(rule: &Rule) -> String {
    let mark = match rule.action {
        RuleAction::Block => "",
        RuleAction::BlockImportant => "!",
        RuleAction::Except => "@",
        RuleAction::Spare => "-",
    };
    format!("{}{} {} :{}", mark, rule.scope.id(), rule.name, rule.line)
}

fn rules_of(text: &str, spec: &ListSpec) -> (Vec<String>, Reading) {
    let (rules, reading) = read(text.as_bytes(), spec, &Protected::embedded());
    assert!(reading.account.adds_up());
    (rules.iter().map(shown).collect(), reading)
}

fn rules(text: &str, category: Category, profile: Profile) -> Vec<String> {
    rules_of(text, &spec(category, profile)).0
}

#[test]
fn what_we_ship_as_good_is_open_to_threat_lists_alone_and_popular_names_are_held_back() {
    let protected = Protected::embedded();
    let taken = |category: Category, source: SourceSpec, name: &str| {
        let spec = ListSpec { source, ..spec(category, Profile::default()) };
        let reading = survey(name.as_bytes(), &spec, &protected);
        let reasons: Vec<&str> = reading.account.reasons().map(|(reason, _)| reason.id()).collect();
        if reading.account.taken == 1 { "taken".to_owned() } else { reasons.join(" ") }
    };
    let web = || SourceSpec::Url("https://lists.example/".into());
    for (category, source, name, told) in [
        (Category::Games, web(), "10fastfingers.com", "protected"),
        (Category::Malware, web(), "10fastfingers.com", "taken"),
        (Category::Adult, web(), "www.plannedparenthood.org", "protected"),
        (Category::Edugames, web(), "10fastfingers.com", "taken"),
        (Category::Adult, web(), "kinopoisk.ru", "popular"),
        (Category::Adult, web(), "www.kinopoisk.ru", "popular"),
        // Below it there may be anything; a school means what it writes; in mild categories it may be.
        (Category::Malware, web(), "x.kinopoisk.ru", "taken"),
        (Category::Adult, SourceSpec::File("own.txt".into()), "kinopoisk.ru", "taken"),
        (Category::Video, web(), "kinopoisk.ru", "taken"),
    ] {
        assert_eq!(taken(category, source, name), told, "{category:?} {name}");
    }
}

#[test]
fn a_profile_promotes_what_the_format_says_to_subtrees() {
    let text = "0.0.0.0 a.example\n0.0.0.0 *.b.example\n0.0.0.0 x.a.example\n";
    assert_eq!(
        rules(text, Category::Games, Profile::default()),
        ["exact a.example :1", "children b.example :2", "exact x.a.example :3"]
    );
    let promoted = Profile { matching: Matching::Subtree, ..Profile::default() };
    assert_eq!(rules(text, Category::Games, promoted), ["subtree a.example :1", "subtree b.example :2"]);
}

#[test]
fn www_is_folded_unless_what_is_left_may_not_stand_in_a_list() {
    let fold = Profile { fold_www: true, ..Profile::default() };
    let text = "www.a.example\nwww.com.vn\nwww.blogspot.com\nwww.cloudfront.net\nwww.example\nwww.a.example\na.example\n";
    let (rules, reading) = rules_of(text, &spec(Category::Adult, fold));
    assert_eq!(
        rules,
        [
            "subtree a.example :1",
            "subtree www.com.vn :2",
            "subtree www.blogspot.com :3",
            "subtree www.cloudfront.net :4",
            "subtree www.example :5"
        ]
    );
    assert_eq!(reading.account.folded, 2);
    assert_eq!(reading.account.ignored(Ignored::Duplicate), 2);
    // A hosts line is about one name: the site and its `www.` are both meant.
    let (rules, reading) = rules_of("0.0.0.0 www.a.example\n", &spec(Category::Adult, fold));
    assert_eq!(rules, ["exact a.example :1", "exact www.a.example :1"]);
    assert_eq!((reading.account.lines, reading.account.extra), (1, 1));
}

#[test]
fn suffixes_are_taken_only_where_the_profile_says_so() {
    let text = "duckdns.org\nco.uk\nde\nintranet\n";
    let private = Profile { private_suffixes: true, ..Profile::default() };
    let tld = Profile { tld: true, ..Profile::default() };
    assert_eq!(rules(text, Category::Ddns, Profile::default()), [] as [&str; 0]);
    assert_eq!(rules(text, Category::Ddns, private), ["subtree duckdns.org :1"]);
    assert_eq!(
        rules(text, Category::Ddns, tld),
        ["subtree co.uk :2", "subtree de :3", "subtree intranet :4"]
    );
}

#[test]
fn protected_names_are_refused_but_threat_lists_may_name_hacked_schools() {
    let text = "moet.gov.vn\nx.moet.gov.vn\nhacked.edu.vn\ncloudfront.net\nd1.cloudfront.net\ngoogle.com.evil.example\n";
    assert_eq!(
        rules(text, Category::Ads, Profile::default()),
        ["subtree d1.cloudfront.net :5", "subtree google.com.evil.example :6"]
    );
    assert_eq!(
        rules(text, Category::Phishing, Profile::default()),
        ["subtree hacked.edu.vn :3", "subtree d1.cloudfront.net :5", "subtree google.com.evil.example :6"]
    );
    let allow = ListSpec { kind: ListKind::Allow, ..spec(Category::Ads, Profile::default()) };
    assert_eq!(rules_of(text, &allow).0.len(), 4, "an allow set may name them; two lie below others");
}

#[test]
fn exceptions_and_importance_keep_their_actions_and_the_switched_off_are_gone() {
    let text = "||a.example^\n@@||b.a.example^\n||c.example^$important\n||c.b.a.example^\n||x.a.example^\n||d.example^\n||d.example^$badfilter\n||e.d.example^\n";
    let (rules, reading) = rules_of(text, &spec(Category::Ads, Profile::default()));
    assert_eq!(
        rules,
        [
            "subtree a.example :1",
            "@subtree b.a.example :2",
            "!subtree c.example :3",
            "subtree c.b.a.example :4",
            "subtree e.d.example :8"
        ]
    );
    let account = &reading.account;
    assert_eq!((account.taken, account.excepted), (4, 1));
    assert_eq!((account.ignored(Ignored::Disabled), account.ignored(Ignored::BadFilter)), (1, 1));
    assert_eq!(account.ignored(Ignored::Subsumed), 1);
}

#[test]
fn a_badfilter_with_options_does_not_open_what_the_plain_rule_blocks() {
    for (text, open) in [
        ("||ads.example^\n||ads.example^$third-party,badfilter\n", false),
        ("||ads.example^\n||ads.example^$badfilter\n", true),
        ("||ads.example^$third-party\n||ads.example^$document,badfilter\n", false),
        ("||ads.example/*\n", false),
        ("||ads.example/\n", false),
        ("||ads.example/banner\n", true),
    ] {
        let profile = Profile { page_options: true, ..Profile::default() };
        let (rules, _) = read(text.as_bytes(), &spec(Category::Ads, profile), &Protected::none());
        assert_eq!(rules.is_empty(), open, "{text:?}");
    }
}

#[test]
fn lists_of_v2fly_are_read_with_their_kinds_and_attributes() {
    let text =
        "domain:a.example\nfull:b.example @ads\nplain.example\nkeyword:porn\nregexp:^x.*$\ninclude:other\n";
    let (rules, reading) =
        read(text.as_bytes(), &spec(Category::Ads, Profile::default()), &Protected::none());
    let told: Vec<String> = rules.iter().map(|rule| format!("{} {}", rule.scope.id(), rule.name)).collect();
    assert_eq!(told, ["subtree a.example", "exact b.example", "subtree plain.example"]);
    assert_eq!(reading.account.refused(Refusal::Regex), 2);
    assert_eq!(reading.account.refused(Refusal::Directive), 1);
}

#[test]
fn a_badfilter_before_its_rule_switches_it_off_too() {
    let text = "||apple.example^$badfilter\n||apple.example^\n||pear.example^\n";
    assert_eq!(rules(text, Category::Ads, Profile::default()), ["subtree pear.example :3"]);
}

#[test]
fn a_page_stands_for_its_name_only_where_the_profile_says_so() {
    let text = "http://a.example/x\nhttps://b.example/\nftp://c.example\nhttp://zalo.me/1234\n";
    assert_eq!(
        rules(text, Category::Phishing, Profile::default()),
        ["subtree b.example :2", "subtree c.example :3"]
    );
    let urls = Profile { urls: true, ..Profile::default() };
    assert_eq!(
        rules(text, Category::Phishing, urls),
        ["subtree a.example :1", "subtree b.example :2", "subtree c.example :3"]
    );
}

#[test]
fn what_adguard_knows_and_dns_cannot_honour_is_not_reduced() {
    let text = "||s.lazada.example^$popup,domain=x.example\n||news.example$csp=x\n|start.example\n|exact.example^\n||a.example^*\n";
    assert_eq!(
        rules(text, Category::Ads, Profile::default()),
        ["exact exact.example :4", "subtree a.example :5"]
    );
}

#[test]
fn samples_tell_line_and_text() {
    let (_, reading) = rules_of("a.example\nbad..name\n", &spec(Category::Games, Profile::default()));
    let sample = &reading.account.samples[0];
    assert_eq!((sample.line, sample.text.as_str()), (2, "bad..name"));
    assert_eq!(sample.reason, Reason::Refused(Refusal::EmptyLabel));
    assert_eq!(sample.reason.message().text(Lang::Vi), "nhãn rỗng");
    assert_eq!(sample.reason.message().text(Lang::En), "empty label");
}

#[test]
fn a_named_format_is_not_questioned() {
    let named =
        ListSpec { format: FormatChoice::Named(Format::Hosts), ..spec(Category::Games, Profile::default()) };
    let (rules, reading) = rules_of("a.example\n||b.example^\n", &named);
    assert_eq!(rules, ["exact a.example :1"]);
    assert_eq!(reading.why_format.message().text(Lang::Vi), "định dạng hosts: do cấu hình chỉ định");
}

#[test]
fn lines_and_texts_at_their_bounds() {
    let (rules, reading) = rules_of(
        &format!("{}\n{}\n", "#".repeat(16_384), "#".repeat(16_385)),
        &spec(Category::Games, Profile::default()),
    );
    assert!(rules.is_empty());
    assert_eq!(
        (reading.account.ignored(Ignored::Comment), reading.account.refused(Refusal::LongLine)),
        (1, 1)
    );
    let two = Profile { max_names: 2, ..Profile::default() };
    let (rules, reading) =
        rules_of("a.example\nb.example\na.example\nc.example\n", &spec(Category::Games, two));
    assert_eq!(rules, ["subtree a.example :1", "subtree b.example :2"]);
    let account = &reading.account;
    assert_eq!((account.refused(Refusal::TooMany), account.ignored(Ignored::Duplicate)), (1, 1));
}

#[test]
fn a_list_of_nothing_but_wildcards_covers_the_names_themselves() {
    let only = "# Syntax: Domains Wildcard\n*.a.example\n*.b.example\n";
    let (rules, reading) = rules_of(only, &spec(Category::Games, Profile::default()));
    assert_eq!(rules, ["subtree a.example :2", "subtree b.example :3"]);
    assert!(reading.wildcards_cover_names);
    // Where names and `*.` stand side by side, each means what it says.
    for mixed in ["*.a.example\n*.b.example\nc.example\n", "*.a.example\n*.b.example\n=c.example\n"] {
        let (rules, reading) = rules_of(mixed, &spec(Category::Games, Profile::default()));
        assert_eq!(rules[0], "children a.example :1", "{mixed}");
        assert!(!reading.wildcards_cover_names, "{mixed}");
    }
    let zone = "$TTL 60\n@ SOA a. b. 1 1 1 1 1\n*.a.example CNAME .\n*.b.example CNAME .\n";
    let (rules, _) = rules_of(zone, &spec(Category::Games, Profile::default()));
    assert_eq!(rules, ["children a.example :3", "children b.example :4"]);
}

#[test]
fn a_text_of_an_old_editor_is_read_line_by_line() {
    let (rules, reading) =
        rules_of("a.example\rb.example\r# c\r", &spec(Category::Games, Profile::default()));
    assert_eq!(rules, ["subtree a.example :1", "subtree b.example :2"]);
    assert_eq!(reading.account.lines, 3);
    let (rules, _) =
        rules_of("\u{feff}a.example\r\nb.example\r\n", &spec(Category::Games, Profile::default()));
    assert_eq!(rules, ["subtree a.example :1", "subtree b.example :2"]);
}

#[test]
fn a_list_in_a_file_is_read_as_the_same_list_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.txt");
    // Some 17 MB of rules: more than is held, so runs are merged.
    let mut text = String::new();
    for number in 0..330_000u32 {
        let mixed = number.wrapping_mul(2_654_435_761) % 330_000;
        text += &format!("n{}.{}.example\n", mixed % 7, mixed / 7);
        if number % 1000 == 0 {
            text += &format!("{}.example\nbad..name\n", mixed / 7);
        }
    }
    std::fs::write(&path, &text).unwrap();
    let (spec, protected) = (spec(Category::Games, Profile::default()), Protected::none());
    let (mut rules, reading) = read(text.as_bytes(), &spec, &protected);
    let file = std::fs::File::open(&path).unwrap();
    let mut from_file = Vec::new();
    let of_file = read_file(&file, &spec, &protected, folder.path(), &mut |rule| {
        from_file.push(Rule {
            name: rule.name.to_owned(),
            scope: rule.scope,
            action: rule.action,
            line: rule.line,
        });
    })
    .unwrap();
    assert_eq!(of_file.account, reading.account);
    from_file.sort_by_key(|rule| rule.line);
    rules.sort_by_key(|rule| rule.line);
    assert!(from_file == rules, "the same rules");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}
