//! The guest's own small executor. A future waits for requests only, and every finished request is an event,
//! so polling the few futures that wait after each event is all it takes.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

enum Task<T> {
    /// Comes to one thing, and ends.
    Once(Pin<Box<dyn Future<Output = T>>>),
    /// Comes to one thing after the other, until it comes to nothing.
    Again(Box<dyn FnMut() -> Poll<Option<T>>>),
}

/// Work that has not come to an end.
pub(crate) struct Tasks<T> {
    waiting: Vec<Task<T>>,
}

impl<T> Default for Tasks<T> {
    fn default() -> Self {
        Self {
            waiting: Vec::new(),
        }
    }
}

impl<T> Tasks<T> {
    pub(crate) fn spawn(&mut self, future: impl Future<Output = T> + 'static) {
        self.waiting.push(Task::Once(Box::pin(future)));
    }

    pub(crate) fn follow(&mut self, next: impl FnMut() -> Poll<Option<T>> + 'static) {
        self.waiting.push(Task::Again(Box::new(next)));
    }

    /// Polls every task once; gives what they came to.
    pub(crate) fn poll(&mut self) -> Vec<T> {
        let mut cx = Context::from_waker(Waker::noop());
        let mut came = Vec::new();
        self.waiting.retain_mut(|task| match task {
            Task::Once(future) => match future.as_mut().poll(&mut cx) {
                Poll::Ready(output) => {
                    came.push(output);
                    false
                }
                Poll::Pending => true,
            },
            Task::Again(next) => match next() {
                Poll::Ready(Some(output)) => {
                    came.push(output);
                    true
                }
                Poll::Ready(None) => false,
                Poll::Pending => true,
            },
        });
        came
    }
}
