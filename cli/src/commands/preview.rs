//! `lapak preview`: apps in a browser, built again whenever their sources change.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use lapak_build::Purpose;
use lapak_host::audit::sqlite::SqliteAudit;
use lapak_host::capability::Providers;
use lapak_host::capability::clock::SystemClock;
use lapak_host::capability::fetch::https::{HttpsFetch, HttpsOptions};
use lapak_host::capability::files::folder::FolderFiles;
use lapak_host::capability::random::SystemRandom;
use lapak_host::capability::storage::sqlite::SqliteStorage;
use lapak_host::capability::timer::SystemTimer;
use lapak_host::grants::consent::sqlite::SqliteConsents;
use lapak_host::grants::{Bounds, Capability};
use lapak_host::recording::RecordOptions;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::{AppSource, Runtime, RuntimeConfig, SnapshotConfig};
use lapak_preview::demo::{DemoBank, DemoShop};
use lapak_preview::{KeptSessions, Preview, PreviewOptions, SessionQuotas, ShownApps};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::open::open_package;
use crate::{first_device, folders, output, profile, watch};

/// Shows apps in a browser. Folders are watched: a change is built and shown by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  lapak preview                          the app in this folder
  lapak preview apps/shop apps/bank      two apps on one server
  lapak preview shop-0.1.0.ma --port 8080
  lapak preview --address 0.0.0.0        for every device in the network

Apps that pay are paid from a demonstration's bank, with play money; its books are in the folder for data, below bank/
(`lapak ledger verify` proves them). An app whose folder has a shop.json sells what is in it: {\"name\": \"My shop\",
\"catalogue\": {…}}, the catalogue as in `lapak merchant serve --help`.
Devices are simulated, one for each person; the inspector sets them. An app whose folder has a device.json, a list of lines like
\"bluetooth add lock SPD-1042\", says how they are at first. What `fetch` asks goes to the network, unless the device has an answer.")]
pub(crate) struct PreviewArgs {
    /// Folders of apps, or packages (.ma).
    #[arg(default_value = ".")]
    apps: Vec<PathBuf>,
    /// The port to listen on.
    #[arg(long, default_value_t = 7700)]
    port: u16,
    /// The address to listen on. Anything but this machine's own lets others use your apps.
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
    /// A name under which browsers reach this server, e.g. preview.example.com. May be repeated.
    #[arg(long = "host-name", alias = "host", value_name = "NAME")]
    host_names: Vec<String>,
    /// The prefix below which browsers reach this server, e.g. /preview.
    #[arg(long, value_name = "PREFIX", default_value = "")]
    base_path: String,
    /// A proxy stands in front, and nobody reaches this server but by it: believes its X-Forwarded-For and X-Forwarded-Proto.
    #[arg(long)]
    behind_proxy: bool,
    /// Lets whoever opens a page look into its app: what it stores, its events, its device, a recording of it. On by itself
    /// where only this machine reaches the server.
    #[arg(long)]
    inspect: bool,
    /// Tells whoever asks what the host counts: /metrics and /_lapak/load. On by itself with --inspect.
    #[arg(long)]
    metrics: bool,
    /// Where the apps' data and the open sessions are kept, which go on when the preview is started again [default: the
    /// folder for data of this user].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Shows apps as on the platform that this file describes: what it lends and how far, how devices are at first.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
}

/// How long sessions in the middle of an event are waited for at the end.
const LAST_EVENTS: Duration = Duration::from_secs(5);

/// Recordings of the preview's sessions are small and without hashes: every session has one, and few are ever wanted.
const RECORD: RecordOptions = RecordOptions {
    most_bytes: 2 << 20,
    hashes: false,
};

/// Serves until Ctrl-C or SIGTERM.
pub(crate) fn run(args: &PreviewArgs) -> Result<(), Failure> {
    for app in &args.apps {
        if !app.exists() {
            return Err(Failure::app(format!(
                "{} does not exist. Name a folder of an app or a package (.ma)",
                app.display()
            )));
        }
    }
    let tokio = tokio::runtime::Runtime::new().context("tokio could not be started")?;
    let served = tokio.block_on(serve(args));
    // Whoever stops the preview does not want to wait for a compiler.
    tokio.shutdown_background();
    served
}

async fn serve(args: &PreviewArgs) -> Result<(), Failure> {
    let address = SocketAddr::new(args.address, args.port);
    lapak_preview::raise_descriptor_limit();
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::machine(format!(
            "cannot listen on {address}: {error}. Is another preview running? Choose another port with --port"
        ))
    })?;
    let address = listener
        .local_addr()
        .context("the listener has no address")?;
    let data = args.data.clone().unwrap_or_else(folders::data);
    let devices = SimulatedDevices::default();
    for app in args.apps.iter().filter(|app| app.is_dir()) {
        first_device::begin_with(app, &devices)?;
    }
    let apps = ShownApps::new(&devices);
    let data = DataFolder::take(data, args.data.is_some())?;
    let (runtime, kept) = runtime(args, &data.path, &devices, &apps)?;
    let inspector = args.inspects();
    let people = data.people()?;
    let own_name = people.own_name();
    let options = PreviewOptions {
        hosts: [args.host_names.as_slice(), std::slice::from_ref(&own_name)].concat(),
        kept: Some(kept),
        devices: Some(devices),
        apps: Some(apps),
        people,
        inspector,
        metrics: args.metrics || inspector,
        behind_proxy: args.behind_proxy,
        base_path: args.base_path.clone(),
        ..PreviewOptions::default()
    };
    let preview = Preview::new(runtime.clone(), options);
    let shown = named(&args.apps);
    // Who looks before all are built is told which are still to come; an open page of one waits for it.
    shown.keys().for_each(|name| preview.building(name));
    let server = preview.clone();
    let serving = tokio::spawn(async move { server.serve(listener).await });
    let mut stopped = pin!(stop_wanted());
    let mut watched = Vec::new();
    for (name, path) in shown {
        tokio::select! {
            () = show(&runtime, &preview, &name, &path) => {}
            () = &mut stopped => return suspend(&preview).await,
        }
        if path.is_dir() {
            watched.push((name, path));
        }
    }
    output::line(&format!(
        "Lapak preview: {}  (Ctrl-C ends it)",
        url(address, &args.base_path)
    ))?;
    if address.ip().is_loopback() {
        let name = format!("{own_name}:{}", address.port());
        output::note(&format!(
            "If others use this machine too: http://{name}/{}. Their servers, on other ports, see no cookie of yours there.",
            base_below(&args.base_path)
        ));
    }
    let rebuilding = tokio::spawn(rebuild(runtime, preview.clone(), watched));
    tokio::select! {
        ended = serving => ended.context("the server ended")?.context("the server failed")?,
        () = stopped => {}
    }
    rebuilding.abort();
    suspend(&preview).await
}

impl PreviewArgs {
    /// Whether pages may look into apps: where nobody but this machine's users can open one, or by the switch.
    fn inspects(&self) -> bool {
        let here = self.address.is_loopback() && self.host_names.is_empty() && !self.behind_proxy;
        self.inspect || here
    }
}

/// Writes the open sessions down: they go on when the preview is started again.
async fn suspend(preview: &Preview) -> Result<(), Failure> {
    let left = preview.suspend(LAST_EVENTS).await;
    let left =
        left.map_err(|error| Failure::machine(format!("open sessions are not kept: {error}")))?;
    if left > 0 {
        output::note(&format!(
            "warning: {left} open sessions could not be kept; their apps will be launched again"
        ));
    }
    Ok(())
}

/// Comes when the preview is told to stop: by Ctrl-C, or by whatever manages services.
async fn stop_wanted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Where it cannot be waited for, only the process's end ends it.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A prefix as it follows a slash.
fn base_below(base: &str) -> String {
    match base.trim_matches('/') {
        "" => String::new(),
        base => format!("{base}/"),
    }
}

fn url(address: SocketAddr, base: &str) -> String {
    let base = base_below(base);
    if address.ip().is_unspecified() {
        return format!(
            "http://localhost:{}/{base} (and this machine's other addresses)",
            address.port()
        );
    }
    format!("http://{address}/{base}")
}

/// The shops of the apps' folders, which the demonstration's bank plays.
fn shops(apps: &[PathBuf]) -> Result<Vec<DemoShop>, Failure> {
    let mut shops = Vec::new();
    for folder in apps.iter().filter(|app| app.is_dir()) {
        let shop = DemoShop::of_folder(folder).map_err(|error| Failure::app(error.to_string()))?;
        shops.extend(shop);
    }
    Ok(shops)
}

/// What runs the apps, and what remembers their sessions, both with their files in the folder `data`.
fn runtime(
    args: &PreviewArgs,
    data: &Path,
    devices: &SimulatedDevices,
    apps: &ShownApps,
) -> Result<(Runtime, KeptSessions), Failure> {
    let unusable = |error: String| {
        Failure::machine(format!(
            "{}: {error}. Choose another folder with --data",
            data.display()
        ))
    };
    let sessions = data.join("sessions");
    let storage = SqliteStorage::open(&data.join("storage.sqlite"))
        .map_err(|error| unusable(format!("{error:#}")))?;
    let files =
        FolderFiles::open(&data.join("files")).map_err(|error| unusable(error.to_string()))?;
    let snapshots =
        SnapshotConfig::in_folder(&sessions).map_err(|error| unusable(error.to_string()))?;
    let kept = KeptSessions::open(&sessions.join("open.sqlite"))
        .map_err(|error| unusable(error.to_string()))?;
    let bank = data.join("bank");
    let consents = SqliteConsents::open(&bank.join("consents.sqlite"))
        .map_err(|error| unusable(error.to_string()))?;
    let audit = SqliteAudit::open(&bank.join("audit.sqlite"))
        .map_err(|error| unusable(error.to_string()))?;
    let bank =
        DemoBank::open(&bank, &shops(&args.apps)?).map_err(|error| unusable(error.to_string()))?;
    let mut providers = Providers {
        clock: Arc::new(SystemClock::new()),
        random: Arc::new(SystemRandom),
        storage: Arc::new(storage),
        timer: Arc::new(SystemTimer::new(tokio::runtime::Handle::current())),
        payments: bank.payments(),
        wallet: bank.wallet(),
        ..Providers::simulated()
    };
    devices.put_behind(&mut providers);
    let https = HttpsFetch::new(HttpsOptions::default());
    providers.fetch = Arc::new(devices.fetching(Some(Arc::new(https))));
    providers.files = Arc::new(files);
    providers.open_app = Arc::new(apps.clone());
    let mut config = RuntimeConfig {
        code_cache: folders::code_cache(),
        compiler: super::compile::compiler(),
        // A platform that lends all that there is, unless a profile says less.
        grants: Capability::ALL.to_vec(),
        bounds: Bounds::unlimited(),
        snapshots: Some(snapshots),
        // Never fewer than the server lets be opened, or those of one address would be all that there is room for.
        max_sessions: SessionQuotas::default().open,
        record: Some(RECORD),
        ..RuntimeConfig::new(providers, Arc::new(consents), Arc::new(audit))
    };
    if let Some(file) = &args.profile {
        profile::set_up(file, &mut config, devices)?;
    }
    let runtime = Runtime::new(config).map_err(|error| Failure::machine(error.to_string()))?;
    Ok((runtime, kept))
}

/// Builds or reads one app and shows it; what is wrong goes to the terminal and to the browser.
async fn show(runtime: &Runtime, preview: &Preview, name: &str, path: &Path) {
    preview.building(name);
    let since = SystemTime::now();
    let folder = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || open_package(&folder, Purpose::Preview)).await;
    let package = match opened {
        Ok(Ok(package)) => package,
        Ok(Err(failure)) => {
            output::note(&failure.to_string());
            return preview.build_failed(name, failure.to_string());
        }
        Err(error) => return preview.build_failed(name, error.to_string()),
    };
    for warning in package.warnings() {
        output::note(&format!("warning: {warning}"));
    }
    // Unsigned: what it keeps is its folder's, or its file's.
    let source = AppSource::Place(path.to_string_lossy().into());
    match runtime.load_from(package, source).await {
        Ok(app) => {
            preview.show(name, app).await;
            for note in preview.style_notes(name) {
                output::note(&format!("warning: {note}"));
            }
            let took = since.elapsed().unwrap_or_default();
            output::note(&format!("{name} is ready ({:.1} s)", took.as_secs_f32()));
        }
        Err(error) => {
            output::note(&format!("{}: {error}", path.display()));
            preview.build_failed(name, error.to_string());
        }
    }
}

/// Builds apps again as their sources change.
async fn rebuild(runtime: Runtime, preview: Preview, folders: Vec<(String, PathBuf)>) {
    let (sender, mut changed) = mpsc::unbounded_channel::<usize>();
    let paths: Vec<PathBuf> = folders.iter().map(|(_, path)| path.clone()).collect();
    let mut watching = match watch::watch(&paths, sender) {
        Ok(watching) => watching,
        Err(error) => {
            output::note(&format!(
                "warning: sources are not watched ({error}); start the preview again after a change"
            ));
            return std::future::pending().await;
        }
    };
    let mut numbers: Vec<_> = paths.iter().map(|path| watch::number(path)).collect();
    while let Some(first) = changed.recv().await {
        // Editors write several files at once: wait for the last.
        tokio::time::sleep(Duration::from_millis(40)).await;
        let mut due = std::collections::BTreeSet::from([first]);
        while let Ok(another) = changed.try_recv() {
            due.insert(another);
        }
        for index in due {
            let (Some((name, path)), Some(last)) = (folders.get(index), numbers.get_mut(index))
            else {
                continue;
            };
            watch::watch_again(&mut watching, path, last);
            show(&runtime, &preview, name, path).await;
        }
    }
}

/// Gives every app a name that fits into an address.
fn named(apps: &[PathBuf]) -> BTreeMap<String, PathBuf> {
    let mut named = BTreeMap::new();
    for app in apps {
        let full = app.canonicalize().unwrap_or_else(|_| app.clone());
        let last = if full.is_dir() {
            full.file_name()
        } else {
            full.file_stem()
        };
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        };
        let base: String = last
            .unwrap_or_default()
            .to_string_lossy()
            .chars()
            .map(plain)
            .collect();
        let base = if base.trim_matches('-').is_empty() {
            "app".to_owned()
        } else {
            base
        };
        let mut name = base.clone();
        let mut count = 2;
        while named.contains_key(&name) {
            name = format!("{base}-{count}");
            count += 1;
        }
        named.insert(name, full);
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_into_addresses_and_differ() {
        let apps = ["/x/My Shop.ma", "/y/My Shop.ma", "/z/…"].map(PathBuf::from);
        let names: Vec<_> = named(&apps).into_keys().collect();
        assert_eq!(names, ["app", "my-shop", "my-shop-2"]);
    }
}
