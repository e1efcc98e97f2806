//! What every request has to pass, and what every answer carries.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{Preview, pages, reach};

/// Where the server tells that it lives, whoever asks.
pub(super) const HEALTH: &str = "/healthz";
/// Where it tells numbers.
pub(super) const METRICS: &str = "/metrics";
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
    // Whoever stands in between may go by another of them.
    if request.headers().get_all(header::HOST).iter().count() > 1 {
        let why = "A request names one host.\n";
        return strict((StatusCode::BAD_REQUEST, why).into_response());
    }
    let known = host(request.headers()).is_some_and(|host| preview.answers_to(host));
    // Whoever looks whether the server lives need not know its name.
    let path = request.uri().path();
    let response = if known || path == HEALTH || is_metrics(&request) {
        next.run(request).await
    } else {
        refused(&preview, request.headers())
    };
    strict(response)
}

/// An answer with the headers that keep browsers strict.
fn strict(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in strict_headers() {
        headers.entry(name).or_insert(value);
    }
    response
}

impl Preview {
    /// Whether this is one of the server's own names.
    pub(super) fn answers_to(&self, host: &str) -> bool {
        is_ours(host, &self.inner.options.hosts)
    }
}

/// Numbers about nobody. No browser sends a request without `Host`, so no page of another site reads them.
fn is_metrics(request: &Request) -> bool {
    host(request.headers()).is_none() && request.uri().path() == METRICS
}

/// Tells whoever sees it what is wrong, and what to do: it is most often a proxy's doing.
fn refused(preview: &Preview, headers: &HeaderMap) -> Response {
    let heard = host(headers).map(reach::said);
    let why = match &heard {
        Some(host) => format!("This server does not answer under the name {host:?}."),
        None => "This server does not know under which name it was asked.".to_owned(),
    };
    let cure = reach::cure(heard.as_deref());
    if !reach::wants_page(headers) {
        return (StatusCode::FORBIDDEN, format!("{why} {cure}\n")).into_response();
    }
    let text = format!("{why} {cure}");
    pages::refusal(preview, StatusCode::FORBIDDEN, "Not under this name", &text)
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

/// What keeps the page that a request comes from from being this server's own; nothing does.
pub(super) fn origin_fault(headers: &HeaderMap) -> Option<String> {
    let host = host(headers).unwrap_or_default();
    let origin = headers.get(header::ORIGIN);
    let Some(origin) = origin.and_then(|origin| origin.to_str().ok()) else {
        return Some("Only this server's own pages may connect.\n".into());
    };
    let asked = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    if asked.is_some_and(|asked| asked.eq_ignore_ascii_case(host)) && !host.is_empty() {
        return None;
    }
    let (page, heard) = (reach::said(asked.unwrap_or(origin)), reach::said(host));
    Some(format!(
        "Only this server's own pages may connect: the page is of {page}, and the server was asked as {heard}. If a proxy is in \
         between, have it pass on the name that browsers ask for (nginx: proxy_set_header Host $host), and start the server \
         with --host-name {}.\n",
        name_of(&page)
    ))
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

pub(super) fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// `localhost`, an IP address (which nobody can rebind) or a name that the operator listed; any port.
fn is_ours(host: &str, listed: &[String]) -> bool {
    let name = name_of(host);
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok()
        || listed.iter().any(|one| one.eq_ignore_ascii_case(name))
}

/// The name of a host without its port.
pub(super) fn name_of(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, _)) => v6,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same_origin(headers: &HeaderMap) -> bool {
        origin_fault(headers).is_none()
    }

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
