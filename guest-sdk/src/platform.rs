//! What the platform is able to lend at all: whether to show a button for it.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # #[derive(Clone)] enum Msg { Pay }
//! fn pay<'a>() -> Option<View<'a, Msg>> {
//!     lapak_sdk::platform::offers("payments").then(|| button("Pay").on_tap(Msg::Pay))
//! }
//! ```

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::platform as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::platform as host;

/// Whether this platform offers an interface, e.g. `location`, or another vendor's, e.g. `acme:printer/print`. It does not tell
/// whether this app and this person may use it.
#[must_use]
pub fn offers(name: &str) -> bool {
    host::offers(name)
}
