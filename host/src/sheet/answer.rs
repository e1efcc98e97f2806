//! How a sheet is answered, and what comes of it.

use lapak_ledger::pin::PinError;
use lapak_ledger::provider::Decline;
use lapak_ledger::{Receipt, SignedReceipt};
use serde::{Deserialize, Serialize};

use crate::grants::consent::Consent;

/// A person's answer.
#[derive(Debug)]
pub enum SheetAnswer {
    /// Pay, with the PIN.
    Confirm(Pin),
    /// Chooses the person's first PIN. The sheet stays open: it takes a [`Self::Confirm`] too.
    ChoosePin(Pin),
    /// Not this time. Of a payment that the provider already works at: stop it if it is not too late.
    Cancel,
    /// What the app may do.
    Consent(Consent),
    /// Yes, this time.
    Agree,
}

/// A PIN on its way; shown nowhere.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Pin(String);

impl Pin {
    /// As a person typed it.
    #[must_use]
    pub fn new(digits: String) -> Self {
        Self(digits)
    }

    pub(crate) fn digits(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// Why an answer was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// There is no such sheet in this session any more: it was answered, has expired, or was taken back.
    #[error("this sheet is not open any more")]
    NotOpen,
    /// Another answer is being looked at: a double tap.
    #[error("this sheet is being answered already")]
    Busy,
    /// The sheet takes another kind of answer.
    #[error("this is no answer to this sheet")]
    WrongKind,
    /// The PIN is not right, or must not be tried. The sheet stays open.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// The platform took the grant back meanwhile. The sheet is over.
    #[error("the app may not ask for this any more")]
    Denied,
    /// It was too late. The sheet is over.
    #[error("the sheet has expired")]
    Expired,
    /// The answer could not be written down, so nothing was done. The sheet stays open.
    #[error("the answer could not be written down, and nothing was done: {0}")]
    Unavailable(String),
}

/// What came of a sheet.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum SheetOutcome {
    /// The money moved.
    Paid {
        /// What the receipt says.
        receipt: Receipt,
        /// The receipt as the host signed it.
        signed: SignedReceipt,
    },
    /// No money moved, and why.
    Declined {
        /// Why.
        reason: Decline,
    },
    /// The person did not want it.
    Cancelled,
    /// Nobody answered in time, or the order expired.
    Expired,
    /// The platform took the grant back, or the bounds that it lay within.
    Denied,
    /// The person agreed to let the app use something.
    Agreed,
    /// The person did not agree.
    Refused,
    /// The app's session ended before the person answered.
    Closed,
}
