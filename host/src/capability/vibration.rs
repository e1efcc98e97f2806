//! `vibration`: shakes the device, while the app is on the screen.

pub mod simulated;

use crate::asking::Use;
use crate::bindings::lapak::app::vibration::{Error, Host};
use crate::capability::storage::Owner;
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::room::{Asks, Lent, Terms, Words};

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "vibration",
    lent: Lent::ToWhoAsks("system.permission.VIBRATE"),
    allows: Words {
        en: "make your device vibrate",
        id: "menggetarkan perangkat Anda",
    },
    asks: Asks::Never,
    bounds: "",
};

const CAPABILITY: Capability = Capability::Vibration;
const VIBRATE: Use = Use {
    capability: CAPABILITY,
    function: "vibrate",
    done: "vibrated",
};

/// The longest vibration.
const MOST_MS: u32 = 5_000;

/// Shakes people's devices. Called on threads that run guests: both functions return at once, and a device that cannot does
/// nothing.
pub trait VibrationProvider: Send + Sync {
    /// Vibrates for so long, in place of what this app was still doing.
    fn vibrate(&self, of: &Owner, milliseconds: u32);

    /// Ends it.
    fn stop(&self, of: &Owner);
}

impl Host for InstanceState {
    fn vibrate(&mut self, milliseconds: u32) -> Result<(), Error> {
        self.may_ask(VIBRATE)?;
        let session = self.session.clone();
        if self.answer(|| session.is_background()) {
            return Err(Error::AccessDenied);
        }
        if milliseconds == 0 || milliseconds > MOST_MS {
            return Err(Error::Invalid);
        }
        self.used(VIBRATE);
        let provider = &session.providers.vibration;
        self.answer(|| provider.vibrate(&session.owner, milliseconds));
        Ok(())
    }

    fn stop(&mut self) -> Result<(), Error> {
        self.check(CAPABILITY)?;
        let session = self.session.clone();
        self.answer(|| session.providers.vibration.stop(&session.owner));
        Ok(())
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}
