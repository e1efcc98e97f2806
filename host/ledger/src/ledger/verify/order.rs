//! An order's life in the journal: paid, or held and then captured or released; refunded.

use super::replay::short;
use crate::digest::Digest;
use crate::ledger::entry::{Entry, Event};
use crate::money::Amount;
use crate::name::AccountId;

/// An order as the journal makes it.
#[derive(Default)]
pub(super) struct Order {
    /// Stands for what the order says, its payer, its payee and its amount.
    pub(super) terms: [u8; 16],
    pub(super) held_minor: i128,
    pub(super) paid_minor: i128,
    pub(super) refunded_minor: i128,
    pub(super) held_seq: Option<u64>,
    pub(super) paid_seq: Option<u64>,
    pub(super) released_seq: Option<u64>,
}

impl Order {
    /// What the entry makes of the order, or what is wrong with that.
    pub(super) fn event(&mut self, seq: u64, entry: &Entry) -> Result<(), String> {
        let begun = self.held_seq.is_some() || self.paid_seq.is_some();
        match &entry.event {
            Event::Paid { .. } if begun => Err("pays an order a second time".into()),
            Event::Held { .. } if begun => Err("holds an order a second time".into()),
            Event::Paid { digest, .. } => self.paid(seq, entry, *digest),
            Event::Held { digest, payee, .. } => self.held(seq, entry, *digest, payee),
            Event::Captured { .. } | Event::Released { .. } if self.held_minor == 0 => {
                Err("takes what is not held".into())
            }
            Event::Captured { .. } => self.captured(seq, entry),
            Event::Released { .. } => self.released(seq, entry),
            Event::Refunded { .. } => self.refunded(entry),
            Event::Account(_) | Event::Transferred { .. } => Ok(()),
        }
    }

    fn paid(&mut self, seq: u64, entry: &Entry, digest: Digest) -> Result<(), String> {
        let (payer, payee, amount) = moved(entry)?;
        self.terms = order_terms(digest, payer.as_str(), payee.as_str(), amount.minor());
        (self.paid_seq, self.paid_minor) = (Some(seq), i128::from(amount.minor()));
        Ok(())
    }

    fn held(
        &mut self,
        seq: u64,
        entry: &Entry,
        digest: Digest,
        payee: &AccountId,
    ) -> Result<(), String> {
        let posting = entry
            .postings
            .iter()
            .find(|posting| posting.held)
            .ok_or("holds nothing")?;
        let payer = posting.account.as_str();
        self.terms = order_terms(digest, payer, payee.as_str(), posting.amount_minor);
        (self.held_seq, self.held_minor) = (Some(seq), held(entry));
        Ok(())
    }

    fn captured(&mut self, seq: u64, entry: &Entry) -> Result<(), String> {
        if held(entry) != -self.held_minor || gained(entry) != self.held_minor {
            return Err("captures another amount than was held".into());
        }
        // The first available part is the payee's; the second, if any, goes back to the payer.
        let paid = parts(entry)
            .find(|(held, _)| !held)
            .map_or(0, |(_, minor)| minor);
        (self.paid_seq, self.paid_minor, self.held_minor) = (Some(seq), paid, 0);
        Ok(())
    }

    fn released(&mut self, seq: u64, entry: &Entry) -> Result<(), String> {
        if held(entry) != -self.held_minor {
            return Err("releases another amount than was held".into());
        }
        (self.released_seq, self.held_minor) = (Some(seq), 0);
        Ok(())
    }

    fn refunded(&mut self, entry: &Entry) -> Result<(), String> {
        self.refunded_minor += gained(entry);
        if self.refunded_minor > self.paid_minor {
            return Err("gives back more than was paid".into());
        }
        Ok(())
    }
}

/// From where, to where and how much an entry with two postings moved.
pub(super) fn moved(entry: &Entry) -> Result<(&AccountId, &AccountId, Amount), String> {
    match entry.postings.as_slice() {
        [from, to] if !from.held && !to.held && from.amount_minor < 0 => {
            let amount =
                Amount::new(to.amount_minor, to.currency).map_err(|error| error.to_string())?;
            Ok((&from.account, &to.account, amount))
        }
        _ => Err("does not move money from one account to another".into()),
    }
}

/// Stands for what an order says, its payer, its payee and its amount.
pub(super) fn order_terms(digest: Digest, payer: &str, payee: &str, amount_minor: i64) -> [u8; 16] {
    short(&[&digest.to_string(), payer, payee, &amount_minor.to_string()])
}

fn parts(entry: &Entry) -> impl Iterator<Item = (bool, i128)> {
    entry
        .postings
        .iter()
        .map(|posting| (posting.held, i128::from(posting.amount_minor)))
}

/// How much more is available to whoever got something.
fn gained(entry: &Entry) -> i128 {
    parts(entry)
        .filter(|(held, _)| !held)
        .map(|(_, minor)| minor.max(0))
        .sum()
}

/// How much more is held.
fn held(entry: &Entry) -> i128 {
    parts(entry)
        .filter(|(held, _)| *held)
        .map(|(_, minor)| minor)
        .sum()
}
