//! The hosts that an app may talk to, as its manifest and a platform's bounds name them.

use std::fmt;

/// `shop.example`, or `*.shop.example` for every host below it, at any depth.
///
/// In ASCII and in lower case: names in other scripts are written as DNS has them (`xn--…`). No address, no port, and nothing as
/// wide as `*.com`.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct DomainPattern(String);

/// Not the name of a host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not the name of a host; write e.g. \"api.shop.example\" or \"*.shop.example\", without scheme, port or path"
)]
pub struct DomainError(String);

const MOST_BYTES: usize = 253;
const MOST_LABEL_BYTES: usize = 63;

impl DomainPattern {
    /// Takes a pattern as a manifest writes it; upper case becomes lower case.
    ///
    /// # Errors
    /// [`DomainError`].
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        if text.len() > MOST_BYTES {
            return Err(DomainError(text.chars().take(80).collect()));
        }
        let pattern = text.to_ascii_lowercase();
        let name = pattern.strip_prefix("*.").unwrap_or(&pattern);
        let labels: Vec<&str> = name.split('.').collect();
        // The last label of an address is a number, and that of a name never.
        let is_address = labels
            .last()
            .is_some_and(|label| label.starts_with(|first: char| first.is_ascii_digit()));
        let is_name =
            labels.len() >= 2 && !is_address && labels.iter().all(|label| is_label(label));
        match is_name {
            true => Ok(Self(pattern)),
            false => Err(DomainError(text.chars().take(80).collect())),
        }
    }

    /// Whether it covers this host, whose name is in lower case.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        match self.0.strip_prefix('*') {
            // `.shop.example`, with something before it.
            Some(below) => host
                .strip_suffix(below)
                .is_some_and(|labels| labels.split('.').all(is_label)),
            None => self.0 == host,
        }
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_label(label: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=MOST_LABEL_BYTES).contains(&label.len())
        && label.bytes().all(plain)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for DomainPattern {
    type Error = DomainError;

    fn try_from(text: String) -> Result<Self, DomainError> {
        Self::parse(&text)
    }
}

impl From<DomainPattern> for String {
    fn from(pattern: DomainPattern) -> Self {
        pattern.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_and_what_is_none_is_not() {
        for good in [
            "shop.example",
            "*.shop.example",
            "a.b.c.d.example",
            "xn--bcher-kva.example",
            "_dmarc.shop.example",
            "SHOP.Example",
        ] {
            let pattern = DomainPattern::parse(good).expect(good);
            assert_eq!(pattern.as_str(), good.to_ascii_lowercase());
        }
        let long = format!("{}.example", "a".repeat(64));
        let longer = format!("{}.example", "a.".repeat(126));
        for bad in [
            "",
            ".",
            "*",
            "*.",
            "*.com",
            "localhost",
            "shop.example.",
            ".shop.example",
            "shop..example",
            "a.*.example",
            "*shop.example",
            "*.*.example",
            "https://shop.example",
            "shop.example:443",
            "shop.example/path",
            "ani@shop.example",
            "127.0.0.1",
            "1.2.3.0x4",
            "[::1]",
            "b\u{fc}cher.example",
            "shop.example ",
            "-a.example",
            "a-.example",
            &long,
            &longer,
        ] {
            assert!(DomainPattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_star_stands_for_one_label_or_more() {
        let exact = DomainPattern::parse("shop.example").expect("a name");
        assert!(exact.covers("shop.example"));
        for other in ["a.shop.example", "myshop.example", "shop.example.evil", ""] {
            assert!(!exact.covers(other), "{other}");
        }
        let below = DomainPattern::parse("*.shop.example").expect("a name");
        assert!(below.covers("a.shop.example") && below.covers("b.a.shop.example"));
        for other in [
            "shop.example",
            ".shop.example",
            "myshop.example",
            "a..shop.example",
            "a.shop.example.evil",
        ] {
            assert!(!below.covers(other), "{other}");
        }
    }
}
