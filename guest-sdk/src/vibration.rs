//! Shaking the device, while the app is on the screen. The manifest asks for `system.permission.VIBRATE`.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! fn unlocked() {
//!     // Whoever does not feel it reads it.
//!     let _ = vibration::vibrate(200);
//! }
//! ```

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::vibration as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::vibration as host;

pub use crate::bindings::wit::lapak::app::vibration::Error;

/// Vibrates for so long, 1 to 5,000 milliseconds, in place of what it was still asked for. A device that cannot does nothing.
///
/// # Errors
/// See [`Error`].
pub fn vibrate(milliseconds: u32) -> Result<(), Error> {
    host::vibrate(milliseconds)
}

/// Ends it.
///
/// # Errors
/// [`Error::AccessDenied`] when the host does not lend vibration.
pub fn stop() -> Result<(), Error> {
    host::stop()
}
