//! See `lachan_fuzz::question`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| lachan_fuzz::question::check(octets));
