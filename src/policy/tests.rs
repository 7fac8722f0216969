//! The order of the layers (`docs/policy.md`), as a school sees it.

use std::net::IpAddr;

use proptest::prelude::*;

use super::decide::{decide, decide_link, may_close, open_categories};
use super::lint::laxer;
use super::school::SchoolAction;
use super::*;
use crate::dns::name::OwnedName;
use crate::dns::suffixes::Suffixes;
use crate::model::category::Category;
use crate::model::matched::Matched;
use crate::model::rule::{Protection, Scope};
use crate::model::verdict::{AllowReason, Layer, Verdict};

const KEY: HashKey = HashKey([9; 16]);

fn set(categories: &[Category]) -> CategorySet {
    categories.iter().copied().collect()
}

fn tier(blocked: &[Category]) -> TierSettings {
    TierSettings {
        mode: Mode::Filter,
        blocked: set(blocked),
        locked: CategorySet::EMPTY,
        allow_sets: vec![],
        style: AnswerStyle::Null,
        ttl: 30,
        clones: Clones::default(),
        laxer_than_older: CategorySet::EMPTY,
        services: vec![],
        laxer_services: vec![],
    }
}

fn zalo() -> ServiceId {
    ServiceId::from_word("zalo").unwrap()
}

struct School(Settings);

impl School {
    fn new() -> Self {
        use Category::*;
        let mut tiers = [
            tier(&[Adult, Gambling, Games, Ads]),
            tier(&[Adult, Gambling, Games, Ads]),
            tier(&[Adult, Gambling, Ads]),
            tier(&[Adult, Gambling]),
            tier(&[Adult]),
            tier(&[Adult, Gambling, Ads]),
            tier(&[Adult, Gambling, Ads]),
        ];
        tiers[0].mode = Mode::AllowOnly;
        tiers[0].services = vec![zalo()];
        tiers[0].allow_sets = vec!["learning".into()];
        let groups = Tier::ALL
            .iter()
            .map(|tier| GroupSettings {
                name: tier.vi().into(),
                tier: *tier,
                from: vec![format!("10.{}.0.0/16", tier.index()).parse().unwrap()],
                mode: None,
                allow_sets: vec![],
            })
            .collect();
        let name = OwnedName::parse("zalo.example").unwrap();
        let service_names = vec![ServiceName { service: zalo(), name, scope: Scope::Subtree, line: 1 }];
        Self(Settings { tiers, groups, unknown: None, school_rules: vec![], service_names })
    }

    fn rule(mut self, name: &str, action: SchoolAction) -> Self {
        self.0.school_rules.push(SchoolRule {
            name: OwnedName::parse(name).unwrap(),
            scope: Scope::Subtree,
            action,
            tiers: vec![],
            groups: vec![],
            reason: "test".into(),
            by: "test".into(),
        });
        self
    }

    fn lock(mut self, category: Category) -> Self {
        for tier in &mut self.0.tiers {
            tier.locked = tier.locked.union(CategorySet::of(category));
        }
        self
    }

    fn mode(mut self, tier: Tier, mode: Mode) -> Self {
        self.0.tiers[tier.index()].mode = mode;
        self
    }

    fn policy(&self) -> Policy {
        Policy::build(&self.0, KEY, |set| (set == "learning").then_some(5), &Roster::default()).unwrap()
    }

    fn ask(&self, tier: Tier, name: &str, matched: Matched) -> Verdict {
        let policy = self.policy();
        let group = policy.group_of(format!("10.{}.0.1", tier.index()).parse().unwrap());
        let name = OwnedName::parse(name).unwrap();
        decide(&policy, group, &Suffixes::of(&KEY, name.as_name()), &matched)
    }
}

fn matched(categories: CategorySet, protection: Option<Protection>, allow_sets: u64) -> Matched {
    let mut matched = Matched::default();
    matched.categories = categories;
    matched.protection = protection;
    matched.allow_sets = allow_sets;
    matched
}

fn listed(categories: &[Category]) -> Matched {
    matched(set(categories), None, 0)
}

fn protected(categories: &[Category], protection: Protection) -> Matched {
    matched(set(categories), Some(protection), 0)
}

fn layer(verdict: Verdict) -> Option<Layer> {
    match verdict {
        Verdict::Block(reason) | Verdict::Monitor(reason) => Some(reason.layer),
        Verdict::Allow(_) => None,
    }
}

#[test]
fn a_locked_category_stays_closed_whatever_the_school_allows() {
    let school = School::new().rule("casino.example", SchoolAction::Allow).lock(Category::Gambling);
    for tier in Tier::ALL {
        let matched = protected(&[Category::Gambling], Protection::Hard);
        assert_eq!(layer(school.ask(tier, "casino.example", matched)), Some(Layer::Locked), "{tier:?}");
    }
}

#[test]
fn secret_categories_and_the_name_for_trials_are_locked_without_being_configured_and_in_every_mode() {
    for (mode, category) in
        Mode::ALL.into_iter().flat_map(|mode| [Category::Csam, Category::Test].map(|of| (mode, of)))
    {
        let school = School::new().mode(Tier::Staff, mode).rule("x.example", SchoolAction::Allow);
        let verdict = school.ask(Tier::Staff, "x.example", listed(&[category]));
        let Verdict::Block(reason) = verdict else { panic!("{mode:?}: {verdict:?}") };
        assert_eq!((reason.layer, reason.category), (Layer::Locked, Some(category)));
    }
}

#[test]
fn a_hard_protected_name_is_open_even_where_the_school_blocks_it() {
    let school = School::new().rule("time.example", SchoolAction::Block);
    let verdict = school.ask(Tier::Primary, "time.example", protected(&[Category::Ads], Protection::Hard));
    assert_eq!(verdict, Verdict::Allow(AllowReason::HardProtected));
}

#[test]
fn the_most_specific_school_rule_decides_and_allow_comes_before_block() {
    let school = School::new()
        .rule("games.example", SchoolAction::Allow)
        .rule("bad.games.example", SchoolAction::Block)
        .rule("both.example", SchoolAction::Block)
        .rule("both.example", SchoolAction::Allow);
    let ask = |name: &str| layer(school.ask(Tier::Primary, name, listed(&[Category::Games])));
    assert_eq!(ask("www.games.example"), None);
    assert_eq!(ask("www.bad.games.example"), Some(Layer::School));
    assert_eq!(ask("both.example"), None);
    assert_eq!(ask("other.example"), Some(Layer::Category));
}

#[test]
fn guests_and_devices_get_no_exception_that_does_not_name_them() {
    for tier in [Tier::Guest, Tier::Iot] {
        let mut school = School::new().rule("bet.example", SchoolAction::Allow);
        let ask = |school: &School| layer(school.ask(tier, "bet.example", listed(&[Category::Gambling])));
        assert_eq!(ask(&school), Some(Layer::Category), "{tier:?}");
        school.0.school_rules[0].tiers = vec![tier];
        assert_eq!(ask(&school), None, "{tier:?}");
    }
}

#[test]
fn a_school_rule_of_one_group_leaves_the_others_alone() {
    let mut school = School::new().rule("bet.example", SchoolAction::Allow);
    school.0.school_rules[0].groups = vec![Tier::Staff.vi().into()];
    assert_eq!(layer(school.ask(Tier::Staff, "bet.example", listed(&[Category::Adult]))), None);
    assert_eq!(
        layer(school.ask(Tier::Primary, "bet.example", listed(&[Category::Adult]))),
        Some(Layer::Category)
    );
}

#[test]
fn soft_protection_holds_against_lists_but_not_against_the_school_threats_or_a_service_switch() {
    let school = School::new();
    let soft = |categories: &[Category], protection| {
        let mut matched = protected(categories, protection);
        matched.allow_sets = 1 << 5;
        layer(school.ask(Tier::Preschool, "x.example", matched))
    };
    assert_eq!(soft(&[Category::Games], Protection::Soft), None);
    let mut matched = protected(&[], Protection::Soft);
    matched.allow_sets = 1 << 5;
    assert_eq!(layer(school.ask(Tier::Preschool, "chat.zalo.example", matched)), Some(Layer::Service));
    assert_eq!(
        layer(school.ask(Tier::Primary, "chat.zalo.example", matched)),
        None,
        "it is not switched off there"
    );
    let mut threats = School::new();
    threats.0.tiers[1].blocked = set(&[Category::Malware, Category::Games]);
    let ask = |categories: &[Category], protection| {
        layer(threats.ask(Tier::Primary, "x.example", protected(categories, protection)))
    };
    assert_eq!(ask(&[Category::Malware], Protection::SoftButThreats), Some(Layer::Category));
    assert_eq!(ask(&[Category::Games], Protection::SoftButThreats), None);
    assert_eq!(ask(&[Category::Malware], Protection::Soft), None);
    let ruled = School::new().rule("x.example", SchoolAction::Block);
    assert_eq!(
        layer(ruled.ask(Tier::Primary, "x.example", protected(&[], Protection::Soft))),
        Some(Layer::School)
    );
}

#[test]
fn allow_only_blocks_what_is_in_no_allow_set_and_categories_still_apply_inside_it() {
    let school = School::new();
    let ask = |matched| school.ask(Tier::Preschool, "x.example", matched);
    let inside = |categories: &[Category]| matched(set(categories), None, 1 << 5);
    assert_eq!(layer(ask(listed(&[]))), Some(Layer::AllowOnly));
    assert_eq!(layer(ask(protected(&[], Protection::Soft))), Some(Layer::AllowOnly));
    assert_eq!(ask(inside(&[])), Verdict::Allow(AllowReason::AllowSet));
    assert_eq!(layer(ask(inside(&[Category::Games]))), Some(Layer::Category));
    assert_eq!(layer(ask(matched(CategorySet::EMPTY, None, 1 << 6))), Some(Layer::AllowOnly));
}

#[test]
fn monitor_counts_what_it_would_have_blocked_and_open_does_not() {
    let monitor = School::new().mode(Tier::Staff, Mode::Monitor);
    let verdict = monitor.ask(Tier::Staff, "x.example", listed(&[Category::Adult]));
    assert!(matches!(verdict, Verdict::Monitor(_)), "{verdict:?}");
    let open = School::new().mode(Tier::Staff, Mode::Open);
    assert_eq!(
        open.ask(Tier::Staff, "x.example", listed(&[Category::Adult])),
        Verdict::Allow(AllowReason::OpenGroup)
    );
}

#[test]
fn an_unknown_client_gets_the_strictest_tier_that_a_group_has() {
    let outside: IpAddr = "192.168.7.7".parse().unwrap();
    assert_eq!(School::new().policy().group_of(outside).tier, Tier::Preschool);
    let mut thpt = School::new();
    thpt.0.groups.retain(|group| matches!(group.tier, Tier::Staff | Tier::UpperSecondary));
    assert_eq!(thpt.policy().group_of(outside).tier, Tier::UpperSecondary);
    thpt.0.groups.clear();
    assert_eq!(thpt.policy().group_of(outside).tier, Tier::Preschool);
}

#[test]
fn an_answer_is_held_to_the_names_it_leads_to() {
    let mut school = School::new();
    let rule = |name: &str, action| SchoolRule {
        name: OwnedName::parse(name).unwrap(),
        scope: Scope::Subtree,
        action,
        tiers: vec![],
        groups: vec![],
        reason: "thi".into(),
        by: "IT".into(),
    };
    school.0.school_rules =
        vec![rule("open.example", SchoolAction::Allow), rule("shut.example", SchoolAction::Block)];
    let policy = school.policy();
    let group = policy.group_of("10.1.0.1".parse().unwrap());
    let (adult, authority) = (set(&[Category::Adult]), set(&[Category::Authority]));
    let ask = |allowed, name: &str, categories, protection| {
        let suffixes = Suffixes::of(&KEY, OwnedName::parse(name).unwrap().as_name());
        let matched = matched(categories, protection, 0);
        let verdict = decide_link(&policy, group, allowed, &suffixes, &matched);
        let closes = matches!(verdict, Some(Verdict::Block(_)));
        let by_rule = policy.rules().covers(&suffixes);
        let may = may_close(group, allowed, categories, open_categories(&matched));
        assert!(!closes || may || by_rule, "what may close is seen before");
        closes
    };
    let (none, soft, hard) = (None, Some(Protection::Soft), Some(Protection::Hard));
    for (allowed, name, categories, protection, closes) in [
        (AllowReason::NothingForbids, "x.example", adult, none, true),
        (AllowReason::NothingForbids, "x.example", adult, soft, false),
        (AllowReason::NothingForbids, "x.example", adult, hard, false),
        (AllowReason::NothingForbids, "x.example", CategorySet::EMPTY, none, false),
        (AllowReason::NothingForbids, "www.shut.example", CategorySet::EMPTY, none, true),
        (AllowReason::NothingForbids, "www.shut.example", CategorySet::EMPTY, hard, false),
        (AllowReason::NothingForbids, "open.example", adult, none, false),
        (AllowReason::NothingForbids, "open.example", authority, none, true),
        (AllowReason::AllowSet, "x.example", adult, none, true),
        (AllowReason::HardProtected, "x.example", adult, none, false),
        (AllowReason::SchoolRule(0), "x.example", adult, none, false),
        (AllowReason::SchoolRule(0), "shut.example", adult, none, false),
        (AllowReason::SchoolRule(0), "x.example", authority, hard, true),
        (AllowReason::OpenGroup, "x.example", authority, none, true),
    ] {
        assert_eq!(ask(allowed, name, categories, protection), closes, "{allowed:?} {name} {categories:?}");
    }
}

#[test]
fn a_younger_tier_that_is_laxer_is_found_unless_it_is_said() {
    let mut school = School::new();
    assert_eq!(laxer(&school.0.tiers), []);
    school.0.tiers[1].blocked = school.0.tiers[1].blocked.without(CategorySet::of(Category::Ads));
    let found = laxer(&school.0.tiers);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].younger, found[0].older, found[0].what),
        (Tier::Primary, Tier::LowerSecondary, "ads")
    );
    school.0.tiers[1].laxer_than_older = CategorySet::of(Category::Ads);
    assert_eq!(laxer(&school.0.tiers), []);
    school.0.tiers[2].services = vec![zalo()];
    let found = laxer(&school.0.tiers);
    assert_eq!(
        found.iter().map(|one| (one.younger, one.what)).collect::<Vec<_>>(),
        [(Tier::Primary, "zalo")]
    );
    school.0.tiers[1].laxer_services = vec![zalo()];
    assert_eq!(laxer(&school.0.tiers), []);
}

proptest! {
    /// Younger ⊇ older: with settings that `lint` passes, a name that an older pupil tier blocks by
    /// category or lock is blocked for each younger one.
    #[test]
    fn what_blocks_an_older_pupil_blocks_a_younger_one(
        masks in prop::array::uniform4(0u64..1 << 32),
        categories in 0u64..1 << 32,
        protection in prop::option::of(prop_oneof![Just(Protection::Soft), Just(Protection::SoftButThreats)]),
    ) {
        let mut school = School::new();
        let mut all = 0;
        for (tier, mask) in Tier::PUPILS.iter().rev().zip(masks) {
            all |= mask;
            school.0.tiers[tier.index()].blocked = CategorySet(all);
        }
        prop_assert_eq!(laxer(&school.0.tiers), vec![]);
        let matched = matched(CategorySet(categories), protection, 0);
        let blocked = |tier| layer(school.ask(tier, "x.example", matched)).is_some();
        for pair in Tier::PUPILS.windows(2) {
            prop_assert!(blocked(pair[0]) || !blocked(pair[1]));
        }
        prop_assert!(matched.categories.is_superset(open_categories(&matched)));
    }
}
