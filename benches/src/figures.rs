//! The figures, one file for each question.

mod event;
mod launch;
mod size;

use std::time::Instant;

use tokio::runtime::Runtime as Tokio;

use crate::{Effort, Figure};

type Measure = fn(&Tokio, Effort) -> anyhow::Result<Vec<Figure>>;

/// Every figure by its id.
pub(crate) const ALL: &[(&str, Measure)] = &[
    ("event-warm", event::warm),
    ("toggle-row-1000", event::toggle_row),
    ("launch-new", launch::new),
    ("launch-cached", launch::cached),
    ("package-size-counter", size::counter),
    ("package-size-warung", size::warung),
];

/// Microseconds since then.
fn micros(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}
