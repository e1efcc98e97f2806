//! File names, after W3C MiniApp Packaging 2.2.

use icu_casemap::CaseMapper;
use icu_normalizer::DecomposingNormalizer;

use super::PackageError;
use crate::text::{hides_something, quoted};

const MAX_NAME_BYTES: usize = 255;
/// The draft allows 65,535 bytes, and so as many folders as that: more than any disk takes.
const MAX_PATH_BYTES: usize = 1_024;
const MAX_FOLDERS: usize = 16;

/// The path, if it may stand in a package.
pub(super) fn checked(path: &[u8]) -> Result<&str, PackageError> {
    let refuse = |what| PackageError::FileName {
        path: quoted(&String::from_utf8_lossy(
            path.get(..MAX_PATH_BYTES).unwrap_or(path),
        )),
        what,
    };
    if path.len() > MAX_PATH_BYTES {
        return Err(refuse("it is longer than 1,024 bytes"));
    }
    if path.iter().filter(|byte| **byte == b'/').count() > MAX_FOLDERS {
        return Err(refuse("it lies in more than 16 folders"));
    }
    let text = std::str::from_utf8(path).map_err(|_| refuse("it is not UTF-8"))?;
    if text.starts_with('/') {
        return Err(refuse("it is absolute"));
    }
    for name in text.split('/') {
        if let Some(what) = name_fault(name) {
            return Err(refuse(what));
        }
    }
    Ok(text)
}

fn name_fault(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("a part of it is empty"),
        "." | ".." => Some("it leads out of its folder"),
        _ if name.len() > MAX_NAME_BYTES => Some("a part of it is longer than 255 bytes"),
        // The draft forbids every full stop, and so every extension; read as "at the end", as EPUB has it.
        _ if name.ends_with('.') => Some("a part of it ends with a full stop"),
        _ if name.chars().any(is_forbidden) || hides_something(name) => {
            Some("it holds a character that packages must not use")
        }
        _ => None,
    }
}

fn is_forbidden(c: char) -> bool {
    let code = u32::from(c);
    matches!(c, '"' | '*' | ':' | '<' | '>' | '?' | '\\' | '|' | '\u{7f}')
        || matches!(
            code,
            0x00..=0x1f
                | 0x80..=0x9f
                | 0xe000..=0xf8ff
                | 0xfdd0..=0xfdef
                | 0xfff0..=0xffff
                | 0xe0001
                | 0xe007f
                | 0xf0000..=0x0010_ffff
        )
        || code & 0xfffe == 0xfffe
}

/// What two names of one folder must not share: canonical decomposition, full case folding, and
/// decomposition again, as Unicode's canonical caseless matching has it.
pub(crate) fn folded(path: &str) -> String {
    let normalizer = DecomposingNormalizer::new_nfd();
    let decomposed = normalizer.normalize(path);
    let folded = CaseMapper::new().fold_string(&decomposed).into_owned();
    normalizer.normalize(&folded).into_owned()
}
