//! See `lachan_fuzz::zone`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| lachan_fuzz::zone::check(octets));
