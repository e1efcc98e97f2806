//! A store whose panics are errors. The store is the platform's own code, and its bugs must cost neither a session, which would
//! wait for its snapshot for ever, nor the host's keeper.

use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use super::{ImageHash, SnapshotStore, StoreError};
use crate::session_id::SessionId;

/// A platform's store, contained.
pub(crate) struct Contained(pub(crate) Arc<dyn SnapshotStore>);

impl Contained {
    /// The panic has been told already, by the process's own hook.
    fn call<T>(
        &self,
        doing: &'static str,
        call: impl FnOnce(&dyn SnapshotStore) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let called = std::panic::catch_unwind(AssertUnwindSafe(|| call(&*self.0)));
        called.unwrap_or_else(|_| {
            Err(StoreError::Unavailable {
                doing,
                source: "it panicked".into(),
            })
        })
    }
}

impl SnapshotStore for Contained {
    fn release(&self) {
        // What cannot be let go goes with the process.
        let _ = self.call("be let go", |store| {
            store.release();
            Ok(())
        });
    }

    fn put(&self, snapshots: &[(SessionId, &[u8])]) -> Result<(), StoreError> {
        self.call("keep snapshots", |store| store.put(snapshots))
    }

    fn get(&self, session: SessionId) -> Result<Option<Vec<u8>>, StoreError> {
        self.call("read a snapshot", |store| store.get(session))
    }

    fn put_parts(
        &self,
        session: SessionId,
        parts: &mut dyn Iterator<Item = Result<Vec<u8>, StoreError>>,
    ) -> Result<(), StoreError> {
        let put = |store: &dyn SnapshotStore| store.put_parts(session, parts);
        self.call("keep a large snapshot", put)
    }

    fn put_first_part(&self, session: SessionId, bytes: &[u8]) -> Result<(), StoreError> {
        let put = |store: &dyn SnapshotStore| store.put_first_part(session, bytes);
        self.call("keep part of a snapshot", put)
    }

    fn parts(
        &self,
        session: SessionId,
        each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.call("read a snapshot", |store| store.parts(session, each))
    }

    fn remove(&self, sessions: &[SessionId]) -> Result<(), StoreError> {
        self.call("forget snapshots", |store| store.remove(sessions))
    }

    fn after(&self, last: Option<SessionId>, limit: usize) -> Result<Vec<SessionId>, StoreError> {
        self.call("list snapshots", |store| store.after(last, limit))
    }

    fn len(&self) -> Result<u64, StoreError> {
        self.call("count snapshots", |store| store.len())
    }

    fn put_image(&self, hash: ImageHash, bytes: &[u8]) -> Result<(), StoreError> {
        self.call("keep an image", |store| store.put_image(hash, bytes))
    }

    fn image(&self, hash: ImageHash) -> Result<Option<Vec<u8>>, StoreError> {
        self.call("read an image", |store| store.image(hash))
    }

    fn remove_images_except(&self, used: &[ImageHash]) -> Result<u64, StoreError> {
        self.call("forget images", |store| store.remove_images_except(used))
    }
}
