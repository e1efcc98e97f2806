//! MiniApp URIs, after W3C MiniApp Addressing:
//! `platform://miniapp/foo;version=1.0.1/pages/index?category=book#section-3`, or the same after
//! `https://platform.org/`.

use std::fmt;
use std::str::FromStr;

/// The longest URI that is read, in bytes.
pub const MAX_URI_BYTES: usize = 8 * 1024;

/// A parsed MiniApp URI.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MiniAppUri {
    /// What stands before `miniapp`.
    pub prefix: UriPrefix,
    /// The app. The draft compares ids without case, the manifest with case: an id is compared as it stands
    /// first, and without case only if nothing else matches.
    pub id: String,
    /// The version asked for.
    pub version: Option<String>,
    /// `/pages/index`, percent-encoded; empty if there is none.
    pub path: String,
    /// Percent-encoded, without `?`.
    pub query: Option<String>,
    /// Percent-encoded, without `#`.
    pub fragment: Option<String>,
}

/// What stands before `miniapp`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum UriPrefix {
    /// `platform://`
    Scheme(String),
    /// `https://platform.org/`; host, with a port if one was given.
    Https(String),
}

/// Why a text is no MiniApp URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum AddressError {
    #[error("it is longer than 8 KiB")]
    TooLong,
    #[error("it has no scheme; a MiniApp URI begins like platform:// or https://host/")]
    NoScheme,
    #[error("its scheme holds a character other than letters, digits, - . _ ~")]
    Scheme,
    #[error("its host is missing or malformed")]
    Host,
    #[error("`miniapp/` does not follow the prefix")]
    NoInfix,
    #[error("its app id is missing or holds a character other than letters, digits, - . _ ~")]
    Id,
    #[error("after the app id only `;version=…` may stand")]
    Version,
    #[error("its path, query or fragment holds a character that must be percent-encoded")]
    Encoding,
}

impl FromStr for MiniAppUri {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.len() > MAX_URI_BYTES {
            return Err(AddressError::TooLong);
        }
        let (prefix, rest) = prefix(text)?;
        let rest = rest.strip_prefix("miniapp/").ok_or(AddressError::NoInfix)?;
        let (rest, fragment) = split_off(rest, '#');
        let (rest, query) = split_off(rest, '?');
        let (identify, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (id, version) = identify_parts(identify)?;
        let in_query = |c: char| is_pchar(c) || matches!(c, '/' | '?');
        let encoded = is_encoded(path, |c| is_pchar(c) || c == '/')
            && is_encoded(query.unwrap_or_default(), in_query)
            && is_encoded(fragment.unwrap_or_default(), in_query);
        if !encoded {
            return Err(AddressError::Encoding);
        }
        Ok(Self {
            prefix,
            id: id.to_owned(),
            version: version.map(str::to_owned),
            path: path.to_owned(),
            query: query.map(str::to_owned),
            fragment: fragment.map(str::to_owned),
        })
    }
}

impl fmt::Display for MiniAppUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.prefix {
            UriPrefix::Scheme(scheme) => write!(f, "{scheme}://")?,
            UriPrefix::Https(host) => write!(f, "https://{host}/")?,
        }
        write!(f, "miniapp/{}", self.id)?;
        if let Some(version) = &self.version {
            write!(f, ";version={version}")?;
        }
        f.write_str(&self.path)?;
        if let Some(query) = &self.query {
            write!(f, "?{query}")?;
        }
        if let Some(fragment) = &self.fragment {
            write!(f, "#{fragment}")?;
        }
        Ok(())
    }
}

fn prefix(text: &str) -> Result<(UriPrefix, &str), AddressError> {
    let (scheme, rest) = text.split_once("://").ok_or(AddressError::NoScheme)?;
    if scheme == "https" {
        let (host, rest) = rest.split_once('/').ok_or(AddressError::Host)?;
        let allowed = |c: char| is_unreserved(c) || matches!(c, ':' | '[' | ']');
        if host.is_empty() || !host.chars().all(allowed) {
            return Err(AddressError::Host);
        }
        return Ok((UriPrefix::Https(host.to_owned()), rest));
    }
    if scheme.is_empty() || !scheme.chars().all(is_unreserved) {
        return Err(AddressError::Scheme);
    }
    Ok((UriPrefix::Scheme(scheme.to_owned()), rest))
}

fn split_off(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn identify_parts(identify: &str) -> Result<(&str, Option<&str>), AddressError> {
    let (id, version) = match identify.split_once(';') {
        Some((id, parameter)) => {
            let version = parameter
                .strip_prefix("version=")
                .ok_or(AddressError::Version)?;
            (id, Some(version))
        }
        None => (identify, None),
    };
    if id.is_empty() || !id.chars().all(is_unreserved) {
        return Err(AddressError::Id);
    }
    if version.is_some_and(|version| !version.chars().all(is_unreserved)) {
        return Err(AddressError::Version);
    }
    Ok((id, version))
}

/// RFC 3986 `unreserved`.
fn is_unreserved(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~')
}

/// RFC 3986 `pchar`, percent-encoding aside.
fn is_pchar(c: char) -> bool {
    let sub_delimiter = matches!(
        c,
        '!' | '$' | '&' | '\'' | '(' | ')' | '*' | '+' | ',' | ';' | '='
    );
    is_unreserved(c) || sub_delimiter || matches!(c, ':' | '@')
}

fn is_encoded(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let fine = if c == '%' {
            let mut hex = || chars.next().is_some_and(|digit| digit.is_ascii_hexdigit());
            hex() && hex()
        } else {
            allowed(c)
        };
        if !fine {
            return false;
        }
    }
    true
}
