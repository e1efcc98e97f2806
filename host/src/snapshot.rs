//! A session without an instance: its bytes, ready to go on.
//!
//! ```text
//! slots ── the linear memories, which the host owns
//! image ── what a memory is compared with; the difference between two memories
//! frozen ─ a session as bytes in memory
//! saved ── a session as bytes on disk; seal: encrypted, authenticated; store: where they are kept
//! ```

mod compressed;
pub mod eligibility;
pub(crate) mod frozen;
pub(crate) mod image;
pub(crate) mod pile;
pub(crate) mod saved;
pub mod seal;
pub(crate) mod slots;
pub mod store;
