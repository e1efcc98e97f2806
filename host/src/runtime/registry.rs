//! Every session of a host by its id.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::session::{SessionId, Shared};

/// Locks that share the work; ids are random, so that each holds about as many.
const SHARDS: usize = 64;

type Shard = HashMap<SessionId, Arc<Shared>>;

pub(crate) struct Registry {
    shards: Vec<Mutex<Shard>>,
    count: AtomicUsize,
}

impl Registry {
    pub(crate) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            count: AtomicUsize::new(0),
        }
    }

    /// Takes a session in unless there are `most` already.
    pub(crate) fn insert(&self, session: &Arc<Shared>, most: usize) -> bool {
        let more = |now| (now < most).then_some(now + 1);
        let counted = self
            .count
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        if counted.is_err() {
            return false;
        }
        let old = self.shard(session.id).insert(session.id, session.clone());
        if old.is_some() {
            self.count.fetch_sub(1, Ordering::AcqRel);
        }
        true
    }

    pub(crate) fn find(&self, id: SessionId) -> Option<Arc<Shared>> {
        self.shard(id).get(&id).cloned()
    }

    pub(crate) fn remove(&self, id: SessionId) {
        let removed = self.shard(id).remove(&id);
        if removed.is_some() {
            self.count.fetch_sub(1, Ordering::AcqRel);
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// The sessions of one of the shards; `None` past the last.
    pub(crate) fn some(&self, shard: usize) -> Option<Vec<Arc<Shared>>> {
        let shard = self.shards.get(shard)?;
        Some(lock(shard).values().cloned().collect())
    }

    /// Every session, one shard after the other.
    pub(crate) fn all(&self) -> impl Iterator<Item = Arc<Shared>> + '_ {
        (0..SHARDS).filter_map(|shard| self.some(shard)).flatten()
    }

    fn shard(&self, id: SessionId) -> MutexGuard<'_, Shard> {
        let index = usize::from(id.as_bytes()[0]) % SHARDS;
        lock(&self.shards[index])
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
