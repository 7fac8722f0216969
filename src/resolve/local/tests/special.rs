//! Special-use names: which are served here, what they say, and when they are left to others.

use super::*;

#[test]
fn special_names_never_leave_the_house() {
    let local = local(Vec::new());
    for (name, rtype, expected) in [
        ("localhost", RrType::A, "NOERROR A 127.0.0.1"),
        ("x.localhost", RrType::AAAA, "NOERROR AAAA ::1"),
        ("localhost", RrType::MX, "NOERROR soa localhost."),
        ("1.0.0.127.in-addr.arpa", RrType::PTR, "NOERROR PTR localhost."),
        ("0.0.127.in-addr.arpa", RrType::PTR, "NOERROR soa 127.in-addr.arpa."),
        ("2.0.0.127.in-addr.arpa", RrType::PTR, "NXDOMAIN soa 127.in-addr.arpa."),
        ("10.in-addr.arpa", RrType::NS, "NOERROR soa 10.in-addr.arpa."),
        (
            "10.in-addr.arpa",
            RrType::SOA,
            "NOERROR SOA 10.in-addr.arpa. nobody.invalid. 1 3600 1200 604800 300",
        ),
        ("9.1.1.10.in-addr.arpa", RrType::PTR, "NXDOMAIN soa 10.in-addr.arpa."),
        ("1.0.168.192.in-addr.arpa", RrType::PTR, "NXDOMAIN soa 168.192.in-addr.arpa."),
        ("1.0.15.172.in-addr.arpa", RrType::PTR, "-"),
        ("1.0.16.172.in-addr.arpa", RrType::PTR, "NXDOMAIN soa 16.172.in-addr.arpa."),
        ("1.0.31.172.in-addr.arpa", RrType::PTR, "NXDOMAIN soa 31.172.in-addr.arpa."),
        ("1.0.32.172.in-addr.arpa", RrType::PTR, "-"),
        ("1.0.63.100.in-addr.arpa", RrType::PTR, "-"),
        ("1.0.64.100.in-addr.arpa", RrType::PTR, "NXDOMAIN soa 64.100.in-addr.arpa."),
        ("1.0.127.100.in-addr.arpa", RrType::PTR, "NXDOMAIN soa 127.100.in-addr.arpa."),
        ("1.254.169.in-addr.arpa", RrType::PTR, "NXDOMAIN soa 254.169.in-addr.arpa."),
        ("1.2.0.192.in-addr.arpa", RrType::PTR, "NXDOMAIN soa 2.0.192.in-addr.arpa."),
        ("0.d.f.ip6.arpa", RrType::PTR, "NXDOMAIN soa d.f.ip6.arpa."),
        ("0.8.e.f.ip6.arpa", RrType::PTR, "NXDOMAIN soa 8.e.f.ip6.arpa."),
        ("0.8.b.d.0.1.0.0.2.ip6.arpa", RrType::PTR, "NXDOMAIN soa 8.b.d.0.1.0.0.2.ip6.arpa."),
        ("8.8.8.8.in-addr.arpa", RrType::PTR, "-"),
        ("x.onion", RrType::A, "NXDOMAIN soa onion."),
        ("nas.local", RrType::A, "NXDOMAIN soa local."),
        ("x.test", RrType::A, "NXDOMAIN soa test."),
        ("invalid", RrType::A, "NXDOMAIN soa invalid."),
        ("x.home.arpa", RrType::A, "NXDOMAIN soa home.arpa."),
        ("_dns.resolver.arpa", RrType::SVCB, "NOERROR soa resolver.arpa."),
        ("resolver.arpa", RrType::A, "NOERROR soa resolver.arpa."),
        ("use-application-dns.net", RrType::A, "NXDOMAIN soa use-application-dns.net."),
        ("mask-h2.icloud.com", RrType::AAAA, "NXDOMAIN soa mask-h2.icloud.com."),
        ("icloud.com", RrType::A, "-"),
        ("example.com", RrType::A, "-"),
        (".", RrType::NS, "-"),
    ] {
        assert_eq!(said(&local, name, rtype), expected, "{name} {rtype}");
    }
}

#[test]
fn canaries_can_be_left_to_the_policy() {
    let settings = Settings { canaries: false, ..Settings::default() };
    let local = Local::new(&settings, std::iter::empty(), None).unwrap();
    assert_eq!(said(&local, "mask.icloud.com", RrType::A), "-");
    assert_eq!(said(&local, "x.onion", RrType::A), "NXDOMAIN soa onion.");
}

#[test]
fn the_schools_own_ptr_stands_above_the_empty_zone_around_it() {
    let local = local(vec![record("9.1.1.10.in-addr.arpa", RrType::PTR, "printer.school.lan")]);
    assert_eq!(said(&local, "9.1.1.10.in-addr.arpa", RrType::PTR), "NOERROR PTR printer.school.lan.");
    assert_eq!(said(&local, "8.1.1.10.in-addr.arpa", RrType::PTR), "NXDOMAIN soa 10.in-addr.arpa.");
}

#[test]
fn a_forwarded_zone_takes_its_special_names_with_it() {
    let forwarded = ["school.local", "168.192.in-addr.arpa", "."].map(|name| OwnedName::parse(name).unwrap());
    let local = Local::new(&Settings::default(), forwarded.into_iter(), None).unwrap();
    for (name, expected) in [
        ("dc.school.local", "-"),
        ("other.local", "NXDOMAIN soa local."),
        ("1.0.168.192.in-addr.arpa", "-"),
        ("1.0.0.10.in-addr.arpa", "NXDOMAIN soa 10.in-addr.arpa."),
    ] {
        assert_eq!(said(&local, name, RrType::A), expected, "{name}");
    }
}

#[test]
fn a_schools_records_and_zones_stand_in_special_names_and_what_leads_to_them_exists() {
    let records = vec![
        record("may1.internal", RrType::A, "10.0.0.1"),
        record("pc.lab.home.arpa", RrType::A, "10.0.0.2"),
        record("nas.local", RrType::A, "10.0.0.3"),
        record("5.0.0.10.in-addr.arpa", RrType::PTR, "may5.internal"),
    ];
    let settings = Settings { records, ..Settings::default() };
    let forwarded = ["truong.test"].map(|name| OwnedName::parse(name).unwrap());
    let local = Local::new(&settings, forwarded.into_iter(), None).unwrap();
    for (name, rtype, expected) in [
        ("may1.internal", RrType::A, "NOERROR A 10.0.0.1"),
        ("may1.internal", RrType::AAAA, "NOERROR soa may1.internal."),
        ("may2.internal", RrType::A, "NXDOMAIN soa internal."),
        ("x.may1.internal", RrType::A, "NXDOMAIN soa internal."),
        ("internal", RrType::A, "NOERROR soa internal."),
        ("lab.home.arpa", RrType::A, "NOERROR soa home.arpa."),
        ("home.arpa", RrType::A, "NOERROR soa home.arpa."),
        ("nas.local", RrType::A, "NOERROR A 10.0.0.3"),
        ("0.0.10.in-addr.arpa", RrType::PTR, "NOERROR soa 10.in-addr.arpa."),
        ("1.0.10.in-addr.arpa", RrType::PTR, "NXDOMAIN soa 10.in-addr.arpa."),
        ("x.truong.test", RrType::A, "-"),
        ("test", RrType::A, "NOERROR soa test."),
        ("onion", RrType::A, "NXDOMAIN soa onion."),
    ] {
        assert_eq!(said(&local, name, rtype), expected, "{name} {rtype}");
    }
}

#[test]
fn the_parent_says_that_a_zone_made_here_has_no_signatures() {
    let local = local(Vec::new());
    for (name, expected) in [
        ("10.in-addr.arpa", "-"),
        ("16.172.in-addr.arpa", "-"),
        ("home.arpa", "-"),
        ("ipv4only.arpa", "-"),
        ("1.10.in-addr.arpa", "NXDOMAIN soa 10.in-addr.arpa."),
        ("onion", "NXDOMAIN soa onion."),
        ("internal", "NXDOMAIN soa internal."),
    ] {
        assert_eq!(said(&local, name, RrType::DS), expected, "{name}");
        let name = OwnedName::parse(name).unwrap();
        assert_eq!(local.covers(name.as_name(), RrType::DS), expected != "-", "{name}");
        assert!(local.covers(name.as_name(), RrType::A));
    }
}

#[test]
fn what_the_config_leaves_to_others_is_not_answered_here() {
    let public = ["10.in-addr.arpa", "172.in-addr.arpa", "1.168.192.in-addr.arpa", "internal", "onion"];
    let public = public.map(|name| OwnedName::parse(name).unwrap()).into();
    let settings = Settings { public, ..Settings::default() };
    let local = Local::new(&settings, std::iter::empty(), None).unwrap();
    for (name, expected) in [
        ("1.0.0.10.in-addr.arpa", "-"),
        ("1.0.16.172.in-addr.arpa", "-"),
        ("9.1.168.192.in-addr.arpa", "-"),
        ("9.2.168.192.in-addr.arpa", "NXDOMAIN soa 168.192.in-addr.arpa."),
        ("x.internal", "-"),
        ("x.home.arpa", "NXDOMAIN soa home.arpa."),
        // It means nothing anywhere else.
        ("x.onion", "NXDOMAIN soa onion."),
    ] {
        assert_eq!(said(&local, name, RrType::PTR), expected, "{name}");
    }
    let can = |name: &str| can_be_left(OwnedName::parse(name).unwrap().as_name());
    assert!(
        ["10.in-addr.arpa", "5.10.in-addr.arpa", "in-addr.arpa", "home.arpa", "x.local"].into_iter().all(can)
    );
    assert!(!["localhost", "x.onion", "11.in-addr.arpa", "truong.example"].into_iter().any(can));
}

#[test]
fn the_name_by_which_translators_are_found_is_answered_here() {
    let with = |prefix: Option<&str>| {
        let prefix = prefix.map(|prefix| prefix.parse().unwrap());
        Local::new(&Settings::default(), std::iter::empty(), prefix).unwrap()
    };
    for (prefix, asked, expected) in [
        (None, RrType::A, "NOERROR A 192.0.0.170 A 192.0.0.171"),
        (None, RrType::AAAA, "NOERROR soa ipv4only.arpa."),
        (None, RrType::NS, "NOERROR soa ipv4only.arpa."),
        (Some("64:ff9b::/96"), RrType::A, "NOERROR A 192.0.0.170 A 192.0.0.171"),
        (Some("64:ff9b::/96"), RrType::AAAA, "NOERROR AAAA 64:ff9b::c000:aa AAAA 64:ff9b::c000:ab"),
        (Some("2001:db8::/32"), RrType::AAAA, "NOERROR AAAA 2001:db8:c000:aa:: AAAA 2001:db8:c000:ab::"),
    ] {
        assert_eq!(said(&with(prefix), "ipv4only.arpa", asked), expected, "{prefix:?} {asked}");
    }
    assert_eq!(said(&with(None), "x.ipv4only.arpa", RrType::A), "NXDOMAIN soa ipv4only.arpa.");
    assert_eq!(said(&with(None), "170.0.0.192.in-addr.arpa", RrType::PTR), "NOERROR PTR ipv4only.arpa.");
}

#[test]
fn an_address_behind_the_prefix_has_the_name_of_the_ipv4_address() {
    let prefix = Some("64:ff9b::/96".parse().unwrap());
    let records = vec![record("5.0.0.10.in-addr.arpa", RrType::PTR, "may5.truong.example")];
    let settings = Settings { records, ..Settings::default() };
    let local = Local::new(&settings, std::iter::empty(), prefix).unwrap();
    let apex = "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa";
    for (below, expected) in [
        ("4.0.4.0.8.0.8.0.", "NOERROR CNAME 4.4.8.8.in-addr.arpa.".to_owned()),
        ("5.0.0.0.0.0.a.0.", "NOERROR CNAME 5.0.0.10.in-addr.arpa. PTR may5.truong.example.".to_owned()),
        ("6.0.0.0.0.0.a.0.", "NXDOMAIN CNAME 6.0.0.10.in-addr.arpa. soa 10.in-addr.arpa.".to_owned()),
        ("0.0.a.0.", format!("NOERROR soa {apex}.")),
        ("", format!("NOERROR soa {apex}.")),
        ("x.4.6.0.3.3.6.c.", format!("NXDOMAIN soa {apex}.")),
        ("1.1.4.6.0.3.3.6.c.", format!("NXDOMAIN soa {apex}.")),
        ("xx.", format!("NXDOMAIN soa {apex}.")),
    ] {
        assert_eq!(said(&local, &format!("{below}{apex}"), RrType::PTR), expected, "{below}");
    }
    assert_eq!(said(&local, "1.0.0.0.c.f.ip6.arpa", RrType::PTR), "NXDOMAIN soa c.f.ip6.arpa.");
}
