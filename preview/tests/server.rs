//! The server over HTTP and WebSocket: who gets in, what goes over the wire, what bad messages do.

mod support;

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use support::Server;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tower::ServiceExt as _;

const COUNTER: &str = "examples/counter";

async fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
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

async fn body(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 16 << 20)
        .await
        .expect("a body");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Launches the counter; gives the path of its session's page and the person's cookie.
async fn launched(server: &Server, cookie: Option<&str>) -> (String, String) {
    let headers: Vec<_> = cookie
        .map(|cookie| ("cookie", cookie))
        .into_iter()
        .collect();
    let response = get(server, "/a/counter", &headers).await;
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
struct Shell {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    seq: u64,
}

impl Shell {
    async fn connect(server: &Server, session: &str) -> Self {
        let origin = format!("http://{}", server.address);
        let socket = connect(server, session, Some(&origin))
            .await
            .expect("connected");
        Self { socket, seq: 0 }
    }

    /// Connects, says hello as a page that shows nothing yet, and waits for the page.
    async fn hello(server: &Server, session: &str, client: &str) -> (Self, Value) {
        let mut shell = Self::connect(server, session).await;
        shell
            .say(&json!({ "t": "hello", "client": client, "v": 0, "page": 0, "app": "" }))
            .await;
        let welcome = shell.hear("welcome").await;
        shell.seq = welcome["seq"].as_u64().expect("a number");
        let page = shell.hear("page").await;
        (shell, page)
    }

    async fn say(&mut self, message: &Value) {
        self.raw(&message.to_string()).await;
    }

    async fn raw(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("sent");
    }

    async fn tap(&mut self, node: u64) {
        self.seq += 1;
        let seq = self.seq;
        self.say(&json!({ "t": "input", "seq": seq, "node": node, "on": "tap", "value": null }))
            .await;
    }

    /// The next message of this kind; others are passed over.
    async fn hear(&mut self, kind: &str) -> Value {
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

    async fn next(&mut self) -> Value {
        loop {
            let message = self.socket.next().await.expect("open").expect("a message");
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).expect("JSON");
            }
        }
    }
}

async fn connect(
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
fn node(page: &Value, label: &str) -> u64 {
    let html = page["html"].as_str().expect("html");
    let at = html
        .find(&format!("aria-label=\"{label}\""))
        .unwrap_or_else(|| panic!("no {label:?} in {html}"));
    let element = &html[html[..at].rfind('<').expect("an element")..];
    let id = element.split("data-n=\"").nth(1).expect("a number");
    id.split('"')
        .next()
        .expect("a number")
        .parse()
        .expect("a number")
}

#[tokio::test]
async fn the_first_view_is_in_the_page() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let response = get(&server, &session, &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let html = body(response).await;
    assert!(html.contains("aria-label=\"Add one\""), "{html}");
    assert!(!html.contains("{{"), "{html}");
    let home = body(get(&server, "/", &[]).await).await;
    assert!(home.contains("/a/counter"), "{home}");
}

#[tokio::test]
async fn a_tap_gives_a_patch_and_a_reload_resumes() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    let plus = node(&page, "Add one");
    shell.tap(plus).await;
    shell.hear("ack").await;
    let patch = shell.hear("patch").await;
    assert_eq!(patch["v"].as_u64(), page["v"].as_u64().map(|v| v + 1));
    assert!(patch["ops"].to_string().contains("\"1\""), "{patch}");
    // The page is loaded again.
    let html = body(get(&server, &session, &[]).await).await;
    assert!(html.contains(">1</span>"), "{html}");
    let (_, page) = Shell::hello(&server, &session, "two").await;
    assert!(
        page["html"].as_str().expect("html").contains(">1</span>"),
        "{page}"
    );
}

#[tokio::test]
async fn a_shell_that_is_up_to_date_is_not_painted_again() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (_, page) = Shell::hello(&server, &session, "one").await;
    let mut shell = Shell::connect(&server, &session).await;
    let hello = json!({ "t": "hello", "client": "one", "v": page["v"], "page": page["page"], "app": page["app"] });
    shell.say(&hello).await;
    shell.hear("welcome").await;
    shell.tap(node(&page, "Add one")).await;
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "patch") {
        kinds.push(shell.next().await["t"].as_str().expect("a kind").to_owned());
    }
    assert!(!kinds.contains(&"page".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn an_event_sent_twice_counts_once() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    let tap = json!({ "t": "input", "seq": 1, "node": node(&page, "Add one"), "on": "tap", "value": null });
    shell.say(&tap).await;
    shell.hear("ack").await;
    drop(shell);
    // The connection broke before the acknowledgement came; the shell sends again.
    let (mut shell, _) = Shell::hello(&server, &session, "one").await;
    assert_eq!(shell.seq, 1);
    shell.say(&tap).await;
    assert_eq!(shell.hear("ack").await["seq"], 1);
    shell.tap(node(&page, "Add one")).await;
    shell.hear("patch").await;
    let html = body(get(&server, &session, &[]).await).await;
    assert!(html.contains(">2</span>"), "{html}");
}

#[tokio::test]
async fn an_event_out_of_order_waits_for_those_before_it() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    let tap = |seq: u64| json!({ "t": "input", "seq": seq, "node": node(&page, "Add one"), "on": "tap", "value": null });
    shell.say(&tap(2)).await;
    assert_eq!(shell.hear("slow").await["seq"], 2);
    shell.say(&tap(1)).await;
    assert_eq!(shell.hear("ack").await["seq"], 1);
}

#[tokio::test]
async fn ten_thousand_taps_all_count() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    let plus = node(&page, "Add one");
    let mut taken = 0;
    // In volleys larger than the mailbox; what is told to be slow is sent again.
    while taken < 10_000 {
        let volley: Vec<u64> = (taken + 1..=10_000).take(500).collect();
        for seq in &volley {
            let tap = json!({ "t": "input", "seq": seq, "node": plus, "on": "tap", "value": null });
            shell.say(&tap).await;
        }
        for _ in &volley {
            let answer = loop {
                let message = shell.next().await;
                if message["t"] == "ack" || message["t"] == "slow" {
                    break message;
                }
            };
            if answer["t"] == "ack" {
                taken = taken.max(answer["seq"].as_u64().expect("a number"));
            }
        }
    }
    for _ in 0..200 {
        let html = body(get(&server, &session, &[]).await).await;
        if html.contains(">10000</span>") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("taps were lost");
}

#[tokio::test]
async fn malformed_messages_are_answered_and_change_nothing() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    for message in [
        "",
        "{",
        "null",
        "[1,2]",
        "{\"t\":\"input\"}",
        "{\"t\":\"no-such\"}",
        "\u{0}",
        r#"{"t":"input","seq":1,"node":-1,"on":"tap","value":null}"#,
        r#"{"t":"input","seq":1e400,"node":1,"on":"tap","value":null}"#,
    ] {
        shell.raw(message).await;
        shell.hear("error").await;
    }
    shell
        .socket
        .send(Message::binary(vec![0xff; 64]))
        .await
        .expect("sent");
    shell.hear("error").await;
    let deep = "[".repeat(100_000);
    shell.raw(&deep).await;
    shell.hear("error").await;
    shell.tap(node(&page, "Add one")).await;
    shell.hear("patch").await;
}

#[tokio::test]
async fn events_for_foreign_nodes_are_dropped_and_said_in_the_inspector() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    shell.say(&json!({ "t": "inspect", "on": true })).await;
    shell.hear("about").await;
    shell.tap(4_000_000_000).await;
    let dropped = loop {
        let event = shell.hear("event").await;
        if !event["dropped"].is_null() {
            break event;
        }
    };
    assert!(
        dropped["dropped"]
            .as_str()
            .expect("why")
            .contains("4000000000"),
        "{dropped}"
    );
    // A value that the node cannot have.
    shell.seq += 1;
    let (seq, plus) = (shell.seq, node(&page, "Add one"));
    shell.say(&json!({ "t": "input", "seq": seq, "node": plus, "on": "change", "value": { "index": 7 } })).await;
    let event = loop {
        let event = shell.hear("event").await;
        if !event["dropped"].is_null() {
            break event;
        }
    };
    assert!(event["dropped"].is_string(), "{event}");
    shell.tap(plus).await;
    let patch = shell.hear("patch").await;
    assert!(patch["ops"].to_string().contains("\"1\""), "{patch}");
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_connection_and_nothing_else() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, _) = Shell::hello(&server, &session, "one").await;
    // The server may close before it has read everything.
    let _ = shell.socket.send(Message::text("x".repeat(1 << 20))).await;
    let mut rest = Vec::new();
    while let Some(Ok(message)) = shell.socket.next().await {
        rest.push(message);
    }
    assert!(
        !rest
            .iter()
            .any(|message| message.to_string().contains("\"ack\"")),
        "{rest:?}"
    );
    let (_, page) = Shell::hello(&server, &session, "two").await;
    assert_eq!(page["t"], "page");
}

#[tokio::test]
async fn other_origins_cannot_connect() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let own = format!("http://{}", server.address);
    assert!(connect(&server, &session, Some(&own)).await.is_ok());
    for origin in [
        None,
        Some("http://evil.example"),
        Some("null"),
        Some("http://127.0.0.1:1"),
        Some("https://127.0.0.1"),
    ] {
        let refused = connect(&server, &session, origin).await;
        let Err(tungstenite::Error::Http(response)) = refused else {
            panic!("{origin:?} was let in");
        };
        assert_eq!(response.status(), 403, "{origin:?}");
    }
}

#[tokio::test]
async fn a_rebound_name_is_refused() {
    let server = Server::of(&[COUNTER]).await;
    for host in [
        "evil.example",
        "evil.example:7700",
        "127.0.0.1.evil.example",
    ] {
        let response = get(&server, "/", &[("host", host)]).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{host}");
    }
    let launched_by_an_image = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "no-cors"),
        ("sec-fetch-dest", "image"),
    ];
    let response = get(&server, "/a/counter", &launched_by_an_image).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(server.runtime.sessions(), 0);
}

#[tokio::test]
async fn a_forged_token_is_nothing() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let mut forged = session.clone();
    let last = forged.pop().expect("a token");
    forged.push(if last == '0' { '1' } else { '0' });
    for token in [
        forged.as_str(),
        "/s/",
        "/s/x",
        "/s/..%2f..",
        "/s/00000000000000000000000000000000",
    ] {
        for what in ["", "/app.css", "/f/common/icon.svg", "/shot.png"] {
            let response = get(&server, &format!("{token}{what}"), &[]).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{token}{what}");
        }
        assert!(
            connect(&server, token, Some(&server.url("")))
                .await
                .is_err(),
            "{token}"
        );
    }
}

#[tokio::test]
async fn only_images_of_the_package_are_served() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let icon = get(&server, &format!("{session}/f/common/icon.svg"), &[]).await;
    assert_eq!(icon.status(), StatusCode::OK);
    assert_eq!(icon.headers()["content-type"], "image/svg+xml");
    assert!(
        icon.headers()["content-security-policy"]
            .to_str()
            .expect("text")
            .contains("sandbox")
    );
    for path in [
        "app.wasm",
        "manifest.json",
        "app.css",
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "/etc/passwd",
        "common/../manifest.json",
        "common%2f..%2fapp.wasm",
        "common/icon.svg%00",
        "COMMON/ICON.SVG",
    ] {
        let response = get(&server, &format!("{session}/f/{path}"), &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn two_people_do_not_see_each_other() {
    let server = Server::of(&[COUNTER]).await;
    let (first, ada) = launched(&server, None).await;
    let (second, budi) = launched(&server, None).await;
    assert_ne!(ada, budi);
    assert_ne!(first, second);
    let (mut of_ada, page) = Shell::hello(&server, &first, "a").await;
    of_ada.tap(node(&page, "Add one")).await;
    of_ada.hear("patch").await;
    let (_, page) = Shell::hello(&server, &second, "b").await;
    assert!(
        page["html"].as_str().expect("html").contains(">0</span>"),
        "{page}"
    );
    let (third, again) = launched(&server, Some(&ada)).await;
    assert_eq!(ada, again);
    assert_ne!(first, third);
    // A name that the server never gave is not taken over.
    let (_, given) = launched(&server, Some("lapak_person=root")).await;
    assert_ne!(given, "lapak_person=root");
}

#[tokio::test]
async fn an_app_that_traps_ends_only_its_own_session_and_can_start_again() {
    let server = Server::of(&[COUNTER, "host/tests/guests/hostile"]).await;
    let (counter, _) = launched(&server, None).await;
    let path = "/a/hostile?page=pages/main%3Fdo=panic%26at=interaction";
    let response = get(&server, path, &[]).await;
    let hostile = response.headers()["location"]
        .to_str()
        .expect("text")
        .to_owned();
    let (mut shell, page) = Shell::hello(&server, &hostile, "a").await;
    let html = page["html"].as_str().expect("html");
    let button = html
        .split("<button")
        .nth(1)
        .and_then(|rest| rest.split("data-n=\"").nth(1))
        .expect("a button");
    shell
        .tap(
            button
                .split('"')
                .next()
                .expect("a number")
                .parse()
                .expect("a number"),
        )
        .await;
    let ended = shell.hear("ended").await;
    assert!(
        ended["text"]
            .as_str()
            .expect("text")
            .contains("panicked at"),
        "{ended}"
    );
    assert!(
        !ended["stack"].as_array().expect("a stack").is_empty(),
        "{ended}"
    );
    let (mut other, page) = Shell::hello(&server, &counter, "b").await;
    other.tap(node(&page, "Add one")).await;
    other.hear("patch").await;
    shell.say(&json!({ "t": "restart" })).await;
    assert_eq!(shell.hear("page").await["t"], "page");
}

#[tokio::test]
async fn a_newer_app_takes_the_olders_place_under_the_same_token() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "a").await;
    shell.tap(node(&page, "Add one")).await;
    shell.hear("patch").await;
    server.preview.building("counter");
    shell.hear("building").await;
    server
        .preview
        .build_failed("counter", "error: expected `;`");
    assert_eq!(
        shell.hear("build-failed").await["message"],
        "error: expected `;`"
    );
    let package = tokio::task::spawn_blocking(|| support::built(COUNTER))
        .await
        .expect("built");
    server
        .preview
        .show(
            "counter",
            server.runtime.load(package).await.expect("loaded"),
        )
        .await;
    let page = shell.hear("page").await;
    assert!(
        page["html"].as_str().expect("html").contains(">0</span>"),
        "{page}"
    );
}

#[tokio::test]
async fn the_inspector_gets_lines_events_and_storage() {
    let server = Server::of(&["examples/warung"]).await;
    let response = get(&server, "/a/warung?lang=en", &[]).await;
    let session = response.headers()["location"]
        .to_str()
        .expect("text")
        .to_owned();
    let (mut shell, page) = Shell::hello(&server, &session, "a").await;
    shell.say(&json!({ "t": "inspect", "on": true })).await;
    let about = shell.hear("about").await;
    assert!(
        about["rows"].to_string().contains("dev.lapak.warung"),
        "{about}"
    );
    let event = shell.hear("event").await;
    assert!(event["cpu_us"].as_f64().expect("a number") > 0.0, "{event}");
    shell.tap(node(&page, "Add Nasi goreng")).await;
    shell.hear("patch").await;
    // The basket is written after the view: ask until it is there.
    for _ in 0..100 {
        shell.say(&json!({ "t": "storage" })).await;
        let storage = shell.hear("storage").await;
        if storage["entries"].to_string().contains("nasi-goreng") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the basket was not stored");
}

#[tokio::test]
async fn a_session_as_a_picture() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let png = get(&server, &format!("{session}/shot.png?scale=2&frame=1"), &[]).await;
    assert_eq!(png.status(), StatusCode::OK);
    assert_eq!(png.headers()["content-type"], "image/png");
    for too_large in ["width=100000", "height=4294967295&scale=4", "width=0"] {
        let refused = get(&server, &format!("{session}/shot.png?{too_large}"), &[]).await;
        assert_eq!(
            refused.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{too_large}"
        );
    }
}
