//! See `lachan_fuzz::policy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| lachan_fuzz::policy::check(octets));
