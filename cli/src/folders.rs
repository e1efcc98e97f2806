//! Where the command keeps things, after the XDG Base Directory Specification.

use std::path::PathBuf;

/// Data of apps in previews.
pub(crate) fn data() -> PathBuf {
    base("XDG_DATA_HOME", ".local/share").join("preview")
}

/// Compiled code; may be deleted at any time.
pub(crate) fn code_cache() -> PathBuf {
    base("XDG_CACHE_HOME", ".cache").join("code")
}

/// The user's folder of this kind; without a home, a folder among the temporary ones.
fn base(variable: &str, in_home: &str) -> PathBuf {
    let set = std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(in_home));
    set.or_else(home)
        .unwrap_or_else(std::env::temp_dir)
        .join("lapak")
}
