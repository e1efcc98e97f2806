//! The WebSocket of a session's page: events in, patches out.

mod errands;
mod line;
mod talk;
mod unfinished;

use std::future::Future;
use std::pin::Pin;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use self::line::Line;
use self::talk::Talk;
use super::resume::Absent;
use super::shelf::Build;
use super::{Preview, guard};

/// The largest message taken, in bytes. The shell is told.
pub(super) const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// The connection is over.
pub(super) struct Gone;

/// Opens the socket, for the session's own page only.
pub(super) async fn open(
    State(preview): State<Preview>,
    Path(token): Path<String>,
    mut request: Request,
) -> Response {
    if let Some(why) = guard::origin_fault(request.headers()) {
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    let response = match create_response_with_body(&request, Body::empty) {
        Ok(response) => response,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    };
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return StatusCode::UPGRADE_REQUIRED.into_response();
    };
    let open = match preview.session(&token).await {
        Ok(open) => open,
        Err(Absent::Unknown) => {
            return (StatusCode::NOT_FOUND, "There is no such session.\n").into_response();
        }
        // The shell tries again.
        Err(Absent::Unbuilt(_) | Absent::NotNow(_)) => {
            return (StatusCode::SERVICE_UNAVAILABLE, "Not yet.\n").into_response();
        }
    };
    let Some(watched) = preview.inner.sessions.watched(&open) else {
        let why = "Too many pages look at this already.\n";
        return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    };
    tokio::spawn(async move {
        // A connection that breaks is no fault: the shell connects again and resumes.
        if let Ok(stream) = upgrade.await {
            let moment = preview.inner.options.sockets.moment;
            let line = Line::new(stream, moment).await;
            let _ = Talk::new(preview, open, watched, line).run().await;
        }
    });
    response
}

/// What happens beside the session, seldom.
enum Aside {
    /// The server is being stopped.
    Suspended,
    /// Something else runs behind the token.
    Changed,
    /// The app is being built, or was, or cannot be.
    Built,
}

struct Asides {
    suspended: watch::Receiver<bool>,
    changes: watch::Receiver<u64>,
    build: watch::Receiver<Build>,
}

/// The next of them. One future for all three, which goes on from event to event: asking anew each time costs more than an event.
type NextAside = Pin<Box<dyn Future<Output = (Aside, Asides)> + Send>>;

impl Asides {
    fn next(mut self) -> NextAside {
        Box::pin(async move {
            let aside = tokio::select! {
                biased;
                _ = self.suspended.changed() => Aside::Suspended,
                _ = self.changes.changed() => Aside::Changed,
                _ = self.build.changed() => Aside::Built,
            };
            (aside, self)
        })
    }
}
