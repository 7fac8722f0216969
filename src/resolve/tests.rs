//! What the settings may say, and what is refused.

use super::*;

fn forwarding(zone: &str, servers: &[&str]) -> Vec<ForwardZone> {
    let servers = servers.iter().map(|server| server.parse().unwrap()).collect();
    vec![ForwardZone { zone: OwnedName::parse(zone).unwrap(), servers, validates: true }]
}

#[test]
fn what_we_ship_can_be_built_without_a_runtime() {
    let resolver = Resolver::new(Settings::default()).unwrap();
    assert!(resolver.upstreams().is_empty());
    assert!(resolver.local(&Ask::new(OwnedName::parse("localhost").unwrap(), RrType::A)).is_some());
    assert!(resolver.is_local(OwnedName::parse("x.onion").unwrap().as_name(), RrType::A));
}

#[test]
fn contradictions_are_refused_with_a_reason() {
    let build = |mode, forwards| match Resolver::new(Settings { mode, forwards, ..Settings::default() }) {
        Ok(_) => "built".to_owned(),
        Err(error) => error.to_string(),
    };
    let twice = [forwarding("school.lan", &["192.0.2.1"]), forwarding("school.lan", &["192.0.2.2"])].concat();
    for (mode, forwards, says) in [
        (Mode::Forward, Vec::new(), "needs a forwarder"),
        (Mode::Forward, forwarding("school.lan", &["192.0.2.1"]), "needs a forwarder"),
        (Mode::Recursive, forwarding(".", &["192.0.2.1"]), "use mode `forward`"),
        (Mode::Forward, forwarding(".", &[]), "has no servers"),
        (Mode::Recursive, twice, "is forwarded twice"),
    ] {
        let said = build(mode, forwards);
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for (text, says) in [("", "no address of a root server"), ("a b c d e", "root hints")] {
        std::fs::write(&path, text).unwrap();
        let settings = Settings { root_hints: Some(path.clone()), ..Settings::default() };
        let Err(error) = Resolver::new(settings) else { panic!("taken: {text}") };
        let said = error.to_string();
        assert!(said.contains(says) && said.contains("file"), "{said}");
    }
    for (text, says) in [(". 60 IN DNSKEY nonsense", "trust anchors"), ("<html>", "line 1")] {
        std::fs::write(&path, text).unwrap();
        let settings = Settings { trust_anchors: Some(path.clone()), ..Settings::default() };
        let Err(error) = Resolver::new(settings) else { panic!("taken: {text}") };
        let said = error.to_string();
        assert!(said.contains(says) && said.contains("file"), "{said}");
    }
    // A device has no size and no end.
    let endless = || Some("/dev/zero".into());
    for settings in [
        Settings { root_hints: endless(), ..Settings::default() },
        Settings { trust_anchors: endless(), ..Settings::default() },
        Settings { ca_file: endless(), ..Settings::default() },
    ] {
        assert!(matches!(Resolver::new(settings), Err(Error::Read { .. })));
    }
    let settings = Settings { root_hints: Some(folder.path().join("missing")), ..Settings::default() };
    assert!(matches!(Resolver::new(settings), Err(Error::Read { .. })));
}
