//! Where the command keeps things, after the XDG Base Directory Specification.

use std::path::{Path, PathBuf};

/// Data of apps in previews.
pub(crate) fn data() -> PathBuf {
    base("XDG_DATA_HOME", ".local/share").join("preview")
}

/// Compiled code; may be deleted at any time. `None` where the folder cannot be written: apps are then compiled at
/// each launch, which is slower and no more.
pub(crate) fn code_cache() -> Option<PathBuf> {
    let folder = code_cache_folder();
    is_writable(&folder).then_some(folder)
}

/// Where compiled code would be kept.
pub(crate) fn code_cache_folder() -> PathBuf {
    base("XDG_CACHE_HOME", ".cache").join("code")
}

/// Whether files can be made in a folder, which is made if need be.
pub(crate) fn is_writable(folder: &Path) -> bool {
    let probe = folder.join(format!(".probe-{}", std::process::id()));
    let written = private_folder(folder).and_then(|()| std::fs::write(&probe, b""));
    // It was only a probe: one that stays harms nobody.
    let _ = std::fs::remove_file(&probe);
    written.is_ok()
}

/// Makes a folder that is nobody else's business.
pub(crate) fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The user's folder of this kind; without a home, a folder among the temporary ones.
fn base(variable: &str, in_home: &str) -> PathBuf {
    let set = std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let home = || {
        std::env::home_dir()
            .filter(|home| home.is_absolute())
            .map(|home| home.join(in_home))
    };
    set.or_else(home)
        .unwrap_or_else(std::env::temp_dir)
        .join("lapak")
}
