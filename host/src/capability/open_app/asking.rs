//! The sheet that asks whether to open another app, and what its answer leads to.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use lapak_abi::address::MiniAppUri;

use super::{CAPABILITY, Error, NotOpened, OPEN};
use crate::asking::{note, now_ms};
use crate::capability::Answer;
use crate::requests::Finisher;
use crate::session::{Shared, Update};
use crate::sheet::{
    Asker, Lapse, OpenAppSheet, Sheet, SheetAnswer, SheetAsk, SheetError, SheetId, SheetOutcome,
    SheetStage,
};

/// The longest that the question stands, in milliseconds: a minute.
const ASK_MS: i64 = 60_000;

struct Asking {
    session: Weak<Shared>,
    uri: MiniAppUri,
    number: SheetId,
    finish: Mutex<Option<Finisher>>,
}

/// Opens the sheet that asks.
pub(super) fn ask(session: &Arc<Shared>, uri: MiniAppUri, finish: Finisher) {
    let (now, sheets) = (now_ms(session), &session.host.sheets);
    let sheet = Sheet {
        id: sheets.number(),
        app_id: session.owner.app_id.to_string(),
        app_name: crate::sheet::app_name(&session.app),
        opened_ms: now,
        expires_ms: now.saturating_add(ASK_MS),
        stage: SheetStage::Open,
        ask: SheetAsk::OpenApp(OpenAppSheet {
            opens: uri.id.clone(),
            uri: uri.to_string(),
        }),
    };
    let asking = Asking {
        session: Arc::downgrade(session),
        uri,
        number: sheet.id,
        finish: Mutex::new(Some(finish)),
    };
    sheets.open(session, sheet, Arc::new(asking));
}

impl Asking {
    /// Ends the question, once; gives what ends the request.
    fn end(&self, outcome: SheetOutcome) -> Option<Finisher> {
        let finish = {
            let mut finish = self.finish.lock().unwrap_or_else(PoisonError::into_inner);
            finish.take()
        }?;
        if let Some(session) = self.session.upgrade() {
            let sheets = &session.host.sheets;
            sheets.close(session.id, self.number, outcome);
        }
        Some(finish)
    }

    fn refuse(&self, outcome: SheetOutcome, error: Error) {
        if let Some(finish) = self.end(outcome) {
            finish.with(Answer::OpenApp(Err(error)));
        }
    }

    fn agree(&self, session: &Arc<Shared>) {
        let Some(finish) = self.end(SheetOutcome::Agreed) else {
            return;
        };
        let (told, uri) = (self.session.clone(), self.uri.to_string());
        let opened = Box::new(move |opened: Result<(), NotOpened>| {
            let Some(session) = told.upgrade() else {
                return;
            };
            let outcome = match opened {
                Ok(()) => "opened",
                Err(NotOpened) => "not opened",
            };
            note(&session, OPEN, Ok(()), "once", &uri, outcome);
            if opened.is_ok() {
                session.lock().tell(Update::OpenApp(uri.into()));
            }
            let opened = opened.map_err(|NotOpened| Error::NotOpened);
            finish.with(Answer::OpenApp(opened));
        });
        let provider = &session.providers.open_app;
        provider.open(&session.owner, &self.uri, opened);
    }
}

impl Asker for Asking {
    fn answer(&self, _sheet: &Sheet, answer: SheetAnswer) -> Result<(), SheetError> {
        let session = self.session.upgrade().ok_or(SheetError::NotOpen)?;
        if !self.may_ask() {
            self.refuse(SheetOutcome::Denied, Error::AccessDenied);
            return Err(SheetError::Denied);
        }
        match answer {
            SheetAnswer::Agree => self.agree(&session),
            SheetAnswer::Cancel => {
                let uri = self.uri.to_string();
                note(&session, OPEN, Err("not agreed to"), "", &uri, "refused");
                self.refuse(SheetOutcome::Refused, Error::NotOpened);
            }
            SheetAnswer::Confirm(_) | SheetAnswer::ChoosePin(_) | SheetAnswer::Consent(_) => {
                return Err(SheetError::WrongKind);
            }
        }
        Ok(())
    }

    fn lapse(&self, _sheet: &Sheet, lapse: Lapse) {
        match lapse {
            Lapse::Expired => self.refuse(SheetOutcome::Expired, Error::NotOpened),
            Lapse::Withdrawn => self.refuse(SheetOutcome::Denied, Error::AccessDenied),
            Lapse::SessionEnded => self.refuse(SheetOutcome::Closed, Error::NotOpened),
            Lapse::TooSoon => self.refuse(SheetOutcome::Refused, Error::NotOpened),
        }
    }

    fn may_ask(&self) -> bool {
        let session = self.session.upgrade();
        session.is_some_and(|session| session.grants.check(CAPABILITY).is_ok())
    }
}
