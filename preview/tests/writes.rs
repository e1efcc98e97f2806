//! What a tap costs on the wire: one write for the acknowledgement and for what the tap led to.

mod support;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use futures_util::{SinkExt as _, StreamExt as _};
use lapak_preview::{Preview, PreviewOptions, SocketLimits};
use serde_json::{Value, json};
use support::Server;
use support::shell::node;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tower::ServiceExt as _;

/// The server's side of a connection, which counts how often it is written to.
struct Counting {
    stream: DuplexStream,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Counting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        // First: whoever reads what is written has it counted. There is always room, so that every try is a write.
        self.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

type Socket = WebSocketStream<DuplexStream>;

async fn say(socket: &mut Socket, message: &Value) {
    let sent = socket.send(Message::text(message.to_string())).await;
    sent.expect("sent");
}

async fn hear(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let message = socket.next().await.expect("open").expect("a message");
        if let Message::Text(text) = message {
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if message["t"] == kind {
                return message;
            }
        }
    }
}

/// A page of the counter, connected to a server that waits so long for what an event leads to.
async fn connected(server: &Server, moment: Duration) -> (Socket, Arc<AtomicUsize>, u64) {
    let options = PreviewOptions {
        sockets: SocketLimits {
            moment,
            ..SocketLimits::default()
        },
        ..PreviewOptions::default()
    };
    let preview = Preview::new(server.runtime.clone(), options);
    let package = tokio::task::spawn_blocking(|| support::built("examples/counter"));
    let app = server.runtime.load(package.await.expect("built")).await;
    preview.show("counter", app.expect("loaded")).await;
    let request = Request::get("/a/counter").header("host", "localhost");
    let request = request.body(Body::empty()).expect("a request");
    let launched = preview.router().oneshot(request).await.expect("an answer");
    let session = launched.headers()["location"]
        .to_str()
        .expect("text")
        .to_owned();
    // The page waits for the app's first view, which comes in the greeting then.
    let request = Request::get(&session).header("host", "localhost");
    let request = request.body(Body::empty()).expect("a request");
    let page = preview.router().oneshot(request).await;
    assert_eq!(page.expect("an answer").status(), 200);
    let (theirs, stream) = tokio::io::duplex(1 << 20);
    let writes = Arc::<AtomicUsize>::default();
    let counting = Counting {
        stream,
        writes: writes.clone(),
    };
    let from = "127.0.0.1:1".parse().expect("an address");
    tokio::spawn(async move { preview.answer(counting, from).await });
    let url = format!("ws://localhost{session}/ws");
    let mut request = url.into_client_request().expect("a request");
    let origin = "http://localhost".parse().expect("a header");
    request.headers_mut().insert("origin", origin);
    let connected = tokio_tungstenite::client_async(request, theirs).await;
    let (mut socket, _) = connected.expect("connected");
    say(
        &mut socket,
        &json!({ "t": "hello", "client": "one", "v": 0, "page": 0, "app": "" }),
    )
    .await;
    let page = hear(&mut socket, "page").await;
    hear(&mut socket, "sheets").await;
    (socket, writes, node(&page, "Add one"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_is_answered_with_one_write() {
    let server = Server::of(&[]).await;
    let long = Duration::from_secs(3_600);
    let (mut socket, writes, plus) = connected(&server, long).await;
    let before = writes.load(Ordering::Relaxed);
    let taps = 50;
    for seq in 1..=taps {
        say(
            &mut socket,
            &json!({ "t": "input", "seq": seq, "node": plus, "on": "tap", "value": null }),
        )
        .await;
        assert_eq!(hear(&mut socket, "ack").await["seq"], seq);
        hear(&mut socket, "patch").await;
    }
    assert_eq!(writes.load(Ordering::Relaxed) - before, taps);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_does_not_wait_for_an_event_that_leads_to_nothing() {
    let server = Server::of(&[]).await;
    let moment = Duration::from_millis(1);
    let (mut socket, _, _) = connected(&server, moment).await;
    // There is no such node: nothing follows.
    say(
        &mut socket,
        &json!({ "t": "input", "seq": 1, "node": 4_000_000, "on": "tap", "value": null }),
    )
    .await;
    assert_eq!(hear(&mut socket, "ack").await["seq"], 1);
}
