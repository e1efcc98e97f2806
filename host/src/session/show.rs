//! Putting a view on the session's screen, and telling watchers what changed.

use std::sync::Arc;

use crate::bindings::lapak::app::events::InputValue;
use crate::report::from_view_error;
use crate::session::actor::{Actor, Ended};
use crate::session::state::State;
use crate::session::{Patch, Update, page_url};
use crate::view::{
    NodeId, Op, Trigger, View, ViewLimits, check, refusal, trigger_name, update_checked,
};

/// What a person put into a node.
pub(super) struct PutIn {
    pub(super) node: NodeId,
    /// What the control now holds, if the app looks after it.
    pub(super) value: Option<InputValue>,
    pub(super) trigger: Trigger,
    /// What kind of node it is.
    pub(super) kind: &'static str,
}

impl PutIn {
    /// `interaction tap button#12`
    pub(super) fn told(&self) -> String {
        let trigger = trigger_name(self.trigger);
        format!("interaction {trigger} {}#{}", self.kind, self.node.0)
    }
}

impl Actor {
    /// Puts a view on the screen, and counts the event that led to it, so that nobody sees the one without the other: last
    /// of all, for who waits for it wants the lock next. Tells how many operations that took.
    pub(super) fn show(
        &mut self,
        view: Option<View>,
        put_in: Option<&PutIn>,
        event: &str,
    ) -> Result<usize, Ended> {
        let session = self.session().clone();
        let Some(top) = self.instance.state().pages.top().map(|page| page.id) else {
            session.has_handled();
            return Ok(0);
        };
        let Some(mut view) = view.filter(|view| view.page == top.0) else {
            let mut state = session.lock();
            let count = leave(&mut state, put_in);
            session.has_handled();
            return Ok(count);
        };
        let limits = session.limits();
        let limits = ViewLimits {
            nodes: limits.view_nodes,
            depth: limits.view_depth,
            bytes: limits.view_bytes,
        };
        // Before the old tree is taken: a view that is refused leaves the last good one on the screen.
        check(&mut view, &limits).map_err(|error| Ended(from_view_error(&error, event)))?;
        let title = view.title.take();
        let mut state = session.lock();
        let screen = state.screen_mut();
        let same_page = screen.version > 0 && screen.page == top;
        let old = same_page.then(|| std::mem::take(&mut screen.tree));
        let (tree, mut ops) = update_checked(old, view, &limits, &mut self.ids)
            .map_err(|error| Ended(from_view_error(&error, event)))?;
        screen.tree = tree;
        if same_page {
            ops.extend(refused(&state, put_in, &ops));
            let count = ops.len();
            patch(&mut state, ops, title);
            session.has_handled();
            return Ok(count);
        }
        let pages = self.instance.state().pages.pages();
        screen.version += 1;
        screen.title = title;
        screen.page = top;
        screen.route = pages
            .last()
            .map_or_else(String::new, |page| page.route.to_string());
        screen.depth = pages.len();
        screen.stack = pages.iter().map(page_url).collect();
        if state.screen_is_watched() {
            let whole = Arc::new(state.screen_mut().clone());
            state.tell(Update::Page(whole));
        }
        state.progress(|progress| progress.painted = true);
        session.has_handled();
        Ok(ops.len())
    }
}

/// Leaves the view as it is; what the person put in is taken back all the same.
fn leave(state: &mut State, put_in: Option<&PutIn>) -> usize {
    let ops = refused(state, put_in, &[]);
    let (count, title) = (ops.len(), state.screen_mut().title.clone());
    patch(state, ops, title);
    count
}

/// Tells watchers of a change, if there is one.
fn patch(state: &mut State, ops: Vec<Op>, title: Option<String>) {
    let screen = state.screen_mut();
    if ops.is_empty() && screen.title == title {
        return;
    }
    screen.version += 1;
    screen.title.clone_from(&title);
    let version = screen.version;
    if state.screen_is_watched() {
        state.tell(Update::Patch(Arc::new(Patch {
            version,
            ops,
            title,
        })));
    }
}

/// A control keeps what the person put in until it is told otherwise. Where the app heard of it but did not take it
/// over, nothing changed in the view, and so it has to be told.
fn refused(state: &State, put_in: Option<&PutIn>, ops: &[Op]) -> Vec<Op> {
    let Some(PutIn {
        node,
        value: Some(value),
        ..
    }) = put_in
    else {
        return Vec::new();
    };
    let Some(screen) = &state.screen else {
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
