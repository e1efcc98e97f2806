//! Any bytes as a package: no panic, the limits hold, no name leaves it.
#![no_main]

use lapak_abi::package::{Package, PackageLimits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = PackageLimits { unpacked_bytes: 1 << 20, ..PackageLimits::default() };
    if let Ok(package) = Package::read(bytes.to_vec(), &limits) {
        let total: usize = package.files().map(|(_, bytes)| bytes.len()).sum();
        assert!(total <= limits.unpacked_bytes);
        for (path, _) in package.files() {
            assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")));
        }
    }
});
