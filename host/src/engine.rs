//! The one place where the engine is configured, and the thread that cuts guest time into slices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wasmtime::{Config, Engine, OptLevel};

use crate::snapshot::slots::Slots;

/// How long a guest runs before others may: one epoch.
pub const SLICE: Duration = Duration::from_millis(1);

/// The guest's own call stack, in bytes. A guest that needs more traps.
const MAX_WASM_STACK: usize = 512 * 1024;

/// The stack that a guest call and the host functions it calls run on, in bytes. The room above
/// [`MAX_WASM_STACK`] is for host frames: a host frame that overflows aborts the process.
const FIBER_STACK: usize = MAX_WASM_STACK + 1024 * 1024;

/// Frames of a guest's call stack that a report shows.
pub(crate) const MAX_BACKTRACE_FRAMES: usize = 64;

/// Builds an engine. Every engine of this library comes from here, so that compiled code can be exchanged
/// between them and no caller forgets a setting that isolation rests on.
///
/// # Errors
/// When this machine or operating system cannot run wasmtime with these settings.
pub fn new_engine() -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .with_host_memory(Arc::new(Slots::new()))
        // Images are mapped into wasmtime's own memories only.
        .memory_init_cow(false)
        .max_wasm_stack(MAX_WASM_STACK)
        .async_stack_size(FIBER_STACK)
        .cranelift_opt_level(OptLevel::Speed)
        // Replays must see the same bits, whatever machine they run on.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(MAX_BACKTRACE_FRAMES));
    Engine::new(&config)
}

/// The thread that advances an engine's epoch every [`SLICE`]. It belongs to nobody whom a guest could
/// block, and stops when this is dropped.
pub(crate) struct EpochTicker {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl EpochTicker {
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (engine, stopped) = (engine.clone(), stop.clone());
        let thread = std::thread::Builder::new()
            .name("lapak-epoch".into())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    std::thread::sleep(SLICE);
                    engine.increment_epoch();
                }
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for EpochTicker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A ticker that panicked has nothing left to stop.
            let _ = thread.join();
        }
    }
}
