//! Payments: how many a second when many come at once, how long one takes, and what a grown ledger costs.
//!
//! Ours is the embedded ledger behind its provider: a verified order goes in, is in the books and on disk (one `fsync` for
//! all that wait together), and comes back as a signed receipt. Left out is what a host does around it: the record that the
//! person has agreed (a transaction of its own, before the provider hears of the payment), the PIN, the audit, and the notices
//! to merchants. The reference is bare SQLite with the same durability (WAL, `synchronous=FULL`) that writes one row for each
//! payment and checks nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use lapak_ledger::ledger::{AccountTerms, Ledger, LedgerOptions, Operation, Transfer};
use lapak_ledger::money::{Amount, Currency};
use lapak_ledger::name::AccountId;
use lapak_ledger::order::{Line, Order, verify_order};
use lapak_ledger::provider::ledger::LedgerProvider;
use lapak_ledger::provider::{Ask, Outcome, PaymentProvider as _, Request};
use lapak_ledger::{
    Clock as _, Digest, Merchant, Merchants, Purpose, Receipt, SecretKey, SystemClock,
};
use rusqlite::Connection;
use tokio::runtime::Runtime as Tokio;

use super::micros;
use crate::{Effort, Figure};

/// Payments on their way at a time, where many come at once.
const IN_FLIGHT: usize = 256;
/// Payments of one run.
const PAYMENTS: usize = 10_000;
const POSTINGS: usize = 10_000_000;
/// A ledger that has not grown as far by then is measured as it is; the table says how far it came.
const GROW_FOR: Duration = Duration::from_secs(4 * 60);
const APP: &str = "com.example.shop";

/// Durable payments a second, 256 on their way at a time.
pub(super) fn per_second(_: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let count = effort.of(PAYMENTS);
    let (mut ours, mut theirs, mut limits) = (Vec::new(), Vec::new(), Vec::new());
    let folder = tempfile::tempdir()?;
    let books = Books::open(&folder.path().join("ledger.sqlite"))?;
    let bare = bare(&folder.path().join("bare.sqlite"))?;
    for run in 0..effort.runs.min(5) {
        let requests = books.requests(&format!("run-{run}"), count)?;
        let since = Instant::now();
        books.pay(requests, IN_FLIGHT)?;
        ours.push(rate(count, since));
        let since = Instant::now();
        write_in_groups(&bare, 2 * run, count)?;
        theirs.push(rate(count, since));
        let since = Instant::now();
        write_and_sign(&bare, 2 * run + 1, count)?;
        limits.push(rate(count, since));
    }
    let reference = ("bare SQLite, 256 rows to a transaction", &theirs[..]);
    Ok(vec![
        Figure::of("payments-per-second", "1/s", &ours, reference),
        Figure::of("payments-limit", "1/s", &limits, reference),
    ])
}

/// What any ledger costs at least whose receipts are signed each: the same bare rows, and beside them, on all cores, a signature
/// for each. Nothing is checked, read or told.
fn write_and_sign(bare: &Connection, run: usize, count: usize) -> anyhow::Result<()> {
    let receipt = receipt()?;
    let key = SecretKey::from_seed(&[8; 32]);
    let next = AtomicUsize::new(0);
    let sign = || {
        while next.fetch_add(1, Ordering::Relaxed) < count {
            std::hint::black_box(receipt.sign(&key));
        }
    };
    let cores = std::thread::available_parallelism()?.get();
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(sign);
        }
        write_in_groups(bare, run, count)
    })
}

fn receipt() -> anyhow::Result<Receipt> {
    let purpose = Purpose::Payment {
        merchant: "shop".parse()?,
        order: "run-0-1000".parse()?,
        sha256: Digest::sha256(b""),
    };
    Ok(Receipt {
        amount_minor: 100,
        at_ms: SystemClock.now_ms(),
        currency: "IDR".parse()?,
        purpose,
        id: "ledger:1000000".into(),
        proof: "0".repeat(64),
        simulated: false,
        version: 1,
    })
}

/// From the request to the receipt, one payment at a time.
pub(super) fn latency(_: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let books = Books::open(&folder.path().join("ledger.sqlite"))?;
    let bare = bare(&folder.path().join("bare.sqlite"))?;
    let (mut ours, mut theirs) = (Quantiles::default(), Quantiles::default());
    for run in 0..effort.runs.min(5) {
        let (mut took, mut took_bare) = (Vec::new(), Vec::new());
        for request in books.requests(&format!("run-{run}"), effort.repeats)? {
            let since = Instant::now();
            books.pay(vec![request], 1)?;
            took.push(micros(since));
        }
        for row in 0..effort.repeats {
            let since = Instant::now();
            write_rows(&bare, run, row..row + 1)?;
            took_bare.push(micros(since));
        }
        ours.add(took);
        theirs.add(took_bare);
    }
    let name = "bare SQLite, a transaction for each row";
    Ok(vec![
        Figure::of("payment-latency", "us", &ours.p50, (name, &theirs.p50)),
        Figure::of("payment-latency-p99", "us", &ours.p99, (name, &theirs.p99)),
    ])
}

/// What a payment costs in books of ten million postings, 256 on their way at a time, against empty books.
pub(super) fn at_10m(_: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let count = effort.of(PAYMENTS);
    let folder = tempfile::tempdir()?;
    let grown = Books::open(&folder.path().join("grown.sqlite"))?;
    let postings = grown.grow(effort.of(POSTINGS))?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for run in 0..effort.runs.min(5) {
        ours.push(grown.cost(run, count)?);
        let empty = tempfile::tempdir()?;
        let empty = Books::open(&empty.path().join("empty.sqlite"))?;
        theirs.push(empty.cost(run, count)?);
    }
    let name = format!("empty books; ours have {postings} postings");
    let reference = (&*name, &theirs[..]);
    Ok(vec![Figure::of("ledger-at-10m", "us", &ours, reference)])
}

/// Books with a shop and one person who pays.
pub(super) struct Books {
    ledger: Arc<Ledger>,
    provider: LedgerProvider,
    merchants: Arc<Merchants>,
    key: SecretKey,
    payer: AccountId,
    currency: Currency,
}

impl Books {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let currency: Currency = "IDR".parse()?;
        let options = LedgerOptions {
            clock: Arc::new(SystemClock),
            notices: false,
            max_pages: None,
        };
        let ledger = Arc::new(Ledger::open(path, options)?);
        let payer = LedgerProvider::account_id("payer", currency)?;
        for (id, floor_minor) in [
            ("merchant:shop", Some(0)),
            (payer.as_str(), None),
            ("equity:source", None),
        ] {
            let terms = AccountTerms {
                id: id.parse()?,
                currency,
                floor_minor,
                ceiling_minor: None,
            };
            ledger.carry_out(Operation::Open(terms))?;
        }
        let key = SecretKey::from_seed(&[7; 32]);
        let merchants = Arc::new(Merchants::new([Merchant {
            id: "shop".parse()?,
            name: "Shop".into(),
            keys: vec![key.public()],
            accounts: BTreeMap::from([(currency, "merchant:shop".parse()?)]),
            paid_url: None,
        }]));
        let host = Arc::new(SecretKey::from_seed(&[8; 32]));
        Ok(Self {
            provider: LedgerProvider::new(
                ledger.clone(),
                host,
                merchants.clone(),
                Arc::new(lapak_ledger::AddressBook::of_own_names()),
            )?,
            ledger,
            merchants,
            key,
            payer,
            currency,
        })
    }

    /// Orders, signed and verified.
    pub(super) fn requests(&self, name: &str, count: usize) -> anyhow::Result<Vec<Request>> {
        let now = SystemClock.now_ms();
        let request = |number: usize| {
            let order = Order {
                amount_minor: 100,
                app: APP.into(),
                currency: self.currency,
                expires_at_ms: now + 3_600_000,
                lines: vec![Line {
                    amount_minor: 100,
                    quantity: 1,
                    title: "Rice".into(),
                }],
                merchant: "shop".parse()?,
                order: format!("{name}-{number}").parse()?,
                version: 1,
            };
            let signed = order.sign(&self.key)?;
            let verified = verify_order(signed.as_bytes(), &self.merchants, APP, now)?;
            Ok(Request {
                key: format!("{name}-{number}").parse()?,
                account: self.payer.clone(),
                ask: Ask::Pay(verified),
            })
        };
        (0..count).map(request).collect()
    }

    /// Pays them all, so many on their way at a time.
    pub(super) fn pay(&self, requests: Vec<Request>, in_flight: usize) -> anyhow::Result<()> {
        let (done, told) = mpsc::channel();
        let mut open = 0;
        for request in requests {
            if open == in_flight {
                paid(&told)?;
                open -= 1;
            }
            let done = done.clone();
            let tell = move |outcome| {
                // Whoever measures may have given up.
                let _ = done.send(outcome);
            };
            self.provider.submit(request, Box::new(tell));
            open += 1;
        }
        for _ in 0..open {
            paid(&told)?;
        }
        Ok(())
    }

    /// Microseconds a payment.
    fn cost(&self, run: usize, count: usize) -> anyhow::Result<f64> {
        let requests = self.requests(&format!("cost-{run}"), count)?;
        let since = Instant::now();
        self.pay(requests, IN_FLIGHT)?;
        Ok(1e6 / rate(count, since))
    }

    /// Transfers until there are so many postings, or the time is over; tells how many there are.
    fn grow(&self, postings: usize) -> anyhow::Result<usize> {
        let amount = Amount::new(1, self.currency)?;
        let (from, to): (AccountId, AccountId) = ("equity:source".parse()?, self.payer.clone());
        let (done, told) = mpsc::channel();
        let (begun, mut written) = (Instant::now(), 0);
        // A transfer is two postings.
        for number in 0..postings / 2 {
            if begun.elapsed() >= GROW_FOR {
                break;
            }
            if number >= IN_FLIGHT * 8 {
                told.recv()??;
                written += 1;
            }
            let transfer = Transfer {
                from: from.clone(),
                to: to.clone(),
                key: format!("grow-{number}").parse()?,
                amount,
                note: String::new(),
            };
            let done = done.clone();
            let tell = move |outcome: Result<_, lapak_ledger::ledger::LedgerError>| {
                let _ = done.send(outcome.map(drop));
            };
            self.ledger
                .submit(Operation::Transfer(transfer), Box::new(tell));
        }
        drop(done);
        for outcome in told {
            outcome?;
            written += 1;
        }
        Ok(written * 2)
    }
}

fn paid(told: &mpsc::Receiver<Outcome>) -> anyhow::Result<()> {
    match told.recv().context("the provider said nothing")? {
        Outcome::Paid(_) => Ok(()),
        other => anyhow::bail!("not paid: {other:?}"),
    }
}

fn bare(path: &Path) -> anyhow::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(
        "CREATE TABLE payments (number INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT;",
    )?;
    Ok(connection)
}

/// As many bytes as the ledger's entry of a payment has, about.
const ROW: [u8; 400] = [0x2a; 400];

fn write_in_groups(bare: &Connection, run: usize, count: usize) -> anyhow::Result<()> {
    for begin in (0..count).step_by(IN_FLIGHT) {
        write_rows(bare, run, begin..count.min(begin + IN_FLIGHT))?;
    }
    Ok(())
}

fn write_rows(bare: &Connection, run: usize, rows: std::ops::Range<usize>) -> anyhow::Result<()> {
    let transaction = bare.unchecked_transaction()?;
    {
        let mut insert =
            transaction.prepare_cached("INSERT INTO payments (number, content) VALUES (?1, ?2)")?;
        for row in rows {
            let number = i64::try_from(run * 1_000_000 + row)?;
            insert.execute(rusqlite::params![number, ROW])?;
        }
    }
    transaction.commit()?;
    Ok(())
}

#[derive(Default)]
pub(super) struct Quantiles {
    pub(super) p50: Vec<f64>,
    pub(super) p99: Vec<f64>,
}

impl Quantiles {
    /// One run's.
    pub(super) fn add(&mut self, mut took: Vec<f64>) {
        took.sort_by(f64::total_cmp);
        let at = |per_cent: usize| took[(took.len() - 1) * per_cent / 100];
        self.p50.push(at(50));
        self.p99.push(at(99));
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of payments are far below 2^52"
)]
fn rate(count: usize, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}
