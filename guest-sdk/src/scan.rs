//! Reading codes: QR codes and bar codes. The manifest asks for `system.permission.SCAN`. The shell shows the scanner, and who
//! does not want to scan closes it.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Gate; #[derive(Clone)] enum Msg { Scan, Read(Result<scan::Code, scan::Error>) }
//! # impl App for Gate {
//! # type Msg = Msg; type Page = SinglePage;
//! # fn launch(_: &Launch, _: &mut Context<Self>) -> Self { Gate }
//! fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
//!     match msg {
//!         Msg::Scan => cx.spawn(scan::scan(&[scan::Symbology::QrCode]), Msg::Read),
//!         Msg::Read(Ok(code)) => println!("it says {}", code.text),
//!         Msg::Read(Err(scan::Error::Cancelled)) => {}
//!         Msg::Read(Err(error)) => println!("{error:?}"),
//!     }
//! }
//! # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
//! # }
//! ```

use std::pin::Pin;

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::scan as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::scan as host;

use crate::request::finished;

pub use crate::bindings::wit::lapak::app::scan::{Code, Error, Symbology};

/// What a call comes to, later. Nothing happens before it is awaited or spawned; it borrows nothing.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// Opens the scanner until it sees a code of one of these kinds; none at all means every kind.
///
/// # Errors
/// [`Error::Cancelled`] when the person closes the scanner; see [`Error`].
#[must_use]
pub fn scan(kinds: &[Symbology]) -> Pending<Code> {
    let kinds = kinds.to_vec();
    Box::pin(async move {
        let request = host::scan(&kinds)?;
        finished(request).await;
        // A scanner that saw nothing was closed.
        host::take(request)?.ok_or(Error::Cancelled)
    })
}

/// Reads a code out of a picture, PNG or JPEG; `None` if there is none of these kinds (none at all means every kind).
///
/// # Errors
/// [`Error::Invalid`] when it is no picture, or too large; see [`Error`].
#[must_use]
pub fn read(picture: &[u8], kinds: &[Symbology]) -> Pending<Option<Code>> {
    let (picture, kinds) = (picture.to_vec(), kinds.to_vec());
    Box::pin(async move {
        let request = host::read(&picture, &kinds)?;
        drop(picture);
        finished(request).await;
        host::take(request)
    })
}
