//! Opening another mini-app. The manifest asks for `system.permission.OPEN_APP`; it works only while the app handles a tap, and
//! the person is asked each time.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Shop; #[derive(Clone)] enum Msg { Pay, Opened(Result<(), open_app::Error>) }
//! # impl App for Shop {
//! # type Msg = Msg; type Page = SinglePage;
//! # fn launch(_: &Launch, _: &mut Context<Self>) -> Self { Shop }
//! fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
//!     match msg {
//!         Msg::Pay => cx.spawn(open_app::open("platform://miniapp/com.example.bank"), Msg::Opened),
//!         Msg::Opened(outcome) => console::info!("{outcome:?}"),
//!     }
//! }
//! # fn view(&self, _: &SinglePage) -> View<'_, Msg> { button("Pay").on_tap(Msg::Pay).into() }
//! # }
//! ```

use std::pin::Pin;

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::open_app as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::open_app as host;

use crate::request::finished;

pub use crate::bindings::wit::lapak::app::open_app::Error;

/// What a call comes to, later. Nothing happens before it is awaited or spawned; it borrows nothing.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// Asks the person whether to open the app that a MiniApp URI names. To be spawned as a tap is handled, and before anything else
/// is awaited: later it is refused.
///
/// # Errors
/// [`Error::NotOpened`] when the person does not want it, or there is no such app; see [`Error`].
#[must_use]
pub fn open(uri: &str) -> Pending<()> {
    let uri = uri.to_owned();
    Box::pin(async move {
        let request = host::open(&uri)?;
        finished(request).await;
        host::take(request)
    })
}
