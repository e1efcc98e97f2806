//! The preview server as `lapak preview` runs it, and beside it a bare echo on the same stack.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use lapak_host::Runtime;
use lapak_preview::{
    ConnectionLimits, MessageRates, Preview, PreviewOptions, SessionQuotas, SocketLimits, serve,
};
use tokio::net::TcpListener;
use tokio::runtime::Runtime as Tokio;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::live;
use crate::process::settle;
use crate::wire::{self, Client};

/// A server with one app, on threads of its own; it ends with this.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    runtime: Runtime,
    /// Dropped last: the sessions' tasks are its.
    _tokio: Tokio,
}

impl Served {
    /// Shows this app under the name `app`, its sessions frozen as soon as they are idle if so asked.
    pub(crate) fn start(
        app: &'static str,
        instances: usize,
        freezes: bool,
    ) -> anyhow::Result<Self> {
        let tokio = Tokio::new()?;
        let mut config = live::config(instances);
        if freezes {
            config.freeze_after = Duration::from_millis(1);
        }
        let runtime = {
            let _inside = tokio.enter();
            Runtime::new(config)?
        };
        let preview = tokio.block_on(async {
            let loaded = live::load(&runtime, app).await?;
            // All of them come from one address.
            let options = PreviewOptions {
                quotas: SessionQuotas {
                    of_address: usize::MAX,
                    ..SessionQuotas::default()
                },
                // And may be of one person.
                sockets: SocketLimits {
                    messages: MessageRates::UNBOUNDED,
                    ..SocketLimits::default()
                },
                ..PreviewOptions::default()
            };
            let preview = Preview::new(runtime.clone(), options);
            preview.show("app", loaded).await;
            anyhow::Ok(preview)
        })?;
        let listener = tokio.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let address = listener.local_addr()?;
        tokio.spawn(async move { preview.serve(listener).await });
        Ok(Self {
            address,
            runtime,
            _tokio: tokio,
        })
    }

    /// Waits until every session is only bytes.
    pub(crate) fn rest(&self) {
        for _ in 0..200 {
            let read = self.runtime.metrics();
            let (waiting, running) = (&read.scheduler.waiting, &read.scheduler.running);
            let busy: usize = waiting.iter().chain(running).sum();
            if busy == 0 && read.resident == 0 {
                break;
            }
            settle();
        }
        settle();
    }

    /// Launches a session and connects to it as a browser page does; gives the button of this name.
    pub(crate) fn greeted(&self, button: &str) -> anyhow::Result<(Client, u64)> {
        let session = wire::launch(self.address, "app")?;
        // The page waits for the app's first view.
        wire::get(self.address, &session)?;
        let mut client = Client::open(self.address, &format!("{session}/ws"))?;
        let hello = r#"{"t":"hello","client":"bench","v":0,"page":0,"app":""}"#;
        client.write(&wire::frame(hello))?;
        let page: serde_json::Value = serde_json::from_str(&client.hear(r#"{"app":"#)?)?;
        client.hear(r#"{"sheets":"#)?;
        let html = page["html"].as_str().unwrap_or_default();
        let label = format!("aria-label=\"{button}\"");
        let tag = html.split('<').find(|tag| tag.contains(&label));
        let id = tag.and_then(|tag| {
            tag.split("data-n=\"")
                .nth(1)?
                .split('"')
                .next()?
                .parse()
                .ok()
        });
        Ok((client, id.unwrap_or_default()))
    }
}

/// A tap as a message.
pub(crate) fn tap(seq: u64, node: u64) -> String {
    format!(r#"{{"t":"input","seq":{seq},"node":{node},"on":"tap","value":null}}"#)
}

/// What a bare server of the same parts answers: what it is told.
pub(crate) struct Echo {
    pub(crate) address: SocketAddr,
    _tokio: Tokio,
}

impl Echo {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let tokio = Tokio::new()?;
        let listener = tokio.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/", get(echo));
        tokio.spawn(serve::serve(listener, router, ConnectionLimits::default()));
        Ok(Self {
            address,
            _tokio: tokio,
        })
    }
}

async fn echo(mut request: Request) -> Response {
    let response = create_response_with_body(&request, Body::empty);
    let (Ok(response), Some(upgrade)) = (response, request.extensions_mut().remove::<OnUpgrade>())
    else {
        return Response::default();
    };
    tokio::spawn(async move {
        let Ok(stream) = upgrade.await else {
            return;
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(4 * 1024)
            .write_buffer_size(8 * 1024);
        let stream = TokioIo::new(stream);
        let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
        while let Some(Ok(message)) = socket.next().await {
            if matches!(message, Message::Text(_)) && socket.send(message).await.is_err() {
                return;
            }
        }
    });
    response
}
