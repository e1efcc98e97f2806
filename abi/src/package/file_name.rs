//! File names, after W3C MiniApp Packaging 2.2.

use icu_casemap::CaseMapper;
use icu_normalizer::DecomposingNormalizer;

use super::PackageError;

const MAX_NAME_BYTES: usize = 255;
const MAX_PATH_BYTES: usize = 65_535;

/// The path, if it may stand in a package.
pub(super) fn checked(path: &[u8]) -> Result<&str, PackageError> {
    let refuse = |what| PackageError::FileName {
        path: String::from_utf8_lossy(path).into_owned(),
        what,
    };
    let text = std::str::from_utf8(path).map_err(|_| refuse("it is not UTF-8"))?;
    if text.len() > MAX_PATH_BYTES {
        return Err(refuse("it is longer than 65,535 bytes"));
    }
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
        _ if name.chars().any(is_forbidden) => {
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
