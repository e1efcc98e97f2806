//! The figures, one file for each question.

mod event;
mod fairness;
mod grants;
mod launch;
pub(crate) mod many;
mod neighbours;
mod paint;
mod payments;
mod pressure;
mod restart;
mod size;
pub(crate) mod socket;
mod throughput;

use std::time::Instant;

use tokio::runtime::Runtime as Tokio;

use crate::{Effort, Figure};

/// What is measured together, since it comes of the same runs.
pub(crate) struct Group {
    /// The figures' ids, in the order in which they are told.
    pub(crate) ids: &'static [&'static str],
    /// It takes a browser.
    pub(crate) in_a_browser: bool,
    pub(crate) measure: fn(&Tokio, Effort) -> anyhow::Result<Vec<Figure>>,
}

impl Group {
    /// Whether this machine has what it takes.
    pub(crate) fn is_possible(&self) -> bool {
        !self.in_a_browser || crate::browser::is_there()
    }

    /// The first id.
    pub(crate) fn name(&self) -> &'static str {
        self.ids.first().copied().unwrap_or_default()
    }
}

/// Every figure.
pub(crate) const ALL: &[Group] = &[
    group(&["event-warm"], event::warm),
    group(&["event-frozen"], event::frozen),
    group(
        &["toggle-row-1000", "toggle-row-1000-bytes"],
        event::toggle_row,
    ),
    group(&["launch-new"], launch::new),
    group(&["launch-cached", "open-cached"], launch::cached),
    group(&["bytes-frozen-counter"], many::bytes_counter),
    group(&["bytes-frozen-warung"], many::bytes_warung),
    group(&["event-at-1k"], many::event_at_1k),
    group(&["event-at-10k"], many::event_at_10k),
    group(&["event-at-100k"], many::event_at_100k),
    group(&["event-at-1m", "sessions-live"], many::event_at_1m),
    group(
        &["foreground-p50-1", "foreground-p99-1", "foreground-max-1"],
        fairness::beside_1,
    ),
    group(
        &["foreground-p50-8", "foreground-p99-8", "foreground-max-8"],
        fairness::beside_8,
    ),
    group(
        &[
            "foreground-p50-64",
            "foreground-p99-64",
            "foreground-max-64",
        ],
        fairness::beside_64,
    ),
    group(
        &[
            "foreground-p50-1000",
            "foreground-p99-1000",
            "foreground-max-1000",
        ],
        fairness::beside_1000,
    ),
    group(&["events-per-second"], throughput::zipf),
    group(
        &["tap-websocket", "tap-websocket-p99"],
        socket::tap_websocket,
    ),
    group(&["events-per-second-websocket"], socket::per_second),
    group(&["bytes-open-session"], socket::bytes_open),
    group(&["bytes-connected-session"], socket::bytes_connected),
    group(&["shot-warm"], paint::shot_warm),
    in_a_browser(&["tap-to-paint"], paint::tap_to_paint),
    group(&["restart-100k"], restart::restart),
    group(
        &["memory-pressure", "memory-pressure-p99"],
        pressure::hoarders,
    ),
    group(
        &["payments-per-second", "payments-limit"],
        payments::per_second,
    ),
    group(
        &["payment-latency", "payment-latency-p99"],
        payments::latency,
    ),
    group(&["ledger-at-10m"], payments::at_10m),
    group(
        &[
            "neighbour-storage-read",
            "neighbour-storage-tap",
            "neighbour-storage-payment",
        ],
        neighbours::storage,
    ),
    group(
        &[
            "neighbour-merchant-read",
            "neighbour-merchant-tap",
            "neighbour-merchant-payment",
        ],
        neighbours::merchant,
    ),
    group(
        &[
            "neighbour-audit-read",
            "neighbour-audit-tap",
            "neighbour-audit-payment",
        ],
        neighbours::audit,
    ),
    group(&["host-call-checked"], grants::checked),
    group(&["revoke-to-refused"], grants::revoked),
    group(&["package-size-counter"], size::counter),
    group(&["package-size-warung"], size::warung),
];

const fn group(
    ids: &'static [&'static str],
    measure: fn(&Tokio, Effort) -> anyhow::Result<Vec<Figure>>,
) -> Group {
    Group {
        ids,
        in_a_browser: false,
        measure,
    }
}

const fn in_a_browser(
    ids: &'static [&'static str],
    measure: fn(&Tokio, Effort) -> anyhow::Result<Vec<Figure>>,
) -> Group {
    Group {
        in_a_browser: true,
        ..group(ids, measure)
    }
}

/// Microseconds since then.
fn micros(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}
