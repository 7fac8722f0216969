//! Validation, against zones that are signed here and now.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::dnssec::crypto::Ed25519SigningKey;
use hickory_resolver::proto::dnssec::rdata::{DNSKEY, DNSSECRData, DS};
use hickory_resolver::proto::dnssec::{DigestType, DnssecSigner, PublicKey, SigningKey};
use hickory_resolver::proto::rr::rdata::A;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType, RrKey};
use hickory_server::dnssec::NxProofKind;
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, ZoneHandler, ZoneType};

use super::world::Zone;
use super::*;
use crate::dns::name::OwnedName;
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;
use crate::resolve::forward::upstream::Upstream;
use crate::resolve::settings::ForwardZone;
use crate::resolve::settings::Mode;

type Handler = InMemoryZoneHandler<TokioRuntimeProvider>;

/// A year: longer than any test.
const VALID: Duration = Duration::from_secs(365 * 86_400);

/// A signed zone and the DS that its parent has of it.
struct Signed {
    handler: Handler,
    dnskey: Record,
    ds: Record,
}

fn sign(apex: &str, lines: &str, more: Vec<Record>) -> Signed {
    let apex = Name::from_str(apex).unwrap();
    let mut handler = unsigned(&apex, lines, more);
    let key = Ed25519SigningKey::from_pkcs8(&Ed25519SigningKey::generate_pkcs8().unwrap()).unwrap();
    let public = key.to_public_key().unwrap();
    let dnskey = DNSKEY::from_key(&public);
    let ds = DS::from_key(&public as &dyn PublicKey, &apex, DigestType::SHA256).unwrap();
    let record = |data| Record::from_rdata(apex.clone(), 60, RData::DNSSEC(data));
    let (dnskey_record, ds) = (record(DNSSECRData::DNSKEY(dnskey.clone())), record(DNSSECRData::DS(ds)));
    handler.add_zone_signing_key_mut(DnssecSigner::new(dnskey, Box::new(key), apex.clone(), VALID)).unwrap();
    handler.secure_zone_mut().unwrap();
    Signed { handler, dnskey: dnskey_record, ds }
}

fn unsigned(apex: &Name, lines: &str, more: Vec<Record>) -> Handler {
    let mut handler =
        Handler::empty(apex.clone(), ZoneType::Primary, AxfrPolicy::Deny, Some(NxProofKind::Nsec));
    for record in zone(&apex.to_string(), lines).records().chain(more) {
        handler.upsert_mut(record, 1);
    }
    handler
}

/// Puts another address into a signed set, and keeps the signature or takes it away.
fn forge(handler: &mut Handler, name: &str, address: A, keep_signature: bool) {
    let key = RrKey::new(Name::from_str(name).unwrap().into(), RecordType::A);
    let set = handler.records_get_mut().get_mut(&key).unwrap();
    let mut forged = hickory_resolver::proto::rr::RecordSet::new(set.name().clone(), RecordType::A, 1);
    forged.add_rdata(RData::A(address));
    forged.set_ttl(set.ttl());
    if keep_signature {
        forged.set_rrsigs(set.rrsigs().to_vec());
    }
    *set = Arc::new(forged);
}

/// Root and `edu` signed; `school.edu` signed and with a forged record; `open.edu` without signatures.
async fn hierarchy(world: &mut World) -> Settings {
    let ip = |number| world.ip(number);
    let delegation = |zone: &str, address: IpAddr| format!("{zone} NS ns.{zone}\nns.{zone} A {address}\n");
    let mut school = sign(
        "school.edu.",
        "@ NS ns\nns A 127.0.0.1\nwww A 198.51.100.7\nforged A 198.51.100.8\nstripped A 198.51.100.9\nalias CNAME www\n\
         out CNAME www.open.edu.\nempty CNAME www\ngone CNAME missing.school.edu.",
        Vec::new(),
    );
    forge(&mut school.handler, "forged.school.edu.", A::new(203, 0, 113, 66), true);
    forge(&mut school.handler, "stripped.school.edu.", A::new(203, 0, 113, 67), false);
    let open = unsigned(
        &Name::from_str("open.edu.").unwrap(),
        "@ NS ns\nns A 127.0.0.1\nwww A 198.51.100.10",
        Vec::new(),
    );
    let edu_lines =
        format!("@ NS ns\nns A {}\n", ip(2)) + &delegation("school", ip(3)) + &delegation("open", ip(4));
    let edu = sign("edu.", &edu_lines, vec![school.ds]);
    let root_lines = format!("@ NS ns\nns A {}\nedu NS ns.edu.\nns.edu. A {}\n", ip(1), ip(2));
    let root = sign(".", &root_lines, vec![edu.ds]);
    let RData::DNSSEC(DNSSECRData::DNSKEY(key)) = &root.dnskey.data else { unreachable!() };
    let anchors = world.file("anchors", &format!(". 60 IN DNSKEY {key}\n"));
    let root_ip = ip(1);
    for mut handler in [root.handler, edu.handler, school.handler, open] {
        let records = handler.records_get_mut().values().flat_map(|set| set.records(true).cloned()).collect();
        let apex = Name::from(ZoneHandler::origin(&handler).clone());
        world.server(Manner::Serves(Zone::of(apex, records))).await;
    }
    Settings { dnssec: true, trust_anchors: Some(anchors), ..world.recursive(root_ip) }
}

#[tokio::test]
async fn what_is_signed_is_secure_and_what_is_forged_is_not_an_answer() {
    let Some(mut world) = World::new().await else { return };
    let resolver = Resolver::new(hierarchy(&mut world).await).unwrap();
    for (ask, expected, security) in [
        (a("www.school.edu"), "NOERROR www.school.edu. A 198.51.100.7", Security::Secure),
        (
            a("alias.school.edu"),
            "NOERROR alias.school.edu. CNAME www.school.edu. www.school.edu. A 198.51.100.7",
            Security::Secure,
        ),
        (a("none.school.edu"), "NXDOMAIN +soa", Security::Secure),
        (ask("www.school.edu", RrType::AAAA), "NOERROR +soa", Security::Secure),
        (a("www.open.edu"), "NOERROR www.open.edu. A 198.51.100.10", Security::Insecure),
        (a("none.open.edu"), "NXDOMAIN +soa", Security::Insecure),
        (a("none.none-edu"), "NXDOMAIN +soa", Security::Secure),
        (
            a("out.school.edu"),
            "NOERROR out.school.edu. CNAME www.open.edu. www.open.edu. A 198.51.100.10",
            Security::Insecure,
        ),
    ] {
        let answer = resolver.resolve(ask.clone()).await;
        assert_eq!(said(&answer), expected, "{ask:?} {:?}", answer.ede);
        assert_eq!(answer.security, security, "{ask:?}");
    }
    for (name, why) in
        [("forged.school.edu", EdeCode::DnssecBogus), ("stripped.school.edu", EdeCode::RrsigsMissing)]
    {
        for dnssec_ok in [false, true] {
            let forged = resolver.resolve(Ask { dnssec_ok, ..a(name) }).await;
            assert_eq!((said(&forged).as_str(), ede(&forged)), ("SERVFAIL", Some(why)), "{name}");
            assert_eq!(forged.security, Security::Bogus);
        }
    }
    // Who checks for himself sees what is there (RFC 4035 §3.2.2).
    let checking_disabled = resolver.resolve(Ask { checking_disabled: true, ..a("forged.school.edu") }).await;
    assert_eq!(said(&checking_disabled), "NOERROR forged.school.edu. A 203.0.113.66");
    assert_eq!(checking_disabled.security, Security::Indeterminate);
}

#[tokio::test]
async fn an_alias_to_nothing_is_secure_link_by_link() {
    let Some(mut world) = World::new().await else { return };
    let resolver = Resolver::new(hierarchy(&mut world).await).unwrap();
    for (ask, expected) in [
        (ask("empty.school.edu", RrType::AAAA), "NOERROR empty.school.edu. CNAME www.school.edu. +soa"),
        (a("gone.school.edu"), "NXDOMAIN gone.school.edu. CNAME missing.school.edu. +soa"),
    ] {
        let answer = resolver.resolve(ask.clone()).await;
        assert_eq!(said(&answer), expected, "{ask:?} {:?}", answer.ede);
        assert_eq!(answer.security, Security::Secure, "{ask:?}");
    }
}

#[tokio::test]
async fn signatures_are_for_those_who_ask_for_them() {
    let Some(mut world) = World::new().await else { return };
    let resolver = Resolver::new(hierarchy(&mut world).await).unwrap();
    for dnssec_ok in [false, true] {
        let answer = resolver.resolve(Ask { dnssec_ok, ..a("www.school.edu") }).await;
        let message = Message::from_vec(&answer.wire).unwrap();
        let signed = message.answers.iter().any(|record| record.record_type() == RecordType::RRSIG);
        assert_eq!(signed, dnssec_ok);
        let nothing = resolver.resolve(Ask { dnssec_ok, ..a("none.school.edu") }).await;
        let message = Message::from_vec(&nothing.wire).unwrap();
        let proven = message.authorities.iter().any(|record| record.record_type() == RecordType::NSEC);
        assert_eq!(proven, dnssec_ok);
    }
}

#[tokio::test]
async fn with_another_anchor_everything_is_bogus() {
    let Some(mut world) = World::new().await else { return };
    let settings = hierarchy(&mut world).await;
    let resolver = Resolver::new(Settings { trust_anchors: None, ..settings }).unwrap();
    let answer = resolver.resolve(a("www.school.edu")).await;
    assert_eq!((answer.rcode, answer.security), (Rcode::SERV_FAIL, Security::Bogus), "{:?}", answer.ede);
}

#[tokio::test]
async fn what_a_forwarder_says_is_validated_too() {
    let Some(mut world) = World::new().await else { return };
    let settings = hierarchy(&mut world).await;
    // A server of the root answers for names without a delegation as a forwarder would.
    let server: Upstream = SocketAddr::new(world.ip(1), 53).to_string().parse().unwrap();
    let zone = |validates| {
        let zone = OwnedName::parse(".").unwrap();
        vec![ForwardZone { zone, servers: vec![server.clone()], validates }]
    };
    let forwarding = Settings { mode: Mode::Forward, ..settings };
    for (validates, anchors, said_of_it, security) in [
        (true, forwarding.trust_anchors.clone(), "NXDOMAIN +soa", Security::Secure),
        (true, None, "SERVFAIL", Security::Bogus),
        (false, None, "NXDOMAIN +soa", Security::Indeterminate),
    ] {
        let forwards = zone(validates);
        let resolver =
            Resolver::new(Settings { forwards, trust_anchors: anchors, ..forwarding.clone() }).unwrap();
        let answer = resolver.resolve(a("none.none-edu")).await;
        assert_eq!((said(&answer).as_str(), answer.security), (said_of_it, security), "{:?}", answer.ede);
    }
}
