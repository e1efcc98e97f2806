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
mod write;

use std::collections::BTreeMap;

use crate::languages;
pub use crate::limits::PackageLimits;
use crate::manifest::{Manifest, ManifestError, Parsed, Warning};

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
    #[error("the package has more than {limit} files")]
    TooManyFiles { limit: usize },
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
    #[error("the file name {path:?} is refused: {what}")]
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
        let package = Self {
            manifest,
            warnings,
            signing_block: opened.signing_block,
            files: opened.files,
            digest: *blake3::hash(&bytes).as_bytes(),
            size: bytes.len(),
        };
        package.check_layout()?;
        Ok(package)
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

    /// What was wrong with the manifest without being fatal, and icons that the package does not hold.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let icons = self.manifest.icons.iter().enumerate();
        let lost = icons.filter(|(_, icon)| self.file(&icon.src).is_none());
        let lost = lost.map(|(index, icon)| Warning {
            member: format!("icons[{index}].src"),
            what: format!("{} is not in the package; it is not shown", icon.src),
        });
        self.warnings.iter().cloned().chain(lost).collect()
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
        fn stem(path: &str) -> Option<&str> {
            let name = path.strip_prefix("i18n/")?.strip_suffix(".json")?;
            (!name.contains('/')).then_some(name)
        }
        self.files.keys().filter_map(|path| stem(path))
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
    /// any other text is what it is.
    #[must_use]
    pub fn localized(&self, text: &str, lang: &str) -> String {
        let key = text
            .strip_prefix('%')
            .and_then(|text| text.strip_suffix('%'));
        let Some(key) = key else {
            return text.to_owned();
        };
        let own = self.manifest.lang.as_deref().unwrap_or("en");
        let named = |name: &String| {
            let mut there = self.languages();
            there.find(|one| languages::canonical(one) == *name)
        };
        let names = [lang, own, "en"].into_iter().flat_map(languages::names);
        let files: Vec<&str> = names.collect::<Vec<_>>().iter().filter_map(named).collect();
        let found = files.into_iter().chain(self.languages()).find_map(|lang| {
            let strings = self.file(&format!("i18n/{lang}.json"))?;
            let strings: serde_json::Value = serde_json::from_slice(strings).ok()?;
            Some(strings.get(key)?.as_str()?.to_owned())
        });
        found.unwrap_or_else(|| key.to_owned())
    }
}

fn missing(path: &str, cure: &'static str) -> PackageError {
    PackageError::Missing {
        path: path.to_owned(),
        cure,
    }
}
