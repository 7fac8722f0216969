//! Names that never leave the school's network, as tables.

use super::*;
use crate::dns::security::Security;
use crate::resolve::Ask;
use hickory_resolver::proto::op::Message;

mod special;
mod zones;

fn record(name: &str, rtype: RrType, data: &str) -> RecordSpec {
    RecordSpec { name: OwnedName::parse(name).unwrap(), rtype, ttl: 60, data: data.to_owned() }
}

fn local(records: Vec<RecordSpec>) -> Local {
    Local::new(&Settings { records, ..Settings::default() }, std::iter::empty(), None).unwrap()
}

/// `NOERROR A 10.1.1.9`, `NXDOMAIN soa 10.in-addr.arpa.`, or `-` for a name that is not local.
fn said(local: &Local, name: &str, rtype: RrType) -> String {
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
        record("printer.school.lan", RrType::A, "10.1.1.9"),
        record("printer.school.lan", RrType::A, "10.1.1.10"),
        record("www.school.lan", RrType::CNAME, "printer.school.lan"),
        record("school.lan", RrType::MX, "10 mail.school.lan"),
        record("school.lan", RrType::TXT, "\"v=spf1 -all\" \"xin chao\""),
        record("_ldap._tcp.school.lan", RrType::SRV, "0 100 389 dc.school.lan."),
        record("v6.school.lan", RrType::AAAA, "fd00::9"),
        record("*.lab.school.lan", RrType::A, "10.2.0.1"),
        record("pc1.lab.school.lan", RrType::A, "10.2.0.2"),
    ]);
    for (name, rtype, expected) in [
        ("printer.school.lan", RrType::A, "NOERROR A 10.1.1.9 A 10.1.1.10"),
        ("printer.school.lan", RrType::AAAA, "NOERROR soa printer.school.lan."),
        ("www.school.lan", RrType::A, "NOERROR CNAME printer.school.lan. A 10.1.1.9 A 10.1.1.10"),
        ("www.school.lan", RrType::MX, "NOERROR CNAME printer.school.lan. soa printer.school.lan."),
        ("school.lan", RrType::MX, "NOERROR MX 10 mail.school.lan."),
        ("school.lan", RrType::TXT, "NOERROR TXT v=spf1 -allxin chao"),
        ("_ldap._tcp.school.lan", RrType::SRV, "NOERROR SRV 0 100 389 dc.school.lan."),
        ("v6.school.lan", RrType::AAAA, "NOERROR AAAA fd00::9"),
        ("other.school.lan", RrType::A, "-"),
        ("pc7.lab.school.lan", RrType::A, "NOERROR A 10.2.0.1"),
        ("pc1.lab.school.lan", RrType::A, "NOERROR A 10.2.0.2"),
        ("x.pc1.lab.school.lan", RrType::A, "-"),
        ("lab.school.lan", RrType::A, "-"),
    ] {
        assert_eq!(said(&local, name, rtype), expected, "{name} {rtype}");
    }
}

#[test]
fn mistakes_in_records_name_the_record() {
    for (records, says) in [
        (vec![record("a.lan", RrType::A, "10.1.1")], "record a.lan A"),
        (vec![record("a.lan", RrType::A, "")], "record a.lan A"),
        (vec![record("a.lan", RrType::MX, "mail")], "record a.lan MX"),
        (vec![record("a.lan", RrType::CNAME, "b..lan")], "record a.lan CNAME"),
        (
            vec![record("a.lan", RrType::CNAME, "b.lan"), record("a.lan", RrType::A, "10.1.1.1")],
            "`a.lan` has a CNAME",
        ),
        (
            vec![record("a.lan", RrType::A, "10.1.1.1"), record("a.lan", RrType::CNAME, "b.lan")],
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
        record("*.lab.lan", RrType::A, "10.2.0.1"),
        record("pc.room.lab.lan", RrType::A, "10.2.0.2"),
        record("*.deep.lab.lan", RrType::TXT, "deep"),
    ]);
    for (name, rtype, expected) in [
        ("x.lab.lan", RrType::A, "NOERROR A 10.2.0.1"),
        ("x.y.lab.lan", RrType::A, "NOERROR A 10.2.0.1"),
        ("*.lab.lan", RrType::A, "NOERROR A 10.2.0.1"),
        ("x.lab.lan", RrType::TXT, "NOERROR soa x.lab.lan."),
        ("room.lab.lan", RrType::A, "NOERROR soa room.lab.lan."),
        ("other.room.lab.lan", RrType::A, "-"),
        ("pc.room.lab.lan", RrType::A, "NOERROR A 10.2.0.2"),
        ("x.deep.lab.lan", RrType::A, "NOERROR soa x.deep.lab.lan."),
        ("lab.lan", RrType::A, "-"),
    ] {
        assert_eq!(said(&local, name, rtype), expected, "{name} {rtype}");
    }
}

#[test]
fn aliases_are_followed_as_far_as_they_stay_in_the_house() {
    let local = local(vec![
        record("a.lan", RrType::CNAME, "b.lan"),
        record("b.lan", RrType::CNAME, "localhost"),
        record("out.lan", RrType::CNAME, "www.example"),
        record("one.lan", RrType::CNAME, "two.lan"),
        record("two.lan", RrType::CNAME, "one.lan"),
        record("gone.lan", RrType::CNAME, "x.internal"),
    ]);
    for (name, rtype, expected) in [
        ("a.lan", RrType::A, "NOERROR CNAME b.lan. CNAME localhost. A 127.0.0.1"),
        ("a.lan", RrType::CNAME, "NOERROR CNAME b.lan."),
        ("a.lan", RrType::MX, "NOERROR CNAME b.lan. CNAME localhost. soa localhost."),
        ("out.lan", RrType::A, "NOERROR CNAME www.example."),
        ("one.lan", RrType::A, "NOERROR CNAME two.lan. CNAME one.lan."),
        ("gone.lan", RrType::A, "NXDOMAIN CNAME x.internal. soa internal."),
    ] {
        assert_eq!(said(&local, name, rtype), expected, "{name} {rtype}");
    }
}
