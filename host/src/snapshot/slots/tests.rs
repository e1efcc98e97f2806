use super::*;
use crate::engine::new_engine;

/// A page of WebAssembly's, in bytes.
const WASM_PAGE: usize = 1 << 16;
const RESERVED: usize = 64 * WASM_PAGE;
const GUARD: usize = 4 * WASM_PAGE;

/// A memory as an instance has it: wasmtime's handle, ours, and the store that it belongs to.
pub(in crate::snapshot) struct Memory {
    theirs: Box<dyn LinearMemory>,
    slot: Slot,
    store: Store<()>,
}

impl Memory {
    pub(in crate::snapshot) fn new(slots: &Slots, bytes: usize) -> Self {
        let engine = new_engine().expect("an engine");
        let mut order = Order { bytes, made: None };
        let made = order.fill(|| make(slots, WASM_PAGE, RESERVED));
        Self {
            theirs: made.expect("a memory"),
            slot: order.made.expect("the same memory"),
            store: Store::new(&engine, ()),
        }
    }

    pub(in crate::snapshot) fn view(&mut self) -> SlotView<'_> {
        self.slot.view(&mut self.store)
    }

    pub(in crate::snapshot) fn grow(&mut self, bytes: usize) -> bool {
        self.theirs.grow_to(bytes).is_ok()
    }

    pub(in crate::snapshot) fn bytes(&mut self) -> Vec<u8> {
        let view = self.view();
        (0..view.pages())
            .flat_map(|at| *view.page(at).expect("within"))
            .collect()
    }

    pub(in crate::snapshot) fn slot_length(&self) -> usize {
        self.slot.length()
    }

    fn fill(&mut self, with: u8) {
        let mut view = self.view();
        for at in 0..view.pages() {
            view.page_mut(at).expect("within").fill(with);
        }
    }

    /// What the kernel allows at an offset from the base.
    fn allowed(&self, offset: usize) -> String {
        let address = self.theirs.as_ptr().addr() + offset;
        let maps = std::fs::read_to_string("/proc/self/maps").expect("the maps");
        let hex = |text: &str| usize::from_str_radix(text, 16).expect("an address");
        let mut ranges = maps.lines().filter_map(|line| {
            let (range, rest) = line.split_once(' ')?;
            let (from, to) = range.split_once('-')?;
            (hex(from)..hex(to))
                .contains(&address)
                .then(|| rest[..4].to_owned())
        });
        ranges.next().expect("mapped")
    }
}

fn make(slots: &Slots, bytes: usize, reserved: usize) -> Result<Box<dyn LinearMemory>, String> {
    let ty = MemoryType::new(1, None);
    slots.new_memory(ty, bytes, Some(reserved), Some(reserved), GUARD)
}

#[test]
fn what_one_had_the_next_never_sees() {
    let slots = Slots::new();
    let mut first = Memory::new(&slots, WASM_PAGE);
    first.fill(1);
    assert!(first.grow(10 * WASM_PAGE));
    first.fill(2);
    assert_eq!(first.bytes(), vec![2; 10 * WASM_PAGE]);
    let base = first.theirs.as_ptr();
    drop(first);

    let mut second = Memory::new(&slots, WASM_PAGE);
    assert_eq!(second.theirs.as_ptr(), base, "the very same addresses");
    assert_eq!(second.bytes(), vec![0; WASM_PAGE]);
    // What the first one had beyond cannot even be read.
    assert!(second.view().page(WASM_PAGE / PAGE).is_none());
    assert!(second.view().page_mut(WASM_PAGE / PAGE).is_none());
    assert_eq!(second.allowed(WASM_PAGE - 1), "rw-p");
    for closed in [
        WASM_PAGE,
        10 * WASM_PAGE - 1,
        RESERVED - 1,
        RESERVED + GUARD - 1,
    ] {
        assert_eq!(second.allowed(closed), "---p", "{closed}");
    }
    assert!(second.grow(12 * WASM_PAGE));
    assert_eq!(second.bytes(), vec![0; 12 * WASM_PAGE]);
    assert_eq!(second.allowed(12 * WASM_PAGE - 1), "rw-p");
    assert_eq!(second.allowed(12 * WASM_PAGE), "---p");
}

#[test]
fn a_memory_lives_as_long_as_either_handle() {
    let slots = Slots::new();
    let mut memory = Memory::new(&slots, WASM_PAGE);
    memory.fill(7);
    let Memory {
        theirs,
        mut slot,
        mut store,
    } = memory;
    drop(theirs);
    let kept = Memory::new(&slots, WASM_PAGE);
    assert_ne!(kept.theirs.as_ptr(), slot.base(), "still in use");
    assert_eq!(slot.view(&mut store).page(3), Some(&[7; PAGE]));
}

#[test]
fn lengths_that_cannot_be_are_refused_and_change_nothing() {
    let slots = Slots::new();
    let mut memory = Memory::new(&slots, 2 * WASM_PAGE);
    memory.fill(3);
    let wrong = [
        WASM_PAGE,
        0,
        2 * WASM_PAGE + 1,
        RESERVED + PAGE,
        usize::MAX,
        usize::MAX - PAGE + 1,
    ];
    for bytes in wrong {
        assert!(!memory.grow(bytes), "{bytes}");
        assert_eq!(memory.slot.length(), 2 * WASM_PAGE);
    }
    assert_eq!(memory.bytes(), vec![3; 2 * WASM_PAGE]);
    assert!(memory.grow(RESERVED), "all of it");
    assert!(!memory.grow(RESERVED + PAGE));
    assert_eq!(memory.allowed(RESERVED), "---p");
}

#[test]
fn a_memory_that_cannot_be_had_is_an_error_and_leaves_none_behind() {
    let slots = Slots::new();
    // More than the kernel has addresses for, more than was reserved, nothing reserved.
    assert!(make(&slots, WASM_PAGE, 1 << 60).is_err());
    assert!(make(&slots, WASM_PAGE, usize::MAX).is_err());
    assert!(make(&slots, RESERVED + WASM_PAGE, RESERVED).is_err());
    let nothing = slots.new_memory(MemoryType::new(1, None), WASM_PAGE, None, None, GUARD);
    assert!(nothing.is_err());
    // The mapping of the one that was opened too far is whole again, and closed.
    let memory = Memory::new(&slots, WASM_PAGE);
    assert_eq!(memory.allowed(WASM_PAGE), "---p");
}

#[test]
fn memories_of_another_size_are_not_taken_for_each_other() {
    let slots = Slots::new();
    drop(make(&slots, WASM_PAGE, RESERVED).expect("a memory"));
    let other = make(&slots, WASM_PAGE, 2 * RESERVED).expect("a memory");
    assert_eq!(other.byte_capacity(), 2 * RESERVED);
    assert_eq!(slots.spare.lock().len(), 1);
    let same = make(&slots, WASM_PAGE, RESERVED).expect("a memory");
    assert_eq!(same.byte_capacity(), RESERVED);
    assert_eq!(slots.spare.lock().len(), 0);
}

#[test]
fn only_so_many_mappings_are_kept() {
    let slots = Slots::new();
    let many: Vec<_> = (0..SPARE_MAPPINGS + 10)
        .map(|_| make(&slots, WASM_PAGE, RESERVED).expect("a memory"))
        .collect();
    drop(many);
    assert_eq!(slots.spare.lock().len(), SPARE_MAPPINGS);
}

#[test]
fn an_order_is_filled_once_and_by_nobody_else() {
    let slots = Slots::new();
    let mut order = Order {
        bytes: 5 * WASM_PAGE,
        made: None,
    };
    order
        .fill(|| make(&slots, WASM_PAGE, RESERVED).map(drop))
        .expect("made");
    assert_eq!(order.made.as_ref().expect("noted").length(), 5 * WASM_PAGE);
    // Never more than the guest's own maximum.
    let mut greedy = Order {
        bytes: usize::MAX,
        made: None,
    };
    greedy
        .fill(|| make(&slots, WASM_PAGE, RESERVED).map(drop))
        .expect("made");
    assert_eq!(greedy.made.expect("noted").length(), RESERVED);
    // Whoever comes without an order gets what it asks for, even after an order that came to a bad end.
    let mut lost = Order {
        bytes: 9 * WASM_PAGE,
        made: None,
    };
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        lost.fill::<()>(|| panic!("in the middle of an instantiation"));
    }));
    assert!(panicked.is_err());
    let plain = make(&slots, WASM_PAGE, RESERVED).expect("a memory");
    assert_eq!(plain.byte_size(), WASM_PAGE);
}

#[test]
fn the_kernel_names_every_page_that_was_written() {
    let slots = Slots::new();
    let mut memory = Memory::new(&slots, RESERVED);
    let written = [0, 17, 511, 512, RESERVED / PAGE - 1];
    for at in written {
        memory.view().page_mut(at).expect("within")[at % PAGE] = 1;
    }
    let view = memory.view();
    let touched: Vec<usize> = view.touched().pages().collect();
    for at in written {
        assert!(touched.contains(&at), "{at}");
    }
    assert!(touched.is_sorted());
}
