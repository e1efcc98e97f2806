//! What every request has to pass, and what every answer carries.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Preview;

/// Nothing but the server's own files; styles only from files, so an app's CSS passes the cleaner or is not
/// applied at all.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
                      connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Refuses requests under foreign names, and sets the headers that keep browsers strict.
///
/// # Security
/// A page of another site may let its own name point to this machine (DNS rebinding) and then reads answers as
/// its own. Its requests carry its name in `Host`, which is refused here.
pub(super) async fn guard(
    State(preview): State<Preview>,
    request: Request,
    next: Next,
) -> Response {
    let known =
        host(request.headers()).is_some_and(|host| is_ours(host, &preview.inner.options.hosts));
    let mut response = if known {
        next.run(request).await
    } else {
        let why =
            "This server does not answer under that name. Start it with --host-name to add one.\n";
        (StatusCode::FORBIDDEN, why).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in strict_headers() {
        headers.entry(name).or_insert(value);
    }
    response
}

fn strict_headers() -> [(HeaderName, HeaderValue); 8] {
    [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ),
        // For browsers that do not know `frame-ancestors`: a page in somebody else's frame can be made to be tapped.
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        // So that `/a/<app>` knows the colours to launch in.
        (
            HeaderName::from_static("accept-ch"),
            HeaderValue::from_static("Sec-CH-Prefers-Color-Scheme"),
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
    ]
}

/// Whether a WebSocket's `Origin` is the page of the same server.
pub(super) fn same_origin(headers: &HeaderMap) -> bool {
    let Some(host) = host(headers) else {
        return false;
    };
    let origin = headers
        .get(header::ORIGIN)
        .and_then(|origin| origin.to_str().ok());
    let origin = origin.and_then(|origin| {
        origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"))
    });
    origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host))
}

/// Whether another site's page made the browser send this, other than by a link that a person followed.
pub(super) fn from_elsewhere(headers: &HeaderMap) -> bool {
    let is = |name: &str, wanted: &str| {
        headers
            .get(name)
            .is_some_and(|value| value.as_bytes() == wanted.as_bytes())
    };
    let linked = is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document");
    (is("sec-fetch-site", "cross-site") || is("sec-fetch-site", "same-site")) && !linked
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// `localhost`, an IP address (which nobody can rebind) or a name that the operator listed; any port.
fn is_ours(host: &str, listed: &[String]) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, _)) => v6,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok()
        || listed.iter().any(|one| one.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_under_its_own_names_only() {
        let listed = ["preview.example.com".to_owned()];
        for ours in [
            "localhost",
            "localhost:7700",
            "127.0.0.1:7700",
            "[::1]:7700",
            "192.168.1.20:7700",
            "Preview.Example.com",
            "preview.example.com:443",
        ] {
            assert!(is_ours(ours, &listed), "{ours}");
        }
        for foreign in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:7700",
            "",
            ":7700",
        ] {
            assert!(!is_ours(foreign, &listed), "{foreign}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let headers = |origin: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("localhost:7700"));
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            headers
        };
        assert!(same_origin(&headers("http://localhost:7700")));
        for foreign in [
            "http://localhost:7701",
            "http://localhost",
            "null",
            "http://evil.example",
            "localhost:7700",
        ] {
            assert!(!same_origin(&headers(foreign)), "{foreign}");
        }
        let mut without = headers("http://localhost:7700");
        without.remove(header::ORIGIN);
        assert!(!same_origin(&without));
    }
}
