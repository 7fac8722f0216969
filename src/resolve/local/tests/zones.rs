//! Zones in master format, at the table.

use super::*;

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
known.wild IN TXT here
*.lost IN CNAME gone
away IN CNAME www.example.com.
sub IN NS ns.sub
ns.sub IN A 10.9.9.9
";

#[test]
fn zones_in_master_format_answer_with_authority() {
    let lab = "@ 60 IN SOA ns.school.lan. admin.school.lan. 1 2 3 4 5\n@ 60 IN NS ns.school.lan.\npc1 60 IN A 10.3.0.1\n";
    let (_folder, settings) = zone_file(&[("school.lan", SCHOOL), ("lab.school.lan", lab)]);
    let local = Local::new(&settings, std::iter::empty(), None).unwrap();
    for (name, rtype, expected) in [
        ("web.school.lan", RrType::A, "NOERROR A 10.1.1.2"),
        ("www.school.lan", RrType::A, "NOERROR CNAME web.school.lan. A 10.1.1.2"),
        ("web.school.lan", RrType::AAAA, "NOERROR soa school.lan."),
        ("none.school.lan", RrType::A, "NXDOMAIN soa school.lan."),
        ("b.deep.school.lan", RrType::A, "NOERROR soa school.lan."),
        ("x.wild.school.lan", RrType::A, "NOERROR A 10.1.1.4"),
        ("x.wild.school.lan", RrType::AAAA, "NOERROR soa school.lan."),
        ("away.school.lan", RrType::A, "NOERROR CNAME www.example.com."),
        ("pc1.lab.school.lan", RrType::A, "NOERROR A 10.3.0.1"),
        ("pc2.lab.school.lan", RrType::A, "NXDOMAIN soa lab.school.lan."),
        ("x.wild.school.lan", RrType::CNAME, "NOERROR soa school.lan."),
        ("x.y.wild.school.lan", RrType::A, "NOERROR A 10.1.1.4"),
        ("*.wild.school.lan", RrType::A, "NOERROR A 10.1.1.4"),
        ("wild.school.lan", RrType::A, "NOERROR soa school.lan."),
        ("known.wild.school.lan", RrType::A, "NOERROR soa school.lan."),
        ("x.known.wild.school.lan", RrType::A, "NXDOMAIN soa school.lan."),
        ("x.lost.school.lan", RrType::A, "NXDOMAIN CNAME gone.school.lan. soa school.lan."),
        ("x.b.deep.school.lan", RrType::A, "NXDOMAIN soa school.lan."),
        ("x.sub.school.lan", RrType::A, "-"),
        ("sub.school.lan", RrType::A, "-"),
        ("sub.school.lan", RrType::NS, "-"),
        ("ns.sub.school.lan", RrType::A, "-"),
        ("sub.school.lan", RrType::DS, "NOERROR soa school.lan."),
        ("x.sub.school.lan", RrType::DS, "-"),
        ("school.lan", RrType::NS, "NOERROR NS ns.school.lan."),
        ("lan", RrType::A, "-"),
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
            &[("school.lan", "@ 60 IN SOA a. b. 1 2 3 4 5\na 60 IN CNAME b\na 60 IN A 10.0.0.1\n")],
            "has a CNAME and other records",
        ),
        (
            &[("school.lan", "@ 60 IN SOA a. b. 1 2 3 4 5\nwww.example.com. 60 IN A 10.1.1.1\n")],
            "outside the zone",
        ),
        (&[("school.lan", SCHOOL), ("school.lan", SCHOOL)], "given twice"),
    ] {
        let (_folder, settings) = zone_file(zones);
        let Err(error) = Local::new(&settings, std::iter::empty(), None) else { panic!("taken: {zones:?}") };
        assert!(error.to_string().contains(says), "{error}");
    }
    let missing = ZoneSpec { zone: OwnedName::parse("a.lan").unwrap(), file: "/nonexistent/zone".into() };
    let settings = Settings { zones: vec![missing], ..Settings::default() };
    assert!(matches!(Local::new(&settings, std::iter::empty(), None), Err(LocalError::Zone { .. })));
}

#[test]
fn a_file_that_a_zone_includes_is_read_and_what_is_no_file_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (zone, rest) = (folder.path().join("school.zone"), folder.path().join("rest"));
    std::fs::write(&zone, "@ 60 IN SOA a. b. 1 2 3 4 5\n$INCLUDE rest\n").unwrap();
    let read = || {
        let spec = ZoneSpec { zone: OwnedName::parse("school.lan").unwrap(), file: zone.clone() };
        let settings = Settings { zones: vec![spec], ..Settings::default() };
        Local::new(&settings, std::iter::empty(), None).map(drop).map_err(|error| error.to_string())
    };
    std::fs::write(&rest, "www 60 IN A 10.1.1.1\n").unwrap();
    assert_eq!(read(), Ok(()));
    std::fs::write(&rest, "$INCLUDE rest\n").unwrap();
    assert!(read().unwrap_err().contains("include each other"));
    std::fs::remove_file(&rest).unwrap();
    crate::sys::whole::make_pipe(&rest);
    assert!(read().unwrap_err().contains("a pipe (FIFO)"));
}

#[test]
fn a_dname_moves_what_is_below_it_and_nothing_else() {
    let long = "x".repeat(63);
    let text = format!(
        "@ 60 IN SOA a. b. 1 2 3 4 5\n@ 60 IN NS ns.example.com.\n\
         old 300 IN DNAME new\nold 300 IN TXT \"moved\"\nnew 300 IN A 10.0.0.9\npc.new 300 IN A 10.0.0.1\n\
         away IN DNAME example.com.\nlong 60 IN DNAME {long}.{long}.{long}\n"
    );
    let (_folder, settings) = zone_file(&[("school.lan", &text)]);
    let local = Local::new(&settings, std::iter::empty(), None).unwrap();
    for (name, rtype, starts) in [
        ("old.school.lan", RrType::TXT, "NOERROR TXT moved"),
        ("old.school.lan", RrType::A, "NOERROR soa school.lan."),
        ("old.school.lan", RrType::DNAME, "NOERROR DNAME"),
        ("gone.old.school.lan", RrType::A, "NXDOMAIN DNAME"),
    ] {
        let found = said(&local, name, rtype);
        assert!(found.starts_with(starts), "{name} {rtype}: {found}");
    }
    let moved = said(&local, "pc.old.school.lan", RrType::A);
    assert!(moved.ends_with("CNAME pc.new.school.lan. A 10.0.0.1"), "{moved}");
    let away = said(&local, "www.away.school.lan", RrType::A);
    assert!(away.ends_with("CNAME www.example.com."), "{away}");
    let far = format!("{long}.long.school.lan");
    assert!(said(&local, &far, RrType::A).starts_with("YXDOMAIN DNAME"));
}

#[test]
fn zones_that_are_given_away_name_their_servers_unless_they_are_ours_too() {
    let school = "@ 60 IN SOA a. b. 1 2 3 4 5\n@ 60 IN NS ns\nns 60 IN A 10.1.1.1\n\
        lab 60 IN NS ns.lab\nlab 60 IN NS ns\nns.lab 60 IN A 10.9.9.9\nns.lab 60 IN AAAA fd00::9\n\
        below.lab 60 IN NS ns\nown 60 IN NS ns\nfar 60 IN NS ns.example.com.\nother 60 IN NS ns.own\n";
    let own = "@ 60 IN SOA a. b. 1 2 3 4 5\n@ 60 IN NS ns\nns 60 IN A 10.1.1.2\n";
    let (_folder, settings) = zone_file(&[("school.lan", school), ("own.school.lan", own)]);
    let local = Local::new(&settings, std::iter::empty(), None).unwrap();
    let found: Vec<String> = local
        .delegations()
        .into_iter()
        .map(|Delegation { zone, servers }| format!("{zone} {servers:?}"))
        .collect();
    assert_eq!(found, ["lab.school.lan [10.1.1.1, 10.9.9.9, fd00::9]", "other.school.lan [10.1.1.2]"]);
}

#[test]
fn a_local_reverse_zone_gives_rooms_away_and_the_empty_zone_does_not_take_them() {
    let text = "@ 60 IN SOA a. b. 1 2 3 4 5\n@ 60 IN NS ns\nns 60 IN A 10.1.1.1\n9 60 IN NS ns\n1.0.0 60 IN PTR a.lan.\n";
    let (_folder, settings) = zone_file(&[("10.in-addr.arpa", text)]);
    let local = Local::new(&settings, std::iter::empty(), None).unwrap();
    for (name, expected) in [
        ("1.0.0.10.in-addr.arpa", "NOERROR PTR a.lan."),
        ("2.0.0.10.in-addr.arpa", "NXDOMAIN soa 10.in-addr.arpa."),
        ("1.0.9.10.in-addr.arpa", "-"),
    ] {
        assert_eq!(said(&local, name, RrType::PTR), expected, "{name}");
    }
}

#[test]
fn a_negative_answer_lives_as_long_as_the_zones_soa_says() {
    let (_folder, settings) = zone_file(&[("school.lan", SCHOOL)]);
    let local = Local::new(&settings, std::iter::empty(), None).unwrap();
    let answer = local.answer(&Ask::new(OwnedName::parse("none.school.lan").unwrap(), RrType::A)).unwrap();
    assert_eq!(Message::from_vec(&answer.wire).unwrap().authorities[0].ttl, 120);
}
