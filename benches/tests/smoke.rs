//! A small run of every figure: that they can be measured, not how fast.

use lapak_benches::{Effort, ids, measure, possible_ids};

#[test]
fn every_figure_can_be_measured() {
    let figures = measure(None, Effort::smoke()).expect("a result");
    let told: Vec<_> = figures.iter().map(|figure| figure.id.as_str()).collect();
    let all: Vec<_> = possible_ids().collect();
    assert_eq!(told, all);
    for figure in &figures {
        // Few sessions take less than the kernel's accounting of memory can tell.
        let told = !figure.id.starts_with("bytes-") && figure.id != "memory-pressure";
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
fn each_figure_can_be_asked_for_by_its_id() {
    // Of the same runs as another, which gives its name to both.
    for id in [
        "sessions-live",
        "open-cached",
        "toggle-row-1000-bytes",
        "payment-latency-p99",
    ] {
        let figures = measure(Some(id), Effort::smoke()).expect("measured");
        assert!(figures.iter().any(|figure| figure.id == id), "{figures:?}");
    }
}

#[test]
fn every_figure_is_published() {
    let results = include_str!("../results.json");
    let results: Vec<lapak_benches::Figure> = serde_json::from_str(results).expect("results");
    let pages = [
        include_str!("../README.md"),
        include_str!("../../README.md"),
    ];
    // Said beside the table, so that nobody takes them for measured.
    let own_page = include_str!("../README.md");
    let waiting = own_page
        .lines()
        .find(|line| line.starts_with("Not measured yet"));
    for id in ids() {
        if waiting.is_some_and(|line| line.contains(&format!("`{id}`"))) {
            continue;
        }
        assert!(results.iter().any(|figure| figure.id == id), "{id}");
        let row = format!("| `{id}` |");
        assert!(pages.iter().all(|page| page.contains(&row)), "{row}");
    }
    assert!(results.iter().all(|figure| ids().any(|id| id == figure.id)));
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
