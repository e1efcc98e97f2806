//! The reference: the same component called by wasmtime with nothing around it.

use lapak_host::bindings::MiniApp;
use lapak_host::bindings::lapak::app::events::{
    ColorScheme, Event, InputValue, Interaction, Launch, PageInput, TextDirection,
};
use lapak_host::view::{Trigger, View};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

/// An instance without session, limits, grants, diff or scheduler. Its imports trap: the apps measured here
/// call none.
pub(crate) struct Bare {
    store: Store<()>,
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

impl Bare {
    /// Instantiates and brings the app to its first view, by the same events as a session.
    pub(crate) async fn launch(engine: &Engine, component: &Component) -> anyhow::Result<Self> {
        let mut linker = Linker::new(engine);
        linker
            .define_unknown_imports_as_traps(component)
            .map_err(told)?;
        let mut store = Store::new(engine, ());
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let exports = MiniApp::instantiate_async(&mut store, component, &linker)
            .await
            .map_err(told)?;
        let mut bare = Self {
            store,
            exports,
            view: None,
        };
        for event in launch_events() {
            bare.handle(&event).await?;
        }
        Ok(bare)
    }

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

fn launch_events() -> Vec<Event> {
    vec![
        Event::GlobalLaunched(Launch {
            path: "pages/index".into(),
            query: String::new(),
            referrer: None,
            lang: "en".into(),
            dir: TextDirection::Ltr,
            color_scheme: ColorScheme::Light,
        }),
        Event::GlobalShown,
        Event::PageLoaded(PageInput {
            page: 1,
            path: "pages/index".into(),
            query: String::new(),
        }),
        Event::PageShown(1),
    ]
}
