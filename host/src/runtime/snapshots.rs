//! Sessions on disk: written when memory is short, at every checkpoint and at the end; read when they are wanted.

mod reading;
mod writing;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lapak_abi::limits::Limits;

use super::Runtime;
use super::host::Host;
use crate::account::Cost;
use crate::host_key::HostKey;
use crate::metrics::count;
use crate::session::{Beginning, Body, Screen, Session, SessionId, Shared};
use crate::snapshot::frozen::Frozen;
use crate::snapshot::image::Image;
use crate::snapshot::saved::{LAYOUT, OLDEST_LAYOUT, Saved};
use crate::snapshot::seal::{self, Accepts, SealError, SealKey};
use crate::snapshot::store::contained::Contained;
use crate::snapshot::store::sqlite::SqliteSnapshots;
use crate::snapshot::store::{ImageHash, SnapshotStore, StoreError};

/// Where snapshots go and when.
#[derive(Clone)]
pub struct SnapshotConfig {
    /// The folder of the host's key, private to the host. Hosts with the same key and store can go on with each other's
    /// sessions, one at a time.
    pub key_folder: PathBuf,
    /// Where they are kept.
    pub store: Arc<dyn SnapshotStore>,
    /// Bytes of snapshots in memory; past it, those that were idle for longest go to disk. Where apps may be large, at least
    /// twice [`Limits::memory_bytes`]: one snapshot is made while another is read.
    pub memory_bytes: usize,
    /// How often sessions that changed are written, so that a host that dies loses no more than this of what people did;
    /// `None` writes only at [`Runtime::suspend`](crate::Runtime::suspend) and when memory is short.
    pub checkpoint: Option<Duration>,
}

impl SnapshotConfig {
    /// SQLite in `folder`, with the key beside it, 4 GiB in memory, a checkpoint every second. The folder is the host's alone: it
    /// is closed to other users, and to other hosts for as long as this one has it.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be used.
    pub fn in_folder(folder: &std::path::Path) -> Result<Self, StoreError> {
        Ok(Self {
            key_folder: folder.to_owned(),
            store: Arc::new(SqliteSnapshots::open_alone(folder, "sessions.sqlite")?),
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
    store: Contained,
    key: SealKey,
    pub(super) memory_bytes: usize,
    pub(super) checkpoint: Option<Duration>,
    images: Mutex<Images>,
    /// Sessions that have changed since they were written.
    changed: Mutex<Vec<SessionId>>,
    /// Sessions that ended and may be on disk, until they are not.
    gone: Mutex<HashSet<SessionId>>,
    writing: Mutex<()>,
    /// Held while a session is taken up, so that nobody else does at the same time; by the id's first byte.
    taking_up: [Mutex<()>; 16],
    /// The largest snapshot that is read, in bytes: a memory of the largest size and what describes it, and a screen.
    most_bytes: usize,
    pub(crate) written: AtomicU64,
}

#[derive(Default)]
struct Images {
    kept: HashSet<ImageHash>,
    read: HashMap<ImageHash, Arc<Image>>,
}

impl Snapshots {
    /// The next host may have the store.
    pub(super) fn release(&self) {
        self.store.release();
    }

    pub(crate) fn open(config: &SnapshotConfig, limits: &Limits) -> std::io::Result<Self> {
        let key = HostKey::open(&config.key_folder)?;
        Ok(Self {
            store: Contained(config.store.clone()),
            key: SealKey::new(&key),
            memory_bytes: config.memory_bytes,
            checkpoint: config.checkpoint,
            images: Mutex::default(),
            changed: Mutex::default(),
            gone: Mutex::default(),
            writing: Mutex::default(),
            taking_up: Default::default(),
            most_bytes: limits
                .memory_bytes
                .saturating_mul(2)
                .saturating_add(MOST_SCREEN_BYTES),
            written: AtomicU64::new(0),
        })
    }

    /// The session has changed.
    pub(crate) fn changed(&self, session: &Shared) {
        if session.is_model || !session.app.is_eligible() {
            return;
        }
        if !session.unsaved.swap(true, Ordering::AcqRel) {
            lock(&self.changed).push(session.id);
        }
    }

    /// The session has ended.
    pub(crate) fn forget(&self, id: SessionId) {
        lock(&self.gone).insert(id);
    }

    /// Brings a session's snapshot into memory.
    pub(super) fn fetch(&self, host: &Host, session: &Arc<Shared>) -> Result<(), ResumeError> {
        let saved = self.read(session.id)?;
        let image = self.image(saved.image)?;
        let handled = saved.handled;
        let frozen = saved.thaw(image);
        let mut state = session.lock();
        let Body::Stored(bytes) = state.body else {
            return Ok(());
        };
        if handled != session.handled.load(Ordering::Acquire) {
            return Err(damaged(
                "the store has another state of the session than was written last",
            ));
        }
        host.brought_back(bytes);
        host.held(frozen.bytes());
        session.stands(Cost::Memory, frozen.bytes());
        session.stands(Cost::Disk, 0);
        state.body = Body::Frozen(frozen);
        count(&host.metrics.fetched);
        Ok(())
    }

    /// Takes up a session that another process has left on disk. What its app asked of the providers is asked again.
    pub(super) fn take_up(
        &self,
        host: &Arc<Host>,
        id: SessionId,
    ) -> Result<Arc<Shared>, ResumeError> {
        let _taking_up =
            lock(&self.taking_up[usize::from(id.as_bytes()[0]) % self.taking_up.len()]);
        if let Some(here) = host.registry.find(id) {
            return Ok(here);
        }
        if lock(&self.gone).contains(&id) {
            return Err(ResumeError::Unknown(id));
        }
        let saved = self.read(id)?;
        if host.registry.count() >= host.max_sessions {
            return Err(ResumeError::TooManySessions(host.max_sessions));
        }
        let app = host.apps().get(&saved.package).cloned();
        let app = app.ok_or(ResumeError::AppNotLoaded(saved.package))?;
        let grants = saved.grants();
        let (standing, handled) = (saved.standing, saved.handled);
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
            adopted: None,
            body: Body::Running,
            app,
        };
        let stopped = saved.written_at;
        let frozen = saved.thaw(image);
        let shared = Shared::new(host.clone(), beginning);
        shared.take_up(frozen, stopped, handled, standing)?;
        if !host.registry.insert(&shared, host.max_sessions) {
            shared.abandon();
            return Err(ResumeError::TooManySessions(host.max_sessions));
        }
        host.check_consents(&shared);
        host.scheduler.wake(&shared);
        Ok(shared)
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

    fn accepts(&self) -> Accepts {
        Accepts {
            oldest_layout: OLDEST_LAYOUT,
            newest_layout: LAYOUT,
            plain_bytes: self.most_bytes,
        }
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
        let opened = seal::open(&self.key, bound_to(&hash), self.accepts(), sealed)?;
        let image = Arc::new(Image::from_bytes(&opened.plain).map_err(damaged)?);
        if image.hash() != hash {
            return Err(damaged("the image that it goes with is another one"));
        }
        let mut images = lock(&self.images);
        images.kept.insert(hash);
        Ok(images.read.entry(hash).or_insert(image).clone())
    }
}

/// A screen as bytes, and what else a session has besides its memory.
const MOST_SCREEN_BYTES: usize = 16 << 20;

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
