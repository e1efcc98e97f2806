//! A small bank for tests: a clock that is set by hand, persons, merchants.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use lapak_ledger::Digest;
use lapak_ledger::ledger::{
    AccountTerms, Ledger, LedgerError, LedgerOptions, Operation, Payment, Posted, Refund, Refusal,
    Transfer,
};
use lapak_ledger::money::{Amount, Currency};
use lapak_ledger::name::AccountId;

/// When the tests' clocks begin: 2026-11-24T21:57:21Z.
pub const START_MS: i64 = 1_795_557_441_000;

/// A clock that is set by hand.
#[derive(Clone)]
pub struct HandClock(Arc<AtomicI64>);

impl HandClock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START_MS)))
    }

    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    pub fn shared(&self) -> Arc<dyn lapak_ledger::Clock> {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

/// A ledger in a folder of its own, with `equity:issued`, `person:ani`, `person:budi`, `merchant:warung`, all in IDR.
pub struct Bank {
    pub ledger: Ledger,
    pub clock: HandClock,
    folder: tempfile::TempDir,
}

impl Bank {
    /// Ani has `ani_minor`.
    pub fn new(ani_minor: i64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = HandClock::new();
        let ledger = open(&folder.path().join("ledger.db"), &clock);
        open_accounts(&ledger);
        if ani_minor > 0 {
            let topped =
                ledger.carry_out(transfer("equity:issued", "person:ani", "top-up", ani_minor));
            topped.expect("topped up");
        }
        Self {
            ledger,
            clock,
            folder,
        }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.db")
    }

    /// Ends the ledger and opens its file again.
    pub fn reopened(self) -> Self {
        let Self {
            ledger,
            clock,
            folder,
        } = self;
        drop(ledger);
        let ledger = open(&folder.path().join("ledger.db"), &clock);
        Self {
            ledger,
            clock,
            folder,
        }
    }

    #[track_caller]
    pub fn done(&self, operation: Operation) -> Posted {
        self.ledger
            .carry_out(operation)
            .expect("done")
            .expect("an entry")
    }

    #[track_caller]
    pub fn refused(&self, operation: Operation) -> Refusal {
        match self.ledger.carry_out(operation) {
            Err(LedgerError::Refused(refusal)) => refusal,
            other => panic!("not refused: {other:?}"),
        }
    }

    /// The balance once everything that was submitted is done.
    #[track_caller]
    pub fn balance_after_all(&self, account: &str) -> (i64, i64) {
        self.ledger
            .carry_out(Operation::ReleaseExpired)
            .expect("done");
        self.balance(account)
    }

    /// What is available and what is held.
    #[track_caller]
    pub fn balance(&self, account: &str) -> (i64, i64) {
        let balance = self
            .ledger
            .balance(&id(account))
            .expect("read")
            .expect("an account");
        (balance.available_minor, balance.held_minor)
    }
}

pub fn open(path: &Path, clock: &HandClock) -> Ledger {
    let options = LedgerOptions {
        clock: clock.shared(),
        ..LedgerOptions::default()
    };
    Ledger::open(path, options).expect("a ledger")
}

pub fn open_accounts(ledger: &Ledger) {
    for (account, floor) in [
        ("equity:issued", None),
        ("person:ani", Some(0)),
        ("person:budi", Some(0)),
        ("merchant:warung", Some(0)),
    ] {
        ledger
            .carry_out(Operation::Open(terms(account, floor)))
            .expect("opened");
    }
}

pub fn terms(account: &str, floor_minor: Option<i64>) -> AccountTerms {
    AccountTerms {
        id: id(account),
        currency: currency("IDR"),
        floor_minor,
        ceiling_minor: None,
    }
}

pub fn id(account: &str) -> AccountId {
    account.parse().expect("a name")
}

pub fn currency(code: &str) -> Currency {
    code.parse().expect("a currency")
}

pub fn idr(minor: i64) -> Amount {
    Amount::new(minor, currency("IDR")).expect("an amount")
}

/// An order of the warung, paid by `payer`, good for a minute.
pub fn payment(order: &str, payer: &str, minor: i64) -> Payment {
    Payment {
        merchant: "warung".parse().expect("a name"),
        order: order.parse().expect("a name"),
        digest: Digest::sha256(format!("{order} {minor}").as_bytes()),
        payer: id(payer),
        payee: id("merchant:warung"),
        amount: idr(minor),
        expires_at_ms: START_MS + 60_000,
    }
}

pub fn pay(order: &str, payer: &str, minor: i64) -> Operation {
    Operation::Pay(payment(order, payer, minor))
}

pub fn hold(order: &str, payer: &str, minor: i64) -> Operation {
    Operation::Hold(payment(order, payer, minor))
}

pub fn capture(order: &str, minor: i64) -> Operation {
    let Payment {
        merchant, order, ..
    } = payment(order, "person:ani", minor);
    Operation::Capture {
        merchant,
        order,
        amount: idr(minor),
    }
}

pub fn release(order: &str) -> Operation {
    let Payment {
        merchant, order, ..
    } = payment(order, "person:ani", 1);
    Operation::Release { merchant, order }
}

pub fn refund(order: &str, key: &str, minor: i64) -> Operation {
    let Payment {
        merchant, order, ..
    } = payment(order, "person:ani", minor);
    Operation::Refund(Refund {
        merchant,
        order,
        key: key.parse().expect("a name"),
        amount: idr(minor),
    })
}

pub fn transfer(from: &str, to: &str, key: &str, minor: i64) -> Operation {
    Operation::Transfer(Transfer {
        from: id(from),
        to: id(to),
        key: key.parse().expect("a name"),
        amount: idr(minor),
        note: String::new(),
    })
}
