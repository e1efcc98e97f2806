//! Snapshots: a session without an instance, as bytes that can go on.

mod compressed;
pub mod seal;
pub mod store;
