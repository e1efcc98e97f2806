//! How the device moves and lies. The manifest asks for `system.permission.MOTION`, and the person is asked before the app first
//! reads a sensor.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Compass { _needle: Option<lapak_sdk::Following> }
//! # #[derive(Clone)] enum Msg { Turned(Result<motion::Reading, motion::Error>) }
//! # impl App for Compass {
//! # type Msg = Msg; type Page = SinglePage;
//! # fn update(&mut self, _: Msg, _: &mut Context<Self>) {}
//! # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
//! fn launch(_: &Launch, cx: &mut Context<Self>) -> Self {
//!     let needle = motion::watch(motion::Sensor::Compass, 100).ok();
//!     Compass { _needle: needle.map(|needle| cx.follow(needle, Msg::Turned)) }
//! }
//! # }
//! ```

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::motion as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::motion as host;

pub use crate::bindings::wit::lapak::app::motion::{Error, Reading, Sensor};

/// Has news as the sensor is read.
pub type Watch = crate::Watch<Reading, Error>;

/// Watches a sensor, from now on, with news at most every `interval_ms` milliseconds; less than 16 counts as 16.
///
/// # Errors
/// See [`Error`].
pub fn watch(sensor: Sensor, interval_ms: u32) -> Result<Watch, Error> {
    let request = host::watch(sensor, interval_ms)?;
    Ok(Watch::new(request, host::take, |request| {
        // A watch that has ended already needs no end.
        let _ = host::stop(request);
    }))
}
