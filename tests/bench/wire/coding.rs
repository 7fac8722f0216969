//! Octets as text and back: hexadecimal, base64, base32hex.

pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).expect("a hexadecimal digit") as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

pub fn to_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648 §4.
pub fn base64(text: &str) -> Vec<u8> {
    unpack(text, 6, BASE64)
}

pub fn to_base64(octets: &[u8]) -> String {
    let mut text = String::new();
    for three in octets.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, at| bits << 8 | u32::from(*three.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let letter = BASE64[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at > three.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

const BASE32HEX: &[u8] = b"0123456789abcdefghijklmnopqrstuv";

/// RFC 4648 §7, in either case.
pub fn base32hex(text: &str) -> Vec<u8> {
    unpack(&text.to_ascii_lowercase(), 5, BASE32HEX)
}

fn unpack(text: &str, bits: u32, alphabet: &[u8]) -> Vec<u8> {
    let (mut octets, mut held, mut have) = (Vec::new(), 0u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let value = alphabet.iter().position(|known| *known == letter).expect("a letter of the alphabet");
        held = held << bits | value as u32;
        have += bits;
        if have >= 8 {
            have -= 8;
            octets.push((held >> have) as u8);
            held &= (1 << have) - 1;
        }
    }
    octets
}
