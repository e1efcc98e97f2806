//! Small values that outlive the session, for this person and this app.
//!
//! Requests are carried out in the order in which their futures were spawned.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Notes; #[derive(Clone)] enum Msg { Loaded(Result<Option<Vec<String>>, storage::Error>) }
//! # impl App for Notes {
//! # type Msg = Msg; type Page = SinglePage;
//! # fn update(&mut self, _: Msg, _: &mut Context<Self>) {}
//! # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
//! fn launch(_: &Launch, cx: &mut Context<Self>) -> Self {
//!     cx.spawn(storage::load("notes"), Msg::Loaded);
//!     Notes
//! }
//! # }
//! ```

use std::pin::Pin;

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::storage as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::storage as host;

use crate::bindings::wit::lapak::app::storage::Outcome;
use crate::request::finished;

pub use crate::bindings::wit::lapak::app::storage::Error;

/// What a call comes to, later. Nothing happens before it is awaited or spawned; it borrows nothing.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// Reads a value; `None` if the key is not there.
///
/// # Errors
/// See [`Error`].
pub fn get(key: &str) -> Pending<Option<Vec<u8>>> {
    let key = key.to_owned();
    Box::pin(async move {
        match outcome(host::get(&key)?).await? {
            Outcome::Value(value) => Ok(value),
            Outcome::Done | Outcome::Keys(_) => Err(Error::UnknownRequest),
        }
    })
}

/// Writes a value. When it is `Ok`, the value is on disk.
///
/// # Errors
/// See [`Error`]; nothing was written then.
pub fn set(key: &str, value: impl Into<Vec<u8>>) -> Pending<()> {
    let (key, value) = (key.to_owned(), value.into());
    Box::pin(async move { outcome(host::set(&key, &value)?).await.map(drop) })
}

/// Removes a key; `Ok` as well if there is none.
///
/// # Errors
/// See [`Error`].
pub fn remove(key: &str) -> Pending<()> {
    let key = key.to_owned();
    Box::pin(async move { outcome(host::remove(&key)?).await.map(drop) })
}

/// Every key, in order.
///
/// # Errors
/// See [`Error`].
pub fn keys() -> Pending<Vec<String>> {
    Box::pin(async {
        match outcome(host::keys()?).await? {
            Outcome::Keys(keys) => Ok(keys),
            Outcome::Done | Outcome::Value(_) => Err(Error::UnknownRequest),
        }
    })
}

/// Removes every key.
///
/// # Errors
/// See [`Error`].
pub fn clear() -> Pending<()> {
    Box::pin(async { outcome(host::clear()?).await.map(drop) })
}

/// Reads a value written by [`store`]. A value that does not read as a `T` (of an older version of the app,
/// say) counts as missing.
///
/// # Errors
/// See [`Error`].
#[cfg(feature = "json")]
pub fn load<T: serde::de::DeserializeOwned>(key: &str) -> Pending<Option<T>> {
    let value = get(key);
    Box::pin(async {
        Ok(value
            .await?
            .and_then(|json| serde_json::from_slice(&json).ok()))
    })
}

/// Writes a value as JSON. The value is taken as it is now, whenever the future runs.
///
/// # Errors
/// See [`Error`].
///
/// # Panics
/// When `T` cannot be written as JSON (a map whose keys are no strings).
#[cfg(feature = "json")]
pub fn store<T: serde::Serialize + ?Sized>(key: &str, value: &T) -> Pending<()> {
    match serde_json::to_vec(value) {
        Ok(json) => set(key, json),
        Err(error) => panic!("the value for {key:?} cannot be written as JSON: {error}"),
    }
}

async fn outcome(request: u32) -> Result<Outcome, Error> {
    finished(request).await;
    host::take(request)
}
