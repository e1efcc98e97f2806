//! What the person's answer does, and what happens when none comes.

use std::sync::{Arc, PoisonError};

use super::{Asking, Claim, about};
use crate::bindings::lapak::app::payments::Outcome;
use crate::capability::payments::records::{PaymentResult, Record, Written};
use crate::grants::OutOfBounds;
use crate::sheet::{
    Asker, Lapse, Pin, Sheet, SheetAnswer, SheetAsk, SheetError, SheetOutcome, SheetStage,
};

impl Asking {
    fn confirm(self: &Arc<Self>, sheet: &Sheet, pin: &Pin) -> Result<(), SheetError> {
        if !self.claim(Claim::Agreeing) {
            return Err(SheetError::NotOpen);
        }
        let confirmed = self.try_confirm(sheet, pin);
        if confirmed.is_err() {
            // Open as before, unless that ended it.
            *self.claim.lock().unwrap_or_else(PoisonError::into_inner) = Claim::Free;
        }
        confirmed
    }

    fn try_confirm(self: &Arc<Self>, sheet: &Sheet, pin: &Pin) -> Result<(), SheetError> {
        let session = self.session.upgrade().ok_or(SheetError::NotOpen)?;
        let (brief, account) = self.shown().ok_or(SheetError::NotOpen)?;
        let parts = self.payments.parts();
        if parts.clock.now_ms() >= sheet.expires_ms {
            self.over(&PaymentResult::Expired);
            return Err(SheetError::Expired);
        }
        if let Err(error) = parts.pins.check(&session.owner.person, pin.digits()) {
            self.note(false, "wrong PIN", "", &about(&brief));
            return Err(error.into());
        }
        // After the PIN, which takes a while: what is over or taken back by now is not paid.
        if session.has_ended() {
            return Err(SheetError::NotOpen);
        }
        if let Err(why) = self.allowed(&brief) {
            self.deny(&why);
            return Err(SheetError::Denied);
        }
        let bounds = session.grants.bounds();
        let bounds = &bounds.payments;
        let most = bounds.per_day_minor(brief.amount.currency());
        let agreed = self.agreed(&brief, &account);
        let record = match parts.records.agree(&agreed, most) {
            Ok(Written::New) => Record {
                agreed,
                result: None,
            },
            // The same request, of a session that forgot it, and agreed to a second time.
            Ok(Written::Known(record)) => *record,
            Ok(Written::OverBound) => {
                self.deny(&OutOfBounds::PerDay.to_string());
                return Err(SheetError::Denied);
            }
            Err(error) => return Err(SheetError::Unavailable(error.to_string())),
        };
        self.note(true, "agreed", "PIN", &about(&brief));
        session
            .host
            .sheets
            .change(session.id, self.number, |sheet| {
                sheet.stage = SheetStage::Waiting;
            });
        self.take_up(record);
        Ok(())
    }
}

impl Asker for Arc<Asking> {
    fn answer(&self, sheet: &Sheet, answer: SheetAnswer) -> Result<(), SheetError> {
        match answer {
            SheetAnswer::Confirm(pin) => self.confirm(sheet, &pin),
            SheetAnswer::ChoosePin(pin) => {
                let pins = &self.payments.parts().pins;
                pins.choose(&self.person(), pin.digits())?;
                let session = self.session.upgrade().ok_or(SheetError::NotOpen)?;
                session
                    .host
                    .sheets
                    .change(session.id, self.number, |sheet| {
                        if let SheetAsk::Payment(payment) = &mut sheet.ask {
                            payment.has_pin = true;
                        }
                    });
                Ok(())
            }
            SheetAnswer::Cancel if sheet.stage == SheetStage::Waiting => {
                self.payments.cancel(&self.key);
                Ok(())
            }
            SheetAnswer::Cancel => {
                if !self.claim(Claim::Ended) {
                    return Err(SheetError::NotOpen);
                }
                self.note(true, "cancelled", "refused", "");
                self.over(&PaymentResult::Cancelled);
                Ok(())
            }
            SheetAnswer::Consent(_) | SheetAnswer::Agree => Err(SheetError::WrongKind),
        }
    }

    fn lapse(&self, _sheet: &Sheet, lapse: Lapse) {
        if !self.claim(Claim::Ended) {
            return;
        }
        match lapse {
            Lapse::Expired => {
                self.note(true, "expired", "", "");
                self.over(&PaymentResult::Expired);
            }
            Lapse::Withdrawn => self.deny("taken back while the sheet was open"),
            Lapse::TooSoon => {
                self.note(true, "cancelled", "not asked again so soon", "");
                self.end(Outcome::Cancelled, SheetOutcome::Cancelled);
            }
            Lapse::SessionEnded => {
                self.note(true, "closed", "", "");
                self.end(Outcome::Cancelled, SheetOutcome::Closed);
            }
        }
    }

    fn may_ask(&self) -> bool {
        self.shown()
            .is_none_or(|(brief, _)| self.allowed(&brief).is_ok())
    }
}
