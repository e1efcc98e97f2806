//! Asking the person whether an app may see their accounts.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::audit::AuditEntry;
use crate::grants::consent::{Consent, KeptConsent};
use crate::grants::{AccessDenied, Capability, Decision, Permission};
use crate::session::Shared;
use crate::sheet::{
    Asker, ConsentSheet, Lapse, Sheet, SheetAnswer, SheetAsk, SheetError, SheetId, SheetOutcome,
    SheetStage,
};

const CAPABILITY: Capability = Capability::Wallet;
/// The longest that the question stands, in milliseconds: five minutes.
const ASK_MS: i64 = 5 * 60_000;

type Then = Box<dyn FnOnce(Result<(), AccessDenied>) + Send>;

struct Asking {
    session: Weak<Shared>,
    function: &'static str,
    number: SheetId,
    then: Mutex<Option<Then>>,
}

/// Goes on when the person has agreed, at once if they have before. On a thread that may wait.
pub(super) fn then(
    session: &Arc<Shared>,
    function: &'static str,
    then: impl FnOnce(Result<(), AccessDenied>) + Send + 'static,
) {
    match session.grants.decide(CAPABILITY) {
        Decision::Allowed => {
            note(session, function, Ok(()), "agreed before", "read");
            then(Ok(()));
        }
        Decision::Denied(why) => {
            note(session, function, Err(&why.to_string()), "", "denied");
            then(Err(AccessDenied));
        }
        Decision::AskPerson => ask(session, function, Box::new(then)),
    }
}

fn ask(session: &Arc<Shared>, function: &'static str, then: Then) {
    let (now, host) = (now_ms(session), &session.host);
    let manifest = session.app.manifest();
    let permission = Permission::of(CAPABILITY);
    let name = permission.map_or("", |permission| permission.name);
    let mut wanted = manifest.req_permissions.iter();
    let reason = wanted.find(|wanted| wanted.name == name);
    let localized = |text: &str| session.app.package().localized(text, "en");
    let sheet = Sheet {
        id: host.sheets.number(),
        app_id: session.owner.app_id.to_string(),
        app_name: localized(&manifest.name),
        opened_ms: now,
        expires_ms: now.saturating_add(ASK_MS),
        stage: SheetStage::Open,
        ask: SheetAsk::Consent(ConsentSheet {
            capability: CAPABILITY,
            permission: name.to_owned(),
            allows: permission.map_or_else(String::new, |one| one.allows.to_owned()),
            reason: reason
                .and_then(|wanted| wanted.reason.as_deref())
                .map(localized),
        }),
    };
    let asking = Asking {
        session: Arc::downgrade(session),
        function,
        number: sheet.id,
        then: Mutex::new(Some(then)),
    };
    host.sheets.open(session, sheet, Arc::new(asking));
}

impl Asking {
    /// Ends the question, once.
    fn end(&self, agreed: Result<(), AccessDenied>, outcome: SheetOutcome) {
        let then = {
            let mut then = self.then.lock().unwrap_or_else(PoisonError::into_inner);
            then.take()
        };
        let Some(then) = then else { return };
        if let Some(session) = self.session.upgrade() {
            let sheets = &session.host.sheets;
            sheets.close(session.id, self.number, outcome);
        }
        then(agreed);
    }

    fn consent(&self, session: &Arc<Shared>, consent: Consent) -> Result<(), SheetError> {
        let lasting = matches!(consent, Consent::Always | Consent::No);
        if lasting {
            let kept = KeptConsent {
                app_id: session.owner.app_id.to_string(),
                capability: CAPABILITY,
                answer: consent,
                at_ms: now_ms(session),
            };
            let consents = &session.host.consents;
            let written = consents.keep(&session.owner.person, &kept);
            written.map_err(|error| SheetError::Unavailable(error.to_string()))?;
        }
        let (words, agreed) = match consent {
            Consent::Once => ("once", true),
            Consent::WhileInUse => ("while in use", true),
            Consent::Always => ("always", true),
            Consent::No => ("never", false),
        };
        if !agreed {
            session.grants.disagree(CAPABILITY);
            note(
                session,
                self.function,
                Err("refused by the person"),
                words,
                "refused",
            );
            self.end(Err(AccessDenied), SheetOutcome::Refused);
            return Ok(());
        }
        if consent != Consent::Once {
            session.grants.agree(CAPABILITY);
        }
        note(session, self.function, Ok(()), words, "read");
        self.end(Ok(()), SheetOutcome::Agreed);
        Ok(())
    }
}

impl Asker for Asking {
    fn answer(&self, _sheet: &Sheet, answer: SheetAnswer) -> Result<(), SheetError> {
        let session = self.session.upgrade().ok_or(SheetError::NotOpen)?;
        if !self.may_ask() {
            self.end(Err(AccessDenied), SheetOutcome::Denied);
            return Err(SheetError::Denied);
        }
        match answer {
            SheetAnswer::Consent(consent) => self.consent(&session, consent),
            SheetAnswer::Cancel => {
                note(&session, self.function, Err("not agreed to"), "", "refused");
                self.end(Err(AccessDenied), SheetOutcome::Refused);
                Ok(())
            }
            SheetAnswer::Confirm(_) | SheetAnswer::ChoosePin(_) => Err(SheetError::WrongKind),
        }
    }

    fn lapse(&self, _sheet: &Sheet, lapse: Lapse) {
        let outcome = match lapse {
            Lapse::Expired => SheetOutcome::Expired,
            Lapse::Withdrawn => SheetOutcome::Denied,
            Lapse::SessionEnded => SheetOutcome::Closed,
        };
        self.end(Err(AccessDenied), outcome);
    }

    fn may_ask(&self) -> bool {
        let session = self.session.upgrade();
        session.is_some_and(|session| {
            !matches!(session.grants.decide(CAPABILITY), Decision::Denied(_))
        })
    }
}

/// Writes into the audit: what was allowed, or what was missing.
pub(super) fn note(
    session: &Arc<Shared>,
    function: &str,
    allowed: Result<(), &str>,
    consent: &str,
    outcome: &str,
) {
    session.host.audit.note(AuditEntry {
        at_ms: now_ms(session),
        person: session.owner.person.to_string(),
        app_id: session.owner.app_id.to_string(),
        capability: CAPABILITY,
        function: function.to_owned(),
        request: String::new(),
        allowed: allowed.is_ok(),
        grant: allowed.err().unwrap_or_default().to_owned(),
        consent: consent.to_owned(),
        about: String::new(),
        outcome: outcome.to_owned(),
        times: 1,
    });
}

/// By the clock that sheets expire by: an app may be shown another.
fn now_ms(session: &Shared) -> i64 {
    session.providers.payments.parts().clock.now_ms()
}
