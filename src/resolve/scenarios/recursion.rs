//! Recursion: from the root down, around servers that fail.

use super::*;
use crate::dns::name::OwnedName;
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;
use crate::resolve::alias::{Alias, Gate, Unfinished};

/// Root, `edu`, and `school.edu` with the given servers of its own (numbers 3 and 4).
async fn three_levels(world: &mut World, ns1: Manner, ns2: Manner) -> (Settings, Vec<Server>) {
    let (edu, one, two) = (world.ip(2), world.ip(3), world.ip(4));
    let root = zone(".", &format!("edu NS ns.edu.\nns.edu. A {edu}"));
    let top = zone(
        "edu.",
        &format!("school NS ns1.school\nschool NS ns2.school\nns1.school A {one}\nns2.school A {two}"),
    );
    let mut servers = Vec::new();
    for manner in [Manner::Serves(root), Manner::Serves(top), ns1, ns2] {
        servers.push(world.server(manner).await);
    }
    (world.recursive(world.ip(1)), servers)
}

fn school() -> super::world::Zone {
    let hosts: String = (0..10).map(|n| format!("h{n} A 198.51.100.{n}\n")).collect();
    zone(
        "school.edu.",
        &format!(
            "@ NS ns1\n@ NS ns2\n{hosts}www CNAME h7\naway CNAME gone.school.edu.\ndual CNAME h1\ntext TXT \"xin chào\""
        ),
    )
}

#[tokio::test]
async fn names_are_found_from_the_root_down() {
    let Some(mut world) = World::new().await else { return };
    let good = Manner::Serves(school());
    let (settings, servers) = three_levels(&mut world, good.clone(), good).await;
    let resolver = Resolver::new(settings).unwrap();
    for (ask, expected) in [
        (a("h7.school.edu"), "NOERROR h7.school.edu. A 198.51.100.7"),
        (a("www.school.edu"), "NOERROR www.school.edu. CNAME h7.school.edu. h7.school.edu. A 198.51.100.7"),
        (a("none.school.edu"), "NXDOMAIN +soa"),
        (ask("h7.school.edu", RrType::AAAA), "NOERROR +soa"),
        (a("none.invalid-top"), "NXDOMAIN +soa"),
    ] {
        let answer = resolver.resolve(ask.clone()).await;
        assert_eq!(said(&answer), expected, "{ask:?}");
        assert_eq!(answer.security, Security::Indeterminate, "not validated");
    }
    // Delegations are remembered: the root and the top-level domain are not asked again.
    let before = (servers[0].asked().len(), servers[1].asked().len());
    assert_eq!(said(&resolver.resolve(a("h8.school.edu")).await), "NOERROR h8.school.edu. A 198.51.100.8");
    assert_eq!(before, (servers[0].asked().len(), servers[1].asked().len()));
    let known = resolver.upstreams();
    assert!(known.iter().any(|server| server.server == servers[1].ip().to_string() && server.queries > 0));
}

#[tokio::test]
async fn an_alias_without_data_at_its_end_keeps_its_chain() {
    let Some(mut world) = World::new().await else { return };
    let good = Manner::Serves(school());
    let (settings, _servers) = three_levels(&mut world, good.clone(), good).await;
    let resolver = Resolver::new(settings).unwrap();
    assert_eq!(
        said(&resolver.resolve(a("away.school.edu")).await),
        "NXDOMAIN away.school.edu. CNAME gone.school.edu. +soa"
    );
    assert_eq!(
        said(&resolver.resolve(ask("dual.school.edu", RrType::AAAA)).await),
        "NOERROR dual.school.edu. CNAME h1.school.edu. +soa"
    );
}

#[tokio::test]
async fn one_bad_server_of_two_never_costs_the_answer() {
    for (what, bad) in [
        ("silent", Manner::Silent),
        ("refused", Manner::Reply(ResponseCode::Refused)),
        ("servfail", Manner::Reply(ResponseCode::ServFail)),
        ("notauth", Manner::Reply(ResponseCode::NotAuth)),
        ("formerr to EDNS", Manner::NoEdns(ResponseCode::FormErr, school())),
        ("notimp to EDNS", Manner::NoEdns(ResponseCode::NotImp, school())),
        ("lame, to the root", Manner::RefersTo(".")),
        ("lame, to the parent", Manner::RefersTo("edu.")),
        ("lame empty", Manner::LameEmpty),
        ("garbage", Manner::Garbage(b"\xc0\xff\x00\x01")),
    ] {
        let Some(mut world) = World::new().await else { return };
        let (settings, servers) = three_levels(&mut world, bad, Manner::Serves(school())).await;
        let resolver = Resolver::new(settings).unwrap();
        for n in 0..10 {
            let answer = resolver.resolve(a(&format!("h{n}.school.edu"))).await;
            assert_eq!(
                said(&answer),
                format!("NOERROR h{n}.school.edu. A 198.51.100.{n}"),
                "{what}: {:?} {:?}",
                answer.ede,
                servers[2].asked()
            );
        }
    }
}

#[tokio::test]
async fn when_no_server_is_good_it_is_servfail_with_a_reason_and_in_time() {
    for (bad, reason) in [
        (Manner::Silent, EdeCode::NoReachableAuthority),
        (Manner::Reply(ResponseCode::Refused), EdeCode::NoReachableAuthority),
        (Manner::RefersTo("."), EdeCode::NoReachableAuthority),
    ] {
        let Some(mut world) = World::new().await else { return };
        let (settings, _servers) = three_levels(&mut world, bad.clone(), bad).await;
        let deadline = Duration::from_millis(1500);
        let resolver = Resolver::new(Settings { deadline, ..settings }).unwrap();
        let start = Instant::now();
        let answer = resolver.resolve(a("h1.school.edu")).await;
        assert_eq!((said(&answer).as_str(), ede(&answer)), ("SERVFAIL", Some(reason)));
        assert!(start.elapsed() < deadline + Duration::from_millis(500), "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn fifty_who_ask_the_same_cost_what_one_costs() {
    let Some(mut world) = World::new().await else { return };
    let good = Manner::Serves(school());
    let (settings, servers) = three_levels(&mut world, good.clone(), good).await;
    let resolver = Arc::new(Resolver::new(settings).unwrap());
    let asking: Vec<_> = (0..50)
        .map(|_| {
            let resolver = resolver.clone();
            tokio::spawn(async move { said(&resolver.resolve(a("h3.school.edu")).await) })
        })
        .collect();
    for task in asking {
        assert_eq!(task.await.unwrap(), "NOERROR h3.school.edu. A 198.51.100.3");
    }
    let of_the_zone: Vec<String> = servers[2..].iter().flat_map(Server::asked).collect();
    let times = |what: &str| of_the_zone.iter().filter(|line| line.ends_with(what)).count();
    assert_eq!(times(" A h3.school.edu."), 1, "{of_the_zone:?}");
    assert_eq!(servers[0].asked(), ["udp +do A edu."]);
    assert_eq!(servers[1].asked(), ["udp +do A school.edu."]);
}

#[tokio::test]
async fn what_does_not_fit_comes_over_tcp() {
    let Some(mut world) = World::new().await else { return };
    let (settings, servers) =
        three_levels(&mut world, Manner::Truncates(school()), Manner::Truncates(school())).await;
    let resolver = Resolver::new(settings).unwrap();
    let answer = resolver.resolve(a("h5.school.edu")).await;
    assert_eq!(said(&answer), "NOERROR h5.school.edu. A 198.51.100.5");
    let asked: Vec<String> = servers[2..].iter().flat_map(Server::asked).collect();
    assert!(asked.iter().any(|line| line == "tcp +do A h5.school.edu."), "{asked:?}");
}

#[tokio::test]
async fn a_server_in_a_forbidden_network_is_not_asked() {
    let Some(mut world) = World::new().await else { return };
    let good = Manner::Serves(school());
    let (settings, servers) = three_levels(&mut world, good.clone(), good).await;
    let never_ask = vec![format!("{}/32", world.ip(3)).parse().unwrap()];
    let resolver = Resolver::new(Settings { never_ask, ..settings }).unwrap();
    for n in 0..5 {
        let answer = resolver.resolve(a(&format!("h{n}.school.edu"))).await;
        assert_eq!(answer.rcode, Rcode::NO_ERROR);
    }
    assert_eq!(servers[2].asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_family_without_a_source_address_is_not_asked() {
    let Some(mut world) = World::new().await else { return };
    let good = Manner::Serves(school());
    let (settings, servers) = three_levels(&mut world, good.clone(), good).await;
    let from = |address: &str| vec![address.parse().unwrap()];
    let resolver = Resolver::new(Settings { source_addresses: from("::1"), ..settings.clone() }).unwrap();
    assert_eq!(resolver.resolve(a("h1.school.edu")).await.rcode, Rcode::SERV_FAIL);
    assert_eq!(servers[0].asked(), Vec::<String>::new());
    let resolver = Resolver::new(Settings { source_addresses: from("127.0.0.1"), ..settings }).unwrap();
    assert_eq!(resolver.resolve(a("h1.school.edu")).await.rcode, Rcode::NO_ERROR);
}

#[tokio::test]
async fn the_thirty_four_labels_of_an_ipv6_address_are_not_too_many() {
    let Some(mut world) = World::new().await else { return };
    let reverse = "f.e.d.c.b.a.9.8.7.6.5.4.3.2.1.0.8.8.8.8.0.0.0.0.0.6.8.4.1.0.0.2.ip6.arpa";
    let root = world.server(Manner::Serves(zone(".", &format!("{reverse} PTR host.example.")))).await;
    let resolver = Resolver::new(world.recursive(root.ip())).unwrap();
    let answer = resolver.resolve(ask(reverse, RrType::PTR)).await;
    assert_eq!(said(&answer), format!("NOERROR {reverse}. PTR host.example."), "{:?}", answer.ede);
}

#[tokio::test]
async fn the_longest_and_the_deepest_names_are_names_like_others() {
    let Some(mut world) = World::new().await else { return };
    let root = world.server(Manner::Serves(zone(".", "a A 198.51.100.1"))).await;
    let resolver = Resolver::new(world.recursive(root.ip())).unwrap();
    for name in [["x".repeat(49).as_str(); 5].join(".") + ".abc", ["b"; 127].join(".")] {
        assert_eq!(said(&resolver.resolve(a(&name)).await), "NXDOMAIN +soa", "{name}");
    }
    // Below a name that exists each label is a step, and the steps have an end.
    let answer = resolver.resolve(a(&["a"; 127].join("."))).await;
    assert!(matches!(answer.rcode, Rcode::NX_DOMAIN | Rcode::SERV_FAIL));
    assert!(root.asked().len() < 200);
}

#[tokio::test]
async fn aliases_in_a_circle_come_to_an_end() {
    let Some(mut world) = World::new().await else { return };
    let circle = zone("school.edu.", "@ NS ns1\n@ NS ns2\none CNAME two\ntwo CNAME one\nself CNAME self");
    let good = Manner::Serves(circle);
    let (settings, _servers) = three_levels(&mut world, good.clone(), good).await;
    let resolver = Resolver::new(settings).unwrap();
    for name in ["one.school.edu", "self.school.edu"] {
        let answer = resolver.resolve(a(name)).await;
        assert_eq!(
            (said(&answer).as_str(), ede(&answer)),
            ("SERVFAIL", Some(EdeCode::InvalidData)),
            "{name}"
        );
    }
}

/// Follows no alias to the name.
struct Shut(&'static str);

impl Gate for Shut {
    fn follows(&self, _: &OwnedName, aliases: &[Alias]) -> bool {
        aliases.last().is_none_or(|alias| alias.target.to_string() != self.0)
    }

    fn key(&self) -> u64 {
        1
    }
}

/// How far an answer says that aliases led: `stopped www.shop next.shop`.
fn led(answer: &Answer) -> String {
    let Some(unfinished) = &answer.unfinished else { return "to its end".to_owned() };
    let how = if matches!(unfinished, Unfinished::Stopped(_)) { "stopped" } else { "failed" };
    let targets = unfinished.aliases().iter().map(|alias| format!(" {} {}", alias.owner, alias.target));
    targets.fold(how.to_owned(), |led, alias| led + &alias)
}

/// A root with an alias in two steps to a zone of another server.
fn leads_to_bad(server: std::net::IpAddr) -> super::world::Zone {
    zone(
        ".",
        &format!("www.shop CNAME next.shop.\nnext.shop CNAME www.bad.\nbad NS ns.bad.\nns.bad A {server}\n"),
    )
}

#[tokio::test]
async fn what_an_alias_leads_to_is_not_asked_for_where_the_gate_says_no() {
    let Some(mut world) = World::new().await else { return };
    let root = world.server(Manner::Serves(leads_to_bad(world.ip(2)))).await;
    let bad = world.server(Manner::Serves(zone("bad.", "www A 198.51.100.66"))).await;
    let resolver = Resolver::new(world.recursive(root.ip())).unwrap();
    for _ in 0..2 {
        let answer = resolver.resolve_for(a("www.shop"), &Shut("www.bad")).await;
        assert_eq!(said(&answer), "SERVFAIL", "without data, whatever becomes of it");
        assert_eq!(led(&answer), "stopped www.shop next.shop next.shop www.bad");
    }
    let answer = resolver.resolve_for(a("www.shop"), &Shut("next.shop")).await;
    assert_eq!(led(&answer), "stopped www.shop next.shop");
    assert_eq!(bad.asked(), [] as [String; 0]);
    let asked = root.asked().len();
    assert_eq!(
        said(&resolver.resolve(a("www.shop")).await),
        "NOERROR www.shop. CNAME next.shop. next.shop. CNAME www.bad. www.bad. A 198.51.100.66"
    );
    let aliases_again = root.asked()[asked..].iter().filter(|line| line.contains("shop")).count();
    assert_eq!(aliases_again, 0, "what was learnt for one is known for the other");
}

#[tokio::test]
async fn a_failure_says_how_far_the_aliases_led() {
    let Some(mut world) = World::new().await else { return };
    let root = world.server(Manner::Serves(leads_to_bad(world.ip(2)))).await;
    world.server(Manner::Reply(ResponseCode::ServFail)).await;
    let resolver = Resolver::new(world.recursive(root.ip())).unwrap();
    let answer = resolver.resolve(a("www.shop")).await;
    assert_eq!(
        (said(&answer).as_str(), led(&answer).as_str()),
        ("SERVFAIL", "failed www.shop next.shop next.shop www.bad")
    );
}
