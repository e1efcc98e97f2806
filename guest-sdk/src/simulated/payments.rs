//! Payments without money: sheets wait until the test answers them.
//!
//! Differs from a host: no signature, expiry or bound is looked at, merchants sign what a test says they do, and a receipt's
//! signature is the word `simulated`.

use std::collections::{BTreeMap, VecDeque};

use super::{Capability, with};
use crate::bindings::wit::lapak::app::payments::{
    Error, Money, OrderRefusal, OrderState, Outcome, PaidOrder, Receipt, Wanted,
};

/// What the app asks a person to agree to.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// To pay this signed order.
    Order(Vec<u8>),
    /// To send money.
    Transfer {
        /// To whom.
        to: String,
        /// How much.
        amount: Money,
        /// What both see.
        note: String,
    },
    /// To pay a bill.
    Bill {
        /// To whom.
        biller: String,
        /// For which of its customers.
        customer: String,
        /// How much.
        amount: Money,
    },
}

#[derive(Default)]
pub(crate) struct Payments {
    /// In the order in which they were asked for.
    pub(crate) sheets: VecDeque<(u32, Asked)>,
    /// What merchants answer to the next orders.
    pub(crate) signed: VecDeque<Result<Vec<u8>, OrderRefusal>>,
    /// What was asked of merchants so far.
    pub(crate) wanted: Vec<(String, Vec<Wanted>)>,
    /// How orders stand that were paid, by merchant and order.
    pub(crate) paid: BTreeMap<(String, String), Receipt>,
    outcomes: BTreeMap<u32, Outcome>,
    orders: BTreeMap<u32, Result<Vec<u8>, OrderRefusal>>,
    states: BTreeMap<u32, OrderState>,
    receipts: u32,
}

impl Payments {
    /// The person, or the platform, is done with the oldest sheet.
    pub(crate) fn answer(&mut self, outcome: Outcome) -> Option<u32> {
        let (request, _) = self.sheets.pop_front()?;
        self.outcomes.insert(request, outcome);
        Some(request)
    }

    /// A receipt over `amount`.
    pub(crate) fn receipt(&mut self, amount: Money) -> Receipt {
        self.receipts += 1;
        Receipt {
            id: format!("simulated:{}", self.receipts),
            amount,
            at_ms: super::clock::UNIX_MS,
            simulated: true,
            signed: "simulated".into(),
        }
    }
}

/// The first line of every function: are payments lent at all?
fn lent<T>(work: impl FnOnce(&mut super::Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Payments) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn order(merchant: &str, items: &[Wanted]) -> Result<u32, Error> {
    lent(|host| {
        let request = host.finished_request();
        let payments = &mut host.payments;
        payments.wanted.push((merchant.to_owned(), items.to_vec()));
        let signed = payments.signed.pop_front();
        let signed = signed.unwrap_or(Err(OrderRefusal::Unavailable));
        payments.orders.insert(request, signed);
        Ok(request)
    })
}

pub(crate) fn take_signed(request: u32) -> Result<Result<Vec<u8>, OrderRefusal>, Error> {
    lent(|host| {
        let taken = host.payments.orders.remove(&request);
        taken.ok_or(Error::UnknownRequest)
    })
}

pub(crate) fn request_payment(order: &[u8]) -> Result<u32, Error> {
    if order.is_empty() {
        return Err(Error::OrderMalformed);
    }
    ask(Asked::Order(order.to_vec()))
}

pub(crate) fn request_refund(refund: &[u8]) -> Result<u32, Error> {
    lent(|host| {
        if refund.is_empty() {
            return Err(Error::OrderMalformed);
        }
        let request = host.finished_request();
        let receipt = host.payments.receipt(Money::new(0, "IDR"));
        let outcomes = &mut host.payments.outcomes;
        outcomes.insert(request, Outcome::Paid(receipt));
        Ok(request)
    })
}

pub(crate) fn transfer(to: &str, amount: &Money, note: &str) -> Result<u32, Error> {
    if to.is_empty() || amount.minor <= 0 {
        return Err(Error::Invalid);
    }
    ask(Asked::Transfer {
        to: to.to_owned(),
        amount: amount.clone(),
        note: note.to_owned(),
    })
}

pub(crate) fn pay_bill(biller: &str, customer: &str, amount: &Money) -> Result<u32, Error> {
    if biller.is_empty() || customer.is_empty() || amount.minor <= 0 {
        return Err(Error::Invalid);
    }
    ask(Asked::Bill {
        biller: biller.to_owned(),
        customer: customer.to_owned(),
        amount: amount.clone(),
    })
}

pub(crate) fn take(request: u32) -> Result<Outcome, Error> {
    lent(|host| {
        let taken = host.payments.outcomes.remove(&request);
        taken.ok_or(Error::UnknownRequest)
    })
}

pub(crate) fn query(merchant: &str, order: &str) -> Result<u32, Error> {
    lent(|host| {
        let request = host.finished_request();
        let key = (merchant.to_owned(), order.to_owned());
        let state = match host.payments.paid.get(&key) {
            Some(receipt) => OrderState::Paid(PaidOrder {
                receipt: receipt.clone(),
                refunded_minor: 0,
            }),
            None => OrderState::Unpaid,
        };
        host.payments.states.insert(request, state);
        Ok(request)
    })
}

pub(crate) fn take_order(request: u32) -> Result<OrderState, Error> {
    lent(|host| {
        let taken = host.payments.states.remove(&request);
        taken.ok_or(Error::UnknownRequest)
    })
}

fn ask(asked: Asked) -> Result<u32, Error> {
    lent(|host| {
        host.requests += 1;
        host.payments.sheets.push_back((host.requests, asked));
        Ok(host.requests)
    })
}
