//! Every trigger with every action and override, and the order among them.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::dns::suffixes::HashKey;
use crate::model::roster::Roster;
use crate::model::tier::Tier;
use crate::rpz::table::Table;
use crate::rpz::text::read;
use crate::rpz::zones::{Settings, Source};

const KEY: HashKey = HashKey([4; 16]);

fn name(text: &str) -> OwnedName {
    OwnedName::parse(text).unwrap()
}

fn zone(apex: &str, text: &str) -> Zone {
    Zone {
        settings: Settings {
            name: name(apex),
            source: Source::File("x".into()),
            policy: Policy::Given,
            tiers: vec![],
            groups: vec![],
            break_dnssec: true,
            passthru_opens: false,
        },
        list: Roster::default().id_of(apex),
        table: Table::build(&read(text.as_bytes(), name(apex).as_name()).0, KEY),
        hits: Arc::default(),
    }
}

/// Who asks what, and what the world says.
struct Case {
    client: &'static str,
    links: &'static [&'static str],
    addresses: &'static [&'static str],
    ns_names: &'static [&'static str],
    ns_addresses: &'static [&'static str],
}

const CASE: Case = Case {
    client: "10.0.0.1",
    links: &["www.bad.example"],
    addresses: &["192.0.2.1"],
    ns_names: &["ns.bad.example"],
    ns_addresses: &["198.51.100.53"],
};

fn zones(zones: Vec<Zone>) -> Zones {
    Zones::build(zones, KEY, [("lớp", Tier::Primary)])
}

/// What is decided with everything at hand: `zone kind action@link`.
fn judged(zones: &Zones, case: &Case) -> String {
    let links: Vec<_> = case.links.iter().map(|text| name(text)).collect();
    let addresses: Vec<IpAddr> = case.addresses.iter().map(|text| text.parse().unwrap()).collect();
    let servers = |_: Name<'_>| {
        Some(NameServers {
            names: case.ns_names.iter().map(|text| name(text)).collect(),
            addresses: case.ns_addresses.iter().map(|text| text.parse().unwrap()).collect(),
        })
    };
    let seen = Seen { links: &links, addresses: &addresses, servers: &servers };
    let Some(group) = zones.of(0) else { return "no zone".into() };
    let client = case.client.parse().ok();
    let mut rulings = (0..links.len()).map(|link| judge(zones, group, client, &seen, link, false).ruling);
    told(rulings.find_map(|ruling| ruling))
}

fn asked<'z>(zones: &'z Zones, case: &Case, signed_wanted: bool) -> Early<'z> {
    let suffixes = Suffixes::of(&KEY, name(case.links[0]).as_name());
    early(zones, zones.of(0).unwrap(), case.client.parse().ok(), &suffixes, signed_wanted)
}

fn told(ruling: Option<Ruling<'_>>) -> String {
    ruling.map_or("none".into(), |ruling| {
        let Ruling { zone, action, kind, link, .. } = ruling;
        format!("{} {} {}@{link}", zone.settings.name, kind.id(), action.id())
    })
}

const OWNERS: [(&str, &str); 7] = [
    ("qname", "www.bad.example"),
    ("qname", "*.bad.example"),
    ("rpz-client-ip", "8.0.0.0.10.rpz-client-ip"),
    ("rpz-ip", "24.0.2.0.192.rpz-ip"),
    ("rpz-nsdname", "ns.bad.example.rpz-nsdname"),
    ("rpz-nsdname", "*.bad.example.rpz-nsdname"),
    ("rpz-nsip", "32.53.100.51.198.rpz-nsip"),
];

const DATA: [(&str, &str); 8] = [
    ("CNAME .", "nxdomain"),
    ("CNAME *.", "nodata"),
    ("CNAME rpz-passthru.", "passthru"),
    ("CNAME rpz-drop.", "drop"),
    ("CNAME rpz-tcp-only.", "tcp-only"),
    ("CNAME garden.example.", "cname"),
    ("CNAME *.garden.example.", "cname"),
    ("A 10.0.0.80", "local-data"),
];

#[test]
fn every_trigger_does_what_its_record_says() {
    for (kind, owner) in OWNERS {
        for (data, action) in DATA {
            let zones = zones(vec![zone("a", &format!("{owner} {data}\n"))]);
            assert_eq!(judged(&zones, &CASE), format!("a {kind} {action}@0"), "{owner} {data}");
            let early = asked(&zones, &CASE, false);
            let is_early = ["qname", "rpz-client-ip"].contains(&kind);
            assert_eq!((early.ruling.is_some(), early.waits), (is_early, false), "{owner}");
        }
    }
}

#[test]
fn an_override_takes_the_place_of_every_action_but_a_disabled_zone_only_tells() {
    let garden = Action::Alias(Target::Name(name("garden.example")));
    for (kind, owner) in OWNERS {
        for (data, given) in DATA {
            let with = |policy: Policy| {
                let mut one = zone("a", &format!("{owner} {data}\n"));
                one.settings.policy = policy;
                zones(vec![one, zone("b", "*.example CNAME .\n")])
            };
            for (policy, action) in [
                (Policy::Given, given),
                (Policy::Always(Action::Passthru), "passthru"),
                (Policy::Always(Action::Drop), "drop"),
                (Policy::Always(Action::NoData), "nodata"),
                (Policy::Always(Action::NxDomain), "nxdomain"),
                (Policy::Always(Action::TcpOnly), "tcp-only"),
                (Policy::Always(garden.clone()), "cname"),
            ] {
                assert_eq!(judged(&with(policy), &CASE), format!("a {kind} {action}@0"), "{owner} {data}");
            }
            let disabled = with(Policy::Disabled);
            assert_eq!(judged(&disabled, &CASE), "b qname nxdomain@0");
            let links = [name("www.bad.example")];
            let addresses = ["192.0.2.1".parse().unwrap()];
            let servers = |_: Name<'_>| {
                Some(NameServers {
                    names: vec![name("ns.bad.example")],
                    addresses: vec!["198.51.100.53".parse().unwrap()],
                })
            };
            let seen = Seen { links: &links, addresses: &addresses, servers: &servers };
            let client = CASE.client.parse().ok();
            assert_eq!(judge(&disabled, disabled.of(0).unwrap(), client, &seen, 0, false).disabled, 1);
        }
    }
}

#[test]
fn within_a_zone_the_kinds_have_their_order_whatever_the_order_of_lines() {
    let owners = [
        "32.53.100.51.198.rpz-nsip",
        "ns.bad.example.rpz-nsdname",
        "24.0.2.0.192.rpz-ip",
        "*.bad.example",
        "www.bad.example",
        "8.0.0.0.10.rpz-client-ip",
    ];
    let kinds = ["rpz-nsip", "rpz-nsdname", "rpz-ip", "qname", "qname", "rpz-client-ip"];
    for (upto, kind) in kinds.iter().enumerate() {
        let text: String = owners[..=upto].iter().map(|owner| format!("{owner} CNAME .\n")).collect();
        assert_eq!(judged(&zones(vec![zone("a", &text)]), &CASE), format!("a {kind} nxdomain@0"));
    }
}

#[test]
fn an_earlier_zone_wins_with_any_trigger_and_passthru_is_a_win() {
    let later = "8.0.0.0.10.rpz-client-ip CNAME .\nwww.bad.example CNAME .\n";
    for (kind, owner) in OWNERS {
        let zones = zones(vec![zone("a", &format!("{owner} CNAME rpz-passthru.\n")), zone("b", later)]);
        assert_eq!(judged(&zones, &CASE), format!("a {kind} passthru@0"));
        // What the question alone says may not be done before the answer is known.
        let early = asked(&zones, &CASE, false);
        let by_answer = !["qname", "rpz-client-ip"].contains(&kind);
        assert_eq!(early.waits, by_answer, "{owner}");
        assert_eq!(told(early.ruling).starts_with("b "), by_answer, "{owner}");
    }
}

#[test]
fn rules_go_on_along_a_chain_of_aliases_and_the_earlier_link_wins() {
    let chain = Case { links: &["a.example", "b.example", "c.example"], ..CASE };
    for (first, second, told) in [
        ("c.example CNAME .", "x.example CNAME .", "a qname nxdomain@2"),
        ("c.example CNAME .", "b.example CNAME *.", "b qname nodata@1"),
        ("24.0.2.0.192.rpz-ip CNAME .", "b.example CNAME *.", "b qname nodata@1"),
        ("24.0.2.0.192.rpz-ip CNAME .", "c.example CNAME *.", "a rpz-ip nxdomain@2"),
        ("b.example CNAME rpz-passthru.", "c.example CNAME .", "a qname passthru@1"),
        ("8.0.0.0.10.rpz-client-ip CNAME .", "a.example CNAME *.", "a rpz-client-ip nxdomain@0"),
        ("x.example CNAME .", "y.example CNAME .", "none"),
    ] {
        let zones = zones(vec![zone("a", first), zone("b", second)]);
        assert_eq!(judged(&zones, &chain), told, "{first} {second}");
    }
}

#[test]
fn marks_tell_zones_that_match_by_more_than_the_asked_name() {
    let zones = zones(vec![
        zone("a", "a.example CNAME .\n"),
        zone("b", "b.example CNAME .\n"),
        zone("c", "24.0.2.0.192.rpz-ip CNAME .\n"),
        zone("d", "ns.bad.example.rpz-nsdname CNAME .\n"),
        zone("e", "24.0.0.0.10.rpz-ip CNAME .\n"),
    ]);
    let (links, addresses) = ([name("a.example"), name("b.example")], ["192.0.2.1".parse().unwrap()]);
    let servers = |of: Name<'_>| {
        let names = vec![name("ns.bad.example")];
        (of == name("b.example").as_name()).then_some(NameServers { names, addresses: vec![] })
    };
    let seen = Seen { links: &links, addresses: &addresses, servers: &servers };
    assert_eq!(marks(&zones, &seen), 0b01110);
    let unknown = Seen { servers: &|_| None, ..seen };
    assert_eq!(marks(&zones, &unknown), 0b00110);
}

#[test]
fn a_wildcard_alias_leaves_its_garden_alone() {
    let zones = zones(vec![zone("a", "*.bad.example CNAME garden.bad.example.\n")]);
    assert_eq!(judged(&zones, &CASE), "a qname cname@0");
    let garden = Case { links: &["garden.bad.example"], ..CASE };
    assert_eq!(judged(&zones, &garden), "a qname passthru@0");
}

#[test]
fn a_zone_that_leaves_signed_answers_alone_waits_to_see_one() {
    let mut one = zone("a", "www.bad.example CNAME .\n");
    one.settings.break_dnssec = false;
    let zones = zones(vec![one]);
    assert_eq!([asked(&zones, &CASE, false).waits, asked(&zones, &CASE, true).waits], [false, true]);
    let links = [name("www.bad.example")];
    let seen = Seen { links: &links, addresses: &[], servers: &|_| None };
    let client = "10.0.0.1".parse().ok();
    for (is_signed, rules) in [(false, true), (true, false)] {
        let judged = judge(&zones, zones.of(0).unwrap(), client, &seen, 0, is_signed);
        assert_eq!(judged.ruling.is_some(), rules);
    }
}

#[test]
fn a_zone_is_for_the_groups_and_tiers_that_it_names() {
    let mut one = zone("a", "www.bad.example CNAME .\n");
    one.settings.groups = vec!["phòng máy".into()];
    let mut other = zone("b", "32.1.0.0.10.rpz-client-ip CNAME .\n");
    other.settings.tiers = vec![Tier::Staff];
    let groups = [("phòng máy", Tier::Primary), ("giáo viên", Tier::Staff), ("lớp", Tier::Primary)];
    let zones = Zones::build(vec![one, other], KEY, groups);
    let of = |group: usize| zones.of(group).map(|zones| (zones.order.clone(), zones.by_client()));
    assert_eq!([of(0), of(1), of(2), of(9)], [Some((vec![0], false)), Some((vec![1], true)), None, None]);
    assert!(zones.for_group("phòng máy", Tier::Staff).is_some_and(|zones| zones.order == [0, 1]));
    assert_eq!(Zones::build(vec![], KEY, groups).id(), 0);
}

proptest! {
    /// Whoever is not asked outside because the question alone decides would have got the same with any
    /// answer.
    #[test]
    fn what_the_question_alone_decides_no_answer_changes(
        texts in prop::collection::vec(prop::collection::vec((0usize..OWNERS.len(), 0usize..DATA.len()), 0..4), 1..4),
        disabled in prop::collection::vec(any::<bool>(), 3),
        matching in any::<bool>(),
        addresses in any::<bool>(),
        chain in any::<bool>(),
    ) {
        let made = texts.iter().enumerate().map(|(at, rules)| {
            let lines: String = rules.iter().map(|(owner, data)| format!("{} {}\n", OWNERS[*owner].1, DATA[*data].0)).collect();
            let mut zone = zone(&format!("z{at}"), &lines);
            if disabled[at] {
                zone.settings.policy = Policy::Disabled;
            }
            zone
        });
        let zones = zones(made.collect());
        let case = Case {
            client: if matching { "10.0.0.1" } else { "172.16.0.1" },
            links: if chain { &["www.bad.example", "other.bad.example"] } else { &["www.bad.example"] },
            addresses: if addresses { &["192.0.2.1"] } else { &[] },
            ..CASE
        };
        let early = asked(&zones, &case, false);
        if early.ruling.is_some() && !early.waits {
            prop_assert_eq!(told(early.ruling), judged(&zones, &case));
        }
        if let Some(ruling) = early.ruling {
            prop_assert_ne!(judged(&zones, &case), "none", "{:?}", ruling);
        }
    }
}
