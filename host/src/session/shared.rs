//! What a session is to the host: one small record that stays the same whether the session runs, waits in an
//! instance, or is only bytes.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lapak_abi::limits::Limits;
use lapak_scheduler::{Account, Class, Entity};

use super::busy::Since;
use super::state::{Body, Progress, State};
use super::{SessionId, ShellEvent, Update};
use crate::account::SessionAccount;
use crate::app::{App, Model};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::console::{ConsoleLine, ConsoleSink};
use crate::capability::storage::Owner;
use crate::capability::{Answer, Providers};
use crate::delays;
use crate::grants::Grants;
use crate::mailbox::{Letter, Mailbox, SendError};
use crate::recording::{Player, Recorder, Recording};
use crate::report::{EndCause, EndReport};
use crate::runtime::Host;
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
    /// What it has caused, CPU time apart.
    pub(crate) account: SessionAccount,
    /// Since when it is at what it is at.
    pub(super) since: Since,
    pub(crate) recorder: Option<Arc<Recorder>>,
    pub(crate) player: Option<Arc<Player>>,
    /// Events handled so far; tells a snapshot that is out of date.
    pub(crate) handled: AtomicU64,
    /// When the session last did something, in the host's coarse time.
    pub(crate) last_used: AtomicU32,
    /// The guest gave way in the middle of an event.
    pub(crate) gave_way: AtomicBool,
    /// It has ended, or is about to: whatever its guest does is for nobody.
    pub(crate) over: AtomicBool,
    /// Used since it was put into the list of idle sessions; in that list.
    pub(crate) used: AtomicBool,
    pub(crate) listed: AtomicBool,
    /// In the list of idle sessions that are large.
    pub(crate) listed_large: AtomicBool,
    /// In the list of sessions that wait for an instance, and still in need of one.
    pub(crate) waits: AtomicBool,
    /// In the line of sessions that wait for a slow turn.
    pub(crate) waits_for_turn: AtomicBool,
    /// On its way from the disk.
    pub(crate) fetching: AtomicBool,
    /// The person has done something since they last cancelled a sheet.
    acted: AtomicBool,
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

impl Shared {
    pub(crate) fn new(host: Arc<Host>, beginning: Beginning) -> Arc<Self> {
        let (app, now) = (beginning.app, host.coarse_now());
        let person = host.accounts.person(&beginning.person);
        let shared = Arc::new(Self {
            id: beginning.id,
            owner: Owner {
                app_id: app.id(),
                // One name for all of a person's sessions.
                person: person.name().clone(),
            },
            account: SessionAccount::new(person),
            grants: beginning.grants,
            providers: beginning.providers,
            entity: Entity::new(Class::Foreground, beginning.tenant, app.account().clone()),
            since: Since::default(),
            app,
            host,
            recorder: beginning.recorder,
            player: beginning.player,
            handled: AtomicU64::new(0),
            last_used: AtomicU32::new(now),
            gave_way: AtomicBool::new(false),
            over: AtomicBool::new(false),
            used: AtomicBool::new(false),
            listed: AtomicBool::new(false),
            listed_large: AtomicBool::new(false),
            waits: AtomicBool::new(false),
            waits_for_turn: AtomicBool::new(false),
            fetching: AtomicBool::new(false),
            acted: AtomicBool::new(true),
            large: AtomicBool::new(false),
            unsaved: AtomicBool::new(false),
            is_model: beginning.is_model,
            model: beginning.model,
            state: Mutex::new(State::beginning(
                beginning.mailbox,
                beginning.body,
                beginning.adopted,
            )),
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
            self.note_act(&event);
            let limits = self.limits();
            let capacity = (limits.mailbox_events, limits.mailbox_bytes);
            state.mailbox.post(event, capacity)?;
            state.progress(Progress::busy);
            self.changed();
        }
        delays::at("sent");
        self.host.scheduler.wake(self);
        Ok(())
    }

    /// A request has finished.
    pub(crate) fn finish(self: &Arc<Self>, request: RequestId, answer: Answer) {
        delays::at("finish");
        {
            let mut state = self.lock();
            if !state.deliver(self, request, answer) {
                return;
            }
            self.changed();
        }
        delays::at("delivered");
        self.host.scheduler.wake(self);
    }

    /// Its app has handled one more event. Under the lock under which the screen shows it.
    pub(super) fn has_handled(&self) {
        self.handled.fetch_add(1, Ordering::Release);
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
                    let _ = state.mailbox.post(event, (usize::MAX, usize::MAX));
                }
                None => {}
            }
            state.progress(Progress::busy);
        }
        self.host.scheduler.wake(self);
    }

    /// The app hands this over to its next version.
    pub(super) fn carry_over(&self, bytes: Vec<u8>) {
        self.lock().handover.get_or_insert_default().carried = Some(bytes);
    }

    /// Payments that are in flight go to the next version.
    pub(super) fn leave_payments(&self, adopted: Option<Box<Adopted>>) {
        let mut state = self.lock();
        if adopted.is_some() || state.handover.is_some() {
            state.handover.get_or_insert_default().adopted = adopted;
        }
    }

    /// Payments in flight that somebody left.
    pub(crate) fn adopted(&self) -> Option<Box<Adopted>> {
        self.lock().handover.as_mut()?.adopted.take()
    }

    pub(super) fn has_adopted(&self) -> bool {
        let state = self.lock();
        let handover = state.handover.as_ref();
        handover.is_some_and(|handover| handover.adopted.is_some())
    }

    pub(crate) fn carried_over(&self) -> Option<Vec<u8>> {
        self.lock().handover.as_mut()?.carried.take()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.lock().has_ended()
    }

    /// Whether the person has done something since they last cancelled a sheet.
    pub(crate) fn has_acted(&self) -> bool {
        self.acted.load(Ordering::Relaxed)
    }

    /// The person has cancelled a sheet.
    pub(crate) fn wait_for_an_act(&self) {
        self.acted.store(false, Ordering::Relaxed);
    }

    /// Written only where it changes: an event is not to cost another processor's memory.
    fn note_act(&self, event: &ShellEvent) {
        if event.is_an_act() && !self.has_acted() {
            self.acted.store(true, Ordering::Relaxed);
        }
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
        self.over.store(true, Ordering::Relaxed);
        // Before anybody is told: who hears of the end finds the session gone.
        self.host.ended(self, &report.cause);
        delays::at("ended");
        let dropped = {
            let mut state = self.lock();
            if state.screen.is_none() {
                let screen = match &state.body {
                    Body::Frozen(frozen) => frozen.screen(),
                    _ => None,
                };
                state.screen = Some(Box::new(screen.unwrap_or_default()));
            }
            // Before anybody is told here, too: what it had is free by then.
            self.settle_account();
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
        self.over.store(true, Ordering::Relaxed);
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
        self.settle_account();
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

impl Drop for Shared {
    fn drop(&mut self) {
        // A guest that was still running as the session ended may have begun something.
        self.settle_account();
    }
}

impl ConsoleSink for Shared {
    fn write(&self, line: ConsoleLine) {
        let mut state = self.lock();
        if state.lines_are_watched() {
            state.tell(Update::Log(Arc::new(line)));
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

    /// Whether it is only bytes in memory, and has something to do.
    pub(crate) fn waits_in_memory(&self) -> bool {
        let state = self.lock();
        matches!(state.body, Body::Frozen(_)) && !state.mailbox().is_empty()
    }

    /// Whether it has done nothing for so many ticks of the host's coarse time.
    pub(crate) fn idle_for(&self, now: u32, ticks: u32) -> bool {
        now.saturating_sub(self.last_used.load(Ordering::Relaxed)) >= ticks
    }

    /// Bytes of the linear memory of a session that is idle in an instance.
    pub(crate) fn kept_bytes(&self) -> Option<usize> {
        match &self.try_lock()?.body {
            Body::Kept(actor) => Some(actor.instance.memory_bytes()),
            _ => None,
        }
    }

    /// Bytes of a session that is on disk alone.
    pub(crate) fn stored_bytes(&self) -> Option<usize> {
        match self.lock().body {
            Body::Stored(bytes) => Some(bytes),
            _ => None,
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

    /// docs/architecture/sessions.md says so.
    #[test]
    fn a_record_is_small_enough_for_a_million() {
        assert!(size_of::<Shared>() <= 464, "{}", size_of::<Shared>());
    }
}
