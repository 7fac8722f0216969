//! See `lachan_fuzz::authority`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| lachan_fuzz::authority::check(octets));
