//! Small values that outlive the session, for this person and this app.
//!
//! ```ignore
//! cx.spawn(storage::load::<Basket>("basket"), Msg::Loaded);
//! ```

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::storage as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::storage as host;

use crate::bindings::wit::lapak::app::storage::Outcome;
use crate::request::finished;

pub use crate::bindings::wit::lapak::app::storage::Error;

/// Reads a value; `None` if the key is not there.
///
/// # Errors
/// See [`Error`].
pub async fn get(key: impl Into<String>) -> Result<Option<Vec<u8>>, Error> {
    match outcome(host::get(&key.into())?).await? {
        Outcome::Value(value) => Ok(value),
        Outcome::Done | Outcome::Keys(_) => Err(Error::UnknownRequest),
    }
}

/// Writes a value. When it is `Ok`, the value is on disk.
///
/// # Errors
/// See [`Error`]; nothing was written then.
pub async fn set(key: impl Into<String>, value: impl Into<Vec<u8>>) -> Result<(), Error> {
    outcome(host::set(&key.into(), &value.into())?).await.map(drop)
}

/// Removes a key; `Ok` as well if there is none.
///
/// # Errors
/// See [`Error`].
pub async fn remove(key: impl Into<String>) -> Result<(), Error> {
    outcome(host::remove(&key.into())?).await.map(drop)
}

/// Every key, in order.
///
/// # Errors
/// See [`Error`].
pub async fn keys() -> Result<Vec<String>, Error> {
    match outcome(host::keys()?).await? {
        Outcome::Keys(keys) => Ok(keys),
        Outcome::Done | Outcome::Value(_) => Err(Error::UnknownRequest),
    }
}

/// Removes every key.
///
/// # Errors
/// See [`Error`].
pub async fn clear() -> Result<(), Error> {
    outcome(host::clear()?).await.map(drop)
}

/// Reads a value written by [`store`]. A value that does not read as a `T` (of an older version of the app,
/// say) counts as missing.
///
/// # Errors
/// See [`Error`].
#[cfg(feature = "json")]
pub async fn load<T: serde::de::DeserializeOwned>(key: impl Into<String>) -> Result<Option<T>, Error> {
    let value = get(key).await?;
    Ok(value.and_then(|json| serde_json::from_slice(&json).ok()))
}

/// Writes a value as JSON. The value is taken as it is now, whenever the future runs.
///
/// # Errors
/// See [`Error`].
///
/// # Panics
/// When `T` cannot be written as JSON (a map whose keys are no strings).
#[cfg(feature = "json")]
pub fn store<T: serde::Serialize>(
    key: impl Into<String>,
    value: &T,
) -> impl Future<Output = Result<(), Error>> + 'static {
    let json = serde_json::to_vec(value);
    let key = key.into();
    async move {
        match json {
            Ok(json) => set(key, json).await,
            Err(error) => panic!("the value for {key:?} cannot be written as JSON: {error}"),
        }
    }
}

async fn outcome(request: u32) -> Result<Outcome, Error> {
    finished(request).await;
    host::take(request)
}
