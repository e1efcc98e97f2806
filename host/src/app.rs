//! From a package to an app that can be launched: check, compile or find in the cache, link.

use std::sync::Arc;

use lapak_abi::manifest::Manifest;
use lapak_abi::package::Package;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::bindings::MiniAppPre;
use crate::code_cache::CodeCache;
use crate::contract::{self, ContractError};
use crate::instance::InstanceState;

/// An app that is ready to be launched: checked, compiled, linked. Shared by all its sessions.
pub struct App {
    package: Package,
    pre: MiniAppPre<InstanceState>,
    needs_wasi: bool,
    from_cache: bool,
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

    pub(crate) fn pre(&self) -> &MiniAppPre<InstanceState> {
        &self.pre
    }

    pub(crate) fn needs_wasi(&self) -> bool {
        self.needs_wasi
    }

    /// Does the whole work; takes up to seconds (compiling), so never on a thread that others wait for.
    pub(crate) fn load(
        engine: &Engine,
        cache: Option<&CodeCache>,
        package: Package,
    ) -> Result<Arc<Self>, LoadError> {
        let wasm = package.component();
        let imports = contract::check(wasm)?;
        let cached = cache.and_then(|cache| cache.load(engine, wasm));
        let from_cache = cached.is_some();
        let component = match cached {
            Some(component) => component,
            None => compile(engine, cache, wasm)?,
        };
        let linker = linker(engine, imports.wasi).map_err(|error| host_fault(&error))?;
        let pre = linker
            .instantiate_pre(&component)
            .and_then(MiniAppPre::new)
            .map_err(|error| LoadError::Component(one_line(&error)))?;
        Ok(Arc::new(Self {
            pre,
            needs_wasi: imports.wasi,
            from_cache,
            package,
        }))
    }
}

fn compile(
    engine: &Engine,
    cache: Option<&CodeCache>,
    wasm: &[u8],
) -> Result<Component, LoadError> {
    let component =
        Component::new(engine, wasm).map_err(|error| LoadError::Component(one_line(&error)))?;
    if let Some(cache) = cache
        && let Err(error) = cache.store(engine, wasm, &component)
    {
        // A full disk costs the next launch its speed, not this one its app.
        tracing::warn!(%error, "compiled code not cached");
    }
    Ok(component)
}

/// Everything that this host offers, by name. Whether a session may use it is decided at each call.
fn linker(engine: &Engine, wasi: bool) -> wasmtime::Result<Linker<InstanceState>> {
    use crate::bindings::MiniApp;
    use wasmtime::component::HasSelf;

    let mut linker = Linker::new(engine);
    MiniApp::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    if wasi {
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    }
    Ok(linker)
}

fn host_fault(error: &wasmtime::Error) -> LoadError {
    LoadError::Host(one_line(error))
}

fn one_line(error: &wasmtime::Error) -> String {
    format!("{error:#}").replace('\n', " ")
}
