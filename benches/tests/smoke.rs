//! A small run of every figure: that they can be measured, not how fast.

use lapak_benches::{Effort, measure};

#[test]
fn every_figure_can_be_measured() {
    let figures = measure(None, Effort::smoke()).expect("a result");
    let ids: Vec<_> = figures.iter().map(|figure| figure.id.as_str()).collect();
    let all = [
        "event-warm",
        "event-frozen",
        "toggle-row-1000",
        "toggle-row-1000-bytes",
        "launch-new",
        "launch-cached",
        "open-cached",
        "bytes-frozen-counter",
        "bytes-frozen-warung",
        "event-at-1k",
        "event-at-10k",
        "event-at-100k",
        "event-at-1m",
        "sessions-live",
        "foreground-p50-1",
        "foreground-p99-1",
        "foreground-max-1",
        "foreground-p50-8",
        "foreground-p99-8",
        "foreground-max-8",
        "foreground-p50-64",
        "foreground-p99-64",
        "foreground-max-64",
        "foreground-p50-1000",
        "foreground-p99-1000",
        "foreground-max-1000",
        "events-per-second",
        "restart-100k",
        "memory-pressure",
        "memory-pressure-p99",
        "payments-per-second",
        "payment-latency",
        "payment-latency-p99",
        "ledger-at-10m",
        "host-call-checked",
        "revoke-to-refused",
        "package-size-counter",
        "package-size-warung",
    ];
    assert_eq!(ids, all);
    for figure in &figures {
        // Few sessions take less than the kernel's accounting of memory can tell.
        let told = !figure.id.starts_with("bytes-frozen") && figure.id != "memory-pressure";
        if !told {
            continue;
        }
        assert!(
            figure.min > 0.0 && figure.min <= figure.median && figure.median <= figure.max,
            "{figure:?}"
        );
        assert!(figure.reference.median > 0.0, "{figure:?}");
    }
    let wire = figures
        .iter()
        .find(|figure| figure.id == "toggle-row-1000-bytes")
        .expect("measured");
    assert!(
        wire.max < 300.0,
        "a toggled row takes {} bytes on the wire",
        wire.max
    );
}

#[test]
fn an_unknown_figure_is_named() {
    let error = measure(Some("no-such"), Effort::smoke()).expect_err("an error");
    assert!(error.to_string().contains("event-warm"), "{error}");
}

/// What the figures that need a process of their own start.
#[test]
#[ignore = "run by the figures themselves"]
fn child() {
    lapak_benches::serve().expect("measured");
}
