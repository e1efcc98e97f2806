//! Gathers the package's files: the manifest, the component, styles, pages, `common/` and `i18n/`. Nothing
//! else of the app's folder gets in.

use std::path::{Path, PathBuf};

use lapak_abi::limits::PackageLimits;
use lapak_abi::manifest::Manifest;
use lapak_abi::package::{COMPONENT, MANIFEST, PackageWriter, STYLES};

use crate::{BuildError, read};

/// The page's file for runtimes that ask for one; the app itself draws the page.
const DRAWN_BY_APP: &str =
    "<!doctype html>\n<meta charset=\"utf-8\">\n<!-- drawn by app.wasm -->\n";

pub(crate) fn pack(
    dir: &Path,
    manifest: &Manifest,
    component: Vec<u8>,
) -> Result<Vec<u8>, BuildError> {
    let mut writer = PackageWriter::new();
    writer.file(COMPONENT, component)?;
    for name in [MANIFEST, STYLES] {
        writer.file(name, read(&dir.join(name))?)?;
    }
    let widgets = manifest.widgets.iter().map(|widget| &widget.path);
    for page in manifest.pages.iter().chain(widgets) {
        let html = format!("{page}.html");
        let own = dir.join(&html);
        let content = if own.is_file() {
            read(&own)?
        } else {
            DRAWN_BY_APP.into()
        };
        writer.file(&html, content)?;
        let css = format!("{page}.css");
        if dir.join(&css).is_file() {
            writer.file(&css, read(&dir.join(&css))?)?;
        }
    }
    let mut left = Left::default();
    for folder in ["common", "i18n"] {
        add_folder(&mut writer, dir, Path::new(folder), &mut left)?;
    }
    Ok(writer.finish()?)
}

/// What may still be added to a package. What is too much for any is not gathered first: links may lead round in circles, and
/// files be as long as the disk.
struct Left {
    files: usize,
    bytes: usize,
}

impl Default for Left {
    fn default() -> Self {
        let limits = PackageLimits::default();
        Self {
            files: limits.files,
            bytes: limits.unpacked_bytes,
        }
    }
}

impl Left {
    fn take(&mut self, path: &Path, bytes: usize) -> Result<(), BuildError> {
        let left = self.files.checked_sub(1).zip(self.bytes.checked_sub(bytes));
        let (files, bytes) = left.ok_or_else(|| BuildError::File {
            path: path.to_owned(),
            source: std::io::Error::new(
                std::io::ErrorKind::FileTooLarge,
                "with it there are more files, or more bytes, than a package may have",
            ),
        })?;
        *self = Self { files, bytes };
        Ok(())
    }
}

fn add_folder(
    writer: &mut PackageWriter,
    dir: &Path,
    folder: &Path,
    left: &mut Left,
) -> Result<(), BuildError> {
    for entry in entries(&dir.join(folder))? {
        let Some(name) = entry.file_name() else {
            continue;
        };
        // What editors and systems leave behind.
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        let inner = folder.join(name);
        if entry.is_dir() {
            left.take(&entry, 0)?;
            add_folder(writer, dir, &inner, left)?;
        } else {
            let path: Vec<_> = inner.iter().map(|part| part.to_string_lossy()).collect();
            let bytes = read(&entry)?;
            left.take(&entry, bytes.len())?;
            writer.file(&path.join("/"), bytes)?;
        }
    }
    Ok(())
}

/// What a folder holds, in order; nothing if there is no such folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let failed = |source| BuildError::File {
        path: folder.to_owned(),
        source,
    };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(failed)?;
    paths.sort();
    Ok(paths)
}
