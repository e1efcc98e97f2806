//! The `navigation` interface: each call changes the page stack at once; the page events that follow from it
//! reach the app after the running event.

use lapak_abi::pages::{NavigationError, PageEvent};

use crate::bindings::lapak::app::navigation::{Error, Host};
use crate::instance::InstanceState;

impl Host for InstanceState {
    fn navigate_to(&mut self, url: String) -> Result<(), Error> {
        let moved = self.pages.navigate_to(&url);
        self.moved(moved)
    }

    fn redirect_to(&mut self, url: String) -> Result<(), Error> {
        let moved = self.pages.redirect_to(&url);
        self.moved(moved)
    }

    fn back(&mut self, delta: u32) -> Result<(), Error> {
        let moved = self.pages.back(delta);
        self.moved(moved)
    }

    fn relaunch(&mut self, url: String) -> Result<(), Error> {
        let moved = self.pages.relaunch(&url);
        self.moved(moved)
    }

    fn switch_tab(&mut self, url: String) -> Result<(), Error> {
        let moved = self.pages.switch_tab(&url);
        self.moved(moved)
    }
}

impl InstanceState {
    fn moved(&mut self, moved: Result<Vec<PageEvent>, NavigationError>) -> Result<(), Error> {
        self.page_events.extend(moved.map_err(Error::from)?);
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
