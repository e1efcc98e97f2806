//! Watches the sources of apps.

use std::path::{Path, PathBuf};

use notify::{EventKind, RecursiveMode, Watcher};
use tokio::sync::mpsc::UnboundedSender;

/// Sends the index of a folder whenever something in it changed that matters for its app. Stops when what it
/// gives is dropped.
pub(crate) fn watch(
    folders: &[PathBuf],
    changed: UnboundedSender<usize>,
) -> notify::Result<impl Watcher> {
    let roots = folders.to_vec();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else {
            return;
        };
        if matches!(event.kind, EventKind::Access(_)) {
            return;
        }
        for (index, root) in roots.iter().enumerate() {
            if event.paths.iter().any(|path| matters(root, path)) {
                // Fails only when the preview is ending.
                let _ = changed.send(index);
            }
        }
    })?;
    for folder in folders {
        watcher.watch(folder, RecursiveMode::Recursive)?;
        // A folder that is replaced takes its watch with it: only the one above sees the new one.
        if let Some(above) = folder.parent() {
            let _ = watcher.watch(above, RecursiveMode::NonRecursive);
        }
    }
    Ok(watcher)
}

/// A folder has changed: if it is another one than `last`, watches that.
pub(crate) fn watch_again(watcher: &mut impl Watcher, folder: &Path, last: &mut Option<u64>) {
    let now = number(folder);
    if now != *last {
        *last = now;
        // While there is none, the one above is watched.
        let _ = watcher.watch(folder, RecursiveMode::Recursive);
    }
}

/// What tells one folder from another at the same place.
pub(crate) fn number(folder: &Path) -> Option<u64> {
    let found = std::fs::metadata(folder).ok()?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&found);
    #[cfg(not(unix))]
    let number = u64::from(found.is_dir());
    Some(number)
}

/// What the build itself writes, and what editors leave behind, does not start another build.
fn matters(root: &Path, path: &Path) -> bool {
    let Ok(inner) = path.strip_prefix(root) else {
        return false;
    };
    let odd = |part: &str| {
        part == "target" || part == "Cargo.lock" || part.starts_with('.') || part.ends_with('~')
    };
    let mut parts = inner
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    !parts.any(|part| odd(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_matter_and_products_do_not() {
        let root = Path::new("/app");
        for source in [
            "/app/src/lib.rs",
            "/app/manifest.json",
            "/app/common/img/sate.svg",
            "/app/i18n/id.json",
        ] {
            assert!(matters(root, Path::new(source)), "{source}");
        }
        for product in [
            "/app/target/debug/x",
            "/app/.git/index",
            "/app/src/.lib.rs.swp",
            "/app/lib.rs~",
            "/other/a.rs",
        ] {
            assert!(!matters(root, Path::new(product)), "{product}");
        }
    }
}
