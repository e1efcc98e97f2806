//! What the app runs on. Lent to every app.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! fn is_dark() -> bool {
//!     device::now().is_ok_and(|device| device.theme == device::Theme::Dark)
//! }
//! ```

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::device as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::device as host;

pub use crate::bindings::wit::lapak::app::device::{Error, Information, Screen, Theme};

/// Has news at once, and whenever something about the device has changed.
pub type Watch = crate::Watch<Information, Error>;

/// What the app runs on now.
///
/// # Errors
/// See [`Error`].
pub fn now() -> Result<Information, Error> {
    host::now()
}

/// Watches the device, from now on.
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
