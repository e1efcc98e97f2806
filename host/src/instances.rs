//! The instances of a host: a limited number, lent to sessions for as long as they need them.
//!
//! An idle session keeps its instance until another session needs it, or until it has been idle for a while. Then
//! it is frozen, and the instance goes, with its dirty pages exchanged, to the next session of the same app.
//!
//! Sessions with much memory are apart. Only the host's keeper freezes them, and they never have all the places: some are
//! left for small sessions, which then wait for no copy of many megabytes. A session grows where it is, so that those of apps
//! which have grown before count as large from the start. What a large session leaves is dropped: its memory is worth more than
//! the little that making another instance costs beside filling it.

mod place;
mod waiting;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

pub(crate) use self::place::{Permit, Place};
use self::waiting::Waiting;
use crate::bell::Bell;
use crate::instance::Instance;
use crate::session::{Locked, Shared, freeze};

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
    /// How many of them are lent to sessions that are large or may become so.
    large: AtomicUsize,
    free: Mutex<VecDeque<Free>>,
    /// Sessions that are idle in an instance, each once; who has been here longest comes first.
    idle: Idle,
    /// The large ones among them.
    idle_large: Idle,
    /// Small and large sessions that wait for a place: apart, since what one may have the other may not.
    waiting: Waiting,
    waiting_large: Waiting,
    /// Wakes the keeper when a large session should leave its place.
    bell: Arc<Bell>,
}

type Idle = Mutex<VecDeque<Weak<Shared>>>;

/// Whether a session is in one of the lists.
type Listed = fn(&Shared) -> &AtomicBool;

/// The instance of a session that was frozen for the sake of another, and the app that both are of.
type Evicted = (u64, Instance, Permit);

/// An instance without a session.
struct Free {
    app: u64,
    instance: Instance,
    permit: Permit,
}

impl Instances {
    pub(crate) fn new(most: usize, bell: Arc<Bell>) -> Arc<Self> {
        Arc::new(Self {
            most: most.max(1),
            taken: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            large: AtomicUsize::new(0),
            free: Mutex::default(),
            idle: Mutex::default(),
            idle_large: Mutex::default(),
            waiting: Waiting::default(),
            waiting_large: Waiting::default(),
            bell,
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
        let large = bytes >= LARGE_BYTES || session.app.grows();
        let mut place = self.try_place(session, bytes, large);
        if place.is_none() {
            let waiting = if large {
                &self.waiting_large
            } else {
                &self.waiting
            };
            waiting.add(session);
            // One may have been given back between the look and the entry in the list.
            place = self.try_place(session, bytes, large);
        }
        if place.is_some() {
            session.waits.store(false, Ordering::SeqCst);
        } else {
            self.ask_keeper();
        }
        place
    }

    fn try_place(
        self: &Arc<Self>,
        session: &Arc<Shared>,
        bytes: usize,
        large: bool,
    ) -> Option<Place> {
        // Kept for it while it looks for one, or two would be let in for one.
        let share = large && self.reserve_large();
        let place = if large && !share {
            // Only from one that counts as large too.
            self.evict(|session| session.app.grows())
                .map(|evicted| Self::take_over(session, bytes, evicted))
        } else {
            self.find_place(session, bytes)
        };
        let place = place.map(|mut place| {
            let (Place::Left(_, permit) | Place::New(permit)) = &mut place;
            permit.lend_to_large(large);
            place
        });
        if share {
            self.large.fetch_sub(1, Ordering::AcqRel);
        }
        place
    }

    /// Counts one more large session, if there may be one.
    fn reserve_large(&self) -> bool {
        let more = |now| (now < self.most_large()).then_some(now + 1);
        let reserved = self
            .large
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        reserved.is_ok()
    }

    /// Whether one more large session may have a place.
    fn takes_large(&self) -> bool {
        self.large.load(Ordering::Acquire) < self.most_large()
    }

    /// As many large sessions may have a place, so that some are left for small ones.
    fn most_large(&self) -> usize {
        let reserve = (self.most / 4).max(1);
        self.most.saturating_sub(reserve).max(1)
    }

    fn find_place(self: &Arc<Self>, session: &Arc<Shared>, bytes: usize) -> Option<Place> {
        let app = session.app.serial();
        if let Some(free) = self.take_free(app, bytes) {
            return Some(Place::Left(Box::new(free.instance), free.permit));
        }
        if let Some(permit) = self.permit() {
            return Some(Place::New(permit));
        }
        if let Some(evicted) = self.evict(|_| true) {
            return Some(Self::take_over(session, bytes, evicted));
        }
        // The oldest that nobody wants makes room.
        let free = lock(&self.free).pop_front()?;
        drop(free.instance);
        Some(Place::New(free.permit))
    }

    /// The place of a session that was frozen for it.
    fn take_over(session: &Shared, bytes: usize, evicted: Evicted) -> Place {
        let (app, instance, permit) = evicted;
        if app == session.app.serial() && instance.memory_bytes() == bytes {
            return Place::Left(Box::new(instance), permit);
        }
        drop(instance);
        Place::New(permit)
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
        if bytes >= LARGE_BYTES {
            session.app.has_grown();
            // Its memory may have grown in its place: there may be more large ones than should be.
            self.ask_keeper();
            return;
        }
        self.wake_waiting();
        if session.app.grows() {
            self.waiting_large.wake_one();
        }
    }

    /// Freezes small sessions that have been idle for at least `ticks` of the host's coarse time.
    pub(crate) fn freeze_idle(&self, now: u32, ticks: u32) {
        let count = lock(&self.idle).len();
        for _ in 0..count {
            let Some(session) = lock(&self.idle).pop_front() else {
                return;
            };
            let Some(session) = session.upgrade() else {
                continue;
            };
            if !session.idle_for(now, ticks) {
                lock(&self.idle).push_back(Arc::downgrade(&session));
                continue;
            }
            let listed: Listed = |session| &session.listed;
            if let Ok(Some((instance, permit))) = Self::freeze_listed(&session, &self.idle, listed)
            {
                self.leave(session.app.serial(), instance, permit);
            }
        }
    }

    /// Whether a large session should leave its place: somebody waits for one, or the large ones have more than their share.
    fn must_relieve(&self) -> bool {
        let many = self.large.load(Ordering::Acquire) > self.most_large();
        let wanted = many || !self.waiting.is_empty() || !self.waiting_large.is_empty();
        wanted && !lock(&self.idle_large).is_empty()
    }

    fn ask_keeper(&self) {
        if self.must_relieve() {
            self.bell.ring();
        }
    }

    /// The large session that the keeper is to [freeze](Self::freeze_large) now, because its place is needed or because it
    /// has been idle for at least `ticks`.
    pub(crate) fn next_large(&self, now: u32, ticks: u32) -> Option<Arc<Shared>> {
        let must = self.must_relieve();
        let mut idle = lock(&self.idle_large);
        idle.retain(|session| session.strong_count() > 0);
        let mut all = idle.iter().filter_map(Weak::upgrade);
        all.find(|session| must || session.idle_for(now, ticks))
    }

    /// Freezes a large session, whose place comes free; `false` if somebody looks at it this very moment.
    pub(crate) fn freeze_large(&self, session: &Arc<Shared>) -> bool {
        let listed: Listed = |session| &session.listed_large;
        lock(&self.idle_large).retain(|one| !std::ptr::eq(one.as_ptr(), Arc::as_ptr(session)));
        match Self::freeze_listed(session, &self.idle_large, listed) {
            Ok(Some((instance, permit))) => {
                self.leave(session.app.serial(), instance, permit);
                true
            }
            Ok(None) => true,
            Err(Locked) => false,
        }
    }

    /// Takes back an instance whose session was frozen.
    pub(crate) fn leave(&self, app: u64, instance: Instance, mut permit: Permit) {
        if instance.memory_bytes() >= LARGE_BYTES {
            // In this order: whoever is woken for the place finds the memory given back.
            drop(instance);
            drop(permit);
            return;
        }
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
        self.wake_waiting();
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
        let room = self.count() < self.most || !lock(&self.free).is_empty();
        if room || !lock(&self.idle).is_empty() {
            self.waiting.wake_one();
            self.waiting_large.wake_one();
        }
    }

    /// A place has come free, or could. Wakes a small session that waits for one, and a large one if it may have it: one alone
    /// might be gone, or kept back, and the other would sleep on.
    fn wake_waiting(&self) {
        self.waiting.wake_one();
        if !self.waiting_large.is_empty() && self.takes_large() {
            self.waiting_large.wake_one();
        }
    }

    fn permit(self: &Arc<Self>) -> Option<Permit> {
        let more = |now| (now < self.most).then_some(now + 1);
        self.taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, more)
            .ok()?;
        Some(Permit::new(self.clone()))
    }

    fn take_free(&self, app: u64, bytes: usize) -> Option<Free> {
        let mut free = lock(&self.free);
        let fits = |one: &Free| one.app == app && one.instance.memory_bytes() == bytes;
        let found = free.iter().rposition(fits)?;
        free.remove(found)
    }

    /// Freezes the session that has been idle for longest, more or less, among those that `may` go: one that was used since it
    /// came into the list gets a second chance.
    fn evict(&self, may: impl Fn(&Shared) -> bool) -> Option<Evicted> {
        for further in (0..MOST_TRIES).rev() {
            let session = {
                let mut idle = lock(&self.idle);
                let goes = |one: &Weak<Shared>| one.upgrade().is_none_or(|session| may(&session));
                let found = idle.iter().position(goes)?;
                idle.remove(found)?
            };
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
