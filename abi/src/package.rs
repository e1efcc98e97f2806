//! The package: a ZIP file (`.ma`), after W3C MiniApp Packaging.
//!
//! | path | |
//! |---|---|
//! | `manifest.json` | must exist |
//! | `app.wasm` | must exist: the component, in the place of the draft's `app.js` |
//! | `app.css` | must exist, may be empty |
//! | `<page>.html` | must exist for each page and widget of the manifest |
//! | `<page>.css` | may exist |
//! | `common/`, `i18n/<lang>.json` | may exist |

mod container;
mod file_name;
mod localized;
mod names;
mod write;

use std::collections::BTreeMap;

use crate::languages;
pub use crate::limits::PackageLimits;
use crate::manifest::{Manifest, ManifestError, Parsed, Warning};
use localized::Texts;

pub(crate) use file_name::folded;
pub use write::PackageWriter;

/// Where the component lies.
pub const COMPONENT: &str = "app.wasm";
/// Where the manifest lies.
pub const MANIFEST: &str = "manifest.json";
/// Where the app's styles lie.
pub const STYLES: &str = "app.css";

/// A package that was read, checked and inflated.
#[derive(Clone, Debug)]
pub struct Package {
    manifest: Manifest,
    warnings: Vec<Warning>,
    texts: Texts,
    files: BTreeMap<String, Vec<u8>>,
    signing_block: Option<Vec<u8>>,
    digest: [u8; 32],
    size: usize,
}

/// Why a package is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PackageError {
    #[error("the package has {found} bytes; the limit is {limit}")]
    TooLarge { found: usize, limit: usize },
    #[error("the package unpacks to more than {limit} bytes (reached in {path})")]
    UnpacksTooLarge { path: String, limit: usize },
    #[error(
        "{path} has more than {limit} bytes, which is the limit for text that the host reads; shorten it"
    )]
    TextTooLarge { path: String, limit: usize },
    #[error("the package has more than {limit} files and folders")]
    TooManyFiles { limit: usize },
    #[error(
        "the names of the package's files and folders have more than {limit} bytes together; shorten them"
    )]
    NamesTooLong { limit: usize },
    #[error("the package has more than {limit} languages in i18n")]
    TooManyLanguages { limit: usize },
    #[error("not a ZIP file, or cut off: {0}. Fetch or build the package again")]
    NotAZip(String),
    #[error("the ZIP file spans several disks, which packages must not")]
    Spanned,
    #[error("there are {0} bytes before the first entry or after the end of the ZIP file")]
    Junk(u64),
    #[error("{path} is encrypted; packages must not be")]
    Encrypted { path: String },
    #[error("{path} is compressed with method {method}; packages use 0 (stored) or 8 (Deflate)")]
    Method { path: String, method: u16 },
    #[error("{path} is a symbolic link or another special file; packages hold plain files")]
    SpecialFile { path: String },
    #[error("{path} is damaged: {what}. Fetch or build the package again")]
    Damaged { path: String, what: String },
    #[error("{path} overlaps another entry of the ZIP file")]
    Overlap { path: String },
    #[error("the file name {path} is refused: {what}")]
    FileName { path: String, what: &'static str },
    #[error("{first} and {second} are the same name once case and accents are folded; rename one")]
    SameName { first: String, second: String },
    #[error("the signing block is malformed: {0}")]
    SigningBlock(&'static str),
    #[error("{path} is missing. {cure}")]
    Missing { path: String, cure: &'static str },
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("manifest.json lists the page {page}, but the package has no {page}.html")]
    PageMissing { page: String },
}

impl Package {
    /// Reads a package. Nothing that the file says of its own sizes is believed.
    ///
    /// # Errors
    /// [`PackageError`] names the rule that the file breaks.
    pub fn read(bytes: Vec<u8>, limits: &PackageLimits) -> Result<Self, PackageError> {
        let opened = container::open(&bytes, limits)?;
        let Some(manifest) = opened.files.get(MANIFEST) else {
            return Err(missing(MANIFEST, "Every app has one beside its Cargo.toml"));
        };
        let Parsed { manifest, warnings } = Manifest::parse(manifest)?;
        let mut package = Self {
            texts: Texts::default(),
            manifest,
            warnings,
            signing_block: opened.signing_block,
            files: opened.files,
            digest: *blake3::hash(&bytes).as_bytes(),
            size: bytes.len(),
        };
        package.check_layout()?;
        package.texts = Texts::read(&package, limits)?;
        package.check_icons();
        Ok(package)
    }

    fn check_icons(&mut self) {
        let icons = self.manifest.icons.iter().enumerate();
        let lost = icons.filter(|(_, icon)| self.file(&icon.src).is_none());
        let lost = lost.map(|(index, icon)| Warning {
            file: MANIFEST.to_owned(),
            member: format!("icons[{index}].src"),
            what: format!(
                "{} is not in the package; it is not shown",
                crate::text::quoted(&icon.src)
            ),
        });
        let lost: Vec<Warning> = lost.collect();
        self.warnings.extend(lost);
    }

    fn check_layout(&self) -> Result<(), PackageError> {
        if self.file(COMPONENT).is_none() {
            return Err(missing(COMPONENT, "`lapak build` puts it there"));
        }
        if self.file(STYLES).is_none() {
            return Err(missing(STYLES, "It may be empty, but must be there"));
        }
        let widgets = self.manifest.widgets.iter().map(|widget| &widget.path);
        for page in self.manifest.pages.iter().chain(widgets) {
            if self.file(&format!("{page}.html")).is_none() {
                return Err(PackageError::PageMissing {
                    page: page.to_string(),
                });
            }
        }
        Ok(())
    }

    /// What the app says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What was wrong with the manifest and with `i18n` without being fatal, and icons that the package does not hold.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let all = self.warnings.iter().chain(self.texts.warnings());
        all.cloned().collect()
    }

    /// The bytes of `app.wasm`. Whether they are a component is for the host to say.
    #[must_use]
    pub fn component(&self) -> &[u8] {
        self.file(COMPONENT).unwrap_or_default()
    }

    /// A file by its path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// Every file, in order of path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let files = self.files.iter();
        files.map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// BLAKE3 of the whole file.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Size of the file, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The signing block between the entries and the central directory, magic included. Its frame was
    /// checked; its signatures were not.
    #[must_use]
    pub fn signing_block(&self) -> Option<&[u8]> {
        self.signing_block.as_deref()
    }

    /// The languages that the package has texts in, by its files' names.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.files
            .keys()
            .filter_map(|path| localized::language(path))
    }

    /// In which of the languages that a person understands, the best first, this app is to be launched for them: the first
    /// that it has texts in, as the person names it; else the first of all. `None` if there is none.
    #[must_use]
    pub fn language_for<'a>(&self, preferences: &'a [String]) -> Option<&'a str> {
        let own = self.manifest.lang.as_deref();
        let spoken: Vec<&str> = self.languages().chain(own).collect();
        let speaks = |one: &&String| languages::lookup(&[one.as_str()], &spoken).is_some();
        let best = preferences.iter().find(speaks);
        best.or(preferences.first()).map(String::as_str)
    }

    /// A manifest's text for people: `%key%` is looked up in `i18n/<lang>.json`, then in that of the same language with less
    /// said of it (RFC 4647: `zh-Hans-CN`, `zh-Hans`, `zh`), of the manifest's, in English, and in any other that there is;
    /// any other text is what it is. What it gives has been cleaned for the host's own surfaces when the package was read.
    #[must_use]
    pub fn localized(&self, text: &str, lang: &str) -> String {
        let Some(key) = localized::key(text) else {
            return text.to_owned();
        };
        let own = self.manifest.lang.as_deref().unwrap_or("en");
        let names = [lang, own, "en"].into_iter().flat_map(languages::names);
        let named = names.filter_map(|name| self.texts.find(&name, key)).next();
        named
            .or_else(|| self.texts.any(key))
            .unwrap_or(key)
            .to_owned()
    }
}

/// Whether the host reads a file of this path as text, whose size has a limit of its own.
fn is_read_as_text(path: &str) -> bool {
    path == MANIFEST || path.ends_with(".css") || localized::language(path).is_some()
}

fn missing(path: &str, cure: &'static str) -> PackageError {
    PackageError::Missing {
        path: path.to_owned(),
        cure,
    }
}
