//! Paying for the basket: the stall's server signs an order at its own prices, and the person agrees on the payment sheet,
//! which this app can neither draw nor touch. Until then nothing is ordered, and the basket stays as it is.

use lapak_sdk::payments::{self, Decline, OrderRefusal, OrderState, Outcome, Wanted};
use lapak_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use crate::basket::Basket;
use crate::{Msg, Page, Warung, go};

/// The stall, as the platform registered it.
const MERCHANT: &str = "warung-sari";
/// Boxes and bags, as the stall's catalogue calls them.
const PACKAGING: &str = "packaging";

/// The notice that there is not enough to pay with.
pub(crate) const NO_FUNDS: &str = "pay.funds";
/// Where the person sees what they have, and asks others for money.
const WALLET: &str = "platform://miniapp/dev.lapak.dompet";

/// What the payment sheet was opened for. Kept on disk, so that a payment is not forgotten when the app is launched anew
/// while the sheet is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Paying {
    /// The stall's number of the order.
    pub(crate) order: String,
    pub(crate) basket: Basket,
}

/// How far the checkout is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Checkout {
    /// Nothing is under way.
    #[default]
    None,
    /// The stall is asked to sign.
    Asking,
    /// The payment sheet is open.
    Sheet,
    /// A sheet was open when the app was last closed: what came of it is asked for.
    Recalling,
}

/// What the stall's server says.
pub(crate) type Signed = Result<Result<Vec<u8>, OrderRefusal>, payments::Error>;

impl Warung {
    /// Asks the stall for an order over what is in the basket. Once: a second tap does nothing.
    pub(crate) fn check_out(&mut self, cx: &mut Context<Self>) {
        if self.checkout != Checkout::None || self.kept.basket.bill().is_none() {
            return;
        }
        let mut items: Vec<Wanted> = self.kept.basket.lines().iter().map(wanted).collect();
        if items.is_empty() {
            return;
        }
        items.push(Wanted {
            item: PACKAGING.into(),
            quantity: 1,
        });
        self.notice = None;
        self.checkout = Checkout::Asking;
        self.asked_for = self.kept.basket.clone();
        cx.spawn(payments::order(MERCHANT, &items), Msg::Signed);
    }

    /// The stall has signed, or not.
    pub(crate) fn signed(&mut self, signed: Signed, cx: &mut Context<Self>) {
        self.checkout = Checkout::None;
        let order = match signed {
            Ok(Ok(order)) => order,
            Ok(Err(OrderRefusal::NotSold)) => return self.tell("pay.not_sold"),
            Ok(Err(OrderRefusal::Unavailable)) => return self.tell("pay.stall_away"),
            Err(error) => return self.refused(error),
        };
        // An order without a number could not be asked for later; no stall signs one.
        let Some(number) = order_number(&order) else {
            return self.tell("pay.stall_away");
        };
        self.kept.paying = Some(Paying {
            order: number,
            basket: self.asked_for.clone(),
        });
        self.save(cx);
        match payments::begin(&order) {
            Ok(sheet) => self.await_sheet(sheet, cx),
            Err(error) => self.paid(Err(error), cx),
        }
    }

    /// Waits for what comes of the sheet.
    pub(crate) fn await_sheet(&mut self, sheet: u32, cx: &mut Context<Self>) {
        self.checkout = Checkout::Sheet;
        self.sheet = Some(sheet);
        cx.spawn(payments::outcome_of(sheet), Msg::Paid);
    }

    /// What came of the sheet.
    pub(crate) fn paid(&mut self, came: Result<Outcome, payments::Error>, cx: &mut Context<Self>) {
        self.checkout = Checkout::None;
        self.sheet = None;
        let paying = self.kept.paying.take();
        match (came, paying) {
            (Ok(Outcome::Paid(receipt)), Some(paying)) => self.ordered(paying, receipt.id, cx),
            (Ok(Outcome::Paid(receipt)), None) => console::error!("paid what? {}", receipt.id),
            (Ok(Outcome::Declined(why)), _) => self.tell(reason(why)),
            (Ok(Outcome::Cancelled), _) => self.tell("pay.cancelled"),
            (Ok(Outcome::Expired), _) => self.tell("pay.expired"),
            (Ok(Outcome::AccessDenied), _) => self.tell("pay.denied"),
            (Err(error), _) => self.refused(error),
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
                if let Some(paying) = self.kept.paying.take() {
                    self.ordered(paying, order.receipt.id, cx);
                }
            }
            Ok(OrderState::Unpaid) => {
                self.kept.paying = None;
                self.save(cx);
            }
            Ok(OrderState::Unavailable) => {}
            Err(error) => console::warn!("payments: {error}"),
        }
    }

    /// Leads to the wallet; the basket waits here.
    pub(crate) fn open_wallet(cx: &mut Context<Self>) {
        cx.spawn(open_app::open(WALLET), Msg::WalletOpened);
    }

    /// There is a wallet, or the person did not want it.
    pub(crate) fn wallet_opened(&mut self, opened: Result<(), open_app::Error>) {
        match opened {
            Ok(()) => self.notice = None,
            Err(error) => console::warn!("open-app: {error}"),
        }
    }

    fn ordered(&mut self, paying: Paying, receipt: String, cx: &mut Context<Self>) {
        console::info!("order {} is paid: {receipt}", paying.order);
        let time = clock::now().ok().map(|now| now.local());
        self.kept.paid(paying, time, receipt);
        self.basket_changed(cx);
        go(cx.switch_tab(Page::Orders));
    }

    fn refused(&mut self, error: payments::Error) {
        console::warn!("payments: {error}");
        self.tell(match error {
            payments::Error::AccessDenied => "pay.denied",
            payments::Error::TooManyRequests => "pay.busy",
            _ => "pay.stall_away",
        });
    }

    fn tell(&mut self, key: &'static str) {
        self.notice = Some(key);
    }
}

fn wanted(line: &crate::basket::Line) -> Wanted {
    Wanted {
        item: line.dish.id.to_owned(),
        quantity: line.amount,
    }
}

fn reason(why: Decline) -> &'static str {
    match why {
        Decline::InsufficientFunds => NO_FUNDS,
        Decline::OrderUsed => "pay.used",
        Decline::OverLimit
        | Decline::UnknownOrder
        | Decline::RefundTooLarge
        | Decline::UnknownRecipient
        | Decline::WrongCurrency
        | Decline::Unavailable => "pay.declined",
    }
}

/// The stall's number of an order, as its signed text (a compact JWS) has it. Only the host can tell whether the signature
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
