//! What the inspector shows of trust: what the app may use, what the person agreed to, and what came of every use; and how
//! it is taken back.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lapak_host::audit::{AuditEntry, AuditQuery};
use lapak_host::grants::{Capability, Decision, Why};
use lapak_host::{Runtime, Session};
use serde_json::{Value, json};

use super::messages::Which;

/// Entries of the audit that are shown.
const ENTRIES: usize = 200;

/// What this session may use, what its person has answered, and the audit of this person and app as far as it is wanted,
/// newest first. Reads the disk.
pub(super) fn overview(runtime: &Runtime, session: &Session, of: &Which) -> Value {
    let owner = session.owner();
    let grants: Vec<Value> = Capability::all()
        .map(|capability| grant(session, capability))
        .collect();
    let query = AuditQuery {
        person: Some(&owner.person),
        app_id: Some(&owner.app_id),
        capability: of.capability.as_deref().and_then(Capability::named),
        since_ms: of.days.map_or(0, since_ms),
        limit: ENTRIES,
    };
    let read = runtime.consents(&owner.person).map_err(|e| e.to_string());
    let read = read.and_then(|consents| {
        let audit = runtime.audit(query).map_err(|error| error.to_string())?;
        Ok((consents, audit))
    });
    match read {
        Ok((consents, audit)) => {
            let of_app = consents
                .into_iter()
                .filter(|consent| *consent.app_id == *owner.app_id);
            let consents: Vec<_> = of_app.collect();
            let audit: Vec<Value> = audit.iter().map(without_person).collect();
            json!({
                "t": "trust", "grants": grants, "consents": consents, "audit": audit,
                "of": { "capability": of.capability, "days": of.days }, "most": ENTRIES,
            })
        }
        Err(error) => {
            tracing::error!(%error, "what people agreed to cannot be read");
            json!({ "t": "error", "message": "what you agreed to cannot be read at the moment" })
        }
    }
}

/// What the host calls the person is the host's affair.
fn without_person(entry: &AuditEntry) -> Value {
    // An entry is plain data, so this does not fail.
    let mut entry = serde_json::to_value(entry).unwrap_or_default();
    if let Some(entry) = entry.as_object_mut() {
        entry.remove("person");
    }
    entry
}

fn grant(session: &Session, capability: Capability) -> Value {
    let (state, why) = match session.grants().decide(capability) {
        Decision::Allowed => ("allowed", None),
        Decision::AskPerson => ("asks", None),
        Decision::Denied(why) => ("denied", Some(why)),
    };
    let granted = !matches!(why, Some(Why::NotGranted | Why::NotInManifest));
    json!({
        "capability": capability.name(), "state": state, "granted": granted,
        "asked_for": why != Some(Why::NotInManifest), "why": why.map(|why| why.to_string()),
        "needs_consent": capability.needs_consent(),
        "allows": capability.needs_permission().then_some(capability.terms().allows.en),
    })
}

/// So many days ago.
fn since_ms(days: u16) -> i64 {
    const DAY: Duration = Duration::from_hours(24);
    let since = SystemTime::now().checked_sub(DAY * u32::from(days));
    let since = since.and_then(|since| since.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// Withdraws a capability from the session, or gives back what was withdrawn: it acts on the app's next call.
///
/// # Security
/// The person may hold back what the platform lends, and never gets more than that.
pub(super) fn set_grant(runtime: &Runtime, session: &Session, capability: &str, on: bool) {
    match Capability::named(capability) {
        Some(capability) if on && !runtime.lends(capability) => {}
        Some(capability) if on => session.grants().grant(capability),
        Some(capability) => session.grants().withdraw(capability),
        None => {}
    }
}

/// Takes back what the person agreed to, in every session of theirs. Writes to the disk.
pub(super) fn take_back(runtime: &Runtime, session: &Session, capability: &str, subject: &str) {
    let Some(capability) = Capability::named(capability) else {
        return;
    };
    let owner = session.owner();
    let (person, app) = (&owner.person, &owner.app_id);
    let taken_back = match subject {
        "" => runtime.withdraw_consent(person, app, capability),
        subject => runtime.withdraw_consent_to(person, app, capability, subject),
    };
    if let Err(error) = taken_back {
        tracing::error!(%error, "open sessions are refused, but the kept answer could not be removed");
    }
}
