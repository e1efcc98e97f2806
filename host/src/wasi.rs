//! WASI 0.2 for components of other languages' toolchains: what they import before their author has written a line.
//!
//! Nothing here reaches the machine, and nothing waits:
//!
//! - clocks and randomness are those of `clock` and `random`: asked of the session's providers, decided by the one decider, on the
//!   tape of a recording. Where the platform lends no clock, WASI's stand still at zero, since WASI knows no refusal there; where it
//!   lends no randomness, insecure numbers are zeros and the secure ones end the session.
//! - `wasi:io/poll` tells what is ready. Where nothing is, it would have waited, and the session ends with a report that says so.
//! - there are no arguments, no environment, no folder and no socket; the input is at its end and output is dropped.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use wasmtime::Result;
use wasmtime::component::{HasData, HasSelf, Linker, Resource, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::p2::bindings::{LinkOptions, cli, filesystem, sockets};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView as _};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::bindings::wasi::io::{error, poll, streams};

use crate::capability::random::MAX_BYTES;
use crate::instance::{AppState, InstanceState};
use crate::report::LimitHit;

/// Streams, pollables and whatever else WASI hands out, of one session at a time. Toolchains need a handful.
const MAX_HANDLES: usize = 1_024;

/// What WASI keeps of an instance.
pub(crate) struct Wasi {
    ctx: WasiCtx,
    table: ResourceTable,
    /// The session's time as it was last looked at, for the pollables that wait for a moment.
    now_ns: Arc<AtomicU64>,
}

impl Wasi {
    /// With nothing in it.
    pub(crate) fn closed() -> Box<Self> {
        let mut ctx = WasiCtxBuilder::new();
        ctx.allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .allow_blocking_current_thread(false);
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_HANDLES);
        Box::new(Self {
            ctx: ctx.build(),
            table,
            now_ns: Arc::default(),
        })
    }
}

/// Gives components what they import of WASI.
pub(crate) fn link(linker: &mut Linker<AppState>) -> Result<()> {
    type State = HasSelf<AppState>;
    let l = linker;
    error::add_to_linker::<_, Table>(l, table)?;
    streams::add_to_linker::<_, Table>(l, table)?;
    poll::add_to_linker::<_, State>(l, |state| state)?;
    monotonic_clock::add_to_linker::<_, State>(l, |state| state)?;
    wall_clock::add_to_linker::<_, State>(l, |state| state)?;
    random::add_to_linker::<_, State>(l, |state| state)?;
    insecure::add_to_linker::<_, State>(l, |state| state)?;
    insecure_seed::add_to_linker::<_, State>(l, |state| state)?;
    link_cli(l)?;
    filesystem::types::add_to_linker::<_, WasiFilesystem>(l, AppState::filesystem)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(l, AppState::filesystem)?;
    link_sockets(l)
}

fn link_cli(l: &mut Linker<AppState>) -> Result<()> {
    cli::exit::add_to_linker::<_, WasiCli>(l, AppState::cli)?;
    cli::environment::add_to_linker::<_, WasiCli>(l, AppState::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(l, AppState::cli)?;
    cli::stdout::add_to_linker::<_, WasiCli>(l, AppState::cli)?;
    cli::stderr::add_to_linker::<_, WasiCli>(l, AppState::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(l, AppState::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(l, AppState::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, AppState::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, AppState::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, AppState::cli)
}

/// Every way to a socket answers that it is denied, so that what takes one is never reached.
fn link_sockets(l: &mut Linker<AppState>) -> Result<()> {
    let options = LinkOptions::default();
    sockets::tcp::add_to_linker::<_, WasiSockets>(l, AppState::sockets)?;
    sockets::tcp_create_socket::add_to_linker::<_, WasiSockets>(l, AppState::sockets)?;
    sockets::udp::add_to_linker::<_, WasiSockets>(l, AppState::sockets)?;
    sockets::udp_create_socket::add_to_linker::<_, WasiSockets>(l, AppState::sockets)?;
    sockets::instance_network::add_to_linker::<_, WasiSockets>(l, AppState::sockets)?;
    sockets::network::add_to_linker::<_, WasiSockets>(l, &(&options).into(), AppState::sockets)?;
    sockets::ip_name_lookup::add_to_linker::<_, WasiSockets>(l, AppState::sockets)
}

impl WasiView for AppState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi();
        WasiCtxView {
            ctx: &mut wasi.ctx,
            table: &mut wasi.table,
        }
    }
}

/// What streams and errors work on.
struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

fn table(state: &mut AppState) -> &mut ResourceTable {
    &mut state.wasi().table
}

/// Ready once the session's time has come to it. It never wakes anybody.
struct Deadline {
    at_ns: u64,
    now_ns: Arc<AtomicU64>,
}

#[async_trait]
impl Pollable for Deadline {
    async fn ready(&mut self) {
        if self.now_ns.load(Ordering::Relaxed) < self.at_ns {
            std::future::pending::<()>().await;
        }
    }
}

impl AppState {
    /// The session's time, as pollables see it from now on.
    fn look_at_clock(&mut self) -> u64 {
        let now = self.session_state().wasi_monotonic_ns();
        self.wasi().now_ns.store(now, Ordering::Relaxed);
        now
    }

    fn subscribe_at(&mut self, at_ns: u64) -> Result<Resource<DynPollable>> {
        let now_ns = self.wasi().now_ns.clone();
        let deadline = table(self).push(Deadline { at_ns, now_ns })?;
        subscribe(table(self), deadline)
    }
}

impl poll::Host for AppState {
    async fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> Result<Vec<u32>> {
        self.look_at_clock();
        at_once("wasi:io/poll.poll", table(self).poll(pollables))
    }
}

impl poll::HostPollable for AppState {
    async fn block(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        self.look_at_clock();
        at_once("wasi:io/poll.pollable.block", table(self).block(pollable))
    }

    async fn ready(&mut self, pollable: Resource<DynPollable>) -> Result<bool> {
        self.look_at_clock();
        at_once("wasi:io/poll.pollable.ready", table(self).ready(pollable))
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        poll::HostPollable::drop(table(self), pollable)
    }
}

/// What has its answer now; what has not would wait.
fn at_once<T>(call: &'static str, asked: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(asked).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => Err(LimitHit::WouldWait(call).into()),
    }
}

impl monotonic_clock::Host for AppState {
    fn now(&mut self) -> Result<monotonic_clock::Instant> {
        Ok(self.look_at_clock())
    }

    fn resolution(&mut self) -> Result<monotonic_clock::Duration> {
        Ok(NS_IN_MS)
    }

    fn subscribe_instant(
        &mut self,
        when: monotonic_clock::Instant,
    ) -> Result<Resource<DynPollable>> {
        self.subscribe_at(when)
    }

    fn subscribe_duration(
        &mut self,
        duration: monotonic_clock::Duration,
    ) -> Result<Resource<DynPollable>> {
        let at_ns = self.look_at_clock().saturating_add(duration);
        self.subscribe_at(at_ns)
    }
}

impl wall_clock::Host for AppState {
    fn now(&mut self) -> Result<wall_clock::Datetime> {
        let since_1970 = Duration::from_millis(self.session_state().wasi_unix_ms());
        Ok(wall_clock::Datetime {
            seconds: since_1970.as_secs(),
            nanoseconds: since_1970.subsec_nanos(),
        })
    }

    fn resolution(&mut self) -> Result<wall_clock::Datetime> {
        let millisecond = Duration::from_millis(1);
        Ok(wall_clock::Datetime {
            seconds: 0,
            nanoseconds: millisecond.subsec_nanos(),
        })
    }
}

impl random::Host for AppState {
    fn get_random_bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        let bytes = self.session_state().wasi_random(length)?;
        bytes.ok_or_else(|| LimitHit::Denied("wasi:random/random").into())
    }

    fn get_random_u64(&mut self) -> Result<u64> {
        Ok(number(&self.get_random_bytes(8)?))
    }
}

impl insecure::Host for AppState {
    fn get_insecure_random_bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        let bytes = self.session_state().wasi_random(length)?;
        let length = usize::try_from(length)?;
        Ok(bytes.unwrap_or_else(|| vec![0; length]))
    }

    fn get_insecure_random_u64(&mut self) -> Result<u64> {
        Ok(number(&self.get_insecure_random_bytes(8)?))
    }
}

impl insecure_seed::Host for AppState {
    fn insecure_seed(&mut self) -> Result<(u64, u64)> {
        let bytes = insecure::Host::get_insecure_random_bytes(self, 16)?;
        let (low, high) = bytes.split_at(8);
        Ok((number(low), number(high)))
    }
}

const NS_IN_MS: u64 = 1_000_000;

/// Of eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

impl InstanceState {
    /// How long the session has lived, in nanoseconds of whole milliseconds, as `clock` tells it; 0 where it is denied.
    fn wasi_monotonic_ns(&mut self) -> u64 {
        use crate::bindings::lapak::app::clock::Host as _;
        self.elapsed_ms().unwrap_or(0).saturating_mul(NS_IN_MS)
    }

    /// The present moment, as `clock` tells it; 0 where it is denied.
    fn wasi_unix_ms(&mut self) -> u64 {
        use crate::bindings::lapak::app::clock::Host as _;
        self.now().map_or(0, |now| now.unix_ms)
    }

    /// Bytes of `random`; `None` where it is denied.
    fn wasi_random(&mut self, length: u64) -> Result<Option<Vec<u8>>> {
        use crate::bindings::lapak::app::random::{Error, Host as _};
        // More is refused there.
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        match self.bytes(length)? {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Error::AccessDenied) => {
                // Nobody is given more zeros than bytes.
                wasmtime::ensure!(length <= MAX_BYTES, TOO_LONG);
                Ok(None)
            }
            Err(Error::TooLong) => Err(wasmtime::Error::msg(TOO_LONG)),
        }
    }
}

const TOO_LONG: &str = "WASI was asked for more than 64 KiB of random bytes at once";
