//! Paths of an app's own files: such as lead nowhere else, on any file system.

use std::fmt;

use crate::package::folded;

/// The most names of a path.
pub const MOST_DEPTH: usize = 8;
/// The longest name, in bytes of UTF-8.
pub const MOST_NAME_BYTES: usize = 128;

/// A path below an app's own folder, which is the empty one: names with `/` between them.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct FilePath(String);

/// Not a path of an app's own files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path of the app's own files; write it like photos/bike.jpg")]
pub struct FilePathError;

impl FilePath {
    /// The app's own folder.
    #[must_use]
    pub fn own_folder() -> Self {
        Self(String::new())
    }

    /// Takes a path below the app's own folder.
    ///
    /// # Errors
    /// [`FilePathError`]; also for the own folder itself.
    pub fn parse(path: &str) -> Result<Self, FilePathError> {
        let depth = path.split('/').count();
        match depth <= MOST_DEPTH && path.split('/').all(is_name) {
            true => Ok(Self(path.to_owned())),
            false => Err(FilePathError),
        }
    }

    /// The same, or the own folder, which is `""`.
    ///
    /// # Errors
    /// [`FilePathError`].
    pub fn folder(path: &str) -> Result<Self, FilePathError> {
        match path {
            "" => Ok(Self::own_folder()),
            path => Self::parse(path),
        }
    }

    /// The names, from the own folder on.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|name| !name.is_empty())
    }

    /// Its folder, and its name in there; `None` for the own folder.
    #[must_use]
    pub fn split(&self) -> Option<(Self, &str)> {
        if self.0.is_empty() {
            return None;
        }
        let (folder, name) = self.0.rsplit_once('/').unwrap_or(("", &self.0));
        Some((Self(folder.to_owned()), name))
    }

    /// What two paths share if they are the same to some file system: without case, and however accents are written.
    #[must_use]
    pub fn folded(&self) -> String {
        folded(&self.0)
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether two names are the same to some file system.
#[must_use]
pub fn same_name(one: &str, other: &str) -> bool {
    one == other || folded(one) == folded(other)
}

/// Whether it may be a file's or a folder's name.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let forbidden = |c: char| {
        c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    };
    !name.is_empty()
        && name.len() <= MOST_NAME_BYTES
        && !name.contains(forbidden)
        && !name.ends_with(['.', ' '])
        && !is_reserved(name)
}

/// Windows keeps these for devices, whatever stands after a full stop.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.trim_end().to_uppercase();
    let numbered = |prefix: &str| {
        let number = stem.strip_prefix(prefix).unwrap_or_default();
        let mut digits = number.chars();
        matches!(
            (digits.next(), digits.next()),
            (Some('0'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}'), None)
        )
    };
    matches!(&*stem, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || numbered("COM")
        || numbered("LPT")
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for FilePath {
    type Error = FilePathError;

    fn try_from(path: String) -> Result<Self, FilePathError> {
        Self::folder(&path)
    }
}

impl From<FilePath> for String {
    fn from(path: FilePath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_elsewhere_or_is_no_name_somewhere_is_no_path() {
        let (long, deep) = ("n".repeat(MOST_NAME_BYTES), ["a"; MOST_DEPTH].join("/"));
        for good in [
            "a",
            "photos/bike.jpg",
            ".hidden",
            "a b",
            "S\u{e3}o Paulo/caf\u{e9}.txt",
            "console",
            "com10.txt",
            "null",
            &long,
            &deep,
        ] {
            let path = FilePath::parse(good).expect(good);
            assert_eq!(path.names().collect::<Vec<_>>().join("/"), good);
        }
        let (longer, deeper) = (format!("{long}n"), format!("{deep}/a"));
        for bad in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/./b",
            "a/..",
            "a\\b",
            "..\\a",
            "C:",
            "C:\\a",
            "a:stream",
            "a\0b",
            "a\nb",
            "a\u{85}b",
            "a.",
            "a ",
            "a/b./c",
            "*",
            "a?",
            "\"a\"",
            "<a>",
            "a|b",
            "con",
            "NUL",
            "nul.txt",
            "Aux.tar.gz",
            "con .txt",
            "COM1",
            "lpt9.txt",
            "com\u{b9}",
            "conin$",
            &longer,
            &deeper,
        ] {
            assert_eq!(FilePath::parse(bad), Err(FilePathError), "{bad:?}");
        }
        assert_eq!(FilePath::folder(""), Ok(FilePath::own_folder()));
        assert!(FilePath::folder("..").is_err());
    }

    #[test]
    fn a_path_is_split_and_compared_without_case() {
        let path = FilePath::parse("a/b/c.txt").expect("a path");
        let (folder, name) = path.split().expect("a name");
        assert_eq!((folder.as_str(), name), ("a/b", "c.txt"));
        assert_eq!(FilePath::own_folder().split(), None);
        assert!(same_name("Caf\u{e9}", "CAFE\u{301}") && !same_name("a", "b"));
    }
}
