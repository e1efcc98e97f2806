//! Test a whole app natively: send what a person does, look at what they would see. No wasm, no browser.
//!
//! ```ignore
//! let mut app = TestApp::<Warung>::launch(include_str!("../manifest.json"), "en");
//! app.tap("Add");
//! assert_eq!(app.text_of("total"), "Rp 25.000");
//! ```
//!
//! Requests (storage) finish by themselves after each step, unless they are held. A mistake in a test, such as a
//! tap on something that is not there, panics with what is there.

use lapak_abi::manifest::{Manifest, PageRoute};
use lapak_abi::pages::{Page, PageEvent, PageId, PageStack};

use crate::app::App;
use crate::bindings::{
    ColorScheme, Element, Event, InputValue, Interaction, Launch, Node, PageInput, TextDirection, Trigger,
};
use crate::runtime::Runtime;
use crate::simulated;

const PAGE_STACK: usize = 10;

/// An app under test.
pub struct TestApp<A: App> {
    runtime: Runtime<A>,
    routes: Vec<PageRoute>,
    tabs: Vec<PageRoute>,
    lang: String,
    page: u32,
    title: Option<String>,
    nodes: Vec<Node>,
    held: bool,
}

impl<A: App> TestApp<A> {
    /// Launches the app with empty storage, at the manifest's first page.
    ///
    /// # Panics
    /// When the manifest cannot be read.
    #[must_use]
    pub fn launch(manifest: &str, lang: &str) -> Self {
        simulated::with(|host| *host = simulated::Host::default());
        let manifest = match Manifest::parse(manifest.as_bytes()) {
            Ok(parsed) => parsed.manifest,
            Err(error) => panic!("{error}"),
        };
        let tabs = manifest.tab_bar.map(|bar| bar.list).unwrap_or_default();
        let tabs = tabs.into_iter().map(|tab| tab.page).collect();
        Self::start(manifest.pages, tabs, lang)
    }

    /// Launches an app of one page without a manifest.
    ///
    /// # Panics
    /// Never: the page's name is right.
    #[must_use]
    pub fn single() -> Self {
        simulated::with(|host| *host = simulated::Host::default());
        let page = PageRoute::parse("pages/index");
        Self::start(page.into_iter().collect(), Vec::new(), "en")
    }

    /// Ends the app and launches it again, with what it has stored.
    #[must_use]
    pub fn relaunch(self) -> Self {
        simulated::with(|host| {
            host.waiting.clear();
            host.page_events.clear();
        });
        Self::start(self.routes, self.tabs, &self.lang)
    }

    fn start(routes: Vec<PageRoute>, tabs: Vec<PageRoute>, lang: &str) -> Self {
        let mut pages = PageStack::new(routes.clone(), tabs.clone(), PAGE_STACK);
        let opened = pages.open_first("").unwrap_or_default();
        let path = pages.top().map(|page| page.route.to_string());
        simulated::with(|host| {
            host.pages = Some(pages);
            host.page_events = opened;
        });
        let mut app = Self {
            runtime: Runtime::new(),
            routes,
            tabs,
            lang: lang.to_owned(),
            page: 0,
            title: None,
            nodes: Vec::new(),
            held: false,
        };
        app.handle(Event::GlobalLaunched(Launch {
            path: path.unwrap_or_default(),
            query: String::new(),
            referrer: None,
            lang: lang.to_owned(),
            dir: TextDirection::Ltr,
            color_scheme: ColorScheme::Light,
        }));
        app.handle(Event::GlobalShown);
        app.settle();
        app
    }

    /// Taps what has this key, label or text.
    pub fn tap(&mut self, name: &str) {
        self.interact(name, Trigger::Tap, InputValue::None);
    }

    /// Types a text into what has this key, label or placeholder.
    pub fn type_into(&mut self, name: &str, text: &str) {
        let trigger = self.bound(name, &[Trigger::Input, Trigger::Change]);
        self.interact(name, trigger, InputValue::Text(text.into()));
    }

    /// Turns a checkbox or switch on or off.
    pub fn turn(&mut self, name: &str, on: bool) {
        self.interact(name, Trigger::Change, InputValue::Toggled(on));
    }

    /// Chooses an option of a picker, or a page of a swiper.
    pub fn pick(&mut self, name: &str, index: u32) {
        self.interact(name, Trigger::Change, InputValue::Index(index));
    }

    /// Chooses a radio by its value.
    pub fn choose(&mut self, name: &str, value: &str) {
        self.interact(name, Trigger::Change, InputValue::Text(value.into()));
    }

    /// Taps the shell's back button.
    pub fn back(&mut self) {
        let _ = crate::navigation::back(1);
        self.settle();
    }

    /// Taps a tab of the tab bar, by its page's route.
    ///
    /// # Panics
    /// When there is no such tab.
    pub fn tab(&mut self, route: &str) {
        if let Err(error) = crate::navigation::switch_tab(route) {
            panic!("no tab {route}: {error}");
        }
        self.settle();
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
            panic!("nothing here is called {name:?}. On show:\n{}", self.snapshot());
        };
        texts(below(&self.nodes, at, node)).join(" ")
    }

    /// Whether a node with this key or label is on show.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.nodes.iter().any(|node| is_called(node, name))
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
            let kind = kind.split(['(', ' ']).next().unwrap_or_default().to_lowercase();
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

    fn interact(&mut self, name: &str, trigger: Trigger, value: InputValue) {
        let found = self.find(name, trigger);
        let Some(node) = found else {
            let usable: Vec<_> = self.usable(trigger);
            panic!("nothing called {name:?} takes {trigger:?}. What does: {usable:?}");
        };
        let handler = node.bindings.iter().find(|binding| binding.trigger == trigger);
        if let Element::Button(button) = &node.element
            && (button.disabled || button.loading)
        {
            panic!("{name:?} is disabled");
        }
        let navigator = match (&node.element, trigger) {
            (Element::Navigator(navigator), Trigger::Tap) => Some(navigator.clone()),
            _ => None,
        };
        if let Some(handler) = handler.map(|binding| binding.handler) {
            let page = self.page;
            self.handle(Event::Interaction(Interaction { page, handler, value }));
        }
        if let Some(navigator) = navigator {
            follow(&navigator);
        }
        self.settle();
    }

    fn bound(&self, name: &str, triggers: &[Trigger]) -> Trigger {
        let found = triggers.iter().find(|trigger| self.find(name, **trigger).is_some());
        found.or(triggers.first()).copied().unwrap_or(Trigger::Tap)
    }

    fn find(&self, name: &str, trigger: Trigger) -> Option<&Node> {
        let named = |(at, node): &(usize, &Node)| {
            takes(node, trigger)
                && (is_called(node, name) || texts(below(&self.nodes, *at, node)).join(" ") == name)
        };
        self.positions().filter(named).last().map(|(_, node)| node)
    }

    fn usable(&self, trigger: Trigger) -> Vec<String> {
        let usable = self.positions().filter(|(_, node)| takes(node, trigger));
        let name = |(at, node): (usize, &Node)| {
            let label = node.label.clone().or_else(|| node.key.clone());
            label.unwrap_or_else(|| texts(below(&self.nodes, at, node)).join(" "))
        };
        usable.map(name).collect()
    }

    fn positions(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes.iter().enumerate()
    }

    fn handle(&mut self, event: Event) {
        if let Some(view) = self.runtime.handle(event)
            && view.page == self.page
        {
            self.title = view.title;
            let old = std::mem::take(&mut self.nodes);
            self.nodes = resolve(&old, view.nodes);
        }
    }

    /// Page events first, then requests, until nothing is due.
    fn settle(&mut self) {
        loop {
            let events = simulated::with(|host| std::mem::take(&mut host.page_events));
            if !events.is_empty() {
                for event in events {
                    self.page_event(event);
                }
                continue;
            }
            let request = if self.held {
                None
            } else {
                simulated::with(|host| host.waiting.pop_front())
            };
            match request {
                Some(request) => self.handle(Event::RequestFinished(request)),
                None => return,
            }
        }
    }

    fn page_event(&mut self, event: PageEvent) {
        let event = match event {
            PageEvent::Loaded(Page { id, route, query }) => {
                self.shown(id);
                Event::PageLoaded(PageInput { page: id.0, path: route.to_string(), query })
            }
            PageEvent::Shown(id) => {
                self.shown(id);
                Event::PageShown(id.0)
            }
            PageEvent::Ready(PageId(id)) => Event::PageReady(id),
            PageEvent::Hidden(PageId(id)) => Event::PageHidden(id),
            PageEvent::Unloaded(PageId(id)) => Event::PageUnloaded(id),
        };
        self.handle(event);
    }

    fn shown(&mut self, PageId(page): PageId) {
        if self.page != page {
            self.page = page;
            self.nodes.clear();
        }
    }
}

fn follow(navigator: &crate::bindings::Navigator) {
    use crate::bindings::NavigatorAction::{Back, NavigateTo, RedirectTo, Relaunch, SwitchTab};
    let url = &navigator.url;
    let moved = match navigator.action {
        NavigateTo => crate::navigation::navigate_to(url),
        RedirectTo => crate::navigation::redirect_to(url),
        Back => crate::navigation::back(1),
        Relaunch => crate::navigation::relaunch(url),
        SwitchTab => crate::navigation::switch_tab(url),
    };
    if let Err(error) = moved {
        panic!("the navigator to {url:?} leads nowhere: {error}");
    }
}

/// Puts the nodes of the last view in the place of `unchanged`, as the host does.
fn resolve(old: &[Node], new: Vec<Node>) -> Vec<Node> {
    let mut out = Vec::with_capacity(new.len());
    resolve_children(old, &new, &mut out);
    out
}

fn resolve_children(old: &[Node], new: &[Node], out: &mut Vec<Node>) {
    let old_children = children(old);
    let mut unkeyed = 0;
    for child in children(new) {
        let Some((node, inside)) = child.split_first() else { continue };
        let before = match &node.key {
            Some(key) => old_children.iter().find(|old| key_of(old) == Some(key)),
            None => {
                unkeyed += 1;
                old_children.iter().filter(|old| key_of(old).is_none()).nth(unkeyed - 1)
            }
        };
        let before = before.copied().unwrap_or_default();
        if matches!(node.element, Element::Unchanged) {
            assert!(!before.is_empty(), "a lazy part says it is unchanged, but was not there: {node:?}");
            out.extend_from_slice(before);
            continue;
        }
        let at = out.len();
        out.push(node.clone());
        resolve_children(before.get(1..).unwrap_or_default(), inside, out);
        let below = u32::try_from(out.len() - at - 1).unwrap_or(u32::MAX);
        if let Some(node) = out.get_mut(at) {
            node.descendants = below;
        }
    }
}

fn key_of<'a>(child: &&'a [Node]) -> Option<&'a String> {
    child.first()?.key.as_ref()
}

fn children(nodes: &[Node]) -> Vec<&[Node]> {
    let mut children = Vec::new();
    let mut rest = nodes;
    while let Some(first) = rest.first() {
        let (child, after) = rest.split_at((1 + descendants(first)).min(rest.len()));
        children.push(child);
        rest = after;
    }
    children
}

fn below<'a>(nodes: &'a [Node], at: usize, node: &Node) -> &'a [Node] {
    nodes.get(at..=at + descendants(node)).unwrap_or_default()
}

fn descendants(node: &Node) -> usize {
    usize::try_from(node.descendants).unwrap_or(usize::MAX)
}

fn texts(nodes: &[Node]) -> Vec<&str> {
    let texts = nodes.iter().filter_map(|node| match &node.element {
        Element::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

fn takes(node: &Node, trigger: Trigger) -> bool {
    node.bindings.iter().any(|binding| binding.trigger == trigger)
        || matches!((&node.element, trigger), (Element::Navigator(_), Trigger::Tap))
}

fn is_called(node: &Node, name: &str) -> bool {
    let placeholder = match &node.element {
        Element::Input(input) => Some(input.placeholder.as_str()),
        Element::Textarea(area) => Some(area.placeholder.as_str()),
        _ => None,
    };
    node.key.as_deref() == Some(name) || node.label.as_deref() == Some(name) || placeholder == Some(name)
}
