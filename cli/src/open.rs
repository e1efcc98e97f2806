//! An app by its folder or by its package: both are opened alike.

use std::path::{Path, PathBuf};

use lapak_abi::languages;
use lapak_abi::package::{Package, PackageLimits};
use lapak_build::{Built, Purpose};

use crate::failure::Failure;
use crate::output::{self, Progress};
use crate::sdk;

/// Builds the app of a folder, or reads a package. A folder without sources may hold one package, and beside it what belongs to it
/// in a preview (`shop.json`, `device.json`).
pub(crate) fn open_package(path: &Path, purpose: Purpose) -> Result<Package, Failure> {
    let inside = package_inside(path);
    let path = inside.as_deref().unwrap_or(path);
    if path.is_dir() {
        return Ok(build(path, purpose)?.package);
    }
    let limits = PackageLimits::default();
    let most = u64::try_from(limits.compressed_bytes).unwrap_or(u64::MAX);
    let bytes = lapak_abi::file::read(path, most).map_err(|error| {
        Failure::app(format!(
            "{}: {error}. Name a folder of an app or a package (.ma)",
            path.display()
        ))
    })?;
    Package::read(bytes, &limits)
        .map_err(|error| Failure::app(format!("{}: {error}", path.display())))
}

/// The language in which an app is shown to whoever understands `preferences`, one language or a list of them as browsers
/// send it.
pub(crate) fn language_of(package: &Package, preferences: &str) -> String {
    let accepted = languages::accepted(preferences);
    let best = package.language_for(&accepted);
    best.unwrap_or(preferences).to_owned()
}

/// The package in a folder that has no sources.
fn package_inside(folder: &Path) -> Option<PathBuf> {
    if folder.join("Cargo.toml").exists() {
        return None;
    }
    let files = std::fs::read_dir(folder).ok()?;
    let files = files.filter_map(|file| Some(file.ok()?.path()));
    let mut packages = files.filter(|file| file.extension().is_some_and(|end| end == "ma"));
    let only = packages.next()?;
    packages.next().is_none().then_some(only)
}

/// Builds the app of a folder; says on standard error what is going on.
pub(crate) fn build(dir: &Path, purpose: Purpose) -> Result<Built, Failure> {
    sdk::refresh(dir)?;
    let name = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let name = name
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let progress = Progress::of(&name);
    let built = lapak_build::build_for(purpose, dir, &mut |what| progress.step(what));
    drop(progress);
    let built = built?;
    for warning in &built.compiler_warnings {
        output::note(warning.trim_end());
    }
    Ok(built)
}
