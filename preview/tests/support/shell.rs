//! A shell without a browser: requests to the router, messages over a WebSocket.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tower::ServiceExt as _;

use super::Server;

pub(crate) async fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::get(path).header("host", server.address.to_string());
    for (name, value) in headers {
        if *name == "host" {
            request = Request::get(path);
        }
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    server
        .preview
        .router()
        .oneshot(request)
        .await
        .expect("an answer")
}

pub(crate) async fn body(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 16 << 20)
        .await
        .expect("a body");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Launches the counter; gives the path of its session's page and the person's cookie.
pub(crate) async fn launched(server: &Server, cookie: Option<&str>) -> (String, String) {
    launched_app(server, "counter", cookie).await
}

/// Launches an app; gives the path of its session's page and the person's cookie.
pub(crate) async fn launched_app(
    server: &Server,
    app: &str,
    cookie: Option<&str>,
) -> (String, String) {
    let headers: Vec<_> = cookie
        .map(|cookie| ("cookie", cookie))
        .into_iter()
        .collect();
    let response = get(server, &format!("/a/{app}"), &headers).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().expect("text").to_owned())
    };
    let cookie = header("set-cookie").map_or_else(
        || cookie.unwrap_or_default().to_owned(),
        |set| set.split(';').next().unwrap_or_default().to_owned(),
    );
    (header("location").expect("a location"), cookie)
}

/// A shell on a WebSocket.
pub(crate) struct Shell {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) seq: u64,
}

impl Shell {
    pub(crate) async fn connect(server: &Server, session: &str) -> Self {
        let origin = format!("http://{}", server.address);
        let socket = connect(server, session, Some(&origin))
            .await
            .expect("connected");
        Self { socket, seq: 0 }
    }

    /// Connects, says hello as a page that shows nothing yet, and waits for the page.
    pub(crate) async fn hello(server: &Server, session: &str, client: &str) -> (Self, Value) {
        let mut shell = Self::connect(server, session).await;
        shell
            .say(&json!({ "t": "hello", "client": client, "v": 0, "page": 0, "app": "" }))
            .await;
        let welcome = shell.hear("welcome").await;
        shell.seq = welcome["seq"].as_u64().expect("a number");
        let page = shell.hear("page").await;
        (shell, page)
    }

    pub(crate) async fn say(&mut self, message: &Value) {
        self.raw(&message.to_string()).await;
    }

    pub(crate) async fn raw(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("sent");
    }

    pub(crate) async fn tap(&mut self, node: u64) {
        self.seq += 1;
        let seq = self.seq;
        self.say(&json!({ "t": "input", "seq": seq, "node": node, "on": "tap", "value": null }))
            .await;
    }

    /// The next message of this kind; others are passed over.
    pub(crate) async fn hear(&mut self, kind: &str) -> Value {
        let heard = async {
            loop {
                let message = self.next().await;
                if message["t"] == kind {
                    return message;
                }
            }
        };
        let heard = tokio::time::timeout(Duration::from_secs(20), heard).await;
        heard.unwrap_or_else(|_| panic!("no {kind:?} came"))
    }

    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let message = self.socket.next().await.expect("open").expect("a message");
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).expect("JSON");
            }
        }
    }
}

pub(crate) async fn connect(
    server: &Server,
    session: &str,
    origin: Option<&str>,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, tungstenite::Error> {
    let url = format!("ws://{}{session}/ws", server.address);
    let mut request = url.into_client_request()?;
    if let Some(origin) = origin {
        request
            .headers_mut()
            .insert("origin", origin.parse().expect("a header"));
    }
    Ok(tokio_tungstenite::connect_async(request).await?.0)
}

/// The node with this aria-label.
pub(crate) fn node(page: &Value, label: &str) -> u64 {
    let html = page["html"].as_str().expect("html");
    let at = html
        .find(&format!("aria-label=\"{label}\""))
        .unwrap_or_else(|| panic!("no {label:?} in {html}"));
    node_around(html, at)
}

/// The node with this key.
pub(crate) fn node_of_key(page: &Value, key: &str) -> u64 {
    let html = page["html"].as_str().expect("html");
    let at = html
        .find(&format!("data-key=\"{key}\""))
        .unwrap_or_else(|| panic!("no {key:?} in {html}"));
    node_around(html, at)
}

/// The nearest node that begins before this place of the HTML and takes taps.
pub(crate) fn node_around(html: &str, at: usize) -> u64 {
    let takes_taps = |from: usize| {
        let tag = html[from..].split('>').next().unwrap_or_default();
        tag.contains("data-n=") && tag.contains("data-on=")
    };
    let mut before = html[..at].rfind('<').expect("an element");
    while !takes_taps(before) {
        before = html[..before].rfind('<').expect("an element around it");
    }
    let element = &html[before..];
    let id = element.split("data-n=\"").nth(1).expect("a number");
    id.split('"')
        .next()
        .expect("a number")
        .parse()
        .expect("a number")
}
