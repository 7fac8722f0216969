//! What comes back, what does not, and what gives way.

use super::slot::KEPT_MAX;
use super::*;
use crate::dns::rrtype::RrType;

const SCOPE: Scope = Scope { generation: 1, group: 3, now: 100 };
const OPT: &[u8] = b"\0\0\x29\x04\xd0\0\0\x80\0\0\0";

/// A query for `wwwN.Example. A`, with what stands behind the question.
fn query(number: u32, behind: &[u8]) -> Vec<u8> {
    let label = format!("www{number}");
    let mut packet = vec![0xab, number as u8, 1, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(!behind.is_empty())];
    packet.push(label.len() as u8);
    packet.extend_from_slice(label.as_bytes());
    packet.extend_from_slice(b"\x07Example\0\0\x01\0\x01");
    packet.extend_from_slice(behind);
    packet
}

/// Octets of header and question of [`query`].
fn question_end(packet: &[u8]) -> usize {
    HEADER + packet[HEADER..].iter().position(|octet| *octet == 0).unwrap() + 1 + FIXED
}

/// An answer with one address of that TTL, and where the TTL stands behind the question.
fn answer(packet: &[u8], ttl: u32) -> (Vec<u8>, u16) {
    let end = question_end(packet);
    let mut answer = packet[..end].to_vec();
    (answer[2], answer[3], answer[7], answer[11]) = (0x81, 0x80, 1, 0);
    answer.extend_from_slice(b"\xc0\x0c\0\x01\0\x01");
    answer.extend_from_slice(&ttl.to_be_bytes());
    answer.extend_from_slice(b"\0\x04\xc6\x33\x64\x07");
    (answer, 6)
}

/// Asks, and hands in the long way's answer where there was none yet. Whether there was one.
fn ask(packets: &mut Packets, packet: &[u8], scope: Scope) -> bool {
    let mut out = Vec::new();
    if packets.answer(packet, scope, &mut out).is_some() {
        return true;
    }
    let (answer, ttl_at) = answer(packet, 60);
    packets.keep(scope, &answer, &[ttl_at], scope.now + 60, None);
    false
}

#[test]
fn what_comes_the_third_time_is_answered_from_here() {
    let mut packets = Packets::new();
    for behind in [b"".as_slice(), OPT] {
        let packet = query(1, behind);
        let found = [(); 4].map(|()| ask(&mut packets, &packet, SCOPE));
        assert_eq!(found, [false, false, true, true]);
    }
}

#[test]
fn an_answer_goes_out_with_its_own_id_and_case_and_as_old_as_it_is() {
    let mut packets = Packets::new();
    let mut packet = query(1, OPT);
    ask(&mut packets, &packet, SCOPE);
    ask(&mut packets, &packet, SCOPE);
    packet[1] = 0x77;
    packet[HEADER + 1..HEADER + 4].copy_from_slice(b"wWw");
    for (later, ttl) in [(0, 60), (1, 59), (59, 1)] {
        let mut out = b"rubbish".to_vec();
        let mut found = packets.answer(&packet, Scope { now: SCOPE.now + later, ..SCOPE }, &mut out).unwrap();
        assert!(found.blocked().is_none());
        assert_eq!(out, answer(&packet, ttl).0);
    }
    assert!(packets.answer(&packet, Scope { now: SCOPE.now + 60, ..SCOPE }, &mut Vec::new()).is_none());
}

#[test]
fn another_group_another_generation_and_any_other_octet_are_strangers() {
    let mut packets = Packets::new();
    let packet = query(1, OPT);
    while !ask(&mut packets, &packet, SCOPE) {}
    let mut out = Vec::new();
    assert!(packets.answer(&packet, Scope { group: 4, ..SCOPE }, &mut out).is_none());
    assert!(packets.answer(&packet, Scope { generation: 2, ..SCOPE }, &mut out).is_none());
    assert!(packets.answer(&query(1, b""), SCOPE, &mut out).is_none());
    for at in 2..packet.len() {
        for bit in 0..8 {
            let mut other = packet.clone();
            other[at] ^= 1 << bit;
            let is_case = (HEADER..question_end(&packet) - FIXED).contains(&at)
                && other[at].eq_ignore_ascii_case(&packet[at]);
            assert_eq!(packets.answer(&other, SCOPE, &mut out).is_some(), is_case, "octet {at}, bit {bit}");
        }
    }
    assert!(ask(&mut packets, &packet, SCOPE));
}

#[test]
fn odd_packets_are_left_to_the_long_way() {
    let mut packets = Packets::new();
    let option = [OPT, b"\0\x0f\0\0"].concat();
    let mut pointer = query(1, b"");
    pointer[HEADER] = 0xc0;
    let long = [query(1, b"")[..HEADER].to_vec(), [b"\x3f".as_slice(), &[b'a'; 63]].concat().repeat(2)];
    let long = [long.concat(), b"\0\0\x01\0\x01".to_vec()].concat();
    let mut packets_of = vec![vec![], vec![0; HEADER], query(1, &option), query(1, b"x"), pointer, long];
    let whole = query(1, b"");
    packets_of.extend((0..whole.len()).map(|len| whole[..len].to_vec()));
    for packet in packets_of {
        for _ in 0..4 {
            assert!(packets.answer(&packet, SCOPE, &mut Vec::new()).is_none(), "{packet:?}");
            packets.keep(SCOPE, &[0; 40], &[], u64::MAX, None);
        }
    }
}

#[test]
fn what_is_too_long_together_is_not_kept() {
    let packet = query(1, b"");
    let most = KEPT_MAX - (packet.len() - 2) - (HEADER - 2);
    for (rest, ttls, kept) in [(most + 1, 0, false), (most, 1, false), (most - 6, 3, true), (most, 0, true)] {
        let mut packets = Packets::new();
        let answer = [&packet[..], &vec![7; rest]].concat();
        for _ in 0..2 {
            assert!(packets.answer(&packet, SCOPE, &mut Vec::new()).is_none());
            packets.keep(SCOPE, &answer, &vec![0; ttls], u64::MAX, None);
        }
        let mut out = Vec::new();
        assert_eq!(packets.answer(&packet, SCOPE, &mut out).is_some(), kept, "{rest}, {ttls}");
        assert_eq!(out, if kept { &answer[..] } else { &[] });
    }
}

#[test]
fn a_kept_block_says_what_is_to_be_counted() {
    let mut packets = Packets::new();
    let packet = query(1, OPT);
    let (category, layer) = (Some(Category::Gambling), Layer::Category);
    let blocked = Blocked { category, service: None, list: Some(RosterId(7)), layer, hint: Hint::default() };
    for _ in 0..2 {
        assert!(packets.answer(&packet, SCOPE, &mut Vec::new()).is_none());
        packets.keep(SCOPE, &answer(&packet, 0).0, &[], u64::MAX, Some(blocked));
    }
    let mut out = Vec::new();
    let mut found = packets.answer(&packet, Scope { now: u64::MAX - 1, ..SCOPE }, &mut out).unwrap();
    let (name, rtype, kept) = found.blocked().unwrap();
    assert_eq!((name.to_string().as_str(), rtype), ("www1.example", RrType::A));
    assert_eq!((kept.category, kept.list, kept.layer), (category, Some(RosterId(7)), layer));
}

#[test]
fn names_that_come_once_or_twice_do_not_push_out_what_is_used() {
    let mut packets = Packets::new();
    let hot: Vec<_> = (0..1000).map(|number| query(number, OPT)).collect();
    let mut strangers = 1000..;
    let (mut asked, mut found) = (0, 0);
    for round in 0..60 {
        for packet in &hot {
            let is_found = ask(&mut packets, packet, SCOPE);
            if round >= 10 {
                (asked, found) = (asked + 1, found + usize::from(is_found));
            }
            // Each stranger comes twice, so that it asks for a place.
            let stranger = query(strangers.next().unwrap(), OPT);
            ask(&mut packets, &stranger, SCOPE);
            ask(&mut packets, &stranger, SCOPE);
        }
    }
    assert!(found * 10 >= asked * 9, "{found} of {asked}");
}

#[test]
fn what_is_of_no_use_any_more_gives_way_at_once() {
    let mut packets = Packets::new();
    for (generation, now) in [(1, 100), (2, 100), (2, 160)] {
        let scope = Scope { generation, now, ..SCOPE };
        let all: Vec<_> = (0..4 * SLOTS as u32).map(|number| query(number, b"")).collect();
        for packet in all.iter().flat_map(|packet| [packet, packet, packet]) {
            ask(&mut packets, packet, scope);
        }
        let kept = all.iter().filter(|packet| packets.answer(packet, scope, &mut Vec::new()).is_some());
        assert!(kept.count() > SLOTS * 9 / 10);
    }
}
