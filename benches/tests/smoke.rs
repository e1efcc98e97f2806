//! A small run of every figure: that they can be measured, not how fast.

use lapak_benches::{Effort, measure};

#[test]
fn every_figure_can_be_measured() {
    let figures = measure(None, Effort::smoke()).expect("a result");
    let ids: Vec<_> = figures.iter().map(|figure| figure.id.as_str()).collect();
    let all = [
        "event-warm",
        "toggle-row-1000",
        "toggle-row-1000-bytes",
        "launch-new",
        "launch-cached",
        "package-size-counter",
        "package-size-warung",
    ];
    assert_eq!(ids, all);
    for figure in &figures {
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
