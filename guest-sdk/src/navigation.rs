//! The app's own pages. Apps usually go through [`crate::Context`], which takes typed pages.

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::navigation as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::navigation as host;

pub use crate::bindings::wit::lapak::app::navigation::Error as NavigationError;

macro_rules! by_url {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// See [`NavigationError`]; the stack is as it was then.
        pub fn $name(url: &str) -> Result<(), NavigationError> {
            host::$name(url)
        }
    )*};
}

by_url! {
    /// Opens a page on top.
    navigate_to
    /// Replaces the page on top.
    redirect_to
    /// Closes every page and opens this one.
    relaunch
    /// Goes to a page of the tab bar.
    switch_tab
}

/// Closes `delta` pages, never the lowest.
///
/// # Errors
/// [`NavigationError::AtRoot`].
pub fn back(delta: u32) -> Result<(), NavigationError> {
    host::back(delta)
}
