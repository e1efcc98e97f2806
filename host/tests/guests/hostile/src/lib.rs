//! A mini-app that misbehaves on request. What it does, and at which event, comes in the query it is
//! launched with: `pages/main?do=spin&at=interaction`.
//!
//! It is written against the bare WIT, without the SDK, since the SDK would not let it.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    reason = "generated bindings; a hostile guest"
)]

mod capabilities;
mod faults;
mod views;

use std::cell::RefCell;

/// The bindings that the SDK uses, without the SDK.
#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated code"
)]
#[path = "../../../../../guest-sdk/src/bindings/wit.rs"]
#[rustfmt::skip]
mod bindings;

use bindings::exports::lapak::app::app::{Event, Guest, View};
use bindings::{exports, lapak};

struct Hostile;
bindings::export_app!(Hostile with_types_in bindings);

thread_local! {
    static PLAN: RefCell<Plan> = RefCell::default();
}

/// What to do, and when.
#[derive(Clone, Default)]
pub(crate) struct Plan {
    pub(crate) action: String,
    pub(crate) at: String,
    pub(crate) page: u32,
    pub(crate) taps: u32,
    pub(crate) text: String,
    /// What a call is about: a signed order, say.
    pub(crate) with: String,
}

impl Guest for Hostile {
    fn handle(event: Event) -> Option<View> {
        let name = event_name(&event);
        let mut plan = PLAN.take();
        match event {
            Event::GlobalLaunched(launch) => {
                let query = |key: &str| {
                    let found = launch
                        .query
                        .split('&')
                        .find_map(|pair| pair.strip_prefix(key));
                    found.unwrap_or_default().to_owned()
                };
                plan.action = query("do=");
                plan.at = query("at=");
                plan.with = query("with=");
                let carried = launch.carried_over.as_deref().unwrap_or_default();
                plan.taps = String::from_utf8_lossy(carried).parse().unwrap_or(0);
                if plan.at == "request-finished" {
                    capabilities::begin_request();
                }
            }
            Event::PageLoaded(page) => plan.page = page.page,
            Event::PageShown(page) => plan.page = page,
            Event::Interaction(_) => plan.taps += 1,
            Event::RequestFinished(request) => capabilities::finished(&mut plan, request),
            _ => {}
        }
        let view = if plan.at == name || plan.at == "always" {
            act(&mut plan)
        } else {
            None
        };
        let view = view.or_else(|| Some(views::plain(&plan)));
        PLAN.set(plan);
        view
    }
}

/// Kept as a function of its own, so that stacks in reports have one to name.
#[inline(never)]
fn act(plan: &mut Plan) -> Option<View> {
    match plan.action.clone().as_str() {
        action if action.starts_with("view-") => Some(views::bad(action, plan.page)),
        action if action.starts_with("call-") => {
            capabilities::call(action, plan);
            None
        }
        action => {
            faults::fault(action);
            None
        }
    }
}

fn event_name(event: &Event) -> &'static str {
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
