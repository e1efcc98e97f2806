//! A snapshot store that fails when it is told to.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use lapak_host::SessionId;
use lapak_host::snapshot::store::memory::MemorySnapshots;
use lapak_host::snapshot::store::{ImageHash, SnapshotStore, StoreError};

/// Snapshots in memory, behind a disk that can be full and doors that can be shut.
#[derive(Default)]
pub struct Troubled {
    kept: MemorySnapshots,
    /// Whether there is no room.
    pub full: AtomicBool,
    /// Writes that were refused for it.
    pub refused: AtomicUsize,
    /// Holds up one who puts a batch.
    pub slow_put: Slow,
    /// Whoever has read a snapshot waits while this is shut, before it gets what it has read.
    pub reading: Door,
    /// Snapshots read so far.
    pub reads: AtomicUsize,
    /// Whether nothing can be read.
    pub unreadable: AtomicBool,
    /// Whether it has a bug.
    pub panics: AtomicBool,
}

/// Open at first.
#[derive(Default)]
pub struct Door(AtomicBool);

impl Door {
    pub fn shut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub fn open(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    fn pass(&self) {
        while self.0.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Lets everybody through but one.
#[derive(Default)]
pub struct Slow {
    door: Door,
    held_up: AtomicBool,
}

impl Slow {
    /// The next one is held up.
    pub fn shut(&self) {
        self.door.shut();
    }

    pub fn open(&self) {
        self.door.open();
    }

    pub fn holds_up(&self) -> bool {
        self.held_up.load(Ordering::SeqCst)
    }

    fn pass(&self) {
        if self.door.0.load(Ordering::SeqCst) && !self.held_up.swap(true, Ordering::SeqCst) {
            self.door.pass();
            self.held_up.store(false, Ordering::SeqCst);
        }
    }
}

impl Troubled {
    fn room(&self) -> Result<(), StoreError> {
        self.bug();
        if self.full.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(StoreError::Full { doing: "test" });
        }
        Ok(())
    }

    fn bug(&self) {
        assert!(!self.panics.load(Ordering::SeqCst), "a test's store panics");
    }

    fn read(&self) -> Result<(), StoreError> {
        self.bug();
        self.reads.fetch_add(1, Ordering::SeqCst);
        if self.unreadable.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable {
                doing: "read",
                source: "a test".into(),
            });
        }
        Ok(())
    }
}

impl SnapshotStore for Troubled {
    fn put(&self, snapshots: &[(SessionId, &[u8])]) -> Result<(), StoreError> {
        self.slow_put.pass();
        self.room()?;
        self.kept.put(snapshots)
    }

    fn get(&self, session: SessionId) -> Result<Option<Vec<u8>>, StoreError> {
        self.read()?;
        let found = self.kept.get(session);
        self.reading.pass();
        found
    }

    fn put_parts(
        &self,
        session: SessionId,
        parts: &mut dyn Iterator<Item = Result<Vec<u8>, StoreError>>,
    ) -> Result<(), StoreError> {
        self.slow_put.pass();
        self.room()?;
        self.kept.put_parts(session, parts)
    }

    fn put_first_part(&self, session: SessionId, bytes: &[u8]) -> Result<(), StoreError> {
        self.slow_put.pass();
        self.room()?;
        self.kept.put_first_part(session, bytes)
    }

    fn parts(
        &self,
        session: SessionId,
        each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.read()?;
        self.kept.parts(session, each)
    }

    fn remove(&self, sessions: &[SessionId]) -> Result<(), StoreError> {
        self.kept.remove(sessions)
    }

    fn after(&self, last: Option<SessionId>, limit: usize) -> Result<Vec<SessionId>, StoreError> {
        self.kept.after(last, limit)
    }

    fn len(&self) -> Result<u64, StoreError> {
        self.kept.len()
    }

    fn put_image(&self, hash: ImageHash, bytes: &[u8]) -> Result<(), StoreError> {
        self.room()?;
        self.kept.put_image(hash, bytes)
    }

    fn image(&self, hash: ImageHash) -> Result<Option<Vec<u8>>, StoreError> {
        self.kept.image(hash)
    }

    fn remove_images_except(&self, used: &[ImageHash]) -> Result<u64, StoreError> {
        self.kept.remove_images_except(used)
    }
}
