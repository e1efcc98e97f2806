//! The guest's own small executor. A future waits for requests only, and every finished request is an event,
//! so polling the few futures that wait after each event is all it takes.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

type Task<T> = Pin<Box<dyn Future<Output = T>>>;

/// Futures that have not come to an end.
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
        self.waiting.push(Box::pin(future));
    }

    /// Polls every future once; gives what those came to that have ended.
    pub(crate) fn poll(&mut self) -> Vec<T> {
        let mut cx = Context::from_waker(Waker::noop());
        let mut ended = Vec::new();
        self.waiting
            .retain_mut(|task| match task.as_mut().poll(&mut cx) {
                Poll::Ready(output) => {
                    ended.push(output);
                    false
                }
                Poll::Pending => true,
            });
        ended
    }
}
