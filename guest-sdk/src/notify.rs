//! Messages to the person while they do not use the app. The manifest asks for `system.permission.NOTIFY`, and lists the templates
//! in `lapak_templates`; the person agrees to each of them.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Stall; #[derive(Clone)] enum Msg { Said(Result<Vec<notify::Answer>, notify::Error>), Sent(Result<(), notify::Error>) }
//! # impl App for Stall {
//! # type Msg = Msg; type Page = SinglePage;
//! # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
//! fn launch(_: &Launch, cx: &mut Context<Self>) -> Self {
//!     cx.spawn(notify::subscribe(&["ready"]), Msg::Said);
//!     Stall
//! }
//! fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
//!     if let Msg::Said(Ok(_)) = msg {
//!         cx.spawn(notify::send("ready", &[("table", "12")]), Msg::Sent);
//!     }
//! }
//! # }
//! ```

use std::pin::Pin;

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::notify as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::notify as host;

use crate::bindings::wit::lapak::app::notify::Field;
use crate::request::finished;

pub use crate::bindings::wit::lapak::app::notify::{Answer, Error};

/// What a call comes to, later. Nothing happens before it is awaited or spawned; it borrows nothing.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// Asks the person whether they want messages of these templates, 3 at most; nothing about those that they have answered
/// already.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn subscribe(templates: &[&str]) -> Pending<Vec<Answer>> {
    let templates: Vec<String> = templates.iter().map(|one| (*one).to_owned()).collect();
    Box::pin(async move {
        let request = host::subscribe(&templates)?;
        finished(request).await;
        host::take_answers(request)
    })
}

/// Sends a message: a template with its fields filled in, each with at most 64 characters.
///
/// # Errors
/// See [`Error`].
#[must_use]
pub fn send(template: &str, fields: &[(&str, &str)]) -> Pending<()> {
    let template = template.to_owned();
    let fields = fields.iter().map(|(name, value)| Field {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    });
    let fields: Vec<Field> = fields.collect();
    Box::pin(async move {
        let request = host::send(&template, &fields)?;
        finished(request).await;
        host::take_done(request)
    })
}
