//! What time it is.

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::clock as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::clock as host;

pub use crate::bindings::wit::lapak::app::clock::{Error, Timestamp};

/// The present moment.
///
/// # Errors
/// [`Error::AccessDenied`] when the host does not lend the clock.
pub fn now() -> Result<Timestamp, Error> {
    host::now()
}

/// Milliseconds since the app was launched; never goes back.
///
/// # Errors
/// [`Error::AccessDenied`] when the host does not lend the clock.
pub fn elapsed_ms() -> Result<u64, Error> {
    host::elapsed_ms()
}
