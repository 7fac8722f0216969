//! What name servers say when a name is resolved from the root down: whatever it is, the answer is a message
//! that a client can have, in a bounded number of questions.

use lachan::dns::compose::Composer;
use lachan::dns::header::Flags;
use lachan::dns::message::{Section, check_names, records};
use lachan::dns::name::{HEADER, OwnedName};
use lachan::dns::rcode::Rcode;
use lachan::dns::rrset::RrSet;
use lachan::dns::rrtype::RrType;
use lachan::dns::security::Security;
use lachan::resolve::Ask;
use lachan::resolve::fuzzing::iterated;

/// Messages that one question may cost, whatever is said.
const MESSAGES_MAX: usize = 150;
/// Messages of one script.
const SCRIPT_MAX: usize = 24;
/// An anchor under which nothing of the scripts can be signed rightly.
const ANCHOR: &str = ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n";

/// An octet of flags, then messages, each with its length in two octets before it.
pub fn check(octets: &[u8]) {
    let Some((&flags, mut rest)) = octets.split_first() else { return };
    let mut script = Vec::new();
    while let Some((length, more)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(more.len());
        let (message, behind) = more.split_at(length);
        script.push(message);
        rest = behind;
        if script.len() == SCRIPT_MAX {
            break;
        }
    }
    let kinds = [
        RrType::A,
        RrType::AAAA,
        RrType::DS,
        RrType::CNAME,
        RrType::NS,
        RrType::RRSIG,
        RrType::TXT,
        RrType::from(65280),
    ];
    let mut ask = Ask::new(name("www.school.example"), kinds[usize::from(flags >> 2 & 7)]);
    ask.dnssec_ok = flags & 1 != 0;
    ask.checking_disabled = flags & 2 != 0;
    let anchors = if flags & 0x40 != 0 { ANCHOR } else { "" };
    let (answer, messages) = iterated(&ask, anchors, &script);
    assert!(messages <= MESSAGES_MAX, "{messages}");
    let (end, found) = records(&answer.wire).expect("what we write can be read");
    assert_eq!(end, HEADER + ask.name.as_name().wire().len() + 4);
    check_names(&answer.wire, &found).expect("no name hangs on a TTL");
    assert!(found.iter().all(|record| record.section != Section::Additional));
    if answer.rcode == Rcode::SERV_FAIL {
        assert!(found.is_empty(), "a failure has no data");
    }
    if !anchors.is_empty() && !ask.checking_disabled {
        assert_ne!(answer.security, Security::Secure, "nobody can sign for that anchor");
    }
}

fn name(text: &str) -> OwnedName {
    OwnedName::parse(text).expect("a name")
}

/// A message with these sets, and addresses behind them.
fn message(aa: bool, rcode: u8, answer: &[RrSet], authority: &[RrSet], glue: &[(&str, [u8; 4])]) -> Vec<u8> {
    let flags = [0x80 | u8::from(aa) << 2, rcode];
    let mut composer = Composer::new(
        Flags::of(&[0, 0, flags[0], flags[1]]),
        name("www.school.example").as_name(),
        RrType::A,
        1,
    );
    answer.iter().for_each(|set| composer.answer(set, 60, true));
    authority.iter().for_each(|set| composer.authority(set, 60, true));
    let mut octets = composer.finish();
    octets[11] = glue.len() as u8;
    for (owner, address) in glue {
        octets.extend_from_slice(name(owner).as_name().wire());
        octets.extend_from_slice(&[0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        octets.extend_from_slice(address);
    }
    octets
}

fn named(owner: &str, kind: RrType, target: &str) -> RrSet {
    RrSet::new(name(owner), kind, 60, vec![name(target).as_name().wire().into()])
}

fn address(owner: &str) -> RrSet {
    RrSet::new(name(owner), RrType::A, 60, vec![[198, 51, 100, 7].into()])
}

fn soa(owner: &str) -> RrSet {
    RrSet::new(name(owner), RrType::SOA, 60, vec![[&[0, 0][..], &[7; 20]].concat().into()])
}

/// The set with something like a signature.
fn signed(mut set: RrSet, signer: &str) -> RrSet {
    let mut rrsig = set.rtype.to_be_bytes().to_vec();
    rrsig.extend_from_slice(&[8, 2, 0, 0, 0, 60, 0xf0, 0, 0, 0, 0, 0, 0, 1, 0x4f, 0x66]);
    rrsig.extend_from_slice(name(signer).as_name().wire());
    rrsig.extend_from_slice(&[9; 128]);
    set.rrsigs.push(rrsig.into());
    set
}

/// Stories: a way down, aliases, denials, something like DNSSEC.
pub fn seeds() -> Vec<Vec<u8>> {
    let down = |zone: &str| {
        message(
            false,
            0,
            &[],
            &[named(zone, RrType::NS, &format!("ns.{zone}"))],
            &[(&format!("ns.{zone}"), [192, 0, 2, 1])],
        )
    };
    let www = "www.school.example";
    let glueless = message(false, 0, &[], &[named("school.example", RrType::NS, "ns.other")], &[]);
    let nsec = signed(
        RrSet::new(
            name("school.example"),
            RrType::NSEC,
            60,
            vec![[name("zzz.school.example").as_name().wire(), &[0, 1, 0x40]].concat().into()],
        ),
        "school.example",
    );
    let dnskey = signed(
        RrSet::new(
            name("."),
            RrType::DNSKEY,
            60,
            vec![[&[1, 1, 3, 8, 3, 1, 0, 1][..], &[7; 128]].concat().into()],
        ),
        ".",
    );
    let ds = signed(
        RrSet::new(
            name("example"),
            RrType::DS,
            60,
            vec![[&[0x4f, 0x66, 8, 2][..], &[7; 32]].concat().into()],
        ),
        ".",
    );
    let stories: Vec<Vec<Vec<u8>>> = vec![
        vec![down("example"), down("school.example"), message(true, 0, &[address(www)], &[], &[])],
        vec![
            down("example"),
            message(
                true,
                0,
                &[named(www, RrType::CNAME, "web.school.example"), address("web.school.example")],
                &[],
                &[],
            ),
        ],
        vec![
            down("example"),
            message(true, 0, &[named("school.example", RrType::DNAME, "other.example")], &[], &[]),
        ],
        vec![down("example"), message(true, 3, &[], &[soa("example"), nsec.clone()], &[])],
        vec![down("example"), message(true, 0, &[], &[soa("school.example"), nsec], &[])],
        vec![glueless, down("example"), message(true, 0, &[address("ns.other")], &[], &[])],
        vec![
            message(
                false,
                0,
                &[],
                &[named("example", RrType::NS, "ns.example"), ds],
                &[("ns.example", [192, 0, 2, 1])],
            ),
            message(true, 0, &[dnskey], &[], &[]),
            message(true, 0, &[signed(address(www), "example")], &[], &[]),
        ],
        vec![message(true, 0, &[named(www, RrType::CNAME, www)], &[], &[])],
    ];
    let mut seeds = Vec::new();
    for (at, story) in stories.iter().enumerate() {
        for flags in [0, 1, 0x40 | at as u8, 0x41] {
            let mut octets = vec![flags];
            for message in story {
                octets.extend_from_slice(&(message.len() as u16).to_be_bytes());
                octets.extend_from_slice(message);
            }
            seeds.push(octets);
        }
    }
    seeds
}
