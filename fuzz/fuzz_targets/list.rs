//! See `lachan_fuzz::list`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| lachan_fuzz::list::check(octets));
