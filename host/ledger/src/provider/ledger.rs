//! The embedded ledger as a provider: the default.

use std::sync::Arc;
use std::time::Duration;

use super::{
    Answer, Ask, Decline, Done, HistoryLine, Label, OrderState, Outcome, PaymentProvider,
    PersonAccount, Request, Settled, Unavailable,
};
use crate::addresses::AddressBook;
use crate::digest::Digest;
use crate::keys::SecretKey;
use crate::ledger::{
    Balance, Event, Ledger, LedgerError, Movement, Operation, Payment, Posted, Refund, Refusal,
    Transfer,
};
use crate::merchants::Merchants;
use crate::money::{Amount, Currency};
use crate::name::{AccountId, MAX_NAME_BYTES, MerchantId, NameError, OrderId, RequestKey};
use crate::receipt::{Purpose, SignedReceipt};
use crate::schedule::{Later, Schedule, backoff};

/// The longest of a biller's customer numbers, in characters.
const MAX_CUSTOMER: usize = 64;
/// What the accounts of people begin with.
const PERSON: &str = "person:";
const FIRST_WAIT: Duration = Duration::from_millis(200);
const MOST_WAIT: Duration = Duration::from_secs(30);

/// Payments out of the embedded ledger.
///
/// A person's accounts are called `person:<holder>:<currency>` (see [`LedgerProvider::account_id`]), where the holder is the
/// random name that the [`AddressBook`] has for them; the platform opens them.
pub struct LedgerProvider {
    shared: Arc<Shared>,
    schedule: Schedule,
}

struct Shared {
    ledger: Arc<Ledger>,
    key: Arc<SecretKey>,
    merchants: Arc<Merchants>,
    /// What people are called in the books.
    people: Arc<AddressBook>,
    /// The first part of receipts' ids.
    name: &'static str,
    label: Label,
}

impl LedgerProvider {
    /// Pays out of `ledger`, signs receipts with the host's `key`, pays billers among `merchants`. The accounts of `people` are
    /// those of their names in the books.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub fn new(
        ledger: Arc<Ledger>,
        key: Arc<SecretKey>,
        merchants: Arc<Merchants>,
        people: Arc<AddressBook>,
    ) -> std::io::Result<Self> {
        let label = Label {
            name: "Wallet".into(),
            simulated: false,
        };
        Self::labelled(ledger, key, (merchants, people), LEDGER, label)
    }

    /// As [`LedgerProvider::new`], under another label: a demonstration's books, in which no real money is. `name` is the
    /// first part of receipts' ids.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub fn labelled(
        ledger: Arc<Ledger>,
        key: Arc<SecretKey>,
        (merchants, people): (Arc<Merchants>, Arc<AddressBook>),
        name: &'static str,
        label: Label,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            ledger,
            key,
            merchants,
            people,
            name,
            label,
        });
        Ok(Self {
            shared,
            schedule: Schedule::start("lapak-payments", 1)?,
        })
    }

    /// The account of a holder, as [`AddressBook::holder`] names them, in a currency. A name that cannot stand in an
    /// account's name is replaced by a digest of it.
    ///
    /// # Errors
    /// None that is known: every holder and currency make a name.
    pub fn account_id(holder: &str, currency: Currency) -> Result<AccountId, NameError> {
        format!("{}{}", holder_prefix(holder), currency.code()).parse()
    }

    /// The holder of an account that [`LedgerProvider::account_id`] gave.
    #[must_use]
    pub fn holder_of(account: &AccountId) -> Option<&str> {
        let (holder, _currency) = account.as_str().strip_prefix(PERSON)?.rsplit_once(':')?;
        Some(holder)
    }
}

impl PaymentProvider for LedgerProvider {
    fn label(&self) -> Label {
        self.shared.label.clone()
    }

    fn submit(&self, request: Request, done: Done) {
        Shared::submit(&self.shared, self.schedule.later(), request, 0, done);
    }

    /// The ledger carries a request out as soon as it comes: there is no time to cancel one.
    fn cancel(&self, _account: &AccountId, _key: &RequestKey) {}

    fn order(
        &self,
        account: &AccountId,
        merchant: &MerchantId,
        order: &OrderId,
        answer: Answer<OrderState>,
    ) {
        answer(
            self.shared
                .order(account, merchant, order)
                .map_err(unavailable),
        );
    }

    fn accounts(&self, person: &str, answer: Answer<Vec<PersonAccount>>) {
        let holder = match self.shared.people.holder(person) {
            Ok(holder) => holder,
            Err(error) => return answer(Err(Unavailable(error.to_string()))),
        };
        let accounts = self.shared.ledger.accounts_below(&holder_prefix(&holder));
        let told = |(account, balance): (AccountId, Balance)| PersonAccount {
            account,
            available_minor: balance.available_minor,
            currency: balance.currency,
            held_minor: balance.held_minor,
        };
        answer(
            accounts
                .map(|all| all.into_iter().map(told).collect())
                .map_err(unavailable),
        );
    }

    fn history(
        &self,
        account: &AccountId,
        before: Option<&str>,
        limit: u32,
        answer: Answer<Vec<HistoryLine>>,
    ) {
        // What is no number is before everything: nothing is older.
        let before = before.map(|number| number.parse().unwrap_or(0));
        let movements = self.shared.ledger.history(account, before, limit);
        answer(
            movements
                .map(|all| {
                    all.into_iter()
                        .filter_map(|movement| line(account, movement))
                        .collect()
                })
                .map_err(unavailable),
        );
    }
}

impl Shared {
    fn submit(self: &Arc<Self>, later: Later, request: Request, tried: u32, done: Done) {
        let operation = match self.operation(&request) {
            Ok(Ok(operation)) => operation,
            Ok(Err(decline)) => return done(Outcome::Declined(decline)),
            Err(error) => return self.again(later, request, tried, done, &error),
        };
        let shared = Arc::clone(self);
        self.ledger.submit(
            operation,
            Box::new(move |result| match result {
                Ok(posted) => match posted
                    .as_ref()
                    .and_then(|posted| shared.sign(posted, request.purpose()))
                {
                    Some(receipt) => done(Outcome::Paid(receipt)),
                    // No operation that is asked for here ends without an entry that moves money.
                    None => done(Outcome::Declined(Decline::Malformed)),
                },
                Err(LedgerError::Refused(Refusal::OrderExpired)) => done(Outcome::Expired),
                Err(LedgerError::Refused(refusal)) => done(Outcome::Declined(refusal.into())),
                // Certain: the transaction was rolled back.
                Err(LedgerError::DiskFull(_)) => done(Outcome::Declined(Decline::Unavailable)),
                Err(error) => shared.again(later, request, tried, done, &error),
            }),
        );
    }

    /// Whether it was booked is not known: asking again tells.
    fn again(
        self: &Arc<Self>,
        later: Later,
        request: Request,
        tried: u32,
        done: Done,
        error: &LedgerError,
    ) {
        tracing::warn!(%error, key = %request.key, "the ledger will be asked again");
        let shared = Arc::downgrade(self);
        let next = later.clone();
        later.after(backoff(FIRST_WAIT, MOST_WAIT, tried), move || {
            if let Some(shared) = shared.upgrade() {
                Self::submit(&shared, next, request, tried.saturating_add(1), done);
            }
        });
    }

    fn operation(&self, request: &Request) -> Result<Result<Operation, Decline>, LedgerError> {
        let (account, key) = (request.account.clone(), request.key.clone());
        Ok(Ok(match &request.ask {
            Ask::Pay(order) => Operation::Pay(Payment {
                merchant: order.order().merchant.clone(),
                order: order.order().order.clone(),
                digest: order.digest(),
                payer: account,
                payee: order.payee().clone(),
                amount: order.amount(),
                expires_at_ms: order.order().expires_at_ms,
            }),
            Ask::Refund(refund) => {
                let amount = refund.amount();
                let refund = refund.refund();
                let known = self.ledger.order(&refund.merchant, &refund.order)?;
                if known.is_none_or(|known| known.payer != account) {
                    return Ok(Err(Decline::UnknownOrder));
                }
                Operation::Refund(Refund {
                    merchant: refund.merchant.clone(),
                    order: refund.order.clone(),
                    key: refund.key.clone(),
                    amount,
                })
            }
            // Only to a person: the operator's own accounts take no money from outside.
            Ask::Transfer { to, .. } if !to.as_str().starts_with(PERSON) => {
                return Ok(Err(Decline::UnknownRecipient));
            }
            Ask::Transfer { to, amount, note } => Operation::Transfer(Transfer {
                from: account,
                to: to.clone(),
                key,
                amount: *amount,
                note: note.clone(),
            }),
            Ask::Bill {
                biller,
                customer,
                amount,
            } => return Ok(self.bill(account, key, biller, customer, *amount)),
        }))
    }

    /// A bill is a transfer to the biller's account, with the customer's number in its note.
    fn bill(
        &self,
        from: AccountId,
        key: RequestKey,
        biller: &MerchantId,
        customer: &str,
        amount: Amount,
    ) -> Result<Operation, Decline> {
        let merchant = self
            .merchants
            .find(biller)
            .ok_or(Decline::UnknownRecipient)?;
        let to = merchant
            .accounts
            .get(&amount.currency())
            .ok_or(Decline::WrongCurrency)?
            .clone();
        let printable = customer.bytes().all(|byte| byte.is_ascii_graphic());
        if !(1..=MAX_CUSTOMER).contains(&customer.len()) || !printable {
            return Err(Decline::Malformed);
        }
        let note = format!("bill {biller} {customer}");
        Ok(Operation::Transfer(Transfer {
            from,
            to,
            key,
            amount,
            note,
        }))
    }

    fn sign(&self, posted: &Posted, purpose: Purpose) -> Option<SignedReceipt> {
        Some(
            settled(posted)?
                .receipt(self.name, self.label.simulated, purpose)
                .sign(&self.key),
        )
    }

    fn order(
        &self,
        account: &AccountId,
        merchant: &MerchantId,
        order: &OrderId,
    ) -> Result<OrderState, LedgerError> {
        let Some(known) = self
            .ledger
            .order(merchant, order)?
            .filter(|known| known.payer == *account)
        else {
            return Ok(OrderState::Unpaid);
        };
        let Some(posted) = known
            .paid_seq
            .map(|seq| self.ledger.entry(seq))
            .transpose()?
            .flatten()
        else {
            return Ok(OrderState::Unpaid);
        };
        let purpose = Purpose::Payment {
            merchant: merchant.clone(),
            order: order.clone(),
            sha256: known.digest,
        };
        Ok(match self.sign(&posted, purpose) {
            Some(receipt) => OrderState::Paid {
                receipt,
                refunded_minor: known.refunded_minor,
            },
            None => OrderState::Unpaid,
        })
    }
}

/// What the ledger's own receipts' ids begin with.
pub(crate) const LEDGER: &str = "ledger";

/// An entry as a receipt tells it: what its receiver got. `None` if nobody got anything.
pub(crate) fn settled(posted: &Posted) -> Option<Settled> {
    // The payer's own change, if there is any, comes after the payee's part.
    let got = posted
        .entry
        .postings
        .iter()
        .find(|posting| !posting.held && posting.amount_minor > 0)?;
    Some(Settled {
        amount_minor: got.amount_minor,
        at_ms: posted.entry.at_ms,
        currency: got.currency,
        number: posted.seq.to_string(),
        proof: posted.hash.to_string(),
    })
}

fn line(
    account: &AccountId,
    Movement {
        available_minor,
        posted,
    }: Movement,
) -> Option<HistoryLine> {
    let entry = &posted.entry;
    let other = entry
        .postings
        .iter()
        .find(|posting| posting.account != *account);
    let with = match entry.event.order() {
        Some((merchant, order)) => format!("{merchant} {order}"),
        None => other.map_or_else(String::new, |posting| posting.account.to_string()),
    };
    let note = match &entry.event {
        Event::Transferred { note, .. } => note.clone(),
        _ => String::new(),
    };
    let own = entry
        .postings
        .iter()
        .find(|posting| posting.account == *account)?;
    Some(HistoryLine {
        amount_minor: available_minor,
        at_ms: entry.at_ms,
        currency: own.currency,
        number: posted.seq.to_string(),
        note,
        with,
        word: entry.event.word().to_owned(),
    })
}

/// `person:<holder>:`
fn holder_prefix(holder: &str) -> String {
    let plain = !holder.is_empty()
        && holder.len() <= MAX_NAME_BYTES / 2
        && holder
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte));
    if plain {
        format!("{PERSON}{holder}:")
    } else {
        format!("{PERSON}{}:", Digest::blake3(holder.as_bytes()))
    }
}

fn unavailable(error: LedgerError) -> Unavailable {
    Unavailable(error.to_string())
}

impl From<Refusal> for Decline {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::UnknownAccount(_) | Refusal::SameAccount(_) => Self::UnknownRecipient,
            Refusal::WrongCurrency { .. } => Self::WrongCurrency,
            Refusal::InsufficientFunds(_) => Self::InsufficientFunds,
            Refusal::AboveCeiling(_) | Refusal::Overflow(_) | Refusal::Limits(..) => {
                Self::OverLimit
            }
            Refusal::UnknownOrder => Self::UnknownOrder,
            Refusal::OrderDiffers
            | Refusal::OrderOfAnother
            | Refusal::OrderHeld
            | Refusal::OrderReleased
            | Refusal::OrderPaid
            | Refusal::OrderExpired => Self::OrderUsed,
            Refusal::MoreThanHeld(_) | Refusal::RefundTooLarge { .. } => Self::RefundTooLarge,
            Refusal::KeyDiffers => Self::KeyUsed,
            Refusal::BadNote => Self::Malformed,
        }
    }
}

impl std::fmt::Debug for LedgerProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LedgerProvider")
            .field("label", &self.shared.label)
            .finish_non_exhaustive()
    }
}
