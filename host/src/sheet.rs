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

use lapak_abi::text;
use serde::Serialize;

use crate::app::App;
use crate::grants::Capability;
use crate::grants::consent::Consent;
use crate::room::Words;

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
    /// The app that asks, by its id on this host.
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
    pub allows: Words,
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

/// What people call the app that asks, as every sheet shows it.
pub(crate) fn app_name(app: &App) -> String {
    let (package, name) = (app.package(), &app.manifest().name);
    text::cleaned(&package.localized(name, "en"), text::MOST_NAME).into_owned()
}

impl Sheet {
    /// The sheet with every text of an app's, a merchant's or a vendor's on one line, bounded, and without what is hidden: it is
    /// done once more where a sheet opens, whoever has looked at the text before.
    pub(crate) fn cleaned(mut self) -> Self {
        clean(&mut self.app_name, text::MOST_NAME);
        match &mut self.ask {
            SheetAsk::Payment(payment) => payment.clean(),
            SheetAsk::Consent(consent) => {
                if let Some(reason) = &mut consent.reason {
                    clean(reason, text::MOST_REASON);
                }
                for line in &mut consent.lines {
                    clean(&mut line.name, text::MOST_LABEL);
                    clean(&mut line.value, MOST_VALUE);
                }
            }
            SheetAsk::OpenApp(opens) => {
                clean(&mut opens.opens, text::MOST_ID);
                clean(&mut opens.uri, MOST_URI);
            }
        }
        self
    }
}

/// The longest value of a line, and the longest note, in characters.
const MOST_VALUE: usize = 256;
/// The most that is shown of a URI, in characters.
const MOST_URI: usize = 512;

fn clean(text: &mut String, most: usize) {
    if let std::borrow::Cow::Owned(clean) = text::cleaned(text, most) {
        *text = clean;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says something else than it shows, on two lines, and pushes everything else off the sheet.
    fn hostile() -> String {
        format!("Kasir \u{202e}knaB\n{}", "x".repeat(3_000))
    }

    fn sheet(ask: SheetAsk) -> Sheet {
        Sheet {
            id: SheetId(1),
            app_id: "id.example.kasir".to_owned(),
            app_name: hostile(),
            opened_ms: 0,
            expires_ms: 1,
            stage: SheetStage::Open,
            ask,
        }
    }

    fn payment() -> PaymentSheet {
        PaymentSheet {
            kind: PaymentKind::Order,
            to: hostile(),
            to_id: hostile(),
            amount_minor: 100,
            amount: "1.00".to_owned(),
            currency: "IDR".parse().expect("a currency"),
            lines: vec![SheetLine {
                title: hostile(),
                quantity: 1,
                amount_minor: 100,
                amount: "1.00".to_owned(),
            }],
            reference: hostile(),
            note: hostile(),
            account: SheetAccount {
                id: "a".to_owned(),
                available_minor: 100,
                available: "1.00".to_owned(),
            },
            provider: SheetProvider {
                name: hostile(),
                simulated: true,
            },
            has_pin: true,
        }
    }

    /// Every text of a JSON value.
    fn texts(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) => found.push(text.clone()),
            serde_json::Value::Array(all) => all.iter().for_each(|one| texts(one, found)),
            serde_json::Value::Object(all) => all.values().for_each(|one| texts(one, found)),
            _ => {}
        }
    }

    #[test]
    fn no_text_of_others_hides_anything_or_fills_a_sheet() {
        let consent = ConsentSheet {
            capability: Capability::Location,
            permission: "scope.userLocation".to_owned(),
            allows: Capability::Location.terms().allows,
            reason: Some(hostile()),
            lines: vec![ConsentLine {
                name: hostile(),
                value: hostile(),
            }],
            takes: Vec::new(),
        };
        let opens = OpenAppSheet {
            opens: hostile(),
            uri: hostile(),
        };
        for ask in [
            SheetAsk::Payment(payment()),
            SheetAsk::Consent(consent),
            SheetAsk::OpenApp(opens),
        ] {
            let sheet = sheet(ask).cleaned();
            let mut found = Vec::new();
            let whole = serde_json::to_value(&sheet).expect("JSON");
            texts(&whole, &mut found);
            assert!(
                found
                    .iter()
                    .filter(|text| text.starts_with("Kasir knaB x"))
                    .count()
                    >= 3
            );
            for text in found {
                assert!(!text::hides_something(&text), "{text:?}");
                assert!(text.chars().count() <= MOST_URI, "{text:?}");
            }
        }
    }
}
