//! Shows mini-apps in a browser and as pictures.
//!
//! ```text
//! view ─html→ HTML ──┬─→ first paint, then patches over a WebSocket (server)
//! app.css ─css→ CSS ─┴─→ a picture, without a browser (picture)
//! ```

pub mod css;
pub mod demo;
pub mod html;
pub mod picture;
pub mod serve;
pub mod server;
pub mod shop;
mod style;

pub use serve::{ConnectionLimits, raise_descriptor_limit};
pub use server::{
    KeptError, KeptSessions, MessageRates, PeopleKey, Preview, PreviewOptions, SessionQuotas,
    ShownApps, SocketLimits,
};
