//! Requests that finish again and again.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use crate::request::take_finished;

/// Something that has news again and again: a location, a sensor. It ends when it is dropped, and when what it has to tell is
/// an error.
///
/// Await [`next`](Self::next) in a future of your own, or let [`Context::follow`](crate::Context::follow) make a message of
/// each news.
pub struct Watch<T, E> {
    open: Rc<Open<T, E>>,
}

/// Keeps a followed watch going; dropping it ends the watch.
#[must_use = "the watch ends when this is dropped"]
pub struct Following {
    _watch: Box<dyn std::any::Any>,
}

struct Open<T, E> {
    request: u32,
    take: fn(u32) -> Result<T, E>,
    stop: fn(u32),
    over: std::cell::Cell<bool>,
}

impl<T, E> Open<T, E> {
    fn poll(&self) -> Poll<Option<Result<T, E>>> {
        if self.over.get() {
            return Poll::Ready(None);
        }
        if !take_finished(self.request) {
            return Poll::Pending;
        }
        let news = (self.take)(self.request);
        // An error is the last that a watch has to tell; the host has ended it.
        self.over.set(news.is_err());
        Poll::Ready(Some(news))
    }

    fn end(&self) {
        if !self.over.replace(true) {
            (self.stop)(self.request);
            // News that were on their way.
            take_finished(self.request);
        }
    }
}

impl<T: 'static, E: 'static> Watch<T, E> {
    pub(crate) fn new(request: u32, take: fn(u32) -> Result<T, E>, stop: fn(u32)) -> Self {
        let over = std::cell::Cell::new(false);
        Self {
            open: Rc::new(Open {
                request,
                take,
                stop,
                over,
            }),
        }
    }

    /// Waits for news. `None` once the watch has ended, which an error has told before.
    pub async fn next(&mut self) -> Option<Result<T, E>> {
        poll_fn(|_| self.open.poll()).await
    }

    /// Makes a message of each news, until `Following` is dropped.
    pub(crate) fn follow<Msg>(
        self,
        message: impl Fn(Result<T, E>) -> Msg + 'static,
    ) -> (Following, impl FnMut() -> Poll<Option<Msg>> + 'static) {
        let open = self.open.clone();
        let following = Following {
            _watch: Box::new(self),
        };
        let poll = move || open.poll().map(|news| news.map(&message));
        (following, poll)
    }
}

impl<T, E> Drop for Watch<T, E> {
    fn drop(&mut self) {
        self.open.end();
    }
}

impl<T, E> std::fmt::Debug for Watch<T, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Watch({})", self.open.request)
    }
}

impl std::fmt::Debug for Following {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Following")
    }
}
