//! The `updates` interface: an app hands over to its next version.

use std::sync::{Arc, Weak};

use crate::app::App;
use crate::bindings::lapak::app::updates::{Error, Host};
use crate::capability::payments::PaymentsState;
use crate::instance::InstanceState;
use crate::requests::Requests;
use crate::runtime::{LaunchError, Runtime};
use crate::session::{Launch, Session, ShellEvent, Watcher};
use lapak_abi::manifest::OnUpdate;

/// The most that is handed over, in bytes.
pub const MAX_CARRIED_BYTES: usize = 1 << 20;

/// Where a session stands between two versions.
#[derive(Debug, Default)]
pub(crate) enum Carried {
    /// Nobody takes over.
    #[default]
    Nothing,
    /// A newer version is to take over.
    Asked,
    /// This goes to it.
    Over(Vec<u8>),
}

/// Payments of a version of an app that the next one goes on with: their requests keep their numbers, so that a version that
/// handed a number over finds its outcome under it.
#[derive(Debug)]
pub(crate) struct Adopted {
    requests: Requests,
    payments: PaymentsState,
}

impl Adopted {
    /// What there is to go on with.
    pub(crate) fn of(state: &mut InstanceState) -> Option<Box<Self>> {
        let payments = std::mem::take(&mut state.rooms.payments);
        (!payments.is_empty()).then(|| {
            Box::new(Self {
                requests: state.requests.taken_over(payments.in_flight()),
                payments,
            })
        })
    }

    /// Goes on with it. Asking for a payment again pays nothing twice, and a sheet that was open opens again.
    pub(crate) fn go_on(self, state: &mut InstanceState) {
        state.requests = self.requests;
        state.rooms.payments = self.payments;
        state.ask_payments_again(&[]);
    }
}

impl Host for InstanceState {
    fn carry_over(&mut self, state: Vec<u8>) -> Result<(), Error> {
        if state.len() > MAX_CARRIED_BYTES {
            return Err(Error::TooLarge);
        }
        if matches!(self.carried, Carried::Nothing) {
            return Err(Error::NotUpdating);
        }
        self.carried = Carried::Over(state);
        Ok(())
    }
}

impl Runtime {
    /// Lets a newer version of its app take over from a session, if the version that runs says so in its manifest
    /// (`lapak_on_update`). `launch` tells how the new session begins; its pages and what was carried over are filled in.
    /// Payments in flight go on, with the same request ids; a sheet that was open closes and opens again.
    ///
    /// `None`: the session goes on with its own version until it ends.
    ///
    /// # Errors
    /// [`LaunchError`]: the old session has ended by then. What it handed over is lost; the app's stored data is not.
    pub async fn update(
        &self,
        session: &Session,
        newer: &Arc<App>,
        launch: Launch,
    ) -> Result<Option<Session>, LaunchError> {
        self.update_watched_by(session, newer, launch, None).await
    }

    /// As [`update`](Self::update), and tells this watcher of everything in the new session from the first on.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_watched_by(
        &self,
        session: &Session,
        newer: &Arc<App>,
        launch: Launch,
        watcher: Option<Weak<dyn Watcher>>,
    ) -> Result<Option<Session>, LaunchError> {
        if session.app().manifest().on_update != OnUpdate::Migrate {
            return Ok(None);
        }
        let pages = session.screen().stack;
        // One that has ended already hands over nothing.
        let _ = session.send(ShellEvent::Update);
        session.ended().await;
        let launch = Launch {
            pages,
            carried_over: session.shared.carried_over(),
            ..launch
        };
        self.launch_after(newer, launch, session.shared.adopted(), watcher)
            .map(Some)
    }
}
