//! The worker threads and run queues on which Lapak runs guest sessions.
//!
//! A host has a million sessions and nearly all of them are idle. So what the scheduler keeps of a session is an
//! [`Entity`] of 88 bytes inside the session itself; while it is idle, nothing here knows of it. [`Handle::wake`] puts
//! it into a worker's queue, the worker calls [`Runnable::run`], and the session says how that ended: it waits
//! ([`Turn::Idle`]), it made way and goes on ([`Turn::Again`]), or it is over ([`Turn::Done`]). A wake while it runs
//! makes it run again. Guests ask [`should_yield`] at each epoch.
//!
//! # How it decides
//!
//! **Virtual time.** Each worker has a queue with a clock that goes on by the CPU time its sessions use, divided by
//! the sum of their weights: what each unit of weight has been given so far. Each session has a virtual time of its
//! own, which goes on by the CPU time that it uses, divided by its weight. The difference is its *lag*: what it is
//! owed, or has had too much. A session is *owed* while its lag is not negative. Its *deadline* is its virtual time
//! plus one slice (1 ms), divided by its weight. Next is whoever, of those owed, has the earliest deadline (EEVDF:
//! earliest eligible virtual deadline first). If nobody is owed anything, the clock jumps to the first who will be.
//!
//! **Weight** is class (foreground 1024, visible 256, background 32) × the session's own × its tenant's ÷ the number
//! of the tenant's runnable sessions ÷ demotion. Dividing by the count stands in for a tree of queues: a tenant with
//! a thousand spinning apps gets what a tenant with one gets. It is a cheap approximation: the count is read when a
//! session is queued, so it acts after at most one turn of each, and demotion is by session, so that a tenant whose
//! apps all work briefly outweighs one whose apps spin.
//!
//! **Long turns are demoted.** The weight is divided by the CPU time that the session has used since it was last idle,
//! counted in fours of milliseconds, up to 64. When it really rests, that is forgotten.
//!
//! **A person's tap does not wait behind those who spin.** Those owed are in two lines: *fresh*, not background and
//! in the first 4 ms of CPU time since it was idle, and *long*, all others. Fresh ones go first, so a tap is next
//! whatever the number of those who spin, even within one tenant. Being owed is what bounds this: an app that always
//! wakes for short events stops being owed when it has had its share and 4 ms of CPU time more (so that no short event
//! is cut up). A session that slept keeps the time it was owed,
//! up to 16 ms at the reference weight, and at most as much debt: so it comes before its like that have been busy.
//!
//! **Nobody starves.** Virtual time sees to it among equals: a waiting deadline stands still while the clock goes on.
//! Because a stream of ever new sessions could keep the fresh line full, a long one that waits gets a slice that is
//! not interrupted after each 16 ms of CPU time that fresh ones have used.
//!
//! **Giving way.** [`should_yield`] is true when somebody who is owed waits in this worker's queue with an earlier
//! deadline (a fresh one's is earlier than a long one's); within the first half of its slice the running session keeps
//! the deadline that it began with, so that equals do not interrupt each other. A wake that makes this true calls
//! [`Config::preempt`], once a turn; the host advances the epoch there, and the tap runs within microseconds. Guests in
//! host calls look when they come back. It is also true when a budget is spent and when the scheduler stops.
//!
//! **Several workers.** A woken session goes to an idle worker, else to the one it last ran on, or to another if it
//! would interrupt there and not at home. A worker with an empty queue steals who is next elsewhere; every eighth
//! turn it compares loads with one other worker, and takes over from one that is much fuller. Queues have clocks of
//! their own; what moves with a session is its lag.
//!
//! **Budgets.** A class may have a [`Budget`], by default 1 s of CPU time in 10 s in the background. Past it a session
//! is parked: it is not runnable and weighs on nobody until its window ends, then goes on where it was. Wakes
//! meanwhile are absorbed, since it is to run anyway. Another class takes it out at once.
//!
//! **Overload.** [`Handle::admit`] refuses when too many sessions are runnable; the host asks before it lets work in from
//! outside. Wakes are never refused, and a session is in at most one queue at most once, so queues never outgrow the
//! sessions there are.
//!
//! # Threads
//!
//! `IDLE → QUEUED → RUNNING → IDLE`, and `WOKEN` for a wake while it runs: a wake is one atomic exchange, and only
//! the one that finds `IDLE` takes a queue's lock. No lock is held while a session runs, while it is dropped, or while
//! the hooks are called. A panic ends the session alone. An idle worker spins for up to 50 µs if work has lately come
//! that often, one worker at a time, then sleeps; a wake of a spinning worker makes no system call.
//!
//! `cargo test -p lapak-scheduler --features model --test model` explores under `loom` all orders in which a few
//! threads may act, up to two or three involuntary switches: no lost wake, no double run, nobody left waiting beside a
//! sleeping worker, nothing held after a stop. The policy is tested by simulation, without threads and time.
//!
//! # What it does not do
//!
//! Virtual times of two queues are not compared: how fair two workers are to each other rests on load alone.
//! [`should_yield`] looks at its own worker's queue only. A change of the tenant's or the session's own weight acts
//! when the session is next queued. A turn that never asks [`should_yield`] keeps its worker, though it pays for it.

mod account;
mod clock;
mod entity;
mod gauges;
mod idle;
mod policy;
mod run_queue;
mod scheduler;
mod shards;
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
pub use scheduler::{Around, Config, Handle, Overloaded, Scheduler};
pub use shards::Shards;
pub use turn::should_yield;
pub use window::Budget;
