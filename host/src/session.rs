//! A session: one person's live use of one app. The handle that shells hold, and what they see.

mod actor;
mod backlog;
mod busy;
mod names;
mod resume;
mod secrets;
mod shared;
mod shell_event;
mod show;
mod slow_turns;
mod state;
mod turn;
mod watch;

use std::sync::{Arc, Weak};
use std::time::Duration;

use lapak_abi::pages::{Page, PageId};

use crate::app::App;
use crate::asking::now_ms;
use crate::capability::console::ConsoleLine;
use crate::capability::storage::Owner;
use crate::grants::Grants;
use crate::grants::consent::Consent;
use crate::mailbox::SendError;
use crate::recording::Recording;
use crate::report::EndReport;
use crate::sheet::{Sheet, SheetAnswer, SheetError, SheetId, SheetOutcome, SheetStage};
use crate::view::{Op, Tree};

pub use crate::session_id::SessionId;
pub(crate) use actor::Actor;
pub use backlog::{BACKLOG_BYTES, BACKLOG_UPDATES, Updates};
pub use lapak_scheduler::Class;
pub(crate) use shared::{Beginning, Shared};
pub use shell_event::ShellEvent;
pub(crate) use slow_turns::{HOLDS, SLOW_TICKS, SlowTurns};
pub(crate) use state::{Body, State};
pub(crate) use turn::{Locked, freeze, freeze_locked, snapshot};
pub use watch::{Hears, Watcher};

/// What launches a session: who, where and how it looks.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Launch {
    /// The person, as the platform names them. Their data is kept under this name.
    pub person: String,
    /// URLs of the pages to open, lowest first (`pages/dish?id=3`); empty for the manifest's first page. An
    /// unknown page is left out, as W3C Addressing has it.
    pub pages: Vec<String>,
    /// BCP 47.
    pub lang: String,
    /// The person's time zone by its name in the IANA database; `None` takes the clock provider's.
    pub zone: Option<String>,
    /// The colours that the shell shows.
    pub color_scheme: ColorScheme,
    /// The app that opened this one.
    pub referrer: Option<Referrer>,
    /// Who shares the machine with whom: sessions of one tenant share what one tenant gets. `None` takes the app.
    pub tenant: Option<String>,
    /// What an older version of the app handed over; see [`Runtime::update`](crate::Runtime::update).
    pub carried_over: Option<Vec<u8>>,
}

pub use crate::bindings::lapak::app::events::{ColorScheme, Referrer};

impl Launch {
    /// `person` opens the app at its first page, in English, in light colours.
    pub fn new(person: impl Into<String>) -> Self {
        Self {
            person: person.into(),
            pages: Vec::new(),
            lang: "en".into(),
            zone: None,
            color_scheme: ColorScheme::Light,
            referrer: None,
            tenant: None,
            carried_over: None,
        }
    }
}

/// What a shell shows of a session at one moment.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
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
    /// A sheet was opened, or has changed; see [`Session::sheets`].
    Sheet(Arc<Sheet>),
    /// A sheet is over, and what came of it.
    SheetOver(SheetId, Arc<SheetOutcome>),
    /// The person has agreed to open another app, by its MiniApp URI: the shell goes there.
    OpenApp(Arc<str>),
    /// The app has been at one event for longer than a person takes for at once ([`Session::busy_for`]): `true`; or is done with it:
    /// `false`, which follows only after a `true`. A shell that begins to watch asks [`Session::busy_for`] besides.
    Busy(bool),
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

/// A live session. Cheap to clone; the session goes on until it is closed or the runtime ends, whether anybody
/// holds a handle or not. [`Runtime::session`](crate::Runtime::session) finds it again by its id.
#[derive(Clone)]
pub struct Session {
    pub(crate) shared: Arc<Shared>,
}

impl Session {
    /// Names the session, on this host and on any other that goes on with it.
    ///
    /// # Security
    /// 128 random bits: whoever knows the id can be let in by it.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.shared.id
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
    /// [`SendError`] when the mailbox is full, the host has too much to do, or the session has ended; the event was
    /// not taken then.
    pub fn send(&self, event: ShellEvent) -> Result<(), SendError> {
        self.shared.send(event)
    }

    /// The screen as it is.
    #[must_use]
    pub fn screen(&self) -> Screen {
        self.shared.screen()
    }

    /// The screen as it is, and every change after it. A watcher that falls too far behind gets
    /// `RecvError::Lagged` and takes the screen again.
    #[must_use]
    pub fn watch(&self) -> (Screen, Updates) {
        self.shared.watch(Hears::Everything)
    }

    /// The same for a watcher that wants to hear of a part only: what nobody hears of is not put together.
    #[must_use]
    pub fn watch_for(&self, hears: Hears) -> (Screen, Updates) {
        self.shared.watch(hears)
    }

    /// Tells this watcher too, for as long as somebody else holds it.
    pub fn watch_by(&self, watcher: Weak<dyn Watcher>) {
        self.shared.watch_by(watcher);
    }

    /// The sheets that are open, first asked first. A shell that begins to watch takes them after
    /// [`watch`](Self::watch), and then hears of every change.
    #[must_use]
    pub fn sheets(&self) -> Vec<Arc<Sheet>> {
        self.shared.host.sheets.of(self.shared.id)
    }

    /// Gives a person's answer to a sheet of this session. Takes as long as a PIN takes to be looked at; guests and other
    /// sheets go on meanwhile. `Ok`: the answer was taken. What came of a payment follows as [`Update::SheetOver`].
    ///
    /// # Errors
    /// [`SheetError`] says whether the sheet is still open.
    ///
    /// # Security
    /// The shell answers for the person: it must have shown the sheet, whole and uncovered, and have the answer from
    /// nobody else.
    pub async fn answer_sheet(
        &self,
        sheet: SheetId,
        answer: SheetAnswer,
    ) -> Result<(), SheetError> {
        let host = self.shared.host.clone();
        let id = self.shared.id;
        let (shown, asker) = host.sheets.begin_answer(id, sheet, &answer)?;
        let session = self.shared.clone();
        let owner = session.owner.clone();
        let says_no = matches!(
            answer,
            SheetAnswer::Cancel | SheetAnswer::Consent(Consent::No)
        );
        let agrees = !says_no && !matches!(answer, SheetAnswer::ChoosePin(_));
        let (tell, told) = tokio::sync::oneshot::channel();
        let pool = self.shared.host.clone();
        pool.pools.look_at_answer(&owner, move |has_room| {
            if !has_room {
                host.sheets.answered(id, sheet);
                return drop(tell.send(Err(SheetError::Busy)));
            }
            // Before the app hears of it. Of a payment that the provider works at already it is another no.
            if says_no && shown.stage == SheetStage::Open {
                host.sheets.cancelled(&session, now_ms(&session));
            }
            // However it goes: the sheet can be answered again, if it is still there.
            let answered = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                asker.answer(&shown, answer)
            }));
            if agrees && matches!(answered, Ok(Ok(()))) {
                host.sheets.agreed(&session.owner);
            }
            host.sheets.answered(id, sheet);
            host.sheets.recheck(id);
            let bug = |_| Err(SheetError::Unavailable("a bug of the host's".into()));
            // Nobody waits for it if the shell has gone: the answer counts all the same.
            drop(tell.send(answered.unwrap_or_else(bug)));
        });
        let lost = |_| Err(SheetError::Unavailable("the host ends".into()));
        told.await.unwrap_or_else(lost)
    }

    /// For how long the app has been at the event in hand, and what follows from it, to a tenth of a second; `None` while that is less
    /// than 300 ms, and where no event is in hand. Watchers hear of it as [`Update::Busy`].
    #[must_use]
    pub fn busy_for(&self) -> Option<Duration> {
        self.shared.busy_for()
    }

    /// Ends the session now, in whatever it is, for a person who leaves an app that does not answer. The app hears nothing
    /// of it, and no event that waits is handled. [`close`](Self::close) lets it tidy up first.
    pub fn kill(&self) {
        self.shared.end(EndReport::closed());
    }

    /// Closes the session: the app handles what waits and then its last events, for which it has `patience`. Whatever it is at then, it
    /// is [killed](Self::kill).
    pub async fn close(&self, patience: Duration) {
        if self.send(ShellEvent::Close).is_ok() {
            let closed = tokio::time::timeout(patience, self.ended());
            if closed.await.is_ok() {
                return;
            }
        }
        self.kill();
    }

    /// Where the session's memory is at the moment.
    #[must_use]
    pub fn residence(&self) -> Residence {
        self.shared.lock().body.residence()
    }

    /// CPU time that the session has used since it was launched, or since this host took it up.
    #[must_use]
    pub fn cpu_time(&self) -> Duration {
        self.shared.entity.cpu()
    }

    /// How much of the machine the session gets when that is short, in 1,024ths of the usual.
    #[must_use]
    pub fn weight(&self) -> u32 {
        self.shared.entity.weight()
    }

    /// Changes it (0 counts as 1), from the session's next turn on. Kept on disk with the session. What its tenant gets
    /// all in all stays as it is; see [`Runtime::set_tenant_weight`](crate::Runtime::set_tenant_weight).
    pub fn set_weight(&self, weight: u32) {
        self.shared.entity.set_weight(weight);
        self.shared.changed();
    }

    /// How much a person has to do with the session just now.
    #[must_use]
    pub fn class(&self) -> Class {
        self.shared.entity.class()
    }

    /// Says it, for shells that show several apps side by side: those that are seen and not used are
    /// [`Class::Visible`]. The app is not told. [`ShellEvent::Show`] and [`ShellEvent::Hide`], which it is told of, make it
    /// [`Class::Foreground`] and [`Class::Background`].
    pub fn set_class(&self, class: Class) {
        self.shared.host.scheduler.set_class(&self.shared, class);
        self.shared.changed();
    }

    /// Events that the app has handled so far. Grows as the screen shows what an event led to: who sees the one sees the
    /// other. Cheap enough to be looked at in a loop.
    #[must_use]
    pub fn handled(&self) -> u64 {
        self.shared
            .handled
            .load(std::sync::atomic::Ordering::Acquire)
    }

    /// Freezes the session now, if it is idle and its app allows it; tells whether it is frozen. The host does this
    /// by itself when the session has been idle for a while or its instance is needed elsewhere.
    pub fn freeze(&self) -> bool {
        drop(freeze_locked(&self.shared, self.shared.lock()));
        self.residence() == Residence::Frozen
    }

    /// Bytes of the host's memory that the session takes while it is idle and frozen: its record and its snapshot, all
    /// counted; not the app, its code and its images, which all sessions of the app share. Of a session that is not
    /// frozen, the record alone.
    #[must_use]
    pub fn frozen_bytes(&self) -> usize {
        self.shared.frozen_bytes()
    }

    /// What went into the session so far, for [`Runtime::replay`](crate::Runtime::replay); `None` when the runtime
    /// records nothing, or has taken the session up from disk.
    #[must_use]
    pub fn recording(&self) -> Option<Recording> {
        self.shared.recording()
    }

    /// Whether [`recording`](Self::recording) has something to give, without copying it.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.shared.recorder.is_some()
    }

    /// Waits until the app has shown something, or has ended.
    pub async fn painted(&self) {
        self.shared
            .wait(|progress| progress.painted || progress.ended)
            .await;
    }

    /// Waits until no event waits and no request is in flight, or the session has ended.
    pub async fn settled(&self) {
        self.shared
            .wait(|progress| progress.settled || progress.ended)
            .await;
    }

    /// Waits until nothing more happens unless the person, or whoever holds a simulated device, does something: as
    /// [`settled`](Self::settled), but that requests may be in flight as far as sheets are open.
    pub async fn at_rest(&self) {
        self.shared
            .wait(|progress| progress.is_at_rest() || progress.ended)
            .await;
    }

    /// Waits until the session has ended.
    pub async fn ended(&self) -> EndReport {
        self.shared.wait(|progress| progress.ended).await;
        self.screen().ended.unwrap_or(EndReport {
            cause: crate::report::EndCause::Closed,
            event: String::new(),
            stack: Vec::new(),
        })
    }
}

/// Where a session's memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Residence {
    /// In an instance, or on its way into one.
    Resident,
    /// In this host's memory, as a snapshot.
    Frozen,
    /// On disk, as a snapshot.
    Stored,
    /// Gone: the session has ended.
    Ended,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.shared.id)
            .field("owner", &self.shared.owner)
            .finish_non_exhaustive()
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
