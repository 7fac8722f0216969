//! Messages in a stream of octets: each with its length in front, in two octets (RFC 1035 §4.2.2).
//!
//! Nothing is read or written here; where a stream is cut into pieces makes no difference.

/// Octets of the largest query that is read; a longer one ends the connection. Real ones have some hundred.
pub const QUERY_MAX: usize = 4096;
/// Octets in front of a message.
pub const PREFIX: usize = 2;

/// What some octets begin with.
#[derive(Debug, PartialEq, Eq)]
pub enum First<'o> {
    /// A whole message, and the octets after it.
    Whole(&'o [u8], &'o [u8]),
    /// A message that goes on in octets to come, or nothing yet.
    Begun,
    /// A message longer than [`QUERY_MAX`].
    TooLong,
}

/// Looks at the first message.
pub fn first(octets: &[u8]) -> First<'_> {
    let Some((len, rest)) = octets.split_first_chunk::<PREFIX>() else { return First::Begun };
    let len = usize::from(u16::from_be_bytes(*len));
    match rest.split_at_checked(len) {
        _ if len > QUERY_MAX => First::TooLong,
        Some((message, rest)) => First::Whole(message, rest),
        None => First::Begun,
    }
}

/// Puts an answer behind those that stand in `out` already.
pub fn put(answer: &[u8], out: &mut Vec<u8>) {
    let len = u16::try_from(answer.len()).expect("answers over a stream are bounded by 65,535 octets");
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(answer);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_is_whole_with_its_last_octet_and_too_long_with_its_second() {
        assert_eq!(first(&[]), First::Begun);
        assert_eq!(first(&[0]), First::Begun);
        assert_eq!(first(&[0, 0]), First::Whole(&[], &[]));
        assert_eq!(first(&[0, 2, 7]), First::Begun);
        assert_eq!(first(&[0, 2, 7, 8]), First::Whole(&[7, 8], &[]));
        assert_eq!(first(&[0, 2, 7, 8, 0]), First::Whole(&[7, 8], &[0]));
        assert_eq!(first(&(QUERY_MAX as u16).to_be_bytes()), First::Begun);
        assert_eq!(first(&(QUERY_MAX as u16 + 1).to_be_bytes()), First::TooLong);
    }

    proptest! {
        #[test]
        fn what_is_put_is_found_again(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..9)) {
            let mut octets = Vec::new();
            messages.iter().for_each(|message| put(message, &mut octets));
            let (mut rest, mut found) = (&octets[..], Vec::new());
            while let First::Whole(message, after) = first(rest) {
                found.push(message.to_vec());
                rest = after;
            }
            prop_assert!(rest.is_empty());
            prop_assert_eq!(found, messages);
        }
    }
}
