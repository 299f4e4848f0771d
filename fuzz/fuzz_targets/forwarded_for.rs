#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keyfob_properties::forwarded_for::holds(data));
