//! HTTPS, to the hosts that the manifest lists in `lapak_domains`; it asks for `system.permission.INTERNET`.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Weather; #[derive(Clone)] enum Msg { Came(Result<fetch::Response, fetch::Error>) }
//! # impl App for Weather {
//! # type Msg = Msg; type Page = SinglePage;
//! # fn update(&mut self, _: Msg, _: &mut Context<Self>) {}
//! # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
//! fn launch(_: &Launch, cx: &mut Context<Self>) -> Self {
//!     let weather = fetch::get("https://api.weather.example/jakarta");
//!     cx.spawn(weather.header("accept", "application/json").send(), Msg::Came);
//!     Weather
//! }
//! # }
//! ```

use std::pin::Pin;
use std::time::Duration;

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::fetch as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::fetch as host;

use crate::bindings::wit::lapak::app::fetch as wit;
use crate::request::finished;

pub use crate::bindings::wit::lapak::app::fetch::{Error, Header, Response};

/// What a call comes to, later. Nothing happens before it is awaited or spawned; it borrows nothing.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// What is to be sent.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct Request(wit::Request);

/// `GET`.
pub fn get(url: &str) -> Request {
    request("GET", url)
}

/// `POST`.
pub fn post(url: &str) -> Request {
    request("POST", url)
}

/// `GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`.
pub fn request(method: &str, url: &str) -> Request {
    Request(wit::Request {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout_ms: 0,
    })
}

impl Request {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0.headers.push(Header {
            name: name.to_owned(),
            value: value.to_owned(),
        });
        self
    }

    /// Sends these bytes along.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.body = bytes.into();
        self
    }

    /// Sends a value along as JSON, and says so.
    ///
    /// # Panics
    /// When `T` cannot be written as JSON (a map whose keys are no strings).
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => self.header("content-type", "application/json").body(json),
            Err(error) => panic!("what is to be sent cannot be written as JSON: {error}"),
        }
    }

    /// Waits for so long, redirects included; a minute at most, which is also how long it waits unless this is said.
    pub fn within(mut self, time: Duration) -> Self {
        let ms = u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        self.0.timeout_ms = ms.max(1);
        self
    }

    /// Sends it. Whatever status comes is an answer, and no error.
    ///
    /// # Errors
    /// See [`Error`].
    #[must_use]
    pub fn send(self) -> Pending<Response> {
        Box::pin(async move {
            let request = host::send(&self.0)?;
            finished(request).await;
            host::take(request)
        })
    }
}

impl Response {
    /// Whether the status says that it went well: 200 to 299.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        (200..=299).contains(&self.status)
    }

    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let header = headers.find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| &*header.value)
    }

    /// What came, as text; what is no UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What came, read as JSON; `None` if it is none, or not of this form.
    #[cfg(feature = "json")]
    #[must_use]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}
