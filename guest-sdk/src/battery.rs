//! The device's battery. The manifest asks for `system.permission.BATTERY`.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! fn is_low() -> bool {
//!     // Who cannot know does not save.
//!     battery::now().is_ok_and(|battery| battery.percent <= 20 && !battery.charging)
//! }
//! ```

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::battery as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::battery as host;

pub use crate::bindings::wit::lapak::app::battery::{Error, Status};

/// Has news at once, and whenever the status has changed.
pub type Watch = crate::Watch<Status, Error>;

/// The battery now.
///
/// # Errors
/// See [`Error`].
pub fn now() -> Result<Status, Error> {
    host::now()
}

/// Watches the battery, from now on.
///
/// # Errors
/// See [`Error`].
pub fn watch() -> Result<Watch, Error> {
    let request = host::watch()?;
    Ok(Watch::new(request, host::take, |request| {
        // A watch that has ended already needs no end.
        let _ = host::stop(request);
    }))
}
