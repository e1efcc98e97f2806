//! What a running instance has on the host's side, and how one event is carried through it.

use std::sync::Arc;
use std::time::Duration;

use lapak_abi::limits::Limits;
use lapak_abi::pages::{PageEvent, PageStack};
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::app::App;
use crate::bindings::MiniApp;
use crate::bindings::lapak::app::events::Event;
use crate::bindings::lapak::app::{faults, requests, view};
use crate::capability::Providers;
use crate::capability::console::{ConsoleSink, ConsoleState, cut};
use crate::capability::storage::{Owner, StorageState};
use crate::cpu_clock::CpuMeter;
use crate::grants::Grants;
use crate::report::{LimitHit, ReportedPanic};
use crate::requests::Requests;
use crate::view::View;

/// The most that a panic may say, in bytes.
const MAX_PANIC_BYTES: usize = 4 * 1024;

/// A store's data: everything that an instance's host functions reach. Nothing in it is shared with
/// another session but the providers.
pub(crate) struct InstanceState {
    pub(crate) grants: Arc<Grants>,
    pub(crate) providers: Providers,
    pub(crate) console_sink: Arc<dyn ConsoleSink>,
    pub(crate) owner: Owner,
    pub(crate) limits: Arc<Limits>,
    pub(crate) requests: Requests,
    pub(crate) console: ConsoleState,
    pub(crate) storage: StorageState,
    /// The clock provider's monotonic time when the session began.
    pub(crate) launched_at: Duration,
    pub(crate) pages: PageStack,
    /// Page events that the running event has caused, in order.
    pub(crate) page_events: Vec<PageEvent>,
    pub(crate) panic: Option<ReportedPanic>,
    budget: Duration,
    meter: CpuMeter,
    wasi: Option<Box<Wasi>>,
}

struct Wasi {
    ctx: WasiCtx,
    table: ResourceTable,
}

/// What a session is made of.
pub(crate) struct InstanceParts {
    pub(crate) grants: Arc<Grants>,
    pub(crate) providers: Providers,
    pub(crate) console_sink: Arc<dyn ConsoleSink>,
    pub(crate) owner: Owner,
    pub(crate) limits: Arc<Limits>,
    pub(crate) requests: Requests,
    pub(crate) pages: PageStack,
}

/// A running store with the app in it. Dropped after any fault, never used again.
pub(crate) struct Instance {
    store: Store<InstanceState>,
    exports: MiniApp,
}

impl Instance {
    /// Makes a fresh instance. `meter` counts the CPU time of whatever runs in it.
    pub(crate) async fn start(
        engine: &Engine,
        app: &App,
        parts: InstanceParts,
        meter: &CpuMeter,
    ) -> Result<Self, (wasmtime::Error, Option<ReportedPanic>)> {
        let mut store = new_store(engine, app, parts, meter);
        meter.reset();
        let started = meter.measure(app.pre().instantiate_async(&mut store)).await;
        match started {
            Ok(exports) => Ok(Self { store, exports }),
            Err(error) => Err((error, store.into_data().panic)),
        }
    }

    /// Lets the app handle one event with at most `budget` of CPU time.
    pub(crate) async fn handle(
        &mut self,
        event: &Event,
        budget: Duration,
        meter: &CpuMeter,
    ) -> wasmtime::Result<Option<View>> {
        meter.reset();
        self.store.data_mut().budget = budget;
        self.store.set_epoch_deadline(1);
        let handle = self.exports.lapak_app_app();
        meter
            .measure(handle.call_handle(&mut self.store, event))
            .await
    }

    pub(crate) fn state(&self) -> &InstanceState {
        self.store.data()
    }

    pub(crate) fn state_mut(&mut self) -> &mut InstanceState {
        self.store.data_mut()
    }
}

fn new_store(
    engine: &Engine,
    app: &App,
    parts: InstanceParts,
    meter: &CpuMeter,
) -> Store<InstanceState> {
    let budget = parts.limits.foreground_cpu;
    let hostcall_bytes = parts.limits.view_bytes.saturating_mul(16);
    let state = InstanceState {
        launched_at: parts.providers.clock.monotonic(),
        grants: parts.grants,
        providers: parts.providers,
        console_sink: parts.console_sink,
        owner: parts.owner,
        limits: parts.limits,
        requests: parts.requests,
        console: ConsoleState::default(),
        storage: StorageState::default(),
        pages: parts.pages,
        page_events: Vec::new(),
        panic: None,
        budget,
        meter: meter.clone(),
        wasi: app.needs_wasi().then(Wasi::closed),
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| state);
    // What one call may make the host allocate while it lifts lists and strings: a view of the largest size,
    // as records of the host's.
    store.set_hostcall_fuel(hostcall_bytes);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|store| {
        let state = store.data();
        if state.meter.used_in_slice() > state.budget {
            return Err(LimitHit::Cpu {
                limit: state.budget,
            }
            .into());
        }
        Ok(UpdateDeadline::Yield(1))
    });
    store
}

impl wasmtime::ResourceLimiter for InstanceState {
    fn memory_growing(
        &mut self,
        _current: usize,
        wanted: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let limit = self.limits.memory_bytes;
        if wanted > limit {
            return Err(LimitHit::Memory { limit, wanted }.into());
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

impl Wasi {
    /// WASI with nothing in it: no arguments, no environment, no folder, no socket; output is dropped.
    fn closed() -> Box<Self> {
        Box::new(Self {
            ctx: WasiCtxBuilder::new().build(),
            table: ResourceTable::new(),
        })
    }
}

impl WasiView for InstanceState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi.get_or_insert_with(Wasi::closed);
        WasiCtxView {
            ctx: &mut wasi.ctx,
            table: &mut wasi.table,
        }
    }
}
