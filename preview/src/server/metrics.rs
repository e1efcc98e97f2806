//! `/metrics`: what the host counts, as Prometheus reads it (text exposition format 0.0.4).
//!
//! Written by hand: the host keeps its counters itself, so that a client library would only copy them into its own to
//! print them.

use std::fmt::{Display, Write as _};

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use lapak_host::metrics::{BOUNDS_NS, CLASSES, HistogramReading, MetricsReading};

use super::{Preview, pages};

const KIND: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn metrics(State(preview): State<Preview>) -> Response {
    if !preview.inner.options.metrics {
        return pages::not_shown(&preview);
    }
    let text = text(&preview.inner.runtime.metrics());
    ([(header::CONTENT_TYPE, KIND)], text).into_response()
}

/// A label and its value.
type Label<'a> = Option<(&'a str, &'a str)>;

fn text(read: &MetricsReading) -> String {
    let mut page = Page(String::new());
    events(&mut page, read);
    sessions(&mut page, read);
    scheduler(&mut page, read);
    page.0
}

fn events(page: &mut Page, read: &MetricsReading) {
    let all = [
        ("event_cpu", "CPU time of an event.", &read.event_cpu),
        (
            "event_wall",
            "From the shell's event to the patch.",
            &read.event_wall,
        ),
        ("freeze", "Time it takes to freeze a session.", &read.freeze),
        (
            "thaw",
            "Time it takes to thaw a session, without its event.",
            &read.thaw,
        ),
    ];
    for (name, help, histogram) in all {
        page.histogram(name, help, [(None, histogram)]);
    }
    let delays = read.queue_delay.iter();
    let delays = delays.map(|(class, delay)| (Some(("class", *class)), delay));
    page.histogram("queue_delay", "From a session's wake to its turn.", delays);
}

fn sessions(page: &mut Page, read: &MetricsReading) {
    let residence = [
        (Some(("residence", "resident")), read.resident),
        (Some(("residence", "frozen")), read.frozen),
        (Some(("residence", "stored")), read.stored),
    ];
    page.gauge("sessions", "Sessions by where their memory is.", residence);
    page.gauge(
        "instances",
        "Instances, those kept for the next session too.",
        one(read.instances),
    );
    page.gauge(
        "frozen_bytes",
        "Bytes of snapshots in memory.",
        one(read.frozen_bytes),
    );
    page.gauge(
        "resident_bytes",
        "Linear memory of all instances.",
        one(read.resident_bytes),
    );
    page.gauge(
        "stored_bytes",
        "Bytes of snapshots on disk alone.",
        one(read.stored_bytes),
    );
    page.counter(
        "sessions_launched",
        "Sessions launched.",
        one(read.launched),
    );
    page.counter("sessions_closed", "Sessions closed.", one(read.closed));
    let faults = read
        .faults
        .iter()
        .map(|(reason, count)| (Some(("reason", *reason)), *count));
    page.counter("faults", "Sessions ended by a fault.", faults);
    snapshots(page, read);
    let tenants = read.tenants.iter();
    let tenants = tenants.map(|(name, ns)| (Some(("tenant", name.as_str())), seconds(*ns)));
    let help = "CPU time by tenant; those that used most.";
    page.counter("tenant_cpu_seconds", help, tenants);
}

fn snapshots(page: &mut Page, read: &MetricsReading) {
    page.counter(
        "snapshots_spilled",
        "Sessions moved to disk to free memory.",
        one(read.spilled),
    );
    page.counter(
        "snapshots_fetched",
        "Sessions brought back from disk.",
        one(read.fetched),
    );
    page.counter(
        "snapshots_written",
        "Snapshots written to disk.",
        one(read.written),
    );
    page.counter(
        "store_errors",
        "Failures of the store of snapshots.",
        one(read.store_errors),
    );
}

fn scheduler(page: &mut Page, read: &MetricsReading) {
    let by_class = |counts: [usize; 3]| {
        let labels = CLASSES.into_iter().map(|class| Some(("class", class)));
        labels.zip(counts)
    };
    let read = &read.scheduler;
    page.gauge(
        "sessions_waiting",
        "Sessions that wait for a worker.",
        by_class(read.waiting),
    );
    page.gauge(
        "sessions_running",
        "Sessions that run.",
        by_class(read.running),
    );
    page.gauge(
        "sessions_parked",
        "Sessions past their budget.",
        one(read.parked),
    );
    page.counter("turns", "Turns of sessions on workers.", one(read.turns));
    page.counter(
        "steals",
        "Sessions taken over from another worker.",
        one(read.stolen),
    );
    page.counter(
        "preemptions",
        "Sessions told to make way.",
        one(read.preemptions),
    );
    page.counter(
        "sheds",
        "Events refused for too much work.",
        one(read.sheds),
    );
    page.counter(
        "panics",
        "Turns that ended in a bug of the host's.",
        one(read.panics),
    );
}

/// A metric without labels.
fn one<T>(value: T) -> [(Label<'static>, T); 1] {
    [(None, value)]
}

#[expect(
    clippy::cast_precision_loss,
    reason = "exact below 104 days, and near enough beyond"
)]
fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

struct Page(String);

impl Page {
    fn gauge<'a, T: Display>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Label<'a>, T)>,
    ) {
        self.head(name, "gauge", help);
        for (label, value) in samples {
            self.sample(name, [label, None], value);
        }
    }

    fn counter<'a, T: Display>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Label<'a>, T)>,
    ) {
        let name = format!("{name}_total");
        self.head(&name, "counter", help);
        for (label, value) in samples {
            self.sample(&name, [label, None], value);
        }
    }

    fn histogram<'a>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Label<'a>, &'a HistogramReading)>,
    ) {
        let name = format!("{name}_seconds");
        self.head(&name, "histogram", help);
        for (label, reading) in samples {
            let (bucket, mut below) = (format!("{name}_bucket"), 0);
            for (bound, count) in BOUNDS_NS.iter().zip(&reading.buckets) {
                below += count;
                let bound = seconds(*bound).to_string();
                self.sample(&bucket, [label, Some(("le", &bound))], below);
            }
            let count = reading.count();
            self.sample(&bucket, [label, Some(("le", "+Inf"))], count);
            self.sample(
                &format!("{name}_sum"),
                [label, None],
                seconds(reading.sum_ns),
            );
            self.sample(&format!("{name}_count"), [label, None], count);
        }
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Nothing fails that is written into a string.
        let _ = writeln!(self.0, "# HELP lapak_{name} {help}");
        let _ = writeln!(self.0, "# TYPE lapak_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: [Label<'_>; 2], value: impl Display) {
        let _ = write!(self.0, "lapak_{name}");
        let labels: Vec<String> = labels.into_iter().flatten().map(label).collect();
        if !labels.is_empty() {
            let _ = write!(self.0, "{{{}}}", labels.join(","));
        }
        let _ = writeln!(self.0, " {value}");
    }
}

fn label((name, value): (&str, &str)) -> String {
    let value = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lapak_host::metrics::{Histogram, SchedulerReading};

    use super::*;

    #[test]
    fn buckets_add_up_and_labels_are_escaped() {
        let histogram = Histogram::default();
        for micros in [1, 2, 2, 30_000_000] {
            histogram.observe(Duration::from_micros(micros));
        }
        let read = MetricsReading {
            event_wall: histogram.reading(),
            queue_delay: vec![("visible", histogram.reading())],
            tenants: vec![("a\"\\\n}".into(), 1_500_000_000)],
            resident_bytes: 131_072,
            stored_bytes: 4_096,
            scheduler: SchedulerReading {
                sheds: 3,
                ..SchedulerReading::default()
            },
            ..MetricsReading::default()
        };
        let text = text(&read);
        for line in [
            "# TYPE lapak_event_wall_seconds histogram",
            "lapak_event_wall_seconds_bucket{le=\"0.000001\"} 1",
            "lapak_event_wall_seconds_bucket{le=\"0.000002\"} 3",
            "lapak_event_wall_seconds_bucket{le=\"10\"} 3",
            "lapak_event_wall_seconds_bucket{le=\"+Inf\"} 4",
            "lapak_event_wall_seconds_count 4",
            "lapak_event_wall_seconds_sum 30.000005",
            "lapak_queue_delay_seconds_bucket{class=\"visible\",le=\"+Inf\"} 4",
            "lapak_tenant_cpu_seconds_total{tenant=\"a\\\"\\\\\\n}\"} 1.5",
            "lapak_sessions{residence=\"frozen\"} 0",
            "lapak_resident_bytes 131072",
            "lapak_stored_bytes 4096",
            "lapak_sheds_total 3",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} in\n{text}");
        }
    }
}
