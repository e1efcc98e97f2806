//! The manifest's texts in each language, out of `i18n/<lang>.json`: read once, when the package is read. Only what the manifest
//! names is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

use super::{Package, PackageError, PackageLimits};
use crate::json::{self, JsonError, JsonLimits};
use crate::languages;
use crate::manifest::{Manifest, Warning};
use crate::text;

/// Most values in a file of texts.
const MOST_VALUES: usize = 32 * 1024;
/// Most warnings about the texts of one package.
const MOST_WARNINGS: usize = 50;

/// Language → key → text.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    texts: BTreeMap<String, BTreeMap<String, String>>,
    warnings: Vec<Warning>,
}

impl Texts {
    /// Reads every language of the package. A file that cannot be read is warned of; the other languages stay.
    pub(super) fn read(package: &Package, limits: &PackageLimits) -> Result<Self, PackageError> {
        let wanted = wanted(&package.manifest);
        let mut texts = Self::default();
        let files = package.files();
        let languages = files.filter_map(|(path, bytes)| Some((path, language(path)?, bytes)));
        for (nth, (path, lang, bytes)) in languages.enumerate() {
            if nth >= limits.languages {
                let limit = limits.languages;
                return Err(PackageError::TooManyLanguages { limit });
            }
            match read(bytes, &wanted) {
                Ok(found) => texts.take(path, lang, found, &wanted),
                Err(error) => texts.warn(path, "", format!("{error}; its texts are not used")),
            }
        }
        texts.warn_of_missing(&wanted);
        Ok(texts)
    }

    /// The text of a language by its canonical name.
    pub(super) fn find(&self, lang: &str, key: &str) -> Option<&str> {
        self.texts.get(lang)?.get(key).map(String::as_str)
    }

    /// The text of any language that has it.
    pub(super) fn any(&self, key: &str) -> Option<&str> {
        let mut texts = self.texts.values();
        texts.find_map(|of| of.get(key)).map(String::as_str)
    }

    pub(super) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn take(&mut self, path: &str, lang: &str, found: Found, wanted: &Wanted) {
        let mut of_lang = BTreeMap::new();
        for (key, value) in found {
            let Some(most) = wanted.get(key.as_str()) else {
                continue;
            };
            let Some(value) = value else {
                self.warn(path, &key, "must be a string; it is not used".to_owned());
                continue;
            };
            if let Err(fault) = text::check(&value, *most) {
                self.warn(path, &key, format!("{fault}. It is shown cleaned"));
            }
            let value = text::cleaned(&value, *most).into_owned();
            if !value.is_empty() {
                of_lang.insert(key, value);
            }
        }
        self.texts.insert(languages::canonical(lang), of_lang);
    }

    fn warn_of_missing(&mut self, wanted: &Wanted) {
        let nowhere = |key: &&&str| !self.texts.values().any(|of| of.contains_key(**key));
        let missing: Vec<String> = wanted
            .keys()
            .filter(nowhere)
            .map(ToString::to_string)
            .collect();
        for key in missing {
            let what = format!("%{key}% is a text in no language of i18n; the key is shown");
            self.warn(super::MANIFEST, "", what);
        }
    }

    fn warn(&mut self, file: &str, member: &str, what: String) {
        if self.warnings.len() < MOST_WARNINGS {
            self.warnings.push(Warning {
                file: file.to_owned(),
                member: member.to_owned(),
                what,
            });
        }
    }
}

/// The language of a file of texts.
pub(super) fn language(path: &str) -> Option<&str> {
    let lang = path.strip_prefix("i18n/")?.strip_suffix(".json")?;
    (!lang.contains('/')).then_some(lang)
}

/// The key that a manifest's text is, if it is one.
pub(super) fn key(text: &str) -> Option<&str> {
    let text = text.strip_prefix('%')?;
    text.strip_suffix('%')
}

/// Key → how many characters its texts may have.
type Wanted<'m> = BTreeMap<&'m str, usize>;

/// Every text of the manifest's that may be a key.
fn wanted(manifest: &Manifest) -> Wanted<'_> {
    let mut wanted = Wanted::new();
    let title = manifest.window.navigation_bar_title_text.as_deref();
    let short = manifest.short_name.as_deref();
    let bar = manifest.tab_bar.iter().flat_map(|bar| &bar.list);
    let reasons = manifest.req_permissions.iter();
    let labels = [Some(manifest.name.as_str()), short, title];
    let all = (labels
        .into_iter()
        .flatten()
        .map(|text| (text, text::MOST_NAME)))
    .chain(bar.map(|tab| (tab.text.as_str(), text::MOST_LABEL)))
    .chain(reasons.filter_map(|one| Some((one.reason.as_deref()?, text::MOST_REASON))))
    .chain(
        manifest
            .description
            .iter()
            .map(|text| (text.as_str(), text::MOST_DESCRIPTION)),
    )
    .chain(
        manifest
            .templates
            .iter()
            .map(|one| (one.title.as_str(), text::MOST_LABEL)),
    )
    .chain(
        manifest
            .templates
            .iter()
            .map(|one| (one.text.as_str(), crate::template::MOST_TEXT_CHARS)),
    );
    for (text, most) in all {
        if let Some(key) = key(text) {
            // Where one key is two texts, the shorter one has to fit.
            let bound = wanted.entry(key).or_insert(most);
            *bound = most.min(*bound);
        }
    }
    wanted
}

/// The wanted members of a file, in order; `None` where one is no string.
type Found = Vec<(String, Option<String>)>;

fn read(bytes: &[u8], wanted: &Wanted<'_>) -> Result<Found, JsonError> {
    let limits = JsonLimits {
        bytes: usize::MAX,
        values: MOST_VALUES,
    };
    let text = json::checked(bytes, limits)?;
    let mut json = serde_json::Deserializer::from_slice(text);
    Ok(json.deserialize_map(Only(&wanted.keys().copied().collect()))?)
}

/// Keeps the members that are wanted.
struct Only<'a, 'm>(&'a BTreeSet<&'m str>);

impl<'de> Visitor<'de> for Only<'_, '_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts, { \"key\": \"text\" }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Found, A::Error> {
        let mut found = Found::new();
        while let Some(key) = object.next_key::<String>()? {
            if !self.0.contains(key.as_str()) {
                object.next_value::<IgnoredAny>()?;
                continue;
            }
            let text = match object.next_value::<serde_json::Value>()? {
                serde_json::Value::String(text) => Some(text),
                _ => None,
            };
            found.push((key, text));
        }
        Ok(found)
    }
}
