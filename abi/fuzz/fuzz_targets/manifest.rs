//! Any bytes as a manifest: no panic, and what is read stays inside the package.
#![no_main]

use lapak_abi::manifest::Manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(parsed) = Manifest::parse(bytes) {
        let manifest = parsed.manifest;
        assert!(!manifest.pages.is_empty() && !manifest.icons.is_empty() && manifest.version.code > 0);
        for page in &manifest.pages {
            assert!(page.as_str().split('/').all(|part| !matches!(part, "" | "." | "..")));
        }
    }
});
