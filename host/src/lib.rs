//! Runs mini-apps: isolated from one another, scheduled fairly, lent only what was granted.
//!
//! The library that a platform embeds. It knows nothing of HTTP or of pixels: a shell sends
//! [`session::ShellEvent`]s and gets [`session::Update`]s.
//!
//! The one flow, and where each part of it lives:
//!
//! ```text
//! shell ─ShellEvent→ mailbox → scheduler → session::actor → instance → app.handle(event)
//!   ↑                                                          │ host call → grants → capability → provider
//!   └──Update── view::diff(old tree, new view) ←── view ←──────┘
//! ```

pub mod account;
pub mod app;
mod asking;
pub mod audit;
mod bell;
pub mod bindings;
pub mod capability;
pub mod code_cache;
mod component_types;
pub mod contract;
mod cpu_clock;
mod crew;
mod delays;
pub mod engine;
pub mod flights;
pub mod grants;
pub mod host_key;
mod instance;
mod instances;
pub mod mailbox;
pub mod metrics;
mod navigation;
mod owner_queues;
mod platform;
mod pools;
pub mod profile;
pub mod recording;
pub mod report;
mod requests;
pub mod room;
pub mod runtime;
pub mod session;
pub mod session_id;
pub mod sheet;
pub mod simulated;
pub mod snapshot;
mod turns;
pub mod updates;
pub mod vendor;
pub mod view;
mod wasi;
mod zone;

pub use account::{Account, AccountLimits, Allowance, Cost, Holder, OverLimit};
pub use app::compiler::{Compiler, CompilerProcess, compile_apart};
pub use app::source::AppSource;
pub use app::{App, LoadError};
pub use grants::{Capability, Grants};
pub use host_key::HostKey;
pub use lapak_scheduler::Budget;
pub use mailbox::SendError;
pub use report::{EndCause, EndReport};
pub use runtime::{
    LaunchError, ResumeError, Runtime, RuntimeConfig, RuntimeError, SnapshotConfig, UninstallError,
};
pub use session::{Class, Launch, Residence, Screen, Session, ShellEvent, Update, Updates};
pub use session_id::SessionId;
pub use sheet::{Sheet, SheetAnswer, SheetError, SheetId, SheetOutcome};
