//! Texts in several languages, from the package's own `i18n/*.json`.

use std::collections::BTreeMap;
use std::fmt::Display;

// The same lookup as the host's, compiled into apps without the rest of that crate.
#[allow(dead_code, unreachable_pub, reason = "apps use its lookup alone")]
#[path = "../../abi/src/languages.rs"]
mod languages;

/// The texts of one language, with another to fall back to.
#[derive(Clone, Debug, Default)]
pub struct Translations {
    texts: BTreeMap<String, String>,
}

impl Translations {
    /// Takes the texts for `lang` (BCP 47) out of `files`, pairs of language and JSON text; the first file is
    /// what missing texts fall back to. Which file it is follows RFC 4647: `zh-Hans-CN`, else `zh-Hans`, else `zh`. Usually
    /// written with `include_str!`:
    ///
    /// ```
    /// # use lapak_sdk::Translations;
    /// let files = [("en", r#"{ "hello": "Hello", "bye": "Bye" }"#), ("id", r#"{ "hello": "Halo" }"#)];
    /// let texts = Translations::choose("id-ID", &files);
    /// assert_eq!((texts.get("hello"), texts.get("bye")), ("Halo", "Bye"));
    /// ```
    #[must_use]
    pub fn choose(lang: &str, files: &[(&str, &str)]) -> Self {
        let read =
            // An editor's byte-order mark is no part of the text.
            |json: &str| {
                let json = json.strip_prefix('\u{feff}').unwrap_or(json);
                serde_json::from_str::<BTreeMap<String, String>>(json).unwrap_or_default()
            };
        let mut texts = files
            .first()
            .map(|(_, json)| read(json))
            .unwrap_or_default();
        // From the language alone to the whole tag, so that a text that the more exact file lacks is the other's.
        for name in languages::names(lang).iter().rev() {
            let named = |(one, _): &&(&str, &str)| languages::canonical(one) == *name;
            if let Some((_, json)) = files.iter().find(named) {
                texts.extend(read(json));
            }
        }
        Self { texts }
    }

    /// The text of `key`; the key itself if there is none, so that it is seen.
    #[must_use]
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.texts.get(key).map_or(key, String::as_str)
    }

    /// The text of `key`, with `{name}` replaced by its value wherever it stands, in whatever order the
    /// language wants.
    ///
    /// ```
    /// # use lapak_sdk::Translations;
    /// let texts = Translations::choose("en", &[("en", r#"{ "left": "{count} of {dish} left" }"#)]);
    /// assert_eq!(texts.fill("left", &[("dish", &"rendang"), ("count", &3)]), "3 of rendang left");
    /// ```
    #[must_use]
    pub fn fill(&self, key: &str, values: &[(&str, &dyn Display)]) -> String {
        let mut filled = String::new();
        let mut rest = self.get(key);
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let value = after.split_once('}').and_then(|(name, after)| {
                let (_, value) = values.iter().find(|(known, _)| *known == name)?;
                Some((*value, after))
            });
            let (value, after): (&dyn Display, _) = value.unwrap_or((&"{", after));
            filled.push_str(&value.to_string());
            rest = after;
        }
        filled + rest
    }
}

#[cfg(test)]
mod tests {
    use super::Translations;

    const FILES: [(&str, &str); 3] = [
        (
            "en",
            r#"{ "hello": "Hello", "bye": "Bye", "of": "{part} of {whole}" }"#,
        ),
        ("id", r#"{ "hello": "Halo", "of": "dari {whole}, {part}" }"#),
        ("pt-BR", r#"{ "hello": "Oi" }"#),
    ];

    fn hello(lang: &str) -> String {
        Translations::choose(lang, &FILES).get("hello").to_owned()
    }

    #[test]
    fn the_whole_tag_goes_before_its_language_alone() {
        assert_eq!(
            ["id", "id-ID", "ID-id", "pt-BR", "pt-br"].map(hello),
            ["Halo", "Halo", "Halo", "Oi", "Oi"]
        );
        let files = [
            ("en", "{}"),
            ("zh", r#"{ "a": "zh", "b": "zh" }"#),
            ("zh-Hans", r#"{ "a": "Hans" }"#),
        ];
        let texts = Translations::choose("zh-Hans-CN", &files);
        assert_eq!([texts.get("a"), texts.get("b")], ["Hans", "zh"]);
        // There is Brazilian Portuguese, but no Portuguese.
        assert_eq!(["pt-PT", "fr", ""].map(hello), ["Hello", "Hello", "Hello"]);
    }

    #[test]
    fn a_missing_text_is_that_of_the_first_file_and_then_its_key() {
        let texts = Translations::choose("id", &FILES);
        assert_eq!([texts.get("bye"), texts.get("nowhere")], ["Bye", "nowhere"]);
    }

    #[test]
    fn a_broken_file_is_as_good_as_none() {
        let files = [("en", r#"{ "hello": "Hello" }"#), ("id", "{ broken")];
        assert_eq!(Translations::choose("id", &files).get("hello"), "Hello");
        assert_eq!(Translations::choose("id", &[]).get("hello"), "hello");
    }

    #[test]
    fn each_language_has_its_own_order_of_words() {
        let filled = |lang| {
            Translations::choose(lang, &FILES).fill("of", &[("part", &2), ("whole", &"five")])
        };
        assert_eq!([filled("en"), filled("id")], ["2 of five", "dari five, 2"]);
    }

    #[test]
    fn what_has_no_value_stays_as_it_is() {
        let texts = Translations::choose("en", &[("en", r#"{ "a": "{x} {y} {", "b": "{{x}}" }"#)]);
        assert_eq!(texts.fill("a", &[("x", &"{y}")]), "{y} {y} {");
        assert_eq!(texts.fill("b", &[("x", &1)]), "{1}");
    }
}
