//! Calls to `fetch`. What they are about: a URL without its scheme, or `method,url`.

use super::{Room, outcome};
use crate::lapak::app::fetch::{Error, Header, Request, cancel, send, take};

pub(super) const ROOM: Room = Room {
    prefix: "call-fetch-",
    every,
    call,
    finished: |_, request| match take(request) {
        Ok(response) => format!(
            "status={} url={} body={} headers={}",
            response.status,
            response.url,
            String::from_utf8_lossy(&response.body),
            response.headers.len()
        ),
        Err(error) => format!("{error:?}"),
    },
};

fn every() -> Vec<(&'static str, String)> {
    vec![
        ("fetch.send", outcome(send(&get("https://fetch.example/")))),
        ("fetch.take", outcome(take(4_000_000_000))),
        ("fetch.cancel", outcome(cancel(4_000_000_000))),
    ]
}

fn get(url: &str) -> Request {
    Request {
        method: "GET".into(),
        url: url.into(),
        headers: vec![],
        body: vec![],
        timeout_ms: 0,
    }
}

fn header(name: &str, value: &str) -> Header {
    Header {
        name: name.into(),
        value: value.into(),
    }
}

fn call(action: &str, with: &str) -> String {
    let url = format!("https://{with}");
    match action {
        "call-fetch-get" => outcome(send(&get(&url))),
        "call-fetch-plain" => outcome(send(&get(&format!("http://{with}")))),
        "call-fetch-soon" => outcome(send(&Request {
            timeout_ms: 20,
            ..get(&url)
        })),
        "call-fetch-post" => outcome(send(&Request {
            method: "POST".into(),
            headers: ["Authorization", "Cookie", "Content-Type", "X-Key"]
                .map(|name| header(name, "secret"))
                .into(),
            body: b"order".to_vec(),
            ..get(&url)
        })),
        "call-fetch-wild" => wild(&url).map(|request| outcome(send(&request))).join(" "),
        "call-fetch-large" => outcome(send(&Request {
            method: "PUT".into(),
            body: vec![0; (1 << 20) + 1],
            ..get(&url)
        })),
        "call-fetch-flood" => {
            let refused = (0..100).map(|_| send(&get(&url)).err());
            let refused = refused.filter(|refused| *refused == Some(Error::TooManyRequests));
            format!("refused={}", refused.count())
        }
        "call-fetch-foreign" => {
            let taken = (0..10_000).filter(|id| take(*id).is_ok() || cancel(*id).is_ok());
            format!("taken={}", taken.count())
        }
        "call-fetch-cancel" => match send(&get(&url)) {
            Ok(id) => format!("{:?} {:?} {:?}", cancel(id), cancel(id), take(id)),
            Err(error) => format!("{error:?}"),
        },
        _ => "no such call".into(),
    }
}

/// Requests that are none.
fn wild(url: &str) -> [Request; 8] {
    let with = |name: &str, value: &str| Request {
        headers: vec![header(name, value)],
        ..get(url)
    };
    [
        with("x-key", "a\r\nhost: evil.example"),
        with("x-key\r\nhost", "evil.example"),
        with("host", "evil.example"),
        Request {
            headers: vec![header("a", ""); 65],
            ..get(url)
        },
        Request {
            method: "GET / HTTP/1.1\r\nhost: evil.example\r\n\r\nGET".into(),
            ..get(url)
        },
        Request {
            body: vec![0],
            ..get(url)
        },
        get(&format!("{url}{}", "a".repeat(1 << 20))),
        get("https://ani:secret@fetch.example/"),
    ]
}
