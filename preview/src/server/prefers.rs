//! What a person prefers, as their browser tells it: languages, and the time zone.

use axum::http::header::{self, HeaderMap};
use lapak_abi::languages::accepted;

use super::people::cookies;

/// Where the shell notes the time zone for the next launch.
const ZONE: &str = "lapak_zone";

/// The languages that the browser asks for, the best first.
pub(super) fn languages(headers: &HeaderMap) -> Vec<String> {
    let lists = headers.get_all(header::ACCEPT_LANGUAGE).iter();
    let lists: Vec<&str> = lists.filter_map(|value| value.to_str().ok()).collect();
    accepted(&lists.join(","))
}

/// The person's time zone, which no header tells. Whether there is a zone of that name, the host finds out.
pub(super) fn zone(headers: &HeaderMap) -> Option<String> {
    let written = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
    let plain = |zone: &&str| !zone.is_empty() && zone.len() <= 64 && zone.bytes().all(written);
    cookies(headers, ZONE).find(plain).map(str::to_owned)
}
