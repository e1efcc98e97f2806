//! Events as the contract words them.

use lapak_abi::languages;
use lapak_abi::pages::{Page, PageEvent, PageId};

use crate::bindings::lapak::app::events::{Event, PageInput, TextDirection};

pub(super) fn page_event(event: PageEvent) -> Event {
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

pub(super) fn event_name(event: &Event) -> &'static str {
    match event {
        Event::GlobalLaunched(_) => "global-launched",
        Event::GlobalShown => "global-shown",
        Event::GlobalHidden => "global-hidden",
        Event::GlobalError(_) => "global-error",
        Event::GlobalUpdating => "global-updating",
        Event::GlobalZoneChanged => "global-zone-changed",
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

pub(super) fn text_direction(lang: &str) -> TextDirection {
    match languages::direction(lang) {
        languages::Direction::Rtl => TextDirection::Rtl,
        languages::Direction::Ltr => TextDirection::Ltr,
    }
}
