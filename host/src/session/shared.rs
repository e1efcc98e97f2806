//! What a session is to the host: one small record that stays the same whether the session runs, waits in an
//! instance, or is only bytes.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lapak_abi::limits::Limits;
use lapak_scheduler::{Account, Class, Entity};
use tokio::sync::{broadcast, watch};

use super::{Actor, Launch, Residence, Screen, SessionId, ShellEvent, Update};
use crate::app::{App, Model};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::console::{ConsoleLine, ConsoleSink};
use crate::capability::storage::Owner;
use crate::capability::{Answer, Providers};
use crate::flights::Flights;
use crate::grants::Grants;
use crate::mailbox::{Letter, Mailbox, SendError};
use crate::recording::{Player, Recorder, Recording};
use crate::report::{EndCause, EndReport};
use crate::runtime::Host;
use crate::snapshot::frozen::Frozen;
use crate::updates::Adopted;

/// A session's record. A million of them fit into a small machine, so whatever is not always needed is boxed.
pub(crate) struct Shared {
    pub(crate) id: SessionId,
    pub(crate) app: Arc<App>,
    pub(crate) owner: Owner,
    pub(crate) grants: Grants,
    pub(crate) providers: Arc<Providers>,
    pub(crate) host: Arc<Host>,
    pub(crate) entity: Entity,
    pub(crate) recorder: Option<Arc<Recorder>>,
    pub(crate) player: Option<Arc<Player>>,
    /// Events handled so far; tells a snapshot that is out of date.
    pub(crate) handled: AtomicU64,
    /// When the session last did something, in the host's coarse time.
    pub(crate) last_used: AtomicU32,
    /// The guest gave way in the middle of an event.
    pub(crate) gave_way: AtomicBool,
    /// Used since it was put into the list of idle sessions; in that list.
    pub(crate) used: AtomicBool,
    pub(crate) listed: AtomicBool,
    /// In the list of idle sessions that are large.
    pub(crate) listed_large: AtomicBool,
    /// In the list of sessions that wait for an instance, and still in need of one.
    pub(crate) waits: AtomicBool,
    /// On its way from the disk.
    pub(crate) fetching: AtomicBool,
    /// On disk, and large.
    pub(crate) large: AtomicBool,
    /// In the list of sessions to be written to disk.
    pub(crate) unsaved: AtomicBool,
    /// Launched only to take an image of; never seen by anybody.
    pub(crate) is_model: bool,
    /// What its memory is compared with.
    pub(crate) model: Arc<Model>,
    state: Mutex<State>,
}

/// What a session's record begins from.
pub(crate) struct Beginning {
    pub(crate) id: SessionId,
    pub(crate) app: Arc<App>,
    pub(crate) person: Arc<str>,
    pub(crate) grants: Grants,
    pub(crate) providers: Arc<Providers>,
    pub(crate) tenant: Arc<Account>,
    pub(crate) recorder: Option<Arc<Recorder>>,
    pub(crate) player: Option<Arc<Player>>,
    pub(crate) is_model: bool,
    pub(crate) model: Arc<Model>,
    pub(crate) body: Body,
    pub(crate) mailbox: Mailbox,
    pub(crate) adopted: Option<Box<Adopted>>,
}

/// What changes. Locked for moments only, never while a guest runs.
pub(crate) struct State {
    pub(super) mailbox: Mailbox,
    /// `None` while the session is only bytes: the screen is among them.
    pub(super) screen: Option<Box<Screen>>,
    pub(super) watchers: Option<Box<Watchers>>,
    pub(super) progress: Progress,
    /// The end has begun: it happens once.
    ending: bool,
    /// What the app handed over to its next version.
    carried: Option<Box<[u8]>>,
    /// Payments in flight, which the next version goes on with, or which came from the last one.
    adopted: Option<Box<Adopted>>,
    /// Watches, and whatever else ends with its grant.
    pub(crate) flights: Option<Box<Flights>>,
    pub(crate) body: Body,
}

/// Where the session's memory is.
pub(crate) enum Body {
    /// Not started yet.
    New(Box<Launch>),
    /// A worker has it.
    Running,
    /// In the middle of an event: gave way, or waits for what a WASI call asked.
    Suspended(Pin<Box<dyn Future<Output = Body> + Send>>),
    /// Idle, in an instance.
    Kept(Box<Actor>),
    /// Idle, as bytes in memory.
    Frozen(Frozen),
    /// Idle, as so many bytes on disk.
    Stored(usize),
    /// No more.
    Ended,
}

/// Those who look at a session.
#[derive(Default)]
pub(super) struct Watchers {
    pub(super) updates: Option<broadcast::Sender<Update>>,
    pub(super) progress: Option<watch::Sender<Progress>>,
}

/// How far a session is, for those who wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) painted: bool,
    /// Nothing waits.
    pub(crate) resting: bool,
    /// Nothing waits and no request is in flight.
    pub(crate) settled: bool,
    pub(crate) ended: bool,
    /// Requests in flight that the app waits for, as it last came to rest.
    pub(crate) in_flight: u32,
    /// Uses whose consent is being looked at, before the person is asked or a provider is.
    pub(crate) deciding: u32,
    /// Sheets that are open.
    pub(crate) sheets: u32,
}

impl Progress {
    /// There is something to do.
    pub(super) fn busy(&mut self) {
        self.resting = false;
        self.settled = false;
    }

    /// There is nothing to do.
    pub(super) fn rest(&mut self, in_flight: usize) {
        self.resting = true;
        self.settled = in_flight == 0;
        self.in_flight = u32::try_from(in_flight).unwrap_or(u32::MAX);
    }

    /// There is nothing to do until the person does something.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.resting && self.deciding == 0 && self.in_flight <= self.sheets
    }
}

impl Shared {
    pub(crate) fn new(host: Arc<Host>, beginning: Beginning) -> Arc<Self> {
        let (app, now) = (beginning.app, host.coarse_now());
        let painted = !matches!(beginning.body, Body::New(_));
        let shared = Arc::new(Self {
            id: beginning.id,
            owner: Owner {
                app_id: app.id(),
                person: beginning.person,
            },
            grants: beginning.grants,
            providers: beginning.providers,
            entity: Entity::new(Class::Foreground, beginning.tenant, app.account().clone()),
            app,
            host,
            recorder: beginning.recorder,
            player: beginning.player,
            handled: AtomicU64::new(0),
            last_used: AtomicU32::new(now),
            gave_way: AtomicBool::new(false),
            used: AtomicBool::new(false),
            listed: AtomicBool::new(false),
            listed_large: AtomicBool::new(false),
            waits: AtomicBool::new(false),
            fetching: AtomicBool::new(false),
            large: AtomicBool::new(false),
            unsaved: AtomicBool::new(false),
            is_model: beginning.is_model,
            model: beginning.model,
            state: Mutex::new(State {
                mailbox: beginning.mailbox,
                screen: (!painted).then(Box::default),
                watchers: None,
                ending: false,
                carried: None,
                adopted: beginning.adopted,
                flights: None,
                progress: Progress {
                    painted,
                    ..Progress::default()
                },
                body: beginning.body,
            }),
        });
        let session = Arc::downgrade(&shared);
        shared.grants.on_change(move || {
            if let Some(session) = session.upgrade() {
                session.changed();
                session.host.sheets.recheck(session.id);
                session.end_denied_flights();
            }
        });
        shared
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Unless somebody else has it: for those who can do without.
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, State>> {
        match self.state.try_lock() {
            Ok(state) => Some(state),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => None,
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.host.limits
    }

    pub(crate) fn tenant_name(&self) -> String {
        self.host.tenant_name(self.entity.tenant())
    }

    pub(crate) fn is_background(&self) -> bool {
        self.entity.class() == Class::Background
    }

    pub(super) fn send(self: &Arc<Self>, event: ShellEvent) -> Result<(), SendError> {
        {
            let mut state = self.lock();
            // First: a session that went to disk has ended in this process, and is to be had again in the next.
            if self.host.is_suspending() {
                return Err(SendError::Suspending);
            }
            if state.progress.ended {
                return Err(SendError::Ended);
            }
            if !event.ends_the_session() {
                self.host.scheduler.admit()?;
            }
            self.classify(&event);
            state.mailbox.post(event, self.limits().mailbox_events)?;
            state.progress(Progress::busy);
            self.changed();
        }
        self.host.scheduler.wake(self);
        Ok(())
    }

    /// A request has finished.
    pub(crate) fn finish(self: &Arc<Self>, request: RequestId, answer: Answer) {
        {
            let mut state = self.lock();
            if !state.deliver(request, answer) {
                return;
            }
            self.changed();
        }
        self.host.scheduler.wake(self);
    }

    /// What is on disk of the session, if anything, is out of date. A letter that was taken counts: whoever sent it was
    /// told that it will be handled.
    pub(crate) fn changed(&self) {
        if let Some(snapshots) = &self.host.snapshots {
            snapshots.changed(self);
        }
    }

    /// Hands over a letter of a recording, without asking whether there is room; `None` only wakes the session.
    pub(crate) fn play(self: &Arc<Self>, letter: Option<Letter>) {
        {
            let mut state = self.lock();
            match letter {
                Some(Letter::Finished(request, answer)) => state.mailbox.finish(request, answer),
                Some(Letter::Shell(event, _)) => {
                    self.classify(&event);
                    // Taken when it was recorded.
                    let _ = state.mailbox.post(event, usize::MAX);
                }
                None => {}
            }
            state.progress(Progress::busy);
        }
        self.host.scheduler.wake(self);
    }

    /// The app hands this over to its next version.
    pub(super) fn carry_over(&self, bytes: Vec<u8>) {
        self.lock().carried = Some(bytes.into_boxed_slice());
    }

    /// Payments that are in flight go to the next version.
    pub(super) fn leave_payments(&self, adopted: Option<Box<Adopted>>) {
        self.lock().adopted = adopted;
    }

    /// Payments in flight that somebody left.
    pub(crate) fn adopted(&self) -> Option<Box<Adopted>> {
        self.lock().adopted.take()
    }

    pub(super) fn has_adopted(&self) -> bool {
        self.lock().adopted.is_some()
    }

    pub(crate) fn carried_over(&self) -> Option<Vec<u8>> {
        Some(self.lock().carried.take()?.into_vec())
    }

    pub(crate) fn is_frozen(&self) -> bool {
        matches!(self.lock().body, Body::Frozen(_))
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.lock().has_ended()
    }

    fn classify(self: &Arc<Self>, event: &ShellEvent) {
        match event {
            ShellEvent::Hide => self.host.scheduler.set_class(self, Class::Background),
            ShellEvent::Show => self.host.scheduler.set_class(self, Class::Foreground),
            _ => {}
        }
    }

    /// Ends the session: tells everybody, drops everything.
    pub(crate) fn end(self: &Arc<Self>, report: EndReport) {
        if report.cause.is_fault() {
            tracing::info!(app = %self.owner.app_id, session = ?self.id, "session ended: {report}");
        }
        let report = Arc::new(report);
        if std::mem::replace(&mut self.lock().ending, true) {
            return;
        }
        // Before anybody is told: who hears of the end finds the session gone.
        self.host.ended(self, &report.cause);
        let dropped = {
            let mut state = self.lock();
            if state.screen.is_none() {
                let screen = match &state.body {
                    Body::Frozen(frozen) => frozen.screen(),
                    _ => None,
                };
                state.screen = Some(Box::new(screen.unwrap_or_default()));
            }
            state.screen_mut().ended = Some(EndReport::clone(&report));
            state.tell(Update::Ended(report.clone()));
            state.progress(|progress| {
                progress.ended = true;
                progress.settled = true;
            });
            state.body.leaves(&self.host);
            (
                std::mem::replace(&mut state.body, Body::Ended),
                std::mem::take(&mut state.mailbox),
                state.flights.take(),
            )
        };
        drop(dropped);
    }

    /// The end of a session for which the host has nothing more, e.g. because it is being shut down.
    pub(crate) fn abandon(&self) {
        let dropped = {
            let mut state = self.lock();
            // What is on disk is another process's from now on: no later end takes it away.
            state.ending = true;
            state.progress(|progress| {
                progress.ended = true;
                progress.settled = true;
            });
            state.body.leaves(&self.host);
            (
                std::mem::replace(&mut state.body, Body::Ended),
                std::mem::take(&mut state.mailbox),
                state.flights.take(),
            )
        };
        drop(dropped);
    }

    /// What was recorded so far.
    pub(crate) fn recording(&self) -> Option<Recording> {
        Some(self.recorder.as_ref()?.recording())
    }

    /// Bytes of the host's memory that the session takes while it is idle and frozen: this record, what it points to,
    /// and the snapshot.
    pub(crate) fn frozen_bytes(&self) -> usize {
        let state = self.lock();
        let snapshot = match &state.body {
            Body::Frozen(frozen) => frozen.bytes(),
            _ => 0,
        };
        // The two counters of an `Arc`.
        size_of::<Self>() + 16 + self.owner.person.len() + 16 + snapshot
    }
}

impl ConsoleSink for Shared {
    fn write(&self, line: ConsoleLine) {
        let mut state = self.lock();
        if state.watched() {
            state.tell(Update::Log(Arc::new(line)));
        }
    }
}

impl State {
    /// Puts what a request came to into the mailbox; not that of a session that has ended.
    pub(crate) fn deliver(&mut self, request: RequestId, answer: Answer) -> bool {
        if self.progress.ended {
            return false;
        }
        self.mailbox.finish(request, answer);
        self.progress(Progress::busy);
        true
    }

    /// The screen of a session that is not only bytes.
    pub(super) fn screen_mut(&mut self) -> &mut Screen {
        self.screen.get_or_insert_default()
    }

    pub(super) fn watched(&self) -> bool {
        let updates = self.watchers.as_ref().and_then(|all| all.updates.as_ref());
        updates.is_some_and(|updates| updates.receiver_count() > 0)
    }

    /// Updates are sent under the session's lock, so that a new watcher misses none and gets none twice.
    pub(crate) fn tell(&mut self, update: Update) {
        if let Some(updates) = self.watchers.as_ref().and_then(|all| all.updates.as_ref()) {
            // Nobody watching is no fault.
            let _ = updates.send(update);
        }
    }

    pub(crate) fn progress(&mut self, change: impl FnOnce(&mut Progress)) {
        let before = self.progress;
        change(&mut self.progress);
        let now = self.progress;
        if now == before {
            return;
        }
        let Some(watchers) = &mut self.watchers else {
            return;
        };
        // Telling nobody costs nearly as much as telling somebody.
        watchers
            .progress
            .take_if(|progress| progress.receiver_count() == 0);
        if let Some(sender) = &watchers.progress {
            sender.send_replace(now);
        }
    }

    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    pub(super) fn has_ended(&self) -> bool {
        self.progress.ended
    }

    /// Gives back what watchers who are gone have left behind.
    pub(super) fn shrink(&mut self) {
        self.mailbox.shrink();
        let Some(watchers) = &mut self.watchers else {
            return;
        };
        watchers
            .updates
            .take_if(|updates| updates.receiver_count() == 0);
        watchers
            .progress
            .take_if(|progress| progress.receiver_count() == 0);
        if watchers.updates.is_none() && watchers.progress.is_none() {
            self.watchers = None;
        }
    }
}

impl Body {
    /// It is about to go: what the host counts of it goes too.
    fn leaves(&self, host: &Host) {
        match self {
            Self::Frozen(frozen) => host.unheld(frozen.bytes()),
            Self::Stored(bytes) => host.brought_back(*bytes),
            _ => {}
        }
    }

    /// Between two events.
    pub(crate) fn is_idle(&self) -> bool {
        !matches!(self, Self::New(_) | Self::Running | Self::Suspended(_))
    }

    pub(crate) fn residence(&self) -> Residence {
        match self {
            Self::New(_) | Self::Running | Self::Suspended(_) | Self::Kept(_) => {
                Residence::Resident
            }
            Self::Frozen(_) => Residence::Frozen,
            Self::Stored(_) => Residence::Stored,
            Self::Ended => Residence::Ended,
        }
    }
}

impl Shared {
    /// Why a session that asks for what the host cannot give ends.
    pub(crate) fn host_fault(what: impl Into<String>) -> EndReport {
        EndReport {
            cause: EndCause::HostFault { what: what.into() },
            event: String::new(),
            stack: Vec::new(),
        }
    }

    /// Notes that the session has just done something.
    pub(super) fn touch(&self) {
        self.last_used
            .store(self.host.coarse_now(), Ordering::Relaxed);
        self.used.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ARCHITECTURE.md says so.
    #[test]
    fn a_record_is_small_enough_for_a_million() {
        assert!(size_of::<Shared>() <= 416, "{}", size_of::<Shared>());
    }
}
