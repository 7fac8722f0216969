//! Signatures as they should be, and as they should not.

use std::sync::Arc;

use super::*;
use proptest::prelude::*;

const NOW: u64 = 1_700_000_000;

fn key(algorithm: &str, secret: &[u8]) -> Key {
    Key::new(OwnedName::parse("transfer.test").unwrap(), algorithm, secret).unwrap()
}

fn message(id: u8) -> Vec<u8> {
    [&[0, id, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], b"\x03rpz\x04test\x00\x00\xfc\x00\x01"].concat()
}

#[test]
fn a_request_is_believed_with_the_right_key_at_the_right_time_and_unchanged() {
    for algorithm in Key::algorithms() {
        let ours = key(algorithm, b"secret");
        let mut request = message(7);
        let mac = sign(&ours, &mut request, None, NOW);
        assert_eq!(check_request(&ours, &request, NOW + 300), Ok(mac), "{algorithm}");
        assert_eq!(check_request(&ours, &request, NOW + 301), Err(Refused::Time));
        assert_eq!(check_request(&key(algorithm, b"other"), &request, NOW), Err(Refused::Signature));
        let mut relayed = request.clone();
        relayed[1] = 99;
        assert!(check_request(&ours, &relayed, NOW).is_ok(), "a relay may change the id");
        relayed[14] ^= 1;
        assert_eq!(check_request(&ours, &relayed, NOW), Err(Refused::Signature));
        assert_eq!(check_request(&ours, &message(7), NOW), Err(Refused::Unsigned));
    }
    let mut request = message(7);
    sign(&key("hmac-sha256", b"secret"), &mut request, None, NOW);
    assert_eq!(check_request(&key("hmac-sha512", b"secret"), &request, NOW), Err(Refused::Key));
    assert_eq!(Key::new(OwnedName::parse("x").unwrap(), "hmac-md5", b"x"), None);
}

/// Signs an answer as a primary does: the first with all variables, the others with the times.
fn answer(key: &Key, last: &[u8], open: &[u8], is_first: bool) -> (Vec<u8>, Vec<u8>) {
    if is_first {
        let mut answer = message(7);
        let mac = sign(key, &mut answer, Some(last), NOW);
        return (answer, mac);
    }
    let mut answer = message(7);
    let mut signature = Signature {
        key: key.name.clone(),
        algorithm: key.algorithm.clone(),
        time: NOW,
        fudge: FUDGE,
        mac: vec![],
        error: 0,
        other: vec![],
        id: [0, 7],
        at: 0,
    };
    let covered = [&prior(last)[..], open, &answer, &signature.times()].concat();
    signature.mac = hmac::sign(&key.key, &covered).as_ref().to_vec();
    signature.write(&mut answer);
    (answer, signature.mac)
}

#[test]
fn a_chain_covers_messages_between_two_signed_ones_and_says_when_its_end_is_open() {
    let key = Arc::new(key("hmac-sha256", b"secret"));
    let mut chain = Chain::new(key.clone(), vec![1; 32]);
    let (first, mac) = answer(&key, &[1; 32], &[], true);
    chain.received(&first, NOW).unwrap();
    assert!(chain.is_closed());
    let bare = message(7);
    let between = [&bare[..], &bare].concat();
    chain.received(&bare, NOW).unwrap();
    chain.received(&bare, NOW).unwrap();
    assert!(!chain.is_closed());
    let (last, _) = answer(&key, &mac, &between, false);
    chain.received(&last, NOW).unwrap();
    assert!(chain.is_closed());
    // One message less, or in another place in the chain, and the same signature is wrong.
    assert_eq!(chain.received(&last, NOW), Err(Refused::Signature));
    let mut stranger = Chain::new(key, vec![1; 32]);
    assert_eq!(stranger.received(&bare, NOW), Err(Refused::Unsigned));
}

#[test]
fn as_many_messages_may_be_unsigned_as_the_rfc_says_and_one_more_may_not() {
    let key = Arc::new(key("hmac-sha256", b"secret"));
    let mut chain = Chain::new(key.clone(), vec![]);
    chain.received(&answer(&key, &[], &[], true).0, NOW).unwrap();
    for _ in 0..UNSIGNED_MAX {
        chain.received(&message(7), NOW).unwrap();
    }
    assert_eq!(chain.received(&message(7), NOW), Err(Refused::Unsigned));
}

#[test]
fn what_a_server_finds_wrong_is_told() {
    let ours = key("hmac-sha256", b"secret");
    for (error, why) in [(16, Refused::ServerSignature), (17, Refused::ServerKey), (18, Refused::ServerTime)]
    {
        let mut answer = message(7);
        let signature = Signature {
            key: ours.name.clone(),
            algorithm: ours.algorithm.clone(),
            time: 0,
            fudge: FUDGE,
            mac: vec![],
            error,
            other: vec![],
            id: [0, 7],
            at: 0,
        };
        signature.write(&mut answer);
        let mut chain = Chain::new(Arc::new(ours.clone()), vec![]);
        assert_eq!(chain.received(&answer, NOW), Err(why));
    }
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(mut octets in prop::collection::vec(any::<u8>(), 12..120)) {
        octets[4..12].copy_from_slice(&[0, 0, 0, 0, 0, 0, 0, 1]);
        let _ = check_request(&key("hmac-sha256", b"x"), &octets, NOW);
    }
}
