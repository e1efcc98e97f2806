//! What the preview's tests share: a server on a port of its own, with apps built from this repository.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod browser;
pub(crate) mod shell;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use lapak_abi::package::{Package, PackageLimits};
use lapak_host::capability::Providers;
use lapak_host::capability::storage::sqlite::SqliteStorage;
use lapak_host::{Runtime, RuntimeConfig};
use lapak_preview::{Preview, PreviewOptions};
use tokio::net::TcpListener;

/// A preview server that ends with the test.
pub(crate) struct Server {
    pub(crate) preview: Preview,
    pub(crate) runtime: Runtime,
    pub(crate) address: SocketAddr,
    _data: tempfile::TempDir,
}

impl Server {
    /// Serves these apps of the repository, each under its folder's name.
    pub(crate) async fn of(apps: &[&str]) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let storage = SqliteStorage::open(&data.path().join("storage.sqlite")).expect("storage");
        let config = RuntimeConfig {
            providers: Providers {
                storage: Arc::new(storage),
                ..Providers::simulated()
            },
            ..RuntimeConfig::simulated()
        };
        let runtime = Runtime::new(config).expect("a runtime");
        let preview = Preview::new(runtime.clone(), PreviewOptions::default());
        for app in apps {
            let app = app.to_string();
            let name = app.rsplit('/').next().unwrap_or_default().to_owned();
            let package = tokio::task::spawn_blocking(move || built(&app))
                .await
                .expect("built");
            preview
                .show(&name, runtime.load(package).await.expect("loaded"))
                .await;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = preview.clone();
        tokio::spawn(async move { server.serve(listener).await });
        Self {
            preview,
            runtime,
            address,
            _data: data,
        }
    }

    /// `http://127.0.0.1:…` and a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// Builds an app of the repository.
pub(crate) fn built(app: &str) -> Package {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock();
    let built = lapak_build::build(&root().join(app), &mut |_| {}).expect("the app builds");
    Package::read(built.bytes, &PackageLimits::default()).expect("the package reads")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
