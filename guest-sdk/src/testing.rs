//! Test a whole app natively: send what a person does, look at what they would see. No wasm, no browser.
//!
//! ```
//! # use lapak_sdk::prelude::*;
//! # struct Stall(u32);
//! # impl App for Stall {
//! # type Msg = (); type Page = SinglePage;
//! # fn launch(_: &Launch, _: &mut Context<Self>) -> Self { Stall(0) }
//! # fn update(&mut self, _: (), _: &mut Context<Self>) { self.0 += 25_000; }
//! # fn view(&self, _: &SinglePage) -> View<'_, ()> {
//! # view((button("Add").on_tap(()), text(format!("Rp {}", self.0)).key("total"))) }
//! # }
//! use lapak_sdk::testing::TestApp;
//!
//! let mut app = TestApp::<Stall>::single(); // with a manifest: `launch`
//! app.tap("Add");
//! assert_eq!(app.text_of("total"), "Rp 25000");
//! ```
//!
//! Requests (storage) finish by themselves after each step, unless they are held; payment sheets wait for an answer. A mistake in a test, such as a
//! tap on something that is not there, panics with what is there; so does a view that a host would refuse.

mod bluetooth;
mod device;
mod drive;
mod nodes;
mod open_app;
mod payments;
mod person;
mod prepare;
mod rules;
mod scan;
mod time;

use std::collections::BTreeMap;

use lapak_abi::manifest::{Manifest, PageRoute};
use lapak_abi::pages::PageStack;

use crate::app::App;
use crate::bindings::{Element, Event, FieldValue, Node};
use crate::runtime::Runtime;
use crate::simulated;
use nodes::{below, descendants, is_called, is_disabled, texts};

pub use crate::simulated::Capability;
pub use crate::simulated::bluetooth::lock::{LOCK_COMMAND, LOCK_SERVICE, LOCK_STATE};
pub use crate::simulated::bluetooth::{Notification, Peripheral};
pub use crate::simulated::payments::Asked;
pub use prepare::Preparation;

/// An app under test.
pub struct TestApp<A: App> {
    runtime: Runtime<A>,
    preparation: Preparation<A>,
    page: u32,
    title: Option<String>,
    nodes: Vec<Node>,
    /// Fields that were filled in, which the view does not say.
    filled: BTreeMap<String, FieldValue>,
    held: bool,
}

impl<A: App> TestApp<A> {
    /// Launches the app with empty storage, at the manifest's first page. [`TestApp::prepare`] can more.
    ///
    /// # Panics
    /// When the manifest cannot be read.
    #[must_use]
    pub fn launch(manifest: &str, lang: &str) -> Self {
        Self::prepare(manifest).lang(lang).launch()
    }

    /// What a launch starts from, to be said before it.
    ///
    /// # Panics
    /// When the manifest cannot be read.
    #[must_use]
    pub fn prepare(manifest: &str) -> Preparation<A> {
        let manifest = match Manifest::parse(manifest.as_bytes()) {
            Ok(parsed) => parsed.manifest,
            Err(error) => panic!("{error}"),
        };
        let tabs = manifest.tab_bar.map(|bar| bar.list).unwrap_or_default();
        Preparation::new(
            manifest.pages,
            tabs.into_iter().map(|tab| tab.page).collect(),
        )
    }

    /// Launches an app of one page without a manifest.
    #[must_use]
    pub fn single() -> Self {
        let page = PageRoute::parse("pages/index");
        Preparation::new(page.into_iter().collect(), Vec::new()).launch()
    }

    /// Ends the app and launches it again, with what it has stored. Held requests stay held.
    #[must_use]
    pub fn relaunch(self) -> Self {
        simulated::with(|host| {
            host.waiting.clear();
            host.due.clear();
            host.payments.sheets.clear();
            host.scan.close();
            host.open_app.asked = None;
            host.page_events.clear();
        });
        Self::start(self.preparation, self.held)
    }

    fn start(preparation: Preparation<A>, held: bool) -> Self {
        let launch = preparation.open();
        let mut app = Self {
            runtime: Runtime::new(),
            preparation,
            page: 0,
            title: None,
            nodes: Vec::new(),
            filled: BTreeMap::new(),
            held,
        };
        app.handle(Event::GlobalLaunched(launch));
        app.handle(Event::GlobalShown);
        app.settle();
        app
    }

    /// Lets requests wait from now on, to look at what an app shows meanwhile.
    pub fn hold_requests(&mut self) {
        self.held = true;
    }

    /// Lets requests finish again.
    pub fn release_requests(&mut self) {
        self.held = false;
        self.settle();
    }

    /// The app itself, to look at what no page shows.
    ///
    /// # Panics
    /// Never: a launched app is there until the end of the test.
    #[must_use]
    pub fn app(&self) -> &A {
        match self.runtime.app() {
            Some(app) => app,
            None => panic!("the app was not launched"),
        }
    }

    /// Route of the page on show.
    #[must_use]
    pub fn page(&self) -> String {
        simulated::with(|host| {
            let top = host.pages.as_ref().and_then(PageStack::top);
            top.map(|page| page.route.to_string()).unwrap_or_default()
        })
    }

    /// How many pages are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        simulated::with(|host| host.pages.as_ref().map_or(0, |pages| pages.pages().len()))
    }

    /// Text of the navigation bar, if the app sets one.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Every text on show, in order.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        texts(&self.nodes)
    }

    /// Whether this text is on show.
    #[must_use]
    pub fn shows(&self, text: &str) -> bool {
        self.texts().contains(&text)
    }

    /// What a person reads in the node with this key or label.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn text_of(&self, name: &str) -> String {
        let found = self.positions().find(|(_, node)| is_called(node, name));
        let Some((at, node)) = found else {
            self.nothing_called(name);
        };
        texts(below(&self.nodes, at, node)).join(" ")
    }

    /// Whether a node with this key or label is on show.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.nodes.iter().any(|node| is_called(node, name))
    }

    /// Whether the node with this key, label or placeholder cannot be used at the moment.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn is_disabled(&self, name: &str) -> bool {
        let node = self.nodes.iter().find(|node| is_called(node, name));
        node.map_or_else(|| self.nothing_called(name), is_disabled)
    }

    /// What stands in the input, textarea, date or time picker with this key, label or placeholder.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn value_of(&self, name: &str) -> &str {
        let named = self.nodes.iter().filter(|node| is_called(node, name));
        named
            .filter_map(nodes::value)
            .next()
            .unwrap_or_else(|| self.nothing_called(name))
    }

    fn nothing_called(&self, name: &str) -> ! {
        panic!(
            "nothing here is called {name:?}. On show:\n{}",
            self.snapshot()
        );
    }

    /// The view as indented text, for golden files.
    #[must_use]
    pub fn snapshot(&self) -> String {
        let mut lines = String::new();
        let mut ends: Vec<usize> = Vec::new();
        for (at, node) in self.positions() {
            ends.retain(|end| *end > at);
            let kind = format!("{:?}", node.element);
            let kind = kind.trim_start_matches("Element::");
            let kind = kind
                .split(['(', ' '])
                .next()
                .unwrap_or_default()
                .to_lowercase();
            lines.push_str(&"  ".repeat(ends.len()));
            lines.push_str(&kind);
            if let Some(key) = &node.key {
                lines.push_str(&format!(" key={key}"));
            }
            if let Element::Text(text) = &node.element {
                lines.push_str(&format!(" {text:?}"));
            }
            lines.push('\n');
            ends.push(at + 1 + descendants(node));
        }
        lines
    }

    /// Lines that the app wrote, each with its level: `info: hello`.
    #[must_use]
    pub fn console(&self) -> Vec<String> {
        simulated::with(|host| host.lines.clone())
    }

    /// What the app has stored under `key`.
    #[must_use]
    pub fn stored(&self, key: &str) -> Option<Vec<u8>> {
        simulated::with(|host| host.values.get(key).cloned())
    }

    /// Every image that is on show, by its path.
    #[must_use]
    pub fn images(&self) -> Vec<&str> {
        let images = self.nodes.iter().filter_map(|node| match &node.element {
            Element::Image(image) => Some(image.src.as_str()),
            _ => None,
        });
        images.collect()
    }

    fn positions(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes.iter().enumerate()
    }
}
