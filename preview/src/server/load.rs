//! The live page of the server's load, and the readings that it draws: the numbers of `/metrics`, as JSON.

use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use lapak_host::metrics::{BOUNDS_NS, MetricsReading};
use serde::Serialize;

use super::{Preview, pages};

const PAGE: &str = include_str!("../../assets/load.html");

#[derive(Serialize)]
struct Reading {
    /// Upper bounds of the histograms' buckets but the last.
    bounds_ns: [u64; BOUNDS_NS.len()],
    #[serde(flatten)]
    read: MetricsReading,
}

pub(super) async fn page(State(preview): State<Preview>) -> Response {
    if !preview.inner.options.metrics {
        return pages::not_shown(&preview);
    }
    let page = pages::fill(PAGE, &[("base", preview.base().to_owned())]);
    Html(page).into_response()
}

pub(super) async fn reading(State(preview): State<Preview>) -> Response {
    if !preview.inner.options.metrics {
        return pages::not_shown(&preview);
    }
    let read = preview.inner.runtime.metrics();
    Json(Reading {
        bounds_ns: BOUNDS_NS,
        read,
    })
    .into_response()
}
