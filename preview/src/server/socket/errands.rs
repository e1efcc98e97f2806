//! What takes a while: the disk, a PIN, an app that is closed. Done beside the connection, one errand after the other, so that
//! events go in and patches come out meanwhile.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lapak_host::sheet::SheetId;
use lapak_host::{Runtime, Session};
use serde_json::{Value, json};
use tokio::task::{JoinHandle, spawn_blocking};

use super::super::messages::{FromShell, Which};
use super::super::sessions::OpenSession;
use super::super::{Preview, device, inspect, sheets, trust};

/// Most errands that wait for one connection.
const MOST: usize = 16;

/// The errands of one connection.
pub(super) struct Errands {
    under_way: Option<JoinHandle<Done>>,
    waiting: VecDeque<Errand>,
}

/// What is to be done, and for whom.
pub(super) struct Errand {
    pub(super) message: FromShell,
    pub(super) preview: Preview,
    pub(super) open: Arc<OpenSession>,
    pub(super) session: Session,
    /// What of the audit the inspector shows.
    pub(super) audit_of: Which,
}

/// What came of an errand.
pub(super) enum Done {
    /// To be said.
    Say(Vec<Value>),
    /// An answer to a sheet was taken. What comes of it, the session tells.
    Answered,
    /// An answer to a sheet was not taken.
    Refused(Value),
    /// That another app be opened was not taken: no longer open, or another window's.
    NotAgreed(Value),
}

/// Too many errands wait.
pub(super) struct TooMany;

impl Errands {
    pub(super) fn new() -> Self {
        Self {
            under_way: None,
            waiting: VecDeque::new(),
        }
    }

    pub(super) fn run(&mut self, errand: Errand) -> Result<(), TooMany> {
        if self.under_way.is_none() {
            self.under_way = Some(tokio::spawn(errand.run()));
            return Ok(());
        }
        if self.waiting.len() >= MOST {
            return Err(TooMany);
        }
        self.waiting.push_back(errand);
        Ok(())
    }

    pub(super) fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<Done> {
        let Some(errand) = &mut self.under_way else {
            return Poll::Pending;
        };
        let Poll::Ready(done) = Pin::new(errand).poll(cx) else {
            return Poll::Pending;
        };
        let next = self.waiting.pop_front();
        self.under_way = next.map(|errand| tokio::spawn(errand.run()));
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        Poll::Ready(done.unwrap_or_else(|error| Done::Say(vec![failed(&error)])))
    }
}

impl Errand {
    async fn run(self) -> Done {
        let session = self.session.clone();
        match self.message {
            FromShell::Restart {} => self.restart().await,
            FromShell::Storage {} => {
                let runtime = &self.preview.inner.runtime;
                Done::Say(vec![inspect::storage(runtime, &session).await])
            }
            FromShell::SheetPay { sheet, pin, fresh } => {
                answered(sheets::pay(&session, SheetId(sheet), pin, fresh).await)
            }
            FromShell::SheetConsent { sheet, answer } => {
                answered(sheets::consent(&session, SheetId(sheet), answer).await)
            }
            FromShell::SheetAgree { sheet } => {
                match sheets::agree(&session, SheetId(sheet)).await {
                    Ok(()) => Done::Answered,
                    Err(refusal) => Done::NotAgreed(refusal),
                }
            }
            FromShell::SheetCancel { sheet } => {
                answered(sheets::cancel(&session, SheetId(sheet)).await)
            }
            FromShell::Grant { capability, on } => {
                let set = move |runtime: &Runtime, session: &Session| {
                    trust::set_grant(runtime, session, &capability, on);
                };
                trust(&self.preview, &session, self.audit_of, set).await
            }
            FromShell::TakeBack {
                capability,
                subject,
            } => {
                let take = move |runtime: &Runtime, session: &Session| {
                    trust::take_back(runtime, session, &capability, &subject);
                };
                trust(&self.preview, &session, self.audit_of, take).await
            }
            FromShell::Uninstall {} => self.uninstall().await,
            FromShell::Device { line } => {
                let preview = self.preview;
                let set = move || {
                    let devices = preview.inner.options.devices.as_ref();
                    device::set(devices, &session, line.as_deref())
                };
                let told = spawn_blocking(set).await;
                Done::Say(vec![told.unwrap_or_else(|error| failed(&error))])
            }
            _ => trust(&self.preview, &session, self.audit_of, |_, _| {}).await,
        }
    }

    async fn restart(self) -> Done {
        let Some(shown) = self.open.stall.shown() else {
            return Done::Say(Vec::new());
        };
        let pages = self.open.start.pages.clone();
        let runtime = &self.preview.inner.runtime;
        match self.open.relaunch(runtime, shown, pages).await {
            // Every page that shows the session hears of the new one, this one too.
            Ok(()) => Done::Say(Vec::new()),
            Err(error) => Done::Say(vec![failed(&error)]),
        }
    }

    /// The person does not want the app any more.
    async fn uninstall(self) -> Done {
        let mut told = Vec::new();
        if let Err(error) = self.preview.uninstall(&self.open).await {
            tracing::error!(%error, "an app is not uninstalled as a whole");
            let message = "Something that the app kept is still there. Try again.";
            told.push(json!({ "t": "error", "message": message }));
        }
        let overview = trust(&self.preview, &self.session, self.audit_of, |_, _| {}).await;
        if let Done::Say(overview) = overview {
            told.extend(overview);
        }
        Done::Say(told)
    }
}

/// Changes something about what the app may use, and tells how it is then.
async fn trust(
    preview: &Preview,
    session: &Session,
    of: Which,
    change: impl FnOnce(&Runtime, &Session) + Send + 'static,
) -> Done {
    let (runtime, session) = (preview.inner.runtime.clone(), session.clone());
    let told = spawn_blocking(move || {
        change(&runtime, &session);
        trust::overview(&runtime, &session, &of)
    });
    Done::Say(vec![told.await.unwrap_or_else(|error| failed(&error))])
}

fn answered(answered: Result<(), Value>) -> Done {
    match answered {
        Ok(()) => Done::Answered,
        Err(refusal) => Done::Refused(refusal),
    }
}

fn failed(error: &impl std::fmt::Display) -> Value {
    json!({ "t": "error", "message": error.to_string() })
}
