//! See `lachan_fuzz::name`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| lachan_fuzz::name::check(octets));
