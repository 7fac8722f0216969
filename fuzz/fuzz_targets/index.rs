//! See `lachan_fuzz::index`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| lachan_fuzz::index::check(octets));
