//! The preview server: apps on a shelf, sessions behind tokens, a page and a WebSocket for each.
//!
//! `PROTOCOL.md` describes the addresses and messages.

mod clients;
mod device;
mod files;
mod guard;
mod inspect;
mod journal;
mod kept;
mod load;
mod messages;
mod metrics;
mod open_apps;
mod packed;
mod pages;
mod people;
mod prefers;
mod quotas;
mod rates;
mod reach;
mod resume;
mod sessions;
mod sheets;
mod shelf;
mod sign;
mod socket;
mod trust;
mod unbuilt;
mod uninstall;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::routing::{get, post};
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{App, ResumeError, Runtime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::serve::{self, ConnectionLimits};

pub use kept::{KeptError, KeptSessions};
pub use open_apps::ShownApps;
pub use people::PeopleKey;
pub use quotas::SessionQuotas;
pub use rates::MessageRates;
use sessions::Sessions;
pub use sessions::SocketLimits;
use shelf::{Shelf, ShownApp};
use sign::Signs;

/// How a server is set up.
#[derive(Clone, Debug, Default)]
pub struct PreviewOptions {
    /// Names that requests may address, besides `localhost` and plain IP addresses: `preview.example.com`,
    /// without port. See `PROTOCOL.md` for what this protects from.
    pub hosts: Vec<String>,
    /// Remembers open sessions over a restart, if the runtime keeps them on disk
    /// ([`RuntimeConfig::snapshots`](lapak_host::RuntimeConfig::snapshots)); `None` forgets them with the process.
    pub kept: Option<KeptSessions>,
    /// The simulated devices behind the runtime's capabilities, for people to set; `None` where there are none.
    pub devices: Option<SimulatedDevices>,
    /// What stands behind the runtime's `open-app`, if it is the apps shown here.
    pub apps: Option<ShownApps>,
    /// Authenticates people's cookies. The default is of this process alone: nobody is known any more after it.
    pub people: PeopleKey,
    /// How many sessions may be open at a time.
    pub quotas: SessionQuotas,
    /// Whether whoever looks at a session is a developer, who may look into the app and its storage, set the person's device,
    /// and download what went into the session. Without it pages have what belongs to the person: what the app may use, and
    /// what came of it.
    pub inspector: bool,
    /// Whether `/metrics` and `/_lapak/load` are told to whoever asks.
    pub metrics: bool,
    /// Whether a proxy stands in front of the server, and nobody reaches the server but by it. What it says in
    /// `X-Forwarded-For` and `X-Forwarded-Proto` is believed then; otherwise anybody could write that.
    pub behind_proxy: bool,
    /// The prefix below which browsers reach the server: `/preview`. Empty if there is none.
    pub base_path: String,
    /// How many pages may look at sessions.
    pub sockets: SocketLimits,
    /// How many connections there are, and how long each may take.
    pub connections: ConnectionLimits,
}

/// A preview server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Preview {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    runtime: Runtime,
    options: PreviewOptions,
    shelf: Shelf,
    sessions: Sessions,
    /// The prefix in the form in which it is used.
    base: String,
    signs: Signs,
    /// Set when the sessions have been written down for another process.
    suspended: watch::Sender<bool>,
    /// Pictures are painted one at a time: they are short, and a core is left for events.
    painting: tokio::sync::Semaphore,
}

impl Preview {
    /// A server without apps.
    #[must_use]
    pub fn new(runtime: Runtime, options: PreviewOptions) -> Self {
        let kept = options.kept.clone();
        match kept.as_ref().map(KeptSessions::prune).transpose() {
            Ok(forgotten) => forgotten
                .into_iter()
                .flatten()
                .for_each(|session| runtime.forget(session)),
            Err(error) => tracing::error!(%error, "old sessions are still remembered"),
        }
        let inner = Inner {
            runtime,
            base: reach::base_of(&options.base_path),
            signs: Signs::new(options.people.clone(), kept.clone()),
            shelf: Shelf::default(),
            sessions: Sessions::new(kept, options.quotas, options.sockets),
            options,
            suspended: watch::Sender::new(false),
            painting: tokio::sync::Semaphore::new(1),
        };
        let inner = Arc::new(inner);
        if let Some(apps) = &inner.options.apps {
            apps.are_of(&inner);
        }
        Self { inner }
    }

    /// Shows an app under a name (`/a/<name>`), or shows a newer one in the place of an older: its sessions
    /// are launched again at the pages where they were.
    pub async fn show(&self, name: &str, app: Arc<App>) {
        let stall = self.inner.shelf.stall(name);
        let shown = Arc::new(ShownApp::new(app));
        let replaced = stall.put(shown.clone());
        if replaced {
            self.inner
                .sessions
                .reload(&self.inner.runtime, &stall, &shown)
                .await;
        }
    }

    /// The app's sources changed and are being built.
    pub fn building(&self, name: &str) {
        self.inner.shelf.stall(name).building();
    }

    /// The app's sources do not build. Browsers that show the app show why.
    pub fn build_failed(&self, name: &str, message: impl Into<String>) {
        self.inner.shelf.stall(name).build_failed(message.into());
    }

    /// Before a session of this person's begins, or goes on.
    fn begin_device(&self, person: &str) {
        if let Some(devices) = &self.inner.options.devices {
            devices.begin(person);
        }
    }

    /// Writes every session down for the next process, waiting for those in the middle of an event, `patience` at most.
    /// Call it last: from now on nothing is taken. Tells how many sessions could not be written; their apps are launched again.
    ///
    /// # Errors
    /// [`ResumeError`] when the runtime keeps no sessions, or cannot write; they go on then.
    pub async fn suspend(&self, patience: Duration) -> Result<usize, ResumeError> {
        let left = self.inner.runtime.suspend(patience).await?;
        // Of sessions that are older on disk than on the screen, the screen counts for nothing.
        if left == 0 {
            let preview = self.clone();
            let kept = tokio::task::spawn_blocking(move || preview.inner.sessions.keep_all()).await;
            kept.map_err(|error| ResumeError::Damaged(error.to_string()))?;
        }
        // Open pages come back when there is a server again.
        self.inner.suspended.send_replace(true);
        Ok(left)
    }

    /// What the host calls the person whose browser sends this `Cookie` header; `None` if this server did not issue it.
    #[must_use]
    pub fn person_of(&self, cookies: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(cookies).ok()?);
        let visitor = self.visitor(&headers);
        visitor.issued.is_none().then_some(visitor.person)
    }

    /// What was wrong with the app's style sheets, a sentence each.
    #[must_use]
    pub fn style_notes(&self, name: &str) -> Vec<String> {
        let shown = self.inner.shelf.find(name).and_then(|stall| stall.shown());
        shown
            .map(|shown| shown.style.notes.clone())
            .unwrap_or_default()
    }

    /// The server as a service, for whoever has a server already.
    pub fn router(&self) -> Router {
        let service = self.service();
        match self.base() {
            "" => service,
            base => Router::new()
                .route(guard::HEALTH, get(reach::health))
                .with_state(self.clone())
                .nest_service(base, service),
        }
    }

    /// Without the prefix. Whatever is asked for by HEAD changes nothing: no session is launched or taken up by it.
    fn service(&self) -> Router {
        let known = pages::is_known;
        Router::new()
            .route("/", get(pages::home))
            .route("/sign", post(sign::another))
            .route("/a/{app}", get(pages::launch).head(pages::can_launch))
            .route("/s/{token}", get(pages::session).head(known))
            .route("/s/{token}/ws", get(socket::open))
            .route("/s/{token}/reach", post(reach::reachable))
            .route("/s/{token}/app.css", get(files::style).head(known))
            .route(
                "/s/{token}/f/{*path}",
                get(files::package_file).head(pages::is_known_file),
            )
            .route("/s/{token}/shot.png", get(files::shot).head(known))
            .route("/s/{token}/recording", get(files::recording).head(known))
            .route("/a/{app}/icon", get(files::app_icon))
            .route(guard::HEALTH, get(reach::health))
            .route(guard::METRICS, get(metrics::metrics))
            .route("/_lapak/load", get(load::page))
            .route("/_lapak/load.json", get(load::reading))
            .route("/_lapak/{file}", get(files::asset))
            .fallback(pages::nothing_here)
            .layer(axum::middleware::from_fn_with_state(
                self.clone(),
                guard::guard,
            ))
            .with_state(self.clone())
    }

    /// Answers requests until the process ends.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(&self, listener: TcpListener) -> std::io::Result<()> {
        let limits = self.inner.options.connections;
        serve::serve(listener, self.router(), limits).await
    }

    /// Answers the requests of one connection, for whoever has a listener of another kind.
    pub async fn answer(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        from: SocketAddr,
    ) {
        let limits = self.inner.options.connections;
        serve::answer_one(stream, from, self.router(), limits).await;
    }
}
