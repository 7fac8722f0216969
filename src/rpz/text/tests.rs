//! Zone files as they come, and as they are written.

use proptest::prelude::*;

use super::*;

fn name(text: &str) -> OwnedName {
    OwnedName::parse(text).unwrap()
}

fn zone(text: &str) -> (Content, Account) {
    read(text.as_bytes(), name("rpz.test").as_name())
}

/// Each record as `owner TYPE ttl octets`.
fn said(content: &Content) -> Vec<String> {
    let records = content.owners().flat_map(|(owner, records)| {
        records.iter().map(move |record| {
            let rdata = match record.rtype {
                RrType::CNAME => name_in(&record.rdata),
                _ => format!("{:?}", record.rdata),
            };
            format!("{owner} {} {} {rdata}", record.rtype, record.ttl)
        })
    });
    records.collect()
}

fn name_in(rdata: &[u8]) -> String {
    Name::from_wire(rdata).unwrap().to_string()
}

#[test]
fn owners_ttls_and_classes_are_read_in_all_their_forms() {
    let (content, account) = zone(
        "$TTL 1h\n\
         @ IN SOA ns.rpz.test. admin ( 7 2h 15m 1w 60 )\n\
         @ NS ns\n\
         bad.example CNAME .\n\
         abs.example.rpz.test. 60 IN CNAME *.\n\
         Upper.Example IN 30 CNAME rpz-passthru.\n\
         $ORIGIN deep.rpz.test.\n\
         a CNAME garden.example.\n\
         \u{20} TXT \"x y\" z\n\
         $ORIGIN rpz.test.\n\
         32.1.2.0.192.rpz-ip A 192.0.2.9\n",
    );
    assert_eq!(account, Account { taken: 8, ..Account::default() });
    assert_eq!(content.soa().unwrap().serial, 7);
    assert_eq!(content.soa().unwrap().refresh, 7200);
    let mut lines = said(&content);
    lines.retain(|line| !line.starts_with(". "));
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "32.1.2.0.192.rpz-ip A 3600 [192, 0, 2, 9]",
            "a.deep CNAME 3600 garden.example",
            "a.deep TXT 3600 [3, 120, 32, 121, 1, 122]",
            "abs.example CNAME 60 *",
            "bad.example CNAME 3600 .",
            "upper.example CNAME 30 rpz-passthru",
        ]
    );
}

#[test]
fn a_bad_line_costs_its_own_rule_and_is_told() {
    let (content, account) = zone(
        "a.example CNAME .\n\
         b.example CH CNAME .\n\
         c..example CNAME .\n\
         d.example CNAME\n\
         e.example NOTYPE x\n\
         f.example.other. CNAME .\n\
         $INCLUDE /etc/passwd\n\
         g.example A 300.1.1.1\n\
         99.1.2.0.192.rpz-ip CNAME .\n\
         a.example CNAME .\n\
         a.example CNAME *.\n\
         \"open\n\
         h.example CNAME .\n",
    );
    assert_eq!(said(&content), ["a.example CNAME 300 .", "h.example CNAME 300 ."]);
    assert_eq!((account.taken, account.repeated, account.refused()), (2, 1, 10));
    assert_eq!(
        account.told,
        [
            (2, Refused::Class),
            (3, Refused::Owner),
            (4, Refused::Data),
            (5, Refused::Type),
            (6, Refused::OutsideZone),
            (7, Refused::Directive),
            (8, Refused::Data),
            (9, Refused::Address),
            (11, Refused::SecondAlias),
            (12, Refused::Syntax),
        ]
    );
}

#[test]
fn a_soa_below_the_apex_and_a_type_that_is_no_data_are_refused() {
    let (content, account) = zone(
        "@ SOA a. b. 1 1 1 1 1\n\
         x SOA a. b. 1 1 1 1 1\n\
         x CNAME .\n\
         y TYPE255 \\# 0\n\
         y TYPE41 \\# 0\n\
         y TYPE250 \\# 0\n",
    );
    assert_eq!(
        account.told,
        [(2, Refused::SecondSoa), (4, Refused::Type), (5, Refused::Type), (6, Refused::Type)]
    );
    let (back, account) = zone(&print(&content));
    assert_eq!((&back, account.refused()), (&content, 0));
}

#[test]
fn a_feed_under_another_name_is_read_all_the_same() {
    for text in [
        "$ORIGIN feed.vendor.\n@ SOA a b 1 1 1 1 1\nbad.example CNAME .\n",
        "feed.vendor. SOA a b 1 1 1 1 1\nbad.example.feed.vendor. CNAME .\n",
        "$ORIGIN feed.vendor.\nbad.example CNAME .\n",
    ] {
        let (content, account) = zone(text);
        assert_eq!(account.refused(), 0, "{text}");
        assert!(said(&content).contains(&"bad.example CNAME 300 .".to_owned()), "{text}");
    }
}

#[test]
fn types_that_rules_seldom_have_are_read_too() {
    for (data, octets) in [
        ("MX 10 mail.example.", b"\x00\x0a\x04mail\x07example\x00".as_slice()),
        ("SRV 1 2 3 s.example.", b"\x00\x01\x00\x02\x00\x03\x01s\x07example\x00"),
        ("TYPE65280 \\# 3 0a0b 0c", &[10, 11, 12]),
        ("TXT \"a\\\"b\\065\"", b"\x04a\"bA"),
        ("HTTPS 1 . alpn=h2", b"\x00\x01\x00\x00\x01\x00\x03\x02h2"),
        ("CAA 0 issue \"ca.example\"", b"\x00\x05issueca.example"),
    ] {
        let (content, account) = zone(&format!("x.example {data}\n"));
        let record = content.owners().next().unwrap_or_else(|| panic!("{data}: {account:?}")).1[0].clone();
        assert_eq!(&*record.rdata, octets, "{data}");
    }
}

#[test]
fn durations_are_read() {
    for (text, read) in [
        ("300", Some(300)),
        ("1h30m", Some(5400)),
        ("2W", Some(1_209_600)),
        ("", None),
        ("h", None),
        ("1x", None),
    ] {
        assert_eq!(seconds(text), read, "{text}");
    }
    assert_eq!(seconds("99999999999"), None);
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&text, name("rpz.test").as_name());
    }

    #[test]
    fn no_line_makes_it_panic(text in "[a-d.*@$ ()\"\\\\;\\n0-9]{0,60}( (IN |CH )?(CNAME|A|TXT|SOA|HTTPS) [a-z.0-9\\\\# ]{0,20}\\n)?") {
        let _ = zone(&text);
    }

    #[test]
    fn what_is_written_reads_back_the_same(
        records in prop::collection::vec((prop::collection::vec(prop::collection::vec(any::<u8>(), 1..6), 1..4), 0u32..100_000, prop::sample::select(vec![1u16, 5, 16, 28, 65, 65280]), prop::collection::vec(any::<u8>(), 0..20)), 0..10)
    ) {
        let mut content = Content::new(name("rpz.test"));
        content.add(Name::ROOT, RrType::SOA, 60, b"\x01a\x00\x01b\x00\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x05");
        for (labels, ttl, rtype, rdata) in records {
            let rtype = RrType::from(rtype);
            let mut wire: Vec<u8> = labels.iter().flat_map(|label| [&[label.len() as u8][..], label].concat()).collect();
            wire.push(0);
            let mut buf = crate::dns::name::NameBuf::new();
            buf.fill_from_wire(&wire).unwrap();
            let rdata = match rtype {
                RrType::A => vec![192, 0, 2, 1],
                RrType::AAAA => vec![7; 16],
                RrType::CNAME => buf.name().wire().to_vec(),
                _ => rdata,
            };
            if !(rtype == RrType::CNAME && content.has_other_alias(buf.name(), &rdata)) {
                content.add(buf.name(), rtype, ttl, &rdata);
            }
        }
        let (back, account) = read(print(&content).as_bytes(), name("rpz.test").as_name());
        prop_assert_eq!(account.refused(), 0, "{}", print(&content));
        prop_assert_eq!(said(&back), said(&content));
    }
}
