//! Files that everybody may see, also as gzip for browsers that take it, made once.
//!
//! # Security
//! How long a compressed text is tells what is in it twice (BREACH). So only what holds no secret and nothing that an app or a
//! person says at the moment is compressed: the shell's own files and apps' style sheets. Pages hold a session's token, and go as
//! they are; so do messages.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use include_dir::{Dir, include_dir};

/// The shell's files, as they lie in `assets/`.
static ASSETS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets");

/// A file, and the same smaller.
#[derive(Debug)]
pub(super) struct Packed {
    plain: Bytes,
    /// `None` where that would not be smaller by a tenth.
    gzip: Option<Bytes>,
}

impl Packed {
    pub(super) fn new(plain: Bytes) -> Self {
        let gzip = gzip(&plain).filter(|gzip| gzip.len() < plain.len() / 10 * 9);
        Self { plain, gzip }
    }

    /// As the browser takes it.
    pub(super) fn answer(&self, kind: &'static str, asked: &HeaderMap) -> Response {
        let gzip = self.gzip.as_ref().filter(|_| takes_gzip(asked));
        let bytes = gzip.unwrap_or(&self.plain).clone();
        let mut response = ([(header::CONTENT_TYPE, kind)], bytes).into_response();
        let headers = response.headers_mut();
        if gzip.is_some() {
            let encoding = HeaderValue::from_static("gzip");
            headers.insert(header::CONTENT_ENCODING, encoding);
        }
        if self.gzip.is_some() {
            let vary = HeaderValue::from_static("accept-encoding");
            headers.insert(header::VARY, vary);
        }
        response
    }
}

/// The shell's file of this name.
pub(super) fn asset(name: &str) -> Option<&'static Packed> {
    static PACKED: LazyLock<BTreeMap<&str, Packed>> = LazyLock::new(|| {
        let fonts = ASSETS.get_dir("fonts").into_iter().flat_map(Dir::files);
        let all = ASSETS.files().chain(fonts);
        let named = all.filter_map(|file| Some((file.path().file_name()?.to_str()?, file)));
        named
            .map(|(name, file)| (name, Packed::new(Bytes::from_static(file.contents()))))
            .collect()
    });
    PACKED.get(name)
}

fn gzip(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).ok()?;
    Some(encoder.finish().ok()?.into())
}

/// Whether the request takes gzip, as RFC 9110 (12.5.3) has it.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let lists = asked.get_all(header::ACCEPT_ENCODING).iter();
    let mut codings = lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.parse().is_ok_and(|weight: f32| weight <= 0.0))
        });
        (name.eq_ignore_ascii_case("gzip") || name == "*") && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_take_it() {
        for (list, takes) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0, br", false),
            ("br", false),
            ("", false),
        ] {
            let mut asked = HeaderMap::new();
            let list = HeaderValue::from_static(list);
            asked.insert(header::ACCEPT_ENCODING, list.clone());
            assert_eq!(takes_gzip(&asked), takes, "{list:?}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn texts_are_smaller_and_fonts_stay_as_they_are() {
        let script = asset("shell.js").expect("the shell");
        let gzip = script.gzip.as_ref().expect("smaller");
        assert!(gzip.len() < script.plain.len() / 2);
        assert!(asset("inter-latin.woff2").expect("a font").gzip.is_none());
        assert!(asset("fonts/OFL.txt").is_none());
    }
}
