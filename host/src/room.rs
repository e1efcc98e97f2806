//! What has to be known about a capability besides its code.
//!
//! Each room says it once, as a constant, and it is read there and nowhere else: by the decider, the sheets, the audit, profiles,
//! `lapak inspect`, the device lab and the docs. What is left out does not compile.

/// The terms on which a capability is lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The name of its WIT interface: `location`.
    pub name: &'static str,
    /// Who may use it.
    pub lent: Lent,
    /// What it lets an app do, for people: "see where you are".
    pub allows: Words,
    /// When the person is asked.
    pub asks: Asks,
    /// What of it a platform may bound in its profile, for the docs; empty if nothing.
    pub bounds: &'static str,
}

/// Who may use a capability at all, if the platform grants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lent {
    /// Every app. Its use is no news to anybody and stands in no audit.
    ToEveryApp,
    /// Apps whose manifest asks for this permission: `system.permission.LOCATION`. Every use stands in the audit.
    ToWhoAsks(&'static str),
}

/// When a person is asked whether an app may use a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Never: it tells the app nothing that is the person's own, or does nothing that they could mind.
    Never,
    /// Before its first use. They may say for how long.
    FirstUse,
    /// By the room itself, each time, about just what is asked for then.
    EachTime,
}

/// A text in every language that the shell speaks. One more language is one more field, so that none is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Words {
    /// English.
    pub en: &'static str,
    /// Indonesian.
    pub id: &'static str,
}

impl Words {
    /// The languages that there are.
    pub const LANGUAGES: [&str; 2] = ["en", "id"];

    /// The text for a person who reads this language (BCP 47); English where there is no other.
    #[must_use]
    pub fn for_language(self, lang: &str) -> &'static str {
        match lapak_abi::languages::lookup(&[lang], &Self::LANGUAGES) {
            Some("id") => self.id,
            _ => self.en,
        }
    }
}

impl Terms {
    /// The permission that manifests ask for, if it needs one.
    #[must_use]
    pub const fn permission(&self) -> Option<&'static str> {
        match self.lent {
            Lent::ToEveryApp => None,
            Lent::ToWhoAsks(permission) => Some(permission),
        }
    }

    /// Checks at compile time that they are whole: names and words are there, and nobody is asked about what every app is lent.
    pub(crate) const fn checked(self) -> Self {
        assert!(!self.name.is_empty(), "a capability has a name");
        let words = [self.allows.en, self.allows.id];
        assert!(
            !words[0].is_empty() && !words[1].is_empty(),
            "what it allows is said in every language"
        );
        match (self.lent, self.asks) {
            (Lent::ToEveryApp, Asks::Never) => {}
            (Lent::ToEveryApp, _) => panic!("nobody is asked about what every app is lent"),
            (Lent::ToWhoAsks(permission), _) => {
                assert!(!permission.is_empty(), "a permission has a name")
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_what_a_person_reads() {
        let words = Words {
            en: "see",
            id: "lihat",
        };
        for (lang, text) in [
            ("id", "lihat"),
            ("id-ID", "lihat"),
            ("in", "lihat"),
            ("en-GB", "see"),
            ("fr", "see"),
            ("", "see"),
        ] {
            assert_eq!(words.for_language(lang), text, "{lang}");
        }
    }

    #[test]
    fn every_language_is_a_field() {
        let words = serde_json::to_value(Words {
            en: "see",
            id: "lihat",
        })
        .expect("JSON");
        let fields: Vec<_> = words
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect();
        assert_eq!(fields, Words::LANGUAGES);
    }
}
