//! Where the command keeps things, after the XDG Base Directory Specification.

use std::path::{Path, PathBuf};

use lapak_ledger::private_files;

use crate::output;

/// Data of apps in previews.
pub(crate) fn data() -> PathBuf {
    base("XDG_DATA_HOME", ".local/share").join("preview")
}

/// Compiled code; may be deleted at any time. `None` where the folder cannot be written, or is not one's own: apps are then
/// compiled at each launch, which is slower and no more.
pub(crate) fn code_cache() -> Option<PathBuf> {
    let folder = code_cache_folder();
    match probe(&folder) {
        Ok(()) => Some(folder),
        // Refused for what it is: whoever starts this can mend it.
        Err(error) if error.get_ref().is_some() => {
            output::note(&format!(
                "warning: compiled apps are not kept: {error} with XDG_CACHE_HOME"
            ));
            None
        }
        Err(_) => None,
    }
}

/// Where compiled code would be kept.
pub(crate) fn code_cache_folder() -> PathBuf {
    base("XDG_CACHE_HOME", ".cache").join("code")
}

/// Whether files can be made in a folder, which is made if need be.
pub(crate) fn is_writable(folder: &Path) -> bool {
    probe(folder).is_ok()
}

fn probe(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".probe-{}", std::process::id()));
    let written = private_folder(folder).and_then(|()| std::fs::write(&probe, b""));
    // It was only a probe: one that stays harms nobody.
    let _ = std::fs::remove_file(&probe);
    written
}

/// Makes a folder that is nobody else's business, or looks at the one that is there.
pub(crate) fn private_folder(folder: &Path) -> std::io::Result<()> {
    private_files::folder(folder)
}

/// Looks at a folder that somebody named, for data: nobody else may change what is in it.
pub(crate) fn check_named(folder: &Path) -> std::io::Result<()> {
    let found = std::fs::metadata(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;

        let refused = |why: &str, cure: &str| {
            let text = format!("{} {why}, and is not used: {cure}", folder.display());
            Err(std::io::Error::new(
                std::io::ErrorKind::PermissionDenied,
                text,
            ))
        };
        if found.uid() != private_files::user() {
            let cure = "make it your own (chown), or choose another folder with --data";
            return refused("belongs to another user", cure);
        }
        if found.mode() & 0o022 != 0 {
            let cure = "close it (chmod go-w), or choose another folder with --data";
            return refused("can be changed by others", cure);
        }
    }
    let _ = found;
    Ok(())
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
    match set.or_else(home) {
        Some(base) => base.join("lapak"),
        // Everybody has it: the folder is one's own by its name.
        None => std::env::temp_dir().join(own_name()),
    }
}

#[cfg(unix)]
fn own_name() -> String {
    format!("lapak-{}", private_files::user())
}

#[cfg(not(unix))]
fn own_name() -> String {
    "lapak".into()
}
