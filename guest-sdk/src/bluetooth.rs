//! Bluetooth Low Energy, as a GATT client. The manifest asks for `system.permission.BLUETOOTH`, and the person is asked before
//! the app first looks for devices.
//!
//! UUIDs are written in full and in lower case. A device's services are within reach if a [`discover`] that found it asked for
//! them.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Meter; #[derive(Clone)] enum Msg { Level(Result<Vec<u8>, bluetooth::Error>) }
//! const BATTERY: &str = "0000180f-0000-1000-8000-00805f9b34fb";
//! const LEVEL: &str = "00002a19-0000-1000-8000-00805f9b34fb";
//!
//! async fn level() -> Result<Vec<u8>, bluetooth::Error> {
//!     let found = bluetooth::discover(&[BATTERY], 5_000).await?;
//!     let nearest = found.first().ok_or(bluetooth::Error::Disconnected)?;
//!     bluetooth::connect(&nearest.id).await?;
//!     bluetooth::read(&nearest.id, BATTERY, LEVEL).await
//! }
//!
//! # impl App for Meter {
//! # type Msg = Msg; type Page = SinglePage;
//! # fn update(&mut self, _: Msg, _: &mut Context<Self>) {}
//! # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
//! fn launch(_: &Launch, cx: &mut Context<Self>) -> Self {
//!     cx.spawn(level(), Msg::Level);
//!     Meter
//! }
//! # }
//! ```
//!
//! To hear of a characteristic's notifications, [`watch`] and [`Context::follow`](crate::Context::follow).

use std::pin::Pin;

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::bluetooth as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::bluetooth as host;

use crate::request::finished;

pub use crate::bindings::wit::lapak::app::bluetooth::{Device, Error};

/// What a call comes to, later. Nothing happens before it is awaited or spawned; it borrows nothing.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// Has what a characteristic notifies or indicates, one after the other.
pub type Watch = crate::Watch<Vec<u8>, Error>;

/// Looks for devices with at least one of these services (1 to 8), for so long (at most 30,000 ms). The nearest comes first.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn discover(services: &[&str], milliseconds: u32) -> Pending<Vec<Device>> {
    let services: Vec<String> = services.iter().map(|&one| one.to_owned()).collect();
    Box::pin(async move {
        let request = host::discover(&services, milliseconds)?;
        finished(request).await;
        host::take_devices(request)
    })
}

/// Connects to a device that [`discover`] found, by its id.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn connect(device: &str) -> Pending<()> {
    let device = device.to_owned();
    Box::pin(async move {
        let request = host::connect(&device)?;
        finished(request).await;
        host::take_done(request)
    })
}

/// Ends a connection; what is in flight over it ends with [`Error::Disconnected`].
///
/// # Errors
/// See [`Error`].
pub fn disconnect(device: &str) -> Result<(), Error> {
    host::disconnect(device)
}

/// Reads a characteristic of a connected device.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn read(device: &str, service: &str, characteristic: &str) -> Pending<Vec<u8>> {
    let [device, service, characteristic] = [device, service, characteristic].map(str::to_owned);
    Box::pin(async move {
        let request = host::read(&device, &service, &characteristic)?;
        finished(request).await;
        host::take_value(request)
    })
}

/// Writes at most 512 bytes to a characteristic of a connected device, and waits until it has them.
///
/// # Errors
/// [`Error::Unsupported`] when the device refuses them; see [`Error`].
#[must_use]
pub fn write(device: &str, service: &str, characteristic: &str, value: &[u8]) -> Pending<()> {
    let [device, service, characteristic] = [device, service, characteristic].map(str::to_owned);
    let value = value.to_vec();
    Box::pin(async move {
        let request = host::write(&device, &service, &characteristic, &value)?;
        finished(request).await;
        host::take_done(request)
    })
}

/// Watches a characteristic of a connected device, from now on: every notification and indication is news.
///
/// # Errors
/// See [`Error`].
pub fn watch(device: &str, service: &str, characteristic: &str) -> Result<Watch, Error> {
    let request = host::watch(device, service, characteristic)?;
    Ok(Watch::new(request, host::take_value, |request| {
        // A watch that has ended already needs no end.
        let _ = host::stop(request);
    }))
}
