//! What the platform has to lend at all, so that an app can leave out what it cannot do. Whether this app may use it is told by
//! each call.

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::platform as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::platform as host;

/// Whether the platform lends a capability to anybody: the name of one of Lapak's interfaces (`location`), or of a platform's
/// own (`acme:lamp/lamp`).
#[must_use]
pub fn offers(name: &str) -> bool {
    host::offers(name)
}
