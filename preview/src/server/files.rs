//! Files: the shell's own, those of packages, and pictures.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use lapak_abi::package::Package;
use serde::Deserialize;

use super::pages::{FIRST_VIEW, not_shown};
use super::{Preview, packed};
use crate::picture::{PictureOptions, paint_styled};

/// Images run no script and load nothing, even when somebody opens one by itself.
const IMAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// One of the shell's files.
pub(super) async fn asset(Path(name): Path<String>, asked: HeaderMap) -> Response {
    let (Some(file), Some(kind)) = (packed::asset(&name), asset_kind(&name)) else {
        return nothing();
    };
    let mut response = file.answer(kind, &asked);
    // They change with the server only; asking again is cheap on a loopback.
    let age = HeaderValue::from_static("no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, age);
    response
}

/// Templates and licences are no files for browsers.
fn asset_kind(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

/// The app's style sheet, on top of what every node looks like.
pub(super) async fn style(
    State(preview): State<Preview>,
    Path(token): Path<String>,
    asked: HeaderMap,
) -> Response {
    let Ok(open) = preview.session(&token).await else {
        return nothing();
    };
    open.live()
        .shown
        .sheet
        .answer("text/css; charset=utf-8", &asked)
}

/// An image of the package.
pub(super) async fn package_file(
    State(preview): State<Preview>,
    Path((token, path)): Path<(String, String)>,
) -> Response {
    let Ok(open) = preview.session(&token).await else {
        return nothing();
    };
    image(open.live().shown.app.package(), &path)
}

/// The app's first icon.
pub(super) async fn app_icon(State(preview): State<Preview>, Path(name): Path<String>) -> Response {
    let shown = preview
        .inner
        .shelf
        .find(&name)
        .and_then(|stall| stall.shown());
    let Some(shown) = shown else {
        return nothing();
    };
    let package = shown.app.package();
    let icons = package.manifest().icons.iter();
    let first = icons
        .map(|icon| icon.src.as_str())
        .find(|src| package.file(src).is_some());
    first.map_or_else(nothing, |src| image(package, src))
}

fn image(package: &Package, path: &str) -> Response {
    let (Some(kind), Some(bytes)) = (image_kind(path), package.file(path)) else {
        return nothing();
    };
    let mut response = with_kind(kind, Bytes::copy_from_slice(bytes));
    let policy = HeaderValue::from_static(IMAGE_POLICY);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// Only what is shown as an image leaves a package.
fn image_kind(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        _ => return None,
    })
}

/// How a picture is asked for.
#[derive(Debug, Deserialize)]
pub(super) struct ShotQuery {
    scale: Option<f32>,
    frame: Option<u8>,
    width: Option<u32>,
    height: Option<u32>,
}

/// What the session shows, as a picture.
pub(super) async fn shot(
    State(preview): State<Preview>,
    Path(token): Path<String>,
    Query(query): Query<ShotQuery>,
) -> Response {
    let Ok(open) = preview.session(&token).await else {
        return nothing();
    };
    let live = open.live();
    let options = PictureOptions {
        scale: query.scale.unwrap_or(1.0),
        frame: query.frame.is_some_and(|frame| frame != 0),
        width: query.width.unwrap_or(PictureOptions::default().width),
        height: query.height.unwrap_or(PictureOptions::default().height),
        lang: open.start.lang.clone(),
        color_scheme: open.color_scheme(),
    };
    // As the page does: a picture of an app that is just being launched is not empty.
    let _ = tokio::time::timeout(FIRST_VIEW, live.session.painted()).await;
    let screen = live.session.screen();
    let Ok(_painting) = preview.inner.painting.acquire().await else {
        return nothing();
    };
    let painted = tokio::task::spawn_blocking(move || {
        let shown = &live.shown;
        paint_styled(&shown.app, &shown.style.css, &screen, &options)
    });
    match painted.await {
        Ok(Ok(png)) => with_kind("image/png", Bytes::from(png)),
        Ok(Err(error)) => (StatusCode::UNPROCESSABLE_ENTITY, format!("{error}\n")).into_response(),
        Err(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "The picture could not be painted.\n",
        )
            .into_response(),
    }
}

/// What went into the session, for `lapak run --replay`.
///
/// # Security
/// The person's name is what their browser is known by: it is not in the file, which people hand on.
pub(super) async fn recording(
    State(preview): State<Preview>,
    Path(token): Path<String>,
) -> Response {
    if !preview.inner.options.inspector {
        return not_shown(&preview);
    }
    let Ok(open) = preview.session(&token).await else {
        return nothing();
    };
    let Some(mut recording) = open.live().session.recording() else {
        return (StatusCode::NOT_FOUND, "This session was not recorded.\n").into_response();
    };
    if let Some(launch) = &mut recording.launch {
        launch.person.clear();
    }
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let name: String = open.stall.name.chars().filter(plain).collect();
    let disposition = format!("attachment; filename=\"{name}.lapakrec\"");
    let mut response = with_kind("application/octet-stream", recording.to_bytes().into());
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

fn with_kind(kind: &'static str, bytes: Bytes) -> Response {
    ([(header::CONTENT_TYPE, kind)], bytes).into_response()
}

fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response()
}
