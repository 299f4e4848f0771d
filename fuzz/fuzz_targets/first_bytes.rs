#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keyfob_properties::first_bytes::holds(data));
