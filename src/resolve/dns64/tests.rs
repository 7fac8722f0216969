//! What becomes of answers under DNS64, at the table.

use super::*;
use crate::dns::header::Flags;
use crate::dns::name::OwnedName;
use crate::dns::security::Security;

fn name(text: &str) -> OwnedName {
    OwnedName::parse(text).unwrap()
}

fn asks() -> Ask {
    Ask::new(name("www.example"), RrType::AAAA)
}

fn dns64(prefix: &str) -> Dns64 {
    Dns64(prefix.parse().unwrap())
}

fn answer(ask: &Ask, sets: &[RrSet], soa: Option<u32>) -> Answer {
    let mut composer = Composer::new(Flags::RESPONSE, ask.name.as_name(), ask.rtype, ask.class);
    sets.iter().for_each(|set| composer.answer(set, set.ttl, true));
    if let Some(ttl) = soa {
        let rdata = [b"\x00\x00".as_slice(), &[0; 20]].concat();
        composer.authority(&RrSet::new(name("example"), RrType::SOA, ttl, vec![rdata.into()]), ttl, false);
    }
    Answer {
        wire: composer.finish(),
        rcode: Rcode::NO_ERROR,
        security: Security::Secure,
        ede: None,
        unfinished: None,
    }
}

fn v4(texts: &[&str]) -> RrSet {
    let rdata = texts.iter().map(|text| text.parse::<Ipv4Addr>().unwrap().octets().to_vec().into()).collect();
    RrSet {
        rrsigs: vec![[&[0, 1][..], &[8; 16], &[0, 9]].concat().into()],
        ..RrSet::new(name("www.example"), RrType::A, 3600, rdata)
    }
}

fn v6(texts: &[&str]) -> RrSet {
    let rdata = texts.iter().map(|text| text.parse::<Ipv6Addr>().unwrap().octets().to_vec().into()).collect();
    RrSet::new(name("www.example"), RrType::AAAA, 3600, rdata)
}

/// Addresses with the TTL of their set.
fn said(answer: &Answer) -> Vec<(String, u32)> {
    let sections = Sections::read(&answer.wire).unwrap();
    let sets = sections.answer.iter().filter(|set| set.rtype == RrType::AAAA);
    sets.flat_map(|set| {
        assert!(set.rrsigs.is_empty());
        set.rdata
            .iter()
            .map(|rdata| (Ipv6Addr::from(<[u8; 16]>::try_from(&rdata[..]).unwrap()).to_string(), set.ttl))
    })
    .collect()
}

#[test]
fn a_name_without_ipv6_gets_addresses_behind_the_prefix() {
    let dns64 = dns64("64:ff9b::/96");
    for (own, ttl) in [
        (answer(&asks(), &[], Some(300)), 300),
        (answer(&asks(), &[], Some(86_400)), 3600),
        (answer(&asks(), &[], None), 600),
        (answer(&asks(), &[v6(&["::ffff:1.2.3.4"])], None), 600),
        (
            Answer {
                rcode: Rcode::SERV_FAIL,
                security: Security::Indeterminate,
                ..answer(&asks(), &[], None)
            },
            600,
        ),
    ] {
        let instead = dns64.instead(&asks(), &own).expect("IPv4 is asked for");
        assert_eq!(instead, Ask { rtype: RrType::A, ..asks() });
        let made = dns64.make(&asks(), own, &answer(&instead, &[v4(&["1.2.3.4", "10.0.0.1"])], None));
        assert_eq!(said(&made), [("64:ff9b::102:304".to_owned(), ttl)]);
        assert_eq!(made.security, Security::Indeterminate, "no AD");
        assert!(dns64.has_made(&made));
    }
}

#[test]
fn what_has_ipv6_or_is_forged_or_is_to_be_checked_by_the_client_stays_as_it_is() {
    let dns64 = dns64("64:ff9b::/96");
    let nothing = answer(&asks(), &[], Some(300));
    let validates = Ask { dnssec_ok: true, checking_disabled: true, ..asks() };
    for (ask, own) in [
        (asks(), answer(&asks(), &[v6(&["2001:db8::1"])], None)),
        (asks(), answer(&asks(), &[v6(&["::"])], None)),
        (asks(), Answer { rcode: Rcode::NX_DOMAIN, ..nothing.clone() }),
        (asks(), Answer { rcode: Rcode::SERV_FAIL, security: Security::Bogus, ..nothing.clone() }),
        (validates, nothing.clone()),
        (Ask { rtype: RrType::A, ..asks() }, nothing.clone()),
    ] {
        assert_eq!(dns64.instead(&ask, &own), None, "{ask:?}");
        assert_eq!(dns64.without_mapped(&ask, own.clone()).wire, own.wire);
    }
    for half in [Ask { dnssec_ok: true, ..asks() }, Ask { checking_disabled: true, ..asks() }] {
        assert!(dns64.instead(&half, &nothing).is_some(), "{half:?}");
    }
}

#[test]
fn mapped_addresses_beside_good_ones_are_left_out() {
    let own = answer(&asks(), &[v6(&["::ffff:1.2.3.4", "2001:db8::1"])], None);
    let left = dns64("64:ff9b::/96").without_mapped(&asks(), own);
    assert_eq!(said(&left), [("2001:db8::1".to_owned(), 3600)]);
}

#[test]
fn where_nothing_can_be_made_the_answer_is_that_to_the_question() {
    let own = answer(&asks(), &[], Some(300));
    for (prefix, addresses, made) in [
        ("64:ff9b::/96", &["0.0.0.0"][..], 0),
        ("64:ff9b::/96", &["127.0.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255"], 0),
        (
            "64:ff9b::/96",
            &["10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "198.18.0.1", "192.0.2.1"],
            0,
        ),
        ("2001:db8:64::/96", &["10.0.0.1", "192.168.0.1", "127.0.0.1"], 2),
    ] {
        let answer = dns64(prefix).make(&asks(), own.clone(), &answer(&asks(), &[v4(addresses)], None));
        assert_eq!(said(&answer).len(), made, "{addresses:?}");
        assert_eq!(answer.wire == own.wire, made == 0);
    }
    let gone = Answer { rcode: Rcode::NX_DOMAIN, ..answer(&asks(), &[], Some(60)) };
    assert_eq!(dns64("64:ff9b::/96").make(&asks(), own.clone(), &gone).wire, own.wire);
}

#[test]
fn aliases_stay_in_front_of_what_is_made() {
    let alias =
        RrSet::new(name("www.example"), RrType::CNAME, 60, vec![name("web.example").as_name().wire().into()]);
    let end = RrSet { owner: name("web.example"), ..v4(&["1.2.3.4"]) };
    let own = answer(&asks(), std::slice::from_ref(&alias), Some(300));
    let made = dns64("64:ff9b::/96").make(&asks(), own, &answer(&asks(), &[alias.clone(), end], None));
    let sections = Sections::read(&made.wire).unwrap();
    assert_eq!(sections.answer[0], alias);
    assert!(
        sections.answer[1].is(name("web.example").as_name(), RrType::AAAA) && sections.authority.is_empty()
    );
}
