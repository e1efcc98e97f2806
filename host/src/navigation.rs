//! The `navigation` interface: each call changes the page stack at once; the page events that follow from it
//! reach the app after the running event.
//!
//! What follows from one letter is bounded in number and in bytes, or an app that navigates in each page event would never come to
//! rest, nor its letter to an end.

use lapak_abi::pages::{NavigationError, PageEvent, PageStack};

use crate::bindings::lapak::app::navigation::{Error, Host};
use crate::instance::InstanceState;

impl Host for InstanceState {
    fn navigate_to(&mut self, url: String) -> Result<(), Error> {
        self.go(url.len(), |pages| pages.navigate_to(&url))
    }

    fn redirect_to(&mut self, url: String) -> Result<(), Error> {
        self.go(url.len(), |pages| pages.redirect_to(&url))
    }

    fn back(&mut self, delta: u32) -> Result<(), Error> {
        self.go(0, |pages| pages.back(delta))
    }

    fn relaunch(&mut self, url: String) -> Result<(), Error> {
        self.go(url.len(), |pages| pages.relaunch(&url))
    }

    fn switch_tab(&mut self, url: String) -> Result<(), Error> {
        self.go(url.len(), |pages| pages.switch_tab(&url))
    }
}

/// What the letter in hand has led to so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Caused {
    events: usize,
    bytes: usize,
}

/// The page that was on top is hidden, and another is loaded, shown and ready; besides, every open page may be unloaded.
const EVENTS_OF_A_MOVE: usize = 4;

impl InstanceState {
    /// Moves, if the letter in hand may lead to what follows from that.
    fn go(
        &mut self,
        url_bytes: usize,
        step: impl FnOnce(&mut PageStack) -> Result<Vec<PageEvent>, NavigationError>,
    ) -> Result<(), Error> {
        let most = EVENTS_OF_A_MOVE + self.pages.pages().len();
        let limits = self.limits();
        if self.caused.events + most > limits.caused_events
            || self.caused.bytes.saturating_add(url_bytes) > limits.caused_bytes
        {
            return Err(Error::TooMany);
        }
        let moved = step(&mut self.pages).map_err(Error::from)?;
        self.caused.events += moved.len();
        self.caused.bytes += url_bytes;
        self.page_events.extend(moved);
        Ok(())
    }
}

impl From<NavigationError> for Error {
    fn from(error: NavigationError) -> Self {
        match error {
            NavigationError::InvalidUrl => Self::InvalidUrl,
            NavigationError::UnknownPage => Self::UnknownPage,
            NavigationError::StackFull => Self::StackFull,
            NavigationError::NotATab => Self::NotATab,
            NavigationError::IsATab => Self::IsATab,
            NavigationError::AtRoot => Self::AtRoot,
        }
    }
}
