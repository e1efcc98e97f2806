//! A host with payments that is killed at any instant: whatever the app or the person was told stays true, nothing is paid
//! twice, and what was agreed to is carried out by the next process, whether its session comes back or not.
//!
//! The test starts itself again as the host that is killed. The ledger alone is killed far more often in its own crate.

mod support;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lapak_host::audit::sqlite::SqliteAudit;
use lapak_host::audit::{AuditLog as _, AuditQuery};
use lapak_host::capability::Providers;
use lapak_host::capability::payments::records::PaymentRecords as _;
use lapak_host::capability::payments::records::sqlite::SqliteRecords;
use lapak_host::capability::payments::{PaymentParts, Payments, PeopleOfLedger, Shops};
use lapak_host::{RuntimeConfig, SnapshotConfig};
use lapak_ledger::ledger::{AccountTerms, Ledger, LedgerOptions, Operation, Transfer};
use lapak_ledger::money::Amount;
use lapak_ledger::order::{Line, Order};
use lapak_ledger::pin::{PinError, PinPolicy, Pins};
use lapak_ledger::provider::ledger::LedgerProvider;
use lapak_ledger::{Clock as _, SecretKey, SystemClock};
use support::money::{APP, PIN, account, ani, asked, confirm, idr, merchants, start, told};
use support::until;

/// Names the folder, and makes this program the host that is killed.
const ROLE: &str = "LAPAK_TEST_PAYMENTS_FOLDER";
const TEST: &str = "what_was_told_stays_true_and_nothing_is_paid_twice";
const KILLS: usize = 25;
const PRICE: i64 = 100;
const MONEY: i64 = 1_000_000_000;

#[tokio::test]
async fn what_was_told_stays_true_and_nothing_is_paid_twice() {
    if let Some(folder) = std::env::var_os(ROLE) {
        return pay_for_ever(Path::new(&folder)).await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..KILLS {
        let before = lines(folder, "told").len();
        let mut host = Host::start(folder);
        until("something is paid", || lines(folder, "told").len() > before).await;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let instant = Instant::now();
        while instant.elapsed() < Duration::from_micros(seed % 60_000) {
            std::hint::spin_loop();
        }
        host.kill();
        Ledger::verify_file(&folder.join("ledger.sqlite"), &[]).expect("the books are whole");
    }
    // The next process, without any session: what was agreed to and not known is carried out.
    let ledger = ledger(folder);
    let (runtime, _app) = start(config(folder, ledger.clone())).await;
    let records = SqliteRecords::open(&folder.join("payments.sqlite")).expect("records");
    until("all is known", || {
        records.unfinished().expect("read").is_empty()
    })
    .await;
    drop(runtime);
    let told: BTreeSet<String> = lines(folder, "told").into_iter().collect();
    let asked = lines(folder, "asked");
    let mut paid = 0;
    for order in &asked {
        let (merchant, order_id) = (
            "shop".parse().expect("a name"),
            order.parse().expect("a name"),
        );
        let standing = ledger.order(&merchant, &order_id).expect("read");
        let is_paid = standing.is_some_and(|order| order.paid_seq.is_some());
        assert!(is_paid || !told.contains(order), "{order} was told as paid");
        paid += i64::from(is_paid);
    }
    // No order is there twice, and nothing else was paid.
    let has = |id: &str| {
        let id = id.parse().expect("an account");
        let balance = ledger.balance(&id).expect("read");
        balance.expect("there").available_minor
    };
    assert_eq!(has("merchant:shop"), paid * PRICE);
    assert_eq!(has(account("ani").as_str()), MONEY - paid * PRICE);
    ledger.verify(&[]).expect("the books are whole");
    assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len());
    // The audit knows of every payment that somebody was told of.
    let audit = SqliteAudit::open(&folder.join("audit.sqlite")).expect("an audit");
    let all = AuditQuery {
        person: Some("ani"),
        limit: usize::MAX,
        ..AuditQuery::default()
    };
    let entries = audit.read(all).expect("read");
    let entries = entries.iter().filter(|entry| entry.outcome == "paid");
    let audited: BTreeSet<&str> = entries.map(|entry| &*entry.request).collect();
    assert!(
        audited.len() >= told.len(),
        "{} in the audit",
        audited.len()
    );
    println!(
        "{} told, {paid} paid, {} asked for",
        told.len(),
        asked.len()
    );
    assert!(told.len() >= KILLS);
}

/// The host's part: Ani orders and pays, and each step is noted: what is asked for before it is, what was told after.
async fn pay_for_ever(folder: &Path) {
    let (runtime, app) = start(config(folder, ledger(folder))).await;
    let run = lines(folder, "asked").len();
    // Bounded, should whoever ought to kill it be gone.
    for number in 0..10_000 {
        let id = format!("order-{run}-{number}");
        let signed = order(&id).sign(&SecretKey::from_seed(&[2; 32]));
        let session = ani(&runtime, &app, "call-pay-order", &signed.expect("signed")).await;
        note(folder, "asked", &id);
        let sheet = asked(&session).await;
        confirm(&session, &sheet).await.expect("agreed");
        told(&session, "Paid").await;
        note(folder, "told", &id);
    }
}

fn order(id: &str) -> Order {
    Order {
        amount_minor: PRICE,
        app: APP.into(),
        currency: idr(),
        expires_at_ms: SystemClock.now_ms() + 600_000,
        lines: vec![Line {
            amount_minor: PRICE,
            quantity: 1,
            title: "Rice".into(),
        }],
        merchant: "shop".parse().expect("a name"),
        order: id.parse().expect("a name"),
        version: 1,
    }
}

fn ledger(folder: &Path) -> Arc<Ledger> {
    let options = LedgerOptions::default();
    let ledger = Ledger::open(&folder.join("ledger.sqlite"), options).expect("a ledger");
    let open = |id: &str, floor_minor| {
        let terms = AccountTerms {
            id: id.parse().expect("an account"),
            currency: idr(),
            floor_minor,
            ceiling_minor: None,
        };
        ledger.carry_out(Operation::Open(terms)).expect("opened");
    };
    open("equity:first", None);
    open("merchant:shop", Some(0));
    open(account("ani").as_str(), Some(0));
    let first = Transfer {
        from: "equity:first".parse().expect("an account"),
        to: account("ani"),
        key: "first".parse().expect("a key"),
        amount: Amount::new(MONEY, idr()).expect("an amount"),
        note: String::new(),
    };
    let first = Operation::Transfer(first);
    ledger.carry_out(first).expect("transferred");
    Arc::new(ledger)
}

fn config(folder: &Path, ledger: Arc<Ledger>) -> RuntimeConfig {
    let host_key = Arc::new(SecretKey::from_seed(&[1; 32]));
    let merchants = Arc::new(merchants());
    let provider = LedgerProvider::new(
        ledger,
        host_key.clone(),
        merchants.clone(),
        Arc::new(lapak_ledger::AddressBook::of_own_names()),
    );
    let policy = PinPolicy {
        memory_kib: 8,
        passes: 1,
        ..PinPolicy::default()
    };
    let clock = Arc::new(SystemClock);
    let pins = Pins::open(
        &folder.join("pins.sqlite"),
        [3; 32].into(),
        policy,
        clock.clone(),
    );
    let pins = pins.expect("PINs");
    match pins.choose("ani", PIN) {
        Ok(()) | Err(PinError::AlreadySet) => {}
        Err(error) => panic!("{error}"),
    }
    let records = SqliteRecords::open(&folder.join("payments.sqlite")).expect("records");
    let payments = Payments::new(PaymentParts {
        provider: Arc::new(provider.expect("a provider")),
        merchants,
        host_keys: vec![host_key.public()],
        pins: Arc::new(pins),
        records: Arc::new(records),
        people: Arc::new(PeopleOfLedger(Arc::new(
            lapak_ledger::AddressBook::of_own_names(),
        ))),
        servers: Arc::new(Shops::default()),
        clock,
    });
    let snapshots = SnapshotConfig::in_folder(folder).expect("a store");
    RuntimeConfig {
        providers: Providers {
            payments,
            ..Providers::simulated()
        },
        snapshots: Some(SnapshotConfig {
            checkpoint: Some(Duration::from_millis(100)),
            ..snapshots
        }),
        audit: Arc::new(SqliteAudit::open(&folder.join("audit.sqlite")).expect("an audit")),
        code_cache: Some(folder.join("code")),
        ..RuntimeConfig::simulated()
    }
}

fn note(folder: &Path, what: &str, line: &str) {
    let mut notes = std::fs::OpenOptions::new();
    let notes = notes.append(true).create(true).open(folder.join(what));
    let line = format!("{line}\n");
    notes
        .expect("opened")
        .write_all(line.as_bytes())
        .expect("noted");
}

fn lines(folder: &Path, what: &str) -> Vec<String> {
    let notes = std::fs::read_to_string(folder.join(what)).unwrap_or_default();
    notes.lines().map(str::to_owned).collect()
}

struct Host(Child);

impl Host {
    fn start(folder: &Path) -> Self {
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", TEST, "--nocapture"])
            .env(ROLE, folder)
            .stdout(Stdio::null())
            .spawn();
        Self(child.expect("started"))
    }

    /// SIGKILL: it gets to do nothing more.
    fn kill(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("over");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Killed already, unless the test fails.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
