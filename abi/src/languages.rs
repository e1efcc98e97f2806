//! Languages: which of those that an app has a person gets, and which way its script runs.
//!
//! Lookup is that of RFC 4647, section 3.4: a tag is shortened from its end until there is something of that name, and
//! the person's next language counts when nothing was found for the one before. Names are compared without regard to
//! case, and `_` counts as `-`. Uses the standard library alone: the SDK compiles this file into apps.

/// The most languages of a person that are looked at.
pub const MAX_PREFERENCES: usize = 16;
/// The longest tag, in bytes: as RFC 5646 advises.
pub const MAX_TAG_BYTES: usize = 35;

/// Which way a script runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From left to right.
    Ltr,
    /// From right to left.
    Rtl,
}

/// The first of `available` that the person understands, who prefers `preferences` in this order.
///
/// ```
/// # use lapak_abi::languages::lookup;
/// assert_eq!(lookup(&["zh-Hans-CN"], &["en", "zh-Hans"]), Some("zh-Hans"));
/// assert_eq!(lookup(&["fr", "id-ID"], &["en", "id"]), Some("id"));
/// assert_eq!(lookup(&["fr"], &["en", "id"]), None);
/// ```
#[must_use]
pub fn lookup<'a, P: AsRef<str>, A: AsRef<str>>(
    preferences: &[P],
    available: &'a [A],
) -> Option<&'a str> {
    let mut wanted = preferences.iter().flat_map(|one| names(one.as_ref()));
    wanted.find_map(|name| {
        let mut all = available.iter().map(AsRef::as_ref);
        all.find(|one| canonical(one) == name)
    })
}

/// The names under which texts for a language may lie, the most exact first, in [`canonical`] form:
/// `zh-hans-cn`, `zh-hans`, `zh-cn`, `zh`.
#[must_use]
pub fn names(tag: &str) -> Vec<String> {
    let whole = canonical(tag);
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: String| {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    };
    for name in shortened(&whole) {
        let other = written_otherwise(&name);
        add(name);
        if let Some(other) = other {
            shortened(&other)
                .into_iter()
                .filter(|one| one.contains('-'))
                .for_each(&mut add);
        }
    }
    if matches!(whole.split('-').next(), Some("nb" | "nn")) {
        add("no".to_owned());
    }
    names
}

/// A tag as it is compared: lower case, `-` between its parts, today's name of a language that had another.
#[must_use]
pub fn canonical(tag: &str) -> String {
    let tag = tag.trim().replace('_', "-").to_ascii_lowercase();
    let (language, rest) = tag.split_at(tag.find('-').unwrap_or(tag.len()));
    let language = match language {
        "iw" => "he",
        "in" => "id",
        "ji" => "yi",
        language => language,
    };
    format!("{language}{rest}")
}

/// Whether this could be the tag of a language: letters and digits in parts of 1 to 8, at most 35 bytes. What begins with `x` or
/// `i` names no language that anybody else knows (`x-default`).
#[must_use]
pub fn is_tag(tag: &str) -> bool {
    let part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let first = tag.split('-').next().unwrap_or_default();
    tag.len() <= MAX_TAG_BYTES
        && tag.split('-').all(part)
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !["x", "i"].iter().any(|one| first.eq_ignore_ascii_case(one))
}

/// The languages of an `Accept-Language` header (RFC 9110, section 12.5.4), the best first. What has the weight 0, is
/// `*` or no tag is left out.
///
/// ```
/// # use lapak_abi::languages::accepted;
/// assert_eq!(accepted("en;q=0.5, zh-Hans-CN, *;q=0.1"), ["zh-Hans-CN", "en"]);
/// ```
#[must_use]
pub fn accepted(header: &str) -> Vec<String> {
    let one = |entry: &str| {
        let mut parts = entry.split(';').map(str::trim);
        let tag = parts.next().filter(|tag| is_tag(tag))?;
        let weight = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
        });
        let weight = weight.map_or(Some(1.0), |weight| weight.parse::<f32>().ok())?;
        (weight > 0.0 && weight <= 1.0).then(|| (tag.to_owned(), weight))
    };
    let entries = header.split(',').take(4 * MAX_PREFERENCES);
    let mut weighed: Vec<(String, f32)> = entries.filter_map(one).collect();
    // Stable: of two with one weight the first is the better.
    weighed.sort_by(|a, b| b.1.total_cmp(&a.1));
    weighed.truncate(MAX_PREFERENCES);
    weighed.into_iter().map(|(tag, _)| tag).collect()
}

/// Which way a language is written: by its script where the tag names one, else by the script that it is usually
/// written in.
#[must_use]
pub fn direction(tag: &str) -> Direction {
    let tag = canonical(tag);
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    // What follows a single letter is no script.
    let rest = || tag.split('-').skip(1).take_while(|part| part.len() > 1);
    let script =
        rest().find(|part| part.len() == 4 && part.bytes().all(|b| b.is_ascii_alphabetic()));
    let region = rest().find(|part| part.len() == 2);
    let rtl = match script {
        Some(script) => RTL_SCRIPTS.contains(&script),
        None => {
            RTL_LANGUAGES.contains(&language)
                || matches!(
                    (language, region),
                    ("pa", Some("pk"))
                        | ("uz", Some("af"))
                        | ("ku", Some("iq" | "ir"))
                        | ("az", Some("ir"))
                        | ("ks", Some("pk"))
                )
        }
    };
    if rtl { Direction::Rtl } else { Direction::Ltr }
}

const RTL_SCRIPTS: [&str; 18] = [
    "adlm", "arab", "aran", "armi", "hebr", "mand", "mend", "nkoo", "phli", "phnx", "prti", "rohg",
    "samr", "sarb", "syrc", "syre", "syrj", "thaa",
];
const RTL_LANGUAGES: [&str; 27] = [
    "ar", "arc", "arz", "azb", "bal", "bqi", "ckb", "dv", "fa", "glk", "he", "khw", "ks", "lrc",
    "luz", "mzn", "nqo", "pnb", "prs", "ps", "rhg", "sd", "skr", "syr", "ug", "ur", "yi",
];

/// The tag, then without its last part, and so on to the language alone. A single letter goes with what followed it.
fn shortened(tag: &str) -> Vec<String> {
    let mut parts: Vec<&str> = tag.split('-').collect();
    let mut all = Vec::new();
    while !parts.is_empty() {
        all.push(parts.join("-"));
        parts.pop();
        while parts.len() > 1 && parts.last().is_some_and(|part| part.len() == 1) {
            parts.pop();
        }
    }
    all
}

/// Chinese is named by script or by region, and people's devices and packages do not agree which.
fn written_otherwise(tag: &str) -> Option<String> {
    let named = |part: &str| tag.split('-').any(|one| one == part);
    if tag.split('-').next() != Some("zh") {
        return None;
    }
    let other = if named("hans") {
        "zh-cn"
    } else if named("hant") {
        if named("hk") { "zh-hk" } else { "zh-tw" }
    } else if named("tw") || named("hk") || named("mo") {
        "zh-hant"
    } else if named("cn") || named("sg") || named("my") {
        "zh-hans"
    } else {
        return None;
    };
    Some(other.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_shortened_from_its_end() {
        let find =
            |wanted: &str, available: &[&str]| lookup(&[wanted], available).map(str::to_owned);
        assert_eq!(
            find("zh-Hans-CN", &["en", "zh-Hans"]).as_deref(),
            Some("zh-Hans")
        );
        assert_eq!(
            find("zh-Hans-CN", &["zh", "zh-hant"]).as_deref(),
            Some("zh")
        );
        assert_eq!(find("zh-Hant-TW", &["zh-Hans"]), None);
        assert_eq!(
            find("de-CH-1996", &["de", "de-CH"]).as_deref(),
            Some("de-CH")
        );
        assert_eq!(find("en-x-pirate", &["en-x", "en"]).as_deref(), Some("en"));
        assert_eq!(find("PT_br", &["pt-BR"]).as_deref(), Some("pt-BR"));
        // A region of which there is nothing, and no language either.
        assert_eq!(find("pt-PT", &["pt-BR"]), None);
        assert_eq!(find("", &["en"]), None);
    }

    #[test]
    fn one_language_under_two_names() {
        let find =
            |wanted: &str, available: &[&str]| lookup(&[wanted], available).map(str::to_owned);
        assert_eq!(find("zh-CN", &["zh-Hans"]).as_deref(), Some("zh-Hans"));
        assert_eq!(
            find("zh-TW", &["zh-Hans", "zh-Hant"]).as_deref(),
            Some("zh-Hant")
        );
        assert_eq!(find("zh-Hans-CN", &["zh-CN"]).as_deref(), Some("zh-CN"));
        assert_eq!(
            find("zh-Hant-HK", &["zh-TW", "zh-HK"]).as_deref(),
            Some("zh-HK")
        );
        assert_eq!(find("in-ID", &["id"]).as_deref(), Some("id"));
        assert_eq!(find("he", &["iw"]).as_deref(), Some("iw"));
        assert_eq!(find("nb-NO", &["no"]).as_deref(), Some("no"));
    }

    #[test]
    fn the_person_s_order_counts() {
        let available = ["en", "id"];
        assert_eq!(lookup(&["fr-FR", "id", "en"], &available), Some("id"));
        assert_eq!(lookup(&["en-GB", "id"], &available), Some("en"));
        assert_eq!(lookup::<&str, _>(&[], &available), None);
    }

    #[test]
    fn a_private_tag_is_no_language() {
        for tag in ["x-default", "X-default", "x", "i-klingon", "I-default"] {
            assert!(!is_tag(tag), "{tag}");
        }
        for tag in ["id", "xh", "it-IT", "en-x-twain", "de-i-a"] {
            assert!(is_tag(tag), "{tag}");
        }
        assert_eq!(accepted("x-default, id;q=0.5"), ["id"]);
    }

    #[test]
    fn a_header_is_read_by_weight() {
        assert_eq!(accepted("da, en-gb;q=0.8, en;q=0.7"), ["da", "en-gb", "en"]);
        assert_eq!(accepted("en;q=0.1,id;Q=0.9 , fr"), ["fr", "id", "en"]);
        assert_eq!(accepted("en;q=0, *, id"), ["id"]);
        assert_eq!(accepted("en;q=nan, fr;q=2, <b>, de-, ,,;q=1"), [""; 0]);
        assert_eq!(accepted("").len(), 0);
        assert_eq!(accepted(&"a,".repeat(100_000)).len(), MAX_PREFERENCES);
    }

    #[test]
    fn scripts_run_their_way() {
        let rtl = |tag| direction(tag) == Direction::Rtl;
        for tag in [
            "ar",
            "ar-EG",
            "he",
            "iw",
            "fa-IR",
            "ur",
            "pa-Arab",
            "pa-PK",
            "ks",
            "az-Arab-IR",
            "ckb",
            "AR_sa",
            "uz-AF",
        ] {
            assert!(rtl(tag), "{tag}");
        }
        for tag in [
            "en",
            "id",
            "zh-Hans",
            "pa",
            "ar-Latn",
            "ks-Deva",
            "ku",
            "uz",
            "",
            "en-x-arab",
            "sd-Deva",
        ] {
            assert!(!rtl(tag), "{tag}");
        }
    }
}
