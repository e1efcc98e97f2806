//! The sheet that asks, and what its answer leads to.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::{Question, Use, note, now_ms};
use crate::grants::consent::{Consent, KeptConsent};
use crate::grants::{AccessDenied, Decision};
use crate::session::Shared;
use crate::sheet::{
    Asker, ConsentSheet, Lapse, Sheet, SheetAnswer, SheetAsk, SheetError, SheetId, SheetOutcome,
    SheetStage,
};

/// The longest that the question stands, in milliseconds: five minutes.
const ASK_MS: i64 = 5 * 60_000;

type Then = Box<dyn FnOnce(Result<(), AccessDenied>) + Send>;

struct Asking {
    session: Weak<Shared>,
    wanted: Use,
    about: String,
    /// What of the capability it is; empty: all of it.
    subject: String,
    number: SheetId,
    then: Mutex<Option<Then>>,
}

/// Opens the sheet that asks.
pub(super) fn ask(
    session: &Arc<Shared>,
    wanted: Use,
    about: String,
    question: Question,
    then: Then,
) {
    let (now, host) = (now_ms(session), &session.host);
    let manifest = session.app.manifest();
    let terms = wanted.capability.terms();
    let name = terms.permission().unwrap_or_default();
    let mut asked = manifest.req_permissions.iter();
    let reason = asked.find(|asked| asked.name == name);
    let localized = |text: &str| session.app.package().localized(text, "en");
    let sheet = Sheet {
        id: host.sheets.number(),
        app_id: session.owner.app_id.to_string(),
        app_name: crate::sheet::app_name(&session.app),
        opened_ms: now,
        expires_ms: now.saturating_add(ASK_MS),
        stage: SheetStage::Open,
        ask: SheetAsk::Consent(ConsentSheet {
            capability: wanted.capability,
            permission: name.to_owned(),
            allows: terms.allows,
            reason: reason
                .and_then(|asked| asked.reason.as_deref())
                .map(localized),
            lines: question.lines,
            takes: question.takes,
        }),
    };
    let asking = Asking {
        session: Arc::downgrade(session),
        wanted,
        about,
        subject: question.subject,
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

    fn note(&self, session: &Arc<Shared>, allowed: Result<(), &str>, consent: &str, outcome: &str) {
        note(session, self.wanted, allowed, consent, &self.about, outcome);
    }

    fn consent(&self, session: &Arc<Shared>, consent: Consent) -> Result<(), SheetError> {
        let lasting = matches!(consent, Consent::Always | Consent::No);
        if lasting {
            let kept = KeptConsent {
                app_id: session.owner.app_id.to_string(),
                capability: self.wanted.capability,
                subject: self.subject.clone(),
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
            if self.subject.is_empty() {
                session.grants.disagree(self.wanted.capability);
            }
            self.note(session, Err("refused by the person"), words, "refused");
            self.end(Err(AccessDenied), SheetOutcome::Refused);
            return Ok(());
        }
        if consent != Consent::Once && self.subject.is_empty() {
            session.grants.agree(self.wanted.capability);
        }
        self.note(session, Ok(()), words, self.wanted.done);
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
                self.note(&session, Err("not agreed to"), "", "refused");
                self.end(Err(AccessDenied), SheetOutcome::Refused);
                Ok(())
            }
            SheetAnswer::Confirm(_) | SheetAnswer::ChoosePin(_) | SheetAnswer::Agree => {
                Err(SheetError::WrongKind)
            }
        }
    }

    fn lapse(&self, _sheet: &Sheet, lapse: Lapse) {
        let outcome = match lapse {
            Lapse::Expired => SheetOutcome::Expired,
            Lapse::Withdrawn => SheetOutcome::Denied,
            Lapse::SessionEnded => SheetOutcome::Closed,
            Lapse::TooSoon => {
                if let Some(session) = self.session.upgrade() {
                    self.note(&session, Err("not asked again so soon"), "", "refused");
                }
                SheetOutcome::Refused
            }
        };
        self.end(Err(AccessDenied), outcome);
    }

    fn may_ask(&self) -> bool {
        let session = self.session.upgrade();
        session.is_some_and(|session| {
            !matches!(
                session.grants.decide(self.wanted.capability),
                Decision::Denied(_)
            )
        })
    }
}
