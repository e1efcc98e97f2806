//! A session: one person's live use of one app. The handle that shells hold, and what they see.

mod actor;
mod shell_event;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lapak_abi::pages::{Page, PageId};
use tokio::sync::{broadcast, watch};

use crate::app::App;
use crate::capability::console::{ConsoleLine, ConsoleSink};
use crate::capability::storage::Owner;
use crate::grants::Grants;
use crate::mailbox::{Mailbox, SendError};
use crate::report::EndReport;
use crate::view::{Op, Tree};

pub(crate) use actor::{Actor, Launching};
pub use shell_event::ShellEvent;

/// How many updates a watcher may fall behind before it has to take the whole screen again.
const WATCHER_BACKLOG: usize = 512;

/// What launches a session: who, where and how it looks.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The person, as the platform names them. Their data is kept under this name.
    pub person: String,
    /// URLs of the pages to open, lowest first (`pages/dish?id=3`); empty for the manifest's first page. An
    /// unknown page is left out, as W3C Addressing has it.
    pub pages: Vec<String>,
    /// BCP 47.
    pub lang: String,
    /// The colours that the shell shows.
    pub color_scheme: ColorScheme,
    /// The app that opened this one.
    pub referrer: Option<Referrer>,
}

pub use crate::bindings::lapak::app::events::{ColorScheme, Referrer};

impl Launch {
    /// `person` opens the app at its first page, in English, in light colours.
    pub fn new(person: impl Into<String>) -> Self {
        Self {
            person: person.into(),
            pages: Vec::new(),
            lang: "en".into(),
            color_scheme: ColorScheme::Light,
            referrer: None,
        }
    }
}

/// What a shell shows of a session at one moment.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Screen {
    /// Grows with every change of what is shown. 0: nothing was shown yet.
    pub version: u64,
    /// The page on top of the stack.
    pub page: PageId,
    /// Its route; empty before the first page is open.
    pub route: String,
    /// Text of the navigation bar, as the app set it; else the shell shows the manifest's.
    pub title: Option<String>,
    /// Pages on the stack; with more than 1 there is a way back.
    pub depth: usize,
    /// URLs of the stack, lowest first, fit for [`Launch::pages`].
    pub stack: Vec<String>,
    /// The page's view.
    #[serde(skip)]
    pub tree: Tree,
    /// Set once the session has ended.
    pub ended: Option<EndReport>,
}

/// One change, as watchers get it.
#[derive(Clone, Debug)]
pub enum Update {
    /// The page on show changed in parts.
    Patch(Arc<Patch>),
    /// Another page is on show: paint it whole.
    Page(Arc<Screen>),
    /// The app wrote a line.
    Log(Arc<ConsoleLine>),
    /// An event was handled.
    Handled(Arc<EventRecord>),
    /// The session ended.
    Ended(Arc<EndReport>),
}

/// The difference between a screen and the one before.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    /// The version that the screen has afterwards; one more than before.
    pub version: u64,
    /// In order.
    pub ops: Vec<Op>,
    /// Text of the navigation bar afterwards.
    pub title: Option<String>,
}

/// What one event cost.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct EventRecord {
    /// By its WIT name, with what it was about: `interaction tap button#12`.
    pub event: String,
    /// CPU time of the guest and of the host functions it called, in nanoseconds.
    pub cpu_ns: u64,
    /// Time from the shell's event (or the request's end) to now, in nanoseconds.
    pub wall_ns: u64,
    /// Operations in the patch; 0 when nothing changed.
    pub ops: usize,
    /// The screen's version afterwards.
    pub version: u64,
    /// Why the event never reached the app, if it did not.
    pub dropped: Option<String>,
}

/// A live session. Cheap to clone; the session goes on until it is closed or the runtime ends.
#[derive(Clone)]
pub struct Session {
    pub(crate) shared: Arc<Shared>,
}

/// What the session's actor and its handles share.
pub(crate) struct Shared {
    pub(crate) app: Arc<App>,
    pub(crate) owner: Owner,
    pub(crate) grants: Arc<Grants>,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) background: Arc<AtomicBool>,
    screen: Mutex<Screen>,
    updates: broadcast::Sender<Update>,
    progress: watch::Sender<Progress>,
}

/// How far a session is, for those who wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) painted: bool,
    /// Nothing waits and no request is in flight.
    pub(crate) settled: bool,
    pub(crate) ended: bool,
}

impl Session {
    pub(crate) fn new(app: Arc<App>, owner: Owner, grants: Grants, mailbox: Mailbox) -> Self {
        let screen = Screen {
            version: 0,
            page: PageId(0),
            route: String::new(),
            title: None,
            depth: 0,
            stack: Vec::new(),
            tree: Tree::default(),
            ended: None,
        };
        Self {
            shared: Arc::new(Shared {
                app,
                owner,
                grants: Arc::new(grants),
                mailbox: Arc::new(mailbox),
                background: Arc::new(AtomicBool::new(false)),
                screen: Mutex::new(screen),
                updates: broadcast::Sender::new(WATCHER_BACKLOG),
                progress: watch::Sender::new(Progress::default()),
            }),
        }
    }

    /// The app it is a use of.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.shared.app
    }

    /// Whose data it works on.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.shared.owner
    }

    /// What the session may use; change it at any time.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.shared.grants
    }

    /// Sends an event. `Ok` means that it waits in the mailbox and will be handled unless the session ends.
    ///
    /// # Errors
    /// [`SendError`] when the mailbox is full or the session has ended; the event was not taken then.
    pub fn send(&self, event: ShellEvent) -> Result<(), SendError> {
        self.shared
            .progress
            .send_if_modified(|progress| std::mem::take(&mut progress.settled));
        match event {
            ShellEvent::Hide => self.shared.background.store(true, Ordering::Relaxed),
            ShellEvent::Show => self.shared.background.store(false, Ordering::Relaxed),
            _ => {}
        }
        self.shared.mailbox.post(event)
    }

    /// The screen as it is.
    #[must_use]
    pub fn screen(&self) -> Screen {
        self.shared.screen().clone()
    }

    /// The screen as it is, and every change after it. A watcher that falls too far behind gets
    /// `RecvError::Lagged` and takes the screen again.
    #[must_use]
    pub fn watch(&self) -> (Screen, broadcast::Receiver<Update>) {
        let screen = self.shared.screen();
        let updates = self.shared.updates.subscribe();
        (screen.clone(), updates)
    }

    /// Waits until the app has shown something, or has ended.
    pub async fn painted(&self) {
        self.wait(|progress| progress.painted || progress.ended)
            .await;
    }

    /// Waits until no event waits and no request is in flight, or the session has ended.
    pub async fn settled(&self) {
        self.wait(|progress| progress.settled || progress.ended)
            .await;
    }

    /// Waits until the session has ended.
    pub async fn ended(&self) -> EndReport {
        self.wait(|progress| progress.ended).await;
        self.screen().ended.unwrap_or(EndReport {
            cause: crate::report::EndCause::Closed,
            event: String::new(),
            stack: Vec::new(),
        })
    }

    async fn wait(&self, reached: impl FnMut(&Progress) -> bool) {
        let mut progress = self.shared.progress.subscribe();
        // The sender lives in `shared`, which `self` holds: this cannot fail.
        let _ = progress.wait_for(reached).await;
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("owner", &self.shared.owner)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Updates are sent under this lock, so that a new watcher misses none and gets none twice.
    pub(crate) fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell(&self, update: Update) {
        // Nobody watching is no fault.
        let _ = self.updates.send(update);
    }

    pub(crate) fn progress(&self, change: impl FnOnce(&mut Progress)) {
        self.progress.send_modify(change);
    }
}

impl ConsoleSink for Shared {
    fn write(&self, line: ConsoleLine) {
        let _screen = self.screen();
        self.tell(Update::Log(Arc::new(line)));
    }
}

/// URL of an opened page.
pub(crate) fn page_url(page: &Page) -> String {
    if page.query.is_empty() {
        page.route.to_string()
    } else {
        format!("{}?{}", page.route, page.query)
    }
}

/// Whole nanoseconds; enough for five hundred years.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
