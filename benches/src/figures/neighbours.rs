//! What a person waits for beside a flood that others cause in what they share: storage, merchants' servers, the audit. A read, a
//! tap, a payment; each on the same host idle, and then flooded.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use lapak_host::audit::sqlite::SqliteAudit;
use lapak_host::audit::{AuditEntry, AuditLog as _};
use lapak_host::capability::Providers;
use lapak_host::capability::payments::records::sqlite::SqliteRecords;
use lapak_host::capability::payments::records::{self, Agreed, PaymentRecords as _, PaymentResult};
use lapak_host::capability::payments::{MerchantServers, NotSigned, PaymentParts, Payments};
use lapak_host::capability::storage::sqlite::SqliteStorage;
use lapak_host::capability::storage::{Operation, Owner, Quota, StorageProvider as _};
use lapak_host::view::{NodeId, Trigger};
use lapak_host::{Capability, Launch, Runtime, RuntimeConfig, Session};
use lapak_ledger::merchant::Wanted;
use tokio::runtime::Runtime as Tokio;

use super::micros;
use super::payments::{Books, Quantiles};
use crate::apps::{COUNTER, HOSTILE};
use crate::live::{self, Live, tap_and_see};
use crate::{Effort, Figure};

const REFERENCE: &str = "the same on an idle host";
/// Five sessions that write values of 1 MiB, eight at a time each.
const WRITERS: usize = 5;
const WRITES: usize = 8;
/// Seventeen sessions with 32 orders each at a merchant that says nothing.
const BUYERS: usize = 17;
const ORDERS: usize = 32;
/// Entries of one app that come at once, again and again.
const ENTRIES: usize = 100;

/// Beside writers of large values.
pub(super) fn storage(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let ids = [
        "neighbour-storage-read",
        "neighbour-storage-tap",
        "neighbour-storage-payment",
    ];
    beside(tokio, effort, ids, |host, _| {
        Ok(Box::new(Writers::start(host)))
    })
}

/// Beside orders at a silent merchant.
pub(super) fn merchant(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let ids = [
        "neighbour-merchant-read",
        "neighbour-merchant-tap",
        "neighbour-merchant-payment",
    ];
    beside(tokio, effort, ids, |host, effort| {
        Ok(Box::new(Buyers::start(tokio, host, effort)?))
    })
}

/// Beside an app that fills the audit.
pub(super) fn audit(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let ids = [
        "neighbour-audit-read",
        "neighbour-audit-tap",
        "neighbour-audit-payment",
    ];
    beside(tokio, effort, ids, |host, _| {
        Ok(Box::new(Notes::start(host)?))
    })
}

/// Ends when it is dropped.
trait Flood {}

fn beside(
    tokio: &Tokio,
    effort: Effort,
    ids: [&str; 3],
    flood: impl Fn(&Host, Effort) -> anyhow::Result<Box<dyn Flood>>,
) -> anyhow::Result<Vec<Figure>> {
    let _within = tokio.enter();
    let (mut flooded, mut idle) = (<[Quantiles; 3]>::default(), <[Quantiles; 3]>::default());
    for run in 0..effort.runs.min(5) {
        // A host of its own for each: what is left of a flood is not the next run's.
        let folder = tempfile::tempdir()?;
        let mut host = Host::open(tokio, folder.path())?;
        host.measure(&format!("idle-{run}"), effort, &mut idle)?;
        let going = flood(&host, effort)?;
        host.measure(&format!("flood-{run}"), effort, &mut flooded)?;
        drop(going);
        host.silent.let_go();
    }
    let all = ids.into_iter().zip(flooded.iter().zip(&idle));
    let figure = |(id, (flooded, idle)): (&str, (&Quantiles, &Quantiles))| {
        Figure::of(id, "us", &flooded.p99, (REFERENCE, &idle.p99))
    };
    Ok(all.map(figure).collect())
}

/// A host with one person on it, who reads, taps and pays.
struct Host {
    storage: Arc<SqliteStorage>,
    audit: Arc<SqliteAudit>,
    silent: Arc<Silent>,
    records: SqliteRecords,
    books: Books,
    runtime: Runtime,
    live: Live,
    node: NodeId,
}

impl Host {
    fn open(tokio: &Tokio, folder: &Path) -> anyhow::Result<Self> {
        let _inside = tokio.enter();
        let storage = Arc::new(SqliteStorage::open(&folder.join("storage.sqlite"))?);
        let audit = Arc::new(SqliteAudit::open(&folder.join("audit.sqlite"))?);
        let silent = Arc::new(Silent::default());
        let simulated = Providers::simulated();
        let parts = PaymentParts {
            servers: silent.clone(),
            ..simulated.payments.parts().clone()
        };
        let runtime = Runtime::new(RuntimeConfig {
            providers: Providers {
                storage: storage.clone(),
                payments: Payments::new(parts),
                ..simulated
            },
            audit: audit.clone(),
            ..RuntimeConfig::simulated()
        })?;
        let app = tokio.block_on(live::load(&runtime, COUNTER))?;
        let live = tokio.block_on(Live::launch(&runtime, &app))?;
        let host = Self {
            records: SqliteRecords::open(&folder.join("payments.sqlite"))?,
            books: Books::open(&folder.join("ledger.sqlite"))?,
            node: live.tappable(0)?,
            storage,
            audit,
            silent,
            runtime,
            live,
        };
        host.operate(Operation::Set("key".into(), vec![1; 100]))?;
        Ok(host)
    }

    fn measure(
        &mut self,
        name: &str,
        effort: Effort,
        of: &mut [Quantiles; 3],
    ) -> anyhow::Result<()> {
        let mut took = <[Vec<f64>; 3]>::default();
        let mut requests = self.books.requests(name, effort.repeats)?.into_iter();
        for number in 0..effort.repeats {
            let since = Instant::now();
            self.operate(Operation::Get("key".into()))?;
            took[0].push(micros(since));
            let since = Instant::now();
            self.live.tap(self.node)?;
            took[1].push(micros(since));
            let request = requests.next().context("an order")?;
            let since = Instant::now();
            self.pay(&format!("{name}-{number}"), request)?;
            took[2].push(micros(since));
        }
        for (of, took) in of.iter_mut().zip(took) {
            of.add(took);
        }
        Ok(())
    }

    fn operate(&self, operation: Operation) -> anyhow::Result<()> {
        let owner = owner("shop", "ani");
        let (done, outcome) = mpsc::channel();
        let told = Box::new(move |outcome| drop(done.send(outcome)));
        self.storage
            .submit(&owner, Quota::default(), operation, told);
        outcome.recv()?.map_err(anyhow::Error::from).map(drop)
    }

    /// What a host does once a PIN was right: that the person agreed is written down, the books, what came of it, the audit.
    fn pay(&self, key: &str, request: lapak_ledger::provider::Request) -> anyhow::Result<()> {
        let agreed = Agreed {
            key: key.parse()?,
            app_id: "shop".into(),
            person: "ani".into(),
            account: request.account.clone(),
            amount_minor: 100,
            currency: "IDR".parse()?,
            at_ms: 1_795_557_441_000,
            ask: records::Ask::Pay(key.to_owned()),
        };
        self.records.agree(&agreed, None)?;
        self.books.pay(vec![request], 1)?;
        self.records.finish(&agreed.key, &PaymentResult::Expired)?;
        let paid = entry("shop", "ani", key, Capability::Payments);
        self.audit.note(AuditEntry {
            allowed: true,
            outcome: "paid".into(),
            ..paid
        });
        self.audit.flush("ani", "shop");
        Ok(())
    }
}

fn owner(app: &str, person: &str) -> Owner {
    Owner {
        app_id: app.into(),
        person: person.into(),
    }
}

fn entry(app_id: &str, person: &str, about: &str, capability: Capability) -> AuditEntry {
    AuditEntry {
        at_ms: 1_795_557_441_000,
        person: person.into(),
        app_id: app_id.into(),
        capability,
        function: "send".into(),
        request: String::new(),
        allowed: false,
        grant: "not granted".into(),
        consent: String::new(),
        about: about.into(),
        outcome: "denied".into(),
        times: 1,
    }
}

/// Each writes again as soon as it may.
struct Writers(Arc<AtomicBool>);

impl Flood for Writers {}

impl Writers {
    fn start(host: &Host) -> Self {
        let goes = Arc::new(AtomicBool::new(true));
        for person in 0..WRITERS {
            for at in 0..WRITES {
                write(&host.storage, person, at, &goes);
            }
        }
        Self(goes)
    }
}

fn write(storage: &Arc<SqliteStorage>, person: usize, at: usize, goes: &Arc<AtomicBool>) {
    let set = Operation::Set(format!("key{at}"), vec![0; (1 << 20) - 64]);
    // The last one may be told while the storage is dropped.
    let (again, going) = (Arc::downgrade(storage), goes.clone());
    let told = Box::new(move |outcome: Result<_, _>| {
        if let (true, Ok(_), Some(storage)) =
            (going.load(Ordering::Relaxed), outcome, again.upgrade())
        {
            write(&storage, person, at, &going);
        }
    });
    let writer = owner("flood", &person.to_string());
    storage.submit(&writer, Quota::default(), set, told);
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// A merchant that takes orders and says nothing until it is let go.
#[derive(Default)]
struct Silent {
    asked: AtomicUsize,
    gone: Mutex<bool>,
    changed: Condvar,
}

impl Silent {
    fn let_go(&self) {
        *self.gone.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }
}

impl MerchantServers for Silent {
    fn order(&self, merchant: &str, _: &str, _: &[Wanted]) -> Result<String, NotSigned> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_while(gone, |gone| !*gone));
        Err(NotSigned::Unavailable(merchant.to_owned()))
    }
}

/// People who order there.
struct Buyers(Vec<Session>);

impl Flood for Buyers {}

impl Buyers {
    fn start(tokio: &Tokio, host: &Host, effort: Effort) -> anyhow::Result<Self> {
        let app = tokio.block_on(live::load(&host.runtime, HOSTILE))?;
        let (buyers, orders) = match effort.divide {
            1 => (BUYERS, ORDERS),
            _ => (2, 2),
        };
        let mut sessions = Vec::new();
        for buyer in 0..buyers {
            let mut launch = Launch::new(format!("buyer{buyer}"));
            launch.pages = vec!["pages/main?do=call-pay-sign&at=interaction&with=silent".into()];
            let session = host.runtime.launch(&app, launch)?;
            tokio.block_on(session.settled());
            for _ in 0..orders {
                let tree = session.screen().tree;
                let node = tree.find("tap", Trigger::Tap).context("nothing to tap")?;
                tap_and_see(&session, node)?;
            }
            sessions.push(session);
        }
        while host.silent.asked.load(Ordering::Relaxed) == 0 {
            std::thread::yield_now();
        }
        Ok(Self(sessions))
    }
}

impl Drop for Buyers {
    fn drop(&mut self) {
        for session in &self.0 {
            // A session that has ended already is closed as well.
            let _ = session.send(lapak_host::ShellEvent::Close);
        }
    }
}

/// An app whose every call brings another entry.
struct Notes {
    goes: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Flood for Notes {}

impl Notes {
    fn start(host: &Host) -> anyhow::Result<Self> {
        let goes = Arc::new(AtomicBool::new(true));
        let (going, audit) = (goes.clone(), host.audit.clone());
        let thread = std::thread::Builder::new().spawn(move || {
            let mut number = 0_u64;
            while going.load(Ordering::Relaxed) {
                for _ in 0..ENTRIES {
                    number += 1;
                    audit.note(entry("flood", "p", &number.to_string(), Capability::Fetch));
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        })?;
        Ok(Self {
            goes,
            thread: Some(thread),
        })
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        self.goes.store(false, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
