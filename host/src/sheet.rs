//! Sheets: what the shell asks a person on the host's behalf. An app can neither draw, read nor answer one.
//!
//! A shell hears of a sheet by [`Update::Sheet`](crate::Update::Sheet), finds those that are open in
//! [`Session::sheets`](crate::Session::sheets), and gives the person's answer to
//! [`Session::answer_sheet`](crate::Session::answer_sheet). It draws them outside the app's box, shows everything that is in
//! them, and takes an answer only from a person who has had the time to read.

mod answer;
mod cooling;
mod desk;
mod payment;

use serde::Serialize;

use crate::grants::Capability;
use crate::grants::consent::Consent;

pub use answer::{Pin, SheetAnswer, SheetError, SheetOutcome};
pub(crate) use desk::{Asker, Desk, Lapse};
pub use payment::{PaymentKind, PaymentSheet, SheetAccount, SheetLine, SheetProvider};

/// Names a sheet; unique on its host, and worth nothing to anybody but its own session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct SheetId(pub u64);

/// One question to a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sheet {
    /// What an answer names.
    pub id: SheetId,
    /// The app that asks, as its manifest names it.
    pub app_id: String,
    /// What people call it.
    pub app_name: String,
    /// When it was opened, in milliseconds since 1970.
    pub opened_ms: i64,
    /// From this moment on it cannot be answered any more, in milliseconds since 1970.
    pub expires_ms: i64,
    /// How far it is.
    pub stage: SheetStage,
    /// What is asked.
    pub ask: SheetAsk,
}

/// How far a sheet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SheetStage {
    /// It waits for the person's answer.
    Open,
    /// The person has agreed; the payment provider is at work. It can still be cancelled, which may come too late.
    Waiting,
}

/// What a sheet asks.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "asks")]
pub enum SheetAsk {
    /// To pay: answered by [`SheetAnswer::Confirm`] or [`SheetAnswer::Cancel`].
    Payment(PaymentSheet),
    /// To let the app use something: answered by [`SheetAnswer::Consent`] or [`SheetAnswer::Cancel`].
    Consent(ConsentSheet),
    /// To open another app: answered by [`SheetAnswer::Agree`] or [`SheetAnswer::Cancel`].
    OpenApp(OpenAppSheet),
}

/// Whether an app may open another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenAppSheet {
    /// The other app, as the URI names it. Nobody has looked whether there is one.
    pub opens: String,
    /// The whole URI.
    pub uri: String,
}

/// Whether an app may use something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsentSheet {
    /// What it wants to use.
    pub capability: Capability,
    /// Its permission, as the manifest names it.
    pub permission: String,
    /// What it will be able to do: "see your accounts".
    pub allows: String,
    /// Why, as the app's author wrote it in the manifest.
    pub reason: Option<String>,
    /// What exactly, where there is more to say: what would be told, say.
    pub lines: Vec<ConsentLine>,
    /// The answers that it takes, besides [`SheetAnswer::Cancel`].
    pub takes: Vec<Consent>,
}

/// A line of what exactly a person agrees to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsentLine {
    /// What it is, as the WIT names it: `phone-number`.
    pub name: String,
    /// The value; empty where there is none.
    pub value: String,
}

/// Whether a character shows as something else than it is: control characters, and those that turn the direction of text.
pub(crate) fn hides_something(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}
