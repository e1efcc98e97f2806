//! CPU time of the running thread, so that a session pays for what it used and not for what a busy
//! machine took from it.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use lapak_scheduler::Clock;

/// CPU time that one letter has used so far, over all its events and their slices.
#[derive(Clone, Debug, Default)]
pub(crate) struct CpuMeter(Arc<Reading>);

#[derive(Debug, Default)]
struct Reading {
    /// Nanoseconds of the slices that are over.
    used: AtomicU64,
    /// The thread's CPU time when the running slice began, in nanoseconds.
    slice_began: AtomicU64,
}

impl CpuMeter {
    pub(crate) fn reset(&self) {
        self.0.used.store(0, Ordering::Relaxed);
    }

    /// What the slices that are over took.
    pub(crate) fn used(&self) -> Duration {
        Duration::from_nanos(self.0.used.load(Ordering::Relaxed))
    }

    /// As [`used`](Self::used), with the slice that is running. Only from within it.
    pub(crate) fn used_in_slice(&self) -> Duration {
        let slice = thread_cpu_ns().saturating_sub(self.0.slice_began.load(Ordering::Relaxed));
        self.used() + Duration::from_nanos(slice)
    }

    /// Measures work of the host's own for the session.
    pub(crate) fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = thread_cpu_ns();
        let done = work();
        let took = thread_cpu_ns().saturating_sub(began);
        self.0.used.fetch_add(took, Ordering::Relaxed);
        done
    }

    /// Measures a future: each poll is a slice.
    pub(crate) async fn measure<F: Future>(&self, future: F) -> F::Output {
        let future = std::pin::pin!(future);
        Measured {
            meter: self,
            future,
        }
        .await
    }
}

struct Measured<'a, F> {
    meter: &'a CpuMeter,
    future: Pin<&'a mut F>,
}

impl<F: Future> Future for Measured<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let began = thread_cpu_ns();
        self.meter.0.slice_began.store(began, Ordering::Relaxed);
        let polled = self.future.as_mut().poll(cx);
        let took = thread_cpu_ns().saturating_sub(began);
        self.meter.0.used.fetch_add(took, Ordering::Relaxed);
        polled
    }
}

/// How long a thread's CPU time is taken to pass as the wall clock does. The system has to be asked for CPU time, which
/// takes as long as a small event; the wall clock is read without it. Whatever a busy machine takes from a thread in
/// this time is charged wrongly, never more than that at once.
const TRUSTED: Duration = Duration::from_micros(200);

thread_local! {
    /// When the system was last asked, and what it said.
    static ASKED: Cell<Option<(Instant, u64)>> = const { Cell::new(None) };
}

/// CPU time of this thread, in nanoseconds, from a start that differs between threads. May go back by [`TRUSTED`].
pub(crate) fn thread_cpu_ns() -> u64 {
    let now = Instant::now();
    if let Some((asked, cpu_ns)) = ASKED.get() {
        let since = now.saturating_duration_since(asked);
        if since < TRUSTED {
            return cpu_ns.saturating_add(whole_ns(since));
        }
    }
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u64::try_from(time.tv_nsec).unwrap_or_default();
    let cpu_ns = seconds.saturating_mul(1_000_000_000).saturating_add(nanos);
    ASKED.set(Some((now, cpu_ns)));
    cpu_ns
}

/// The clocks of the worker threads.
#[derive(Debug)]
pub(crate) struct WorkerClock {
    started: Instant,
}

impl WorkerClock {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for WorkerClock {
    fn now_ns(&self) -> u64 {
        whole_ns(self.started.elapsed())
    }

    fn thread_cpu_ns(&self) -> u64 {
        thread_cpu_ns()
    }
}

fn whole_ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
