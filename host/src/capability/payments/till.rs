//! Payments that people agreed to, until it is known what came of them: submitted, submitted again, told once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use lapak_ledger::name::RequestKey;
use lapak_ledger::provider::{Ask as ProviderAsk, Outcome, Request};
use lapak_ledger::{Purpose, Receipt, SignedReceipt};

use super::parts::PaymentParts;
use super::records::{Agreed, PaymentResult};
use crate::audit::{AuditEntry, AuditLog};
use crate::grants::Capability;

/// How long a provider may be silent before it is asked again, in milliseconds: it may have lost the request.
const AGAIN_MS: i64 = 60_000;

/// Payments, as a platform set them up. One for all sessions of a runtime.
pub struct Payments {
    parts: PaymentParts,
    in_flight: Mutex<HashMap<RequestKey, InFlight>>,
    audit: OnceLock<Arc<dyn AuditLog>>,
}

/// Called with what came of a payment.
pub(super) type Told = Box<dyn FnOnce(&PaymentResult) + Send>;

struct InFlight {
    agreed: Agreed,
    submitted_ms: i64,
    told: Vec<Told>,
    /// What came of it is being written down.
    over: bool,
}

impl Payments {
    /// Payments with these parts.
    #[must_use]
    pub fn new(parts: PaymentParts) -> Arc<Self> {
        Arc::new(Self {
            parts,
            in_flight: Mutex::default(),
            audit: OnceLock::new(),
        })
    }

    /// What stands behind them.
    #[must_use]
    pub fn parts(&self) -> &PaymentParts {
        &self.parts
    }

    /// A runtime begins to use them: what was agreed to before the last one ended is submitted again. For the first alone.
    pub(crate) fn begin(self: &Arc<Self>, audit: Arc<dyn AuditLog>) {
        if self.audit.set(audit).is_err() {
            return;
        }
        match self.parts.records.unfinished() {
            Ok(unfinished) => {
                for agreed in unfinished {
                    self.submit(agreed, None);
                }
            }
            Err(error) => tracing::error!(%error, "payments that were agreed to wait"),
        }
    }

    /// Asks providers again that have been silent for long. Called now and then.
    pub(crate) fn ask_again(self: &Arc<Self>) {
        let now = self.parts.clock.now_ms();
        let due: Vec<Agreed> = {
            let mut in_flight = self.lock();
            let due = in_flight
                .values_mut()
                .filter(|one| now.saturating_sub(one.submitted_ms) >= AGAIN_MS);
            due.map(|one| {
                one.submitted_ms = now;
                one.agreed.clone()
            })
            .collect()
        };
        for agreed in due {
            self.ask_provider(&agreed);
        }
    }

    /// The runtime ends: nobody is left to be told, though payments go on. Whoever asked holds these payments up, and they
    /// whoever asked.
    pub(crate) fn let_go(&self) {
        let told: Vec<Told> = {
            let mut in_flight = self.lock();
            in_flight
                .values_mut()
                .flat_map(|one| std::mem::take(&mut one.told))
                .collect()
        };
        drop(told);
    }

    /// Submits what was written down; `told` hears what came of it, with others who ask for the same.
    pub(super) fn submit(self: &Arc<Self>, agreed: Agreed, told: Option<Told>) {
        {
            let mut in_flight = self.lock();
            if let Some(one) = in_flight.get_mut(&agreed.key) {
                one.told.extend(told);
                return;
            }
            let one = InFlight {
                agreed: agreed.clone(),
                submitted_ms: self.parts.clock.now_ms(),
                told: told.into_iter().collect(),
                over: false,
            };
            in_flight.insert(agreed.key.clone(), one);
        }
        self.ask_provider(&agreed);
    }

    /// The person does not want it any more; the provider tells whether that came in time.
    pub(super) fn cancel(&self, key: &RequestKey) {
        let account = self.lock().get(key).map(|one| one.agreed.account.clone());
        if let Some(account) = account {
            self.parts.provider.cancel(&account, key);
        }
    }

    fn ask_provider(self: &Arc<Self>, agreed: &Agreed) {
        let ask = match agreed.to_ask(&self.parts) {
            Ok(ask) => ask,
            Err(error) => {
                // Its merchant is gone, say. Nobody can tell what became of it, so nobody is told anything.
                tracing::error!(%error, key = %agreed.key, "a payment that was agreed to cannot be submitted");
                return;
            }
        };
        let request = Request {
            key: agreed.key.clone(),
            account: agreed.account.clone(),
            ask: ask.clone(),
        };
        let (payments, key) = (Arc::downgrade(self), agreed.key.clone());
        let done = Box::new(move |outcome| {
            if let Some(payments) = payments.upgrade() {
                payments.over(&key, &ask, outcome);
            }
        });
        self.parts.provider.submit(request, done);
    }

    /// The provider says what came of it. It may say so twice, late, and in nonsense.
    fn over(&self, key: &RequestKey, ask: &ProviderAsk, outcome: Outcome) {
        if let Outcome::Paid(receipt) = &outcome
            && let Err(what) = self.believe(key, ask, receipt)
        {
            tracing::error!(%key, what, "a provider's receipt is not believed; it is asked again later");
            if let Some(one) = self.lock().get(key) {
                self.note(&one.agreed, "a receipt that is not believed");
            }
            return;
        }
        // Whoever is first tells: later outcomes find nothing to do. It stays in the list until it is written down, so that whoever
        // asks for the same meanwhile is told too, and nobody is asked again.
        match self.lock().get_mut(key) {
            Some(one) if !one.over => one.over = true,
            _ => return,
        }
        let result = PaymentResult::from(outcome);
        if let Err(error) = self.parts.records.finish(key, &result) {
            // It is certain all the same: the provider tells it again after a restart.
            tracing::error!(%error, %key, "what came of a payment was not written down");
        }
        let Some(one) = self.lock().remove(key) else {
            return;
        };
        self.note(&one.agreed, in_words(&result));
        // Whoever dies from here on has an entry for every payment that somebody was told of.
        if let Some(audit) = self.audit.get() {
            audit.flush(&one.agreed.person, &one.agreed.app_id);
        }
        for told in one.told {
            told(&result);
        }
    }

    /// Whether a receipt was signed by this host, and for just this.
    fn believe(
        &self,
        key: &RequestKey,
        ask: &ProviderAsk,
        receipt: &SignedReceipt,
    ) -> Result<(), &'static str> {
        let said = self
            .read(receipt)
            .ok_or("it was not signed by this host's key")?;
        if said.currency != ask.amount().currency() || said.amount_minor != ask.amount().minor() {
            return Err("it is over another amount");
        }
        if said.purpose == purpose(key, ask) {
            Ok(())
        } else {
            Err("it is for something else")
        }
    }

    /// What a receipt of this host's says.
    pub(super) fn read(&self, receipt: &SignedReceipt) -> Option<Receipt> {
        receipt.verify(&self.parts.host_keys).ok()
    }

    /// Writes into the audit, if there is one yet.
    pub(super) fn audit(&self, entry: AuditEntry) {
        if let Some(audit) = self.audit.get() {
            audit.note(entry);
        }
    }

    fn note(&self, agreed: &Agreed, outcome: &str) {
        self.audit(AuditEntry {
            at_ms: self.parts.clock.now_ms(),
            person: agreed.person.clone(),
            app_id: agreed.app_id.clone(),
            capability: Capability::Payments,
            function: agreed.ask.function().to_owned(),
            request: agreed.key.to_string(),
            allowed: true,
            grant: String::new(),
            consent: String::new(),
            about: format!(
                "{} {} from {}",
                agreed.currency,
                agreed.currency.decimal(agreed.amount_minor),
                agreed.account
            ),
            outcome: outcome.to_owned(),
            times: 1,
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RequestKey, InFlight>> {
        self.in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a receipt for this must be for.
fn purpose(key: &RequestKey, ask: &ProviderAsk) -> Purpose {
    let key = key.clone();
    match ask {
        ProviderAsk::Pay(order) => Purpose::Payment {
            merchant: order.order().merchant.clone(),
            order: order.order().order.clone(),
            sha256: order.digest(),
        },
        ProviderAsk::Refund(refund) => Purpose::Refund {
            key: refund.refund().key.clone(),
            merchant: refund.refund().merchant.clone(),
            order: refund.refund().order.clone(),
        },
        ProviderAsk::Transfer { to, .. } => Purpose::transfer(key, to),
        ProviderAsk::Bill {
            biller, customer, ..
        } => Purpose::Bill {
            biller: biller.clone(),
            customer: customer.clone(),
            key,
        },
    }
}

pub(super) fn in_words(result: &PaymentResult) -> &'static str {
    match result {
        PaymentResult::Paid(_) => "paid",
        PaymentResult::Declined(_) => "declined",
        PaymentResult::Cancelled => "cancelled",
        PaymentResult::Expired => "expired",
    }
}

impl std::fmt::Debug for Payments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Payments")
            .field("parts", &self.parts)
            .field("in_flight", &self.lock().len())
            .finish_non_exhaustive()
    }
}
