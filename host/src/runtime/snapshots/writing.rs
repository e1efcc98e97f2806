//! Sessions that go to disk: those that changed, and those that do not fit into memory.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

use super::{ResumeError, Snapshots, lock, unavailable};
use crate::account::{Account, Cost};
use crate::instances::LARGE_BYTES;
use crate::metrics::count;
use crate::runtime::host::Host;
use crate::session::{Body, SessionId, Shared, snapshot};
use crate::snapshot::saved::{LAYOUT, Saved};
use crate::snapshot::seal::{self, PartOf};
use crate::snapshot::store::{SnapshotStore as _, StoreError};

/// Sessions written in one transaction, at most; and bytes, more or less.
const BATCH: usize = 1_000;
const BATCH_BYTES: usize = 8 << 20;

/// The right to write. Only one has it at a time, so that no older state of a session is written after a newer one, and
/// none after the session was removed.
pub(in crate::runtime) type Writing<'a> = MutexGuard<'a, ()>;

/// What came of writing some sessions.
#[derive(Default)]
struct Batch {
    /// Those written, with the events that they had handled.
    handled: HashMap<SessionId, u64>,
    /// Those in the middle of an event.
    busy: Vec<SessionId>,
    /// Those whose mark was taken off for it.
    cleared: Vec<Arc<Shared>>,
}

impl Batch {
    /// Takes a session's mark off. Under the session's lock: a change from then on marks it again.
    fn clear(&mut self, session: &Arc<Shared>) {
        if session.unsaved.swap(false, Ordering::AcqRel) {
            self.cleared.push(session.clone());
        }
    }
}

impl Snapshots {
    pub(in crate::runtime) fn writing(&self) -> Writing<'_> {
        lock(&self.writing)
    }

    /// Removes what is on disk of sessions that ended.
    pub(in crate::runtime) fn remove_gone(&self, _: &Writing<'_>) -> Result<(), StoreError> {
        let gone: Vec<SessionId> = lock(&self.gone).iter().copied().collect();
        self.store.remove(&gone)?;
        let mut all = lock(&self.gone);
        for id in &gone {
            all.remove(id);
        }
        Ok(())
    }

    /// Writes every session that has changed; tells how many were written.
    pub(in crate::runtime) fn write_changed(
        &self,
        host: &Host,
        writing: &Writing<'_>,
    ) -> Result<usize, StoreError> {
        let changed = std::mem::take(&mut *lock(&self.changed));
        let mut written = 0;
        for (done, ids) in changed.chunks(BATCH).enumerate() {
            let sessions: Vec<_> = ids
                .iter()
                .filter_map(|id| host.registry.find(*id))
                .collect();
            match self.write(&sessions, writing) {
                Ok(batch) => {
                    written += batch.handled.len();
                    // Still marked, and to be looked at the next time.
                    lock(&self.changed).extend(batch.busy);
                }
                Err(error) => {
                    // Not all of this batch is on disk, and nobody has looked at the others.
                    lock(&self.changed).extend(&changed[done * BATCH..]);
                    return Err(error);
                }
            }
        }
        Ok(written)
    }

    /// Writes these sessions, small ones many in one transaction. Those in the middle of an event are left for the next time.
    fn write(&self, sessions: &[Arc<Shared>], _: &Writing<'_>) -> Result<Batch, StoreError> {
        let mut batch = Batch::default();
        let written = self.write_batch(sessions, &mut batch);
        if written.is_err() {
            for session in &batch.cleared {
                session.unsaved.store(true, Ordering::Release);
            }
        }
        written.map(|()| batch)
    }

    fn write_batch(&self, sessions: &[Arc<Shared>], batch: &mut Batch) -> Result<(), StoreError> {
        let (mut sealed, mut bytes) = (Vec::new(), 0);
        for session in sessions {
            let Some(saved) = self.saved(session, batch)? else {
                continue;
            };
            batch.handled.insert(session.id, saved.handled);
            if saved.rest().is_some() {
                // First those before it: an older state of the same session may be among them.
                self.put(&std::mem::take(&mut sealed))?;
                bytes = 0;
                self.put_large(session.id, &saved)?;
                continue;
            }
            let one = self.seal_first(session.id, &saved)?;
            bytes += one.len();
            sealed.push((session.id, one));
            if bytes >= BATCH_BYTES {
                self.put(&std::mem::take(&mut sealed))?;
                bytes = 0;
            }
        }
        self.put(&sealed)
    }

    fn put(&self, sealed: &[(SessionId, Vec<u8>)]) -> Result<(), StoreError> {
        let lent: Vec<(SessionId, &[u8])> =
            sealed.iter().map(|(id, bytes)| (*id, &**bytes)).collect();
        if !lent.is_empty() {
            self.store.put(&lent)?;
        }
        self.count_written(lent.len());
        Ok(())
    }

    /// Writes a session whose snapshot has several parts, or only the first of them if that is all that was renewed.
    fn put_large(&self, id: SessionId, saved: &Saved) -> Result<(), StoreError> {
        let Some(rest) = saved.rest() else {
            return Ok(());
        };
        let first = self.seal_first(id, saved)?;
        let mut others = saved.other_parts().peekable();
        if others.peek().is_none() {
            self.store.put_first_part(id, &first)?;
        } else {
            let others = others.zip(1..).map(|(plain, number)| {
                // As in reading: others may be in a hurry.
                std::thread::yield_now();
                let part = PartOf {
                    session: id,
                    set: rest.set,
                    number,
                };
                seal::seal_part(&self.key, part, LAYOUT, plain).map_err(unavailable)
            });
            let mut parts = std::iter::once(Ok(first)).chain(others);
            self.store.put_parts(id, &mut parts)?;
        }
        self.count_written(1);
        Ok(())
    }

    fn seal_first(&self, id: SessionId, saved: &Saved) -> Result<Vec<u8>, StoreError> {
        let plain = saved.to_bytes().map_err(unavailable)?;
        seal::seal(&self.key, id, LAYOUT, &plain).map_err(unavailable)
    }

    fn count_written(&self, sessions: usize) {
        let count = u64::try_from(sessions).unwrap_or(u64::MAX);
        self.written.fetch_add(count, Ordering::Relaxed);
    }

    /// What is to be written of a session, whose mark is taken off; `None` if it is in the middle of an event or over.
    fn saved(&self, session: &Arc<Shared>, batch: &mut Batch) -> Result<Option<Saved>, StoreError> {
        let mut state = session.lock();
        if matches!(state.body, Body::Ended) {
            return Ok(None);
        }
        if matches!(state.body, Body::Stored(_)) {
            drop(state);
            return self.saved_again(session, batch);
        }
        let Some(frozen) = snapshot(session, &mut state) else {
            batch.busy.push(session.id);
            return Ok(None);
        };
        let saved = Saved::new(session, &state, &frozen).map_err(unavailable)?;
        batch.clear(session);
        drop(state);
        self.keep_image(&frozen.image)?;
        Ok(Some(saved))
    }

    /// What is on disk, with what has changed around the session since: its letters and its grants.
    fn saved_again(
        &self,
        session: &Arc<Shared>,
        batch: &mut Batch,
    ) -> Result<Option<Saved>, StoreError> {
        let mut saved = match self.read_first(session.id) {
            Ok(saved) => saved,
            Err(ResumeError::Store(error)) => return Err(error),
            Err(error) => {
                tracing::error!(%error, session = ?session.id, "a session on disk cannot be read");
                // Nothing can be renewed there; whoever fetches it will be told.
                batch.clear(session);
                return Ok(None);
            }
        };
        let state = session.lock();
        if !matches!(state.body, Body::Stored(_)) {
            batch.busy.push(session.id);
            return Ok(None);
        }
        saved.renew(session, &state);
        batch.clear(session);
        Ok(Some(saved))
    }

    /// Moves frozen sessions to disk, those idle for longest first, until `bytes` are freed; tells how many went.
    pub(in crate::runtime) fn spill(
        &self,
        host: &Host,
        bytes: usize,
        writing: &Writing<'_>,
    ) -> Result<usize, StoreError> {
        self.spill_those(host, bytes, writing, |_| true)
    }

    /// The same with sessions that one account pays for.
    pub(in crate::runtime) fn spill_of(
        &self,
        host: &Host,
        account: &Account,
        bytes: usize,
    ) -> Result<usize, StoreError> {
        let writing = self.writing();
        self.spill_those(host, bytes, &writing, |session| session.pays_into(account))
    }

    fn spill_those(
        &self,
        host: &Host,
        bytes: usize,
        writing: &Writing<'_>,
        those: impl Fn(&Shared) -> bool,
    ) -> Result<usize, StoreError> {
        let mut frozen: Vec<(u32, Arc<Shared>)> = host
            .registry
            .all()
            .filter(|session| those(session))
            .filter(|session| {
                // One with letters would be written, and stay.
                let state = session.lock();
                matches!(state.body, Body::Frozen(_)) && state.mailbox().is_empty()
            })
            .map(|session| (session.last_used.load(Ordering::Relaxed), session))
            .collect();
        frozen.sort_by_key(|(used, _)| *used);
        let (mut freed, mut moved) = (0, 0);
        let mut rest = &frozen[..];
        while freed < bytes && !rest.is_empty() {
            let (batch, after) = rest.split_at(batch_length(rest));
            let (batch_freed, batch_moved) = self.spill_batch(host, batch, writing)?;
            freed += batch_freed;
            moved += batch_moved;
            rest = after;
        }
        Ok(moved)
    }

    fn spill_batch(
        &self,
        host: &Host,
        batch: &[(u32, Arc<Shared>)],
        writing: &Writing<'_>,
    ) -> Result<(usize, usize), StoreError> {
        let sessions: Vec<_> = batch.iter().map(|(_, session)| session.clone()).collect();
        let written = self.write(&sessions, writing)?;
        let (mut freed, mut moved) = (0, 0);
        for session in sessions {
            let mut state = session.lock();
            // One that was not written, did something meanwhile, or has letters, stays.
            let handled = session.handled.load(Ordering::Relaxed);
            if let Body::Frozen(frozen) = &state.body
                && written.handled.get(&session.id) == Some(&handled)
                && state.mailbox().is_empty()
            {
                let bytes = frozen.bytes();
                freed += bytes;
                moved += 1;
                host.unheld(bytes);
                let large = frozen.memory_bytes >= LARGE_BYTES;
                session.large.store(large, Ordering::Relaxed);
                state.body = Body::Stored(bytes);
                host.put_away(bytes);
                session.stands(Cost::Memory, 0);
                session.stands(Cost::Disk, bytes);
                count(&host.metrics.spilled);
            }
        }
        Ok((freed, moved))
    }
}

/// How many of these sessions go in one transaction: many small ones, or a large one by itself.
fn batch_length(sessions: &[(u32, Arc<Shared>)]) -> usize {
    let mut sum = 0;
    let fits = |(_, session): &&(u32, Arc<Shared>)| {
        sum += session.frozen_bytes();
        sum <= BATCH_BYTES
    };
    let fitting = sessions.iter().take(BATCH).take_while(fits).count();
    fitting.max(1).min(sessions.len())
}
