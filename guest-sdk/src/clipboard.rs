//! What was copied. The manifest asks for `system.permission.CLIPBOARD`, and the person is asked before the app first uses it.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Code; #[derive(Clone)] enum Msg { Copy, Copied(Result<(), clipboard::Error>) }
//! # impl App for Code {
//! # type Msg = Msg; type Page = SinglePage;
//! # fn launch(_: &Launch, _: &mut Context<Self>) -> Self { Code }
//! # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
//! fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
//!     match msg {
//!         Msg::Copy => cx.spawn(clipboard::write("SEPEDA-2026"), Msg::Copied),
//!         Msg::Copied(_) => {}
//!     }
//! }
//! # }
//! ```

use std::pin::Pin;

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::clipboard as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::clipboard as host;

use crate::request::finished;

pub use crate::bindings::wit::lapak::app::clipboard::Error;

/// What a call comes to, later. Nothing happens before it is awaited or spawned; it borrows nothing.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// The text in the clipboard; `None` if there is none, or more than 64 KiB of it.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn read() -> Pending<Option<String>> {
    Box::pin(async {
        let request = host::read()?;
        finished(request).await;
        host::take_text(request)
    })
}

/// Puts a text there, 64 KiB at most.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn write(text: impl Into<String>) -> Pending<()> {
    let text = text.into();
    Box::pin(async move {
        let request = host::write(&text)?;
        finished(request).await;
        host::take_done(request)
    })
}
