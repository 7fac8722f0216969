//! See `lachan_fuzz::upstream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| lachan_fuzz::upstream::check(octets));
