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
        writer.file(name, own(dir, name)?)?;
    }
    let widgets = manifest.widgets.iter().map(|widget| &widget.path);
    for page in manifest.pages.iter().chain(widgets) {
        let html = format!("{page}.html");
        let content = if dir.join(&html).is_file() {
            own(dir, &html)?
        } else {
            DRAWN_BY_APP.into()
        };
        writer.file(&html, content)?;
        let css = format!("{page}.css");
        if dir.join(&css).is_file() {
            writer.file(&css, own(dir, &css)?)?;
        }
    }
    let mut left = Left::default();
    for folder in ["common", "i18n"] {
        if dir.join(folder).is_dir() {
            within(dir, &dir.join(folder))?;
        }
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
        within(dir, &entry)?;
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

/// Whether it lies in the app's folder, its links followed: a package is given to everybody, and an app's sources may be somebody else's.
fn within(dir: &Path, path: &Path) -> Result<(), BuildError> {
    let failed = |source| BuildError::File {
        path: path.to_owned(),
        source,
    };
    let whole = |path: &Path| path.canonicalize().map_err(failed);
    if whole(path)?.starts_with(whole(dir)?) {
        return Ok(());
    }
    Err(failed(std::io::Error::new(
        std::io::ErrorKind::PermissionDenied,
        "it is a link that leads out of the app's folder; put a copy of what it leads to in its place",
    )))
}

/// A file of the app's folder.
fn own(dir: &Path, name: &str) -> Result<Vec<u8>, BuildError> {
    let path = dir.join(name);
    let bytes = read(&path)?;
    within(dir, &path)?;
    Ok(bytes)
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const MANIFEST_TEXT: &str = r#"{ "app_id": "id.example.linked", "name": "Linked", "icons": [{ "src": "common/icon.png" }],
        "platform_version": { "min_code": 1 }, "version": { "name": "0.1.0", "code": 1 }, "pages": ["pages/index"] }"#;

    /// An app's folder beside something that is nobody's business.
    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let app = folder.path().join("app");
        std::fs::create_dir_all(app.join("common")).expect("a folder");
        std::fs::create_dir_all(app.join("pages")).expect("a folder");
        std::fs::create_dir_all(folder.path().join("private")).expect("a folder");
        for (name, text) in [
            ("app/manifest.json", MANIFEST_TEXT),
            ("app/app.css", ""),
            ("app/common/icon.png", "icon"),
            ("private/key", "secret"),
        ] {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        (folder, app)
    }

    fn packed(app: &Path) -> Result<Vec<u8>, BuildError> {
        let manifest = Manifest::parse(MANIFEST_TEXT.as_bytes()).expect("a manifest");
        pack(app, &manifest.manifest, Vec::new())
    }

    #[test]
    fn a_link_within_the_app_is_followed() {
        let (_folder, app) = folder();
        symlink("icon.png", app.join("common/again.png")).expect("a link");
        packed(&app).expect("packed");
    }

    #[test]
    fn a_link_that_leads_out_of_the_app_is_refused() {
        for (link, to) in [
            ("common/key.txt", "../../private/key"),
            ("common/home", "../../private"),
            ("i18n", "../private"),
            ("pages/index.html", "../../private/key"),
            ("pages/index.css", "../../private/key"),
            ("common/host", "/etc/hostname"),
        ] {
            let (_folder, app) = folder();
            symlink(to, app.join(link)).expect("a link");
            let error = packed(&app).expect_err(link).to_string();
            assert!(error.contains("out of the app's folder"), "{link}: {error}");
        }
    }
}
