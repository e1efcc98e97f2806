//! Linear memories that the host owns: the one module that maps, reads and writes guest memory.
//!
//! wasmtime asks [`Slots`] for the memory of each new instance and gets a [`Slot`]: a range of addresses as large as
//! a guest can ever address, of which the first bytes are accessible. The host keeps a handle to the same slot, and
//! so can read and exchange the pages of an instance while no guest code runs in it. That is all that freezing and
//! thawing a session takes.
//!
//! # Invariants
//! 1. *Reach.* A mapping spans the reservation and the guard that wasmtime asked for. Whatever lies beyond the
//!    accessible bytes is `PROT_NONE`: compiled code that leaves out bounds checks faults there and nowhere else.
//! 2. *Zero at birth.* A slot that is handed out reads as zeros. A mapping is used again only after its pages were
//!    given back to the kernel (`MADV_DONTNEED` on a private anonymous mapping) and its accessible part was
//!    closed; one for which either failed is unmapped instead. So nothing of one app is ever seen in another's memory.
//! 3. *One at a time.* The bytes are touched by compiled code, or through a [`SlotView`], never both. A view
//!    borrows the slot's own store mutably, and a store that runs a guest is mutably borrowed by that run. Who makes a
//!    view gives the store that the slot was made for; `Instance` is the only one, and keeps both side by side.
//! 4. *Life.* The mapping lives as long as the last of the two handles, wasmtime's and ours. wasmtime drops its own with
//!    the store; a view cannot outlive the store it borrows.
//! 5. *Length.* The accessible length only grows while a slot lives, and only through [`LinearMemory::grow_to`], which
//!    wasmtime calls while it holds the store; a view reads it afresh.
#![expect(
    unsafe_code,
    reason = "owning linear memories is this module's purpose; the invariants are stated above"
)]

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use wasmtime::{LinearMemory, MemoryCreator, MemoryType, Store};

/// The unit of comparing and exchanging, in bytes: a page of the kernel's on the machines that this runs on.
pub(crate) const PAGE: usize = 4096;

/// Mappings that wait to be used again. More are given back to the kernel.
const SPARE_MAPPINGS: usize = 256;

/// Up to so many pages it is as quick to compare all as to ask the kernel which were touched.
const FEW_PAGES: usize = 24;

/// Makes the linear memories of an engine.
pub(crate) struct Slots {
    spare: Arc<Spare>,
}

/// Mappings without an owner: zero, closed, ready.
#[derive(Default)]
struct Spare {
    mappings: Mutex<Vec<Mapping>>,
}

/// One linear memory. Cheap to clone; the clones are the same memory.
#[derive(Clone)]
pub(crate) struct Slot {
    inner: Arc<Inner>,
}

struct Inner {
    /// `None` only while it is being dropped.
    mapping: Option<Mapping>,
    /// Bytes that the guest may touch; a multiple of the wasm page size.
    length: AtomicUsize,
    spare: Arc<Spare>,
}

/// Addresses that belong to us, all of them `PROT_NONE` but the slot's accessible bytes.
struct Mapping {
    base: NonNull<u8>,
    /// Bytes mapped, guard included.
    mapped: usize,
    /// Bytes of it that a guest can have.
    capacity: usize,
}

// SAFETY: a mapping is plain memory that no thread owns; who may touch its bytes is invariant 3.
unsafe impl Send for Mapping {}
// SAFETY: as above; `&Mapping` gives no access to the bytes.
unsafe impl Sync for Mapping {}

thread_local! {
    /// The order that the next memory made on this thread is to fill; see [`Order`].
    static ORDER: RefCell<Option<Order>> = const { RefCell::new(None) };
}

/// What an instantiation wants of its memory, and what it got. wasmtime's callback knows nothing of who
/// asks, so the order waits in a thread-local while the instantiation is polled.
#[derive(Clone, Default)]
pub(crate) struct Order {
    /// At least so many bytes: an instance for a session whose memory has grown.
    pub(crate) bytes: usize,
    /// The slot, once it was made.
    pub(crate) made: Option<Slot>,
}

impl Order {
    /// Runs `work`, which may make one memory, under this order.
    pub(crate) fn fill<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let before = ORDER.replace(Some(self.clone()));
        // Put back even if `work` panics: an order left behind would be filled by somebody else's instance.
        struct Restore(Option<Order>);
        impl Drop for Restore {
            fn drop(&mut self) {
                ORDER.replace(self.0.take());
            }
        }
        let restore = Restore(before);
        let done = work();
        if let Some(order) = ORDER.take() {
            *self = order;
        }
        drop(restore);
        done
    }
}

impl Slots {
    pub(crate) fn new() -> Self {
        Self {
            spare: Arc::default(),
        }
    }
}

// SAFETY: the memories come from `Slot::new`, zeroed and guarded as invariants 1 and 2 say.
unsafe impl MemoryCreator for Slots {
    fn new_memory(
        &self,
        _ty: MemoryType,
        minimum: usize,
        maximum: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let wanted = ORDER.with_borrow(|order| order.as_ref().map_or(0, |order| order.bytes));
        let bytes = minimum.max(wanted.min(maximum.unwrap_or(usize::MAX)));
        let capacity = reserved.ok_or("this host reserves the address space of every memory")?;
        let slot = Slot::new(&self.spare, bytes, capacity, guard)
            .map_err(|error| format!("no memory for an instance: {error}"))?;
        ORDER.with_borrow_mut(|order| {
            if let Some(order) = order {
                order.made.get_or_insert_with(|| slot.clone());
            }
        });
        Ok(Box::new(slot))
    }
}

impl Slot {
    fn new(
        spare: &Arc<Spare>,
        bytes: usize,
        capacity: usize,
        guard: usize,
    ) -> std::io::Result<Self> {
        let mapping = match spare.take(capacity, guard) {
            Some(mapping) => mapping,
            None => Mapping::new(capacity, guard)?,
        };
        // Owned by `inner` from here on, so that it is given back whatever fails.
        let inner = Inner {
            mapping: Some(mapping),
            length: AtomicUsize::new(0),
            spare: spare.clone(),
        };
        inner.open(bytes)?;
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Bytes that the guest may touch at the moment.
    pub(crate) fn length(&self) -> usize {
        self.inner.length.load(Ordering::Acquire)
    }

    /// The bytes, for as long as `store`, the store that this slot was made for, is not running.
    pub(crate) fn view<'a, T>(&'a mut self, _store: &'a mut Store<T>) -> SlotView<'a> {
        SlotView {
            length: self.length(),
            slot: self,
        }
    }

    fn base(&self) -> *mut u8 {
        let mapping = self.inner.mapping.as_ref();
        mapping.map_or(std::ptr::null_mut(), |mapping| mapping.base.as_ptr())
    }
}

// SAFETY: `byte_size` bytes from `as_ptr` on are accessible, the base never moves (invariants 1 and 5).
unsafe impl LinearMemory for Slot {
    fn byte_size(&self) -> usize {
        self.length()
    }

    fn byte_capacity(&self) -> usize {
        let mapping = self.inner.mapping.as_ref();
        mapping.map_or(0, |mapping| mapping.capacity)
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        Ok(self.inner.open(new_size)?)
    }

    fn as_ptr(&self) -> *mut u8 {
        self.base()
    }
}

impl Inner {
    /// Makes the first `bytes` bytes accessible.
    fn open(&self, bytes: usize) -> std::io::Result<()> {
        let Some(mapping) = &self.mapping else {
            return Err(std::io::ErrorKind::InvalidInput.into());
        };
        let old = self.length.load(Ordering::Acquire);
        if bytes > mapping.capacity || bytes < old || !bytes.is_multiple_of(PAGE) {
            return Err(std::io::ErrorKind::OutOfMemory.into());
        }
        mapping.protect(old, bytes - old, MprotectFlags::READ | MprotectFlags::WRITE)?;
        self.length.store(bytes, Ordering::Release);
        Ok(())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let length = *self.length.get_mut();
        if let Some(mapping) = self.mapping.take() {
            self.spare.put(mapping, length);
        }
    }
}

impl Spare {
    fn take(&self, capacity: usize, guard: usize) -> Option<Mapping> {
        let mut mappings = self.lock();
        let fits = |mapping: &Mapping| {
            mapping.capacity == capacity && mapping.mapped == capacity.saturating_add(guard)
        };
        let found = mappings.iter().rposition(fits)?;
        Some(mappings.swap_remove(found))
    }

    /// Takes back a mapping of which the first `length` bytes were accessible (invariant 2).
    fn put(&self, mapping: Mapping, length: usize) {
        let clean = mapping
            .forget(0, length)
            .and_then(|()| mapping.protect(0, length, MprotectFlags::empty()));
        if clean.is_err() {
            return;
        }
        let mut mappings = self.lock();
        if mappings.len() < SPARE_MAPPINGS {
            mappings.push(mapping);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Mapping>> {
        self.mappings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mapping {
    fn new(capacity: usize, guard: usize) -> std::io::Result<Self> {
        let mapped = capacity
            .checked_add(guard)
            .ok_or(std::io::ErrorKind::OutOfMemory)?;
        // SAFETY: a fresh anonymous mapping where the kernel likes touches nobody else's memory.
        let base = unsafe {
            rustix::mm::mmap_anonymous(
                std::ptr::null_mut(),
                mapped,
                ProtFlags::empty(),
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )?
        };
        Ok(Self {
            base: NonNull::new(base.cast()).ok_or(std::io::ErrorKind::OutOfMemory)?,
            mapped,
            capacity,
        })
    }

    /// Changes what may be done with a range of this mapping.
    fn protect(&self, from: usize, length: usize, may: MprotectFlags) -> std::io::Result<()> {
        let start = self.range(from, length)?;
        if length > 0 {
            // SAFETY: `range` has checked that these addresses are this mapping's own.
            unsafe { rustix::mm::mprotect(start.cast(), length, may)? };
        }
        Ok(())
    }

    /// Gives pages back: they read as zeros afterwards.
    fn forget(&self, from: usize, length: usize) -> std::io::Result<()> {
        let start = self.range(from, length)?;
        if length > 0 {
            // SAFETY: `range` has checked that these addresses are this mapping's own, and it is private and
            // anonymous.
            unsafe { rustix::mm::madvise(start.cast(), length, Advice::LinuxDontNeed)? };
        }
        Ok(())
    }

    fn range(&self, from: usize, length: usize) -> std::io::Result<*mut u8> {
        let end = from.checked_add(length);
        if end.is_none_or(|end| end > self.capacity) {
            return Err(std::io::ErrorKind::InvalidInput.into());
        }
        Ok(self.base.as_ptr().wrapping_add(from))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the whole mapping is ours, and with its last owner goes the last pointer into it (invariant 4).
        let unmapped = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.mapped) };
        if let Err(error) = unmapped {
            tracing::error!(%error, "a guest's memory could not be unmapped");
        }
    }
}

/// The bytes of a slot whose guest is not running, page by page.
pub(crate) struct SlotView<'a> {
    slot: &'a mut Slot,
    length: usize,
}

impl SlotView<'_> {
    /// How many pages the guest may touch.
    pub(crate) fn pages(&self) -> usize {
        self.length / PAGE
    }

    /// A page's bytes. Past the end it is `None`.
    pub(crate) fn page(&self, index: usize) -> Option<&[u8; PAGE]> {
        let at = self.address(index)?;
        // SAFETY: within the accessible length, aligned to nothing more than a byte; nobody writes while this
        // view is borrowed (invariant 3).
        Some(unsafe { &*at.cast::<[u8; PAGE]>() })
    }

    /// A page's bytes, to be changed.
    pub(crate) fn page_mut(&mut self, index: usize) -> Option<&mut [u8; PAGE]> {
        let at = self.address(index)?;
        // SAFETY: as in `page`, and the view is borrowed mutably.
        Some(unsafe { &mut *at.cast::<[u8; PAGE]>() })
    }

    /// The pages, in order, that can hold anything but zeros: those that were ever touched.
    pub(crate) fn touched(&self) -> Touched {
        let pages = self.pages();
        if pages <= FEW_PAGES {
            return Touched::All(pages);
        }
        pagemap(self.slot.base(), pages).map_or(Touched::All(pages), Touched::Some)
    }

    fn address(&self, index: usize) -> Option<*mut u8> {
        let offset = index.checked_mul(PAGE)?;
        (offset < self.length).then(|| self.slot.base().wrapping_add(offset))
    }
}

/// Which pages may hold something.
pub(crate) enum Touched {
    /// So many from the first on: nobody looked.
    All(usize),
    /// These; the kernel says that all others are zero.
    Some(Vec<u32>),
}

/// The pages that the kernel has for a range, resident or swapped out. `None` where it does not say.
fn pagemap(base: *const u8, pages: usize) -> Option<Vec<u32>> {
    const ENTRY: usize = 8;
    /// Bit 63: present in memory. Bit 62: swapped out. (Linux, admin-guide/mm/pagemap.)
    const PRESENT_OR_SWAPPED: u64 = 0b11 << 62;
    /// Entries read at a time.
    const AT_ONCE: usize = 512;

    static PAGEMAP: std::sync::OnceLock<Option<File>> = std::sync::OnceLock::new();
    let file = PAGEMAP
        .get_or_init(|| {
            // Entries describe pages of the size that this module works with, or it is of no use.
            let usual = rustix::param::page_size() == PAGE;
            File::open("/proc/self/pagemap").ok().filter(|_| usual)
        })
        .as_ref()?;
    let first = u64::try_from(base.addr() / PAGE).ok()?;
    let mut touched = Vec::new();
    let mut entries = [0_u8; AT_ONCE * ENTRY];
    let mut page = 0;
    while page < pages {
        let count = AT_ONCE.min(pages - page);
        let bytes = &mut entries[..count * ENTRY];
        let at = first.checked_add(u64::try_from(page).ok()?)?;
        file.read_exact_at(bytes, at.checked_mul(8)?).ok()?;
        for (index, entry) in bytes.chunks_exact(ENTRY).enumerate() {
            let entry = u64::from_ne_bytes(entry.try_into().ok()?);
            if entry & PRESENT_OR_SWAPPED != 0 {
                touched.push(u32::try_from(page + index).ok()?);
            }
        }
        page += count;
    }
    Some(touched)
}

#[cfg(test)]
pub(super) mod tests;
