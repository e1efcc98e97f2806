//! How browsers reach the server: directly or by a proxy, over TLS or not, below a prefix; and what is wrong if they do not.

use std::net::{IpAddr, SocketAddr};

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{self, HeaderMap};
use axum::http::{Extensions, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::people::Reach;
use super::{Preview, guard};

/// The longest that is repeated of what a request says.
const SAID_CHARACTERS: usize = 100;

impl Preview {
    /// The prefix of every address, without a slash at its end; empty if there is none.
    pub(super) fn base(&self) -> &str {
        &self.inner.base
    }

    /// How this request's browser reaches the server.
    pub(super) fn reach(&self, headers: &HeaderMap) -> Reach<'_> {
        let proto = headers
            .get("x-forwarded-proto")
            .and_then(|proto| proto.to_str().ok());
        // The last one is the nearest proxy's.
        let secure =
            proto.is_some_and(|all| all.rsplit(',').next().map(str::trim) == Some("https"));
        Reach {
            secure: self.inner.options.behind_proxy && secure,
            base: self.base(),
        }
    }

    /// Where a request comes from: the other end of its connection, or whom the proxy in front says.
    pub(super) fn comes_from(
        &self,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Option<IpAddr> {
        let connected = extensions.get::<ConnectInfo<SocketAddr>>();
        let connected = connected.map(|ConnectInfo(from)| from.ip());
        if !self.inner.options.behind_proxy {
            return connected;
        }
        let all = headers.get_all("x-forwarded-for").iter();
        // The last one is the nearest proxy's: those before it anybody can write.
        let last = all.filter_map(|list| list.to_str().ok()).next_back();
        let last = last.and_then(|list| list.rsplit(',').next());
        last.and_then(|address| address.trim().parse().ok())
            .or(connected)
    }
}

/// A prefix as it is used: with a slash before it, none at its end.
pub(super) fn base_of(prefix: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "/-._~".contains(*c);
    let prefix: String = prefix.chars().filter(plain).collect();
    let parts = prefix
        .split('/')
        .filter(|part| !part.is_empty() && !part.starts_with('.'));
    parts.fold(String::new(), |base, part| format!("{base}/{part}"))
}

/// Whether the server answers, whoever asks under whatever name. Tells which name it heard, so that whoever set up a proxy sees
/// what that makes of it.
pub(super) async fn health(State(preview): State<Preview>, headers: HeaderMap) -> Response {
    let heard = guard::host(&headers);
    let known = heard.is_some_and(|host| preview.answers_to(host));
    let heard = heard.map(said);
    let cure = (!known).then(|| cure(heard.as_deref()));
    Json(json!({ "ok": true, "host": heard, "answers": known, "cure": cure })).into_response()
}

/// Tells a page that cannot connect why: browsers say where a page comes from with this, as they do with a WebSocket.
pub(super) async fn reachable(headers: HeaderMap) -> Response {
    match guard::origin_fault(&headers) {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(why) => {
            tracing::warn!(why, "a page cannot connect");
            (StatusCode::FORBIDDEN, why).into_response()
        }
    }
}

/// What to do about a name that the server does not answer under.
pub(super) fn cure(host: Option<&str>) -> String {
    match host {
        Some(host) => {
            let name = guard::name_of(host);
            format!(
                "Start the server with --host-name {name}, or have the proxy in front pass on the name that browsers ask for \
                 (nginx: proxy_set_header Host $host)."
            )
        }
        None => "The request names no host: ask with a Host header.".into(),
    }
}

/// What a request says, short and printable.
pub(super) fn said(text: &str) -> String {
    let plain = |c: &char| c.is_ascii_graphic();
    text.chars().filter(plain).take(SAID_CHARACTERS).collect()
}

/// Whether a browser fetches this before anybody wants it.
pub(super) fn is_ahead(headers: &HeaderMap) -> bool {
    let says = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains("prefetch") || value.contains("prerender"))
    };
    says("sec-purpose") || says("purpose") || says("x-moz")
}

/// Whether the answer may be a page.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let accepts = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_one_form() {
        for (given, base) in [
            ("", ""),
            ("/", ""),
            ("preview", "/preview"),
            ("/preview/", "/preview"),
            ("//a//b/", "/a/b"),
            ("/a/../b", "/a/b"),
            ("/a\r\nSet-Cookie: x;{*b}", "/aSet-Cookiexb"),
        ] {
            assert_eq!(base_of(given), base, "{given:?}");
        }
    }
}
