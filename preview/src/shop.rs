//! A merchant's server, as far as a demonstration needs one: what `lapak merchant serve` and the shops of `lapak preview`
//! speak over HTTP.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use lapak_ledger::merchant::{Catalogue, Shop, ShopError, Wanted};
use lapak_ledger::{Clock as _, SystemClock};
use serde_json::json;

/// The largest body that is read, in bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// What happened at a shop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShopNews {
    /// A payment or a refund was told for the first time.
    Told,
    /// What was told is not believed, and why.
    Refused(String),
}

/// The shop's addresses:
///
/// | | |
/// |---|---|
/// | `GET /catalogue` | what there is |
/// | `POST /orders` | what somebody wants, as a list of [`Wanted`]; gives an order and its signed text |
/// | `GET /orders/ORDER` | what became of it |
/// | `POST /paid` | a host's signed receipt; 204 acknowledges it, 400 refuses it |
pub fn router(shop: Arc<Shop>, news: fn(ShopNews)) -> Router {
    Router::new()
        .route("/catalogue", get(catalogue))
        .route("/orders", post(order))
        .route("/orders/{order}", get(sold))
        .route("/paid", post(paid))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Served { shop, news })
}

#[derive(Clone)]
struct Served {
    shop: Arc<Shop>,
    news: fn(ShopNews),
}

async fn catalogue(State(served): State<Served>) -> Json<Catalogue> {
    Json(served.shop.catalogue().clone())
}

async fn order(State(served): State<Served>, Json(wanted): Json<Vec<Wanted>>) -> Response {
    match served.shop.order(&wanted, SystemClock.now_ms()) {
        Ok(order) => Json(order).into_response(),
        Err(error @ ShopError::Random(_)) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error),
        Err(error) => refused(StatusCode::BAD_REQUEST, &error),
    }
}

async fn sold(State(served): State<Served>, Path(order): Path<String>) -> Response {
    let sold = order
        .parse()
        .ok()
        .and_then(|order| served.shop.sold(&order));
    match sold {
        Some(sold) => Json(sold).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn paid(State(served): State<Served>, receipt: Bytes) -> Response {
    match served.shop.told(&receipt) {
        Ok(news) => {
            if news {
                (served.news)(ShopNews::Told);
            }
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => {
            (served.news)(ShopNews::Refused(error.to_string()));
            refused(StatusCode::BAD_REQUEST, &error)
        }
    }
}

fn refused(status: StatusCode, error: &impl std::fmt::Display) -> Response {
    (status, Json(json!({ "error": error.to_string() }))).into_response()
}
