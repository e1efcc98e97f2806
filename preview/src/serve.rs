//! Answers HTTP requests, whoever sends them and however slowly.
//!
//! hyper reads and writes; this bounds what it does not: how many connections there are, how long each may take for a request's
//! head, for its body, and to take what is written to it. When there is no room, whoever has waited longest without asking
//! anything makes room for whoever comes: half a request keeps nobody out.

mod descriptors;
mod places;
mod stream;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tower::Service as _;

pub use descriptors::raise_descriptor_limit;
pub(crate) use places::network;
use places::{Place, Places};
use stream::Placed;

/// How much of a server everybody may have, and how long it waits for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Most connections. Where the process may open fewer files than that, fewer.
    pub connections: usize,
    /// Most of them from one address; from one network of 2^64 addresses with IPv6.
    pub of_an_address: usize,
    /// How long the next request's head may take. A connection on which nothing is asked is closed then.
    pub head: Duration,
    /// How long a request may take, from its head on.
    pub request: Duration,
    /// How long the other side may take nothing of what is written to it.
    pub unread: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            of_an_address: 8_192,
            head: Duration::from_secs(10),
            request: Duration::from_secs(60),
            unread: Duration::from_secs(20),
        }
    }
}

/// How much of a request's head is held, in bytes: heads are a few KiB. It bounds what is read ahead, not bodies. Without it
/// every connection could hold 400 KiB of a head that does not end.
const HEAD_BYTES: usize = 64 * 1024;

/// How long the next connection is waited for after one could not be taken.
const PAUSE: Duration = Duration::from_millis(20);

/// Answers requests with `router` until the process ends.
///
/// # Errors
/// When the listener has no address any more.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
) -> std::io::Result<()> {
    let places = Places::new(ConnectionLimits {
        connections: limits.connections.min(descriptors::room()),
        ..limits
    });
    listener.local_addr()?;
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                // What is written is whole: nothing is gained by waiting for more.
                let _ = stream.set_nodelay(true);
                if let Some(place) = places.take(from.ip()) {
                    tokio::spawn(answer(stream, from, place, router.clone(), limits));
                }
            }
            Err(error) => {
                // No descriptor is left, or the connection was gone already.
                tracing::debug!(%error, "a connection was not taken");
                places.make_room();
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Answers the requests of a connection that is the only one.
pub(crate) async fn answer_one(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    from: SocketAddr,
    router: Router,
    limits: ConnectionLimits,
) {
    if let Some(place) = Places::new(limits).take(from.ip()) {
        answer(stream, from, place, router, limits).await;
    }
}

/// Answers the requests of one connection.
async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    from: SocketAddr,
    place: Arc<Place>,
    router: Router,
    limits: ConnectionLimits,
) {
    let stream = Placed::new(stream, place.clone(), limits.unread);
    let service = service_fn(|request| {
        let (router, place) = (router.clone(), place.clone());
        respond(router, request, from, place, limits.request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        // A broken connection is no fault.
        _ = connection => {}
        () = place.given_up() => {}
    }
    // What goes on as a WebSocket makes room for nobody: it has heartbeats.
    place.busy();
}

async fn respond(
    mut router: Router,
    mut request: hyper::Request<Incoming>,
    from: SocketAddr,
    place: Arc<Place>,
    most: Duration,
) -> Result<Response<Body>, Infallible> {
    place.busy();
    request.extensions_mut().insert(ConnectInfo(from));
    request.extensions_mut().insert(place.clone());
    let answered = tokio::time::timeout(most, router.call(request)).await;
    place.idle();
    answered.unwrap_or_else(|_| {
        let why = "This request took too long.\n";
        Ok((StatusCode::REQUEST_TIMEOUT, why).into_response())
    })
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    const LARGE: usize = 32 << 20;

    async fn served(limits: ConnectionLimits) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/large", get(|| async { vec![b'x'; LARGE] }))
            .route("/slow", get(|body: String| async move { body }));
        tokio::spawn(serve(listener, router, limits));
        address
    }

    async fn says(address: SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(text.as_bytes()).await.expect("written");
        stream
    }

    async fn answer_of(mut stream: TcpStream) -> String {
        let mut answer = String::new();
        // A connection that is given up may also be reset.
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }

    #[tokio::test]
    async fn half_requests_keep_nobody_out() {
        let limits = ConnectionLimits {
            connections: 8,
            head: Duration::from_secs(3_600),
            ..ConnectionLimits::default()
        };
        let address = served(limits).await;
        let mut half = Vec::new();
        for _ in 0..40 {
            half.push(says(address, "GET / HTTP/1.1\r\nHost: a\r\n").await);
            let whole = says(
                address,
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            )
            .await;
            assert!(answer_of(whole).await.ends_with("here"));
        }
        // The oldest had to go; the latest still may ask.
        assert_eq!(answer_of(half.remove(0)).await, "");
        let mut latest = half.pop().expect("one");
        let rest = "Connection: close\r\n\r\n";
        latest.write_all(rest.as_bytes()).await.expect("written");
        assert!(answer_of(latest).await.ends_with("here"));
    }

    #[tokio::test]
    async fn a_head_that_does_not_end_and_silence_after_an_answer_end_the_connection() {
        let limits = ConnectionLimits {
            head: Duration::from_millis(50),
            ..ConnectionLimits::default()
        };
        let address = served(limits).await;
        let half = says(address, "GET / HTTP/1.1\r\nHost: a\r\n").await;
        assert!(!answer_of(half).await.contains("200"));
        // Kept alive, and then nothing asked.
        let idle = says(address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(answer_of(idle).await.ends_with("here"));
    }

    #[tokio::test]
    async fn a_head_that_is_too_large_ends_the_connection_before_its_time_is_over() {
        let limits = ConnectionLimits {
            head: Duration::from_secs(3_600),
            ..ConnectionLimits::default()
        };
        let address = served(limits).await;
        let mut half = says(address, "GET / HTTP/1.1\r\nHost: a\r\nX: ").await;
        // The server may have closed before all is written.
        let _ = half.write_all(&vec![b'x'; 2 * HEAD_BYTES]).await;
        let answer = answer_of(half).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
            "{answer}"
        );
    }

    #[tokio::test]
    async fn a_body_may_be_larger_than_a_head() {
        let address = served(ConnectionLimits::default()).await;
        let body = "x".repeat(8 * HEAD_BYTES);
        let asks = format!(
            "GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = answer_of(says(address, &asks).await).await;
        assert!(answer.starts_with("HTTP/1.1 200"));
        assert!(answer.ends_with(&body));
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let limits = ConnectionLimits {
            request: Duration::from_millis(50),
            ..ConnectionLimits::default()
        };
        let address = served(limits).await;
        let asks = "GET /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx";
        let answer = answer_of(says(address, asks).await).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    }

    #[tokio::test]
    async fn whoever_takes_nothing_is_let_go() {
        let limits = ConnectionLimits {
            connections: 1,
            unread: Duration::from_millis(50),
            ..ConnectionLimits::default()
        };
        let address = served(limits).await;
        let asks = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
        let unread = says(address, asks).await;
        // The only place is free again when the server has given up writing.
        loop {
            let whole = says(
                address,
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            )
            .await;
            if answer_of(whole).await.ends_with("here") {
                break;
            }
        }
        assert!(answer_of(unread).await.len() < LARGE);
    }
}
