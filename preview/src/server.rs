//! The preview server: apps on a shelf, sessions behind tokens, a page and a WebSocket for each.
//!
//! `PROTOCOL.md` describes the addresses and messages.

mod files;
mod guard;
mod inspect;
mod messages;
mod pages;
mod sessions;
mod shelf;
mod socket;
mod unbuilt;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use lapak_host::{App, Runtime};
use tokio::net::TcpListener;

use sessions::Sessions;
use shelf::{Shelf, ShownApp};

/// How a server is set up.
#[derive(Clone, Debug, Default)]
pub struct PreviewOptions {
    /// Names that requests may address, besides `localhost` and plain IP addresses: `preview.example.com`,
    /// without port. See `PROTOCOL.md` for what this protects from.
    pub hosts: Vec<String>,
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
    /// Pictures are painted one at a time: they are short, and a core is left for events.
    painting: tokio::sync::Semaphore,
}

impl Preview {
    /// A server without apps.
    #[must_use]
    pub fn new(runtime: Runtime, options: PreviewOptions) -> Self {
        let inner = Inner {
            runtime,
            options,
            shelf: Shelf::default(),
            sessions: Sessions::default(),
            painting: tokio::sync::Semaphore::new(1),
        };
        Self {
            inner: Arc::new(inner),
        }
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
        Router::new()
            .route("/", get(pages::home))
            .route("/a/{app}", get(pages::launch))
            .route("/s/{token}", get(pages::session))
            .route("/s/{token}/ws", get(socket::open))
            .route("/s/{token}/app.css", get(files::style))
            .route("/s/{token}/f/{*path}", get(files::package_file))
            .route("/s/{token}/shot.png", get(files::shot))
            .route("/a/{app}/icon", get(files::app_icon))
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
        axum::serve(listener, self.router()).await
    }
}
