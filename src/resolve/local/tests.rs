//! Names that never leave the house, at the table.

use super::*;
use crate::resolve::Ask;
use hickory_resolver::proto::op::Message;

fn record(name: &str, rtype: u16, data: &str) -> RecordSpec {
    RecordSpec { name: OwnedName::parse(name).unwrap(), rtype, ttl: 60, data: data.to_owned() }
}

fn local(records: Vec<RecordSpec>) -> Local {
    Local::new(&Settings { records, ..Settings::default() }, std::iter::empty()).unwrap()
}

/// `NOERROR A 10.1.1.9`, `NXDOMAIN soa 10.in-addr.arpa.`, or `-` for a name that is not local.
fn said(local: &Local, name: &str, rtype: u16) -> String {
    let Some(answer) = local.answer(&Ask::new(OwnedName::parse(name).unwrap(), rtype)) else {
        return "-".to_owned();
    };
    let message = Message::from_vec(&answer.wire).unwrap();
    let code = if answer.rcode == Rcode::NxDomain { "NXDOMAIN" } else { "NOERROR" };
    let answers = message.answers.iter().map(|record| format!(" {} {}", record.record_type(), record.data));
    let soa = message.authorities.iter().map(|record| format!(" soa {}", record.name));
    std::iter::once(code.to_owned()).chain(answers).chain(soa).collect()
}

#[test]
fn records_of_the_config_answer_and_their_names_are_complete() {
    let local = local(vec![
        record("printer.school.lan", rtype::A, "10.1.1.9"),
        record("printer.school.lan", rtype::A, "10.1.1.10"),
        record("www.school.lan", rtype::CNAME, "printer.school.lan"),
        record("school.lan", rtype::MX, "10 mail.school.lan"),
        record("school.lan", rtype::TXT, "\"v=spf1 -all\" \"xin chao\""),
        record("_ldap._tcp.school.lan", rtype::SRV, "0 100 389 dc.school.lan."),
        record("v6.school.lan", rtype::AAAA, "fd00::9"),
        record("*.lab.school.lan", rtype::A, "10.2.0.1"),
        record("pc1.lab.school.lan", rtype::A, "10.2.0.2"),
    ]);
    for (name, rtype, expected) in [
        ("printer.school.lan", rtype::A, "NOERROR A 10.1.1.9 A 10.1.1.10"),
        ("printer.school.lan", rtype::AAAA, "NOERROR soa printer.school.lan."),
        ("www.school.lan", rtype::A, "NOERROR CNAME printer.school.lan."),
        ("school.lan", rtype::MX, "NOERROR MX 10 mail.school.lan."),
        ("school.lan", rtype::TXT, "NOERROR TXT v=spf1 -allxin chao"),
        ("_ldap._tcp.school.lan", rtype::SRV, "NOERROR SRV 0 100 389 dc.school.lan."),
        ("v6.school.lan", rtype::AAAA, "NOERROR AAAA fd00::9"),
        ("other.school.lan", rtype::A, "-"),
        ("pc7.lab.school.lan", rtype::A, "NOERROR A 10.2.0.1"),
        ("pc1.lab.school.lan", rtype::A, "NOERROR A 10.2.0.2"),
        ("x.pc1.lab.school.lan", rtype::A, "-"),
        ("lab.school.lan", rtype::A, "-"),
    ] {
        assert_eq!(said(&local, name, rtype), expected, "{name} {rtype}");
    }
}

#[test]
fn mistakes_in_records_name_the_record() {
    for (records, says) in [
        (vec![record("a.lan", rtype::A, "10.1.1")], "record a.lan A"),
        (vec![record("a.lan", rtype::A, "")], "record a.lan A"),
        (vec![record("a.lan", rtype::MX, "mail")], "record a.lan MX"),
        (vec![record("a.lan", rtype::CNAME, "b..lan")], "record a.lan CNAME"),
        (
            vec![record("a.lan", rtype::CNAME, "b.lan"), record("a.lan", rtype::A, "10.1.1.1")],
            "`a.lan` has a CNAME",
        ),
        (
            vec![record("a.lan", rtype::A, "10.1.1.1"), record("a.lan", rtype::CNAME, "b.lan")],
            "`a.lan` has a CNAME",
        ),
    ] {
        let settings = Settings { records: records.clone(), ..Settings::default() };
        let Err(error) = Local::new(&settings, std::iter::empty()) else { panic!("taken: {records:?}") };
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn special_names_never_leave_the_house() {
    let local = local(Vec::new());
    for (name, rtype, expected) in [
        ("localhost", rtype::A, "NOERROR A 127.0.0.1"),
        ("x.localhost", rtype::AAAA, "NOERROR AAAA ::1"),
        ("localhost", rtype::MX, "NOERROR soa localhost."),
        ("1.0.0.127.in-addr.arpa", rtype::PTR, "NOERROR PTR localhost."),
        ("0.0.127.in-addr.arpa", rtype::PTR, "NOERROR soa 127.in-addr.arpa."),
        ("2.0.0.127.in-addr.arpa", rtype::PTR, "NXDOMAIN soa 127.in-addr.arpa."),
        ("10.in-addr.arpa", rtype::NS, "NOERROR soa 10.in-addr.arpa."),
        (
            "10.in-addr.arpa",
            rtype::SOA,
            "NOERROR SOA 10.in-addr.arpa. nobody.invalid. 1 3600 1200 604800 300",
        ),
        ("9.1.1.10.in-addr.arpa", rtype::PTR, "NXDOMAIN soa 10.in-addr.arpa."),
        ("1.0.168.192.in-addr.arpa", rtype::PTR, "NXDOMAIN soa 168.192.in-addr.arpa."),
        ("1.0.15.172.in-addr.arpa", rtype::PTR, "-"),
        ("1.0.16.172.in-addr.arpa", rtype::PTR, "NXDOMAIN soa 16.172.in-addr.arpa."),
        ("1.0.31.172.in-addr.arpa", rtype::PTR, "NXDOMAIN soa 31.172.in-addr.arpa."),
        ("1.0.32.172.in-addr.arpa", rtype::PTR, "-"),
        ("1.0.63.100.in-addr.arpa", rtype::PTR, "-"),
        ("1.0.64.100.in-addr.arpa", rtype::PTR, "NXDOMAIN soa 64.100.in-addr.arpa."),
        ("1.0.127.100.in-addr.arpa", rtype::PTR, "NXDOMAIN soa 127.100.in-addr.arpa."),
        ("1.254.169.in-addr.arpa", rtype::PTR, "NXDOMAIN soa 254.169.in-addr.arpa."),
        ("1.2.0.192.in-addr.arpa", rtype::PTR, "NXDOMAIN soa 2.0.192.in-addr.arpa."),
        ("0.d.f.ip6.arpa", rtype::PTR, "NXDOMAIN soa d.f.ip6.arpa."),
        ("0.8.e.f.ip6.arpa", rtype::PTR, "NXDOMAIN soa 8.e.f.ip6.arpa."),
        ("0.8.b.d.0.1.0.0.2.ip6.arpa", rtype::PTR, "NXDOMAIN soa 8.b.d.0.1.0.0.2.ip6.arpa."),
        ("8.8.8.8.in-addr.arpa", rtype::PTR, "-"),
        ("x.onion", rtype::A, "NXDOMAIN soa onion."),
        ("nas.local", rtype::A, "NXDOMAIN soa local."),
        ("x.test", rtype::A, "NXDOMAIN soa test."),
        ("invalid", rtype::A, "NXDOMAIN soa invalid."),
        ("x.home.arpa", rtype::A, "NXDOMAIN soa home.arpa."),
        ("_dns.resolver.arpa", rtype::SVCB, "NOERROR soa resolver.arpa."),
        ("resolver.arpa", rtype::A, "NOERROR soa resolver.arpa."),
        ("use-application-dns.net", rtype::A, "NXDOMAIN soa use-application-dns.net."),
        ("mask-h2.icloud.com", rtype::AAAA, "NXDOMAIN soa mask-h2.icloud.com."),
        ("icloud.com", rtype::A, "-"),
        ("example.com", rtype::A, "-"),
        (".", rtype::NS, "-"),
    ] {
        assert_eq!(said(&local, name, rtype), expected, "{name} {rtype}");
    }
}

#[test]
fn canaries_can_be_left_to_the_policy() {
    let settings = Settings { canaries: false, ..Settings::default() };
    let local = Local::new(&settings, std::iter::empty()).unwrap();
    assert_eq!(said(&local, "mask.icloud.com", rtype::A), "-");
    assert_eq!(said(&local, "x.onion", rtype::A), "NXDOMAIN soa onion.");
}

#[test]
fn the_schools_own_ptr_stands_above_the_empty_zone_around_it() {
    let local = local(vec![record("9.1.1.10.in-addr.arpa", rtype::PTR, "printer.school.lan")]);
    assert_eq!(said(&local, "9.1.1.10.in-addr.arpa", rtype::PTR), "NOERROR PTR printer.school.lan.");
    assert_eq!(said(&local, "8.1.1.10.in-addr.arpa", rtype::PTR), "NXDOMAIN soa 10.in-addr.arpa.");
}

#[test]
fn a_forwarded_zone_takes_its_special_names_with_it() {
    let forwarded = ["school.local", "168.192.in-addr.arpa", "."].map(|name| OwnedName::parse(name).unwrap());
    let local = Local::new(&Settings::default(), forwarded.into_iter()).unwrap();
    for (name, expected) in [
        ("dc.school.local", "-"),
        ("other.local", "NXDOMAIN soa local."),
        ("1.0.168.192.in-addr.arpa", "-"),
        ("1.0.0.10.in-addr.arpa", "NXDOMAIN soa 10.in-addr.arpa."),
    ] {
        assert_eq!(said(&local, name, rtype::A), expected, "{name}");
    }
}

/// A zone file on disk; it goes with the folder.
fn zone_file(zones: &[(&str, &str)]) -> (tempfile::TempDir, Settings) {
    let folder = tempfile::tempdir().unwrap();
    let specs = zones.iter().enumerate().map(|(index, (zone, text))| {
        let file = folder.path().join(index.to_string());
        std::fs::write(&file, text).unwrap();
        ZoneSpec { zone: OwnedName::parse(zone).unwrap(), file }
    });
    let zones = specs.collect();
    (folder, Settings { zones, ..Settings::default() })
}

const SCHOOL: &str = "$TTL 3600
@ IN SOA ns.school.lan. admin.school.lan. 7 3600 600 86400 120
@ IN NS ns
ns IN A 10.1.1.1
www IN CNAME web
web IN A 10.1.1.2
a.b.deep IN A 10.1.1.3
*.wild IN A 10.1.1.4
away IN CNAME www.example.com.
sub IN NS ns.sub
ns.sub IN A 10.9.9.9
";

#[test]
fn zones_in_master_format_answer_with_authority() {
    let lab = "@ 60 IN SOA ns.school.lan. admin.school.lan. 1 2 3 4 5\n@ 60 IN NS ns.school.lan.\npc1 60 IN A 10.3.0.1\n";
    let (_folder, settings) = zone_file(&[("school.lan", SCHOOL), ("lab.school.lan", lab)]);
    let local = Local::new(&settings, std::iter::empty()).unwrap();
    for (name, rtype, expected) in [
        ("web.school.lan", rtype::A, "NOERROR A 10.1.1.2"),
        ("www.school.lan", rtype::A, "NOERROR CNAME web.school.lan. A 10.1.1.2"),
        ("web.school.lan", rtype::AAAA, "NOERROR soa school.lan."),
        ("none.school.lan", rtype::A, "NXDOMAIN soa school.lan."),
        ("b.deep.school.lan", rtype::A, "NOERROR soa school.lan."),
        ("x.wild.school.lan", rtype::A, "NOERROR A 10.1.1.4"),
        ("x.wild.school.lan", rtype::AAAA, "NOERROR soa school.lan."),
        ("away.school.lan", rtype::A, "NOERROR CNAME www.example.com."),
        ("pc1.lab.school.lan", rtype::A, "NOERROR A 10.3.0.1"),
        ("pc2.lab.school.lan", rtype::A, "NXDOMAIN soa lab.school.lan."),
        ("x.sub.school.lan", rtype::A, "-"),
        ("school.lan", rtype::NS, "NOERROR NS ns.school.lan."),
        ("lan", rtype::A, "-"),
    ] {
        assert_eq!(said(&local, name, rtype), expected, "{name} {rtype}");
    }
}

#[test]
fn a_zone_file_that_cannot_be_used_says_which_and_why() {
    for (zones, says) in [
        (&[("school.lan", "www 60 IN A 10.1.1.1\n")][..], "no SOA"),
        (&[("school.lan", "@ 60 IN SOA a. b. 1 2\n")], "zone `school.lan`"),
        (
            &[("school.lan", "@ 60 IN SOA a. b. 1 2 3 4 5\nwww.example.com. 60 IN A 10.1.1.1\n")],
            "outside the zone",
        ),
        (&[("school.lan", SCHOOL), ("school.lan", SCHOOL)], "given twice"),
    ] {
        let (_folder, settings) = zone_file(zones);
        let Err(error) = Local::new(&settings, std::iter::empty()) else { panic!("taken: {zones:?}") };
        assert!(error.to_string().contains(says), "{error}");
    }
    let missing = ZoneSpec { zone: OwnedName::parse("a.lan").unwrap(), file: "/nonexistent/zone".into() };
    let settings = Settings { zones: vec![missing], ..Settings::default() };
    assert!(matches!(Local::new(&settings, std::iter::empty()), Err(LocalError::Zone { .. })));
}
