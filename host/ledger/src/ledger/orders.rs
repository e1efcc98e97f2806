//! Orders: paid at once, or held and then captured or released; refunded afterwards.

use rusqlite::{Connection, params};

use super::books::{Books, moved, number, request_digest, row_id};
use super::entry::{Event, Posted, Posting};
use super::error::{Refusal, Stop};
use super::operation::{Payment, Refund};
use crate::digest::Digest;
use crate::money::{Amount, Currency};
use crate::name::{AccountId, MerchantId, OrderId};

/// How many expired holds one transaction releases.
const RELEASED_AT_ONCE: usize = 256;

/// An order as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderStatus {
    /// What the order says.
    pub digest: Digest,
    /// Where the money comes from.
    pub payer: AccountId,
    /// Where it goes.
    pub payee: AccountId,
    /// In which currency.
    pub currency: Currency,
    /// How much was asked for.
    pub amount_minor: i64,
    /// How much is set aside now.
    pub held_minor: i64,
    /// How much was paid.
    pub paid_minor: i64,
    /// How much of it was given back.
    pub refunded_minor: i64,
    /// When it expires, or expired.
    pub expires_at_ms: i64,
    /// The entry that set the money aside.
    pub held_seq: Option<u64>,
    /// The entry that paid it.
    pub paid_seq: Option<u64>,
    /// The entry that gave the held money back.
    pub released_seq: Option<u64>,
}

impl Books<'_> {
    pub(super) fn pay(&mut self, payment: &Payment) -> Result<Posted, Stop> {
        if let Some(known) = self.order(&payment.merchant, &payment.order)? {
            same_order(&known, payment)?;
            return match (known.paid_seq, known.released_seq) {
                (Some(seq), _) => self.repeated(seq),
                (None, Some(_)) => Err(Refusal::OrderReleased.into()),
                (None, None) => Err(Refusal::OrderHeld.into()),
            };
        }
        self.check_new(payment)?;
        let event = Event::Paid {
            merchant: payment.merchant.clone(),
            order: payment.order.clone(),
            digest: payment.digest,
        };
        let posted = self.post(event, moved(&payment.payer, &payment.payee, payment.amount))?;
        self.keep_order(payment, None, Some(posted.seq))?;
        Ok(posted)
    }

    pub(super) fn hold(&mut self, payment: &Payment) -> Result<Posted, Stop> {
        if let Some(known) = self.order(&payment.merchant, &payment.order)? {
            same_order(&known, payment)?;
            return match known.held_seq {
                Some(seq) => self.repeated(seq),
                None => Err(Refusal::OrderPaid.into()),
            };
        }
        self.check_new(payment)?;
        // The payee gets nothing yet, but a hold that can never be captured would be a trap.
        match self.account(&payment.payee)? {
            None => return Err(Refusal::UnknownAccount(payment.payee.clone()).into()),
            Some(payee) if payee.terms.currency != payment.amount.currency() => {
                return Err(Refusal::WrongCurrency {
                    account: payment.payee.clone(),
                    has: payee.terms.currency,
                    asked: payment.amount.currency(),
                }
                .into());
            }
            Some(_) => {}
        }
        let event = Event::Held {
            merchant: payment.merchant.clone(),
            order: payment.order.clone(),
            digest: payment.digest,
            payee: payment.payee.clone(),
            expires_at_ms: payment.expires_at_ms,
        };
        let amount = payment.amount;
        let postings = vec![
            part(&payment.payer, amount.currency(), false, -amount.minor()),
            part(&payment.payer, amount.currency(), true, amount.minor()),
        ];
        let posted = self.post(event, postings)?;
        self.keep_order(payment, Some(posted.seq), None)?;
        Ok(posted)
    }

    pub(super) fn capture(
        &mut self,
        merchant: &MerchantId,
        order: &OrderId,
        amount: Amount,
    ) -> Result<Posted, Stop> {
        let known = self.order(merchant, order)?.ok_or(Refusal::UnknownOrder)?;
        if let Some(seq) = known.paid_seq {
            let same = known.held_seq.is_some()
                && (known.paid_minor, known.currency) == (amount.minor(), amount.currency());
            return if same {
                self.repeated(seq)
            } else {
                Err(Refusal::OrderPaid.into())
            };
        }
        if known.released_seq.is_some() {
            return Err(Refusal::OrderReleased.into());
        }
        if self.now_ms >= known.expires_at_ms {
            return Err(Refusal::OrderExpired.into());
        }
        let held = Amount::new(known.held_minor, known.currency)
            .map_err(|error| Stop::Broken(format!("order {order} of {merchant}: {error}")))?;
        if amount.currency() != known.currency || amount.minor() > held.minor() {
            return Err(Refusal::MoreThanHeld(held).into());
        }
        let mut postings = vec![
            part(&known.payer, known.currency, true, -held.minor()),
            part(&known.payee, known.currency, false, amount.minor()),
        ];
        if amount != held {
            postings.push(part(
                &known.payer,
                known.currency,
                false,
                held.minor() - amount.minor(),
            ));
        }
        let event = Event::Captured {
            merchant: merchant.clone(),
            order: order.clone(),
        };
        let posted = self.post(event, postings)?;
        self.connection
            .prepare_cached(
                "UPDATE orders SET held_minor = 0, paid_minor = ?3, paid_seq = ?4
                 WHERE merchant = ?1 AND order_id = ?2",
            )?
            .execute(params![
                merchant.as_str(),
                order.as_str(),
                amount.minor(),
                row_id(posted.seq)?
            ])?;
        Ok(posted)
    }

    pub(super) fn release(
        &mut self,
        merchant: &MerchantId,
        order: &OrderId,
    ) -> Result<Posted, Stop> {
        let known = self.order(merchant, order)?.ok_or(Refusal::UnknownOrder)?;
        match known {
            OrderStatus {
                paid_seq: Some(_), ..
            } => Err(Refusal::OrderPaid.into()),
            OrderStatus {
                released_seq: Some(seq),
                ..
            } => self.repeated(seq),
            held => self.give_back(merchant, order, &held, false),
        }
    }

    /// Releases what is past its time, at most [`RELEASED_AT_ONCE`] orders; the last of them is the answer.
    pub(super) fn release_expired(&mut self) -> Result<Option<Posted>, Stop> {
        let mut statement = self.connection.prepare_cached(
            "SELECT merchant, order_id FROM orders WHERE held_minor > 0 AND expires_at_ms <= ?1
             ORDER BY expires_at_ms LIMIT ?2",
        )?;
        let limit = i64::try_from(RELEASED_AT_ONCE).unwrap_or(i64::MAX);
        let due = statement
            .query_map([self.now_ms, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<Vec<(String, String)>, _>>()?;
        let mut last = None;
        for (merchant, order) in due {
            let broken = |error| Stop::Broken(format!("an expired hold: {error}"));
            let merchant = MerchantId::try_from(merchant).map_err(broken)?;
            let order = OrderId::try_from(order).map_err(broken)?;
            let known = self
                .order(&merchant, &order)?
                .ok_or(Refusal::UnknownOrder)?;
            last = Some(self.give_back(&merchant, &order, &known, true)?);
        }
        Ok(last)
    }

    fn give_back(
        &mut self,
        merchant: &MerchantId,
        order: &OrderId,
        held: &OrderStatus,
        expired: bool,
    ) -> Result<Posted, Stop> {
        let event = Event::Released {
            merchant: merchant.clone(),
            order: order.clone(),
            expired,
        };
        let postings = vec![
            part(&held.payer, held.currency, true, -held.held_minor),
            part(&held.payer, held.currency, false, held.held_minor),
        ];
        let posted = self.post(event, postings)?;
        self.connection
            .prepare_cached(
                "UPDATE orders SET held_minor = 0, released_seq = ?3 WHERE merchant = ?1 AND order_id = ?2",
            )?
            .execute(params![merchant.as_str(), order.as_str(), row_id(posted.seq)?])?;
        Ok(posted)
    }

    pub(super) fn refund(&mut self, refund: &Refund) -> Result<Posted, Stop> {
        let Refund {
            merchant,
            order,
            key,
            amount,
        } = refund;
        let digest = request_digest(refund)?;
        let scope = format!("refund {merchant} {order}");
        if let Some(seq) = self.request(&scope, key, digest)? {
            return self.repeated(seq);
        }
        let known = self.order(merchant, order)?.ok_or(Refusal::UnknownOrder)?;
        if known.paid_seq.is_none() {
            return Err(Refusal::UnknownOrder.into());
        }
        // Never negative: the table forbids it.
        let left_minor = known.paid_minor - known.refunded_minor;
        if amount.currency() == known.currency && amount.minor() > left_minor {
            return Err(Refusal::RefundTooLarge { left_minor }.into());
        }
        let event = Event::Refunded {
            merchant: merchant.clone(),
            order: order.clone(),
            key: key.clone(),
        };
        let posted = self.post(event, moved(&known.payee, &known.payer, *amount))?;
        self.connection
            .prepare_cached(
                "UPDATE orders SET refunded_minor = refunded_minor + ?3 WHERE merchant = ?1 AND order_id = ?2",
            )?
            .execute(params![merchant.as_str(), order.as_str(), amount.minor()])?;
        self.keep_request(&scope, key, digest, posted.seq)?;
        Ok(posted)
    }

    fn check_new(&self, payment: &Payment) -> Result<(), Refusal> {
        if self.now_ms >= payment.expires_at_ms {
            return Err(Refusal::OrderExpired);
        }
        if payment.payer == payment.payee {
            return Err(Refusal::SameAccount(payment.payer.clone()));
        }
        Ok(())
    }

    fn order(&self, merchant: &MerchantId, order: &OrderId) -> Result<Option<OrderStatus>, Stop> {
        read_order(self.connection, merchant, order)
    }

    fn keep_order(
        &mut self,
        payment: &Payment,
        held_seq: Option<u64>,
        paid_seq: Option<u64>,
    ) -> Result<(), Stop> {
        let minor = payment.amount.minor();
        let (payer, payee) = (self.row(&payment.payer)?, self.row(&payment.payee)?);
        self.connection
            .prepare_cached(
                "INSERT INTO orders (merchant, order_id, digest, payer, payee, amount_minor, held_minor, paid_minor,
                                     expires_at_ms, held_seq, paid_seq)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                payment.merchant.as_str(),
                payment.order.as_str(),
                payment.digest.0,
                payer,
                payee,
                minor,
                if held_seq.is_some() { minor } else { 0 },
                if paid_seq.is_some() { minor } else { 0 },
                payment.expires_at_ms,
                held_seq.map(row_id).transpose()?,
                paid_seq.map(row_id).transpose()?,
            ])?;
        Ok(())
    }

    /// The number of an account's row.
    fn row(&mut self, id: &AccountId) -> Result<i64, Stop> {
        let account = self.account(id)?;
        // Whoever asks has posted to it, or looked whether it is there.
        let account = account.ok_or_else(|| Stop::Broken(format!("account {id} is missing")))?;
        Ok(account.number)
    }
}

/// An order as the tables have it.
pub(super) fn read_order(
    connection: &Connection,
    merchant: &MerchantId,
    order: &OrderId,
) -> Result<Option<OrderStatus>, Stop> {
    let mut statement = connection.prepare_cached(
        "SELECT digest, payer.id, payee.id, payer.currency, amount_minor, orders.held_minor, paid_minor,
                refunded_minor, expires_at_ms, held_seq, paid_seq, released_seq
         FROM orders JOIN accounts payer ON payer.number = orders.payer
                     JOIN accounts payee ON payee.number = orders.payee
         WHERE merchant = ?1 AND order_id = ?2",
    )?;
    let mut rows = statement.query(params![merchant.as_str(), order.as_str()])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let broken = |error: String| Stop::Broken(format!("order {order} of {merchant}: {error}"));
    let account = |at| -> Result<AccountId, Stop> {
        row.get::<_, String>(at)?
            .try_into()
            .map_err(|error: crate::name::NameError| broken(error.to_string()))
    };
    let seq = |at| -> Result<Option<u64>, Stop> {
        row.get::<_, Option<i64>>(at)?.map(number).transpose()
    };
    Ok(Some(OrderStatus {
        digest: Digest(row.get(0)?),
        payer: account(1)?,
        payee: account(2)?,
        currency: row
            .get::<_, String>(3)?
            .parse()
            .map_err(|error: crate::money::AmountError| broken(error.to_string()))?,
        amount_minor: row.get(4)?,
        held_minor: row.get(5)?,
        paid_minor: row.get(6)?,
        refunded_minor: row.get(7)?,
        expires_at_ms: row.get(8)?,
        held_seq: seq(9)?,
        paid_seq: seq(10)?,
        released_seq: seq(11)?,
    }))
}

fn same_order(known: &OrderStatus, payment: &Payment) -> Result<(), Refusal> {
    if known.digest != payment.digest
        || known.payee != payment.payee
        || (known.amount_minor, known.currency)
            != (payment.amount.minor(), payment.amount.currency())
    {
        return Err(Refusal::OrderDiffers);
    }
    if known.payer != payment.payer {
        return Err(Refusal::OrderOfAnother);
    }
    Ok(())
}

fn part(account: &AccountId, currency: Currency, held: bool, amount_minor: i64) -> Posting {
    Posting {
        account: account.clone(),
        currency,
        held,
        amount_minor,
    }
}
