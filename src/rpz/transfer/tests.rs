//! Transfers as primaries send them, and as they should not.

use proptest::prelude::*;

use super::*;
use crate::dns::name::Name;
use crate::rpz::text::read;

const NOW: u64 = 1_700_000_000;

fn apex() -> OwnedName {
    OwnedName::parse("rpz.test").unwrap()
}

/// `soa N` or `owner CNAME target`, as the answer section of one message.
fn message(records: &[String]) -> Vec<u8> {
    let mut message = vec![0, 7, 0x84, 0, 0, 1, 0, records.len() as u8, 0, 0, 0, 0];
    message.extend_from_slice(b"\x03rpz\x04test\x00\x00\xfb\x00\x01");
    for record in records {
        let text = match record.strip_prefix("soa ") {
            Some(serial) => format!("@ SOA a b {serial} 3600 60 86400 60\n"),
            None => format!("{record}\n"),
        };
        let (content, account) = read(text.as_bytes(), apex().as_name());
        assert_eq!(account.refused(), 0, "{text}");
        let (owner, records) = content.owners().next().unwrap();
        let front = &owner.wire()[..owner.wire().len() - 1];
        message.extend_from_slice(front);
        // The apex, as a pointer into the question.
        message.extend_from_slice(b"\xc0\x0c");
        message.extend_from_slice(&records[0].rtype.to_be_bytes());
        message.extend_from_slice(b"\x00\x01\x00\x00\x00\x3c");
        message.extend_from_slice(&(records[0].rdata.len() as u16).to_be_bytes());
        message.extend_from_slice(&records[0].rdata);
    }
    message
}

/// Feeds messages, each with some of the records, and says what came of it.
fn run(have: Option<u32>, messages: &[&[&str]]) -> Result<Option<Outcome>, Failed> {
    let (mut transfer, _) = Transfer::start(apex(), 7, have, None, NOW);
    for records in messages {
        let records: Vec<String> = records.iter().map(|record| (*record).to_owned()).collect();
        match transfer.received(&message(&records), NOW)? {
            Step::More(next) => transfer = next,
            Step::Done(outcome) => return Ok(Some(outcome)),
        }
    }
    Ok(None)
}

fn owners(content: &Content) -> Vec<String> {
    content.owners().map(|(owner, _)| owner.to_string()).collect()
}

#[test]
fn a_whole_zone_comes_in_one_message_or_in_many() {
    for messages in [
        &[&["soa 3", "a.example CNAME .", "b.example CNAME *.", "soa 3"][..]][..],
        &[&["soa 3"], &["a.example CNAME ."], &["b.example CNAME *.", "soa 3"]],
    ] {
        for have in [None, Some(1)] {
            let Ok(Some(Outcome::Whole(content))) = run(have, messages) else { panic!("{messages:?}") };
            assert_eq!(owners(&content), [".", "a.example", "b.example"]);
            assert_eq!(content.soa().unwrap().serial, 3);
        }
    }
}

#[test]
fn an_empty_zone_is_two_soas() {
    assert!(matches!(run(None, &[&["soa 3", "soa 3"]]), Ok(Some(Outcome::Whole(_)))));
}

#[test]
fn changes_come_one_after_the_other_and_lead_to_the_new_zone() {
    let changes = [
        "soa 3",
        "soa 1",
        "a.example CNAME .",
        "soa 2",
        "b.example CNAME .",
        "soa 2",
        "soa 3",
        "c.example CNAME .",
        "soa 3",
    ];
    for cut in 1..changes.len() {
        let (front, back) = changes.split_at(cut);
        let Ok(Some(Outcome::Changes(changes))) = run(Some(1), &[front, back]) else { panic!("{cut}") };
        let (mut content, _) =
            read(b"@ SOA a b 1 3600 60 86400 60\na.example CNAME .\nz.example CNAME .\n", apex().as_name());
        Change::apply(&changes, &mut content).unwrap();
        assert_eq!(owners(&content), [".", "b.example", "c.example", "z.example"]);
        assert_eq!(content.soa().unwrap().serial, 3);
        let mut elsewhere = content.clone();
        assert_eq!(Change::apply(&changes, &mut elsewhere), Err(Failed::OutOfStep));
    }
}

#[test]
fn a_change_that_takes_out_what_is_not_there_is_out_of_step() {
    let records = ["soa 2", "soa 1", "absent.example CNAME .", "soa 2", "soa 2"];
    let Ok(Some(Outcome::Changes(changes))) = run(Some(1), &[&records]) else { panic!() };
    let (mut content, _) = read(b"@ SOA a b 1 3600 60 86400 60\n", apex().as_name());
    assert_eq!(Change::apply(&changes, &mut content), Err(Failed::OutOfStep));
}

#[test]
fn one_soa_that_is_not_newer_says_that_there_is_nothing_new() {
    assert_eq!(run(Some(3), &[&["soa 3"]]), Ok(Some(Outcome::Current)));
    assert_eq!(run(Some(3), &[&["soa 2"]]), Ok(Some(Outcome::Current)));
    assert_eq!(run(Some(3), &[&["soa 4"]]), Ok(None), "more is to come");
}

#[test]
fn what_has_no_order_is_refused() {
    for (have, messages, why) in [
        (None, &[&["a.example CNAME ."][..]][..], Failed::NoSoa),
        (None, &[&[][..]], Failed::NoSoa),
        (None, &[&["soa 3", "a.example CNAME .", "soa 4"]], Failed::Order),
        (None, &[&["soa 3", "soa 3", "a.example CNAME ."]], Failed::Order),
        (Some(1), &[&["soa 3", "soa 1", "soa 2", "soa 4"]], Failed::Order),
        (Some(1), &[&["soa 3", "soa 2", "soa 3"]], Failed::Order),
    ] {
        assert_eq!(run(have, messages), Err(why), "{messages:?}");
    }
}

#[test]
fn a_stranger_and_a_refusal_end_it() {
    let said = |change: fn(&mut Vec<u8>)| {
        let (transfer, _) = Transfer::start(apex(), 7, None, None, NOW);
        let mut octets = message(&["soa 3".into()]);
        change(&mut octets);
        transfer.received(&octets, NOW).err()
    };
    assert_eq!(said(|_| {}), None);
    assert_eq!(said(|octets| octets[1] = 8), Some(Failed::Mismatch));
    assert_eq!(said(|octets| octets[2] = 4), Some(Failed::Mismatch));
    assert_eq!(said(|octets| octets[3] = 5), Some(Failed::Rcode(Rcode::REFUSED)));
    assert!(matches!(said(|octets| octets.truncate(30)), Some(Failed::Malformed(_))));
}

#[test]
fn without_its_signature_nothing_is_believed() {
    let key = Arc::new(Key::new(OwnedName::parse("k").unwrap(), "hmac-sha256", b"secret").unwrap());
    let (transfer, question) = Transfer::start(apex(), 7, None, Some(key.clone()), NOW);
    let mac = tsig::check_request(&key, &question, NOW).unwrap();
    let bare = message(&["soa 3".into(), "soa 3".into()]);
    assert_eq!(transfer.received(&bare, NOW).err(), Some(Failed::Tsig(tsig::Refused::Unsigned)));
    let (transfer, _) = Transfer::start(apex(), 7, None, Some(key.clone()), NOW);
    let mut signed = bare.clone();
    tsig::sign(&key, &mut signed, Some(&mac), NOW);
    assert!(matches!(transfer.received(&signed, NOW), Ok(Step::Done(Outcome::Whole(_)))));
}

#[test]
fn questions_are_what_servers_expect() {
    let apex = apex();
    for (question, rtype) in [
        (ask::soa(7, apex.as_name()), 6),
        (ask::axfr(7, apex.as_name()), 252),
        (ask::ixfr(7, apex.as_name(), 9), 251),
    ] {
        let (end, found) = crate::dns::message::records(&question).unwrap();
        assert_eq!(question[end - 3], rtype);
        assert_eq!(found.len(), usize::from(rtype == 251));
    }
    let answer = message(&["soa 5".into()]);
    assert_eq!(ask::serial(&answer, 7, apex.as_name()), Ok(5));
    assert_eq!(ask::serial(&answer, 8, apex.as_name()), Err(Failed::Mismatch));
    assert_eq!(ask::serial(&answer, 7, Name::ROOT), Err(Failed::NoSoa));
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(mut octets in prop::collection::vec(any::<u8>(), 12..200), have in prop::option::of(any::<u32>())) {
        octets[..6].copy_from_slice(&[0, 7, 0x84, 0, 0, 0]);
        octets[6] = 0;
        let (transfer, _) = Transfer::start(apex(), 7, have, None, NOW);
        let _ = transfer.received(&octets, NOW);
    }

    #[test]
    fn records_in_any_order_end_in_a_zone_or_in_a_refusal(picks in prop::collection::vec((0usize..6, any::<bool>()), 1..12), have in prop::option::of(1u32..4)) {
        let all = ["soa 1", "soa 2", "soa 3", "a.example CNAME .", "b.example CNAME .", "@ NS ns"];
        let mut messages: Vec<Vec<&str>> = vec![vec![]];
        for (pick, cut) in picks {
            messages.last_mut().unwrap().push(all[pick]);
            if cut {
                messages.push(vec![]);
            }
        }
        messages.retain(|records| !records.is_empty());
        let messages: Vec<&[&str]> = messages.iter().map(Vec::as_slice).collect();
        if let Ok(Some(Outcome::Whole(content))) = run(have, &messages) {
            prop_assert!(content.soa().is_some());
        }
    }
}
