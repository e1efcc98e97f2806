//! Lines for the app's author: `console::info!("{} dishes", count)`.

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::console::log;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::console_log as log;

pub use crate::bindings::wit::lapak::app::console::Level;

/// Writes one line. A line that the host refuses is gone; an app never fails for want of a console.
pub fn write(level: Level, line: std::fmt::Arguments<'_>) {
    let _ = log(level, &line.to_string());
}

/// Writes a line of level debug, with `format!`'s arguments.
#[macro_export]
macro_rules! console_debug {
    ($($args:tt)*) => { $crate::console::write($crate::console::Level::Debug, ::std::format_args!($($args)*)) };
}
/// Writes a line of level info, with `format!`'s arguments.
#[macro_export]
macro_rules! console_info {
    ($($args:tt)*) => { $crate::console::write($crate::console::Level::Info, ::std::format_args!($($args)*)) };
}
/// Writes a line of level warn, with `format!`'s arguments.
#[macro_export]
macro_rules! console_warn {
    ($($args:tt)*) => { $crate::console::write($crate::console::Level::Warn, ::std::format_args!($($args)*)) };
}
/// Writes a line of level error, with `format!`'s arguments.
#[macro_export]
macro_rules! console_error {
    ($($args:tt)*) => { $crate::console::write($crate::console::Level::Error, ::std::format_args!($($args)*)) };
}

pub use crate::{
    console_debug as debug, console_error as error, console_info as info, console_warn as warn,
};
