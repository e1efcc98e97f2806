//! The primitives that threads meet in: the standard library's, or loom's when the model test explores every order in
//! which they may act.

#[cfg(not(feature = "model"))]
mod primitives {
    pub(crate) use std::hint::spin_loop;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, fence};
    pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
    pub(crate) use std::thread::{Builder, JoinHandle, current, yield_now};

    /// Loom's thread-locals take no `const` block, the standard library's are better with one.
    macro_rules! local {
        (static $name:ident: $of:ty = $initial:expr;) => {
            std::thread_local! {
                static $name: $of = const { $initial };
            }
        };
    }
    pub(crate) use local as thread_local;

    /// Runs `work`; a panic in it comes back as its message.
    pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).map_err(|panic| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            text.or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "a panic without a message".into())
        })
    }
}

#[cfg(feature = "model")]
mod primitives {
    pub(crate) use loom::hint::spin_loop;
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, fence};
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
    pub(crate) use loom::thread::{Builder, JoinHandle, current, yield_now};
    pub(crate) use loom::thread_local;

    /// Loom reports what it found by a panic: that one must not be caught.
    pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
        Ok(work())
    }
}

pub(crate) use primitives::*;

/// No code of a session's runs under a lock of the scheduler's, so a panic leaves nothing half-done behind one.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
