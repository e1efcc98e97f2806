//! The session's own course: letters from the mailbox, one after the other, through the app, onto the
//! screen.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use lapak_abi::pages::{NavigationError, PageEvent};
use tracing::Instrument as _;

use super::names::{event_name, page_event, text_direction};
use super::secrets::blanked;
use super::show::PutIn;
use super::{EventRecord, Launch, Shared, ShellEvent, Update, nanos};
use crate::bindings::lapak::app::events::{
    self, Event, InputValue, Interaction, LifecycleError, TextDirection,
};
use crate::delays;
use crate::instance::{Instance, give_way};
use crate::instances::Permit;
use crate::mailbox::Letter;
use crate::report::{EndCause, EndReport, from_error};
use crate::requests::weight::SMALL;
use crate::updates::{Adopted, Carried};
use crate::view::{Element, NavigatorAction, NodeId, NodeIds, Trigger, accept_input, kind_name};
use crate::zone::Zone;

/// A session in its instance.
pub(crate) struct Actor {
    pub(crate) instance: Instance,
    pub(crate) permit: Permit,
    pub(crate) ids: NodeIds,
    /// Page and app events that are to be handled before the next letter.
    due: VecDeque<Event>,
    /// What the person put in and the app is about to answer.
    put_in: Option<PutIn>,
}

/// The session is over.
#[derive(Debug)]
pub(super) struct Ended(pub(super) EndReport);

impl Actor {
    /// In an instance that has just been made, or thawed; `ids` go on from there.
    pub(super) fn new((instance, permit): (Instance, Permit), ids: NodeIds) -> Self {
        Self {
            instance,
            permit,
            ids,
            due: VecDeque::new(),
            put_in: None,
        }
    }

    /// Whose it is.
    pub(super) fn session(&self) -> &Arc<Shared> {
        &self.instance.state().session
    }

    /// Brings the app to its first view.
    pub(super) async fn launch(&mut self, launch: Launch) -> Result<(), Ended> {
        self.begin_letter();
        self.open(launch)?;
        self.work_off(Instant::now()).await?;
        self.session().is_free();
        Ok(())
    }

    /// Queues the events of the launch.
    fn open(&mut self, launch: Launch) -> Result<(), Ended> {
        let zone = launch.zone.as_deref().and_then(Zone::named);
        self.instance.state_mut().zone = zone.unwrap_or_default();
        let urls = launch.pages;
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
            referrer: launch.referrer,
            dir: text_direction(&launch.lang),
            lang: launch.lang,
            color_scheme: launch.color_scheme,
            carried_over: launch.carried_over,
        }));
        self.due.push_back(Event::GlobalShown);
        self.due.extend(opened.into_iter().map(page_event));
        Ok(())
    }

    /// Carries one letter through the app, with everything that it leads to: one account for all of it.
    pub(super) async fn take(&mut self, letter: Letter) -> Result<(), Ended> {
        self.begin_letter();
        self.write_down(&letter);
        self.carry(letter).await?;
        self.session().is_free();
        Ok(())
    }

    fn begin_letter(&mut self) {
        let budget = self.budget();
        self.instance.state_mut().begin_letter(budget);
        self.session().is_busy();
    }

    /// For a recording, which never holds what was typed into a password field.
    fn write_down(&self, letter: &Letter) {
        let session = self.session();
        let Some(recorder) = &session.recorder else {
            return;
        };
        let blanked = match letter {
            Letter::Shell(event, _) => blanked(&session.lock().screen_mut().tree, event),
            Letter::Finished(..) => None,
        };
        match blanked {
            Some(event) => recorder.blanked_letter(event),
            None => recorder.letter(letter),
        }
    }

    async fn carry(&mut self, letter: Letter) -> Result<(), Ended> {
        match letter {
            Letter::Finished(request, answer) => {
                let large = answer.bytes() > SMALL;
                let charge = large.then(|| self.session().lock().mailbox.take_charge(request));
                let state = self.instance.state_mut();
                let ends = !matches!(answer, crate::capability::Answer::News(_));
                state.held.finished(request, charge.flatten());
                if !state.rooms.deliver(request, answer) {
                    // A watch that the app has stopped meanwhile.
                    return Ok(());
                }
                if ends {
                    state.requests.end();
                }
                self.due.push_back(Event::RequestFinished(request));
                self.work_off(Instant::now()).await
            }
            Letter::Shell(ShellEvent::Close, since) => {
                self.close(since).await?;
                Err(closed())
            }
            Letter::Shell(ShellEvent::Update, since) => {
                self.hand_over(since).await?;
                Err(closed())
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
            ShellEvent::Zone(name) => self.moved_to(&name),
            ShellEvent::PageBottomReached => self.due.push_back(Event::PageBottomReached(top)),
            // Handled by `take`.
            ShellEvent::Close | ShellEvent::Update => {}
        }
    }

    /// The person's time zone is this one; the app is told if it was another.
    fn moved_to(&mut self, name: &str) {
        let Some(zone) = Zone::named(name) else {
            return self.dropped("zone", "there is no such time zone".into());
        };
        let state = self.instance.state_mut();
        if state.zone != zone {
            state.zone = zone;
            self.due.push_back(Event::GlobalZoneChanged);
        }
    }

    fn input(&mut self, node: NodeId, trigger: Trigger, value: InputValue) {
        let found = {
            let mut state = self.session().lock();
            let screen = state.screen_mut();
            accept_input(&screen.tree, node, trigger, value)
                .map_err(|error| error.to_string())
                .and_then(|value| {
                    let gone = || format!("node {} is not on show", node.0);
                    let found = screen.tree.node(node).ok_or_else(gone)?;
                    let element = &found.node.element;
                    let navigator = match (element, trigger) {
                        (Element::Navigator(navigator), Trigger::Tap) => Some(navigator.clone()),
                        _ => None,
                    };
                    let mut bindings = found.node.bindings.iter();
                    let bound = bindings.find(|one| one.trigger == trigger);
                    let handler = bound.map(|one| one.handler);
                    Ok((kind_name(element), navigator, handler, value))
                })
        };
        let (kind, navigator, handler, value) = match found {
            Ok(found) => found,
            Err(why) => return self.dropped("interaction", why),
        };
        if let Some(handler) = handler {
            let page = self.top();
            let filled = matches!(trigger, Trigger::Input | Trigger::Change);
            self.put_in = Some(PutIn {
                node,
                value: filled.then(|| value.clone()),
                trigger,
                kind,
            });
            self.due.push_back(Event::Interaction(Interaction {
                page,
                handler,
                value,
            }));
        }
        if let Some(navigator) = navigator {
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

    /// Lets the app hand over what the next version needs.
    async fn hand_over(&mut self, since: Instant) -> Result<(), Ended> {
        self.instance.state_mut().carried = Carried::Asked;
        self.handle(Event::GlobalUpdating, since).await?;
        if let Carried::Over(bytes) = std::mem::take(&mut self.instance.state_mut().carried) {
            self.session().carry_over(bytes);
        }
        let adopted = Adopted::of(self.instance.state_mut());
        self.session().leave_payments(adopted);
        Ok(())
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
            let name = event_name(&event);
            self.handle(event, since).await?;
            if !self.due.is_empty() {
                self.between_events(name).await?;
            }
        }
        Ok(())
    }

    /// Others may be in a hurry, the session may be over, or the letter may have had what it may have.
    async fn between_events(&mut self, name: &str) -> Result<(), Ended> {
        let session = self.session();
        session.tell_if_busy();
        if lapak_scheduler::should_yield() {
            session.gave_way.store(true, Ordering::Relaxed);
            give_way().await;
        }
        if self.session().over.load(Ordering::Relaxed) {
            return Err(closed());
        }
        let budget = self.instance.state().check_budget();
        budget.map_err(|hit| Ended(from_error(&hit.into(), None, name)))
    }

    async fn handle(&mut self, event: Event, since: Instant) -> Result<(), Ended> {
        let name = event_name(&event);
        // Not even its fields are looked at unless somebody listens.
        let session = self.session();
        let span =
            tracing::debug_span!("event", name, app = %session.owner.app_id, session = ?session.id);
        let put_in = self.put_in.as_ref();
        let taps = put_in.is_some_and(|put_in| put_in.trigger == Trigger::Tap);
        let handles_tap = taps && matches!(event, Event::Interaction(_));
        self.instance.state_mut().handles_tap = handles_tap;
        let meter = self.instance.state().meter.clone();
        let before = meter.used();
        let view = self.instance.handle(&event).instrument(span).await;
        let state = self.instance.state_mut();
        state.handles_tap = false;
        let cpu = meter.used().saturating_sub(before);
        let dropped_lines = state.console.begin_event();
        state.held.forget_taken(&state.rooms);
        let caused = std::mem::take(&mut state.page_events);
        self.due.extend(caused.into_iter().map(page_event));
        let view = view.map_err(|error| {
            let panic = self.instance.state_mut().panic.take();
            Ended(from_error(&error, panic, name))
        })?;
        let put_in = match event {
            Event::Interaction(_) => self.put_in.take(),
            _ => None,
        };
        let ops = meter.run(|| self.show(view, put_in.as_ref(), name))?;
        delays::at("shown");
        if dropped_lines > 0 {
            tracing::debug!(dropped_lines, "the console was flooded");
        }
        let wall = since.elapsed();
        let session = self.session();
        session.host.metrics.event_cpu.observe(cpu);
        session.host.metrics.event_wall.observe(wall);
        let told = || put_in.map_or_else(|| name.to_owned(), |put_in| put_in.told());
        self.record(told, |record| {
            record.cpu_ns = nanos(cpu);
            record.wall_ns = nanos(wall);
            record.ops = ops;
        });
        self.note();
        Ok(())
    }

    /// Writes down, for a recording, what the event came to.
    fn note(&mut self) {
        let session = self.session().clone();
        if let Some(recorder) = &session.recorder
            && recorder.wants_hashes()
        {
            let memory = self.instance.memory_hash();
            let tree = session.lock().screen_mut().tree.clone();
            recorder.came_to(memory, &tree);
        }
    }

    fn budget(&self) -> Duration {
        let session = self.session();
        if session.is_background() {
            session.limits().background_cpu
        } else {
            session.limits().foreground_cpu
        }
    }

    fn dropped(&self, event: &str, why: String) {
        self.record(|| event.to_owned(), |record| record.dropped = Some(why));
    }

    fn record(&self, event: impl FnOnce() -> String, fill: impl FnOnce(&mut EventRecord)) {
        // One lock for the version and the update: watchers get both in the same order.
        let mut state = self.session().lock();
        if !state.lines_are_watched() {
            return;
        }
        let mut record = EventRecord {
            event: event(),
            cpu_ns: 0,
            wall_ns: 0,
            ops: 0,
            version: state.screen_mut().version,
            dropped: None,
        };
        fill(&mut record);
        state.tell(Update::Handled(Arc::new(record)));
    }

    fn top(&self) -> u32 {
        let pages = &self.instance.state().pages;
        pages.top().map_or(0, |page| page.id.0)
    }
}

fn closed() -> Ended {
    Ended(EndReport::closed())
}

fn host_fault(what: String) -> Ended {
    Ended(EndReport {
        cause: EndCause::HostFault { what },
        event: String::new(),
        stack: Vec::new(),
    })
}
