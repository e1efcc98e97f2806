//! Whether there is a network, and of what kind. The manifest asks for `system.permission.NETWORK`.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! fn may_load_pictures() -> bool {
//!     network::now().is_ok_and(|network| network.kind != network::Kind::None && !network.metered)
//! }
//! ```

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::network as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::network as host;

pub use crate::bindings::wit::lapak::app::network::{Error, Kind, Status};

/// Has news at once, and whenever the status has changed.
pub type Watch = crate::Watch<Status, Error>;

/// The network now.
///
/// # Errors
/// See [`Error`].
pub fn now() -> Result<Status, Error> {
    host::now()
}

/// Watches the network, from now on.
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
