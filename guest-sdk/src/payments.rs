//! Paying: orders that a merchant signed, refunds, money to a person, bills.
//!
//! The app asks; the shell shows a payment sheet that the app can neither draw nor touch; the person confirms with a PIN.
//! The manifest asks for `system.permission.PAYMENTS`.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Stall; #[derive(Clone)] enum Msg { Pay(Vec<u8>), Over(Result<payments::Outcome, payments::Error>) }
//! # impl App for Stall {
//! # type Msg = Msg; type Page = SinglePage;
//! # fn launch(_: &Launch, _: &mut Context<Self>) -> Self { Stall }
//! # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
//! fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
//!     match msg {
//!         Msg::Pay(order) => cx.spawn(payments::pay(order), Msg::Over),
//!         Msg::Over(Ok(payments::Outcome::Paid(receipt))) => console::info!("paid: {}", receipt.id),
//!         Msg::Over(Ok(_not_paid)) => {}
//!         Msg::Over(Err(error)) => console::error!("{error}"),
//!     }
//! }
//! # }
//! ```
//!
//! A future is gone with its app. Whoever must know what came of a payment after the app was launched anew asks
//! [`query`]; a newer version that takes over goes on with [`outcome_of`] the request that it was told of.

use std::pin::Pin;

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::payments as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::payments as host;

use crate::request::finished;

pub use crate::bindings::wit::lapak::app::payments::{
    Decline, Error, Money, OrderRefusal, OrderState, Outcome, PaidOrder, Receipt, Wanted,
};

/// What a call comes to, later. Nothing happens before it is awaited or spawned; it borrows nothing.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

impl Money {
    /// So many minor units: 25,000 rupiah are `Money::new(2_500_000, "IDR")`, since a rupiah has 100 sen.
    #[must_use]
    pub fn new(minor: i64, currency: &str) -> Self {
        Self {
            minor,
            currency: currency.to_owned(),
        }
    }
}

/// Asks a merchant's server to sign an order for these things, at its own prices; what [`pay`] takes. For apps without a
/// server of their own.
///
/// # Errors
/// See [`Error`].
pub fn order(merchant: &str, items: &[Wanted]) -> Pending<Result<Vec<u8>, OrderRefusal>> {
    let (merchant, items) = (merchant.to_owned(), items.to_owned());
    Box::pin(async move {
        let request = host::order(&merchant, &items)?;
        finished(request).await;
        host::take_signed(request)
    })
}

/// Asks the person to pay an order, as the merchant signed it.
///
/// # Errors
/// See [`Error`]; no sheet was shown then.
pub fn pay(order: impl Into<Vec<u8>>) -> Pending<Outcome> {
    let order = order.into();
    Box::pin(async move { outcome_of(host::request_payment(&order)?).await })
}

/// Hands in a refund, as the merchant signed it. Nobody is asked.
///
/// # Errors
/// See [`Error`].
pub fn refund(refund: impl Into<Vec<u8>>) -> Pending<Outcome> {
    let refund = refund.into();
    Box::pin(async move { outcome_of(host::request_refund(&refund)?).await })
}

/// Asks the person to send money to somebody, whom the platform knows as `to`; both see the note.
///
/// # Errors
/// See [`Error`]; no sheet was shown then.
pub fn transfer(to: &str, amount: Money, note: &str) -> Pending<Outcome> {
    let (to, note) = (to.to_owned(), note.to_owned());
    Box::pin(async move { outcome_of(host::transfer(&to, &amount, &note)?).await })
}

/// Asks the person to pay a bill: to a biller that the platform registered, for a customer as the biller numbers them.
///
/// # Errors
/// See [`Error`]; no sheet was shown then.
pub fn pay_bill(biller: &str, customer: &str, amount: Money) -> Pending<Outcome> {
    let (biller, customer) = (biller.to_owned(), customer.to_owned());
    Box::pin(async move { outcome_of(host::pay_bill(&biller, &customer, &amount)?).await })
}

/// As [`pay`], at once: tells the request, so that the app can hand it over to its next version.
///
/// # Errors
/// See [`Error`]; no sheet was shown then.
pub fn begin(order: &[u8]) -> Result<u32, Error> {
    host::request_payment(order)
}

/// What a request came to that [`begin`] told, in this version of the app or in the one before.
///
/// # Errors
/// See [`Error`].
pub fn outcome_of(request: u32) -> Pending<Outcome> {
    Box::pin(async move {
        finished(request).await;
        host::take(request)
    })
}

/// Asks how an order stands: after a restart, or when the person paid it elsewhere.
///
/// # Errors
/// See [`Error`].
pub fn query(merchant: &str, order: &str) -> Pending<OrderState> {
    let (merchant, order) = (merchant.to_owned(), order.to_owned());
    Box::pin(async move {
        let request = host::query(&merchant, &order)?;
        finished(request).await;
        host::take_order(request)
    })
}
