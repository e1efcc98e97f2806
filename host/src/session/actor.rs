//! The session's own course: letters from the mailbox, one after the other, through the app, onto the
//! screen.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use lapak_abi::limits::Limits;
use lapak_abi::pages::{NavigationError, Page, PageEvent, PageId};
use wasmtime::Engine;

use super::{EventRecord, Launch, Patch, Screen, Shared, ShellEvent, Update, nanos, page_url};
use crate::bindings::lapak::app::events::{
    self, Event, InputValue, Interaction, LifecycleError, PageInput, TextDirection,
};
use crate::cpu_clock::CpuMeter;
use crate::instance::{Instance, InstanceParts};
use crate::mailbox::Letter;
use crate::report::{EndCause, EndReport, from_error, from_view_error};
use crate::scheduler::yield_now;
use crate::view::{
    Element, NavigatorAction, NodeId, NodeIds, Op, Trigger, View, ViewLimits, accept_input, check,
    kind_name, refusal, trigger_name, update_checked,
};

/// What an actor starts from.
pub(crate) struct Launching {
    pub(crate) engine: Engine,
    pub(crate) shared: Arc<Shared>,
    pub(crate) parts: InstanceParts,
    pub(crate) launch: Launch,
}

/// Runs one session. Everything the session holds goes with it.
pub(crate) struct Actor {
    shared: Arc<Shared>,
    limits: Arc<Limits>,
    instance: Instance,
    meter: CpuMeter,
    ids: NodeIds,
    /// Page and app events that are to be handled before the next letter.
    due: VecDeque<Event>,
    launch: Launch,
    /// What the person put in and the app is about to answer.
    put_in: Option<PutIn>,
}

/// What a person put into a node.
struct PutIn {
    node: NodeId,
    /// What the control now holds, if the app looks after it.
    value: Option<InputValue>,
    /// `interaction tap button#12`
    told: String,
}

/// The session is over.
struct Ended(EndReport);

impl Actor {
    /// Runs the session to its end.
    pub(crate) async fn run(launching: Launching) {
        let shared = launching.shared.clone();
        let Ended(report) = Self::live(launching).await;
        if report.cause.is_fault() {
            tracing::info!(app = %shared.app.manifest().app_id, "session ended: {report}");
        }
        shared.mailbox.close();
        let report = Arc::new(report);
        {
            let mut screen = shared.screen();
            screen.ended = Some(EndReport::clone(&report));
            shared.tell(Update::Ended(report));
        }
        shared.progress(|progress| {
            progress.ended = true;
            progress.settled = true;
        });
    }

    async fn live(launching: Launching) -> Ended {
        let Launching {
            engine,
            shared,
            parts,
            launch,
        } = launching;
        let meter = CpuMeter::default();
        let limits = parts.limits.clone();
        let instance = match Instance::start(&engine, &shared.app, parts, &meter).await {
            Ok(instance) => instance,
            Err((error, panic)) => return Ended(from_error(&error, panic, "start")),
        };
        let mut actor = Self {
            shared,
            limits,
            instance,
            meter,
            ids: NodeIds::default(),
            due: VecDeque::new(),
            launch,
            put_in: None,
        };
        match actor.converse().await {
            Err(ended) => ended,
            Ok(never) => match never {},
        }
    }

    async fn converse(&mut self) -> Result<std::convert::Infallible, Ended> {
        self.open()?;
        self.work_off(Instant::now()).await?;
        loop {
            let letter = match self.shared.mailbox.try_next() {
                Some(letter) => letter,
                None => {
                    self.settle();
                    self.shared.mailbox.next().await
                }
            };
            self.take(letter).await?;
            // One letter each turn: others may wait for this worker.
            yield_now().await;
        }
    }

    /// Queues the events of the launch.
    fn open(&mut self) -> Result<(), Ended> {
        let urls = std::mem::take(&mut self.launch.pages);
        let pages = &mut self.instance.state_mut().pages;
        let first = urls.first().map_or("", String::as_str);
        let mut opened = pages
            .open_first(first)
            .or_else(|_| pages.open_first(""))
            .map_err(|error| host_fault(format!("no page could be opened: {error}")))?;
        for url in urls.iter().skip(1) {
            // A page that the app no longer has is left out.
            opened.extend(pages.navigate_to(url).unwrap_or_default());
        }
        let input = match opened.first() {
            Some(PageEvent::Loaded(page)) => page.clone(),
            _ => return Err(host_fault("the page stack opened no page".into())),
        };
        self.due.push_back(Event::GlobalLaunched(events::Launch {
            path: input.route.to_string(),
            query: input.query,
            referrer: self.launch.referrer.clone(),
            lang: self.launch.lang.clone(),
            dir: text_direction(&self.launch.lang),
            color_scheme: self.launch.color_scheme,
        }));
        self.due.push_back(Event::GlobalShown);
        self.due.extend(opened.into_iter().map(page_event));
        Ok(())
    }

    async fn take(&mut self, letter: Letter) -> Result<(), Ended> {
        match letter {
            Letter::Finished(request, deliver) => {
                let state = self.instance.state_mut();
                deliver(state);
                state.requests.end();
                self.due.push_back(Event::RequestFinished(request));
                self.work_off(Instant::now()).await
            }
            Letter::Shell(ShellEvent::Close, since) => {
                self.close(since).await?;
                Err(Ended(EndReport {
                    cause: EndCause::Closed,
                    event: String::new(),
                    stack: Vec::new(),
                }))
            }
            Letter::Shell(event, since) => {
                self.shell(event);
                self.work_off(since).await
            }
        }
    }

    /// Turns what the shell sent into events that are due.
    fn shell(&mut self, event: ShellEvent) {
        let top = self.top();
        match event {
            ShellEvent::Input {
                node,
                trigger,
                value,
            } => self.input(node, trigger, value),
            ShellEvent::Back => self.navigate("back", |pages| pages.back(1)),
            ShellEvent::SwitchTab(url) => {
                self.navigate("switch-tab", |pages| pages.switch_tab(&url));
            }
            ShellEvent::Navigate(url) => {
                self.navigate("navigate-to", |pages| pages.navigate_to(&url));
            }
            ShellEvent::Show => {
                self.due.push_back(Event::GlobalShown);
                self.due.push_back(Event::PageShown(top));
            }
            ShellEvent::Hide => {
                self.due.push_back(Event::PageHidden(top));
                self.due.push_back(Event::GlobalHidden);
            }
            ShellEvent::PageRefresh => self.due.push_back(Event::PageRefresh(top)),
            ShellEvent::PageBottomReached => self.due.push_back(Event::PageBottomReached(top)),
            // Handled by `take`.
            ShellEvent::Close => {}
        }
    }

    fn input(&mut self, node: NodeId, trigger: Trigger, value: InputValue) {
        let found = {
            let screen = self.shared.screen();
            screen
                .tree
                .node(node)
                .ok_or_else(|| format!("node {} is not on show", node.0))
                .and_then(|found| {
                    let value =
                        accept_input(found, trigger, value).map_err(|error| error.to_string())?;
                    Ok((
                        found.node.element.clone(),
                        screen.tree.handler(node, trigger),
                        value,
                    ))
                })
        };
        let (element, handler, value) = match found {
            Ok(found) => found,
            Err(why) => return self.dropped("interaction", why),
        };
        if let Some(handler) = handler {
            let page = self.top();
            let filled = matches!(trigger, Trigger::Input | Trigger::Change);
            self.put_in = Some(PutIn {
                node,
                value: filled.then(|| value.clone()),
                told: format!(
                    "interaction {} {}#{}",
                    trigger_name(trigger),
                    kind_name(&element),
                    node.0
                ),
            });
            self.due.push_back(Event::Interaction(Interaction {
                page,
                handler,
                value,
            }));
        }
        if let (Element::Navigator(navigator), Trigger::Tap) = (element, trigger) {
            let url = navigator.url;
            self.navigate("navigator", |pages| match navigator.action {
                NavigatorAction::NavigateTo => pages.navigate_to(&url),
                NavigatorAction::RedirectTo => pages.redirect_to(&url),
                NavigatorAction::Back => pages.back(1),
                NavigatorAction::Relaunch => pages.relaunch(&url),
                NavigatorAction::SwitchTab => pages.switch_tab(&url),
            });
        } else if handler.is_none() {
            self.dropped(
                "interaction",
                format!("node {} has no such handler", node.0),
            );
        }
    }

    /// Moves on behalf of the shell. The app is told of a failure, since it made what was tapped.
    fn navigate(
        &mut self,
        what: &str,
        go: impl FnOnce(&mut lapak_abi::pages::PageStack) -> Result<Vec<PageEvent>, NavigationError>,
    ) {
        match go(&mut self.instance.state_mut().pages) {
            Ok(moved) => self.due.extend(moved.into_iter().map(page_event)),
            // Going back from the lowest page is the shell's business: it may close the app.
            Err(NavigationError::AtRoot) => {}
            Err(error) => self.due.push_back(Event::GlobalError(LifecycleError {
                description: format!("{what}: {error}"),
                lang: "en".into(),
                dir: TextDirection::Ltr,
            })),
        }
    }

    async fn close(&mut self, since: Instant) -> Result<(), Ended> {
        let closed = self.instance.state_mut().pages.close_all();
        self.due.extend(closed.into_iter().map(page_event));
        self.due.push_back(Event::GlobalHidden);
        self.due.push_back(Event::GlobalUnloaded);
        self.work_off(since).await
    }

    /// Handles everything that is due, and what follows from it.
    async fn work_off(&mut self, since: Instant) -> Result<(), Ended> {
        while let Some(event) = self.due.pop_front() {
            self.handle(event, since).await?;
        }
        Ok(())
    }

    async fn handle(&mut self, event: Event, since: Instant) -> Result<(), Ended> {
        let name = event_name(&event);
        let budget = self.budget();
        let view = self.instance.handle(&event, budget, &self.meter).await;
        let cpu = self.meter.used();
        let state = self.instance.state_mut();
        let dropped_lines = state.console.begin_event();
        let caused = std::mem::take(&mut state.page_events);
        self.due.extend(caused.into_iter().map(page_event));
        let view = view.map_err(|error| {
            Ended(from_error(
                &error,
                self.instance.state_mut().panic.take(),
                name,
            ))
        })?;
        let put_in = match event {
            Event::Interaction(_) => self.put_in.take(),
            _ => None,
        };
        let ops = self.show(view, put_in.as_ref(), name)?;
        if dropped_lines > 0 {
            tracing::debug!(dropped_lines, "the console was flooded");
        }
        let told = put_in.map_or_else(|| name.to_owned(), |put_in| put_in.told);
        self.record(&told, |record| {
            record.cpu_ns = nanos(cpu);
            record.wall_ns = nanos(since.elapsed());
            record.ops = ops;
        });
        Ok(())
    }

    fn budget(&self) -> Duration {
        if self.shared.background.load(Ordering::Relaxed) {
            self.limits.background_cpu
        } else {
            self.limits.foreground_cpu
        }
    }

    /// Puts a view on the screen; tells how many operations that took.
    fn show(
        &mut self,
        view: Option<View>,
        put_in: Option<&PutIn>,
        event: &str,
    ) -> Result<usize, Ended> {
        let Some(top) = self.instance.state().pages.top().cloned() else {
            return Ok(0);
        };
        let Some(mut view) = view.filter(|view| view.page == top.id.0) else {
            return Ok(self.leave(put_in));
        };
        let limits = ViewLimits {
            nodes: self.limits.view_nodes,
            depth: self.limits.view_depth,
            bytes: self.limits.view_bytes,
        };
        // Before the old tree is taken: a view that is refused leaves the last good one on the screen.
        check(&mut view, &limits).map_err(|error| Ended(from_view_error(&error, event)))?;
        let title = view.title.clone();
        let shared = self.shared.clone();
        let mut screen = shared.screen();
        let same_page = screen.version > 0 && screen.page == top.id;
        let old = same_page.then(|| std::mem::take(&mut screen.tree));
        let (tree, mut ops) = update_checked(old, view, &limits, &mut self.ids)
            .map_err(|error| Ended(from_view_error(&error, event)))?;
        screen.tree = tree;
        if same_page {
            let taken_back = refused(&screen, put_in, &ops);
            ops.extend(taken_back);
            let count = ops.len();
            patch(&shared, &mut screen, ops, title);
            return Ok(count);
        }
        let pages = self.instance.state().pages.pages();
        screen.version += 1;
        screen.title = title;
        screen.page = top.id;
        screen.route = top.route.to_string();
        screen.depth = pages.len();
        screen.stack = pages.iter().map(page_url).collect();
        let whole = Arc::new(Screen::clone(&screen));
        shared.tell(Update::Page(whole));
        drop(screen);
        shared.progress(|progress| progress.painted = true);
        Ok(ops.len())
    }

    /// Leaves the view as it is; what the person put in is taken back all the same.
    fn leave(&self, put_in: Option<&PutIn>) -> usize {
        let mut screen = self.shared.screen();
        let ops = refused(&screen, put_in, &[]);
        let (count, title) = (ops.len(), screen.title.clone());
        patch(&self.shared, &mut screen, ops, title);
        count
    }

    fn dropped(&self, event: &str, why: String) {
        self.record(event, |record| record.dropped = Some(why));
    }

    fn record(&self, event: &str, fill: impl FnOnce(&mut EventRecord)) {
        // One lock for the version and the update: watchers get both in the same order.
        let screen = self.shared.screen();
        let mut record = EventRecord {
            event: event.to_owned(),
            cpu_ns: 0,
            wall_ns: 0,
            ops: 0,
            version: screen.version,
            dropped: None,
        };
        fill(&mut record);
        self.shared.tell(Update::Handled(Arc::new(record)));
    }

    fn settle(&self) {
        let settled = self.instance.state().requests.in_flight() == 0;
        self.shared.progress(|progress| progress.settled = settled);
    }

    fn top(&self) -> u32 {
        let pages = &self.instance.state().pages;
        pages.top().map_or(0, |page| page.id.0)
    }
}

/// Tells watchers of a change, if there is one.
fn patch(shared: &Shared, screen: &mut Screen, ops: Vec<Op>, title: Option<String>) {
    if ops.is_empty() && screen.title == title {
        return;
    }
    screen.version += 1;
    screen.title.clone_from(&title);
    let patch = Patch {
        version: screen.version,
        ops,
        title,
    };
    shared.tell(Update::Patch(Arc::new(patch)));
}

/// A control keeps what the person put in until it is told otherwise. Where the app heard of it but did not take it
/// over, nothing changed in the view, and so it has to be told.
fn refused(screen: &Screen, put_in: Option<&PutIn>, ops: &[Op]) -> Vec<Op> {
    let Some(PutIn {
        node,
        value: Some(value),
        ..
    }) = put_in
    else {
        return Vec::new();
    };
    let mut taken_back = refusal(&screen.tree, *node, value);
    let told = |id: NodeId| {
        ops.iter()
            .any(|op| matches!(op, Op::Update { new, .. } if new.id == id))
    };
    taken_back.retain(|op| !matches!(op, Op::Update { new, .. } if told(new.id)));
    taken_back
}

fn page_event(event: PageEvent) -> Event {
    match event {
        PageEvent::Loaded(Page { id, route, query }) => Event::PageLoaded(PageInput {
            page: id.0,
            path: route.to_string(),
            query,
        }),
        PageEvent::Shown(PageId(id)) => Event::PageShown(id),
        PageEvent::Ready(PageId(id)) => Event::PageReady(id),
        PageEvent::Hidden(PageId(id)) => Event::PageHidden(id),
        PageEvent::Unloaded(PageId(id)) => Event::PageUnloaded(id),
    }
}

fn event_name(event: &Event) -> &'static str {
    match event {
        Event::GlobalLaunched(_) => "global-launched",
        Event::GlobalShown => "global-shown",
        Event::GlobalHidden => "global-hidden",
        Event::GlobalError(_) => "global-error",
        Event::GlobalUnloaded => "global-unloaded",
        Event::PageLoaded(_) => "page-loaded",
        Event::PageReady(_) => "page-ready",
        Event::PageShown(_) => "page-shown",
        Event::PageHidden(_) => "page-hidden",
        Event::PageUnloaded(_) => "page-unloaded",
        Event::PageRefresh(_) => "page-refresh",
        Event::PageBottomReached(_) => "page-bottom-reached",
        Event::Interaction(_) => "interaction",
        Event::RequestFinished(_) => "request-finished",
    }
}

/// Scripts that are written from right to left, by the languages that use them by default.
fn text_direction(lang: &str) -> TextDirection {
    let primary = lang.split('-').next().unwrap_or_default();
    match primary.to_ascii_lowercase().as_str() {
        "ar" | "fa" | "he" | "ur" | "ps" | "sd" | "ug" | "yi" | "dv" => TextDirection::Rtl,
        _ => TextDirection::Ltr,
    }
}

fn host_fault(what: String) -> Ended {
    Ended(EndReport {
        cause: EndCause::HostFault { what },
        event: String::new(),
        stack: Vec::new(),
    })
}
