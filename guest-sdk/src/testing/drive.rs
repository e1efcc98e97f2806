//! Carries events to the app, in the host's order.

use lapak_abi::pages::{Page, PageEvent, PageId};

use super::TestApp;
use super::nodes::resolve;
use super::rules;
use crate::app::App;
use crate::bindings::{Event, PageInput};
use crate::simulated;

impl<A: App> TestApp<A> {
    pub(super) fn handle(&mut self, event: Event) {
        if let Some(view) = self.runtime.handle(event)
            && view.page == self.page
        {
            self.title = view.title;
            let old = std::mem::take(&mut self.nodes);
            self.nodes = resolve(&old, view.nodes);
            if let Some(broken) = rules::broken(&self.nodes) {
                panic!(
                    "a host ends the app for this view: {broken}. On show:\n{}",
                    self.snapshot()
                );
            }
        }
    }

    /// Page events first, then requests, until nothing is due.
    pub(super) fn settle(&mut self) {
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
                Event::PageLoaded(PageInput {
                    page: id.0,
                    path: route.to_string(),
                    query,
                })
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
            self.filled.clear();
        }
    }
}

/// Does what the host does when a navigator is tapped.
pub(super) fn follow(navigator: &crate::bindings::Navigator) {
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
