//! Any text as a MiniApp URI: no panic, and what is read is written the same.
#![no_main]

use lapak_abi::address::MiniAppUri;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(uri) = text.parse::<MiniAppUri>() {
        assert_eq!(uri.to_string(), text);
    }
});
