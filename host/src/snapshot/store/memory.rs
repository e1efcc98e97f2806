//! Snapshots in memory, for tests: nothing outlives the store.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, ControlFlow};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{ImageHash, SnapshotStore, StoreError};
use crate::session_id::SessionId;

/// A simulated store. Differences from [`super::sqlite::SqliteSnapshots`]: nothing is durable; it is never full
/// and never fails; readers wait for a writer.
#[derive(Debug, Default)]
pub struct MemorySnapshots(RwLock<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Each in its parts; there is at least one.
    snapshots: BTreeMap<SessionId, Vec<Vec<u8>>>,
    images: HashMap<ImageHash, Vec<u8>>,
}

impl MemorySnapshots {
    fn read(&self) -> RwLockReadGuard<'_, Kept> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Kept> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SnapshotStore for MemorySnapshots {
    fn put(&self, snapshots: &[(SessionId, &[u8])]) -> Result<(), StoreError> {
        let owned = snapshots
            .iter()
            .map(|(id, bytes)| (*id, vec![bytes.to_vec()]));
        self.write().snapshots.extend(owned);
        Ok(())
    }

    fn get(&self, session: SessionId) -> Result<Option<Vec<u8>>, StoreError> {
        let kept = self.read();
        let parts = kept.snapshots.get(&session);
        Ok(parts.and_then(|parts| parts.first().cloned()))
    }

    fn put_parts(
        &self,
        session: SessionId,
        parts: &mut dyn Iterator<Item = Result<Vec<u8>, StoreError>>,
    ) -> Result<(), StoreError> {
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        if !parts.is_empty() {
            self.write().snapshots.insert(session, parts);
        }
        Ok(())
    }

    fn put_first_part(&self, session: SessionId, bytes: &[u8]) -> Result<(), StoreError> {
        let mut kept = self.write();
        let parts = kept.snapshots.get_mut(&session);
        if let Some(first) = parts.and_then(|parts| parts.first_mut()) {
            *first = bytes.to_vec();
        }
        Ok(())
    }

    fn parts(
        &self,
        session: SessionId,
        each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let parts = self.read().snapshots.get(&session).cloned();
        let _ = parts.iter().flatten().try_for_each(|part| each(part));
        Ok(())
    }

    fn remove(&self, sessions: &[SessionId]) -> Result<(), StoreError> {
        let mut kept = self.write();
        for session in sessions {
            kept.snapshots.remove(session);
        }
        Ok(())
    }

    fn after(&self, last: Option<SessionId>, limit: usize) -> Result<Vec<SessionId>, StoreError> {
        let start = last.map_or(Bound::Unbounded, Bound::Excluded);
        let kept = self.read();
        let page = kept.snapshots.range((start, Bound::Unbounded)).take(limit);
        Ok(page.map(|(id, _)| *id).collect())
    }

    fn len(&self) -> Result<u64, StoreError> {
        Ok(self.read().snapshots.len() as u64)
    }

    fn put_image(&self, hash: ImageHash, bytes: &[u8]) -> Result<(), StoreError> {
        self.write().images.insert(hash, bytes.to_vec());
        Ok(())
    }

    fn image(&self, hash: ImageHash) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.read().images.get(&hash).cloned())
    }

    fn remove_images_except(&self, used: &[ImageHash]) -> Result<u64, StoreError> {
        let mut kept = self.write();
        let before = kept.images.len();
        kept.images.retain(|hash, _| used.contains(hash));
        Ok((before - kept.images.len()) as u64)
    }
}
