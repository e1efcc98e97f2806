//! The SDK's sources, carried by the command: an app builds without this repository and without crates.io knowing
//! the SDK.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::failure::Failure;

static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../guest-sdk/src");
static ABI: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../abi/src");
static WIT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../abi/wit");
const SDK_MANIFEST: &str = include_str!("../../guest-sdk/Cargo.toml");
const ABI_MANIFEST: &str = include_str!("../../abi/Cargo.toml");
const WORKSPACE: &str = include_str!("../../Cargo.toml");

/// Where an app keeps the SDK.
pub(crate) const FOLDER: &str = ".lapak/sdk";
/// Says which sources lie there.
const STAMP: &str = "SOURCES";

/// Writes the SDK into an app that `lapak new` made, if it is not there or is another one. Other apps bring
/// their SDK themselves.
pub(crate) fn refresh(app: &Path) -> Result<(), Failure> {
    let config = lapak_abi::file::read_text(&app.join(".cargo/config.toml")).unwrap_or_default();
    if !config.contains(FOLDER) {
        return Ok(());
    }
    let folder = app.join(FOLDER);
    let stamp = stamp();
    if lapak_abi::file::read_text(&folder.join(STAMP)).is_ok_and(|found| found == stamp) {
        return Ok(());
    }
    write(&folder, &stamp).map_err(|error| {
        Failure::machine(format!(
            "the SDK could not be written to {}: {error}",
            folder.display()
        ))
    })
}

fn write(folder: &Path, stamp: &str) -> std::io::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    for (place, files) in [
        ("guest-sdk/src", &SDK),
        ("abi/src", &ABI),
        ("abi/wit", &WIT),
    ] {
        let place = folder.join(place);
        std::fs::create_dir_all(&place)?;
        files.extract(&place)?;
    }
    std::fs::write(
        folder.join("guest-sdk/Cargo.toml"),
        without_tests(SDK_MANIFEST),
    )?;
    std::fs::write(folder.join("abi/Cargo.toml"), without_tests(ABI_MANIFEST))?;
    std::fs::write(folder.join("Cargo.toml"), workspace())?;
    // Last: a folder without it is written again.
    std::fs::write(folder.join(STAMP), stamp)
}

/// This repository's workspace, with just these two members.
fn workspace() -> String {
    let lines = WORKSPACE.lines().map(|line| {
        if line.starts_with("members = ") {
            "members = [\"abi\", \"guest-sdk\"]"
        } else if line.starts_with("exclude = ") {
            ""
        } else {
            line
        }
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// What only the SDK's own tests need is not fetched for an app.
fn without_tests(manifest: &str) -> String {
    let mut kept = String::new();
    let mut in_tests = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_tests = line == "[dev-dependencies]";
        }
        if !in_tests {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

fn stamp() -> String {
    let mut hasher = DefaultHasher::new();
    for files in [&SDK, &ABI, &WIT] {
        hash(files, &mut hasher);
    }
    (SDK_MANIFEST, ABI_MANIFEST, WORKSPACE).hash(&mut hasher);
    format!("{} {:016x}\n", env!("CARGO_PKG_VERSION"), hasher.finish())
}

fn hash(dir: &Dir<'_>, hasher: &mut DefaultHasher) {
    for file in dir.files() {
        (file.path(), file.contents()).hash(hasher);
    }
    for inner in dir.dirs() {
        hash(inner, hasher);
    }
}
