//! Names that never leave the school's network, as tables.

use super::*;
use crate::dns::security::Security;
use crate::resolve::Ask;
use hickory_resolver::proto::op::Message;

mod special;
mod zones;

fn record(name: &str, rtype: u16, data: &str) -> RecordSpec {
    RecordSpec { name: OwnedName::parse(name).unwrap(), rtype, ttl: 60, data: data.to_owned() }
}

fn local(records: Vec<RecordSpec>) -> Local {
    Local::new(&Settings { records, ..Settings::default() }, std::iter::empty(), None).unwrap()
}

/// `NOERROR A 10.1.1.9`, `NXDOMAIN soa 10.in-addr.arpa.`, or `-` for a name that is not local.
fn said(local: &Local, name: &str, rtype: u16) -> String {
    let Some(answer) = local.answer(&Ask::new(OwnedName::parse(name).unwrap(), rtype)) else {
        return "-".to_owned();
    };
    let message = Message::from_vec(&answer.wire).unwrap();
    let code = match answer.rcode {
        Rcode::NO_ERROR => "NOERROR",
        Rcode::NX_DOMAIN => "NXDOMAIN",
        Rcode::YX_DOMAIN => "YXDOMAIN",
        other => panic!("{other:?}"),
    };
    assert_eq!(answer.security, Security::Indeterminate, "nothing of ours is signed");
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
        ("www.school.lan", rtype::A, "NOERROR CNAME printer.school.lan. A 10.1.1.9 A 10.1.1.10"),
        ("www.school.lan", rtype::MX, "NOERROR CNAME printer.school.lan. soa printer.school.lan."),
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
        let Err(error) = Local::new(&settings, std::iter::empty(), None) else {
            panic!("taken: {records:?}")
        };
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_wildcard_covers_neither_what_exists_nor_what_is_below_it() {
    let local = local(vec![
        record("*.lab.lan", rtype::A, "10.2.0.1"),
        record("pc.room.lab.lan", rtype::A, "10.2.0.2"),
        record("*.deep.lab.lan", rtype::TXT, "deep"),
    ]);
    for (name, rtype, expected) in [
        ("x.lab.lan", rtype::A, "NOERROR A 10.2.0.1"),
        ("x.y.lab.lan", rtype::A, "NOERROR A 10.2.0.1"),
        ("*.lab.lan", rtype::A, "NOERROR A 10.2.0.1"),
        ("x.lab.lan", rtype::TXT, "NOERROR soa x.lab.lan."),
        ("room.lab.lan", rtype::A, "NOERROR soa room.lab.lan."),
        ("other.room.lab.lan", rtype::A, "-"),
        ("pc.room.lab.lan", rtype::A, "NOERROR A 10.2.0.2"),
        ("x.deep.lab.lan", rtype::A, "NOERROR soa x.deep.lab.lan."),
        ("lab.lan", rtype::A, "-"),
    ] {
        assert_eq!(said(&local, name, rtype), expected, "{name} {rtype}");
    }
}

#[test]
fn aliases_are_followed_as_far_as_they_stay_in_the_house() {
    let local = local(vec![
        record("a.lan", rtype::CNAME, "b.lan"),
        record("b.lan", rtype::CNAME, "localhost"),
        record("out.lan", rtype::CNAME, "www.example"),
        record("one.lan", rtype::CNAME, "two.lan"),
        record("two.lan", rtype::CNAME, "one.lan"),
        record("gone.lan", rtype::CNAME, "x.internal"),
    ]);
    for (name, rtype, expected) in [
        ("a.lan", rtype::A, "NOERROR CNAME b.lan. CNAME localhost. A 127.0.0.1"),
        ("a.lan", rtype::CNAME, "NOERROR CNAME b.lan."),
        ("a.lan", rtype::MX, "NOERROR CNAME b.lan. CNAME localhost. soa localhost."),
        ("out.lan", rtype::A, "NOERROR CNAME www.example."),
        ("one.lan", rtype::A, "NOERROR CNAME two.lan. CNAME one.lan."),
        ("gone.lan", rtype::A, "NXDOMAIN CNAME x.internal. soa internal."),
    ] {
        assert_eq!(said(&local, name, rtype), expected, "{name} {rtype}");
    }
}
