//! Files of the app's own, for this person: what is too large for [`storage`](crate::storage), or has a name of its own.
//!
//! Paths are like `photos/bike.jpg`. Requests are carried out in the order in which their futures were spawned.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Photos; #[derive(Clone)] enum Msg { Kept(Result<(), files::Error>) }
//! # impl App for Photos {
//! # type Msg = Msg; type Page = SinglePage;
//! # fn update(&mut self, _: Msg, _: &mut Context<Self>) {}
//! # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
//! fn launch(_: &Launch, cx: &mut Context<Self>) -> Self {
//!     cx.spawn(files::write("note.txt", "three bananas"), Msg::Kept);
//!     Photos
//! }
//! # }
//! ```

use std::pin::Pin;

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::files as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::files as host;

use crate::request::finished;

pub use crate::bindings::wit::lapak::app::files::{Entry, Error};

/// What a call comes to, later. Nothing happens before it is awaited or spawned; it borrows nothing.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// Reads a file.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn read(path: &str) -> Pending<Vec<u8>> {
    let path = path.to_owned();
    Box::pin(async move {
        let request = host::read(&path)?;
        finished(request).await;
        host::take_bytes(request)
    })
}

/// Writes a file as a whole. When it is `Ok`, the file is on disk; until then the old one is there.
///
/// # Errors
/// See [`Error`]; nothing was written then.
#[must_use]
pub fn write(path: &str, bytes: impl Into<Vec<u8>>) -> Pending<()> {
    let (path, bytes) = (path.to_owned(), bytes.into());
    Box::pin(async move { done(host::write(&path, &bytes)?).await })
}

/// Removes a file, or an empty folder; `Ok` as well if there is none.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn remove(path: &str) -> Pending<()> {
    let path = path.to_owned();
    Box::pin(async move { done(host::remove(&path)?).await })
}

/// Makes a folder; `Ok` as well if it is there.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn make_folder(path: &str) -> Pending<()> {
    let path = path.to_owned();
    Box::pin(async move { done(host::make_folder(&path)?).await })
}

/// What is in a folder, by name; `""` is the app's own.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn entries(folder: &str) -> Pending<Vec<Entry>> {
    let folder = folder.to_owned();
    Box::pin(async move {
        let request = host::entries(&folder)?;
        finished(request).await;
        host::take_entries(request)
    })
}

async fn done(request: u32) -> Result<(), Error> {
    finished(request).await;
    host::take_done(request)
}
