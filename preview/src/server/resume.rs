//! Sessions that the server had open before it was started again: taken up when a browser comes back for them.

use std::sync::Arc;

use axum::http::StatusCode;
use lapak_host::{ResumeError, Session};

use super::Preview;
use super::journal::Journal;
use super::kept::Kept;
use super::quotas::Comer;
use super::sessions::{Live, OpenSession};
use super::shelf::{ShownApp, Stall};

/// Why there is no session behind a token.
#[derive(Debug)]
pub(super) enum Absent {
    /// Nobody knows the token.
    Unknown,
    /// Its app is not there yet: ask again.
    Unbuilt(Arc<Stall>),
    /// It cannot be had at the moment: ask again.
    NotNow(String),
}

fn status(is_there: bool) -> StatusCode {
    match is_there {
        true => StatusCode::OK,
        false => StatusCode::NOT_FOUND,
    }
}

impl Preview {
    /// The session behind a token: one that is open, or one that was when the server was stopped.
    pub(super) async fn session(&self, token: &str) -> Result<Arc<OpenSession>, Absent> {
        if *self.inner.suspended.borrow() {
            return Err(Absent::NotNow("The server is being stopped.".into()));
        }
        let sessions = &self.inner.sessions;
        if let Some(open) = sessions.find(token) {
            return Ok(open);
        }
        let Some(kept) = sessions.kept.clone() else {
            return Err(Absent::Unknown);
        };
        // One after the other: two requests of one page must not take it up twice.
        let _resuming = sessions.resuming.lock().await;
        if let Some(open) = sessions.find(token) {
            return Ok(open);
        }
        let (preview, token) = (self.clone(), token.to_owned());
        let resumed = tokio::task::spawn_blocking(move || {
            let found = kept.find(&token).map_err(|error| {
                tracing::error!(%error, "open sessions cannot be read");
                Absent::NotNow("What was open here cannot be read at the moment.".into())
            })?;
            preview.resume(token, found.ok_or(Absent::Unknown)?)
        });
        resumed
            .await
            .unwrap_or_else(|error| Err(Absent::NotNow(error.to_string())))
    }

    /// Whether there is a session behind a token, without taking it up.
    pub(super) async fn knows(&self, token: &str) -> StatusCode {
        if *self.inner.suspended.borrow() {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        let sessions = &self.inner.sessions;
        let Some(kept) = sessions.kept.clone().filter(|_| !sessions.is_open(token)) else {
            return status(sessions.is_open(token));
        };
        let token = token.to_owned();
        let found = tokio::task::spawn_blocking(move || kept.find(&token));
        match found.await {
            Ok(Ok(found)) => status(found.is_some()),
            _ => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Takes up what was kept. Reads from the disk.
    fn resume(&self, token: String, kept: Kept) -> Result<Arc<OpenSession>, Absent> {
        let stall = self.inner.shelf.find(&kept.stall).ok_or(Absent::Unknown)?;
        let shown = stall
            .shown()
            .ok_or_else(|| Absent::Unbuilt(stall.clone()))?;
        let same = shown.app.package().digest() == kept.package;
        let sessions = &self.inner.sessions;
        let room = sessions.make_room(
            &kept.start.person,
            Comer {
                from: None,
                is_known: true,
            },
        );
        room.map_err(|error| Absent::NotNow(error.to_string()))?;
        let taken_up = if same { self.taken_up(&kept)? } else { None };
        let resumed = taken_up.is_some();
        let journal = self.inner.sessions.journal();
        let session = match taken_up {
            Some(session) => {
                session.watch_by(journal.watcher());
                session
            }
            None => self.launched_again(&kept, &shown, &journal)?,
        };
        let kept = Kept {
            // Another session is behind the token: no browser shows its screen.
            run: kept.run + u64::from(!resumed),
            in_order: !resumed || kept.in_order,
            ..kept
        };
        let live = Live { session, shown };
        Ok(sessions.put_back(token, stall, kept, None, (live, journal)))
    }

    /// The session as it was left; `None` when nothing of it can be used.
    fn taken_up(&self, kept: &Kept) -> Result<Option<Session>, Absent> {
        self.begin_device(&kept.start.person);
        match self.inner.runtime.session(kept.session) {
            Ok(session) => Ok(Some(session)),
            // It had ended, or was too young to have been written, or its app cannot be frozen.
            Err(ResumeError::Unknown(_) | ResumeError::NoStore | ResumeError::AppNotLoaded(_)) => {
                Ok(None)
            }
            Err(error @ (ResumeError::Store(_) | ResumeError::TooManySessions(_))) => {
                Err(Absent::NotNow(error.to_string()))
            }
            Err(error) => {
                tracing::warn!(%error, app = %kept.stall, "a session on disk is not usable; its app is launched again");
                Ok(None)
            }
        }
    }

    /// The app launched again: at the pages where it was, if they are known. Also one that would let a newer version take
    /// over: the older version is gone with the last process, and nobody can ask it what to hand over. What it stored is
    /// there, and payments that the person agreed to are made.
    fn launched_again(
        &self,
        kept: &Kept,
        shown: &ShownApp,
        journal: &Arc<Journal>,
    ) -> Result<Session, Absent> {
        let runtime = &self.inner.runtime;
        let stack = runtime
            .screen_of(kept.session)
            .ok()
            .map(|screen| screen.stack);
        let pages = stack
            .filter(|stack| !stack.is_empty())
            .unwrap_or_else(|| kept.start.pages.clone());
        let launch = kept.start.launch(pages);
        let launched = runtime.launch_watched_by(&shown.app, launch, journal.watcher());
        let launched = launched.map_err(|error| Absent::NotNow(error.to_string()))?;
        runtime.forget(kept.session);
        Ok(launched)
    }
}
