//! What a running instance has on the host's side, and how one event is carried through it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use lapak_abi::limits::Limits;
use lapak_abi::pages::{PageEvent, PageStack};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasmtime::{Engine, Store, UpdateDeadline};

use crate::account::Cost;
use crate::app::App;
use crate::asking::Uses;
use crate::bindings::MiniApp;
use crate::bindings::lapak::app::events::Event;
use crate::bindings::lapak::app::requests::RequestId;
use crate::bindings::lapak::app::{faults, requests, view};
use crate::capability::clock::Age;
use crate::capability::console::{ConsoleState, cut};
use crate::capability::storage::Owner;
use crate::capability::{Providers, Rooms};
use crate::cpu_clock::CpuMeter;
use crate::grants::{AccessDenied, Capability};
use crate::instances::LARGE_BYTES;
use crate::navigation::Caused;
use crate::recording::Tape;
use crate::report::{LimitHit, ReportedPanic};
use crate::requests::{Finisher, Held, Requests};
use crate::session::{HOLDS, Shared};
use crate::snapshot::image::{self, BrokenDelta, Dirty, Image};
use crate::snapshot::pile::Pile;
use crate::snapshot::slots::{Order, Slot, SlotView};
use crate::updates::Carried;
use crate::view::View;
use crate::wasi::Wasi;
use crate::zone::Zone;

/// The most that a panic may say, in bytes.
const MAX_PANIC_BYTES: usize = 4 * 1024;

/// A store's data: what host functions are called with, those of platforms' own, too.
pub struct AppState {
    /// Whose instance this is at the moment; `None` only while it belongs to nobody and runs nothing.
    state: Option<Box<InstanceState>>,
    wasi: Option<Box<Wasi>>,
}

/// Everything that a session's host functions reach. Nothing in it is shared with another session but the
/// providers.
pub(crate) struct InstanceState {
    pub(crate) session: Arc<Shared>,
    pub(crate) requests: Requests,
    pub(crate) rooms: Rooms,
    pub(crate) console: ConsoleState,
    pub(crate) age: Age,
    /// The person's time zone, as the shell told it.
    pub(crate) zone: Zone,
    pub(crate) pages: PageStack,
    /// What the letter in hand has led to.
    pub(crate) caused: Caused,
    /// Page events that the running event has caused, in order.
    pub(crate) page_events: Vec<PageEvent>,
    pub(crate) panic: Option<ReportedPanic>,
    /// The event in hand is a tap of the person's.
    pub(crate) handles_tap: bool,
    /// What the app hands over to its next version.
    pub(crate) carried: Carried,
    /// Charges for what its rooms keep that is large.
    pub(crate) held: Held,
    /// What the audit says of the running event already.
    pub(crate) uses: Uses,
    /// What is written down of this session, or what it is played from.
    pub(crate) tape: Tape,
    /// CPU time that the letter in hand may use.
    budget: Duration,
    pub(crate) meter: CpuMeter,
    /// What the letter had used when its guest last looked whether it should give way.
    looked: Duration,
}

/// A store with the app in it. Dropped after any fault, never used again.
pub(crate) struct Instance {
    store: Store<AppState>,
    exports: MiniApp,
    /// The instance's linear memory.
    memory: Option<Slot>,
    /// What the memory is compared with, and where it differed when it was last compared; `None` while nobody knows.
    like: Option<(Arc<Image>, Dirty)>,
}

/// Why a session could not be started or thawed.
pub(crate) struct NotStarted {
    pub(crate) error: wasmtime::Error,
    pub(crate) panic: Option<ReportedPanic>,
}

impl AppState {
    /// The session's.
    pub(crate) fn session_state(&mut self) -> &mut InstanceState {
        whose(self.state.as_deref_mut())
    }

    /// What the instance has of WASI.
    pub(crate) fn wasi(&mut self) -> &mut Wasi {
        self.wasi.get_or_insert_with(Wasi::closed)
    }
}

impl InstanceState {
    /// Of a session that has asked for nothing yet.
    pub(crate) fn new(session: Arc<Shared>, tape: Tape, age: Age) -> Self {
        Self {
            pages: session.app.page_stack(session.limits().page_stack),
            requests: Requests::default(),
            rooms: Rooms::default(),
            console: ConsoleState::default(),
            age,
            zone: Zone::default(),
            caused: Caused::default(),
            page_events: Vec::new(),
            panic: None,
            handles_tap: false,
            carried: Carried::default(),
            held: Held::default(),
            uses: Uses::default(),
            tape,
            budget: Duration::ZERO,
            meter: CpuMeter::default(),
            looked: Duration::ZERO,
            session,
        }
    }

    /// The first line of every host function: may this session use this capability now? What was decided goes onto
    /// the tape, so that a replay sees the same refusals.
    pub(crate) fn check(&mut self, capability: Capability) -> Result<(), AccessDenied> {
        self.tape.answer(|| self.session.grants.check(capability))
    }

    /// Asks for something that does not follow from the session itself: a provider's answer, a decision. Each
    /// such thing comes through here, so that it can be recorded and replayed.
    pub(crate) fn answer<T: Serialize + DeserializeOwned>(&mut self, ask: impl FnOnce() -> T) -> T {
        self.tape.answer(ask)
    }

    /// Nobody outside is asked or told: what there is to hear is on the tape.
    pub(crate) fn is_replay(&self) -> bool {
        self.tape.is_replay()
    }

    pub(crate) fn providers(&self) -> &Providers {
        &self.session.providers
    }

    pub(crate) fn owner(&self) -> &Owner {
        &self.session.owner
    }

    pub(crate) fn limits(&self) -> &Limits {
        self.session.limits()
    }

    /// A letter begins, which may use so much CPU time, whatever it leads to.
    pub(crate) fn begin_letter(&mut self, budget: Duration) {
        self.budget = budget;
        self.caused = Caused::default();
        self.meter.reset();
        self.looked = Duration::ZERO;
    }

    /// Whether the letter in hand has used more CPU time than it may. Between two of its events: within one the epoch tells.
    pub(crate) fn check_budget(&self) -> Result<(), LimitHit> {
        let limit = self.budget;
        if self.meter.used() > limit {
            return Err(LimitHit::Cpu { limit });
        }
        Ok(())
    }

    /// The guest can be made to give way now, or has returned; its letter has used so much.
    fn looks(&mut self, used: Duration) {
        if used.saturating_sub(self.looked) > HOLDS {
            let now = self.session.host.coarse_now();
            self.session.app.has_held_a_worker(now);
        }
        self.looked = used;
    }

    /// A fresh request, or `None` when too many are in flight.
    pub(crate) fn begin_request(&mut self) -> Option<RequestId> {
        let most = self.session.limits().requests_in_flight;
        let more = self.requests.in_flight() + 1;
        // Those that every session may have are its own; what all of a person's have is looked at besides.
        self.session.may_have(Cost::Requests, more).ok()?;
        let request = self.requests.begin(most)?;
        self.session.stands(Cost::Requests, more);
        Some(request)
    }

    /// Requests that the app waits for. Timers and watches may go on for hours: who only waits for them has come to rest.
    pub(crate) fn waits_for(&self) -> usize {
        let lasting = self.rooms.timer.in_flight() + self.rooms.watching();
        self.requests.in_flight().saturating_sub(lasting)
    }

    /// Ends the request later. `None` in a replay, where nobody is asked: the outcome is on the tape.
    pub(crate) fn finisher(&self, request: RequestId) -> Option<Finisher> {
        (!self.tape.is_replay()).then(|| Finisher::new(request, &self.session, &self.held))
    }
}

impl Instance {
    /// Makes a fresh instance for a session, whose memory has at least `bytes` bytes.
    pub(crate) async fn start(
        mut state: Box<InstanceState>,
        bytes: usize,
    ) -> Result<Self, NotStarted> {
        let (meter, session) = (state.meter.clone(), state.session.clone());
        state.budget = session.limits().foreground_cpu;
        let app = &session.app;
        let mut store = new_store(&session.host.engine, app, state);
        meter.reset();
        let mut order = Order { bytes, made: None };
        let instantiated = {
            let instantiated = std::pin::pin!(app.pre().instantiate_async(&mut store));
            let ordered = Ordered {
                order: &mut order,
                future: instantiated,
            };
            meter.measure(ordered).await
        };
        match instantiated {
            Ok(exports) => Ok(Self {
                store,
                exports,
                memory: order.made,
                like: None,
            }),
            Err(error) => Err(NotStarted {
                error,
                panic: store.into_data().state.and_then(|state| state.panic),
            }),
        }
    }

    /// Lets the app handle one event of the letter in hand.
    pub(crate) async fn handle(&mut self, event: &Event) -> wasmtime::Result<Option<View>> {
        let state = self.state_mut();
        state.uses.clear();
        let meter = state.meter.clone();
        self.store.set_epoch_deadline(1);
        // What the host did for the session since is not the guest's.
        self.state_mut().looked = meter.used();
        let handle = self.exports.lapak_app_app();
        let handled = meter
            .measure(handle.call_handle(&mut self.store, event))
            .await;
        self.state_mut().looks(meter.used());
        handled
    }

    pub(crate) fn state(&self) -> &InstanceState {
        whose(self.store.data().state.as_deref())
    }

    pub(crate) fn state_mut(&mut self) -> &mut InstanceState {
        whose(self.store.data_mut().state.as_deref_mut())
    }

    /// Bytes of linear memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory.as_ref().map_or(0, Slot::length)
    }

    /// Names the memory's content.
    pub(crate) fn memory_hash(&mut self) -> [u8; 32] {
        let scratch = self.state().session.app.scratch_bytes();
        let captured = self.view().map(|view| Image::capture(&view));
        captured.map_or([0; 32], |image| image.hash_after(scratch))
    }

    /// A copy of the memory.
    pub(crate) fn image(&mut self) -> Arc<Image> {
        let captured = self.view().map(|view| Image::capture(&view));
        captured.unwrap_or_default()
    }

    /// Appends where the memory differs from `image`.
    pub(crate) fn difference(&mut self, image: &Arc<Image>, delta: &mut Pile) {
        let scratch = self.state().session.app.scratch_bytes();
        if let Some(view) = self.view() {
            let dirty = image::difference(image, &view, scratch, delta);
            self.like = Some((image.clone(), dirty));
        }
    }

    /// Takes the session's state out, which leaves the instance to nobody. Its memory is as the session left it.
    pub(crate) fn release(&mut self) -> Option<Box<InstanceState>> {
        self.store.data_mut().state.take()
    }

    /// Hands the instance to another session of the same app. Its memory is still the last one's:
    /// [`become_of`](Self::become_of) must follow before anything runs.
    pub(crate) fn lend(&mut self, state: Box<InstanceState>) {
        self.store.data_mut().state = Some(state);
    }

    /// Makes the memory one that differs from `image` by `delta`. It must have the right length already.
    pub(crate) async fn become_of(
        &mut self,
        image: &Arc<Image>,
        delta: &[u8],
    ) -> Result<(), BrokenDelta> {
        let known = match self.like.take() {
            Some((like, dirty)) if Arc::ptr_eq(&like, image) => Some(dirty),
            _ => None,
        };
        let mut view = self.view().ok_or(BrokenDelta)?;
        let dirty = known.unwrap_or_else(|| image::differing(image, &view));
        image::restore(image, &mut view, &dirty);
        let mut delta = image::Delta::new(delta);
        while delta.apply(&mut self.view().ok_or(BrokenDelta)?, PAGES_AT_ONCE)? {
            // A large memory is put back in steps: others may be in a hurry.
            self.state().session.gave_way.store(true, Ordering::Relaxed);
            give_way().await;
        }
        self.like = Some((image.clone(), delta.dirty()));
        Ok(())
    }

    fn view(&mut self) -> Option<SlotView<'_>> {
        let memory = self.memory.as_mut()?;
        Some(memory.view(&mut self.store))
    }
}

/// Pages of memory that are put back without giving way: about a quarter of a millisecond.
const PAGES_AT_ONCE: usize = 512;

/// Waits once, so that whoever is queued behind gets its turn.
pub(crate) async fn give_way() {
    let mut gave = false;
    std::future::poll_fn(|cx| {
        if gave {
            return Poll::Ready(());
        }
        gave = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Instances run nothing while they belong to nobody.
fn whose<T>(state: Option<T>) -> T {
    #[expect(
        clippy::expect_used,
        reason = "the one place that lends an instance out gives it a session first"
    )]
    state.expect("an instance that runs belongs to a session")
}

/// The session whose instance a store holds; what host functions are called with.
pub(crate) fn hosted(hosted: &mut AppState) -> &mut InstanceState {
    whose(hosted.state.as_deref_mut())
}

/// Polls an instantiation under an order for its memory.
struct Ordered<'a, 'b, F> {
    order: &'a mut Order,
    future: Pin<&'b mut F>,
}

impl<F: Future> Future for Ordered<'_, '_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let future = &mut this.future;
        this.order.fill(|| future.as_mut().poll(cx))
    }
}

fn new_store(engine: &Engine, app: &App, state: Box<InstanceState>) -> Store<AppState> {
    let hostcall_bytes = state.limits().view_bytes.saturating_mul(16);
    let hosted = AppState {
        state: Some(state),
        wasi: app.needs_wasi().then(Wasi::closed),
    };
    let mut store = Store::new(engine, hosted);
    store.limiter(|hosted| hosted);
    // What one call may make the host allocate while it lifts lists and strings: a view of the largest size,
    // as records of the host's.
    store.set_hostcall_fuel(hostcall_bytes);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut store| {
        let state = whose(store.data_mut().state.as_deref_mut());
        let used = state.meter.used_in_slice();
        state.looks(used);
        if used > state.budget {
            return Err(LimitHit::Cpu {
                limit: state.budget,
            }
            .into());
        }
        state.session.tell_if_busy();
        // Nobody waits for a session that has ended: its turn is over now, not when its budget is.
        if state.session.over.load(Ordering::Relaxed) || lapak_scheduler::should_yield() {
            state.session.gave_way.store(true, Ordering::Relaxed);
            return Ok(UpdateDeadline::Yield(1));
        }
        Ok(UpdateDeadline::Continue(1))
    });
    store
}

impl wasmtime::ResourceLimiter for AppState {
    fn memory_growing(
        &mut self,
        _current: usize,
        wanted: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let session = &whose(self.state.as_deref()).session;
        let limit = session.limits().memory_bytes;
        if wanted > limit {
            return Err(LimitHit::Memory { limit, wanted }.into());
        }
        // What is small and can be frozen is anybody's to have.
        if wanted >= LARGE_BYTES || !session.app.is_eligible() {
            let account = session.may_have(Cost::Memory, wanted);
            account.map_err(LimitHit::Account)?;
            session.stands(Cost::Memory, wanted);
        }
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        wanted: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(wanted <= MAX_TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        MAX_PARTS
    }

    fn tables(&self) -> usize {
        MAX_PARTS
    }

    fn memories(&self) -> usize {
        // Each memory may be of the largest size, so one it is: what SDKs make.
        1
    }
}

/// Functions that can be called by pointer; far above what apps have.
const MAX_TABLE_ELEMENTS: usize = 100_000;
/// Core instances and tables of one component; the tools make about four of each.
const MAX_PARTS: usize = 16;

impl faults::Host for InstanceState {
    fn report_panic(&mut self, panic: faults::Panic) {
        // The first report is the cause; a panic while panicking is not.
        self.panic.get_or_insert(ReportedPanic {
            message: cut(panic.message, MAX_PANIC_BYTES),
            file: cut(panic.file, MAX_PANIC_BYTES),
            line: panic.line,
            column: panic.column,
        });
    }
}

// Interfaces that hold only types.
impl requests::Host for InstanceState {}
impl crate::bindings::lapak::app::events::Host for InstanceState {}
impl view::Host for InstanceState {}
