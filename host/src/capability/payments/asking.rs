//! One request of an app's, from the call to its outcome: who is asked, what is checked, and that it ends once.

mod answer;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use lapak_ledger::Purpose;
use lapak_ledger::name::RequestKey;
use lapak_ledger::provider::{Decline, OrderState as Standing, PersonAccount};

use super::records::{Agreed, DAY_MS, PaymentResult, Record, Written, within};
use super::till::{Payments, in_words};
use super::wants::{Brief, Unfit, Wants};
use crate::audit::AuditEntry;
use crate::bindings::lapak::app::payments::Outcome;
use crate::grants::{AccessDenied, Capability, OutOfBounds};
use crate::session::Shared;
use crate::sheet::{
    PaymentSheet, Sheet, SheetAccount, SheetAsk, SheetId, SheetOutcome, SheetProvider, SheetStage,
};

/// The longest that a sheet is open, in milliseconds: a quarter of an hour.
pub const SHEET_MS: i64 = 15 * 60_000;

/// Hands the outcome to the session.
pub(super) type Finish = Box<dyn FnOnce(Outcome) + Send>;

/// One request.
pub(super) struct Asking {
    payments: Arc<Payments>,
    session: Weak<Shared>,
    wants: Wants,
    key: RequestKey,
    /// Its place among the session's sheets.
    number: SheetId,
    /// Whose it is to go on with.
    claim: Mutex<Claim>,
    /// Taken by whoever ends it.
    finish: Mutex<Option<Finish>>,
    /// What the person was shown, once they were.
    shown: Mutex<Option<(Brief, PersonAccount)>>,
}

/// The person's answer, the sheet's end and the withdrawal of a grant may come at the same moment: one of them counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    /// Nobody's.
    Free,
    /// The person's who agrees, until they turn out not to; for good once it is written down.
    Agreeing,
    /// Somebody ended it.
    Ended,
}

/// It is over: the app has been told already, or will not be.
struct Over;

impl Asking {
    pub(super) fn new(
        payments: Arc<Payments>,
        session: &Arc<Shared>,
        (wants, key): (Wants, RequestKey),
        finish: Finish,
    ) -> Arc<Self> {
        Arc::new(Self {
            payments,
            session: Arc::downgrade(session),
            wants,
            key,
            number: session.host.sheets.number(),
            claim: Mutex::new(Claim::Free),
            finish: Mutex::new(Some(finish)),
            shown: Mutex::default(),
        })
    }

    /// Begins, on a thread that may wait. A request that somebody agreed to before goes on from there; it may have been
    /// made before a restart.
    pub(super) fn begin(self: &Arc<Self>) {
        let parts = self.payments.parts();
        match parts.records.find(&self.key) {
            Ok(None) => {}
            Ok(Some(record)) => return self.take_up(record),
            Err(error) => {
                tracing::error!(%error, "a payment cannot be asked for");
                return self.over(&PaymentResult::Declined(Decline::Unavailable));
            }
        }
        let Ok(brief) = self.brief() else { return };
        let Some(session) = self.session.upgrade() else {
            return;
        };
        let asking = self.clone();
        parts.provider.accounts(
            &session.owner.person,
            Box::new(move |accounts| match accounts {
                Ok(accounts) => asking.with_accounts(brief, accounts),
                Err(error) => {
                    tracing::warn!(%error, "a payment cannot be asked for");
                    asking.over(&PaymentResult::Declined(Decline::Unavailable));
                }
            }),
        );
    }

    /// Checks the request as of now; ends it if there is nothing to ask.
    fn brief(&self) -> Result<Brief, Over> {
        let parts = self.payments.parts();
        let app_id = self.app_id();
        let fit = match self.wants.check(parts, &app_id, parts.clock.now_ms()) {
            Ok(fit) => fit,
            Err(Unfit::Expired) => {
                self.over(&PaymentResult::Expired);
                return Err(Over);
            }
            // It was fit when it was asked for: the merchant, or its key, has been taken from the list meanwhile.
            Err(Unfit::Fault(_)) => {
                self.over(&PaymentResult::Declined(Decline::UnknownRecipient));
                return Err(Over);
            }
        };
        self.wants.brief(fit, parts).map_err(|why| {
            self.over(&PaymentResult::Declined(why));
            Over
        })
    }

    fn with_accounts(self: &Arc<Self>, brief: Brief, accounts: Vec<PersonAccount>) {
        let currency = brief.amount.currency();
        let mut fitting = accounts.into_iter().filter(|one| one.currency == currency);
        let Some(account) = fitting.next() else {
            return self.over(&PaymentResult::Declined(Decline::WrongCurrency));
        };
        if let Wants::Refund(_) = self.wants {
            return self.refund(&brief, &account);
        }
        let Some(order) = &brief.order else {
            return self.show(brief, account);
        };
        // Paid already, elsewhere or in a session that forgot it: the same receipt, and nobody is asked.
        let said = order.order();
        let (merchant, id, digest) = (said.merchant.clone(), said.order.clone(), order.digest());
        let (asking, of) = (self.clone(), account.account.clone());
        let answer = Box::new(move |standing| {
            let Ok(Standing::Paid { receipt, .. }) = standing else {
                return asking.show(brief, account);
            };
            let same = asking.payments.read(&receipt).is_some_and(
                |said| matches!(said.purpose, Purpose::Payment { sha256, .. } if sha256 == digest),
            );
            asking.over(&if same {
                PaymentResult::Paid(receipt)
            } else {
                PaymentResult::Declined(Decline::OrderUsed)
            });
        });
        let provider = &self.payments.parts().provider;
        provider.order(&of, &merchant, &id, answer);
    }

    /// Nobody is asked: money only comes back.
    fn refund(self: &Arc<Self>, brief: &Brief, account: &PersonAccount) {
        if self.allowed(brief).is_err() {
            return self.deny("taken back meanwhile");
        }
        let agreed = self.agreed(brief, account);
        match self.payments.parts().records.agree(&agreed, None) {
            Ok(Written::Known(record)) => self.take_up(*record),
            Ok(Written::New | Written::OverBound) => self.go_on(agreed),
            Err(error) => {
                tracing::error!(%error, "a refund was not written down");
                self.over(&PaymentResult::Declined(Decline::Unavailable));
            }
        }
    }

    /// Opens the sheet.
    fn show(self: &Arc<Self>, brief: Brief, account: PersonAccount) {
        let Some(session) = self.session.upgrade() else {
            return;
        };
        if let Err(why) = self.allowed_today(&brief) {
            return self.deny(&why.to_string());
        }
        let parts = self.payments.parts();
        let (now, label) = (parts.clock.now_ms(), parts.provider.label());
        let (currency, minor) = (brief.amount.currency(), brief.amount.minor());
        let expires = brief.expires_ms.unwrap_or(i64::MAX);
        let sheet = Sheet {
            id: self.number,
            app_id: session.owner.app_id.to_string(),
            app_name: crate::sheet::app_name(&session.app),
            opened_ms: now,
            expires_ms: expires.min(now.saturating_add(SHEET_MS)),
            stage: SheetStage::Open,
            ask: SheetAsk::Payment(PaymentSheet {
                kind: brief.kind,
                to: brief.to.clone(),
                to_id: brief.to_id.clone(),
                amount_minor: minor,
                amount: currency.decimal(minor),
                currency,
                lines: brief.lines.clone(),
                reference: brief.reference.clone(),
                note: brief.note.clone(),
                account: SheetAccount {
                    id: account.account.to_string(),
                    available_minor: account.available_minor,
                    available: currency.decimal(account.available_minor),
                },
                provider: SheetProvider {
                    name: label.name,
                    simulated: label.simulated,
                },
                // If it cannot be told, the first try will say so.
                has_pin: parts.pins.is_set(&session.owner.person).unwrap_or(true),
            }),
        };
        self.note(true, "asked", "", &about(&brief));
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some((brief, account));
        let asker = Arc::new(self.clone());
        session.host.sheets.open(&session, sheet, asker);
    }

    fn claim(&self, wanted: Claim) -> bool {
        let mut claim = self.claim.lock().unwrap_or_else(PoisonError::into_inner);
        let free = *claim == Claim::Free;
        if free {
            *claim = wanted;
        }
        free
    }

    /// Goes on from what was written down.
    fn take_up(self: &Arc<Self>, record: Record) {
        match record.result {
            Some(result) => self.over(&result),
            None => self.go_on(record.agreed),
        }
    }

    /// Written down: now the provider is asked, by whoever is first.
    fn go_on(self: &Arc<Self>, agreed: Agreed) {
        let asking = self.clone();
        let told = Box::new(move |result: &PaymentResult| asking.over(result));
        self.payments.submit(agreed, Some(told));
    }

    fn agreed(&self, brief: &Brief, account: &PersonAccount) -> Agreed {
        Agreed {
            key: self.key.clone(),
            app_id: self.app_id(),
            person: self.person(),
            account: account.account.clone(),
            amount_minor: brief.amount.minor(),
            currency: brief.amount.currency(),
            at_ms: self.payments.parts().clock.now_ms(),
            ask: brief.ask.clone(),
        }
    }

    /// The decider's word, at this moment: the grant, and its bounds for one payment.
    fn allowed(&self, brief: &Brief) -> Result<(), String> {
        let session = self.session.upgrade().ok_or("the session has ended")?;
        let denied = |AccessDenied| "taken back meanwhile".to_owned();
        session.grants.check(Capability::Payments).map_err(denied)?;
        let bounds = session.grants.bounds();
        let bounds = &bounds.payments;
        bounds
            .allow(brief.spending(), brief.amount)
            .map_err(|why| why.to_string())
    }

    /// The same, with what was agreed to in the last 24 hours.
    fn allowed_today(&self, brief: &Brief) -> Result<(), String> {
        self.allowed(brief)?;
        let session = self.session.upgrade().ok_or("the session has ended")?;
        let currency = brief.amount.currency();
        let most = session.grants.bounds().payments.per_day_minor(currency);
        if most.is_none() {
            return Ok(());
        }
        let parts = self.payments.parts();
        let since = parts.clock.now_ms().saturating_sub(DAY_MS);
        let owner = &session.owner;
        let spent = parts
            .records
            .spent_minor(&owner.person, &owner.app_id, currency, since)
            .map_err(|error| error.to_string())?;
        if within(spent, brief.amount.minor(), most) {
            Ok(())
        } else {
            Err(OutOfBounds::PerDay.to_string())
        }
    }

    /// Ends it, unless it has ended: the first to come counts.
    fn over(&self, result: &PaymentResult) {
        let (told, outcome) = match result {
            PaymentResult::Paid(signed) => {
                match (self.payments.to_wit(signed), self.payments.read(signed)) {
                    (Some(told), Some(receipt)) => {
                        let signed = signed.clone();
                        (Outcome::Paid(told), SheetOutcome::Paid { receipt, signed })
                    }
                    // Signed by a key that this host does not have any more. It was paid, but nothing proves it here.
                    _ => {
                        tracing::error!(key = %self.key, "a receipt that was kept is not believed any more");
                        return;
                    }
                }
            }
            PaymentResult::Declined(why) => (
                Outcome::Declined((*why).into()),
                SheetOutcome::Declined { reason: *why },
            ),
            PaymentResult::Cancelled => (Outcome::Cancelled, SheetOutcome::Cancelled),
            PaymentResult::Expired => (Outcome::Expired, SheetOutcome::Expired),
        };
        if self.end(told, outcome) && self.shown().is_none() {
            self.note(true, in_words(result), "", "");
        }
    }

    /// Ends it because the grant, or a bound, does not allow it.
    fn deny(&self, why: &str) {
        if self.end(Outcome::AccessDenied, SheetOutcome::Denied) {
            self.note(false, "denied", "", why);
        }
    }

    fn end(&self, told: Outcome, outcome: SheetOutcome) -> bool {
        let finish = {
            let mut finish = self.finish.lock().unwrap_or_else(PoisonError::into_inner);
            finish.take()
        };
        let Some(finish) = finish else {
            return false;
        };
        if let Some(session) = self.session.upgrade() {
            let sheets = &session.host.sheets;
            sheets.close(session.id, self.number, outcome);
        }
        finish(told);
        true
    }

    fn shown(&self) -> Option<(Brief, PersonAccount)> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.clone()
    }

    fn note(&self, allowed: bool, outcome: &str, consent: &str, about: &str) {
        let Some(session) = self.session.upgrade() else {
            return;
        };
        let grant = match self.shown() {
            Some((brief, _)) => {
                let bounds = session.grants.bounds();
                let bounds = &bounds.payments;
                bounds.in_words(brief.amount.currency())
            }
            None => String::new(),
        };
        self.payments.audit(AuditEntry {
            at_ms: self.payments.parts().clock.now_ms(),
            person: self.person(),
            app_id: self.app_id(),
            capability: Capability::Payments,
            function: self.wants.function().to_owned(),
            request: self.key.to_string(),
            allowed,
            grant,
            consent: consent.to_owned(),
            about: about.to_owned(),
            outcome: outcome.to_owned(),
            times: 1,
        });
    }

    fn app_id(&self) -> String {
        let session = self.session.upgrade();
        session.map_or_else(String::new, |session| session.owner.app_id.to_string())
    }

    fn person(&self) -> String {
        let session = self.session.upgrade();
        session.map_or_else(String::new, |session| session.owner.person.to_string())
    }
}

fn about(brief: &Brief) -> String {
    let what = if brief.reference.is_empty() {
        String::new()
    } else {
        format!(", {}", brief.reference)
    };
    format!("{} to {}{what}", brief.amount, brief.to_id)
}
