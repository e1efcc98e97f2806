//! Who the person is, as far as they want to tell. The manifest asks for `system.permission.IDENTITY`.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Shop; #[derive(Clone)] enum Msg { LoggedIn(Result<identity::Login, identity::Error>) }
//! # impl App for Shop {
//! # type Msg = Msg; type Page = SinglePage;
//! # fn update(&mut self, _: Msg, _: &mut Context<Self>) {}
//! # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
//! fn launch(_: &Launch, cx: &mut Context<Self>) -> Self {
//!     // Then the code goes to the app's server, by `fetch`.
//!     cx.spawn(identity::log_in(), Msg::LoggedIn);
//!     Shop
//! }
//! # }
//! ```

use std::pin::Pin;

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::identity as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::identity as host;

use crate::request::finished;

pub use crate::bindings::wit::lapak::app::identity::{Claim, Claimed, Error, Login};

/// What a call comes to, later. Nothing happens before it is awaited or spawned; it borrows nothing.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// Logs the person in to the app. They are asked before the first time.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn log_in() -> Pending<Login> {
    Box::pin(async {
        let request = host::log_on()?;
        finished(request).await;
        host::take_login(request)
    })
}

/// Asks the person to tell these things about themselves; they are asked each time, and see what would be told. What is not
/// known of them is left out.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn claims(wanted: &[Claim]) -> Pending<Vec<Claimed>> {
    let wanted = wanted.to_vec();
    Box::pin(async move {
        let request = host::claims(&wanted)?;
        finished(request).await;
        host::take_claims(request)
    })
}
