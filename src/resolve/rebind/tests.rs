//! What is taken out of answers from outside, at the table.

use super::*;
use crate::dns::header::Flags;
use crate::dns::security::Security;

fn name(text: &str) -> OwnedName {
    OwnedName::parse(text).unwrap()
}

fn guard_of(settings: &Settings) -> Guard {
    let local = Local::new(&settings.local, std::iter::empty(), settings.dns64).unwrap();
    Guard::new(settings, Arc::new(local))
}

fn guard(exempt: &[&str]) -> Guard {
    let private_names = exempt.iter().map(|text| name(text)).collect();
    guard_of(&Settings { private_names, ..Settings::default() })
}

/// An answer to `ask` with these sets, each signed.
fn answer(ask: &Ask, sets: Vec<RrSet>) -> Answer {
    let mut composer = Composer::new(Flags::RESPONSE, ask.name.as_name(), ask.rtype, ask.class);
    for mut set in sets {
        let signature = [&set.rtype.to_be_bytes()[..], &[8; 16], &[1, b'a', 0], b"signature"].concat();
        set.rrsigs = vec![signature.into()];
        composer.answer(&set, set.ttl, true);
    }
    Answer {
        wire: composer.finish(),
        rcode: Rcode::NO_ERROR,
        security: Security::Insecure,
        ede: None,
        unfinished: None,
    }
}

fn addresses(owner: &str, texts: &[&str]) -> RrSet {
    let octets = |text: &&str| match text.parse().unwrap() {
        IpAddr::V4(address) => address.octets().to_vec().into(),
        IpAddr::V6(address) => address.octets().to_vec().into(),
    };
    let rtype = if texts[0].contains(':') { RrType::AAAA } else { RrType::A };
    RrSet::new(name(owner), rtype, 300, texts.iter().map(octets).collect())
}

fn alias(owner: &str, target: &str) -> RrSet {
    RrSet::new(name(owner), RrType::CNAME, 300, vec![name(target).as_name().wire().into()])
}

/// `198.51.100.1 +sig`, `+soa` and the EDE of what is left.
fn left(answer: &Answer) -> String {
    let sections = Sections::read(&answer.wire).unwrap();
    let mut said: Vec<String> = Vec::new();
    for set in &sections.answer {
        said.extend(set.rdata.iter().filter_map(|rdata| address(rdata)).map(|address| address.to_string()));
        said.extend((set.rtype == RrType::CNAME).then(|| "alias".to_owned()));
        said.extend((!set.rrsigs.is_empty()).then(|| "+sig".to_owned()));
    }
    said.extend(sections.authority.iter().map(|set| format!("+soa {}", set.owner)));
    said.extend(answer.ede.map(|reason| format!("ede {}", reason.ede().code())));
    said.join(" ")
}

#[test]
fn addresses_of_the_house_are_taken_out_and_the_others_stay() {
    let guard = guard(&["truong.example", "plex.direct"]);
    for (asked, sets, expected) in [
        ("a.example", vec![addresses("a.example", &["198.51.100.1"])], "198.51.100.1"),
        ("a.example", vec![addresses("a.example", &["10.0.0.1"])], "+soa a.example ede 15"),
        (
            "a.example",
            vec![addresses("a.example", &["10.0.0.1", "198.51.100.1", "127.0.0.1"])],
            "198.51.100.1 ede 15",
        ),
        ("a.example", vec![addresses("a.example", &["0.0.0.0", "198.51.100.1"])], "198.51.100.1 ede 15"),
        ("a.example", vec![addresses("a.example", &["0.0.0.0"])], "+soa a.example ede 15"),
        (
            "a.example",
            vec![alias("a.example", "b.example"), addresses("b.example", &["192.168.1.1"])],
            "alias +soa b.example ede 15",
        ),
        ("may.truong.example", vec![addresses("may.truong.example", &["10.0.0.1"])], "10.0.0.1"),
        // Whose the address is counts, not who leads there.
        (
            "a.example",
            vec![alias("a.example", "x.plex.direct"), addresses("x.plex.direct", &["10.0.0.1"])],
            "alias 10.0.0.1",
        ),
        ("xtruong.example", vec![addresses("xtruong.example", &["10.0.0.1"])], "+soa xtruong.example ede 15"),
    ] {
        let ask = Ask::new(name(asked), RrType::A);
        let mut given = answer(&ask, sets.clone());
        let mut cleaned = guard.keep_outside(&ask, given.clone(), AnswerSource::Recursion);
        let untouched = cleaned.ede.is_none();
        assert_eq!(untouched, cleaned.wire == given.wire, "{sets:?}");
        // Without what only who asks for it may have.
        for answer in [&mut given, &mut cleaned] {
            let sections = Sections::read(&answer.wire).unwrap();
            let mut composer = Composer::new(Flags::RESPONSE, ask.name.as_name(), ask.rtype, 1);
            sections.answer.iter().for_each(|set| composer.answer(set, 1, false));
            sections.authority.iter().for_each(|set| composer.authority(set, 1, false));
            answer.wire = composer.finish();
        }
        assert_eq!(left(&cleaned), expected, "{sets:?}");
        assert_eq!(untouched, cleaned.security == given.security, "no proof of what was changed");
    }
}

#[test]
fn ipv6_is_looked_at_as_well() {
    let ask = Ask::new(name("a.example"), RrType::AAAA);
    let guard = guard(&[]);
    for (texts, expected) in [
        (&["2001:db8::1"][..], "2001:db8::1 +sig"),
        (&["fd00::1"], "+soa a.example ede 15"),
        (&["::ffff:10.0.0.1", "2001:db8::1"], "2001:db8::1 ede 15"),
        (&["64:ff9b::192.168.1.1"], "+soa a.example ede 15"),
    ] {
        let ask = Ask { dnssec_ok: true, ..ask.clone() };
        let answer = answer(&ask, vec![addresses("a.example", texts)]);
        assert_eq!(left(&guard.keep_outside(&ask, answer, AnswerSource::Recursion)), expected, "{texts:?}");
    }
}

#[test]
fn null_addresses_of_a_forwarder_stay_and_are_known_to_block() {
    let guard = guard(&[]);
    for (texts, expected) in [
        (&["0.0.0.0"][..], "0.0.0.0 ede 15"),
        (&["::"], ":: ede 15"),
        (&["127.0.0.1"], "+soa a.example ede 15"),
        (&["0.0.0.0", "10.0.0.1"], "+soa a.example ede 15"),
    ] {
        let rtype = if texts[0].contains(':') { RrType::AAAA } else { RrType::A };
        let ask = Ask { dnssec_ok: true, ..Ask::new(name("a.example"), rtype) };
        let mut given = answer(&ask, vec![]);
        let mut composer = Composer::new(Flags::RESPONSE, ask.name.as_name(), rtype, 1);
        composer.answer(&addresses("a.example", texts), 300, false);
        given.wire = composer.finish();
        let kept = guard.keep_outside(&ask, given, AnswerSource::Forwarder);
        assert_eq!(left(&kept), expected, "{texts:?}");
        assert_eq!(is_rebound(kept.ede), texts != ["0.0.0.0"] && texts != ["::"]);
    }
}

#[test]
fn who_would_have_had_signatures_gets_a_failure_and_who_does_not_care_gets_nothing() {
    let guard = guard(&[]);
    for (dnssec_ok, rcode) in [(true, Rcode::SERV_FAIL), (false, Rcode::NO_ERROR)] {
        let ask = Ask { dnssec_ok, ..Ask::new(name("a.example"), RrType::A) };
        let secure = Answer {
            security: Security::Secure,
            ..answer(&ask, vec![addresses("a.example", &["10.0.0.1", "198.51.100.1"])])
        };
        let cleaned = guard.keep_outside(&ask, secure, AnswerSource::Recursion);
        assert_eq!(cleaned.rcode, rcode);
        assert!(is_rebound(cleaned.ede) && cleaned.security != Security::Secure);
    }
}

#[test]
fn hints_of_svcb_and_https_are_addresses_too() {
    let guard = guard(&[]);
    let parameter = |key: u16, value: &[u8]| {
        [&key.to_be_bytes()[..], &(value.len() as u16).to_be_bytes(), value].concat()
    };
    let record =
        |parameters: &[Vec<u8>]| [&b"\x00\x01\x03www\x07example\x00"[..], &parameters.concat()].concat();
    let (alpn, bad) = (parameter(1, b"\x02h2"), [10, 0, 0, 1]);
    let (both, good) = (parameter(4, &[198, 51, 100, 1, 10, 0, 0, 1]), parameter(4, &[198, 51, 100, 1]));
    let inside = parameter(6, &"fd00::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
    for (given, expected) in [
        (record(&[alpn.clone(), good.clone()]), Some(record(&[alpn.clone(), good.clone()]))),
        (record(&[alpn.clone(), both, inside.clone()]), Some(record(&[alpn.clone(), good]))),
        (record(&[alpn.clone(), parameter(4, &bad)]), Some(record(std::slice::from_ref(&alpn)))),
        (record(&[parameter(0, &[0, 6]), alpn.clone(), inside]), None),
        // What cannot be read is of use to nobody.
        (record(&[alpn, vec![0, 4, 0, 9, 10, 0, 0, 1]]), Some(record(&[]))),
    ] {
        let ask = Ask::new(name("a.example"), RrType::HTTPS);
        let set = RrSet::new(name("a.example"), RrType::HTTPS, 300, vec![given.clone().into()]);
        let cleaned = guard.keep_outside(&ask, answer(&ask, vec![set]), AnswerSource::Recursion);
        let sections = Sections::read(&cleaned.wire).unwrap();
        match expected {
            Some(expected) if expected.len() > 15 => {
                assert_eq!(*sections.answer[0].rdata[0], *expected);
                assert_eq!(is_rebound(cleaned.ede), given != expected);
            }
            Some(_) => assert!(!is_rebound(cleaned.ede)),
            None => assert!(sections.answer.is_empty() && !sections.authority.is_empty()),
        }
    }
}

#[test]
fn switched_off_it_does_nothing() {
    let guard = guard_of(&Settings { rebinding: false, ..Settings::default() });
    let ask = Ask::new(name("a.example"), RrType::A);
    let given = answer(&ask, vec![addresses("a.example", &["10.0.0.1"])]);
    let kept = guard.keep_outside(&ask, given.clone(), AnswerSource::Recursion);
    assert_eq!((kept.wire, kept.ede), (given.wire, None));
}

#[test]
fn aliases_to_names_of_the_school_go_with_all_that_is_behind_them() {
    let settings = Settings {
        private_names: vec![name("own.example")],
        local: crate::resolve::local::Settings {
            records: vec![crate::resolve::local::RecordSpec {
                name: name("may-in.truong"),
                rtype: RrType::A,
                ttl: 60,
                data: "203.0.113.5".to_owned(),
            }],
            ..Default::default()
        },
        ..Settings::default()
    };
    let guard = guard_of(&settings);
    let dname = |owner: &str, target: &str| RrSet { rtype: RrType::DNAME, ..alias(owner, target) };
    let https = |owner: &str, target: &str| {
        let rdata = [&[0, 1], name(target).as_name().wire()].concat();
        RrSet::new(name(owner), RrType::HTTPS, 300, vec![rdata.into()])
    };
    let there = || addresses("may-in.truong", &["203.0.113.5"]);
    for (asked, kind, sets, expected) in [
        ("a.example", RrType::A, vec![alias("a.example", "may-in.truong")], "+soa a.example ede 15"),
        ("a.example", RrType::A, vec![alias("a.example", "may-in.truong"), there()], "+soa a.example ede 15"),
        ("a.example", RrType::A, vec![there(), alias("a.example", "may-in.truong")], "+soa a.example ede 15"),
        (
            "a.example",
            RrType::A,
            vec![alias("a.example", "b.example"), alias("b.example", "x.localhost")],
            "alias +sig +soa b.example ede 15",
        ),
        ("a.example", RrType::A, vec![alias("a.example", "1.0.0.10.in-addr.arpa")], "+soa a.example ede 15"),
        ("a.example", RrType::A, vec![alias("a.example", "x.invalid")], "alias +sig"),
        ("a.example", RrType::CNAME, vec![alias("a.example", "may-in.truong")], "+soa a.example ede 15"),
        (
            "may-in.d.example",
            RrType::A,
            vec![dname("d.example", "truong"), alias("may-in.d.example", "may-in.truong"), there()],
            "+soa may-in.d.example ede 15",
        ),
        ("a.own.example", RrType::A, vec![alias("a.own.example", "may-in.truong")], "alias +sig"),
        ("a.example", RrType::HTTPS, vec![https("a.example", "may-in.truong")], "+soa a.example ede 15"),
        ("a.example", RrType::HTTPS, vec![https("a.example", "b.example")], "+sig"),
    ] {
        for from in [AnswerSource::Recursion, AnswerSource::Forwarder] {
            let ask = Ask::new(name(asked), kind);
            let kept = guard.keep_outside(&ask, answer(&ask, sets.clone()), from);
            let said = left(&kept);
            // Whoever did not ask for signatures gets none.
            let expected =
                if is_rebound(kept.ede) { expected.replace(" +sig", "") } else { expected.to_owned() };
            assert_eq!(said, expected, "{asked} {kind} {sets:?}");
        }
    }
}
