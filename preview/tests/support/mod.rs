//! What the preview's tests share: a server on a port of its own, with apps built from this repository.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod browser;
pub(crate) mod sheet;
pub(crate) mod shell;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lapak_abi::package::{Package, PackageLimits, PackageWriter};
use lapak_host::audit::sqlite::SqliteAudit;
use lapak_host::capability::Providers;
use lapak_host::capability::clock::simulated::SimulatedClock;
use lapak_host::capability::storage::sqlite::SqliteStorage;
use lapak_host::capability::timer::simulated::SimulatedTimer;
use lapak_host::grants::consent::sqlite::SqliteConsents;
use lapak_host::recording::RecordOptions;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{HostKey, Runtime, RuntimeConfig, SnapshotConfig};
use lapak_ledger::ledger::{Ledger, Proof};
use lapak_preview::demo::{DemoBank, DemoShop};
use lapak_preview::{KeptSessions, PeopleKey, Preview, PreviewOptions, ShownApps};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A preview server that ends with the test.
pub(crate) struct Server {
    pub(crate) preview: Preview,
    pub(crate) runtime: Runtime,
    pub(crate) address: SocketAddr,
    /// What people hold in their hands, to be set by tests.
    pub(crate) devices: SimulatedDevices,
    clock: Arc<SimulatedClock>,
    timer: Arc<SimulatedTimer>,
    pub(crate) bank: DemoBank,
    data: tempfile::TempDir,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Serves these apps of the repository, each under its folder's name.
    pub(crate) async fn of(apps: &[&str]) -> Self {
        let server = Self::over(tempfile::tempdir().expect("a folder")).await;
        for app in apps {
            let name = app.rsplit('/').next().unwrap_or_default();
            let path = app.to_string();
            let package = tokio::task::spawn_blocking(move || built(&path))
                .await
                .expect("built");
            server.show(name, package).await;
        }
        server
    }

    /// Serves these packages, each under its name, set up otherwise than most tests want.
    pub(crate) async fn set_up(
        packages: Vec<(&str, Package)>,
        change: impl FnOnce(&mut PreviewOptions, &mut RuntimeConfig),
    ) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let server = Self::at("127.0.0.1:0", data, None, change).await;
        for (name, package) in packages {
            server.show(name, package).await;
        }
        server
    }

    /// Serves without apps, over a folder that an earlier server may have left.
    pub(crate) async fn over(data: tempfile::TempDir) -> Self {
        Self::at("127.0.0.1:0", data, None, |_, _| {}).await
    }

    /// Stops in order, and starts again at the same address, `app` still to be built.
    pub(crate) async fn again(self, app: &str) -> Self {
        let address = self.address.to_string();
        Self::at(&address, self.stop().await, Some(app), |_, _| {}).await
    }

    async fn at(
        address: &str,
        data: tempfile::TempDir,
        to_come: Option<&str>,
        change: impl FnOnce(&mut PreviewOptions, &mut RuntimeConfig),
    ) -> Self {
        let file = |name: &str| data.path().join(name);
        let storage = SqliteStorage::open(&file("storage.sqlite")).expect("storage");
        let shops = ["examples/warung", "examples/sepeda"]
            .map(|app| DemoShop::of_folder(&root().join(app)).expect("a shop"));
        let shops: Vec<_> = shops.into_iter().flatten().collect();
        let bank = DemoBank::open(data.path(), &shops).expect("a bank");
        let devices = SimulatedDevices::default();
        let (clock, timer) = (
            Arc::<SimulatedClock>::default(),
            Arc::<SimulatedTimer>::default(),
        );
        let mut providers = Providers {
            storage: Arc::new(storage),
            payments: bank.payments(),
            wallet: bank.wallet(),
            clock: clock.clone(),
            timer: timer.clone(),
            ..Providers::simulated()
        };
        devices.put_behind(&mut providers);
        let apps = ShownApps::new(&devices);
        providers.open_app = Arc::new(apps.clone());
        let mut config = RuntimeConfig {
            providers,
            consents: Arc::new(SqliteConsents::open(&file("consents.sqlite")).expect("consents")),
            audit: Arc::new(SqliteAudit::open(&file("audit.sqlite")).expect("an audit")),
            snapshots: Some(SnapshotConfig::in_folder(data.path()).expect("a store")),
            record: Some(RecordOptions {
                most_bytes: 2 << 20,
                hashes: false,
            }),
            ..RuntimeConfig::simulated()
        };
        let mut options = PreviewOptions {
            kept: Some(KeptSessions::open(&data.path().join("open.sqlite")).expect("a file")),
            devices: Some(devices.clone()),
            apps: Some(apps),
            people: PeopleKey::of_host(&HostKey::open(data.path()).expect("a key")),
            inspector: true,
            metrics: true,
            ..PreviewOptions::default()
        };
        change(&mut options, &mut config);
        let runtime = Runtime::new(config).expect("a runtime");
        let preview = Preview::new(runtime.clone(), options);
        if let Some(app) = to_come {
            preview.building(app);
        }
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = preview.clone();
        let serving = tokio::spawn(async move { server.serve(listener).await });
        Self {
            preview,
            runtime,
            address,
            devices,
            clock,
            timer,
            bank,
            data,
            serving,
        }
    }

    /// Lets time pass for the apps, whose clock stands still otherwise.
    pub(crate) fn pass(&self, time: std::time::Duration) {
        self.clock.advance(time);
        self.timer.advance(time);
    }

    /// Shows an app under a name.
    pub(crate) async fn show(&self, name: &str, package: Package) {
        let app = self.runtime.load(package).await.expect("loaded");
        self.preview.show(name, app).await;
    }

    /// Stops in order; gives the folder for the next server.
    pub(crate) async fn stop(self) -> tempfile::TempDir {
        let left = self
            .preview
            .suspend(std::time::Duration::from_secs(20))
            .await;
        assert_eq!(left.expect("suspended"), 0);
        self.serving.abort();
        // Until then the port is taken.
        let _ = self.serving.await;
        self.data
    }

    /// Proves the bank's books, as `lapak ledger verify` does.
    pub(crate) fn books(&self) -> Proof {
        let books = DemoBank::books(self.data.path());
        Ledger::verify_file(&books, &[]).expect("the books are sound")
    }

    /// What is in an account of the bank's, in minor units.
    pub(crate) fn balance(&self, account: &str) -> i64 {
        let books = DemoBank::books(self.data.path());
        let ledger = Ledger::open(&books, lapak_ledger::ledger::LedgerOptions::default());
        let account = account.parse().expect("a name");
        let balance = ledger.expect("the books").balance(&account);
        let balance = balance.expect("read").expect("an account");
        balance.available_minor
    }

    /// The account of the one person who has come to the bank.
    pub(crate) fn persons_account(&self) -> String {
        let books = DemoBank::books(self.data.path());
        let ledger = Ledger::open(&books, lapak_ledger::ledger::LedgerOptions::default());
        let all = ledger.expect("the books").accounts_below("person:");
        let relatives = ["ibu", "rina", "budi", "nenek"].map(|one| format!("person:{one}:IDR"));
        let all = all.expect("read").into_iter().map(|(id, _)| id.to_string());
        let people: Vec<_> = all.filter(|id| !relatives.contains(id)).collect();
        assert_eq!(people.len(), 1, "{people:?}");
        people[0].clone()
    }

    /// `http://127.0.0.1:…` and a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// The package with its manifest changed.
pub(crate) fn with_manifest(
    package: &Package,
    change: impl FnOnce(&mut serde_json::Value),
) -> Package {
    let mut change = Some(change);
    let mut writer = PackageWriter::new();
    for (path, bytes) in package.files() {
        let mut bytes = bytes.to_vec();
        if path == "manifest.json"
            && let Some(change) = change.take()
        {
            let mut manifest = serde_json::from_slice(&bytes).expect("JSON");
            change(&mut manifest);
            bytes = manifest.to_string().into_bytes();
        }
        writer.file(path, bytes).expect("a file");
    }
    let bytes = writer.finish().expect("a package");
    Package::read(bytes, &PackageLimits::default()).expect("reads")
}

/// Builds an app of this repository, once in a process: asking cargo again takes seconds. Between processes cargo waits by itself.
pub(crate) fn built(app: &str) -> Package {
    static BUILT: Mutex<BTreeMap<String, Package>> = Mutex::new(BTreeMap::new());
    let mut all = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(package) = all.get(app) {
        return package.clone();
    }
    let built = lapak_build::build(&root().join(app), &mut |_| {}).expect("the app builds");
    let package = Package::read(built.bytes, &PackageLimits::default()).expect("the package reads");
    all.insert(app.to_owned(), package.clone());
    package
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
