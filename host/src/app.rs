//! From a package to an app that can be launched: check, compile or find in the cache, link.

pub(crate) mod compile_queue;
pub(crate) mod compiler;
mod findings;
pub(crate) mod source;
mod weight;

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use lapak_abi::manifest::Manifest;
use lapak_abi::package::Package;
use lapak_abi::pages::{PageStack, Routes};
use lapak_scheduler::Account;
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

use self::compiler::Compiler;
use self::findings::Checked;
pub(crate) use self::findings::FINDINGS_VERSION;
use self::source::AppSource;
use crate::account::Accounts;
use crate::bindings::{MiniApp, MiniAppPre};
use crate::code_cache::CodeCache;
use crate::contract::{ContractError, VendorInterfaces};
use crate::instance::{AppState, InstanceState, hosted};
use crate::session::{Launch, SLOW_TICKS};
use crate::snapshot::eligibility::Verdict;
use crate::snapshot::image::Image;
use crate::vendor::{Vendor, link_absent};

/// Most models of one app. Sessions that would need one more are compared with the first.
const MOST_MODELS: usize = 8;

/// An app that is ready to be launched: checked, compiled, linked. Shared by all its sessions.
pub struct App {
    package: Arc<Package>,
    /// Names its package and whose it is.
    mark: [u8; 32],
    routes: Arc<Routes>,
    pre: MiniAppPre<AppState>,
    needs_wasi: bool,
    from_cache: bool,
    verdict: Verdict,
    id: Arc<str>,
    serial: u64,
    account: Arc<Account>,
    /// Its own and its package's, once a session of it was launched.
    accounts: OnceLock<[Arc<crate::account::Account>; 2]>,
    pristine: OnceLock<(Arc<Image>, usize)>,
    /// A session of it has become large.
    grows: AtomicBool,
    /// Until when it counts as slow, in the host's coarse time.
    slow_until: AtomicU32,
    /// Linear memory of a session that was kept resident last, in bytes.
    resident_bytes: AtomicUsize,
    models: Mutex<Vec<Arc<Model>>>,
}

/// A memory that many sessions of an app have nearly in common: that of an app just launched in a certain way. It is
/// taken from a session that was launched for it alone, with simulated providers, and so holds nobody's data.
#[derive(Debug)]
pub(crate) struct Model {
    key: ModelKey,
    image: OnceLock<Arc<Image>>,
}

/// What makes launches alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ModelKey {
    lang: String,
    page: String,
}

impl Model {
    pub(crate) fn image(&self) -> Option<Arc<Image>> {
        self.image.get().cloned()
    }

    /// The first image stays.
    pub(crate) fn set(&self, image: Arc<Image>) {
        let _ = self.image.set(image);
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("id", &self.manifest().app_id)
            .field("version", &self.manifest().version.name)
            .finish_non_exhaustive()
    }
}

/// Why a package cannot be run here.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The component does not keep the contract.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// The component is not valid WebAssembly, or not of the types that the contract asks for.
    #[error("app.wasm was refused: {0}. Build it again with the SDK of this host's version")]
    Component(String),
    /// Compiling the component would take, or took, more than one package may.
    #[error("app.wasm is too much for the compiler: {0}")]
    TooCostly(String),
    /// As many packages wait to be compiled as this host takes.
    #[error("too many packages wait to be compiled; try again when some are done")]
    Busy,
    /// The host failed, not the package.
    #[error("the host could not load the app: {0}")]
    Host(String),
}

impl App {
    /// The package it came from.
    #[must_use]
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// What the app says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.package.manifest()
    }

    /// Whether the compiled code was found in the cache.
    #[must_use]
    pub fn from_cache(&self) -> bool {
        self.from_cache
    }

    /// Whether idle sessions of this app can be frozen, and if not, why. Else they are kept in an instance.
    #[must_use]
    pub fn snapshots(&self) -> &Verdict {
        &self.verdict
    }

    pub(crate) fn is_eligible(&self) -> bool {
        matches!(self.verdict, Verdict::Eligible(_))
    }

    /// Bytes at the start of memory that hold nothing between events.
    pub(crate) fn scratch_bytes(&self) -> usize {
        match &self.verdict {
            Verdict::Eligible(layout) => usize::try_from(layout.scratch_bytes).unwrap_or(0),
            Verdict::Resident(_) => 0,
        }
    }

    /// CPU time of all its sessions so far, those that have ended too.
    #[must_use]
    pub fn cpu_time(&self) -> std::time::Duration {
        self.account.cpu()
    }

    /// What sessions on disk name it by: its package, and whose it is.
    pub(crate) fn mark(&self) -> [u8; 32] {
        self.mark
    }

    /// Its id on this host; see [`Owner::app_id`](crate::capability::storage::Owner::app_id).
    pub(crate) fn id(&self) -> Arc<str> {
        self.id.clone()
    }

    /// Names this loaded app within the process.
    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    /// CPU time of all its sessions.
    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// Its account and its package's, for everything but CPU time.
    pub(crate) fn accounts(&self, accounts: &Accounts) -> [&Arc<crate::account::Account>; 2] {
        let [app, package] = self.accounts.get_or_init(|| {
            let package = hex(&self.package.digest());
            [accounts.app(&self.id), accounts.package(&package)]
        });
        [app, package]
    }

    /// Whether its sessions may become large: one has.
    pub(crate) fn grows(&self) -> bool {
        self.grows.load(Ordering::Relaxed)
    }

    /// A session of it has become large.
    pub(crate) fn has_grown(&self) {
        if !self.grows() {
            self.grows.store(true, Ordering::Relaxed);
        }
    }

    /// Whether a session of it has lately held a worker for long.
    pub(crate) fn is_slow(&self, now: u32) -> bool {
        now < self.slow_until.load(Ordering::Relaxed)
    }

    /// A session of it has held a worker for long.
    pub(crate) fn has_held_a_worker(&self, now: u32) {
        let until = now.saturating_add(SLOW_TICKS);
        self.slow_until.store(until, Ordering::Relaxed);
    }

    /// What one more session takes for as long as it lives, if it cannot be frozen: what the last one did, in bytes.
    pub(crate) fn resident_bytes(&self) -> usize {
        self.resident_bytes.load(Ordering::Relaxed)
    }

    /// A session that cannot be frozen has come to rest with so many bytes.
    pub(crate) fn is_resident_with(&self, bytes: usize) {
        self.resident_bytes.store(bytes, Ordering::Relaxed);
    }

    /// The memory of a fresh instance, once one was made.
    pub(crate) fn pristine(&self) -> Option<&Arc<Image>> {
        self.pristine.get().map(|(image, _)| image)
    }

    /// Its length, in bytes.
    pub(crate) fn pristine_bytes(&self) -> usize {
        self.pristine.get().map_or(0, |(_, bytes)| *bytes)
    }

    /// Every fresh instance has the same memory, since nothing runs in it before the first event.
    pub(crate) fn set_pristine(&self, image: Arc<Image>, bytes: usize) {
        let _ = self.pristine.set((image, bytes));
    }

    /// The model for a launch, and whether its image is still to be taken, by the caller.
    pub(crate) fn model(&self, launch: &Launch) -> (Arc<Model>, bool) {
        let page = launch.pages.first().map_or("", String::as_str);
        let key = ModelKey {
            lang: launch.lang.clone(),
            page: page.split('?').next().unwrap_or_default().to_owned(),
        };
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        let found = models.iter().find(|model| model.key == key);
        if let Some(model) = found {
            return (model.clone(), false);
        }
        if models.len() >= MOST_MODELS {
            return (models[0].clone(), false);
        }
        let model = Arc::new(Model {
            key,
            image: OnceLock::new(),
        });
        models.push(model.clone());
        (model, self.is_eligible())
    }

    /// The model that has this image, for a session that comes from elsewhere.
    pub(crate) fn model_with(&self, image: &Arc<Image>) -> Arc<Model> {
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        let has =
            |model: &&Arc<Model>| model.image.get().is_some_and(|one| Arc::ptr_eq(one, image));
        if let Some(model) = models.iter().find(has) {
            return model.clone();
        }
        let model = Arc::new(Model {
            key: ModelKey::default(),
            image: OnceLock::from(image.clone()),
        });
        if models.len() < MOST_MODELS {
            models.push(model.clone());
        }
        model
    }

    /// An empty page stack for a session of this app.
    pub(crate) fn page_stack(&self, most: usize) -> PageStack {
        PageStack::new(self.routes.clone(), most)
    }

    pub(crate) fn pre(&self) -> &MiniAppPre<AppState> {
        &self.pre
    }

    pub(crate) fn needs_wasi(&self) -> bool {
        self.needs_wasi
    }

    /// The app, if its code is in the cache: quick, whoever else is compiling.
    pub(crate) fn find(to_load: &ToLoad<'_>) -> Result<Option<Arc<Self>>, LoadError> {
        let ToLoad {
            engine,
            cache,
            package,
            ..
        } = *to_load;
        let found = cache.and_then(|cache| Checked::from_cache(engine, cache, package.component()));
        found
            .map(|checked| Self::linked(to_load, checked))
            .transpose()
    }

    /// Looks whether a package may be compiled at all: linear in its size, so it waits for nobody.
    pub(crate) fn look_at(to_load: &ToLoad<'_>) -> Result<(), LoadError> {
        let here = to_load.interfaces_here();
        Checked::look_at(to_load.interfaces(&here), to_load.package.component())
    }

    /// Compiles and links; takes up to seconds, so never on a thread that others wait for.
    pub(crate) fn load(to_load: &ToLoad<'_>, compiler: &Compiler) -> Result<Arc<Self>, LoadError> {
        // Somebody before it in the line may have brought the same.
        if let Some(found) = Self::find(to_load)? {
            return Ok(found);
        }
        let wasm = to_load.package.component();
        let checked = Checked::compile(to_load.engine, to_load.cache, compiler, wasm)?;
        Self::linked(to_load, checked)
    }

    fn linked(to_load: &ToLoad<'_>, checked: Checked) -> Result<Arc<Self>, LoadError> {
        let ToLoad {
            engine,
            vendors,
            package,
            source,
            ..
        } = *to_load;
        let here = to_load.interfaces_here();
        let absent = to_load.interfaces(&here).absent(&checked.imports)?;
        let wasi = checked.imports.wasi;
        let mut linker = linker(engine, wasi, vendors).map_err(|error| host_fault(&error))?;
        link_absent(&mut linker, engine, &checked.component, &absent)
            .map_err(|error| LoadError::Component(one_line(&error)))?;
        let pre = linker
            .instantiate_pre(&checked.component)
            .and_then(MiniAppPre::new)
            .map_err(|error| LoadError::Component(one_line(&error)))?;
        static SERIAL: AtomicU64 = AtomicU64::new(1);
        let id = source.owner_id(package);
        Ok(Arc::new(Self {
            routes: Arc::new(routes(package.manifest())),
            pre,
            needs_wasi: wasi,
            from_cache: checked.from_cache,
            verdict: checked.verdict,
            mark: source::mark(&id, package),
            id,
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            account: Arc::new(Account::new()),
            accounts: OnceLock::new(),
            pristine: OnceLock::new(),
            grows: AtomicBool::new(false),
            slow_until: AtomicU32::new(0),
            resident_bytes: AtomicUsize::new(0),
            models: Mutex::default(),
            package: package.clone(),
        }))
    }
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What an app is loaded from.
pub(crate) struct ToLoad<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) cache: Option<&'a CodeCache>,
    pub(crate) vendors: &'a [Vendor],
    pub(crate) package: &'a Arc<Package>,
    pub(crate) source: &'a AppSource,
}

impl ToLoad<'_> {
    fn interfaces_here(&self) -> Vec<&'static str> {
        let vendors = self.vendors.iter();
        vendors.map(|one| one.provider.terms().interface).collect()
    }

    fn interfaces<'a>(&'a self, here: &'a [&'static str]) -> VendorInterfaces<'a> {
        VendorInterfaces {
            here,
            listed: &self.package.manifest().vendors,
        }
    }
}

fn routes(manifest: &Manifest) -> Routes {
    let bar = manifest.tab_bar.iter();
    Routes {
        pages: manifest.pages.clone(),
        tabs: bar
            .flat_map(|bar| &bar.list)
            .map(|tab| tab.page.clone())
            .collect(),
    }
}

/// Everything that this host offers, by name. Whether a session may use it is decided at each call.
fn linker(engine: &Engine, wasi: bool, vendors: &[Vendor]) -> wasmtime::Result<Linker<AppState>> {
    let mut linker = Linker::new(engine);
    MiniApp::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, hosted)?;
    if wasi {
        crate::wasi::link(&mut linker)?;
    }
    for vendor in vendors {
        vendor.provider.link(&mut linker)?;
    }
    Ok(linker)
}

fn host_fault(error: &wasmtime::Error) -> LoadError {
    LoadError::Host(one_line(error))
}

fn one_line(error: &wasmtime::Error) -> String {
    format!("{error:#}").replace('\n', " ")
}
