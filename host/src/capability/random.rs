//! `random`: unpredictable bytes.

pub mod simulated;

use crate::bindings::lapak::app::random::{Error, Host};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::room::{Asks, Lent, Terms, Words};

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "random",
    lent: Lent::ToEveryApp,
    allows: Words {
        en: "draw random numbers",
        id: "mengambil angka acak",
    },
    asks: Asks::Never,
    bounds: "",
};

/// The most bytes that one call gives.
pub const MAX_BYTES: u32 = 64 * 1024;

/// Makes bytes.
pub trait RandomProvider: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// When the source cannot be read. The app is ended then: going on with predictable bytes would be worse.
    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()>;
}

/// The operating system's generator, fit for keys.
#[derive(Debug, Default)]
pub struct SystemRandom;

impl RandomProvider for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        getrandom::fill(bytes).map_err(std::io::Error::other)
    }
}

impl Host for InstanceState {
    fn bytes(&mut self, length: u32) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        if let Err(denied) = self.check(Capability::Random) {
            return Ok(Err(denied.into()));
        }
        if length > MAX_BYTES {
            return Ok(Err(Error::TooLong));
        }
        let length = usize::try_from(length)?;
        let random = self.providers().random.clone();
        let bytes = self.answer(|| {
            let mut bytes = vec![0; length];
            random.fill(&mut bytes).map_err(|error| error.to_string())?;
            Ok::<_, String>(bytes)
        });
        Ok(Ok(bytes.map_err(wasmtime::Error::msg)?))
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}
