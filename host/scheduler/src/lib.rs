//! The worker threads and run queues on which Lapak runs guest sessions.

mod account;
mod clock;
mod entity;
mod gauges;
mod idle;
mod policy;
mod run_queue;
mod scheduler;
mod shared;
#[cfg(all(test, not(feature = "model")))]
mod simulation;
mod slot;
mod sync;
mod turn;
mod vtime;
mod window;
mod worker;

pub use account::Account;
pub use clock::{Clock, SystemClock};
pub use entity::{Entity, Runnable, Turn};
pub use gauges::{SchedulerSink, Snapshot};
pub use policy::{Class, NORMAL_WEIGHT, Policy};
pub use scheduler::{Config, Handle, Overloaded, Scheduler};
pub use turn::should_yield;
pub use window::Budget;
