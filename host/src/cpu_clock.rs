//! CPU time of the running thread, so that a session pays for what it used and not for what a busy
//! machine took from it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

/// CPU time that one event has used so far, over all its slices.
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
        self.0.slice_began.store(thread_cpu_ns(), Ordering::Relaxed);
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

    /// Measures a future: each poll is a slice.
    pub(crate) fn measure<F: Future>(&self, future: F) -> Measured<F> {
        Measured {
            meter: self.clone(),
            future: Box::pin(future),
        }
    }
}

pub(crate) struct Measured<F> {
    meter: CpuMeter,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for Measured<F> {
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

fn thread_cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u64::try_from(time.tv_nsec).unwrap_or_default();
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}
