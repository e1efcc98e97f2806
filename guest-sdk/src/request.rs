//! Waiting for a request: the bridge from request ids to `await`.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::task::Poll;

thread_local! {
    static FINISHED: RefCell<BTreeSet<u32>> = const { RefCell::new(BTreeSet::new()) };
}

/// The host says that a request has finished.
pub(crate) fn mark_finished(request: u32) {
    FINISHED.with_borrow_mut(|finished| finished.insert(request));
}

/// Another app begins, whose requests have the same ids.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn forget_finished() {
    FINISHED.take();
}

/// Waits until the request has finished; its outcome can then be taken from the interface that gave the id. For interfaces of a
/// platform's own; the SDK's functions wait by themselves.
pub async fn finished(request: u32) {
    poll_fn(|_| match take_finished(request) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

/// Whether the request has finished (again) since this was last asked.
pub(crate) fn take_finished(request: u32) -> bool {
    FINISHED.with_borrow_mut(|finished| finished.remove(&request))
}
