//! Paying for a ride: the rental's server signs an order at its own prices, and the person agrees on the payment sheet, which
//! this app can neither draw nor touch.
//!
//! Here the app says how many minutes there were, as the demonstration's server knows nothing of rides. In earnest the server
//! counts them: whoever rides could change an app.

use lapak_sdk::payments::{self, Decline, OrderRefusal, OrderState, Outcome, Wanted};
use lapak_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use crate::trips::{Paid, Trip};
use crate::{Msg, Sepeda};

/// The rental, as the platform registered it.
const MERCHANT: &str = "sepeda-kota";

/// What the payment sheet was opened for. Kept on disk, so that a payment is not forgotten when the app is launched anew
/// while the sheet is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Paying {
    /// The rental's number of the order.
    pub(crate) order: String,
    /// The trip's.
    pub(crate) trip: u32,
}

/// How far the checkout is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Checkout {
    /// Nothing is under way.
    #[default]
    None,
    /// The rental is asked to sign.
    Asking,
    /// The payment sheet is open.
    Sheet,
    /// A sheet was open when the app was last closed: what came of it is asked for.
    Recalling,
}

/// What the rental's server says.
pub(crate) type Signed = Result<Result<Vec<u8>, OrderRefusal>, payments::Error>;

impl Sepeda {
    /// Asks the rental for an order over a trip. Once: a second tap does nothing.
    pub(crate) fn check_out(&mut self, trip: u32, cx: &mut Context<Self>) {
        let trip = self.kept.trips.trip(trip);
        let Some(trip) = trip.filter(|trip| !matches!(trip.paid, Paid::Here(_))) else {
            return;
        };
        if self.checkout == Checkout::None {
            let number = trip.number;
            cx.spawn(payments::order(MERCHANT, &wanted(trip)), move |signed| {
                Msg::Signed(number, signed)
            });
            self.notice = None;
            self.checkout = Checkout::Asking;
        }
    }

    /// The rental has signed, or not.
    pub(crate) fn signed(&mut self, trip: u32, signed: Signed, cx: &mut Context<Self>) {
        self.checkout = Checkout::None;
        let order = match signed {
            Ok(Ok(order)) => order,
            Ok(Err(OrderRefusal::NotSold | OrderRefusal::Unavailable)) => {
                return self.tell("pay.away");
            }
            Err(error) => return self.refused(error),
        };
        // An order without a number could not be asked for later; no rental signs one.
        let Some(number) = order_number(&order) else {
            return self.tell("pay.away");
        };
        self.kept.paying = Some(Paying {
            order: number,
            trip,
        });
        self.save(cx);
        self.checkout = Checkout::Sheet;
        cx.spawn(payments::pay(order), Msg::Paid);
    }

    /// What came of the sheet.
    pub(crate) fn paid(&mut self, came: Result<Outcome, payments::Error>, cx: &mut Context<Self>) {
        self.checkout = Checkout::None;
        let paying = self.kept.paying.take();
        match came {
            Ok(Outcome::Paid(receipt)) => self.settled(paying, receipt.id),
            Ok(Outcome::Declined(why)) => self.tell(reason(why)),
            Ok(Outcome::Cancelled) => self.tell("pay.cancelled"),
            Ok(Outcome::Expired) => self.tell("pay.expired"),
            Ok(Outcome::AccessDenied) => self.tell("pay.denied"),
            Err(error) => self.refused(error),
        }
        self.save(cx);
    }

    /// Asks what came of a sheet that was open when the app was last closed.
    pub(crate) fn recall(&mut self, cx: &mut Context<Self>) {
        if let Some(paying) = &self.kept.paying
            && self.checkout == Checkout::None
        {
            self.checkout = Checkout::Recalling;
            cx.spawn(payments::query(MERCHANT, &paying.order), Msg::Recalled);
        }
    }

    /// What came of that sheet. What is not known is asked for at the next launch.
    pub(crate) fn recalled(
        &mut self,
        state: Result<OrderState, payments::Error>,
        cx: &mut Context<Self>,
    ) {
        self.checkout = Checkout::None;
        match state {
            Ok(OrderState::Paid(order)) => {
                let paying = self.kept.paying.take();
                self.settled(paying, order.receipt.id);
                self.save(cx);
            }
            Ok(OrderState::Unpaid) => {
                self.kept.paying = None;
                self.save(cx);
            }
            Ok(OrderState::Unavailable) => {}
            Err(error) => console::warn!("payments: {error}"),
        }
    }

    fn settled(&mut self, paying: Option<Paying>, receipt: String) {
        match paying {
            Some(paying) => self.kept.trips.pay(paying.trip, Paid::Here(receipt)),
            None => console::error!("paid what? {receipt}"),
        }
    }

    fn refused(&mut self, error: payments::Error) {
        console::warn!("payments: {error}");
        self.tell(match error {
            payments::Error::AccessDenied => "pay.denied",
            payments::Error::TooManyRequests => "pay.busy",
            _ => "pay.away",
        });
    }
}

fn wanted(trip: &Trip) -> [Wanted; 2] {
    [("unlock", 1), ("minute", trip.minutes)].map(|(item, quantity)| Wanted {
        item: item.to_owned(),
        quantity,
    })
}

fn reason(why: Decline) -> &'static str {
    match why {
        Decline::InsufficientFunds => "pay.funds",
        Decline::OrderUsed => "pay.used",
        Decline::OverLimit
        | Decline::UnknownOrder
        | Decline::RefundTooLarge
        | Decline::UnknownRecipient
        | Decline::WrongCurrency
        | Decline::Unavailable => "pay.declined",
    }
}

/// The rental's number of an order, as its signed text (a compact JWS) has it. Only the host can tell whether the signature
/// is good, and does; the number is for asking later.
pub(crate) fn order_number(signed: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Payload {
        order: String,
    }
    let mut parts = signed.split(|byte| *byte == b'.');
    let payload = base64url(parts.nth(1)?)?;
    serde_json::from_slice::<Payload>(&payload)
        .ok()
        .map(|payload| payload.order)
}

/// Base64 for URLs, without padding (RFC 4648, section 5).
fn base64url(text: &[u8]) -> Option<Vec<u8>> {
    let (mut bits, mut count) = (0_u32, 0);
    let mut bytes = Vec::with_capacity(text.len());
    for digit in text {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(bits.checked_shr(count)?.to_le_bytes()[0]);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_stands_in_the_payload() {
        // {"order":"17-ab"}
        let signed = b"eyJhbGciOiJFZERTQSJ9.eyJvcmRlciI6IjE3LWFiIn0.c2ln";
        assert_eq!(order_number(signed).as_deref(), Some("17-ab"));
        for broken in [&b""[..], b"a", b"a.b.c", b"a.!.c", b"a.e30.c"] {
            assert_eq!(order_number(broken), None);
        }
    }
}
