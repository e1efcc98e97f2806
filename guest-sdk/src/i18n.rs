//! Texts in several languages, from the package's own `i18n/*.json`.

use std::collections::BTreeMap;

/// The texts of one language, with another to fall back to.
#[derive(Clone, Debug, Default)]
pub struct Translations {
    texts: BTreeMap<String, String>,
}

impl Translations {
    /// Takes the texts for `lang` (BCP 47) out of `files`, pairs of language and JSON text; the first file is
    /// what missing texts fall back to. Usually written with `include_str!`:
    ///
    /// ```
    /// # use lapak_sdk::Translations;
    /// let files = [("en", r#"{ "hello": "Hello", "bye": "Bye" }"#), ("id", r#"{ "hello": "Halo" }"#)];
    /// let texts = Translations::choose("id-ID", &files);
    /// assert_eq!((texts.get("hello"), texts.get("bye")), ("Halo", "Bye"));
    /// ```
    #[must_use]
    pub fn choose(lang: &str, files: &[(&str, &str)]) -> Self {
        let read = |json: &str| serde_json::from_str::<BTreeMap<String, String>>(json).unwrap_or_default();
        let mut texts = files.first().map(|(_, json)| read(json)).unwrap_or_default();
        let primary = lang.split('-').next().unwrap_or_default();
        let named = |wanted: &str| files.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        if let Some((_, json)) = named(lang).or_else(|| named(primary)) {
            texts.extend(read(json));
        }
        Self { texts }
    }

    /// The text of `key`; the key itself if there is none, so that it is seen.
    #[must_use]
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.texts.get(key).map_or(key, String::as_str)
    }
}
