//! The WebSocket of a session's page: events in, patches out.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use lapak_host::sheet::SheetId;
use lapak_host::{EndReport, Runtime, Screen, SendError, Session, Update};
use serde_json::{Value, json};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::messages::{FromShell, Which};
use super::pages::{ended_message, page_message};
use super::resume::Absent;
use super::sessions::{Live, OpenSession, Taken, Watched};
use super::shelf::Build;
use super::{Preview, device, guard, inspect, sheets, trust};
use crate::html::wire::patch_json;

/// The largest message taken.
const MAX_MESSAGE_BYTES: usize = 256 * 1024;
/// The longest name of a browser page.
const MAX_CLIENT_BYTES: usize = 64;
/// How often the other side is asked whether it is still there.
const PING: Duration = Duration::from_secs(20);
/// How long the other side may be silent, pongs included.
const SILENCE: Duration = Duration::from_secs(60);

/// Opens the socket, for the session's own page only.
pub(super) async fn open(
    State(preview): State<Preview>,
    Path(token): Path<String>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if let Some(why) = guard::origin_fault(&headers) {
        return (StatusCode::FORBIDDEN, why).into_response();
    }
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
    upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .on_upgrade(move |socket| async move {
            let mut talk = Talk::new(preview, open, socket);
            // A broken connection is no fault: the shell connects again and resumes.
            let _ = talk.run().await;
        })
}

/// One connection.
struct Talk {
    preview: Preview,
    open: Arc<OpenSession>,
    socket: WebSocket,
    live: Live,
    updates: broadcast::Receiver<Update>,
    changes: watch::Receiver<u64>,
    build: watch::Receiver<Build>,
    suspended: watch::Receiver<bool>,
    /// The name that the browser page gave itself; before that nothing is taken or sent.
    client: Option<String>,
    title: Option<String>,
    inspecting: Option<broadcast::Receiver<Arc<Value>>>,
    /// The person has agreed here to another app's being opened.
    opens: bool,
    /// What of the audit the inspector shows.
    audit_of: Which,
    pings: Interval,
    last_heard: Instant,
    _watched: Watched,
}

/// The connection is over.
struct Gone;

impl Talk {
    fn new(preview: Preview, open: Arc<OpenSession>, socket: WebSocket) -> Self {
        let mut pings = interval(PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let live = open.live();
        let (_, updates) = live.session.watch();
        Self {
            changes: open.changes(),
            build: open.stall.build(),
            suspended: preview.inner.suspended.subscribe(),
            client: None,
            title: None,
            inspecting: None,
            opens: false,
            audit_of: Which::default(),
            pings,
            last_heard: Instant::now(),
            _watched: open.watched(),
            preview,
            open,
            socket,
            live,
            updates,
        }
    }

    async fn run(&mut self) -> Result<(), Gone> {
        loop {
            let greeted = self.client.is_some();
            tokio::select! {
                biased;
                _ = self.suspended.changed() => return Err(Gone),
                // What the person does comes before what the app did.
                message = self.socket.recv() => self.heard(message).await?,
                _ = self.changes.changed() => self.resync().await?,
                _ = self.build.changed(), if greeted => self.tell_build().await?,
                update = self.updates.recv(), if greeted => self.update(update).await?,
                line = next_line(&mut self.inspecting), if greeted => self.send(&line).await?,
                _ = self.pings.tick() => self.ping().await?,
            }
        }
    }

    async fn heard(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), Gone> {
        self.last_heard = Instant::now();
        match message {
            None | Some(Err(_)) | Some(Ok(Message::Close(_))) => Err(Gone),
            Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
                Ok(message) => self.take(message).await,
                Err(error) => self.not_understood(&error.to_string()).await,
            },
            Some(Ok(Message::Binary(_))) => self.not_understood("messages are text").await,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
        }
    }

    async fn take(&mut self, message: FromShell) -> Result<(), Gone> {
        if message.is_a_developers() && !self.preview.inner.options.inspector {
            let why =
                "this server lets nobody look into apps: whoever starts it can, with --inspect";
            return self.not_understood(why).await;
        }
        match message {
            FromShell::Hello {
                client,
                v,
                page,
                app,
            } => self.hello(client, v, page, &app).await,
            FromShell::Restart {} => self.restart().await,
            FromShell::Inspect { on } => self.inspect(on).await,
            FromShell::Storage {} => {
                let message =
                    inspect::storage(&self.preview.inner.runtime, &self.live.session).await;
                self.send(&message).await
            }
            FromShell::SheetPay { sheet, pin, fresh } => {
                let session = self.live.session.clone();
                let answered = sheets::pay(&session, SheetId(sheet), pin, fresh).await;
                self.answered(answered).await
            }
            FromShell::SheetConsent { sheet, answer } => {
                let session = self.live.session.clone();
                let answered = sheets::consent(&session, SheetId(sheet), answer).await;
                self.answered(answered).await
            }
            FromShell::SheetAgree { sheet } => {
                let session = self.live.session.clone();
                let answered = sheets::agree(&session, SheetId(sheet)).await;
                // Only an answer that was taken here: another window's is not this one's.
                self.opens = answered.is_ok();
                self.answered(answered).await
            }
            FromShell::SheetCancel { sheet } => {
                let session = self.live.session.clone();
                let answered = sheets::cancel(&session, SheetId(sheet)).await;
                self.answered(answered).await
            }
            FromShell::Trust { of } => {
                self.audit_of = of;
                self.trust(|_, _| {}).await
            }
            FromShell::Grant { capability, on } => {
                self.trust(move |runtime, session| {
                    trust::set_grant(runtime, session, &capability, on);
                })
                .await
            }
            FromShell::TakeBack {
                capability,
                subject,
            } => {
                self.trust(move |runtime, session| {
                    trust::take_back(runtime, session, &capability, &subject);
                })
                .await
            }
            FromShell::Uninstall {} => self.uninstall().await,
            FromShell::Device { line } => self.device(line).await,
            event => match (self.client.clone(), event.event()) {
                (Some(client), Some((seq, event))) => {
                    let session = &self.live.session;
                    let taken = self.open.take(&client, seq, || -> Result<(), SendError> {
                        session.send(event)
                    });
                    let answer = match taken {
                        Taken::Yes => "ack",
                        Taken::Later => "slow",
                    };
                    self.send(&json!({ "t": answer, "seq": seq })).await
                }
                _ => self.not_understood("say hello first").await,
            },
        }
    }

    async fn hello(&mut self, client: String, v: u64, page: u32, app: &str) -> Result<(), Gone> {
        if client.is_empty() || client.len() > MAX_CLIENT_BYTES {
            return self.not_understood("client has 1 to 64 characters").await;
        }
        let seq = self.open.last_taken(&client);
        self.client = Some(client);
        self.send(&json!({ "t": "welcome", "seq": seq })).await?;
        self.tell_build().await?;
        let (screen, updates) = self.live.session.watch();
        self.updates = updates;
        self.title.clone_from(&screen.title);
        let same = screen.version == v && screen.page.0 == page && self.open.run() == app;
        let current = same && !self.open.is_unsure;
        if !current && screen.version > 0 {
            self.paint(&screen).await?;
        }
        self.tell_sheets().await?;
        self.tell_end(&screen).await
    }

    /// Shows the screen as it is, and goes on from there.
    async fn resync(&mut self) -> Result<(), Gone> {
        self.live = self.open.live();
        let (screen, updates) = self.live.session.watch();
        self.updates = updates;
        if self.client.is_none() {
            return Ok(());
        }
        if self.inspecting.is_some() {
            self.send(&inspect::about(&self.live.shown)).await?;
        }
        if screen.version > 0 {
            self.paint(&screen).await?;
        }
        self.tell_sheets().await?;
        self.tell_end(&screen).await
    }

    /// The sheets that are open: a page that was away, or loaded again, shows the first again.
    async fn tell_sheets(&mut self) -> Result<(), Gone> {
        let message = sheets::open(&self.live.session, &self.open.start.lang);
        self.send(&message).await
    }

    /// Tells why an answer was not taken. What comes of one that was, the session tells.
    async fn answered(&mut self, answered: Result<(), Value>) -> Result<(), Gone> {
        if let Err(refusal) = answered {
            self.send(&refusal).await?;
            self.tell_sheets().await?;
        }
        Ok(())
    }

    /// Changes something about what the app may use, and tells how it is then. Off this thread: it waits for the disk.
    async fn trust(
        &mut self,
        change: impl FnOnce(&Runtime, &Session) + Send + 'static,
    ) -> Result<(), Gone> {
        let (runtime, session) = (
            self.preview.inner.runtime.clone(),
            self.live.session.clone(),
        );
        let of = self.audit_of.clone();
        let told = tokio::task::spawn_blocking(move || {
            change(&runtime, &session);
            trust::overview(&runtime, &session, &of)
        });
        match told.await {
            Ok(message) => self.send(&message).await,
            Err(error) => self.not_understood(&error.to_string()).await,
        }
    }

    /// Sets the person's device. Off this thread: what follows from it may take a moment.
    async fn device(&mut self, line: Option<String>) -> Result<(), Gone> {
        let (preview, session) = (self.preview.clone(), self.live.session.clone());
        let told = tokio::task::spawn_blocking(move || {
            let devices = preview.inner.options.devices.as_ref();
            device::set(devices, &session, line.as_deref())
        });
        match told.await {
            Ok(message) => self.send(&message).await,
            Err(error) => self.not_understood(&error.to_string()).await,
        }
    }

    /// The person does not want the app any more.
    async fn uninstall(&mut self) -> Result<(), Gone> {
        if let Err(error) = self.preview.uninstall(&self.open).await {
            tracing::error!(%error, "an app is not uninstalled as a whole");
            let message = "Something that the app kept is still there. Try again.";
            self.send(&json!({ "t": "error", "message": message }))
                .await?;
        }
        self.trust(|_, _| {}).await
    }

    async fn update(&mut self, update: Result<Update, RecvError>) -> Result<(), Gone> {
        match update {
            Ok(Update::Patch(patch)) => {
                let base = self.open.asset_base();
                let message = self
                    .live
                    .shown
                    .with_html(&base, |cx| patch_json(&patch.ops, cx));
                let mut message = json!({ "t": "patch", "v": patch.version, "ops": message });
                if patch.title != self.title {
                    self.title.clone_from(&patch.title);
                    message["title"] = json!(super::pages::title(
                        &self.live,
                        &self.open,
                        patch.title.as_deref()
                    ));
                }
                self.send(&message).await
            }
            Ok(Update::Page(screen)) => self.paint(&screen).await,
            Ok(Update::Ended(report)) => self.end(&report).await,
            Ok(Update::Sheet(_)) => self.tell_sheets().await,
            Ok(Update::SheetOver(sheet, outcome)) => {
                self.send(&sheets::over(sheet, &outcome)).await?;
                self.tell_sheets().await
            }
            Ok(Update::OpenApp(uri)) => self.open_app(&uri).await,
            // The journal has them.
            Ok(Update::Log(_) | Update::Handled(_)) => Ok(()),
            Err(RecvError::Lagged(_)) => self.resync().await,
            Err(RecvError::Closed) => Err(Gone),
        }
    }

    /// Another app comes to the front, in the browser in which the person has agreed to it.
    async fn open_app(&mut self, uri: &str) -> Result<(), Gone> {
        if !std::mem::take(&mut self.opens) {
            return Ok(());
        }
        let message = match self.preview.open_app(&self.open, uri) {
            Some(opened) => {
                let href = format!("{}/s/{}", self.preview.base(), opened.token);
                json!({ "t": "open", "href": href })
            }
            None => {
                json!({ "t": "error", "message": "The other app cannot be opened at the moment." })
            }
        };
        self.send(&message).await
    }

    async fn paint(&mut self, screen: &Screen) -> Result<(), Gone> {
        self.title.clone_from(&screen.title);
        let message = page_message(&self.live, &self.open, screen);
        self.send(&message).await
    }

    async fn tell_end(&mut self, screen: &Screen) -> Result<(), Gone> {
        match &screen.ended {
            Some(report) => self.end(report).await,
            None => Ok(()),
        }
    }

    async fn end(&mut self, report: &EndReport) -> Result<(), Gone> {
        let is_recorded = self.preview.inner.options.inspector && self.live.session.is_recorded();
        self.send(&ended_message(report, is_recorded)).await
    }

    async fn tell_build(&mut self) -> Result<(), Gone> {
        let build = self.build.borrow_and_update().clone();
        let message = match build {
            Build::Current => json!({ "t": "built" }),
            Build::Running => json!({ "t": "building" }),
            Build::Failed(message) => json!({ "t": "build-failed", "message": message }),
        };
        self.send(&message).await
    }

    async fn restart(&mut self) -> Result<(), Gone> {
        let Some(shown) = self.open.stall.shown() else {
            return Ok(());
        };
        let pages = self.open.start.pages.clone();
        match self
            .open
            .relaunch(&self.preview.inner.runtime, shown, pages)
            .await
        {
            // `changes` tells every page that shows the session, this one too.
            Ok(()) => Ok(()),
            Err(error) => {
                self.send(&json!({ "t": "error", "message": error.to_string() }))
                    .await
            }
        }
    }

    async fn inspect(&mut self, on: bool) -> Result<(), Gone> {
        if !on {
            self.inspecting = None;
            return Ok(());
        }
        self.send(&inspect::about(&self.live.shown)).await?;
        let (kept, live) = self.open.journal.read();
        self.inspecting = Some(live);
        for message in kept {
            self.send(&message).await?;
        }
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), Gone> {
        if self.last_heard.elapsed() > SILENCE {
            return Err(Gone);
        }
        let ping = Message::Ping(Vec::new().into());
        self.socket.send(ping).await.map_err(|_| Gone)
    }

    async fn not_understood(&mut self, why: &str) -> Result<(), Gone> {
        self.send(&json!({ "t": "error", "message": why })).await
    }

    async fn send(&mut self, message: &Value) -> Result<(), Gone> {
        let text = Message::Text(message.to_string().into());
        self.socket.send(text).await.map_err(|_| Gone)
    }
}

/// The next line for the inspector; never, when it is closed.
async fn next_line(lines: &mut Option<broadcast::Receiver<Arc<Value>>>) -> Arc<Value> {
    loop {
        let Some(open) = lines else {
            std::future::pending::<()>().await;
            continue;
        };
        match open.recv().await {
            Ok(line) => return line,
            // An inspector that cannot keep up misses lines; the journal says how to see them: open it again.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => *lines = None,
        }
    }
}
