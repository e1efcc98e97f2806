//! Waking up later.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Egg; #[derive(Clone)] enum Msg { Done }
//! # impl App for Egg {
//! # type Msg = Msg; type Page = SinglePage;
//! # fn update(&mut self, _: Msg, _: &mut Context<Self>) {}
//! # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
//! fn launch(_: &Launch, cx: &mut Context<Self>) -> Self {
//!     cx.spawn(timer::after(std::time::Duration::from_secs(240)), |_| Msg::Done);
//!     Egg
//! }
//! # }
//! ```

use std::pin::Pin;
use std::time::Duration;

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::timer as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::timer as host;

use crate::request::finished;

pub use crate::bindings::wit::lapak::app::timer::Error;

/// What a timer comes to, later. It begins to run when it is awaited or spawned.
pub type Pending = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// Waits; at most a day, never less than `delay`. The session may be frozen meanwhile, and its host restarted.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn after(delay: Duration) -> Pending {
    let milliseconds = u32::try_from(delay.as_millis()).unwrap_or(u32::MAX);
    Box::pin(async move {
        let request = host::after(milliseconds)?;
        finished(request).await;
        host::take(request)
    })
}
