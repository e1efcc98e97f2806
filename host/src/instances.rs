//! The instances of a host: a limited number, lent to sessions for as long as they need them.
//!
//! An idle session keeps its instance until another session needs it, or until it has been idle for a while. Then
//! it is frozen, and the instance goes, with its dirty pages exchanged, to the next session of the same app.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::instance::{Instance, InstanceState, NotStarted};
use crate::session::{Locked, Shared, freeze};
use crate::snapshot::image::Image;

/// Free instances that are kept for the next session of their app. More are dropped.
const MOST_FREE: usize = 64;

/// From so many bytes of linear memory on, a session is large: to freeze or thaw it takes milliseconds. No worker does that
/// for the sake of another session; the host's keeper does, and leaves some places free for small ones.
pub(crate) const LARGE_BYTES: usize = 4 << 20;

/// How many idle sessions are looked at, at most, to find one that can be frozen.
const MOST_TRIES: usize = 32;

/// Lends instances out.
pub(crate) struct Instances {
    most: usize,
    taken: AtomicUsize,
    /// Linear memory of all of them.
    bytes: AtomicUsize,
    /// How many of them are lent to large sessions.
    large: AtomicUsize,
    /// A large session had to wait although there was a place.
    kept_back: AtomicBool,
    free: Mutex<VecDeque<Free>>,
    /// Sessions that are idle in an instance, each once; who has been here longest comes first.
    idle: Idle,
    /// The large ones among them.
    idle_large: Idle,
    /// Sessions that wait for a place.
    waiting: Mutex<VecDeque<Weak<Shared>>>,
    waiters: AtomicUsize,
}

type Idle = Mutex<VecDeque<Weak<Shared>>>;

/// Whether a session is in one of the lists.
type Listed = fn(&Shared) -> &AtomicBool;

/// An instance without a session.
struct Free {
    app: u64,
    instance: Instance,
    permit: Permit,
}

/// One of the instances that there may be.
pub(crate) struct Permit {
    instances: Arc<Instances>,
    large: bool,
    /// As long as the instance's memory was when a session last came to rest in it.
    bytes: usize,
}

/// What a session needs before it can run: an instance that somebody left, or leave to make one.
pub(crate) enum Place {
    /// One of the same app, with a memory of the right length.
    Left(Box<Instance>, Permit),
    /// A new one may be made.
    New(Permit),
}

impl Instances {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most: most.max(1),
            taken: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            large: AtomicUsize::new(0),
            kept_back: AtomicBool::new(false),
            free: Mutex::default(),
            idle: Mutex::default(),
            idle_large: Mutex::default(),
            waiting: Mutex::default(),
            waiters: AtomicUsize::new(0),
        })
    }

    /// How many instances there are.
    pub(crate) fn count(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Bytes of linear memory of all instances, as long as each was when a session last came to rest in it.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// A place for `session`, whose memory has `bytes` bytes. `None` when every instance is in use: the session is woken
    /// when one is free.
    pub(crate) fn place(self: &Arc<Self>, session: &Arc<Shared>, bytes: usize) -> Option<Place> {
        let place = self.try_place(session, bytes);
        if place.is_some() {
            session.waits.store(false, Ordering::SeqCst);
        } else {
            // Once, however often it is woken meanwhile: each entry takes a place that comes free from somebody else.
            if !session.waits.swap(true, Ordering::SeqCst) {
                lock(&self.waiting).push_back(Arc::downgrade(session));
                self.waiters.fetch_add(1, Ordering::SeqCst);
            }
            // One may have been given back between the look and the entry in the list.
            // But no session that is kept back although there is room: it would wake itself for ever.
            if self.count() < self.most && !self.is_kept_back(bytes) {
                self.wake_one();
            }
        }
        place
    }

    fn try_place(self: &Arc<Self>, session: &Arc<Shared>, bytes: usize) -> Option<Place> {
        if self.is_kept_back(bytes) {
            self.kept_back.store(true, Ordering::Release);
            return None;
        }
        let mut place = self.find_place(session, bytes)?;
        let (Place::Left(_, permit) | Place::New(permit)) = &mut place;
        permit.lend_to_large(bytes >= LARGE_BYTES);
        Some(place)
    }

    /// Whether a session must wait because it is large, and as many large ones as may be have instances.
    fn is_kept_back(&self, bytes: usize) -> bool {
        bytes >= LARGE_BYTES && self.large.load(Ordering::Acquire) >= self.most - self.reserve()
    }

    fn find_place(self: &Arc<Self>, session: &Arc<Shared>, bytes: usize) -> Option<Place> {
        let app = session.app.serial();
        if let Some(free) = self.take_free(app, bytes) {
            return Some(Place::Left(Box::new(free.instance), free.permit));
        }
        if let Some(permit) = self.permit() {
            return Some(Place::New(permit));
        }
        if let Some((its_app, instance, permit)) = self.evict() {
            if its_app == app && instance.memory_bytes() == bytes {
                return Some(Place::Left(Box::new(instance), permit));
            }
            drop(instance);
            return Some(Place::New(permit));
        }
        // The oldest that nobody wants makes room.
        let free = lock(&self.free).pop_front()?;
        drop(free.instance);
        Some(Place::New(free.permit))
    }

    /// A session is idle in its instance: from now on it can be frozen for the sake of another.
    pub(crate) fn rests(&self, session: &Arc<Shared>, bytes: usize) {
        if !session.app.is_eligible() {
            return;
        }
        // One that has grown may be in the list of small ones still: it comes into the other all the same.
        let (list, listed) = match bytes >= LARGE_BYTES {
            true => (&self.idle_large, &session.listed_large),
            false => (&self.idle, &session.listed),
        };
        if !listed.swap(true, Ordering::AcqRel) {
            lock(list).push_back(Arc::downgrade(session));
        }
        if self.waiters.load(Ordering::SeqCst) > 0 {
            self.wake_one();
        }
    }

    /// Freezes sessions that have been idle for at least `ticks` of the host's coarse time.
    pub(crate) fn freeze_idle(&self, now: u32, ticks: u32) {
        self.freeze_idle_of(&self.idle, |session| &session.listed, now, ticks);
        let listed_large: Listed = |session| &session.listed_large;
        self.freeze_idle_of(&self.idle_large, listed_large, now, ticks);
    }

    fn freeze_idle_of(&self, list: &Idle, listed: Listed, now: u32, ticks: u32) {
        let count = lock(list).len();
        for _ in 0..count {
            let Some(session) = lock(list).pop_front() else {
                return;
            };
            let Some(session) = session.upgrade() else {
                continue;
            };
            let idle = now.saturating_sub(session.last_used.load(Ordering::Relaxed));
            if idle < ticks {
                lock(list).push_back(Arc::downgrade(&session));
                continue;
            }
            if let Ok(Some((instance, permit))) = Self::freeze_listed(&session, list, listed) {
                self.leave(session.app.serial(), instance, permit);
            }
        }
    }

    /// Whether there are few places left, or a large session was kept back from those that there are, and others could leave
    /// theirs.
    pub(crate) fn must_relieve(&self) -> bool {
        if lock(&self.idle_large).is_empty() {
            return false;
        }
        let few_left = self.count() + self.reserve() > self.most;
        few_left || self.kept_back.swap(false, Ordering::AcqRel)
    }

    /// Freezes a large session; tells whether it did. For the keeper, which calls it for as long as it
    /// [must](Self::must_relieve).
    pub(crate) fn relieve(&self) -> bool {
        let Some(session) = lock(&self.idle_large).pop_front() else {
            return false;
        };
        let Some(session) = session.upgrade() else {
            return true;
        };
        // One that somebody looks at is left for the next round.
        let listed: Listed = |session| &session.listed_large;
        Self::freeze_listed(&session, &self.idle_large, listed).is_ok()
    }

    /// Places that large sessions leave to others.
    fn reserve(&self) -> usize {
        (self.most / 4).max(1).min(self.most - 1)
    }

    /// Takes back an instance whose session was frozen.
    pub(crate) fn leave(&self, app: u64, instance: Instance, mut permit: Permit) {
        // Nobody has it: it keeps no other large session back.
        permit.lend_to_large(false);
        let dropped = {
            let mut free = lock(&self.free);
            free.push_back(Free {
                app,
                instance,
                permit,
            });
            if free.len() > MOST_FREE {
                free.pop_front()
            } else {
                None
            }
        };
        drop(dropped);
        if self.waiters.load(Ordering::SeqCst) > 0 {
            self.wake_one();
        }
    }

    /// Drops what is kept, for the end of the host.
    pub(crate) fn clear(&self) {
        let free = std::mem::take(&mut *lock(&self.free));
        let idle = std::mem::take(&mut *lock(&self.idle));
        let large = std::mem::take(&mut *lock(&self.idle_large));
        drop((free, idle, large));
    }

    /// Whether somebody waits who need not: looked at now and then, since a session that was woken may have ended.
    pub(crate) fn look_after_waiting(&self) {
        let room = self.count() < self.most || !lock(&self.idle).is_empty();
        if room && self.waiters.load(Ordering::SeqCst) > 0 {
            self.wake_one();
        }
    }

    /// Wakes a session that waits for a place.
    pub(crate) fn wake_one(&self) {
        loop {
            let Some(session) = lock(&self.waiting).pop_front() else {
                return;
            };
            self.waiters.fetch_sub(1, Ordering::SeqCst);
            if let Some(session) = session.upgrade()
                && session.waits.swap(false, Ordering::SeqCst)
            {
                session.host.scheduler.wake(&session);
                return;
            }
        }
    }

    fn permit(self: &Arc<Self>) -> Option<Permit> {
        let more = |now| (now < self.most).then_some(now + 1);
        self.taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, more)
            .ok()?;
        Some(Permit {
            instances: self.clone(),
            large: false,
            bytes: 0,
        })
    }

    fn take_free(&self, app: u64, bytes: usize) -> Option<Free> {
        let mut free = lock(&self.free);
        let fits = |one: &Free| one.app == app && one.instance.memory_bytes() == bytes;
        let found = free.iter().rposition(fits)?;
        free.remove(found)
    }

    /// Freezes the session that has been idle for longest, more or less: one that was used since it came into the list
    /// gets a second chance.
    fn evict(&self) -> Option<(u64, Instance, Permit)> {
        for further in (0..MOST_TRIES).rev() {
            let session = lock(&self.idle).pop_front()?;
            let Some(session) = session.upgrade() else {
                continue;
            };
            // It has grown, and is in the other list: no worker freezes it for somebody else.
            if session.listed_large.load(Ordering::Acquire) {
                session.listed.store(false, Ordering::Release);
                continue;
            }
            // Where all were used since, the last one goes all the same: somebody waits.
            if session.used.swap(false, Ordering::Relaxed) && further > 0 {
                lock(&self.idle).push_back(Arc::downgrade(&session));
                continue;
            }
            let listed: Listed = |session| &session.listed;
            let frozen = Self::freeze_listed(&session, &self.idle, listed);
            if let Ok(Some((instance, permit))) = frozen {
                return Some((session.app.serial(), instance, permit));
            }
        }
        None
    }

    /// Freezes a session that was just taken out of `list`.
    fn freeze_listed(
        session: &Arc<Shared>,
        list: &Idle,
        listed: Listed,
    ) -> Result<Option<(Instance, Permit)>, Locked> {
        listed(session).store(false, Ordering::Release);
        let frozen = freeze(session);
        // It is idle all the same. Out of the list it would keep its instance until its next event, for ever perhaps.
        if frozen.is_err() && !listed(session).swap(true, Ordering::AcqRel) {
            lock(list).push_back(Arc::downgrade(session));
        }
        frozen
    }
}

impl Place {
    /// An instance for `state`, with the memory that `delta` makes of `image`.
    pub(crate) async fn fill(
        self,
        state: Box<InstanceState>,
        image: &Arc<Image>,
        bytes: usize,
        delta: &[u8],
    ) -> Result<(Instance, Permit), NotStarted> {
        let (mut instance, permit) = match self {
            Self::Left(mut instance, permit) => {
                instance.lend(state);
                (*instance, permit)
            }
            Self::New(permit) => (Instance::start(state, bytes).await?, permit),
        };
        match instance.become_of(image, delta).await {
            Ok(()) => Ok((instance, permit)),
            Err(error) => Err(NotStarted {
                error: error.into(),
                panic: None,
            }),
        }
    }

    /// A fresh instance as the app's component makes it: for an app that is kept resident.
    pub(crate) async fn fresh(
        self,
        state: Box<InstanceState>,
    ) -> Result<(Instance, Permit), NotStarted> {
        let (Self::Left(_, permit) | Self::New(permit)) = self;
        Ok((Instance::start(state, 0).await?, permit))
    }
}

impl Permit {
    /// The instance's memory has so many bytes now. Written only where it is another number than before: all workers
    /// would write to it at each event.
    pub(crate) fn holds(&mut self, bytes: usize) {
        if bytes > self.bytes {
            self.instances
                .bytes
                .fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else if bytes < self.bytes {
            self.instances
                .bytes
                .fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }

    fn lend_to_large(&mut self, large: bool) {
        match (self.large, large) {
            (false, true) => self.instances.large.fetch_add(1, Ordering::AcqRel),
            (true, false) => self.instances.large.fetch_sub(1, Ordering::AcqRel),
            _ => 0,
        };
        self.large = large;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.lend_to_large(false);
        self.holds(0);
        self.instances.taken.fetch_sub(1, Ordering::AcqRel);
        if self.instances.waiters.load(Ordering::SeqCst) > 0 {
            self.instances.wake_one();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
