//! `payments`: an app asks, a person agrees on a sheet that the app cannot touch, money moves once.
//!
//! From call to outcome: `wants` checks what the app brought; `asking` asks the person and writes down that they agreed
//! ([`records`]) before `till` asks the provider, again if need be, until it is known what came of it.

mod asking;
mod parts;
mod queries;
pub mod records;
pub mod simulated;
mod till;
mod wants;

use lapak_ledger::merchant::Wanted as WantedItem;
use lapak_ledger::name::{MerchantId, OrderId, RequestKey};
use serde::{Deserialize, Serialize};

use crate::account::Cost;
use crate::asking::Use;
use crate::bindings::lapak::app::payments::{
    Decline, Error, Host, Money, OrderRefusal, OrderState, Outcome, Wanted,
};
use crate::bindings::lapak::app::requests::RequestId;
use crate::grants::{AccessDenied, Capability, Decision};
use crate::instance::InstanceState;
use crate::requests::{Again, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};
use asking::Asking;
use wants::{Unfit, Wants};

pub use asking::SHEET_MS;
pub use parts::{
    MerchantServers, NotSigned, PaymentParts, People, PeopleOfLedger, PinCheck, Recipient, Shops,
};
pub use till::Payments;
pub use wants::MAX_ORDER_BYTES;

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "payments",
    lent: Lent::ToWhoAsks("system.permission.PAYMENTS"),
    allows: Words {
        en: "ask you to pay; each payment is confirmed with your PIN",
        id: "meminta Anda membayar; setiap pembayaran Anda setujui dengan PIN",
    },
    asks: Asks::EachTime,
    bounds: "kinds, currencies, at a time, in 24 hours, merchants",
};

/// The most different items of one order.
const MAX_ITEMS: usize = 200;
/// The longest name of an item or of a merchant, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// What a session has asked for. What is to be agreed to has a key, so that asking for it twice pays once.
pub(crate) type PaymentsState = RoomRequests<Asked, Answer>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Asked {
    /// Something to agree to.
    Payment(Wants, RequestKey),
    /// How an order stands.
    Query(MerchantId, OrderId),
    /// A signature for an order.
    Order(String, Vec<WantedItem>),
    /// Nothing: its order had expired when it was asked for.
    Nothing,
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Outcome(Outcome),
    Order(OrderState),
    Signed(Result<Vec<u8>, OrderRefusal>),
}

impl Host for InstanceState {
    fn order(&mut self, merchant: String, items: Vec<Wanted>) -> Result<RequestId, Error> {
        self.check_audited("order")?;
        let named = |name: &str| (1..=MAX_NAME_BYTES).contains(&name.len());
        let fits = named(&merchant) && (1..=MAX_ITEMS).contains(&items.len());
        if !fits || !items.iter().all(|wanted| named(&wanted.item)) {
            return Err(Error::Invalid);
        }
        let items = items.into_iter().map(|wanted| WantedItem {
            item: wanted.item,
            quantity: wanted.quantity,
        });
        self.begin(Asked::Order(merchant, items.collect()))
    }

    fn take_signed(&mut self, request: RequestId) -> Result<Result<Vec<u8>, OrderRefusal>, Error> {
        self.check(Capability::Payments)?;
        let taken = self.rooms.payments.take(request, |answer| match answer {
            Answer::Signed(signed) => Ok(signed),
            other => Err(other),
        });
        taken.ok_or(Error::UnknownRequest)
    }

    fn request_payment(&mut self, order: Vec<u8>) -> Result<RequestId, Error> {
        self.check_audited("request-payment")?;
        self.ask(Wants::pay(order)?)
    }

    fn request_refund(&mut self, refund: Vec<u8>) -> Result<RequestId, Error> {
        self.check_audited("request-refund")?;
        self.ask(Wants::refund(refund)?)
    }

    fn transfer(&mut self, to: String, amount: Money, note: String) -> Result<RequestId, Error> {
        self.check_audited("transfer")?;
        self.ask(Wants::transfer(to, &amount, note)?)
    }

    fn pay_bill(
        &mut self,
        biller: String,
        customer: String,
        amount: Money,
    ) -> Result<RequestId, Error> {
        self.check_audited("pay-bill")?;
        self.ask(Wants::bill(&biller, customer, &amount)?)
    }

    fn take(&mut self, request: RequestId) -> Result<Outcome, Error> {
        self.check(Capability::Payments)?;
        let taken = self.rooms.payments.take(request, |answer| match answer {
            Answer::Outcome(outcome) => Ok(outcome),
            other => Err(other),
        });
        taken.ok_or(Error::UnknownRequest)
    }

    fn query(&mut self, merchant: String, order: String) -> Result<RequestId, Error> {
        self.check_audited("query")?;
        let merchant = merchant.parse().map_err(|_| Error::Invalid)?;
        let order = order.parse().map_err(|_| Error::Invalid)?;
        self.begin(Asked::Query(merchant, order))
    }

    fn take_order(&mut self, request: RequestId) -> Result<OrderState, Error> {
        self.check(Capability::Payments)?;
        let taken = self.rooms.payments.take(request, |answer| match answer {
            Answer::Order(state) => Ok(state),
            other => Err(other),
        });
        taken.ok_or(Error::UnknownRequest)
    }
}

impl InstanceState {
    /// The first line of every function that asks for something: checks, and notes a refusal in the audit.
    fn check_audited(&mut self, function: &'static str) -> Result<(), AccessDenied> {
        let checked = self.check(Capability::Payments);
        if checked.is_err() {
            self.note_denied(function, self.session.grants.decide(Capability::Payments));
        }
        checked
    }

    fn note_denied(&mut self, function: &'static str, decision: Decision) {
        let why = match decision {
            Decision::Denied(why) => why.to_string(),
            Decision::Allowed | Decision::AskPerson => "out of bounds".into(),
        };
        let asked = Use {
            capability: Capability::Payments,
            function,
            done: "asked",
        };
        self.refused(asked, &why, "");
    }

    /// Checks what the app wants, within the bounds as they are now, and begins to ask.
    fn ask(&mut self, wants: Wants) -> Result<RequestId, Error> {
        let session = self.session.clone();
        let payments = self.providers().payments.clone();
        // What merchants there are, what time it is, what the bounds are: none of it follows from the session itself.
        let checked: Result<bool, Error> = self.answer(|| {
            let (parts, owner) = (payments.parts(), &session.owner);
            let fit = match wants.check(parts, &owner.app_id, parts.clock.now_ms()) {
                Ok(fit) => fit,
                Err(Unfit::Expired) => return Ok(false),
                Err(Unfit::Fault(error)) => return Err(error),
            };
            let bounds = session.grants.bounds();
            let bounds = &bounds.payments;
            let allowed = bounds.allow(wants.spending(&fit), fit.amount);
            allowed.map(|()| true).map_err(|_| Error::AccessDenied)
        });
        match checked {
            Ok(true) => {
                let request = self.begin_request().ok_or(Error::TooManyRequests)?;
                // Two requests of a session have different numbers, so the same thing asked for twice is two payments;
                // of an order it is one, by the order's own id.
                let key = wants.key(session.id.as_bytes(), request);
                let key = key.ok_or(Error::Invalid)?;
                Ok(self.keep(request, Asked::Payment(wants, key)))
            }
            Ok(false) => self.begin(Asked::Nothing),
            Err(error) => {
                if error == Error::AccessDenied {
                    self.note_denied(wants.function(), Decision::Allowed);
                }
                Err(error)
            }
        }
    }

    fn begin(&mut self, asked: Asked) -> Result<RequestId, Error> {
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        Ok(self.keep(request, asked))
    }

    fn keep(&mut self, request: RequestId, asked: Asked) -> RequestId {
        self.rooms.payments.ask(request, asked.clone());
        self.set_going(request, asked);
        request
    }

    /// Asks whoever is to be asked. For a session that was kept over a restart, again.
    fn set_going(&self, request: RequestId, asked: Asked) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let finish = move |answer| finish.with(super::Answer::Payments(answer));
        let session = self.session.clone();
        let payments = self.providers().payments.clone();
        match asked {
            // Nobody sees a model: nobody could agree.
            Asked::Payment(..) if session.is_model => {
                finish(Answer::Outcome(Outcome::AccessDenied));
            }
            Asked::Payment(wants, key) => {
                let finish = Box::new(move |outcome| finish(Answer::Outcome(outcome)));
                let asking = Asking::new(payments, &session, (wants, key), finish);
                let pools = &session.host.pools;
                pools.for_payment(&session, move || asking.begin());
            }
            Asked::Query(merchant, order) => {
                let person = session.owner.person.clone();
                let pools = &session.host.pools;
                pools.for_payment(&session, move || {
                    let finish = Box::new(move |state| finish(Answer::Order(state)));
                    payments.query(&person, (merchant, order), finish);
                });
            }
            Asked::Order(merchant, items) => {
                let app_id = session.app.manifest().app_id.clone();
                let pools = &session.host.pools;
                let at = merchant.clone();
                let charge = session.charge(Cost::Work, 1);
                pools.ask_merchant(&session.owner, &at, move |has_room| {
                    // Until the merchant has answered.
                    let charged = charge.is_ok();
                    let _charge = charge;
                    if !has_room || !charged {
                        return finish(Answer::Signed(Err(OrderRefusal::Unavailable)));
                    }
                    let signed = payments.parts().servers.order(&merchant, &app_id, &items);
                    finish(Answer::Signed(signed.map(String::into_bytes).map_err(
                        |error| {
                            tracing::info!(%error, merchant, "no order was signed");
                            error.into()
                        },
                    )));
                });
            }
            Asked::Nothing => finish(Answer::Outcome(Outcome::Expired)),
        }
    }

    pub(crate) fn ask_payments_again(&mut self, answered: &[RequestId]) {
        for Again { request, asked, .. } in self.rooms.payments.again(answered) {
            self.set_going(request, asked);
        }
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}

impl From<NotSigned> for OrderRefusal {
    fn from(why: NotSigned) -> Self {
        match why {
            NotSigned::NotSold(_) => Self::NotSold,
            NotSigned::Unavailable(_) => Self::Unavailable,
        }
    }
}

impl From<lapak_ledger::provider::Decline> for Decline {
    fn from(why: lapak_ledger::provider::Decline) -> Self {
        use lapak_ledger::provider::Decline as Why;
        match why {
            Why::InsufficientFunds => Self::InsufficientFunds,
            Why::OverLimit => Self::OverLimit,
            Why::OrderUsed | Why::KeyUsed => Self::OrderUsed,
            Why::UnknownOrder => Self::UnknownOrder,
            Why::RefundTooLarge => Self::RefundTooLarge,
            Why::UnknownRecipient => Self::UnknownRecipient,
            Why::WrongCurrency => Self::WrongCurrency,
            Why::Malformed | Why::Unavailable => Self::Unavailable,
        }
    }
}
