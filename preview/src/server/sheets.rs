//! Sheets between a browser and its session: what is open, what the person answers, what came of it.
//!
//! Nothing here decides anything: the host takes an answer or refuses it, once for each sheet.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lapak_abi::package::Package;
use lapak_host::Session;
use lapak_host::grants::consent::Consent;
use lapak_host::sheet::{Pin, Sheet, SheetAnswer, SheetAsk, SheetError, SheetId, SheetOutcome};
use lapak_ledger::pin::PinError;
use serde_json::{Value, json};

use super::messages::Digits;

/// Every sheet of a session that is open, the oldest first, every word in the language `lang`.
pub(super) fn open(session: &Session, lang: &str) -> Value {
    let now_ms = now_ms();
    let sheets: Vec<Value> = session
        .sheets()
        .iter()
        .map(|sheet| shown(sheet, now_ms, session.app().package(), lang))
        .collect();
    json!({ "t": "sheets", "sheets": sheets })
}

/// What the shell shows of a sheet: what is asked, beside who asks and how long it is open.
fn shown(sheet: &Sheet, now_ms: i64, package: &Package, lang: &str) -> Value {
    let manifest = package.manifest();
    // A sheet is plain data, so this does not fail.
    let mut shown = serde_json::to_value(&sheet.ask).unwrap_or_default();
    if let SheetAsk::Consent(consent) = &sheet.ask {
        let mut asked = manifest.req_permissions.iter();
        let asked = asked.find(|asked| asked.name == consent.permission);
        let reason = asked.and_then(|asked| asked.reason.as_deref());
        shown["allows"] = json!(consent.allows.for_language(lang));
        shown["reason"] = json!(reason.map(|reason| package.localized(reason, lang)));
    }
    shown["id"] = json!(sheet.id);
    shown["app"] = json!(package.localized(&manifest.name, lang));
    shown["stage"] = json!(sheet.stage);
    // Not when: the browser's clock may be another.
    shown["left_ms"] = json!(sheet.expires_ms.saturating_sub(now_ms).max(0));
    shown
}

/// A sheet is over.
pub(super) fn over(sheet: SheetId, outcome: &SheetOutcome) -> Value {
    let mut message = json!({ "t": "sheet-done", "sheet": sheet });
    let (name, more) = match outcome {
        SheetOutcome::Paid { receipt, .. } => (
            "paid",
            Some((
                "receipt",
                json!({ "id": receipt.id, "at_ms": receipt.at_ms }),
            )),
        ),
        SheetOutcome::Declined { reason } => ("declined", Some(("reason", json!(reason)))),
        SheetOutcome::Cancelled => ("cancelled", None),
        SheetOutcome::Expired => ("expired", None),
        SheetOutcome::Denied => ("denied", None),
        SheetOutcome::Agreed => ("agreed", None),
        SheetOutcome::Refused => ("refused", None),
        SheetOutcome::Closed => ("closed", None),
    };
    message["outcome"] = json!(name);
    if let Some((member, value)) = more {
        message[member] = value;
    }
    message
}

/// Agrees to a payment. `fresh`: the person has no PIN yet, and chooses this one.
pub(super) async fn pay(
    session: &Session,
    sheet: SheetId,
    pin: Digits,
    fresh: bool,
) -> Result<(), Value> {
    let answered = async {
        if fresh {
            let chosen = SheetAnswer::ChoosePin(Pin::new(pin.0.clone()));
            session.answer_sheet(sheet, chosen).await?;
        }
        session
            .answer_sheet(sheet, SheetAnswer::Confirm(Pin::new(pin.0)))
            .await
    };
    answered.await.map_err(|error| refused(sheet, &error))
}

/// Says whether the app may use what it asks for.
pub(super) async fn consent(
    session: &Session,
    sheet: SheetId,
    answer: Consent,
) -> Result<(), Value> {
    let answered = session.answer_sheet(sheet, SheetAnswer::Consent(answer));
    answered.await.map_err(|error| refused(sheet, &error))
}

/// Agrees to what is asked, this time.
pub(super) async fn agree(session: &Session, sheet: SheetId) -> Result<(), Value> {
    let answered = session.answer_sheet(sheet, SheetAnswer::Agree);
    answered.await.map_err(|error| refused(sheet, &error))
}

/// Does not want it, or not now.
pub(super) async fn cancel(session: &Session, sheet: SheetId) -> Result<(), Value> {
    let answered = session.answer_sheet(sheet, SheetAnswer::Cancel);
    answered.await.map_err(|error| refused(sheet, &error))
}

/// Why an answer was not taken, and what is left to try.
fn refused(sheet: SheetId, error: &SheetError) -> Value {
    let mut message = json!({ "t": "sheet-refused", "sheet": sheet });
    let why = match error {
        SheetError::NotOpen | SheetError::Denied | SheetError::Expired => "not-open",
        SheetError::Busy => "busy",
        SheetError::WrongKind | SheetError::Unavailable(_) => "unavailable",
        SheetError::Pin(PinError::NotSet) => "not-set",
        SheetError::Pin(PinError::AlreadySet) => "already-set",
        SheetError::Pin(PinError::Wrong { tries_left }) => {
            message["tries_left"] = json!(tries_left);
            "wrong"
        }
        SheetError::Pin(PinError::Wait { until_ms }) => {
            message["left_ms"] = json!(until_ms.saturating_sub(now_ms()).max(0));
            "wait"
        }
        SheetError::Pin(PinError::Locked) => "locked",
        SheetError::Pin(PinError::Form(_)) => "form",
        SheetError::Pin(PinError::Weak) => "weak",
        SheetError::Pin(PinError::Unavailable(_) | PinError::Tampered) => "unavailable",
    };
    if why == "unavailable" {
        tracing::error!(%error, "a sheet's answer was not taken");
    }
    message["why"] = json!(why);
    message
}

fn now_ms() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
