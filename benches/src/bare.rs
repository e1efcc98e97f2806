//! The reference: the same component called by wasmtime with nothing around it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use lapak_abi::package::Package;
use lapak_host::bindings::lapak::app::events::{
    ColorScheme, Event, InputValue, Interaction, Launch, PageInput, TextDirection,
};
use lapak_host::bindings::{MiniApp, MiniAppPre};
use lapak_host::view::{Trigger, View};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

use crate::stub::{self, Stub};

/// An instance without session, limits, grants, diff or scheduler, whose host refuses everything.
pub(crate) struct Bare {
    store: Store<Stub>,
    exports: MiniApp,
    /// The last view of page 1.
    pub(crate) view: Option<View>,
}

/// wasmtime's errors are not of the kind that `?` takes.
fn told(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}

/// Compiles a component with nothing around it.
pub(crate) fn compile(engine: &Engine, wasm: &[u8]) -> anyhow::Result<Component> {
    Component::new(engine, wasm).map_err(told)
}

/// wasmtime as its own guide sets it up for many instances: pooled, epochs at each call and loop, async.
pub(crate) fn pooled_engine(slots: u32) -> anyhow::Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(4))
        .total_memories(slots)
        .total_tables(slots.saturating_mul(4))
        .total_stacks(slots)
        .max_memory_size(64 << 20);
    let mut config = settings();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config).map_err(told)
}

/// The same without a pool: as many instances as the kernel's memory maps allow. Their memories are no maps of the component's
/// image, or there would be fewer than ten thousand.
pub(crate) fn on_demand_engine() -> anyhow::Result<Engine> {
    let mut config = settings();
    config.memory_init_cow(false);
    Engine::new(&config).map_err(told)
}

fn settings() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(512 * 1024)
        .async_stack_size(1536 * 1024);
    config
}

/// Advances the epoch of an engine every millisecond, for as long as it lives.
pub(crate) struct Ticker(Arc<AtomicBool>);

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (engine, stopped) = (engine.clone(), stop.clone());
        std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(1));
                engine.increment_epoch();
            }
        });
        Self(stop)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A component that is ready to be instantiated again and again.
pub(crate) struct Prepared {
    engine: Engine,
    pre: MiniAppPre<Stub>,
    page: String,
}

impl Prepared {
    pub(crate) fn new(engine: &Engine, package: &Package) -> anyhow::Result<Self> {
        let component = compile(engine, package.component())?;
        let linker = linker(engine, &component)?;
        Self::linked(&linker, &component, &first_page(package)?)
    }

    fn linked(linker: &Linker<Stub>, component: &Component, page: &str) -> anyhow::Result<Self> {
        let pre = linker.instantiate_pre(component).map_err(told)?;
        Ok(Self {
            engine: linker.engine().clone(),
            pre: MiniAppPre::new(pre).map_err(told)?,
            page: page.to_owned(),
        })
    }

    /// A fresh instance in a store of its own, nothing called yet.
    pub(crate) async fn instantiate(&self) -> anyhow::Result<Bare> {
        let mut store = Store::new(&self.engine, Stub);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let exports = self.pre.instantiate_async(&mut store).await.map_err(told)?;
        Ok(Bare {
            store,
            exports,
            view: None,
        })
    }

    /// A fresh instance, brought to its first view by the same events as a session.
    pub(crate) async fn launch(&self) -> anyhow::Result<Bare> {
        let mut bare = self.instantiate().await?;
        for event in launch_events(&self.page) {
            bare.handle(&event).await?;
        }
        Ok(bare)
    }
}

/// A compiled component in a file, as wasmtime's guide has it for programs that start often.
pub(crate) struct Compiled {
    path: PathBuf,
    linker: Linker<Stub>,
    page: String,
}

impl Compiled {
    /// Compiles a package's component into a file.
    pub(crate) fn write(engine: &Engine, package: &Package, path: &Path) -> anyhow::Result<Self> {
        let component = compile(engine, package.component())?;
        std::fs::write(path, component.serialize().map_err(told)?)?;
        Ok(Self {
            path: path.to_owned(),
            linker: linker(engine, &component)?,
            page: first_page(package)?,
        })
    }

    /// From the file to the first view: mapped, not checked, instantiated, called.
    #[expect(
        unsafe_code,
        reason = "compiled code can only be loaded by an unsafe function"
    )]
    pub(crate) async fn open(&self) -> anyhow::Result<Bare> {
        // SAFETY: `write` has put it there with the same engine; the folder is this process's own.
        let component = unsafe { Component::deserialize_file(self.linker.engine(), &self.path) };
        let prepared = Prepared::linked(&self.linker, &component.map_err(told)?, &self.page)?;
        prepared.launch().await
    }
}

/// Refuses whatever an app of the benches may call, and traps at what none calls.
fn linker(engine: &Engine, component: &Component) -> anyhow::Result<Linker<Stub>> {
    let mut linker = Linker::new(engine);
    stub::add_to_linker(&mut linker).map_err(told)?;
    let unknown = linker.define_unknown_imports_as_traps(component);
    unknown.map_err(told)?;
    Ok(linker)
}

fn first_page(package: &Package) -> anyhow::Result<String> {
    let page = package.manifest().pages.first().context("a page")?;
    Ok(page.to_string())
}

/// The first event of every session.
pub(crate) fn first_event() -> Option<Event> {
    launch_events("pages/index").into_iter().next()
}

impl Bare {
    /// One call of the app's export.
    pub(crate) async fn handle(&mut self, event: &Event) -> anyhow::Result<()> {
        self.store.set_epoch_deadline(1);
        let view = self
            .exports
            .lapak_app_app()
            .call_handle(&mut self.store, event)
            .await
            .map_err(told)?;
        if view.is_some() {
            self.view = view;
        }
        Ok(())
    }

    /// The handler of the `nth` node that can be tapped.
    pub(crate) fn tap_handler(&self, nth: usize) -> Option<u32> {
        let nodes = &self.view.as_ref()?.nodes;
        let bound = nodes.iter().flat_map(|node| &node.bindings);
        bound
            .filter(|binding| binding.trigger == Trigger::Tap)
            .nth(nth)
            .map(|binding| binding.handler)
    }

    /// A tap on it.
    pub(crate) fn tap(handler: u32) -> Event {
        Event::Interaction(Interaction {
            page: 1,
            handler,
            value: InputValue::None,
        })
    }
}

fn launch_events(page: &str) -> Vec<Event> {
    vec![
        Event::GlobalLaunched(Launch {
            path: page.into(),
            query: String::new(),
            referrer: None,
            lang: "en".into(),
            dir: TextDirection::Ltr,
            color_scheme: ColorScheme::Light,
            carried_over: None,
        }),
        Event::GlobalShown,
        Event::PageLoaded(PageInput {
            page: 1,
            path: page.into(),
            query: String::new(),
        }),
        Event::PageShown(1),
    ]
}
