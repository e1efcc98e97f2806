//! What stands between the host's events and an app: made by [`crate::app!`], driven by the test kit.

use crate::app::{App, Context};
use crate::bindings::{Event, InputValue, Launch, PageInput, WitView};
use crate::request::mark_finished;
use crate::route::{Query, Route};
use crate::view::flatten::{Handler, Memory};

/// One running app.
pub struct Runtime<A: App> {
    app: Option<A>,
    cx: Context<A>,
    pages: Vec<(u32, Option<A::Page>)>,
    memory: Memory<A::Msg>,
}

impl<A: App> Default for Runtime<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: App> Runtime<A> {
    /// Nothing has been launched yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            app: None,
            cx: Context::new(),
            pages: Vec::new(),
            memory: Memory::default(),
        }
    }

    /// Carries one event through the app; gives the view if it may have changed.
    pub fn handle(&mut self, event: Event) -> Option<WitView> {
        if let Event::GlobalLaunched(launch) = &event {
            self.launch(launch);
        }
        let must_show = self.hear(event);
        let worked = self.work();
        if must_show || worked {
            self.show()
        } else {
            None
        }
    }

    fn launch(&mut self, launch: &Launch) {
        #[cfg(target_arch = "wasm32")]
        crate::panics::report_to_host();
        self.app = Some(A::launch(launch, &mut self.cx));
    }

    /// Takes an event in; tells whether a page must be shown for it.
    fn hear(&mut self, event: Event) -> bool {
        let Some(app) = &self.app else {
            return false;
        };
        let message = match event {
            Event::PageLoaded(PageInput { page, path, query }) => {
                let route = A::Page::parse(&path, &Query::new(&query));
                if route.is_none() {
                    crate::console::warn!("no page for {path}?{query}");
                }
                self.pages.push((page, route));
                self.memory.forget();
                return true;
            }
            Event::PageUnloaded(page) => {
                self.pages.retain(|(id, _)| *id != page);
                None
            }
            Event::PageShown(page) => {
                // Pages below stay where they are; the one shown is the one to draw.
                self.pages.sort_by_key(|(id, _)| *id == page);
                self.memory.forget();
                let message = self.top().and_then(|page| app.page_shown(page));
                self.cx.messages.extend(message);
                return true;
            }
            Event::PageRefresh(_) => self.top().and_then(|page| app.page_refresh(page)),
            Event::PageBottomReached(_) => {
                self.top().and_then(|page| app.page_bottom_reached(page))
            }
            Event::GlobalUpdating => {
                carry_over(app.carry_over());
                None
            }
            Event::GlobalShown => app.shown(),
            Event::GlobalZoneChanged => app.zone_changed(),
            Event::GlobalHidden => app.hidden(),
            Event::Interaction(interaction) => self
                .memory
                .handler(interaction.handler)
                .and_then(|handler| message(handler, interaction.value)),
            Event::RequestFinished(request) => {
                mark_finished(request);
                None
            }
            Event::GlobalError(error) => {
                crate::console::error!("{}", error.description);
                None
            }
            Event::GlobalLaunched(_)
            | Event::GlobalUnloaded
            | Event::PageReady(_)
            | Event::PageHidden(_) => None,
        };
        self.cx.messages.extend(message);
        false
    }

    /// Runs messages and futures until nothing moves any more; tells whether anything did.
    fn work(&mut self) -> bool {
        let Some(app) = &mut self.app else {
            return false;
        };
        let mut worked = false;
        loop {
            while let Some(message) = self.cx.messages.pop_front() {
                app.update(message, &mut self.cx);
                worked = true;
            }
            let ended = self.cx.tasks.poll();
            if ended.is_empty() {
                return worked;
            }
            self.cx.messages.extend(ended);
        }
    }

    fn show(&mut self) -> Option<WitView> {
        let app = self.app.as_ref()?;
        let (id, page) = self.pages.last()?;
        let Some(page) = page else {
            let sorry: crate::view::View<'_, A::Msg> =
                crate::view::text("This page cannot be opened.");
            return Some(WitView {
                page: *id,
                title: None,
                nodes: self.memory.flatten(sorry),
            });
        };
        Some(WitView {
            page: *id,
            title: app.title(page),
            nodes: self.memory.flatten(app.view(page)),
        })
    }

    /// The app, once it was launched.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn app(&self) -> Option<&A> {
        self.app.as_ref()
    }

    fn top(&self) -> Option<&A::Page> {
        self.pages.last()?.1.as_ref()
    }
}

fn carry_over(state: Option<Vec<u8>>) {
    #[cfg(target_arch = "wasm32")]
    if let Some(state) = state
        && let Err(error) = crate::bindings::wit::lapak::app::updates::carry_over(&state)
    {
        crate::console::error!("nothing was carried over: {error}");
    }
    #[cfg(not(target_arch = "wasm32"))]
    drop(state);
}

fn message<Msg: Clone>(handler: &Handler<Msg>, value: InputValue) -> Option<Msg> {
    Some(match (handler, value) {
        (Handler::Message(message), _) => message.clone(),
        (Handler::Text(make), InputValue::Text(text)) => make(text),
        (Handler::Toggled(make), InputValue::Toggled(on)) => make(on),
        (Handler::Number(make), InputValue::Number(number)) => make(number),
        (Handler::Index(make), InputValue::Index(index)) => make(index),
        (Handler::Fields(make), InputValue::Fields(fields)) => {
            make(crate::view::Fields::new(fields))
        }
        // A value that does not fit comes from a host of another mind; nothing happened then.
        _ => return None,
    })
}
