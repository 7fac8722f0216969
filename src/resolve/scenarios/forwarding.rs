//! Forwarding: order of servers, what comes through, what does not.

use hickory_resolver::proto::rr::rdata::{A, CNAME, NS, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record};

use super::*;
use crate::dns::name::OwnedName;
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;
use crate::resolve::local;
use crate::resolve::settings::ForwardZone;

fn internet() -> super::world::Zone {
    let hosts: String = (0..20).map(|n| format!("h{n}.example A 198.51.100.{n}\n")).collect();
    zone(".", &format!("{hosts}www.example CNAME h7.example.\nschool.lan A 203.0.113.1"))
}

#[tokio::test]
async fn a_dead_first_server_costs_little_and_only_once() {
    for dead in [Manner::Silent, Manner::Reply(ResponseCode::Refused), Manner::Reply(ResponseCode::ServFail)]
    {
        let Some(mut world) = World::new().await else { return };
        let first = world.server(dead.clone()).await;
        let second = world.server(Manner::Serves(internet())).await;
        let resolver = Resolver::new(world.forward(&[first.address, second.address])).unwrap();
        for n in 0..10 {
            let answer = resolver.resolve(a(&format!("h{n}.example"))).await;
            assert_eq!(said(&answer), format!("NOERROR h{n}.example. A 198.51.100.{n}"));
        }
        if matches!(dead, Manner::Silent) {
            assert!(first.asked().len() < 10, "a silent server is left alone: {:?}", first.asked());
        }
        let state = resolver.upstreams();
        assert_eq!(state.len(), 2);
        assert!(state[1].queries > 0 && state[1].rtt.is_some());
    }
}

#[tokio::test]
async fn fifty_who_ask_the_same_cost_one_query() {
    let Some(mut world) = World::new().await else { return };
    let server = world.server(Manner::Serves(internet())).await;
    let resolver = Arc::new(Resolver::new(world.forward(&[server.address])).unwrap());
    let asking: Vec<_> = (0..50)
        .map(|_| {
            let resolver = resolver.clone();
            tokio::spawn(async move { said(&resolver.resolve(a("h3.example")).await) })
        })
        .collect();
    for task in asking {
        assert_eq!(task.await.unwrap(), "NOERROR h3.example. A 198.51.100.3");
    }
    assert_eq!(server.asked(), ["udp A h3.example."]);
    assert_eq!(resolver.in_flight(), 0);
}

#[tokio::test]
async fn negative_answers_come_as_they_are_with_their_soa() {
    let Some(mut world) = World::new().await else { return };
    let server = world.server(Manner::Serves(internet())).await;
    let resolver = Resolver::new(world.forward(&[server.address])).unwrap();
    assert_eq!(said(&resolver.resolve(a("none.example")).await), "NXDOMAIN +soa");
    assert_eq!(said(&resolver.resolve(ask("h1.example", RrType::AAAA)).await), "NOERROR +soa");
    assert_eq!(
        said(&resolver.resolve(ask("www.example", RrType::AAAA)).await),
        "NOERROR www.example. CNAME h7.example. +soa"
    );
    let state = &resolver.upstreams()[0];
    assert_eq!((state.queries, state.failures), (3, 0), "a negative answer is no failure");
}

#[tokio::test]
async fn what_does_not_fit_comes_over_tcp() {
    let Some(mut world) = World::new().await else { return };
    let server = world.server(Manner::Truncates(internet())).await;
    let resolver = Resolver::new(world.forward(&[server.address])).unwrap();
    assert_eq!(said(&resolver.resolve(a("h5.example")).await), "NOERROR h5.example. A 198.51.100.5");
    assert_eq!(server.asked(), ["udp A h5.example.", "tcp A h5.example."]);
}

#[tokio::test]
async fn a_server_that_knows_no_edns_is_asked_without() {
    for code in [ResponseCode::FormErr, ResponseCode::NotImp] {
        let Some(mut world) = World::new().await else { return };
        let server = world.server(Manner::NoEdns(code, internet())).await;
        let resolver = Resolver::new(world.forward(&[server.address])).unwrap();
        assert_eq!(said(&resolver.resolve(a("h5.example")).await), "NOERROR h5.example. A 198.51.100.5");
    }
}

#[tokio::test]
async fn garbage_is_never_passed_on() {
    // Cut short; a pointer to itself; a pointer into the header; an A record of three octets; a CNAME
    // with a tail; a record of class CH.
    for garbage in [
        &b"\xc0"[..],
        b"\xc0\x1c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x01\x02\x03\x04",
        b"\xc0\x00\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x01\x02\x03\x04",
        b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x03\x01\x02\x03",
        b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x05\xc0\x0c\x00\x00\x00",
        b"\xc0\x0c\x00\x01\x00\x03\x00\x00\x00\x3c\x00\x04\x01\x02\x03\x04",
    ] {
        let Some(mut world) = World::new().await else { return };
        let bad = world.server(Manner::Garbage(garbage)).await;
        let good = world.server(Manner::Serves(internet())).await;
        let alone = Resolver::new(world.forward(&[bad.address])).unwrap();
        let answer = alone.resolve(a("h5.example")).await;
        assert_eq!(said(&answer), "SERVFAIL", "{garbage:x?}");
        assert!(answer.ede.is_some());
        let both = Resolver::new(world.forward(&[bad.address, good.address])).unwrap();
        assert_eq!(
            said(&both.resolve(a("h5.example")).await),
            "NOERROR h5.example. A 198.51.100.5",
            "{garbage:x?}"
        );
    }
}

#[tokio::test]
async fn the_deadline_holds_when_nobody_answers() {
    let Some(mut world) = World::new().await else { return };
    let silent = world.server(Manner::Silent).await;
    let deadline = Duration::from_millis(400);
    let settings = Settings { deadline, ..world.forward(&[silent.address]) };
    let resolver = Resolver::new(settings).unwrap();
    let start = Instant::now();
    let answer = resolver.resolve(a("h5.example")).await;
    assert_eq!(said(&answer), "SERVFAIL");
    assert!(ede(&answer).is_some());
    assert!(start.elapsed() < deadline + Duration::from_millis(500), "{:?}", start.elapsed());
}

#[tokio::test]
async fn the_longest_zone_decides_and_an_alias_may_leave_it() {
    let Some(mut world) = World::new().await else { return };
    let outside = world.server(Manner::Serves(internet())).await;
    let inside = world
        .server(Manner::Serves(zone(
            "school.lan.",
            "@ A 10.1.1.1\nprinter A 10.1.1.9\nportal CNAME h4.example.",
        )))
        .await;
    let mut settings = world.forward(&[outside.address]);
    settings.forwards.push(ForwardZone {
        zone: OwnedName::parse("school.lan").unwrap(),
        servers: vec![inside.address.to_string().parse().unwrap()],
        validates: false,
    });
    let resolver = Resolver::new(settings).unwrap();
    assert_eq!(said(&resolver.resolve(a("school.lan")).await), "NOERROR school.lan. A 10.1.1.1");
    assert_eq!(
        said(&resolver.resolve(a("printer.school.lan")).await),
        "NOERROR printer.school.lan. A 10.1.1.9"
    );
    assert_eq!(
        said(&resolver.resolve(a("portal.school.lan")).await),
        "NOERROR portal.school.lan. CNAME h4.example. h4.example. A 198.51.100.4"
    );
    assert!(outside.asked().iter().all(|line| !line.contains("school.lan")), "{:?}", outside.asked());
    // A DS is the parent's to tell.
    resolver.resolve(ask("school.lan", RrType::DS)).await;
    assert!(outside.asked().iter().any(|line| line == "udp DS school.lan."));
}

#[tokio::test]
async fn a_local_alias_is_followed_outside_and_local_names_stay_inside() {
    let Some(mut world) = World::new().await else { return };
    let server = world.server(Manner::Serves(internet())).await;
    let record = |name: &str, rtype, data: &str| local::RecordSpec {
        name: OwnedName::parse(name).unwrap(),
        rtype,
        ttl: 60,
        data: data.to_owned(),
    };
    let mut settings = world.forward(&[server.address]);
    settings.local.records = vec![
        record("web.school.lan", RrType::CNAME, "h4.example"),
        record("printer.school.lan", RrType::A, "10.1.1.9"),
    ];
    let resolver = Resolver::new(settings).unwrap();
    assert!(resolver.local(&a("web.school.lan")).is_none(), "leads outside");
    assert_eq!(
        said(&resolver.resolve(a("web.school.lan")).await),
        "NOERROR web.school.lan. CNAME h4.example. h4.example. A 198.51.100.4"
    );
    for inside in
        ["printer.school.lan", "localhost", "3.2.1.10.in-addr.arpa", "x.onion", "_dns.resolver.arpa"]
    {
        assert!(resolver.local(&a(inside)).is_some(), "{inside}");
        resolver.resolve(a(inside)).await;
    }
    assert_eq!(server.asked(), ["udp A h4.example."]);
}

#[tokio::test]
async fn block_signals_of_the_upstream_come_through_and_its_ad_does_not() {
    fn blocked(query: &Message) -> Message {
        let mut reply = Message::response(query.metadata.id, query.metadata.op_code);
        reply.add_queries(query.queries.clone());
        reply.metadata.response_code = ResponseCode::NXDomain;
        reply.metadata.authentic_data = true;
        reply
    }
    let Some(mut world) = World::new().await else { return };
    let server = world.server(Manner::Makes(blocked)).await;
    let resolver = Resolver::new(world.forward(&[server.address])).unwrap();
    let answer = resolver.resolve(a("casino.example")).await;
    assert_eq!((answer.rcode, ede(&answer)), (Rcode::NX_DOMAIN, Some(EdeCode::Blocked)));
    assert_eq!(answer.security, Security::Indeterminate);
    assert_eq!(answer.wire[3] & 0x20, 0, "AD is not believed");
}

#[tokio::test]
async fn nothing_that_no_resolver_answers_goes_out() {
    let Some(mut world) = World::new().await else { return };
    let server = world.server(Manner::Serves(internet())).await;
    let resolver = Resolver::new(world.forward(&[server.address])).unwrap();
    for (rtype, class) in [(1, 3), (1, 255), (41, 1), (252, 1), (251, 1), (249, 1)] {
        let answer = resolver.resolve(Ask { class, ..ask("h1.example", RrType::from(rtype)) }).await;
        assert_eq!(
            (answer.rcode, ede(&answer)),
            (Rcode::NOT_IMP, Some(EdeCode::NotSupported)),
            "{rtype} {class}"
        );
    }
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn an_encrypted_upstream_that_is_not_one_is_a_failure_and_nothing_worse() {
    let Some(mut world) = World::new().await else { return };
    let plain = world.server(Manner::Serves(internet())).await;
    let good = world.server(Manner::Serves(internet())).await;
    for text in
        [format!("tls://{}#dns.example", plain.address), format!("https://{}/q#dns.example", plain.address)]
    {
        let mut settings = world.forward(&[]);
        settings.forwards[0].servers = vec![text.parse().unwrap()];
        let alone = Resolver::new(settings.clone()).unwrap();
        let answer = alone.resolve(a("h5.example")).await;
        assert_eq!(
            (said(&answer).as_str(), ede(&answer)),
            ("SERVFAIL", Some(EdeCode::NetworkError)),
            "{text}"
        );
        settings.forwards[0].servers.push(good.address.to_string().parse().unwrap());
        let both = Resolver::new(settings).unwrap();
        assert_eq!(
            said(&both.resolve(a("h5.example")).await),
            "NOERROR h5.example. A 198.51.100.5",
            "{text}"
        );
        let state = &both.upstreams()[0];
        assert_eq!(state.server, text);
        assert!(state.failing > 0);
    }
}

#[tokio::test]
async fn the_clients_own_edns_never_goes_upstream() {
    let Some(mut world) = World::new().await else { return };
    let server = world.server(Manner::Serves(internet())).await;
    let resolver = Resolver::new(world.forward(&[server.address])).unwrap();
    for (dnssec_ok, checking_disabled) in [(false, false), (true, false), (true, true)] {
        resolver.resolve(Ask { dnssec_ok, checking_disabled, ..a("h1.example") }).await;
    }
    assert_eq!(server.asked(), ["udp A h1.example.", "udp +do A h1.example.", "udp +do +cd A h1.example."]);
}

#[tokio::test]
async fn aliases_to_nothing_and_in_circles_come_to_an_end() {
    fn alias_alone(query: &Message) -> Message {
        let mut reply = Message::response(query.metadata.id, query.metadata.op_code);
        reply.add_queries(query.queries.clone());
        let name = query.queries[0].name().clone();
        let target = match name.to_string().as_str() {
            "www.example." => "end.example.",
            "one.example." => "two.example.",
            "two.example." => "one.example.",
            _ => return reply,
        };
        let target = Name::from_ascii(target).unwrap();
        reply.add_answer(Record::from_rdata(name, 60, RData::CNAME(CNAME(target))));
        reply
    }
    let Some(mut world) = World::new().await else { return };
    let server = world.server(Manner::Makes(alias_alone)).await;
    let resolver = Resolver::new(world.forward(&[server.address])).unwrap();
    assert_eq!(said(&resolver.resolve(a("www.example")).await), "NOERROR www.example. CNAME end.example.");
    let circle = resolver.resolve(a("one.example")).await;
    assert_eq!((said(&circle).as_str(), ede(&circle)), ("SERVFAIL", Some(EdeCode::InvalidData)));
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn of_a_forwarders_answer_only_the_name_and_its_chain_are_passed_on() {
    fn everything(query: &Message) -> Message {
        let mut reply = Message::response(query.metadata.id, query.metadata.op_code);
        reply.add_queries(query.queries.clone());
        let record =
            |owner: &str, data: RData| Record::from_rdata(Name::from_ascii(owner).unwrap(), 60, data);
        let address = |owner: &str, last| record(owner, RData::A(A::new(198, 51, 100, last)));
        let alias =
            |owner: &str, target: &str| record(owner, RData::CNAME(CNAME(Name::from_ascii(target).unwrap())));
        reply.add_answer(address("www.bank.example.", 66));
        if query.queries[0].name().to_string() == "www.good.example." {
            // In reverse, with strangers between.
            reply.add_answer(address("end.example.", 7));
            reply.add_answer(record("end.example.", RData::TXT(TXT::new(vec!["x".into()]))));
            reply.add_answer(alias("middle.example.", "end.example."));
            reply.add_answer(alias("www.bank.example.", "evil.example."));
            reply.add_answer(alias("www.good.example.", "middle.example."));
        }
        reply.add_authority(record(
            "bank.example.",
            RData::NS(NS(Name::from_ascii("ns.evil.example.").unwrap())),
        ));
        reply.add_additional(address("ns.evil.example.", 67));
        reply
    }
    let Some(mut world) = World::new().await else { return };
    let server = world.server(Manner::Makes(everything)).await;
    for zone in [".", "example"] {
        let mut settings = world.forward(&[server.address]);
        if zone != "." {
            let servers = settings.forwards[0].servers.clone();
            let zone = OwnedName::parse(zone).unwrap();
            settings.forwards.push(ForwardZone { zone, servers, validates: false });
        }
        let resolver = Resolver::new(settings).unwrap();
        for dnssec_ok in [false, true] {
            let asks = |name: &str| Ask { dnssec_ok, ..a(name) };
            let good = resolver.resolve(asks("www.good.example")).await;
            assert_eq!(
                said(&good),
                "NOERROR www.good.example. CNAME middle.example. middle.example. CNAME end.example. \
                 end.example. A 198.51.100.7"
            );
            let none = resolver.resolve(asks("none.example")).await;
            assert_eq!(said(&none), "NOERROR");
            for answer in [good, none] {
                let message = Message::from_vec(&answer.wire).unwrap();
                assert!(message.authorities.is_empty() && message.additionals.is_empty(), "{message:?}");
            }
        }
    }
}
