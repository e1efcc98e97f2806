//! One connection, from its greeting to its end.

mod events;

use std::future::Future as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use lapak_host::session::Hears;
use lapak_host::{EndReport, Screen, Update, Updates};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, Sleep, sleep};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::errands::{Done, Errand, Errands};
use super::line::Line;
use super::{Aside, Asides, Gone, MAX_MESSAGE_BYTES, NextAside};
use crate::html::wire::PatchMessage;
use crate::server::messages::{self, FromShell, Which};
use crate::server::pages::{ended_message, page_message, title};
use crate::server::sessions::{Live, OpenSession, Watched};
use crate::server::shelf::Build;
use crate::server::{Preview, inspect, sheets};

/// The longest name of a browser page.
const MAX_CLIENT_BYTES: usize = 64;
/// How often it is looked whether the other side is still there.
const BEAT: Duration = Duration::from_secs(5);
/// How long the other side may be silent, answers to pings included. Shells ask more often than that themselves.
const SILENCE: Duration = Duration::from_secs(15);
/// Most things done before what was said is written.
const MOST_AT_ONCE: usize = 64;

/// One connection.
pub(super) struct Talk {
    preview: Preview,
    open: Arc<OpenSession>,
    line: Line,
    live: Live,
    /// Where the package's files are for this page.
    base: String,
    /// Changes of the screen, from the greeting on.
    updates: Option<Updates>,
    aside: NextAside,
    errands: Errands,
    /// The name that the browser page gave itself; before that nothing is taken or said.
    client: Option<String>,
    title: Option<String>,
    /// The inspector is open.
    inspecting: Option<Box<Inspecting>>,
    /// The person has agreed here to another app's being opened.
    opens: bool,
    /// What of the audit the inspector shows.
    audit_of: Which,
    alarm: Pin<Box<Sleep>>,
    next_beat: Instant,
    last_heard: Instant,
    watched: Watched,
    /// The person has sent too much: nothing is read until then.
    rest: Pin<Box<Sleep>>,
}

/// An inspector reads the session's journal.
struct Inspecting {
    /// The entry that it has not read.
    next: u64,
    news: Pin<Box<OwnedNotified>>,
}

/// What a connection has to do.
enum Next {
    Heard(Option<Result<Message, Error>>),
    Update(Result<Update, RecvError>),
    Aside(Aside),
    Done(Done),
    Lines,
    Alarm,
    /// Nothing at the moment, and there is something to write.
    Rest,
}

impl Talk {
    pub(super) fn new(
        preview: Preview,
        open: Arc<OpenSession>,
        watched: Watched,
        line: Line,
    ) -> Self {
        let asides = Asides {
            suspended: preview.inner.suspended.subscribe(),
            changes: open.changes(),
            build: open.stall.build(),
        };
        let now = Instant::now();
        Self {
            line,
            live: open.live(),
            base: open.asset_base(),
            updates: None,
            aside: asides.next(),
            errands: Errands::new(),
            client: None,
            title: None,
            inspecting: None,
            opens: false,
            audit_of: Which::default(),
            alarm: Box::pin(sleep(BEAT)),
            next_beat: now + BEAT,
            last_heard: now,
            watched,
            rest: Box::pin(sleep(Duration::ZERO)),
            preview,
            open,
        }
    }

    pub(super) async fn run(mut self) -> Result<(), Gone> {
        let mut done = 0;
        loop {
            let next = poll_fn(|cx| match self.poll(cx) {
                Poll::Pending if self.line.is_due() => Poll::Ready(Next::Rest),
                polled => polled,
            });
            let next = next.await;
            let rests = matches!(next, Next::Rest);
            self.act(next).await?;
            done += 1;
            if rests || done >= MOST_AT_ONCE {
                done = 0;
                self.line.flush().await?;
            }
        }
    }

    /// What the person does comes before what the app did.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        if self.may_read(cx)
            && let Poll::Ready(message) = self.line.poll_heard(cx)
        {
            return Poll::Ready(Next::Heard(message));
        }
        if let Some(updates) = &mut self.updates
            && let Poll::Ready(update) = updates.poll_recv(cx)
        {
            return Poll::Ready(Next::Update(update));
        }
        if let Poll::Ready((aside, asides)) = self.aside.as_mut().poll(cx) {
            self.aside = asides.next();
            return Poll::Ready(Next::Aside(aside));
        }
        if let Poll::Ready(done) = self.errands.poll_done(cx) {
            return Poll::Ready(Next::Done(done));
        }
        if let Some(inspecting) = &mut self.inspecting
            && inspecting.news.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Next::Lines);
        }
        self.alarm.as_mut().poll(cx).map(|()| Next::Alarm)
    }

    async fn act(&mut self, next: Next) -> Result<(), Gone> {
        match next {
            Next::Heard(message) => self.heard(message).await,
            Next::Update(update) => self.update(update).await,
            Next::Aside(Aside::Suspended) => Err(Gone),
            Next::Aside(Aside::Changed) => self.resync().await,
            Next::Aside(Aside::Built) if self.client.is_some() => self.tell_build().await,
            Next::Aside(Aside::Built) | Next::Rest => Ok(()),
            Next::Done(done) => self.done(done).await,
            Next::Lines => self.tell_lines().await,
            Next::Alarm => self.alarm().await,
        }
    }

    async fn heard(&mut self, message: Option<Result<Message, Error>>) -> Result<(), Gone> {
        self.last_heard = Instant::now();
        // Looked at here too: whoever sends one ping after another lets no alarm come.
        if self.line.is_overdue(self.last_heard) {
            return Err(Gone);
        }
        match message {
            Some(Ok(Message::Text(text))) => match messages::read(&text) {
                Ok(message) => {
                    self.spend(message.counts_as(text.len()));
                    self.take(message, text.len()).await
                }
                Err(error) => {
                    self.spend(messages::DEAR + messages::more_for(text.len()));
                    self.misread(&text, &error).await
                }
            },
            Some(Ok(Message::Binary(bytes))) => {
                self.spend(messages::DEAR + messages::more_for(bytes.len()));
                self.not_understood("messages are text").await
            }
            Some(Ok(Message::Ping(_))) => {
                self.spend(1);
                // The answer is in the buffer.
                self.line.flush().await
            }
            Some(Ok(Message::Pong(_) | Message::Frame(_))) => {
                self.spend(1);
                Ok(())
            }
            Some(Err(Error::Capacity(_))) => {
                self.line.end_for_size().await;
                Err(Gone)
            }
            Some(Ok(Message::Close(_))) => {
                // The answer is in the buffer.
                self.line.flush().await?;
                Err(Gone)
            }
            None | Some(Err(_)) => Err(Gone),
        }
    }

    /// Takes a message of so many bytes.
    async fn take(&mut self, message: FromShell, bytes: usize) -> Result<(), Gone> {
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
            FromShell::Ping {} => self.say(&json!({ "t": "pong" })).await,
            FromShell::Inspect { on } => self.inspect(on).await,
            FromShell::Trust { of } => {
                self.audit_of = of;
                self.run_errand(FromShell::Trust {
                    of: Which::default(),
                })
                .await
            }
            FromShell::SheetAgree { .. } => {
                // Before it is taken: that the app is to be opened may be told sooner than that it was.
                self.opens = true;
                self.run_errand(message).await
            }
            FromShell::Restart {}
            | FromShell::Storage {}
            | FromShell::SheetPay { .. }
            | FromShell::SheetConsent { .. }
            | FromShell::SheetCancel { .. }
            | FromShell::Grant { .. }
            | FromShell::TakeBack { .. }
            | FromShell::Uninstall {}
            | FromShell::Device { .. } => self.run_errand(message).await,
            event => self.take_event(event, bytes).await,
        }
    }

    async fn hello(&mut self, client: String, v: u64, page: u32, app: &str) -> Result<(), Gone> {
        if client.is_empty() || client.len() > MAX_CLIENT_BYTES {
            return self.not_understood("client has 1 to 64 characters").await;
        }
        let Some(seq) = self.open.last_taken(&client) else {
            return self.say(&json!({ "t": "forgotten" })).await;
        };
        self.client = Some(client);
        self.say(&json!({ "t": "welcome", "seq": seq, "most": MAX_MESSAGE_BYTES }))
            .await?;
        self.tell_build().await?;
        let screen = self.watch();
        self.title.clone_from(&screen.title);
        let same = screen.version == v && screen.page.0 == page && self.open.run() == app;
        let current = same && !self.open.is_unsure;
        if !current && screen.version > 0 {
            self.paint(&screen).await?;
        }
        if self.live.session.busy_for().is_some() {
            self.say(&json!({ "t": "busy", "on": true })).await?;
        }
        self.tell_sheets().await?;
        self.tell_end(&screen).await
    }

    /// The screen, and every change of it from now on.
    fn watch(&mut self) -> Screen {
        let (screen, updates) = self.live.session.watch_for(Hears::Screen);
        self.updates = Some(updates);
        screen
    }

    /// Shows the screen as it is, and goes on from there.
    async fn resync(&mut self) -> Result<(), Gone> {
        self.live = self.open.live();
        if self.client.is_none() {
            return Ok(());
        }
        let screen = self.watch();
        if self.inspecting.is_some() {
            let about = inspect::about(&self.live.shown);
            self.say(&about).await?;
        }
        if screen.version > 0 {
            self.paint(&screen).await?;
        }
        if self.live.session.busy_for().is_some() {
            self.say(&json!({ "t": "busy", "on": true })).await?;
        }
        self.tell_sheets().await?;
        self.tell_end(&screen).await
    }

    async fn update(&mut self, update: Result<Update, RecvError>) -> Result<(), Gone> {
        match update {
            Ok(Update::Patch(patch)) => {
                let new_title = (patch.title != self.title).then(|| {
                    self.title.clone_from(&patch.title);
                    title(&self.live, &self.open, patch.title.as_deref())
                });
                let text = self.live.shown.with_html(&self.base, |cx| {
                    PatchMessage::new(&patch, new_title.as_deref(), cx).to_text()
                });
                self.line.say(text).await
            }
            Ok(Update::Page(screen)) => self.paint(&screen).await,
            Ok(Update::Ended(report)) => self.end(&report).await,
            Ok(Update::Sheet(_)) => self.tell_sheets().await,
            Ok(Update::SheetOver(sheet, outcome)) => {
                self.say(&sheets::over(sheet, &outcome)).await?;
                self.tell_sheets().await
            }
            Ok(Update::OpenApp(uri)) => self.open_app(&uri).await,
            Ok(Update::Busy(on)) => self.say(&json!({ "t": "busy", "on": on })).await,
            // The journal has them.
            Ok(Update::Log(_) | Update::Handled(_)) => Ok(()),
            Err(RecvError::Lagged(_)) => self.resync().await,
            Err(RecvError::Closed) => Err(Gone),
        }
    }

    async fn run_errand(&mut self, message: FromShell) -> Result<(), Gone> {
        let errand = Errand {
            message,
            preview: self.preview.clone(),
            open: self.open.clone(),
            session: self.live.session.clone(),
            audit_of: self.audit_of.clone(),
        };
        match self.errands.run(errand) {
            Ok(()) => Ok(()),
            Err(_) => self.not_understood("too many at once; ask again").await,
        }
    }

    async fn done(&mut self, done: Done) -> Result<(), Gone> {
        match done {
            Done::Say(messages) => {
                for message in messages {
                    self.say(&message).await?;
                }
                Ok(())
            }
            Done::Answered => Ok(()),
            Done::Refused(refusal) => {
                self.say(&refusal).await?;
                self.tell_sheets().await
            }
            Done::NotAgreed(refusal) => {
                self.opens = false;
                self.say(&refusal).await?;
                self.tell_sheets().await
            }
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
        self.say(&message).await
    }

    async fn paint(&mut self, screen: &Screen) -> Result<(), Gone> {
        self.title.clone_from(&screen.title);
        let message = page_message(&self.live, &self.open, screen);
        self.say(&message).await
    }

    /// The sheets that are open: a page that was away, or loaded again, shows the first again.
    async fn tell_sheets(&mut self) -> Result<(), Gone> {
        let message = sheets::open(&self.live.session, &self.open.start.lang);
        self.say(&message).await
    }

    async fn tell_end(&mut self, screen: &Screen) -> Result<(), Gone> {
        match &screen.ended {
            Some(report) => self.end(report).await,
            None => Ok(()),
        }
    }

    async fn end(&mut self, report: &EndReport) -> Result<(), Gone> {
        let is_recorded = self.preview.inner.options.inspector && self.live.session.is_recorded();
        self.say(&ended_message(report, is_recorded)).await
    }

    async fn tell_build(&mut self) -> Result<(), Gone> {
        let build = self.open.stall.build().borrow().clone();
        let message = match build {
            Build::Current => json!({ "t": "built" }),
            Build::Running => json!({ "t": "building" }),
            Build::Failed(message) => json!({ "t": "build-failed", "message": message }),
        };
        self.say(&message).await
    }

    async fn inspect(&mut self, on: bool) -> Result<(), Gone> {
        if !on {
            self.inspecting = None;
            return Ok(());
        }
        let about = inspect::about(&self.live.shown);
        self.say(&about).await?;
        self.inspecting = Some(Box::new(Inspecting {
            next: 0,
            news: Box::pin(self.open.journal.news()),
        }));
        self.tell_lines().await
    }

    /// Lines and events that the inspector has not shown.
    async fn tell_lines(&mut self) -> Result<(), Gone> {
        let Some(inspecting) = &mut self.inspecting else {
            return Ok(());
        };
        // Before they are read: what comes meanwhile is told the next time.
        inspecting.news.set(self.open.journal.news());
        let (lines, next) = self.open.journal.since(inspecting.next);
        inspecting.next = next;
        for line in lines {
            self.say(&line).await?;
        }
        Ok(())
    }

    /// Lets the alarm come when what waits is to be written.
    fn set_alarm(&mut self) {
        let until = self.line.waits_until().unwrap_or(self.next_beat);
        if until < self.alarm.deadline() || self.alarm.is_elapsed() {
            self.alarm.as_mut().reset(until.min(self.next_beat));
        }
    }

    async fn alarm(&mut self) -> Result<(), Gone> {
        let now = Instant::now();
        if self.line.waits_until().is_some_and(|until| until <= now) {
            self.line.flush().await?;
        }
        if now >= self.next_beat {
            self.next_beat = now + BEAT;
            if self.line.is_overdue(now) {
                return Err(Gone);
            }
            let silent = now.duration_since(self.last_heard);
            if silent > SILENCE {
                return Err(Gone);
            }
            if silent >= BEAT {
                self.line.ping().await?;
            }
        }
        let until = self.line.waits_until().unwrap_or(self.next_beat);
        self.alarm.as_mut().reset(until.min(self.next_beat));
        Ok(())
    }

    async fn not_understood(&mut self, why: &str) -> Result<(), Gone> {
        self.say(&json!({ "t": "error", "message": why })).await
    }

    async fn say(&mut self, message: &Value) -> Result<(), Gone> {
        self.line.say(message.to_string()).await
    }
}
