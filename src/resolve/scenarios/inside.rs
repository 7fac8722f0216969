//! What leads inside and what may not: rebinding, zones given away, DNS64.

use super::*;
use crate::dns::name::OwnedName;
use crate::dns::rrtype::RrType;
use crate::resolve::local::ZoneSpec;
use crate::resolve::settings::ForwardZone;

fn name(text: &str) -> OwnedName {
    OwnedName::parse(text).unwrap()
}

fn internet() -> super::world::Zone {
    zone(
        ".",
        "www.example A 198.51.100.1\nevil.example A 10.0.0.1\nhalf.example A 192.168.1.1\nhalf.example A 198.51.100.2\n\
         alias.example CNAME evil.example.\nx.plex.example A 10.0.0.7\nblocked.example A 0.0.0.0\n\
         two.example A 198.51.100.3\ntwo.example AAAA 2001:db8::3\nlong.example CNAME www.example.\n\
         nat.example AAAA 2001:db8:64::a00:1\n",
    )
}

#[tokio::test]
async fn no_public_name_leads_inside_but_those_of_the_config_and_of_forwarded_zones() {
    let Some(mut world) = World::new().await else { return };
    let outside = world.server(Manner::Serves(internet())).await;
    let inside =
        world.server(Manner::Serves(zone("school.lan.", "pc A 10.0.0.9\nout CNAME evil.example."))).await;
    let mut settings = world.forward(&[outside.address]);
    settings.forwards.push(ForwardZone {
        zone: name("school.lan"),
        servers: vec![inside.address.to_string().parse().unwrap()],
        validates: false,
    });
    settings.private_names = vec![name("plex.example")];
    let off = Resolver::new(Settings { rebinding: false, ..settings.clone() }).unwrap();
    let resolver = Resolver::new(settings).unwrap();
    for (asked, expected, why) in [
        ("www.example", "NOERROR www.example. A 198.51.100.1", None),
        ("evil.example", "NOERROR +soa", Some(EdeCode::Blocked)),
        ("half.example", "NOERROR half.example. A 198.51.100.2", Some(EdeCode::Blocked)),
        ("alias.example", "NOERROR alias.example. CNAME evil.example. +soa", Some(EdeCode::Blocked)),
        ("x.plex.example", "NOERROR x.plex.example. A 10.0.0.7", None),
        ("blocked.example", "NOERROR blocked.example. A 0.0.0.0", Some(EdeCode::Blocked)),
        ("pc.school.lan", "NOERROR pc.school.lan. A 10.0.0.9", None),
        ("out.school.lan", "NOERROR out.school.lan. CNAME evil.example. +soa", Some(EdeCode::Blocked)),
    ] {
        let answer = resolver.resolve(a(asked)).await;
        assert_eq!((said(&answer).as_str(), ede(&answer)), (expected, why), "{asked}");
        let is_block = asked == "blocked.example";
        assert_eq!(answer.is_rebound(), why.is_some() && !is_block, "{asked}");
    }
    assert_eq!(said(&off.resolve(a("evil.example")).await), "NOERROR evil.example. A 10.0.0.1");
}

#[tokio::test]
async fn recursion_leads_inside_as_little() {
    let Some(mut world) = World::new().await else { return };
    let root = world.server(Manner::Serves(internet())).await;
    let resolver = Resolver::new(world.recursive(root.ip())).unwrap();
    assert_eq!(said(&resolver.resolve(a("www.example")).await), "NOERROR www.example. A 198.51.100.1");
    for asked in ["evil.example", "blocked.example"] {
        let answer = resolver.resolve(a(asked)).await;
        assert_eq!((said(&answer).as_str(), answer.is_rebound()), ("NOERROR +soa", true), "{asked}");
    }
}

/// Writes `school.lan`, which gives `lab` away to the server at `lab`.
fn local_zone(world: &World, lab: std::net::IpAddr) -> ZoneSpec {
    let text = format!(
        "@ 60 IN SOA a. b. 1 2 3 4 5\n@ 60 IN NS ns\nns 60 IN A 10.1.1.1\nlab 60 IN NS ns.lab\nns.lab 60 IN A {lab}\n\
         www 60 IN CNAME pc.lab\nout 60 IN CNAME www.example.\n"
    );
    ZoneSpec { zone: name("school.lan"), file: world.file("school.zone", &text) }
}

#[tokio::test]
async fn what_a_local_zone_gives_away_is_asked_of_its_servers_and_of_nobody_else() {
    for recursive in [true, false] {
        let Some(mut world) = World::new().await else { return };
        let public = world.server(Manner::Serves(internet())).await;
        let lab = world
            .server(Manner::Serves(zone("lab.school.lan.", "pc A 10.3.0.1\nout CNAME www.example.")))
            .await;
        let mut settings = match recursive {
            true => world.recursive(public.ip()),
            false => world.forward(&[public.address]),
        };
        settings.local.zones = vec![local_zone(&world, lab.ip())];
        let resolver = Resolver::new(settings).unwrap();
        for (ask, expected) in [
            (a("pc.lab.school.lan"), "NOERROR pc.lab.school.lan. A 10.3.0.1"),
            (a("none.lab.school.lan"), "NXDOMAIN +soa"),
            (ask("lab.school.lan", RrType::DS), "NOERROR +soa"),
            (
                a("www.school.lan"),
                "NOERROR www.school.lan. CNAME pc.lab.school.lan. pc.lab.school.lan. A 10.3.0.1",
            ),
            (
                a("out.lab.school.lan"),
                "NOERROR out.lab.school.lan. CNAME www.example. www.example. A 198.51.100.1",
            ),
            (a("out.school.lan"), "NOERROR out.school.lan. CNAME www.example. www.example. A 198.51.100.1"),
            (a("none.school.lan"), "NXDOMAIN +soa"),
        ] {
            assert_eq!(said(&resolver.resolve(ask.clone()).await), expected, "{ask:?}");
        }
        let leaked = public.asked().into_iter().find(|line| line.contains("lan."));
        assert_eq!(leaked, None, "recursive: {recursive}");
        assert!(lab.asked().iter().all(|line| line.contains("lab.school.lan.")), "{:?}", lab.asked());
        let is_local = |text: &str, kind| resolver.is_local(name(text).as_name(), kind);
        assert!(
            is_local("lab.school.lan", RrType::DS)
                && !is_local("lab.school.lan", RrType::A)
                && is_local("ns.school.lan", RrType::A)
        );
    }
}

#[tokio::test]
async fn servers_of_the_config_come_before_those_that_a_zone_names() {
    let Some(mut world) = World::new().await else { return };
    let public = world.server(Manner::Serves(internet())).await;
    let chosen = world.server(Manner::Serves(zone("lab.school.lan.", "pc A 10.3.0.2"))).await;
    let mut settings = world.forward(&[public.address]);
    settings.local.zones = vec![local_zone(&world, world.ip(77))];
    settings.forwards.push(ForwardZone {
        zone: name("lab.school.lan"),
        servers: vec![chosen.address.to_string().parse().unwrap()],
        validates: false,
    });
    let resolver = Resolver::new(settings).unwrap();
    assert_eq!(
        said(&resolver.resolve(a("pc.lab.school.lan")).await),
        "NOERROR pc.lab.school.lan. A 10.3.0.2"
    );
}

#[tokio::test]
async fn names_without_ipv6_get_addresses_behind_the_translators_prefix() {
    let Some(mut world) = World::new().await else { return };
    let server = world.server(Manner::Serves(internet())).await;
    let dns64 = Some("2001:db8:64::/96".parse().unwrap());
    let mut settings = Settings { dns64, ..world.forward(&[server.address]) };
    settings.local.records = vec![crate::resolve::local::RecordSpec {
        name: name("may.lan"),
        rtype: RrType::A,
        ttl: 60,
        data: "10.0.0.5".to_owned(),
    }];
    let resolver = Resolver::new(settings).unwrap();
    for (asked, expected, made) in [
        ("www.example", "NOERROR www.example. AAAA 2001:db8:64::c633:6401", true),
        (
            "long.example",
            "NOERROR long.example. CNAME www.example. www.example. AAAA 2001:db8:64::c633:6401",
            true,
        ),
        ("two.example", "NOERROR two.example. AAAA 2001:db8::3", false),
        // Blocked upstream, or leading inside: nothing is made of it.
        ("blocked.example", "NOERROR +soa", false),
        ("evil.example", "NOERROR +soa", false),
        ("nat.example", "NOERROR +soa", false),
        ("none.example", "NXDOMAIN +soa", false),
        ("may.lan", "NOERROR may.lan. AAAA 2001:db8:64::a00:5", true),
    ] {
        let answer = resolver.resolve(ask(asked, RrType::AAAA)).await;
        assert_eq!((said(&answer).as_str(), resolver.has_made(&answer)), (expected, made), "{asked}");
    }
    let local = resolver.local(&ask("may.lan", RrType::AAAA)).expect("never leaves the network");
    assert_eq!(said(&local), "NOERROR may.lan. AAAA 2001:db8:64::a00:5");
    let checks = Ask { dnssec_ok: true, checking_disabled: true, ..ask("www.example", RrType::AAAA) };
    assert_eq!(said(&resolver.resolve(checks).await), "NOERROR +soa", "who validates gets the truth");
    resolver.resolve(ask("ipv4only.arpa", RrType::AAAA)).await;
    assert!(!server.asked().iter().any(|line| line.contains("ipv4only")));
}

#[tokio::test]
async fn a_public_alias_is_never_continued_inside() {
    for recursive in [true, false] {
        let Some(mut world) = World::new().await else { return };
        let zone_of_public = zone(
            ".",
            "printer.example CNAME may-in.truong.\nnear.example CNAME printer.example.\n\
             zone.example CNAME www.school.lan.\nself.example CNAME localhost.\n\
             nowhere.example CNAME x.invalid.\n\
             forwarded.example CNAME pc.ad.lan.\nout.example CNAME www.ad.lan.\n\
             may.plex.example CNAME may-in.truong.\nmay2.plex.example CNAME pc.ad.lan.\n\
             www.example A 198.51.100.1\n",
        );
        let public = world.server(Manner::Serves(zone_of_public)).await;
        let ad = world.server(Manner::Serves(zone("ad.lan.", "pc A 10.0.0.9\nwww A 198.51.100.9\n"))).await;
        let mut settings = match recursive {
            true => world.recursive(public.ip()),
            false => world.forward(&[public.address]),
        };
        settings.forwards.push(ForwardZone {
            zone: name("ad.lan"),
            servers: vec![ad.address.to_string().parse().unwrap()],
            validates: false,
        });
        settings.local.zones = vec![local_zone(&world, world.ip(9))];
        let record = |owner: &str, rtype, data: &str| crate::resolve::local::RecordSpec {
            name: name(owner),
            rtype,
            ttl: 60,
            data: data.to_owned(),
        };
        // Also one whose address is public: an alias of a stranger's has no business with it.
        settings.local.records = vec![
            record("may-in.truong", RrType::A, "10.0.0.5"),
            record("www.truong", RrType::A, "203.0.113.5"),
        ];
        settings.private_names = vec![name("plex.example")];
        let resolver = Resolver::new(settings).unwrap();
        for (asked, expected, is_rebound) in [
            ("printer.example", "NOERROR +soa", true),
            ("near.example", "NOERROR near.example. CNAME printer.example. +soa", true),
            ("zone.example", "NOERROR +soa", true),
            ("self.example", "NOERROR +soa", true),
            ("nowhere.example", "NXDOMAIN nowhere.example. CNAME x.invalid. +soa", false),
            ("forwarded.example", "NOERROR forwarded.example. CNAME pc.ad.lan. +soa", true),
            ("out.example", "NOERROR out.example. CNAME www.ad.lan. www.ad.lan. A 198.51.100.9", false),
            (
                "may.plex.example",
                "NOERROR may.plex.example. CNAME may-in.truong. may-in.truong. A 10.0.0.5",
                false,
            ),
            ("may2.plex.example", "NOERROR may2.plex.example. CNAME pc.ad.lan. pc.ad.lan. A 10.0.0.9", false),
        ] {
            // A forwarder says of names that it does not know that there are none.
            if !recursive && (expected.contains("ad.lan") || expected.contains("10.0.0.5")) {
                continue;
            }
            let answer = resolver.resolve(a(asked)).await;
            assert_eq!(
                (said(&answer).as_str(), answer.is_rebound()),
                (expected, is_rebound),
                "{asked} {recursive}"
            );
        }
    }
}
