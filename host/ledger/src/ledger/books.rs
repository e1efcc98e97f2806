//! The books within one transaction: what an operation does to them, or why it may not.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::accounts::{Account, read_account, total};
use super::entry::{Entry, Event, GENESIS, Posted, Posting, chained};
use super::error::{Refusal, Stop};
use super::operation::{AccountTerms, MAX_NOTE_BYTES, Operation, Transfer};
use crate::digest::Digest;
use crate::money::{Amount, Currency};
use crate::name::{AccountId, RequestKey};

/// The books, open for one transaction. What an operation checks it checks before it writes, so that a refusal
/// leaves nothing behind in a transaction that others share.
pub(super) struct Books<'t> {
    pub(super) connection: &'t Connection,
    pub(super) now_ms: i64,
    seq: u64,
    hash: Digest,
    /// Whether merchants are to be told of what is paid and refunded.
    notices: bool,
    /// The accounts that this transaction has looked at. What changed in them is written once, when the books are closed: many
    /// operations of a transaction are about the same merchant.
    accounts: BTreeMap<AccountId, Open>,
}

/// An account as it stands within a transaction.
struct Open {
    account: Account,
    /// Its row says something else.
    changed: bool,
}

impl<'t> Books<'t> {
    /// Reads where the journal ends. The end is read anew in every transaction, so that another process that writes
    /// the same file cannot make the chain fork.
    pub(super) fn open(
        connection: &'t Connection,
        now_ms: i64,
        notices: bool,
    ) -> Result<Self, Stop> {
        let end = connection
            .prepare_cached("SELECT seq, body, hash FROM journal ORDER BY seq DESC LIMIT 1")?
            .query_row([], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((seq, body, hash)) = end else {
            return Ok(Self {
                connection,
                now_ms,
                seq: 0,
                hash: GENESIS,
                notices,
                accounts: BTreeMap::new(),
            });
        };
        let last = read_entry(&body)?;
        Ok(Self {
            connection,
            // A clock that is set back does not make the journal go back.
            now_ms: now_ms.max(last.at_ms),
            seq: u64::try_from(seq)
                .map_err(|_| Stop::Broken("a negative number in the journal".into()))?,
            hash: Digest(hash),
            notices,
            accounts: BTreeMap::new(),
        })
    }

    /// Writes what the accounts have now. To be called before the transaction is committed.
    pub(super) fn close(self) -> Result<(), Stop> {
        let changed = self.accounts.values().filter(|open| open.changed);
        for Open { account, .. } in changed {
            self.connection
                .prepare_cached(
                    "UPDATE accounts SET available_minor = ?2, held_minor = ?3 WHERE number = ?1",
                )?
                .execute(params![
                    account.number,
                    account.available_minor,
                    account.held_minor
                ])?;
        }
        Ok(())
    }

    /// Carries an operation out. `None`: there was nothing to do.
    pub(super) fn carry_out(&mut self, operation: &Operation) -> Result<Option<Posted>, Stop> {
        match operation {
            Operation::Open(terms) => self.open_account(terms),
            Operation::Pay(payment) => self.pay(payment),
            Operation::Hold(payment) => self.hold(payment),
            Operation::Capture {
                merchant,
                order,
                amount,
            } => self.capture(merchant, order, *amount),
            Operation::Release { merchant, order } => self.release(merchant, order),
            Operation::Refund(refund) => self.refund(refund),
            Operation::Transfer(transfer) => self.transfer(transfer),
            Operation::ReleaseExpired => return self.release_expired(),
        }
        .map(Some)
    }

    fn transfer(&mut self, transfer: &Transfer) -> Result<Posted, Stop> {
        let Transfer {
            from,
            to,
            key,
            amount,
            note,
        } = transfer;
        let digest = request_digest(transfer)?;
        let scope = format!("transfer {from}");
        if let Some(seq) = self.request(&scope, key, digest)? {
            return self.repeated(seq);
        }
        if note.len() > MAX_NOTE_BYTES || lapak_abi::text::hides_something(note) {
            return Err(Refusal::BadNote.into());
        }
        if from == to {
            return Err(Refusal::SameAccount(from.clone()).into());
        }
        let postings = moved(from, to, *amount);
        let posted = self.post(
            Event::Transferred {
                key: key.clone(),
                note: note.clone(),
            },
            postings,
        )?;
        self.keep_request(&scope, key, digest, posted.seq)?;
        Ok(posted)
    }

    /// The entry that a request led to before.
    pub(super) fn request(
        &self,
        scope: &str,
        key: &RequestKey,
        digest: Digest,
    ) -> Result<Option<u64>, Stop> {
        let known = self
            .connection
            .prepare_cached("SELECT digest, seq FROM requests WHERE scope = ?1 AND key = ?2")?
            .query_row(params![scope, key.as_str()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        match known {
            None => Ok(None),
            Some((known, seq)) if Digest(known) == digest => Ok(Some(number(seq)?)),
            Some(_) => Err(Refusal::KeyDiffers.into()),
        }
    }

    pub(super) fn keep_request(
        &self,
        scope: &str,
        key: &RequestKey,
        digest: Digest,
        seq: u64,
    ) -> Result<(), Stop> {
        self.connection
            .prepare_cached(
                "INSERT INTO requests (scope, key, digest, seq) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![scope, key.as_str(), digest.0, row_id(seq)?])?;
        Ok(())
    }

    /// An entry that was there before, as the answer to an operation that was sent again.
    pub(super) fn repeated(&self, seq: u64) -> Result<Posted, Stop> {
        let posted = read_posted(self.connection, seq)?;
        posted.ok_or_else(|| Stop::Broken(format!("entry {seq} is missing from the journal")))
    }

    /// Appends an entry and moves its money. Every check comes before the first write.
    pub(super) fn post(&mut self, event: Event, postings: Vec<Posting>) -> Result<Posted, Stop> {
        let accounts = self.after(&postings)?;
        let entry = Entry {
            at_ms: self.now_ms,
            event,
            postings,
        };
        let body = entry
            .body()
            .map_err(|error| Stop::Broken(error.to_string()))?;
        let seq = self.seq + 1;
        let hash = chained(self.hash, seq, &body);
        self.connection
            .prepare_cached("INSERT INTO journal (seq, body, hash) VALUES (?1, ?2, ?3)")?
            .execute(params![row_id(seq)?, body, hash.0])?;
        for (line, posting) in (0_i64..).zip(&entry.postings) {
            let account = accounts
                .iter()
                .find(|account| account.terms.id == posting.account);
            let account = account.map(|account| account.number);
            self.connection
                .prepare_cached(
                    "INSERT INTO postings (account, seq, line, held, amount_minor) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![account, row_id(seq)?, line, posting.held, posting.amount_minor])?;
        }
        if self.notices
            && let Event::Paid { merchant, .. }
            | Event::Captured { merchant, .. }
            | Event::Refunded { merchant, .. } = &entry.event
        {
            self.connection
                .prepare_cached("INSERT INTO notices (seq, merchant) VALUES (?1, ?2)")?
                .execute(params![row_id(seq)?, merchant.as_str()])?;
        }
        (self.seq, self.hash) = (seq, hash);
        for account in accounts {
            let changed = true;
            self.accounts
                .insert(account.terms.id.clone(), Open { account, changed });
        }
        Ok(Posted {
            seq,
            hash,
            entry,
            repeated: false,
        })
    }

    /// The accounts as they will stand after these postings, if no limit forbids them.
    fn after(&mut self, postings: &[Posting]) -> Result<Vec<Account>, Stop> {
        let mut accounts: Vec<Account> = Vec::with_capacity(postings.len());
        for posting in postings {
            let at = match accounts
                .iter()
                .position(|account| account.terms.id == posting.account)
            {
                Some(at) => at,
                None => {
                    let account = self.account(&posting.account)?;
                    accounts.push(
                        account.ok_or_else(|| Refusal::UnknownAccount(posting.account.clone()))?,
                    );
                    accounts.len() - 1
                }
            };
            change(&mut accounts[at], posting)?;
        }
        for (currency, sum) in sums(postings) {
            if sum != 0 {
                return Err(Stop::Broken(format!(
                    "an entry would leave {sum} minor units of {currency} unbalanced"
                )));
            }
        }
        for account in &accounts {
            check_limits(account, postings)?;
        }
        Ok(accounts)
    }

    /// An account as the operations before have left it.
    pub(super) fn account(&mut self, id: &AccountId) -> Result<Option<Account>, Stop> {
        if let Some(open) = self.accounts.get(id) {
            return Ok(Some(open.account.clone()));
        }
        let account = read_account(self.connection, id)?;
        if let Some(account) = &account {
            let (account, changed) = (account.clone(), false);
            self.accounts.insert(id.clone(), Open { account, changed });
        }
        Ok(account)
    }

    /// An account has other terms now, in its row too.
    pub(super) fn has_terms(&mut self, terms: &AccountTerms) {
        if let Some(open) = self.accounts.get_mut(&terms.id) {
            open.account.terms = terms.clone();
        }
    }
}

/// An entry as the journal has it.
pub(super) fn read_posted(connection: &Connection, seq: u64) -> Result<Option<Posted>, Stop> {
    let row = connection
        .prepare_cached("SELECT body, hash FROM journal WHERE seq = ?1")?
        .query_row([row_id(seq)?], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?))
        })
        .optional()?;
    row.map(|(body, hash)| {
        Ok(Posted {
            seq,
            hash: Digest(hash),
            entry: read_entry(&body)?,
            repeated: true,
        })
    })
    .transpose()
}

pub(super) fn read_entry(body: &str) -> Result<Entry, Stop> {
    serde_json::from_str(body)
        .map_err(|error| Stop::Broken(format!("an entry of the journal: {error}")))
}

/// The two postings that move money between what is available in two accounts.
pub(super) fn moved(from: &AccountId, to: &AccountId, amount: Amount) -> Vec<Posting> {
    [(from, -amount.minor()), (to, amount.minor())]
        .map(|(account, amount_minor)| Posting {
            account: account.clone(),
            currency: amount.currency(),
            held: false,
            amount_minor,
        })
        .into()
}

/// What a request says, so that the same key with another content is told apart.
pub(super) fn request_digest(request: &impl serde::Serialize) -> Result<Digest, Stop> {
    let body = serde_json::to_vec(request).map_err(|error| Stop::Broken(error.to_string()))?;
    Ok(Digest::blake3(&body))
}

/// SQLite counts rows in 63 bits.
pub(super) fn row_id(seq: u64) -> Result<i64, Stop> {
    i64::try_from(seq).map_err(|_| Stop::Broken("the journal is full".into()))
}

pub(super) fn number(seq: i64) -> Result<u64, Stop> {
    u64::try_from(seq).map_err(|_| Stop::Broken("a negative entry number".into()))
}

/// What the postings add up to in each currency: nothing, if they balance.
pub(super) fn sums(postings: &[Posting]) -> Vec<(Currency, i128)> {
    let mut sums: Vec<(Currency, i128)> = Vec::new();
    for posting in postings {
        match sums
            .iter_mut()
            .find(|(currency, _)| *currency == posting.currency)
        {
            Some((_, sum)) => *sum += i128::from(posting.amount_minor),
            None => sums.push((posting.currency, i128::from(posting.amount_minor))),
        }
    }
    sums
}

fn change(account: &mut Account, posting: &Posting) -> Result<(), Refusal> {
    let id = &account.terms.id;
    if account.terms.currency != posting.currency {
        return Err(Refusal::WrongCurrency {
            account: id.clone(),
            has: account.terms.currency,
            asked: posting.currency,
        });
    }
    let part = if posting.held {
        &mut account.held_minor
    } else {
        &mut account.available_minor
    };
    *part = part
        .checked_add(posting.amount_minor)
        .ok_or_else(|| Refusal::Overflow(id.clone()))?;
    Ok(())
}

/// A limit forbids only what goes further past it: an account above a ceiling may still pay.
fn check_limits(after: &Account, postings: &[Posting]) -> Result<(), Refusal> {
    let id = &after.terms.id;
    let of_account = || postings.iter().filter(|posting| posting.account == *id);
    let less: i128 = of_account()
        .filter(|p| !p.held)
        .map(|p| i128::from(p.amount_minor))
        .sum();
    let grown: i128 = of_account().map(|p| i128::from(p.amount_minor)).sum();
    if less < 0
        && after
            .terms
            .floor_minor
            .is_some_and(|floor| after.available_minor < floor)
        || after.held_minor < 0
    {
        return Err(Refusal::InsufficientFunds(id.clone()));
    }
    if grown > 0
        && after
            .terms
            .ceiling_minor
            .is_some_and(|ceiling| total(after) > i128::from(ceiling))
    {
        return Err(Refusal::AboveCeiling(id.clone()));
    }
    Ok(())
}
