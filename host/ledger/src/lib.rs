//! Lapak's money: a double-entry ledger, orders signed by merchants, receipts signed by the host, payment providers, and
//! the PIN that stands before them. Knows nothing of WebAssembly; a host wires it to a capability.
//!
//! Amounts are whole minor units of an ISO 4217 currency. Nothing is acknowledged before it is on disk, and whatever is
//! sent a second time gets the first answer.

mod clock;
mod digest;
pub mod ledger;
pub mod money;
pub mod name;

pub use clock::{Clock, SystemClock};
pub use digest::{Digest, DigestError};
