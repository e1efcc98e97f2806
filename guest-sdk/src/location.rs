//! Where the device is. The manifest asks for `system.permission.LOCATION`, and the person is asked before the app first hears
//! where they are.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Map; #[derive(Clone)] enum Msg { Here(Result<location::Position, location::Error>) }
//! # impl App for Map {
//! # type Msg = Msg; type Page = SinglePage;
//! # fn update(&mut self, _: Msg, _: &mut Context<Self>) {}
//! # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
//! fn launch(_: &Launch, cx: &mut Context<Self>) -> Self {
//!     cx.spawn(location::once(location::Accuracy::Coarse), Msg::Here);
//!     Map
//! }
//! # }
//! ```
//!
//! To go on hearing where the device is, [`watch`] and [`Context::follow`](crate::Context::follow).

use std::pin::Pin;

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::location as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::location as host;

use crate::request::finished;

pub use crate::bindings::wit::lapak::app::location::{Accuracy, Error, Position};

/// What a call comes to, later. Nothing happens before it is awaited or spawned; it borrows nothing.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// Has news whenever the device has moved.
pub type Watch = crate::Watch<Position, Error>;

/// Where the device is.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn once(accuracy: Accuracy) -> Pending<Position> {
    Box::pin(async move {
        let request = host::once(accuracy)?;
        finished(request).await;
        host::take(request)
    })
}

/// Watches where the device is, from now on: there is news when it has moved by `metres` or more.
///
/// # Errors
/// See [`Error`].
pub fn watch(accuracy: Accuracy, metres: f64) -> Result<Watch, Error> {
    let request = host::watch(accuracy, metres)?;
    Ok(Watch::new(request, host::take, |request| {
        // A watch that has ended already needs no end.
        let _ = host::stop(request);
    }))
}
