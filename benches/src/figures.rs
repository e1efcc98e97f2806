//! The figures, one file for each question.

mod event;
mod fairness;
mod grants;
mod launch;
pub(crate) mod many;
mod payments;
mod pressure;
mod restart;
mod size;
mod throughput;

use std::time::Instant;

use tokio::runtime::Runtime as Tokio;

use crate::{Effort, Figure};

type Measure = fn(&Tokio, Effort) -> anyhow::Result<Vec<Figure>>;

/// Every figure by its id.
pub(crate) const ALL: &[(&str, Measure)] = &[
    ("event-warm", event::warm),
    ("event-frozen", event::frozen),
    ("toggle-row-1000", event::toggle_row),
    ("launch-new", launch::new),
    ("launch-cached", launch::cached),
    ("bytes-frozen-counter", many::bytes_counter),
    ("bytes-frozen-warung", many::bytes_warung),
    ("event-at-1k", many::event_at_1k),
    ("event-at-10k", many::event_at_10k),
    ("event-at-100k", many::event_at_100k),
    ("event-at-1m", many::event_at_1m),
    ("foreground-p99-1", fairness::beside_1),
    ("foreground-p99-8", fairness::beside_8),
    ("foreground-p99-64", fairness::beside_64),
    ("foreground-p99-1000", fairness::beside_1000),
    ("events-per-second", throughput::zipf),
    ("restart-100k", restart::restart),
    ("memory-pressure", pressure::hoarders),
    ("payments-per-second", payments::per_second),
    ("payment-latency", payments::latency),
    ("ledger-at-10m", payments::at_10m),
    ("host-call-checked", grants::checked),
    ("revoke-to-refused", grants::revoked),
    ("package-size-counter", size::counter),
    ("package-size-warung", size::warung),
];

/// Microseconds since then.
fn micros(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}
