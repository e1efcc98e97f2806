//! What may be sent, where a redirect leads, and what of an answer an app gets.

use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use url::{Host, Url};

use super::{Exchange, MOST_RECEIVED_BYTES, MOST_SENT_BYTES, MOST_TIME, Reply};
use crate::bindings::lapak::app::fetch::{Error, Header, Request, Response};

const MOST_URL_BYTES: usize = 8 * 1024;
const MOST_HEADERS: usize = 64;
const MOST_HEADER_BYTES: usize = 16 * 1024;
/// Of an answer: servers say more than apps do.
const MOST_REPLY_HEADERS: usize = 128;
const MOST_REPLY_HEADER_BYTES: usize = 64 * 1024;

/// The methods, and whether something is sent with them.
const METHODS: [(&str, bool); 6] = [
    ("GET", false),
    ("HEAD", false),
    ("POST", true),
    ("PUT", true),
    ("PATCH", true),
    ("DELETE", false),
];

/// What the host sets by itself, or what is between two hops of HTTP only.
const HOSTS_OWN: [&str; 15] = [
    "accept-encoding",
    "connection",
    "content-length",
    "date",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "origin",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];
const HOSTS_OWN_PREFIXES: [&str; 2] = ["proxy-", "sec-"];

/// What goes to no other host than the one it was written for.
const CREDENTIALS: [&str; 2] = ["authorization", "cookie"];

/// What an app wants to send, if it may be sent.
pub(super) fn exchange(request: Request) -> Result<Exchange, Error> {
    let mut methods = METHODS.into_iter();
    let method = methods.find(|(method, _)| *method == request.method);
    let (method, sends) = method.ok_or(Error::Invalid)?;
    if !sends && !request.body.is_empty() {
        return Err(Error::Invalid);
    }
    if request.body.len() > MOST_SENT_BYTES {
        return Err(Error::TooLarge);
    }
    let (url, host) = target(&request.url, None)?;
    Ok(Exchange {
        method: method.to_owned(),
        url: url.into(),
        host,
        headers: headers(request.headers)?,
        body: request.body.into(),
        timeout: match request.timeout_ms {
            0 => MOST_TIME,
            ms => MOST_TIME.min(Duration::from_millis(ms.into())),
        },
    })
}

/// A URL that an app may reach as far as the URL itself tells, and its host.
fn target(text: &str, base: Option<&Url>) -> Result<(Url, String), Error> {
    if text.len() > MOST_URL_BYTES {
        return Err(Error::Invalid);
    }
    let mut url = Url::options()
        .base_url(base)
        .parse(text)
        .map_err(|_| Error::Invalid)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::Invalid);
    }
    // The default port is none here.
    if url.scheme() != "https" || url.port().is_some() {
        return Err(Error::AccessDenied);
    }
    let Some(Host::Domain(host)) = url.host() else {
        // No list of domains has an address in it.
        return Err(Error::AccessDenied);
    };
    let host = host.to_owned();
    url.set_fragment(None);
    let fits = url.as_str().len() <= MOST_URL_BYTES && url.as_str().parse::<http::Uri>().is_ok();
    match fits {
        true => Ok((url, host)),
        false => Err(Error::Invalid),
    }
}

fn headers(headers: Vec<Header>) -> Result<Vec<(String, String)>, Error> {
    let bytes: usize = headers
        .iter()
        .map(|header| header.name.len().saturating_add(header.value.len()))
        .sum();
    if headers.len() > MOST_HEADERS || bytes > MOST_HEADER_BYTES {
        return Err(Error::Invalid);
    }
    headers.into_iter().map(header).collect()
}

fn header(header: Header) -> Result<(String, String), Error> {
    let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| Error::Invalid)?;
    // Visible ASCII, blanks and tabs: no line ends, and nothing that two servers read in two ways.
    let is_value = header.value.is_ascii() && HeaderValue::from_str(&header.value).is_ok();
    let is_hosts_own = HOSTS_OWN.contains(&name.as_str())
        || HOSTS_OWN_PREFIXES
            .iter()
            .any(|prefix| name.as_str().starts_with(prefix));
    match is_value && !is_hosts_own {
        true => Ok((name.as_str().to_owned(), header.value)),
        false => Err(Error::Invalid),
    }
}

/// What to ask next, where an answer says that it is to be had elsewhere: RFC 9110, 15.4. `None`: it is the answer.
pub(super) fn redirect(sent: &Exchange, reply: &Reply) -> Result<Option<Exchange>, Error> {
    let keeps_method = match reply.status {
        301 | 302 => sent.method != "POST",
        303 => matches!(&*sent.method, "GET" | "HEAD"),
        307 | 308 => true,
        _ => return Ok(None),
    };
    let mut headers = reply.headers.iter();
    let location = headers.find(|(name, _)| name.eq_ignore_ascii_case("location"));
    let Some((_, location)) = location else {
        return Ok(None);
    };
    let base = Url::parse(&sent.url).map_err(|_| Error::Unavailable)?;
    let (url, host) = target(location, Some(&base)).map_err(|error| match error {
        // Of the server's, not of the app's.
        Error::Invalid => Error::Unavailable,
        error => error,
    })?;
    let mut next = Exchange {
        url: url.into(),
        ..sent.clone()
    };
    if host != sent.host {
        let kept = |(name, _): &(String, String)| !CREDENTIALS.contains(&&**name);
        next.headers.retain(kept);
        next.host = host;
    }
    if !keeps_method {
        next.method = "GET".to_owned();
        next.body = [].into();
        next.headers
            .retain(|(name, _)| !name.starts_with("content-"));
    }
    Ok(Some(next))
}

/// What an app gets of an answer; a provider's that is none is none.
pub(super) fn response(from: &Exchange, reply: Reply) -> Result<Response, Error> {
    if !(200..=599).contains(&reply.status) {
        return Err(Error::Unavailable);
    }
    if reply.body.len() > MOST_RECEIVED_BYTES {
        return Err(Error::TooLarge);
    }
    let bytes: usize = reply
        .headers
        .iter()
        .map(|(name, value)| name.len().saturating_add(value.len()))
        .sum();
    if reply.headers.len() > MOST_REPLY_HEADERS || bytes > MOST_REPLY_HEADER_BYTES {
        return Err(Error::Unavailable);
    }
    let headers = reply.headers.into_iter().map(|(name, value)| Header {
        name: name.to_ascii_lowercase(),
        value,
    });
    Ok(Response {
        status: reply.status,
        headers: headers.collect(),
        body: reply.body,
        url: from.url.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, url: &str) -> Request {
        Request {
            method: method.into(),
            url: url.into(),
            headers: vec![],
            body: vec![],
            timeout_ms: 0,
        }
    }

    fn with_header(name: &str, value: &str) -> Result<Exchange, Error> {
        let header = Header {
            name: name.into(),
            value: value.into(),
        };
        exchange(Request {
            headers: vec![header],
            ..request("GET", "https://shop.example/")
        })
    }

    #[test]
    fn a_url_is_https_on_its_port_and_names_a_host() {
        for (url, expected) in [
            ("https://shop.example", "https://shop.example/"),
            ("https://SHOP.example:443/a#b", "https://shop.example/a"),
            (
                "https://b\u{fc}cher.example/",
                "https://xn--bcher-kva.example/",
            ),
        ] {
            let sent = exchange(request("GET", url)).expect(url);
            assert_eq!(sent.url, expected);
        }
        for (url, expected) in [
            ("", Error::Invalid),
            ("/menu", Error::Invalid),
            ("shop.example", Error::Invalid),
            ("https://", Error::Invalid),
            ("https://ani@shop.example/", Error::Invalid),
            ("https://:secret@shop.example/", Error::Invalid),
            ("http://shop.example/", Error::AccessDenied),
            ("ftp://shop.example/", Error::AccessDenied),
            ("file:///etc/passwd", Error::AccessDenied),
            ("javascript:0", Error::AccessDenied),
            ("data:text/plain,a", Error::AccessDenied),
            ("https://shop.example:8443/", Error::AccessDenied),
            ("https://127.0.0.1/", Error::AccessDenied),
            // All of them are 127.0.0.1 to somebody.
            ("https://2130706433/", Error::AccessDenied),
            ("https://0x7f.1/", Error::AccessDenied),
            ("https://[::1]/", Error::AccessDenied),
            ("https://[::ffff:127.0.0.1]/", Error::AccessDenied),
        ] {
            assert_eq!(exchange(request("GET", url)), Err(expected), "{url}");
        }
        let long = format!("https://shop.example/{}", "a".repeat(MOST_URL_BYTES));
        assert_eq!(exchange(request("GET", &long)), Err(Error::Invalid));
        // Each becomes three bytes.
        let long = format!(
            "https://shop.example/{}",
            "\u{fc}".repeat(MOST_URL_BYTES / 3)
        );
        assert_eq!(exchange(request("GET", &long)), Err(Error::Invalid));
    }

    #[test]
    fn no_header_breaks_out_or_is_the_hosts_own() {
        let sent = with_header("X-Key", "a b\tc").expect("a header");
        assert_eq!(sent.headers, [("x-key".to_owned(), "a b\tc".to_owned())]);
        for (name, value) in [
            ("x-key", "a\r\nhost: evil.example"),
            ("x-key", "a\nb"),
            ("x-key", "a\rb"),
            ("x-key", "a\0b"),
            ("x-key", "\u{7f}"),
            ("x-key", "\u{fc}"),
            ("x\r\nhost", "a"),
            ("x key", "a"),
            ("x:key", "a"),
            ("", "a"),
            ("\u{fc}", "a"),
            ("Host", "evil.example"),
            ("Content-Length", "0"),
            ("TRANSFER-ENCODING", "chunked"),
            ("connection", "close"),
            ("upgrade", "websocket"),
            ("te", "trailers"),
            ("proxy-authorization", "a"),
            ("sec-fetch-site", "none"),
            ("accept-encoding", "gzip"),
        ] {
            assert_eq!(
                with_header(name, value),
                Err(Error::Invalid),
                "{name:?}: {value:?}"
            );
        }
        assert!(with_header("x", &"a".repeat(MOST_HEADER_BYTES - 1)).is_ok());
        let long = with_header("x", &"a".repeat(MOST_HEADER_BYTES));
        assert_eq!(long, Err(Error::Invalid));
    }

    #[test]
    fn methods_are_those_of_the_list_and_sizes_are_bounded() {
        for method in [
            "get",
            "TRACE",
            "CONNECT",
            "OPTIONS",
            "",
            "GET / HTTP/1.1\r\n",
        ] {
            let sent = exchange(request(method, "https://shop.example/"));
            assert_eq!(sent, Err(Error::Invalid), "{method}");
        }
        let with_body = |method: &str, bytes| {
            exchange(Request {
                body: vec![0; bytes],
                ..request(method, "https://shop.example/")
            })
        };
        for (method, sends) in METHODS {
            assert_eq!(with_body(method, 1).is_ok(), sends, "{method}");
        }
        assert!(with_body("POST", MOST_SENT_BYTES).is_ok());
        assert_eq!(with_body("POST", MOST_SENT_BYTES + 1), Err(Error::TooLarge));
        let timeout = |timeout_ms| {
            let sent = exchange(Request {
                timeout_ms,
                ..request("GET", "https://shop.example/")
            });
            sent.expect("a request").timeout
        };
        assert_eq!([timeout(0), timeout(u32::MAX)], [MOST_TIME; 2]);
        assert_eq!(timeout(5), Duration::from_millis(5));
    }

    fn redirected(method: &str, status: u16, location: &str) -> Result<Option<Exchange>, Error> {
        let sent = Exchange {
            method: method.into(),
            url: "https://shop.example/a/b".into(),
            host: "shop.example".into(),
            headers: ["authorization", "cookie", "content-type", "x-key"]
                .map(|name| (name.to_owned(), "1".to_owned()))
                .into(),
            body: (*b"order").into(),
            timeout: MOST_TIME,
        };
        let reply = Reply {
            status,
            headers: vec![("Location".into(), location.into())],
            body: vec![],
        };
        redirect(&sent, &reply)
    }

    #[test]
    fn a_redirect_keeps_what_http_says() {
        for (method, status, expected) in [
            ("POST", 301, "GET"),
            ("POST", 302, "GET"),
            ("PUT", 302, "PUT"),
            ("PUT", 303, "GET"),
            ("HEAD", 303, "HEAD"),
            ("POST", 307, "POST"),
            ("DELETE", 308, "DELETE"),
        ] {
            let next = redirected(method, status, "/c").expect("a target");
            let next = next.expect("a redirect");
            assert_eq!(next.method, expected, "{method} {status}");
            assert_eq!(next.url, "https://shop.example/c");
            let goes_along = next.headers.iter().any(|(name, _)| name == "content-type");
            assert_eq!(goes_along, method == expected);
            assert_eq!(next.body.is_empty(), method != expected);
            assert!(next.headers.iter().any(|(name, _)| name == "authorization"));
        }
        for status in [200, 300, 304, 305, 306] {
            assert_eq!(redirected("GET", status, "/c"), Ok(None), "{status}");
        }
    }

    #[test]
    fn credentials_do_not_leave_their_host_and_bad_targets_are_refused() {
        let next = redirected("POST", 307, "//other.example/c").expect("a target");
        let next = next.expect("a redirect");
        assert_eq!(
            (&*next.host, &*next.url),
            ("other.example", "https://other.example/c")
        );
        let names: Vec<_> = next.headers.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["content-type", "x-key"]);
        for (location, expected) in [
            ("http://shop.example/", Error::AccessDenied),
            ("https://shop.example:444/", Error::AccessDenied),
            ("https://10.0.0.1/", Error::AccessDenied),
            ("file:///etc/passwd", Error::AccessDenied),
            ("https://ani@shop.example/", Error::Unavailable),
            ("https://[", Error::Unavailable),
        ] {
            assert_eq!(
                redirected("GET", 302, location),
                Err(expected),
                "{location}"
            );
        }
    }

    #[test]
    fn an_answer_that_is_none_is_none() {
        let sent = exchange(request("GET", "https://shop.example/")).expect("a request");
        let reply = Reply {
            status: 200,
            headers: vec![("X-Key".into(), "1".into())],
            body: vec![0; MOST_RECEIVED_BYTES],
        };
        let response = |reply| super::response(&sent, reply).map(|response| response.status);
        assert_eq!(response(reply.clone()), Ok(200));
        for status in [0, 101, 199, 600, u16::MAX] {
            let reply = Reply {
                status,
                ..reply.clone()
            };
            assert_eq!(response(reply), Err(Error::Unavailable), "{status}");
        }
        let large = Reply {
            body: vec![0; MOST_RECEIVED_BYTES + 1],
            ..reply.clone()
        };
        assert_eq!(response(large), Err(Error::TooLarge));
        let many = Reply {
            headers: vec![("a".into(), String::new()); MOST_REPLY_HEADERS + 1],
            ..reply
        };
        assert_eq!(response(many), Err(Error::Unavailable));
    }
}
