//! The books as the journal alone makes them, checked entry by entry.

use std::collections::{BTreeMap, HashMap};

use super::order::{Order, moved};
use crate::digest::Digest;
use crate::ledger::books::{request_digest, sums};
use crate::ledger::entry::{Entry, Event, Posting};
use crate::ledger::error::Stop;
use crate::ledger::export::is_operators;
use crate::ledger::operation::{AccountTerms, Refund, Transfer};
use crate::money::Currency;
use crate::name::{AccountId, MerchantId, OrderId, RequestKey};

/// The books as the journal alone makes them.
#[derive(Default)]
pub(super) struct Replay {
    pub(super) accounts: HashMap<AccountId, Replayed>,
    pub(super) orders: HashMap<[u8; 16], Order>,
    pub(super) requests: HashMap<[u8; 16], (u64, Digest)>,
    pub(super) postings: u64,
}

/// An account as the journal makes it.
pub(super) struct Replayed {
    pub(super) currency: Currency,
    pub(super) floor_minor: Option<i64>,
    pub(super) ceiling_minor: Option<i64>,
    pub(super) terms_seq: u64,
    pub(super) available_minor: i128,
    pub(super) held_minor: i128,
    /// A sum over digests of its postings, whatever their order.
    pub(super) fingerprint: u64,
}

impl Replay {
    /// Takes the next entry, or says what is wrong with it.
    pub(super) fn entry(&mut self, seq: u64, entry: &Entry) -> Result<(), String> {
        if let Some((currency, sum)) = sums(&entry.postings).into_iter().find(|(_, sum)| *sum != 0)
        {
            return Err(format!(
                "does not balance: {sum} minor units of {currency} are left over"
            ));
        }
        for (line, posting) in (0_u64..).zip(&entry.postings) {
            self.posting(seq, line, posting)?;
        }
        for posting in &entry.postings {
            self.check_floor(posting)?;
        }
        self.event(seq, entry)
    }

    fn posting(&mut self, seq: u64, line: u64, posting: &Posting) -> Result<(), String> {
        let account = self.accounts.get_mut(&posting.account);
        let account = account.ok_or_else(|| format!("{} was never opened", posting.account))?;
        if account.currency != posting.currency {
            return Err(format!(
                "{} is not counted in {}",
                posting.account, posting.currency
            ));
        }
        let part = if posting.held {
            &mut account.held_minor
        } else {
            &mut account.available_minor
        };
        *part += i128::from(posting.amount_minor);
        let print = fingerprint(seq, line, posting.held, posting.amount_minor);
        account.fingerprint = account.fingerprint.wrapping_add(print);
        self.postings += 1;
        Ok(())
    }

    fn check_floor(&self, posting: &Posting) -> Result<(), String> {
        let Some(account) = self.accounts.get(&posting.account) else {
            return Ok(());
        };
        let floor = account.floor_minor.map_or(i128::from(i64::MIN), i128::from);
        let below = posting.amount_minor < 0 && !posting.held && account.available_minor < floor;
        if below || account.held_minor < 0 {
            return Err(format!("{} goes below its limit", posting.account));
        }
        Ok(())
    }

    fn event(&mut self, seq: u64, entry: &Entry) -> Result<(), String> {
        if let Some((merchant, order)) = entry.event.order() {
            let order = self.orders.entry(order_key(merchant, order)).or_default();
            order.event(seq, entry)?;
        }
        match &entry.event {
            Event::Account(terms) => self.account(seq, terms)?,
            Event::Refunded {
                merchant,
                order,
                key,
            } => {
                let (_, _, amount) = moved(entry)?;
                let (merchant, order, key) = (merchant.clone(), order.clone(), key.clone());
                let scope = format!("refund {merchant} {order}");
                let refund = Refund {
                    merchant,
                    order,
                    key: key.clone(),
                    amount,
                };
                self.request(seq, &scope, &key, request_digest(&refund))?;
            }
            Event::Transferred { key, note } => {
                let (from, to, amount) = moved(entry)?;
                let scope = format!("transfer {from}");
                let (from, to, note) = (from.clone(), to.clone(), note.clone());
                let transfer = Transfer {
                    from,
                    to,
                    key: key.clone(),
                    amount,
                    note,
                };
                self.request(seq, &scope, key, request_digest(&transfer))?;
            }
            Event::Paid { .. }
            | Event::Held { .. }
            | Event::Captured { .. }
            | Event::Released { .. } => {}
        }
        Ok(())
    }

    fn account(&mut self, seq: u64, terms: &AccountTerms) -> Result<(), String> {
        let account = self.accounts.entry(terms.id.clone()).or_insert(Replayed {
            currency: terms.currency,
            floor_minor: None,
            ceiling_minor: None,
            terms_seq: seq,
            available_minor: 0,
            held_minor: 0,
            fingerprint: 0,
        });
        if account.currency != terms.currency {
            return Err(format!("{} changes its currency", terms.id));
        }
        account.floor_minor = terms.floor_minor;
        account.ceiling_minor = terms.ceiling_minor;
        account.terms_seq = seq;
        Ok(())
    }

    fn request(
        &mut self,
        seq: u64,
        scope: &str,
        key: &RequestKey,
        digest: Result<Digest, Stop>,
    ) -> Result<(), String> {
        let digest = digest.map_err(|stop| stop.to_string())?;
        match self
            .requests
            .insert(short(&[scope, key.as_str()]), (seq, digest))
        {
            None => Ok(()),
            Some((first, _)) => Err(format!(
                "carries out again what entry {first} did ({scope} {key})"
            )),
        }
    }
    /// What the accounts that are not the operator's hold, in each currency.
    pub(super) fn owed(&self) -> BTreeMap<Currency, i128> {
        let mut owed = BTreeMap::new();
        for (id, account) in &self.accounts {
            if !is_operators(id) {
                *owed.entry(account.currency).or_default() +=
                    account.available_minor + account.held_minor;
            }
        }
        owed
    }
}
/// A digest of a posting, to be added up whatever the order.
pub(super) fn fingerprint(seq: u64, line: u64, held: bool, amount_minor: i64) -> u64 {
    let mut bytes = [0; 25];
    bytes[..8].copy_from_slice(&seq.to_le_bytes());
    bytes[8..16].copy_from_slice(&line.to_le_bytes());
    bytes[16..24].copy_from_slice(&amount_minor.to_le_bytes());
    bytes[24] = u8::from(held);
    let digest = Digest::blake3(&bytes).0;
    u64::from_le_bytes(std::array::from_fn(|at| digest[at]))
}

fn order_key(merchant: &MerchantId, order: &OrderId) -> [u8; 16] {
    short(&[merchant.as_str(), order.as_str()])
}

/// 128 bits for names that have no zero byte: millions of orders are compared in memory.
pub(super) fn short(names: &[&str]) -> [u8; 16] {
    let digest = Digest::blake3(names.join("\0").as_bytes()).0;
    std::array::from_fn(|at| digest[at])
}
