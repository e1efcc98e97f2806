//! What stands in for an app that was never built: that it is being built, or the compiler's message. Such pages look
//! again by themselves, so that the app opens as soon as it is there.

use axum::http::header::HeaderValue;
use axum::http::{HeaderName, StatusCode};
use axum::response::{Html, IntoResponse, Response};

use super::Preview;
use super::pages::home_page;
use super::shelf::{Build, Stall};
use crate::html::escape;

/// Seconds until a page looks again.
const AGAIN: HeaderValue = HeaderValue::from_static("2");

/// The app's place in the list of apps.
pub(super) fn card(base: &str, stall: &Stall) -> String {
    let name = escape(&stall.name);
    let says = match &*stall.build().borrow() {
        Build::Failed(_) => {
            format!(
                "It does not build. <a href=\"{base}/a/{name}\">Show the compiler’s message</a>"
            )
        }
        Build::Running | Build::Current => "Being built …".into(),
    };
    entry(&name, &format!("<p>{says}</p>"))
}

/// The answer to whoever wants to open it.
pub(super) fn page(preview: &Preview, stall: &Stall) -> Response {
    let name = escape(&stall.name);
    let base = preview.base();
    let card = match &*stall.build().borrow() {
        Build::Failed(message) => entry(
            &format!("{name} does not build"),
            &format!(
                "<pre tabindex=\"0\">{}</pre><p><a href=\"{base}/\">All apps</a></p>",
                escape(message)
            ),
        ),
        Build::Running | Build::Current => entry(
            &format!("{name} is being built"),
            &format!(
                "<p>It opens here as soon as it is ready.</p><p><a href=\"{base}/\">All apps</a></p>"
            ),
        ),
    };
    let page = Html(home_page(
        preview,
        &card.replacen("card", "card wide", 1),
        "",
    ));
    look_again((StatusCode::SERVICE_UNAVAILABLE, page).into_response())
}

/// Lets the browser ask again after a moment.
pub(super) fn look_again(mut response: Response) -> Response {
    let refresh = HeaderName::from_static("refresh");
    response.headers_mut().insert(refresh, AGAIN);
    response
}

fn entry(title: &str, content: &str) -> String {
    format!("<li class=\"card\"><div class=\"card-text\"><h2>{title}</h2>{content}</div></li>")
}
