//! Updates that wait for a watcher who takes them in its own time.
//!
//! A backlog is bounded in bytes: what a watcher that is not taking leaves waiting is the host's memory. tokio's broadcast
//! channel, which was here before, is bounded in updates alone, and takes the room for all of them at once.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::Update;
use super::watch::{Hears, Watcher};
use crate::view::{NodeId, Op, TreeNode, node_bytes};

/// The most that waits for one watcher, in bytes; past it, the oldest updates go. One update alone may be larger.
pub const BACKLOG_BYTES: usize = 256 * 1024;
/// The most updates that wait for one watcher.
pub const BACKLOG_UPDATES: usize = 512;

/// What waits for one watcher. The session knows it weakly: it goes with whoever takes from it.
pub(super) struct Backlog {
    hears: Hears,
    waits: Mutex<Waits>,
}

#[derive(Default)]
struct Waits {
    updates: VecDeque<(Update, usize)>,
    bytes: usize,
    /// Updates that had to go since the watcher last took one.
    missed: u64,
    /// Nothing more comes.
    over: bool,
    waker: Option<Waker>,
}

impl Backlog {
    pub(super) fn new(hears: Hears) -> (Weak<Self>, Updates) {
        let backlog = Arc::new(Self {
            hears,
            waits: Mutex::default(),
        });
        (Arc::downgrade(&backlog), Updates { backlog })
    }

    fn lock(&self) -> MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher for Backlog {
    fn hears(&self) -> Hears {
        self.hears
    }

    fn told(&self, update: &Update) {
        let waker = {
            let mut waits = self.lock();
            waits.push(update.clone());
            waits.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn over(&self) {
        let waker = {
            let mut waits = self.lock();
            waits.over = true;
            waits.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Update {
    /// About how many bytes of the host's memory it holds.
    fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Patch(patch) => patch.ops.iter().map(op_bytes).sum(),
                Self::Page(screen) => screen.tree.nodes.iter().map(bytes_of).sum(),
                Self::Log(line) => size_of_val(&**line) + line.message.len(),
                Self::Handled(record) => size_of_val(&**record) + record.event.len(),
                Self::Sheet(_) | Self::SheetOver(..) => SHEET_BYTES,
                Self::OpenApp(uri) => uri.len(),
                Self::Busy(_) => 0,
                Self::Ended(report) => report.stack.iter().map(|line| line.len() + 24).sum(),
            }
    }
}

/// What a sheet is taken to hold: its texts are bounded by where they come from.
const SHEET_BYTES: usize = 4 * 1024;

fn op_bytes(op: &Op) -> usize {
    match op {
        Op::Insert { subtree, .. } => subtree.iter().map(bytes_of).sum(),
        Op::Update { old, new } => bytes_of(old) + bytes_of(new),
        Op::Remove { .. } | Op::Move { .. } => size_of::<Op>(),
    }
}

fn bytes_of(node: &TreeNode) -> usize {
    size_of::<NodeId>() + node_bytes(&node.node)
}

impl Waits {
    fn push(&mut self, update: Update) {
        let bytes = update.bytes();
        self.bytes += bytes;
        self.updates.push_back((update, bytes));
        // The latest stays, however large.
        while self.updates.len() > 1
            && (self.bytes > BACKLOG_BYTES || self.updates.len() > BACKLOG_UPDATES)
        {
            let oldest = self.updates.pop_front();
            self.bytes -= oldest.map_or(0, |(_, bytes)| bytes);
            self.missed += 1;
        }
    }

    fn next(&mut self) -> Result<Update, TryRecvError> {
        if self.missed > 0 {
            return Err(TryRecvError::Lagged(std::mem::take(&mut self.missed)));
        }
        match self.updates.pop_front() {
            Some((update, bytes)) => {
                self.bytes -= bytes;
                if self.updates.is_empty() {
                    // An idle watcher holds no room for a flood of long ago.
                    self.updates.shrink_to(8);
                }
                Ok(update)
            }
            None if self.over => Err(TryRecvError::Closed),
            None => Err(TryRecvError::Empty),
        }
    }
}

/// Every change of a session, from [`Session::watch`](super::Session::watch) on. What is not taken waits, up to
/// [`BACKLOG_BYTES`] and [`BACKLOG_UPDATES`]; then the oldest go, and the next that is taken is
/// [`RecvError::Lagged`]: the watcher takes the whole screen again.
pub struct Updates {
    backlog: Arc<Backlog>,
}

impl Updates {
    /// The next update, when there is one.
    ///
    /// # Errors
    /// [`RecvError::Lagged`] with how many were missed; [`RecvError::Closed`] after the session's end.
    pub async fn recv(&mut self) -> Result<Update, RecvError> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// As [`recv`](Self::recv), for whoever polls.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Update, RecvError>> {
        let mut waits = self.backlog.lock();
        match waits.next() {
            Ok(update) => Poll::Ready(Ok(update)),
            Err(TryRecvError::Lagged(missed)) => Poll::Ready(Err(RecvError::Lagged(missed))),
            Err(TryRecvError::Closed) => Poll::Ready(Err(RecvError::Closed)),
            Err(TryRecvError::Empty) => {
                match &mut waits.waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    none => *none = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
        }
    }

    /// The next update if there is one already.
    ///
    /// # Errors
    /// As [`recv`](Self::recv); [`TryRecvError::Empty`] if there is none yet.
    pub fn try_recv(&mut self) -> Result<Update, TryRecvError> {
        self.backlog.lock().next()
    }

    /// As [`recv`](Self::recv), for a thread that has nothing else to do.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn blocking_recv(&mut self) -> Result<Update, RecvError> {
        let waker = Waker::from(Arc::new(Parked(std::thread::current())));
        let mut cx = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(update) = self.poll_recv(&mut cx) {
                return update;
            }
            std::thread::park();
        }
    }

    /// Bytes that wait.
    #[must_use]
    pub fn waiting_bytes(&self) -> usize {
        self.backlog.lock().bytes
    }
}

impl std::fmt::Debug for Updates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let waits = self.backlog.lock();
        f.debug_struct("Updates")
            .field("waiting", &waits.updates.len())
            .field("missed", &waits.missed)
            .finish_non_exhaustive()
    }
}

/// A thread that waits.
struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::console::{ConsoleLine, Level};

    fn line(number: usize) -> Update {
        Update::Log(Arc::new(ConsoleLine {
            level: Level::Info,
            message: format!("{number:>16384}"),
        }))
    }

    fn number(update: Update) -> usize {
        match update {
            Update::Log(line) => line.message.trim().parse().expect("a number"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_nobody_takes_has_a_bound_in_bytes() {
        let (weak, mut updates) = Backlog::new(Hears::Everything);
        let backlog = weak.upgrade().expect("held");
        for at in 0..10_000 {
            backlog.told(&line(at));
            assert!(updates.waiting_bytes() <= BACKLOG_BYTES);
        }
        // Whoever comes back is told that it has missed something, and gets the latest.
        let lagged = updates.try_recv().expect_err("lagged");
        let TryRecvError::Lagged(missed) = lagged else {
            panic!("{lagged}");
        };
        let mut taken = Vec::new();
        while let Ok(update) = updates.try_recv() {
            taken.push(number(update));
        }
        assert_eq!(taken.first().copied(), usize::try_from(missed).ok());
        assert_eq!(taken.last(), Some(&9_999));
        assert_eq!(updates.waiting_bytes(), 0);
    }

    #[test]
    fn the_latest_waits_however_large_it_is() {
        let (weak, mut updates) = Backlog::new(Hears::Everything);
        let backlog = weak.upgrade().expect("held");
        backlog.told(&line(1));
        let message = " ".repeat(BACKLOG_BYTES) + "2";
        let level = Level::Info;
        backlog.told(&Update::Log(Arc::new(ConsoleLine { level, message })));
        assert!(matches!(updates.try_recv(), Err(TryRecvError::Lagged(1))));
        assert_eq!(number(updates.try_recv().expect("the latest")), 2);
    }

    #[test]
    fn whoever_has_gone_leaves_nothing() {
        let (weak, updates) = Backlog::new(Hears::Screen);
        weak.upgrade().expect("held").told(&line(1));
        drop(updates);
        assert!(weak.upgrade().is_none());
    }

    #[test]
    fn after_the_end_there_is_nothing_to_wait_for() {
        let (weak, mut updates) = Backlog::new(Hears::Lines);
        let backlog = weak.upgrade().expect("held");
        backlog.told(&line(1));
        let waiting = std::thread::spawn(move || {
            let first = updates.blocking_recv().map(number);
            (first, updates.blocking_recv().map(number))
        });
        backlog.over();
        let (first, second) = waiting.join().expect("no panic");
        assert_eq!(first.expect("a line"), 1);
        assert!(matches!(second, Err(RecvError::Closed)));
    }
}
