//! See `lachan_fuzz::config`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| lachan_fuzz::config::check(octets));
