//! See `lachan_fuzz::control`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| lachan_fuzz::control::check(octets));
