//! Where snapshots are kept: by session, in batches that are durable when they are acknowledged.
//!
//! A snapshot is opaque here. It is sealed before it comes ([`super::seal`]), because a store is not trusted
//! with it.

pub(crate) mod contained;
pub mod memory;
pub mod sqlite;

use std::ops::ControlFlow;

use crate::session_id::SessionId;

/// The name of an image: 32 bytes that stand for its contents.
pub type ImageHash = [u8; 32];

/// Keeps snapshots, and the images that many snapshots share.
///
/// Every function blocks, on a disk perhaps: call it from threads that may wait. All can be called from many
/// threads at once; a reader does not wait for a writer.
///
/// A call that writes is atomic: it happens as a whole or not at all. What returned `Ok` is durable as far as
/// the store goes (each says how far), and an error later on never takes it back. After an error the store goes
/// on working as soon as its cause is gone.
///
/// A host takes a panic for [`StoreError::Unavailable`], and for all that is known nothing was done.
pub trait SnapshotStore: Send + Sync {
    /// Keeps each snapshot in place of the one that its session had, all in one step. Of two for the same
    /// session the later one counts. One call with many snapshots costs far less than many calls: durability is
    /// paid per call.
    ///
    /// # Errors
    /// When the store is full or fails: then none of them is kept, and what was there before is.
    fn put(&self, snapshots: &[(SessionId, &[u8])]) -> Result<(), StoreError>;

    /// The snapshot of `session`, byte for byte as it was put, if it has one; of one that was put in parts, the first.
    ///
    /// # Errors
    /// When the store fails.
    fn get(&self, session: SessionId) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps a large snapshot in parts, in place of the one that `session` had, in one step: no more than one part need be in
    /// memory at a time. The first part is what [`SnapshotStore::get`] gives; without any, nothing is done. Each is
    /// asked for when it is about to be written, within this call: whoever makes them must not write to this store.
    ///
    /// # Errors
    /// When the store is full or fails, and the error that came in a part's place: then none of them is kept, and what
    /// was there before is.
    fn put_parts(
        &self,
        session: SessionId,
        parts: &mut dyn Iterator<Item = Result<Vec<u8>, StoreError>>,
    ) -> Result<(), StoreError>;

    /// Keeps `bytes` in place of the first part of the snapshot that `session` has; the others stay. Nothing is done if it
    /// has none.
    ///
    /// # Errors
    /// When the store is full or fails: then what was there before is.
    fn put_first_part(&self, session: SessionId, bytes: &[u8]) -> Result<(), StoreError>;

    /// Gives the parts of the snapshot of `session` to `each`, in order and as they were at one instant, until it breaks off. A
    /// snapshot that was put whole is one part; where there is none, nothing is given.
    ///
    /// # Errors
    /// When the store fails.
    fn parts(
        &self,
        session: SessionId,
        each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;

    /// Forgets the snapshots of these sessions, all in one step. A session that has none is passed over.
    ///
    /// # Errors
    /// When the store fails: then all of them are still there.
    fn remove(&self, sessions: &[SessionId]) -> Result<(), StoreError>;

    /// At most `limit` sessions that have a snapshot, in the order of their bytes, beginning behind `last` (at
    /// the first, if it is `None`). With the last one of a page as the next page's `last`, every session that
    /// was there all the while comes exactly once.
    ///
    /// # Errors
    /// When the store fails.
    fn after(&self, last: Option<SessionId>, limit: usize) -> Result<Vec<SessionId>, StoreError>;

    /// How many sessions have a snapshot. Counts nothing: the number is kept.
    ///
    /// # Errors
    /// When the store fails.
    fn len(&self) -> Result<u64, StoreError>;

    /// Whether no session has a snapshot.
    ///
    /// # Errors
    /// When the store fails.
    fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.len()? == 0)
    }

    /// Keeps the image `hash`. If it is there already with the same bytes, nothing is written.
    ///
    /// # Security
    /// The store does not know how `hash` was made and does not check it. Whoever takes an image must: the
    /// bytes of an image are memory that an app will run on.
    ///
    /// # Errors
    /// When the store is full or fails: then the image is as it was.
    fn put_image(&self, hash: ImageHash, bytes: &[u8]) -> Result<(), StoreError>;

    /// The image `hash`, if it is there. Its bytes are to be checked against the hash: see
    /// [`SnapshotStore::put_image`].
    ///
    /// # Errors
    /// When the store fails.
    fn image(&self, hash: ImageHash) -> Result<Option<Vec<u8>>, StoreError>;

    /// Forgets every image but those in `used`, in one step, and says how many that were. Which are used only
    /// the caller knows: it must not put a snapshot that needs another one meanwhile.
    ///
    /// # Errors
    /// When the store fails: then all of them are still there.
    fn remove_images_except(&self, used: &[ImageHash]) -> Result<u64, StoreError>;

    /// The host that has the store writes nothing more into it: the next one may have it, even while the last handles on this
    /// host's sessions live.
    fn release(&self) {}
}

/// A store that cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no room left, on the disk or under the store's own limit.
    #[error(
        "no room to {doing}: nothing of it was kept, everything before it is; free space on the disk (or raise the \
         store's limit) and try again"
    )]
    Full {
        /// What was being done.
        doing: &'static str,
    },
    /// One snapshot or image is larger than the store can keep at all.
    #[error(
        "cannot {doing}: one of them is larger than the store can keep; nothing was kept, leave that one out"
    )]
    TooLarge {
        /// What was being done.
        doing: &'static str,
    },
    /// The file was made by a newer Lapak.
    #[error("`{path}` has the store version {found}, this Lapak knows up to {known}; update Lapak")]
    NewerVersion {
        /// The file.
        path: String,
        /// The file's version.
        found: i32,
        /// The newest version that is known here.
        known: i32,
    },
    /// The file is something else.
    #[error(
        "`{path}` is not a snapshot store; give the path of one, or of a file that is not there yet"
    )]
    NotAStore {
        /// The file.
        path: String,
    },
    /// Another host has the folder: two on one store would serve the same session.
    #[error(transparent)]
    InUse(lapak_ledger::private_files::LockError),
    /// The file is damaged.
    #[error(
        "the snapshot store is damaged ({doing}): {source}; put it back from a backup, or move it away"
    )]
    Damaged {
        /// What was being done.
        doing: &'static str,
        /// What the database says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The disk or the system refused. Everything acknowledged before is as it was.
    #[error("the snapshot store cannot {doing}: {source}; look at the disk and try again")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
