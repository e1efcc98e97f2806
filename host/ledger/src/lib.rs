//! Lapak's money: a double-entry ledger, orders signed by merchants, receipts signed by the host, payment providers, and
//! the PIN that stands before them. Knows nothing of WebAssembly; a host wires it to a capability.
//!
//! Amounts are whole minor units of an ISO 4217 currency. Nothing is acknowledged before it is on disk, and whatever is
//! sent a second time gets the first answer.

mod addresses;
mod clock;
mod courier;
pub mod database;
mod digest;
pub mod jws;
mod keys;
pub mod ledger;
pub mod merchant;
mod merchants;
pub mod money;
pub mod name;
pub mod order;
pub mod pin;
pub mod private_files;
pub mod provider;
mod receipt;
mod schedule;
mod web;

pub use addresses::{AddressBook, AddressError};
pub use clock::{Clock, SystemClock};
pub use courier::Courier;
pub use digest::{Digest, DigestError};
pub use keys::{KeyError, PublicKey, SecretKey};
pub use merchants::{Merchant, Merchants};
pub use receipt::{Purpose, Receipt, SignedReceipt};
pub use web::{UnsafeUrl, WebOptions};
