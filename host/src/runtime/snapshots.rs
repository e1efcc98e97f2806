//! Sessions on disk: written when memory is short, at every checkpoint and at the end; read when they are wanted.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Runtime;
use super::host::Host;
use crate::host_key::HostKey;
use crate::metrics::count;
use crate::session::{Beginning, Body, Screen, Session, SessionId, Shared, snapshot};
use crate::snapshot::frozen::Frozen;
use crate::snapshot::image::Image;
use crate::snapshot::saved::{LAYOUT, Saved};
use crate::snapshot::seal::{self, Accepts, SealError, SealKey};
use crate::snapshot::store::sqlite::SqliteSnapshots;
use crate::snapshot::store::{ImageHash, SnapshotStore, StoreError};

/// The largest snapshot that is read, in bytes: a memory of the largest size, and a screen.
const MOST_BYTES: usize = 80 << 20;

/// Sessions written in one transaction.
const BATCH: usize = 1_000;

/// Where snapshots go and when.
#[derive(Clone)]
pub struct SnapshotConfig {
    /// The folder of the host's key, private to the host. Hosts with the same key and store can go on with each other's
    /// sessions, one at a time.
    pub key_folder: PathBuf,
    /// Where they are kept.
    pub store: Arc<dyn SnapshotStore>,
    /// Bytes of snapshots in memory; past it, those that were idle for longest go to disk.
    pub memory_bytes: usize,
    /// How often sessions that changed are written, so that a host that dies loses no more than this of what people did;
    /// `None` writes only at [`Runtime::suspend`](crate::Runtime::suspend) and when memory is short.
    pub checkpoint: Option<Duration>,
}

impl SnapshotConfig {
    /// SQLite in `folder`, with the key beside it, 4 GiB in memory, a checkpoint every second.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be used.
    pub fn in_folder(folder: &std::path::Path) -> Result<Self, StoreError> {
        Ok(Self {
            key_folder: folder.to_owned(),
            store: Arc::new(SqliteSnapshots::open(&folder.join("sessions.sqlite"))?),
            memory_bytes: 4 << 30,
            checkpoint: Some(Duration::from_secs(1)),
        })
    }
}

impl std::fmt::Debug for SnapshotConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SnapshotConfig")
            .field("key_folder", &self.key_folder)
            .field("memory_bytes", &self.memory_bytes)
            .field("checkpoint", &self.checkpoint)
            .finish_non_exhaustive()
    }
}

/// Why a session could not be taken up from disk.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// No session of this id is kept here.
    #[error("there is no session {0} here: it has ended, or another store has it")]
    Unknown(SessionId),
    /// This runtime keeps no snapshots.
    #[error("this host keeps no snapshots: set RuntimeConfig::snapshots")]
    NoStore,
    /// The app's package is not loaded.
    #[error("the session belongs to a package ({}) that is not loaded: load that very package first", hex(.0))]
    AppNotLoaded([u8; 32]),
    /// The snapshot is refused.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The snapshot is ours, but cannot be read.
    #[error("the snapshot cannot be read: {0}")]
    Damaged(String),
    /// As many sessions run as this host allows.
    #[error("{0} sessions run already, the most that this host allows")]
    TooManySessions(usize),
}

impl Runtime {
    /// What a session shows that may be on disk, without taking it up; its app need not be loaded.
    ///
    /// # Errors
    /// [`ResumeError`].
    pub fn screen_of(&self, id: SessionId) -> Result<Screen, ResumeError> {
        let host = self.host();
        if let Some(shared) = host.registry.find(id) {
            return Ok(Session { shared }.screen());
        }
        let snapshots = host.snapshots.as_ref().ok_or(ResumeError::NoStore)?;
        let frozen = snapshots.frozen(snapshots.read(id)?)?;
        let unreadable = || ResumeError::Damaged("its screen is missing".into());
        frozen.screen().ok_or_else(unreadable)
    }

    /// Removes a session from disk that nobody will take up any more. One that lives in this process is let be: close it.
    pub fn forget(&self, id: SessionId) {
        let host = self.host();
        if let Some(snapshots) = &host.snapshots
            && host.registry.find(id).is_none()
        {
            snapshots.forget(id);
        }
    }
}

/// The sessions of one runtime that are on disk, or have to go there.
pub(crate) struct Snapshots {
    store: Arc<dyn SnapshotStore>,
    key: SealKey,
    pub(super) memory_bytes: usize,
    pub(super) checkpoint: Option<Duration>,
    images: Mutex<Images>,
    /// Sessions that have changed since they were written.
    changed: Mutex<Vec<SessionId>>,
    /// Sessions that ended and may be on disk.
    gone: Mutex<Vec<SessionId>>,
    pub(crate) written: AtomicU64,
}

#[derive(Default)]
struct Images {
    kept: HashSet<ImageHash>,
    read: HashMap<ImageHash, Arc<Image>>,
}

impl Snapshots {
    pub(crate) fn open(config: &SnapshotConfig) -> std::io::Result<Self> {
        let key = HostKey::open(&config.key_folder)?;
        Ok(Self {
            store: config.store.clone(),
            key: SealKey::new(&key),
            memory_bytes: config.memory_bytes,
            checkpoint: config.checkpoint,
            images: Mutex::default(),
            changed: Mutex::default(),
            gone: Mutex::default(),
            written: AtomicU64::new(0),
        })
    }

    /// The session has changed.
    pub(crate) fn changed(&self, session: &Shared) {
        if !session.unsaved.swap(true, Ordering::AcqRel) {
            lock(&self.changed).push(session.id);
        }
    }

    /// The session has ended.
    pub(crate) fn forget(&self, id: SessionId) {
        lock(&self.gone).push(id);
    }

    /// Writes every session that has changed, and removes those that ended; tells how many were written.
    pub(super) fn write_changed(&self, host: &Host) -> Result<usize, StoreError> {
        let gone = std::mem::take(&mut *lock(&self.gone));
        if !gone.is_empty()
            && let Err(error) = self.store.remove(&gone)
        {
            lock(&self.gone).extend(gone);
            return Err(error);
        }
        let changed = std::mem::take(&mut *lock(&self.changed));
        let mut written = 0;
        for (done, ids) in changed.chunks(BATCH).enumerate() {
            let sessions = ids.iter().filter_map(|id| host.registry.find(*id));
            match self.write(sessions) {
                Ok(count) => written += count,
                Err(error) => {
                    // Nothing of this batch is on disk: they have still changed.
                    for id in &changed[done * BATCH..] {
                        if let Some(session) = host.registry.find(*id) {
                            self.changed(&session);
                        }
                    }
                    return Err(error);
                }
            }
        }
        Ok(written)
    }

    /// Writes these sessions in one transaction. Those in the middle of an event are left for the next time.
    fn write(&self, sessions: impl Iterator<Item = Arc<Shared>>) -> Result<usize, StoreError> {
        let mut sealed = Vec::new();
        for session in sessions {
            let mut state = session.lock();
            // Before it is looked at: a change from now on puts it into the list again.
            session.unsaved.store(false, Ordering::Release);
            let Some(frozen) = snapshot(&session, &mut state) else {
                let running = !matches!(state.body, Body::Stored | Body::Ended);
                drop(state);
                if running && session.app.is_eligible() {
                    self.changed(&session);
                }
                continue;
            };
            let saved = Saved::new(&session, &state, &frozen);
            drop(state);
            self.keep_image(&frozen.image)?;
            sealed.push((session.id, self.seal(session.id, &saved)?));
        }
        let batch: Vec<(SessionId, &[u8])> =
            sealed.iter().map(|(id, bytes)| (*id, &**bytes)).collect();
        if !batch.is_empty() {
            self.store.put(&batch)?;
        }
        let count = batch.len();
        self.written
            .fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(count)
    }

    /// Moves frozen sessions to disk, those idle for longest first, until `bytes` are freed; tells how many went.
    pub(super) fn spill(&self, host: &Host, bytes: usize) -> Result<usize, StoreError> {
        let mut frozen: Vec<(u32, Arc<Shared>)> = host
            .registry
            .all()
            .filter(|session| matches!(session.lock().body, Body::Frozen(_)))
            .map(|session| (session.last_used.load(Ordering::Relaxed), session))
            .collect();
        frozen.sort_by_key(|(used, _)| *used);
        let (mut freed, mut moved) = (0, 0);
        let mut rest = &frozen[..];
        while freed < bytes && !rest.is_empty() {
            let (batch, after) = rest.split_at(batch_length(rest));
            let (batch_freed, batch_moved) = self.spill_batch(host, batch)?;
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
    ) -> Result<(usize, usize), StoreError> {
        let seen: Vec<u64> = batch
            .iter()
            .map(|(_, session)| session.handled.load(Ordering::Relaxed))
            .collect();
        self.write(batch.iter().map(|(_, session)| session.clone()))?;
        let (mut freed, mut moved) = (0, 0);
        for ((_, session), handled) in batch.iter().zip(seen) {
            let mut state = session.lock();
            // One that did something meanwhile, or has letters, stays.
            let same = session.handled.load(Ordering::Relaxed) == handled;
            if let Body::Frozen(frozen) = &state.body
                && same
                && state.mailbox().is_empty()
            {
                freed += frozen.bytes();
                moved += 1;
                host.unheld(frozen.bytes());
                state.body = Body::Stored;
                host.put_away();
                count(&host.metrics.spilled);
            }
        }
        Ok((freed, moved))
    }

    /// Brings a session's snapshot into memory.
    pub(super) fn fetch(&self, host: &Host, session: &Arc<Shared>) -> Result<(), ResumeError> {
        let saved = self.read(session.id)?;
        let image = self.image(saved.image)?;
        let frozen = saved.thaw(image);
        let mut state = session.lock();
        if matches!(state.body, Body::Stored) {
            host.brought_back();
            host.held(frozen.bytes());
            state.body = Body::Frozen(frozen);
            count(&host.metrics.fetched);
        }
        Ok(())
    }

    /// Takes up a session that another process has left on disk. What its app asked of the providers is asked again.
    pub(super) fn take_up(
        &self,
        host: &Arc<Host>,
        id: SessionId,
    ) -> Result<Arc<Shared>, ResumeError> {
        let saved = self.read(id)?;
        let app = host.apps().get(&saved.package).cloned();
        let app = app.ok_or(ResumeError::AppNotLoaded(saved.package))?;
        let grants = saved.grants();
        let (background, handled) = (saved.background, saved.handled);
        let image = self.image(saved.image)?;
        let model = app.model_with(&image);
        let beginning = Beginning {
            id,
            person: saved.person.as_str().into(),
            grants,
            providers: host.providers.clone(),
            tenant: host.tenant(&saved.tenant),
            recorder: None,
            player: None,
            is_model: false,
            model,
            mailbox: saved.mailbox(),
            body: Body::Running,
            app,
        };
        let stopped = saved.written_at;
        let frozen = saved.thaw(image);
        let shared = Shared::new(host.clone(), beginning);
        shared.take_up(frozen, stopped, handled, background)?;
        let here = host.registry.find_or_insert(shared.clone());
        if Arc::ptr_eq(&here, &shared) {
            host.scheduler.wake(&shared);
        }
        Ok(here)
    }

    /// What is on disk of a session.
    pub(super) fn read(&self, id: SessionId) -> Result<Saved, ResumeError> {
        let sealed = self.store.get(id)?.ok_or(ResumeError::Unknown(id))?;
        let opened = seal::open(&self.key, id, ACCEPTS, &sealed)?;
        postcard::from_bytes(&opened.plain).map_err(damaged)
    }

    /// The frozen session that `saved` holds.
    pub(super) fn frozen(&self, saved: Saved) -> Result<Frozen, ResumeError> {
        let image = self.image(saved.image)?;
        Ok(saved.thaw(image))
    }

    pub(super) fn screen(&self, session: &Shared) -> Option<Screen> {
        let saved = self.read(session.id).ok()?;
        self.frozen(saved).ok()?.screen()
    }

    fn seal(&self, id: SessionId, saved: &Saved) -> Result<Vec<u8>, StoreError> {
        let plain = postcard::to_allocvec(saved).map_err(unavailable)?;
        seal::seal(&self.key, id, LAYOUT, &plain).map_err(unavailable)
    }

    fn keep_image(&self, image: &Arc<Image>) -> Result<(), StoreError> {
        let hash = image.hash();
        if lock(&self.images).kept.contains(&hash) {
            return Ok(());
        }
        let sealed = seal::seal(&self.key, bound_to(&hash), LAYOUT, &image.to_bytes())
            .map_err(unavailable)?;
        self.store.put_image(hash, &sealed)?;
        let mut images = lock(&self.images);
        images.kept.insert(hash);
        images.read.insert(hash, image.clone());
        Ok(())
    }

    fn image(&self, hash: ImageHash) -> Result<Arc<Image>, ResumeError> {
        if let Some(image) = lock(&self.images).read.get(&hash) {
            return Ok(image.clone());
        }
        let sealed = self.store.image(hash)?;
        let sealed = sealed.ok_or_else(|| damaged("the image that it goes with is missing"))?;
        let opened = seal::open(&self.key, bound_to(&hash), ACCEPTS, &sealed)?;
        let image = Arc::new(Image::from_bytes(&opened.plain).map_err(damaged)?);
        if image.hash() != hash {
            return Err(damaged("the image that it goes with is another one"));
        }
        let mut images = lock(&self.images);
        images.kept.insert(hash);
        Ok(images.read.entry(hash).or_insert(image).clone())
    }
}

/// How many of these sessions go in one transaction: many small ones, or a large one by itself.
fn batch_length(sessions: &[(u32, Arc<Shared>)]) -> usize {
    const BYTES: usize = 8 << 20;
    let mut sum = 0;
    let fits = |(_, session): &&(u32, Arc<Shared>)| {
        sum += session.frozen_bytes();
        sum <= BYTES
    };
    let fitting = sessions.iter().take(BATCH).take_while(fits).count();
    fitting.max(1).min(sessions.len())
}

const ACCEPTS: Accepts = Accepts {
    newest_layout: LAYOUT,
    plain_bytes: MOST_BYTES,
};

/// An image is sealed like a session whose id is the first half of its hash.
fn bound_to(hash: &ImageHash) -> SessionId {
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    SessionId::from_bytes(id)
}

fn damaged(error: impl ToString) -> ResumeError {
    ResumeError::Damaged(error.to_string())
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable {
        doing: "write a session",
        source: Box::new(error),
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
