//! A session's turn on a worker: from wherever its memory is, through one letter, to rest.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use lapak_scheduler::{Entity, Runnable, Turn};
use tracing::Instrument as _;

use super::actor::Ended;
use super::shared::Shared;
use super::state::{Body, State};
use super::{Actor, Launch};
use crate::account::Cost;
use crate::capability::clock::Age;
use crate::delays;
use crate::instance::{Instance, InstanceState};
use crate::instances::{LARGE_BYTES, Permit, Place};
use crate::mailbox::Letter;
use crate::recording::Tape;
use crate::report::from_error;
use crate::runtime::Host;
use crate::snapshot::frozen::{Frozen, Unreadable, host_bytes};
use crate::snapshot::pile::Pile;
use crate::view::NodeIds;

impl Runnable for Shared {
    fn entity(&self) -> &Entity {
        &self.entity
    }

    fn run(self: &Arc<Self>) -> Turn {
        delays::at("run");
        let turn = turn(self);
        delays::at("turn-end");
        turn
    }
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.host.scheduler.wake(self);
    }
}

/// From wherever the session is, until it rests, waits or makes way.
fn turn(session: &Arc<Shared>) -> Turn {
    // Woken again when it may have one.
    let Ok(_slow) = session.host.slow_turns.begin(session) else {
        return Turn::Idle;
    };
    let mut work = match begin(session) {
        Next::Work(work) => work,
        Next::Nothing => return Turn::Idle,
        Next::Over => return Turn::Done,
    };
    let waker = Waker::from(session.clone());
    let mut cx = Context::from_waker(&waker);
    let poll = AssertUnwindSafe(|| work.as_mut().poll(&mut cx));
    let Ok(polled) = std::panic::catch_unwind(poll) else {
        // Whatever broke belonged to this session and goes with it.
        session.end(Shared::host_fault("a bug of the host's, told in its log"));
        return Turn::Done;
    };
    match polled {
        Poll::Ready(body) => rest(session, body),
        Poll::Pending => {
            let mut state = session.lock();
            if state.has_ended() {
                drop(state);
                return Turn::Done;
            }
            state.body = Body::Suspended(work);
            drop(state);
            if session.gave_way.swap(false, Ordering::Relaxed) {
                Turn::Again
            } else {
                session.waits_for_host();
                Turn::Idle
            }
        }
    }
}

type Work = Pin<Box<dyn Future<Output = Body> + Send>>;

enum Next {
    Work(Work),
    /// Nothing to do now; a wake comes when there is.
    Nothing,
    /// The session has ended.
    Over,
}

/// Takes the session's memory from where it is, and a letter, if both are there.
fn begin(session: &Arc<Shared>) -> Next {
    let mut state = session.lock();
    match &state.body {
        Body::Ended => return Next::Over,
        Body::Running => return Next::Nothing,
        Body::Kept(_) | Body::Frozen(_) | Body::Stored(_) if state.mailbox.is_empty() => {
            return Next::Nothing;
        }
        // Its letters are the next host's: handled here, after it was written down, they would be handled twice.
        Body::Kept(_) | Body::Frozen(_) | Body::Stored(_) if session.host.is_suspending() => {
            return Next::Nothing;
        }
        Body::Stored(_) => {
            drop(state);
            session.host.fetch(session);
            return Next::Nothing;
        }
        Body::New(_) | Body::Suspended(_) | Body::Kept(_) | Body::Frozen(_) => {}
    }
    let needs_place = match &state.body {
        Body::New(_) => Some(session.app.pristine_bytes()),
        Body::Frozen(frozen) => Some(frozen.memory_bytes),
        _ => None,
    };
    let place = match needs_place {
        Some(bytes) => match session.host.instances.place(session, bytes) {
            Some(place) => Some(place),
            // Woken again when a place is free.
            None => return Next::Nothing,
        },
        None => None,
    };
    let body = std::mem::replace(&mut state.body, Body::Running);
    match (body, place) {
        (Body::Suspended(work), _) => Next::Work(work),
        (Body::New(launch), Some(place)) => {
            drop(state);
            Next::Work(Box::pin(launch_turn(session.clone(), *launch, place)))
        }
        (Body::Kept(actor), _) => match state.mailbox.next() {
            Some(letter) => {
                drop(state);
                Next::Work(Box::pin(letter_turn(actor, letter)))
            }
            None => {
                state.body = Body::Kept(actor);
                Next::Nothing
            }
        },
        (Body::Frozen(frozen), Some(place)) => thaw(session, state, frozen, place),
        (body, _) => {
            state.body = body;
            Next::Nothing
        }
    }
}

/// Unpacks a snapshot. The screen is there again before the lock is let go, so that nobody misses it.
fn thaw(
    session: &Arc<Shared>,
    mut state: std::sync::MutexGuard<'_, State>,
    frozen: Frozen,
    place: Place,
) -> Next {
    let unpacked = unpack(session, &frozen);
    let (instance_state, ids, plain) = match unpacked {
        Ok((instance_state, ids, screen, plain)) => {
            state.screen = Some(Box::new(screen));
            (instance_state, ids, plain)
        }
        Err(error) => {
            drop(state);
            session.host.unheld(frozen.bytes());
            session.end(Shared::host_fault(error.to_string()));
            return Next::Over;
        }
    };
    let Some(letter) = state.mailbox.next() else {
        state.body = Body::Frozen(frozen);
        state.screen = None;
        return Next::Nothing;
    };
    drop(state);
    delays::at("thaw");
    let thawed = Thawed {
        state: instance_state,
        ids,
        frozen: plain,
        held: Held {
            host: session.host.clone(),
            bytes: frozen.bytes(),
        },
    };
    Next::Work(Box::pin(thaw_turn(thawed, place, letter)))
}

struct Thawed {
    state: Box<InstanceState>,
    ids: NodeIds,
    frozen: Frozen,
    held: Held,
}

/// A snapshot that is being thawed: it is in memory, and counts, until it has become an instance's memory or its session has
/// ended.
struct Held {
    host: Arc<Host>,
    bytes: usize,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.host.unheld(self.bytes);
    }
}

type Unpacked = (Box<InstanceState>, NodeIds, super::Screen, Frozen);

fn unpack(session: &Arc<Shared>, frozen: &Frozen) -> Result<Unpacked, Unreadable> {
    let plain = frozen.unpacked()?;
    let (part, screen) = plain.host_part()?;
    let tape = Tape::of(session);
    let mut state = Box::new(InstanceState::new(session.clone(), tape, Age::default()));
    let ids = part.restore(&mut state)?;
    Ok((state, ids, screen, plain))
}

async fn launch_turn(session: Arc<Shared>, launch: Launch, place: Place) -> Body {
    let tape = Tape::of(&session);
    // What goes on with the payments of another version cannot be played again from its launch.
    if let Some(recorder) = &session.recorder
        && !session.has_adopted()
    {
        recorder.begins(&launch);
    }
    let age = Age::born(tape.answer(|| session.providers.clock.monotonic()));
    let mut state = Box::new(InstanceState::new(session.clone(), tape, age));
    if let Some(adopted) = session.adopted() {
        adopted.go_on(&mut state);
    }
    let app = session.app.clone();
    let instance = match app.pristine() {
        Some(image) => place.fill(state, image, app.pristine_bytes(), &[]).await,
        None => place.fresh(state).await,
    };
    let instance = match instance {
        Ok((mut instance, permit)) => {
            if app.is_eligible() && app.pristine().is_none() {
                app.set_pristine(instance.image(), instance.memory_bytes());
            }
            (instance, permit)
        }
        Err(not) => return over(&session, from_error(&not.error, not.panic, "start")),
    };
    let mut actor = Box::new(Actor::new(instance, NodeIds::default()));
    match actor.launch(launch).await {
        Ok(()) => Body::Kept(actor),
        Err(Ended(report)) => over(&session, report),
    }
}

async fn letter_turn(mut actor: Box<Actor>, letter: Letter) -> Body {
    let mut next = Some(letter);
    // More letters in the same turn, as long as nobody else is to have it: going through the queue costs as much as a small
    // event.
    while let Some(letter) = next {
        if let Err(Ended(report)) = actor.take(letter).await {
            return over(&actor.session().clone(), report);
        }
        let session = actor.session();
        next = match lapak_scheduler::should_yield() || session.host.is_suspending() {
            true => None,
            false => session.lock().mailbox.next(),
        };
    }
    Body::Kept(actor)
}

async fn thaw_turn(thawed: Thawed, place: Place, letter: Letter) -> Body {
    let Thawed {
        state,
        ids,
        frozen,
        held,
    } = thawed;
    let began = Instant::now();
    let session = state.session.clone();
    let delta = frozen.delta().unwrap_or_default();
    let span = tracing::debug_span!("thaw", app = %session.owner.app_id, session = ?session.id);
    let filled = place.fill(state, &frozen.image, frozen.memory_bytes, delta);
    let filled = filled.instrument(span).await;
    // Not at the turn's end: the event may take long.
    drop(frozen);
    drop(held);
    match filled {
        Ok(instance) => {
            session.host.metrics.thaw.observe(began.elapsed());
            let actor = Box::new(Actor::new(instance, ids));
            letter_turn(actor, letter).await
        }
        Err(not) => over(&session, from_error(&not.error, not.panic, "thaw")),
    }
}

fn over(session: &Arc<Shared>, report: crate::report::EndReport) -> Body {
    session.end(report);
    Body::Ended
}

/// Puts the session to rest after a turn.
fn rest(session: &Arc<Shared>, body: Body) -> Turn {
    let Body::Kept(mut actor) = body else {
        return Turn::Done;
    };
    delays::at("rest");
    session.touch();
    let memory_bytes = actor.instance.memory_bytes();
    actor.permit.holds(memory_bytes, session.app.is_eligible());
    let in_flight = actor.instance.state().waits_for();
    let mut state = session.lock();
    if state.has_ended() {
        drop(state);
        return Turn::Done;
    }
    let waits = !state.mailbox.is_empty();
    stands(session, &actor);
    state.body = Body::Kept(actor);
    if !waits {
        state.progress(|progress| progress.rest(in_flight));
    }
    // Before anybody can find it idle, or a host that is being stopped would take what is on disk for the latest.
    session.changed();
    drop(state);
    if session.is_model && !waits && in_flight == 0 {
        sit_for_model(session);
        return Turn::Done;
    }
    session.host.instances.rests(session, memory_bytes);
    if waits { Turn::Again } else { Turn::Idle }
}

/// Charges what a session has as it rests in an instance. A small one that can be frozen leaves its instance to whoever needs one,
/// and stays at what its snapshot took.
fn stands(session: &Shared, actor: &Actor) {
    let bytes = actor.instance.memory_bytes();
    if !session.app.is_eligible() {
        session.app.is_resident_with(bytes);
        session.stands(Cost::Memory, bytes);
    } else if bytes >= LARGE_BYTES {
        session.stands(Cost::Memory, bytes);
    }
    let in_flight = actor.instance.state().requests.in_flight();
    session.stands(Cost::Requests, in_flight);
}

/// Takes the image of a session that was launched to be its app's model.
fn sit_for_model(session: &Arc<Shared>) {
    let (body, screen) = {
        let mut state = session.lock();
        let screen = state.screen_mut().clone();
        (std::mem::replace(&mut state.body, Body::Running), screen)
    };
    if let Body::Kept(mut actor) = body {
        let host = host_bytes(actor.instance.state(), &actor.ids, &screen).unwrap_or_default();
        session.model.set(actor.instance.image().with_host(host));
    }
    session.end(crate::report::EndReport {
        cause: crate::report::EndCause::Closed,
        event: String::new(),
        stack: Vec::new(),
    });
}

/// Somebody else has the session's lock, for a moment: whoever looks at its screen, say.
pub(crate) struct Locked;

/// Freezes a session that is idle in an instance; gives the instance, which belongs to nobody then. `None` when
/// there is nothing to freeze.
pub(crate) fn freeze(session: &Arc<Shared>) -> Result<Option<(Instance, Permit)>, Locked> {
    let state = session.try_lock().ok_or(Locked)?;
    Ok(freeze_locked(session, state))
}

/// The same for somebody who holds the session's lock.
pub(crate) fn freeze_locked(
    session: &Arc<Shared>,
    mut state: std::sync::MutexGuard<'_, State>,
) -> Option<(Instance, Permit)> {
    // Letters that are the next host's keep no instance from a session that is being launched.
    let rests = state.mailbox.is_empty() || session.host.is_suspending();
    if !session.app.is_eligible() || !rests || session.is_model {
        return None;
    }
    let image = session
        .model
        .image()
        .or_else(|| session.app.pristine().cloned())?;
    let mut actor = match std::mem::replace(&mut state.body, Body::Running) {
        Body::Kept(actor) => actor,
        other => {
            state.body = other;
            return None;
        }
    };
    let span = tracing::debug_span!("freeze", app = %session.owner.app_id, session = ?session.id);
    let _span = span.entered();
    let began = Instant::now();
    match write_down(&mut actor, &image, state.screen.as_deref()) {
        Ok(frozen) => {
            session.host.held(frozen.bytes());
            session.stands(Cost::Memory, frozen.bytes());
            state.body = Body::Frozen(frozen);
            state.screen = None;
            state.shrink();
            drop(state);
            delays::at("frozen");
            session.host.metrics.freeze.observe(began.elapsed());
            let Actor {
                mut instance,
                permit,
                ..
            } = *actor;
            instance.release();
            Some((instance, permit))
        }
        Err(error) => {
            tracing::error!(%error, session = ?session.id, "not frozen");
            state.body = Body::Kept(actor);
            None
        }
    }
}

/// The snapshot of a session that is idle, as it is now; the session stays where it is.
pub(crate) fn snapshot(session: &Arc<Shared>, state: &mut State) -> Option<Frozen> {
    let image = session
        .model
        .image()
        .or_else(|| session.app.pristine().cloned())?;
    let State { body, screen, .. } = state;
    match body {
        Body::Frozen(frozen) => Some(frozen.clone()),
        Body::Kept(actor) => write_down(actor, &image, screen.as_deref()).ok(),
        _ => None,
    }
}

fn write_down(
    actor: &mut Actor,
    image: &Arc<crate::snapshot::image::Image>,
    screen: Option<&super::Screen>,
) -> Result<Frozen, Unreadable> {
    let memory_bytes = actor.instance.memory_bytes();
    let nothing = super::Screen::default();
    let state = actor.instance.state();
    let host = host_bytes(state, &actor.ids, screen.unwrap_or(&nothing))?;
    let put_delta = |to: &mut Pile| actor.instance.difference(image, to);
    Ok(Frozen::new(&host, image.clone(), memory_bytes, put_delta))
}
