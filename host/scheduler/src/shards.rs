//! Numbers that many threads write and few read. Each thread writes its own part: two processors that write to the same
//! line of memory wait for each other longer than a small event takes.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads beyond this number share parts.
const SHARDS: usize = 8;

/// A part with two lines of memory of its own: processors fetch lines in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Apart<T>(T);

/// One `T` for each of a few groups of threads.
#[derive(Debug, Default)]
pub struct Shards<T> {
    shards: [Apart<T>; SHARDS],
}

impl<T> Shards<T> {
    /// The part that the calling thread writes to.
    pub fn mine(&self) -> &T {
        &self.shards[mine()].0
    }

    /// Every part.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.shards.iter().map(|shard| &shard.0)
    }
}

fn mine() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    std::thread_local! {
        static MINE: Cell<Option<usize>> = const { Cell::new(None) };
    }
    MINE.get().unwrap_or_else(|| {
        let mine = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
        MINE.set(Some(mine));
        mine
    })
}
