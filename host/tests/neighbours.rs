//! What one app, person or merchant floods is theirs to wait for: others read, write, pay and are asked beside it.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;

use lapak_host::audit::memory::MemoryAudit;
use lapak_host::audit::sqlite::SqliteAudit;
use lapak_host::audit::{AuditEntry, AuditLog, AuditQuery};
use lapak_host::capability::Providers;
use lapak_host::capability::payments::{MerchantServers, NotSigned, PaymentParts, Payments};
use lapak_host::capability::storage::sqlite::SqliteStorage;
use lapak_host::capability::storage::{
    Operation, Outcome, Owner, Quota, StorageError, StorageProvider,
};
use lapak_host::grants::consent::memory::MemoryConsents;
use lapak_host::sheet::SheetAnswer;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{Capability, Launch, Runtime, RuntimeConfig, Session, ShellEvent};
use lapak_ledger::merchant::Wanted;
use support::device::{Device, ask};
use support::money::World;
use support::{tap, until};

const MIB: usize = 1 << 20;

fn owner(app: &str, person: &str) -> Owner {
    Owner {
        app_id: app.into(),
        person: person.into(),
    }
}

/// Submits, and gives what its outcome comes through.
fn begin(
    storage: &SqliteStorage,
    owner: &Owner,
    quota: Quota,
    operation: Operation,
    told: impl FnOnce() + Send + 'static,
) -> mpsc::Receiver<Result<Outcome, StorageError>> {
    let (sender, outcome) = mpsc::channel();
    let done = Box::new(move |outcome| {
        told();
        drop(sender.send(outcome));
    });
    storage.submit(owner, quota, operation, done);
    outcome
}

/// Faults 2.15: five sessions that write 1 MiB values kept others' reads for seconds.
#[test]
fn a_flood_of_writes_holds_up_neither_reads_nor_writes_of_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = SqliteStorage::open(&folder.path().join("storage.sqlite")).expect("storage");
    let quota = Quota::default();
    let ani = owner("shop", "ani");
    let set = |key: &str, bytes| Operation::Set(key.into(), vec![1; bytes]);
    let done = begin(&storage, &ani, quota, set("key", 10), || {});
    assert_eq!(done.recv().expect("told"), Ok(Outcome::Done));
    let written = Arc::new(AtomicUsize::new(0));
    let mut flood = Vec::new();
    for person in 0..5 {
        let flooder = owner("flood", &person.to_string());
        for at in 0..8 {
            let count = written.clone();
            let told = move || {
                count.fetch_add(1, Ordering::SeqCst);
            };
            let write = set(&format!("key{at}"), MIB - 64);
            flood.push(begin(&storage, &flooder, quota, write, told));
        }
    }
    let so_far = |operation| {
        let outcome = begin(&storage, &ani, quota, operation, || {});
        let outcome = outcome.recv().expect("told").expect("done");
        (outcome, written.load(Ordering::SeqCst))
    };
    let (value, before_read) = so_far(Operation::Get("key".into()));
    assert_eq!(value, Outcome::Value(Some(vec![1; 10])));
    let (_, before_write) = so_far(set("other", 10));
    // In one queue all forty came first.
    assert!(
        before_read < 40 && before_write < 40,
        "{before_read} {before_write}"
    );
    for outcome in flood {
        assert_eq!(outcome.recv().expect("told"), Ok(Outcome::Done));
    }
}

/// One owner has their bound of what waits, and is told; another has none of it.
#[test]
fn who_has_more_waiting_than_fits_is_refused_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = SqliteStorage::open(&folder.path().join("storage.sqlite")).expect("storage");
    // So slow that nothing of the flood is written once it has begun.
    let slow = Quota {
        write_bytes_per_second: 1,
        write_burst_bytes: 1,
        ..Quota::default()
    };
    let flooder = owner("flood", "p");
    let write = |at: usize| Operation::Set(format!("key{at}"), vec![0; MIB - 64]);
    let flood: Vec<_> = (0..40)
        .map(|at| begin(&storage, &flooder, slow, write(at), || {}))
        .collect();
    let done = begin(&storage, &owner("shop", "ani"), slow, write(0), || {});
    assert_eq!(done.recv().expect("told"), Ok(Outcome::Done));
    // At the end nobody waits for their rate: what was taken on is written.
    drop(storage);
    let outcomes: Vec<_> = flood.iter().map(|one| one.recv().expect("told")).collect();
    let busy = outcomes
        .iter()
        .filter(|one| **one == Err(StorageError::Busy));
    let (busy, done) = (
        busy.count(),
        outcomes.iter().filter(|one| one.is_ok()).count(),
    );
    assert_eq!(busy + done, 40);
    assert!((8..=9).contains(&done), "{done}");
}

/// Faults 2.18: 100,000 keys of 3 bytes took 9 MiB of disk, of which 0.3 MB were counted.
#[test]
fn what_lies_on_disk_is_what_is_counted_and_keys_are_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("storage.sqlite");
    let quota = Quota {
        keys: 5_000,
        write_burst_bytes: 1 << 40,
        ..Quota::default()
    };
    let storage = SqliteStorage::open(&path).expect("storage");
    let ani = owner("an.app.with.a.name.of.some.length", &"p".repeat(32));
    let set = |at: usize| Operation::Set(format!("{at:05}"), vec![7]);
    let write = |from: usize, to: usize| {
        let outcomes: Vec<_> = (from..to)
            .map(|at| begin(&storage, &ani, quota, set(at), || {}))
            .collect();
        let outcomes = outcomes.iter().map(|one| one.recv().expect("told"));
        outcomes.filter(Result::is_ok).count()
    };
    let written: usize = (0..10).map(|at| write(at * 500, (at + 1) * 500)).sum();
    assert_eq!(written, 5_000);
    // A key more is refused; what is there already is not.
    assert_eq!(write(5_000, 5_001), 0);
    assert_eq!(write(17, 18), 1);
    drop(storage);
    let on_disk = std::fs::metadata(&path).expect("the file").len();
    let counted = 5_000 * Quota::entry_bytes(5, 1);
    assert!(on_disk <= counted, "{on_disk} bytes of {counted}");
}

#[test]
fn a_file_of_before_owners_had_numbers_is_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("storage.sqlite");
    let old = rusqlite::Connection::open(&path).expect("a file");
    old.execute_batch(
        "CREATE TABLE app_data (app_id TEXT NOT NULL, person TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
             PRIMARY KEY (app_id, person, key)) STRICT, WITHOUT ROWID;
         CREATE TABLE app_data_bytes (app_id TEXT NOT NULL, person TEXT NOT NULL, bytes INTEGER NOT NULL,
             PRIMARY KEY (app_id, person)) STRICT, WITHOUT ROWID;
         INSERT INTO app_data VALUES ('shop', 'ani', 'key', x'0102'), ('shop', 'budi', 'key', x'03');",
    )
    .expect("made");
    drop(old);
    let storage = SqliteStorage::open(&path).expect("storage");
    let get = |person: &str| {
        let get = Operation::Get("key".into());
        let outcome = begin(
            &storage,
            &owner("shop", person),
            Quota::default(),
            get,
            || {},
        );
        outcome.recv().expect("told")
    };
    assert_eq!(get("ani"), Ok(Outcome::Value(Some(vec![1, 2]))));
    assert_eq!(get("budi"), Ok(Outcome::Value(Some(vec![3]))));
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
        *self.gone.lock().expect("not poisoned") = true;
        self.changed.notify_all();
    }
}

impl MerchantServers for Silent {
    fn order(&self, merchant: &str, _: &str, _: &[Wanted]) -> Result<String, NotSigned> {
        if merchant == "silent" {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let gone = self.gone.lock().expect("not poisoned");
            drop(self.changed.wait_while(gone, |gone| !*gone));
        }
        Err(NotSigned::Unavailable(merchant.to_owned()))
    }
}

async fn launch(device: &Device, person: &str, action: &str, with: &str) -> Session {
    let mut launch = Launch::new(person);
    launch.pages = vec![format!("pages/main?do={action}&at=interaction&with={with}")];
    let launched = device.runtime.launch(&device.app, launch);
    let session = launched.expect("launched");
    session.settled().await;
    session
}

/// Faults 2.19: orders at a silent merchant took the threads of all other work that may wait.
#[test]
fn a_silent_merchant_keeps_a_few_threads_and_others_are_asked_and_answered() {
    // As few threads of tokio's own for what blocks as a host may have: none of them is used.
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(4)
        .enable_all()
        .build()
        .expect("a runtime");
    let silent = Arc::new(Silent::default());
    tokio.block_on(async {
        let world = World::new();
        let payments = world.payments();
        let parts = PaymentParts {
            servers: silent.clone(),
            ..payments.parts().clone()
        };
        let config = RuntimeConfig {
            providers: Providers {
                payments: Payments::new(parts),
                ..Providers::simulated()
            },
            ..RuntimeConfig::simulated()
        };
        let device = Device::with(config, SimulatedDevices::default()).await;
        let mut flood = Vec::new();
        for person in 0..6 {
            let session = launch(&device, &format!("p{person}"), "call-pay-sign", "silent").await;
            for _ in 0..8 {
                ask(&session).await;
            }
            flood.push(session);
        }
        let asked = || silent.asked.load(Ordering::SeqCst);
        until("the merchant is asked", || asked() == 4).await;
        // Another merchant, and other work that may wait, of somebody else in the same app.
        let budi = launch(&device, "budi", "call-pay-sign", "other").await;
        tap(&budi, "tap").await;
        support::device::told(&budi, "Unavailable").await;
        let citra = launch(&device, "citra", "call-location-once", "precise").await;
        tap(&citra, "tap").await;
        support::device::told(&citra, "latitude").await;
        assert_eq!(asked(), 4, "of 48 that were asked for");
        silent.let_go();
    });
}

/// Faults 2.8: 400,000 refused calls in one event were 800,000 entries. Faults 2.19's sibling: no thread for each.
#[tokio::test]
async fn refusals_are_in_the_audit_once_for_each_event() {
    let audit = Arc::new(MemoryAudit::default());
    let config = RuntimeConfig {
        audit: audit.clone(),
        ..RuntimeConfig::simulated()
    };
    let device = Device::of(config, SimulatedDevices::default()).await;
    for (action, with, capability, function) in [
        (
            "call-fetch-flood",
            "fetch.example",
            Capability::Fetch,
            "send",
        ),
        (
            "call-pay-flood",
            "x",
            Capability::Payments,
            "request-payment",
        ),
        (
            "call-location-flood",
            "precise",
            Capability::Location,
            "watch",
        ),
    ] {
        let session = launch(&device, "ani", action, with).await;
        session.grants().withdraw(capability);
        for _ in 0..2 {
            tap(&session, "tap").await;
        }
        let query = AuditQuery {
            person: Some("ani"),
            capability: Some(capability),
            limit: 1_000,
            ..AuditQuery::default()
        };
        let entries = audit.read(query).expect("read");
        let denied = entries.iter().filter(|entry| !entry.allowed);
        let denied: Vec<_> = denied.map(|one| (&*one.function, one.times)).collect();
        // A hundred in each of two events; alike, so that they are one that says twice.
        assert_eq!(denied, [(function, 2)], "{action}");
    }
    // The sessions that images are taken of are nobody's.
    let everybody = AuditQuery {
        limit: 10_000,
        ..AuditQuery::default()
    };
    let all = audit.read(everybody).expect("read");
    assert!(all.iter().all(|entry| entry.person == "ani"), "{all:?}");
}

fn refusal(app_id: &str, person: &str, about: usize) -> AuditEntry {
    AuditEntry {
        at_ms: 1_795_557_441_000,
        person: person.into(),
        app_id: app_id.into(),
        capability: Capability::Fetch,
        function: "send".into(),
        request: String::new(),
        allowed: false,
        grant: "not granted".into(),
        consent: String::new(),
        about: about.to_string(),
        outcome: "denied".into(),
        times: 1,
    }
}

#[test]
fn a_flood_of_entries_is_counted_and_loses_nothing_of_anybody_else() {
    use lapak_host::audit::bounds::{KEPT_REFUSALS, WAITING_OF_ONE};

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.sqlite");
    let audit = SqliteAudit::open(&path).expect("an audit");
    let used = AuditEntry {
        allowed: true,
        ..refusal("flood", "ani", 0)
    };
    audit.note(used.clone());
    for at in 0..50_000 {
        audit.note(refusal("flood", "ani", at));
        if at % 1_000 == 0 {
            audit.note(refusal("shop", "ani", at));
        }
    }
    let of = |app_id| {
        let query = AuditQuery {
            person: Some("ani"),
            app_id: Some(app_id),
            limit: 100_000,
            ..AuditQuery::default()
        };
        audit.read(query).expect("read")
    };
    assert_eq!(of("shop").len(), 50);
    let flood = of("flood");
    let refused: Vec<_> = flood.iter().filter(|entry| !entry.allowed).collect();
    assert!(refused.len() <= KEPT_REFUSALS as usize + KEPT_REFUSALS as usize / 10);
    // Refusals drive out no use.
    assert!(flood.contains(&used));
    // Many more than fit came at once: entries say how many.
    let left_out = refused.iter().filter(|entry| entry.outcome == "left out");
    assert!(left_out.count() > 0 || 50_000 / WAITING_OF_ONE < 500);
    // Nothing but what retention has given up can be removed.
    let file = rusqlite::Connection::open(&path).expect("the file");
    let removed = file.execute("DELETE FROM audit", []);
    assert!(
        removed
            .expect_err("refused")
            .to_string()
            .contains("append-only")
    );
}

/// Faults 2.22: a consent sheet that was cancelled came back at once, for ever.
#[tokio::test]
async fn a_sheet_that_was_cancelled_does_not_come_back_until_the_person_does_something() {
    let config = RuntimeConfig {
        consents: Arc::new(MemoryConsents::default()),
        ..RuntimeConfig::simulated()
    };
    let device = Device::of(config, SimulatedDevices::default()).await;
    let mut launch = Launch::new("ani");
    // Asks anew whenever it hears that it may not.
    launch.pages = vec!["pages/main?do=call-location-once&at=request-finished".into()];
    let session = device.runtime.launch(&device.app, launch);
    let session = session.expect("launched");
    let cancel = async || {
        until("the sheet is there", || !session.sheets().is_empty()).await;
        let sheet = session.sheets().remove(0);
        let cancelled = session.answer_sheet(sheet.id, SheetAnswer::Cancel);
        cancelled.await.expect("taken");
    };
    cancel().await;
    let handled = session.handled();
    until("it asks again and again", || {
        let open = session.sheets().len();
        assert_eq!(open, 0, "it came back");
        session.handled() > handled + 20
    })
    .await;
    // The back button is something.
    session.send(ShellEvent::Back).expect("sent");
    cancel().await;
    assert!(session.sheets().is_empty());
    session.send(ShellEvent::Close).expect("sent");
}

/// Whoever has many requests does not have as many sheets.
#[tokio::test]
async fn only_so_many_sheets_are_open_at_a_time() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let mut launch = Launch::new("ani");
    let order = world.signed("o-1", 100);
    launch.pages = vec![format!(
        "pages/main?do=call-pay-flood&at=interaction&with={order}"
    )];
    let session = runtime.launch(&app, launch).expect("launched");
    session.settled().await;
    ask(&session).await;
    until("sheets open", || session.sheets().len() >= 8).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(session.sheets().len(), 8);
    session.send(ShellEvent::Close).expect("sent");
    drop::<Runtime>(runtime);
}
