use proptest::prelude::*;

use super::*;
use crate::snapshot::slots::Slots;
use crate::snapshot::slots::tests::Memory;

/// A page of WebAssembly's, in bytes.
const WASM_PAGE: usize = 1 << 16;

/// Bytes set at places, wrapped to the length: all the rest is zero.
type Edits = Vec<(usize, Vec<u8>)>;

fn told_difference(image: &Image, view: &SlotView<'_>, scratch: usize) -> (Vec<u8>, Dirty) {
    let mut delta = Pile::with_room(0);
    let dirty = difference(image, view, scratch, &mut delta);
    (delta.to_vec(), dirty)
}

fn edits() -> impl Strategy<Value = Edits> {
    // Places close together and far apart; runs within a word, over words, over pages.
    let place = prop_oneof![0..64_usize, 0..WASM_PAGE, 0..4 * WASM_PAGE];
    let bytes = prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..20),
        (any::<u8>(), 1..2 * PAGE).prop_map(|(byte, times)| vec![byte; times]),
    ];
    proptest::collection::vec((place, bytes), 0..12)
}

fn content(length: usize, edits: &Edits) -> Vec<u8> {
    let mut content = vec![0; length];
    for (place, bytes) in edits {
        for (offset, byte) in bytes.iter().enumerate() {
            content[(place + offset) % length] = *byte;
        }
    }
    content
}

fn write(memory: &mut Memory, content: &[u8]) {
    let mut view = memory.view();
    for (at, bytes) in content.chunks(PAGE).enumerate() {
        // Untouched where nothing is to be changed, as a guest would leave it.
        if view.page(at).expect("within") != bytes {
            view.page_mut(at).expect("within").copy_from_slice(bytes);
        }
    }
}

fn memory(slots: &Slots, content: &[u8]) -> Memory {
    let mut memory = Memory::new(slots, content.len());
    write(&mut memory, content);
    memory
}

/// Makes a memory that differs from `image` in the pages `dirty` into the one that `delta` describes, a few pages at a
/// time; gives the pages that differ afterwards.
fn exchange(
    image: &Image,
    view: &mut SlotView<'_>,
    dirty: &Dirty,
    delta: &[u8],
) -> Result<Dirty, BrokenDelta> {
    restore(image, view, dirty);
    let mut delta = Delta::new(delta);
    while delta.apply(view, 3)? {}
    Ok(delta.dirty())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_memory_comes_back_from_its_difference_to_any_other(
        like in edits(), one in edits(), two in edits(), lengths in (1..4_usize, 1..4_usize),
    ) {
        let slots = Slots::new();
        let (longest, length) = (lengths.0 * WASM_PAGE, lengths.1 * WASM_PAGE);
        // The image may be longer or shorter than the memories.
        let image = Image::capture(&memory(&slots, &content(longest, &like)).view());
        let [one, two] = [one, two].map(|edits| content(length, &edits));
        let mut first = memory(&slots, &one);
        let (of_one, _) = told_difference(&image, &first.view(), 0);
        let mut second = memory(&slots, &two);
        let (of_two, dirty) = told_difference(&image, &second.view(), 0);
        // From the state of the other, from a fresh memory, and back again.
        let now = exchange(&image, &mut second.view(), &dirty, &of_one).expect("reads");
        prop_assert!(second.bytes() == one);
        prop_assert_eq!(&differing(&image, &second.view()), &now);
        exchange(&image, &mut second.view(), &now, &of_two).expect("reads");
        prop_assert!(second.bytes() == two);
        let mut fresh = Memory::new(&slots, length);
        let dirty = differing(&image, &fresh.view());
        exchange(&image, &mut fresh.view(), &dirty, &of_two).expect("reads");
        prop_assert!(fresh.bytes() == two);
    }

    #[test]
    fn an_image_survives_being_written_down(edits in edits(), length in 1..4_usize, host: Vec<u8>) {
        let slots = Slots::new();
        let image = Image::capture(&memory(&slots, &content(length * WASM_PAGE, &edits)).view());
        let image = image.with_host(host.clone());
        let read = Image::from_bytes(&image.to_bytes()).expect("reads");
        prop_assert_eq!(read.to_bytes(), image.to_bytes());
        prop_assert_eq!(read.host(), &host);
        prop_assert_eq!(read.hash(), image.hash());
        let dirty = differing(&read, &memory(&slots, &content(length * WASM_PAGE, &edits)).view());
        prop_assert!(dirty.is_empty());
    }

    #[test]
    fn scratch_is_not_written_down_but_put_back(
        like in edits(), one in edits(), two in edits(), scratch in 0..10_usize,
    ) {
        let slots = Slots::new();
        let image = Image::capture(&memory(&slots, &content(WASM_PAGE, &like)).view());
        let [one, two] = [one, two].map(|edits| content(WASM_PAGE, &edits));
        let (of_one, _) = told_difference(&image, &memory(&slots, &one).view(), scratch * PAGE);
        let mut second = memory(&slots, &two);
        let (_, dirty) = told_difference(&image, &second.view(), scratch * PAGE);
        exchange(&image, &mut second.view(), &dirty, &of_one).expect("reads");
        let mut expected = content(WASM_PAGE, &like);
        expected[scratch * PAGE..].copy_from_slice(&one[scratch * PAGE..]);
        prop_assert!(second.bytes() == expected);
    }

    #[test]
    fn bytes_that_are_no_difference_change_one_memory_at_most(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0..4_u8, Just(255_u8)], 0..200),
    ) {
        let slots = Slots::new();
        let image = Image::default();
        let mut before = memory(&slots, &vec![5; WASM_PAGE]);
        let mut target = Memory::new(&slots, WASM_PAGE);
        let mut after = memory(&slots, &vec![6; WASM_PAGE]);
        if let Ok(dirty) = exchange(&image, &mut target.view(), &Dirty::new(), &bytes) {
            let changed = differing(&image, &target.view());
            prop_assert!(changed.iter().all(|page| dirty.contains(page)));
        }
        prop_assert!(before.bytes() == vec![5; WASM_PAGE]);
        prop_assert!(after.bytes() == vec![6; WASM_PAGE]);
        // And as an image.
        if let Ok(image) = Image::from_bytes(&bytes) {
            let again = Image::from_bytes(&image.to_bytes()).expect("reads");
            prop_assert_eq!(again.hash(), image.hash());
        }
    }

    #[test]
    fn a_damaged_difference_is_refused_or_read_but_never_panics(
        edits in edits(), at in any::<proptest::sample::Index>(), with in any::<u8>(), cut in any::<proptest::sample::Index>(),
    ) {
        let slots = Slots::new();
        let image = Image::default();
        let (mut delta, _) = told_difference(&image, &memory(&slots, &content(WASM_PAGE, &edits)).view(), 0);
        if delta.is_empty() {
            return Ok(());
        }
        let at = at.index(delta.len());
        delta[at] = with;
        let mut target = Memory::new(&slots, WASM_PAGE);
        let _ = exchange(&image, &mut target.view(), &Dirty::new(), &delta);
        delta.truncate(cut.index(delta.len()));
        let _ = exchange(&image, &mut target.view(), &Dirty::new(), &delta);
    }

    #[test]
    fn numbers_come_back(number: usize, small in 0..300_usize) {
        for number in [number, small, usize::MAX] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            let mut rest = &bytes[..];
            prop_assert_eq!(take_number(&mut rest), Ok(number));
            prop_assert!(rest.is_empty());
        }
    }
}

#[test]
fn pages_past_the_end_are_refused_however_they_are_counted() {
    let slots = Slots::new();
    let mut memory = Memory::new(&slots, WASM_PAGE);
    let page_after = |number: usize, delta: &mut Vec<u8>| {
        put_number(delta, number);
        // No runs.
        put_number(delta, 0);
    };
    for numbers in [
        vec![16],
        vec![15, 1],
        vec![1, usize::MAX],
        vec![usize::MAX],
        vec![2, usize::MAX - 1],
    ] {
        let mut delta = Vec::new();
        for number in &numbers {
            page_after(*number, &mut delta);
        }
        let refused = exchange(&Image::default(), &mut memory.view(), &Dirty::new(), &delta);
        assert_eq!(refused, Err(BrokenDelta), "{numbers:?}");
    }
    assert_eq!(memory.bytes(), vec![0; WASM_PAGE]);
}

#[test]
fn images_that_differ_have_other_names() {
    let page = [7; PAGE];
    let image = |host: &[u8], pages: &[(u32, [u8; PAGE])]| {
        let mut bytes = Vec::new();
        put_number(&mut bytes, host.len());
        bytes.extend_from_slice(host);
        for (index, page) in pages {
            bytes.extend_from_slice(&index.to_le_bytes());
            bytes.extend_from_slice(page);
        }
        Image::from_bytes(&bytes).expect("reads").hash()
    };
    // The host's part of one reads like a page of the other.
    let like_a_page = [&0_u64.to_le_bytes()[..], &page].concat();
    let names = [
        image(&[], &[]),
        image(&[1], &[]),
        image(&[], &[(0, page)]),
        image(&[], &[(1, page)]),
        image(&like_a_page, &[]),
    ];
    for (at, name) in names.iter().enumerate() {
        assert!(!names[..at].contains(name), "{at}");
    }
}

/// A generator of numbers that only look random (xorshift64*).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).expect("31 bits") % below
    }
}

/// A memory that goes from session to session as an instance's does.
struct Lent {
    memory: Memory,
    dirty: Dirty,
}

/// A session of the reference: what its memory must be.
struct Played {
    app: usize,
    content: Vec<u8>,
    at: At,
}

enum At {
    Resident(Lent),
    Frozen(Vec<u8>),
}

struct World {
    slots: Slots,
    images: [Arc<Image>; 2],
    starts: [Vec<u8>; 2],
    free: Vec<(usize, Lent)>,
}

impl World {
    fn new(dice: &mut Dice) -> Self {
        let slots = Slots::new();
        let starts = [1, 2].map(|pages| {
            let mut content = vec![0; pages * WASM_PAGE];
            for _ in 0..40 {
                let at = dice.roll(content.len());
                content[at] = u8::try_from(dice.roll(256)).expect("a byte");
            }
            content
        });
        let images = [0, 1].map(|app: usize| Image::capture(&memory(&slots, &starts[app]).view()));
        Self {
            slots,
            images,
            starts,
            free: Vec::new(),
        }
    }

    fn thaw(&mut self, app: usize, bytes: usize, delta: &[u8]) -> Lent {
        let fits = |one: &(usize, Lent)| one.0 == app && one.1.memory.slot_length() == bytes;
        let mut lent = match self.free.iter().position(fits) {
            Some(found) => self.free.swap_remove(found).1,
            None => {
                let mut memory = Memory::new(&self.slots, bytes);
                assert!(
                    memory.bytes().iter().all(|byte| *byte == 0),
                    "zero at birth"
                );
                let dirty = differing(&self.images[app], &memory.view());
                Lent { memory, dirty }
            }
        };
        let dirty = exchange(
            &self.images[app],
            &mut lent.memory.view(),
            &lent.dirty,
            delta,
        );
        lent.dirty = dirty.expect("its own difference");
        lent
    }

    fn launch(&mut self, app: usize) -> Played {
        let content = self.starts[app].clone();
        let at = At::Resident(self.thaw(app, content.len(), &[]));
        Played { app, content, at }
    }

    /// Freezes a session that is resident, thaws one that is frozen.
    fn turn_over(&mut self, session: &mut Played) {
        let (app, bytes) = (session.app, session.content.len());
        let before = std::mem::replace(&mut session.at, At::Frozen(Vec::new()));
        session.at = match before {
            At::Frozen(delta) => At::Resident(self.thaw(app, bytes, &delta)),
            At::Resident(mut lent) => {
                let (delta, dirty) = told_difference(&self.images[app], &lent.memory.view(), 0);
                lent.dirty = dirty;
                self.free.push((app, lent));
                At::Frozen(delta)
            }
        };
    }
}

#[test]
fn sessions_that_share_memories_keep_their_own_content() {
    let seed = 0x1a2b_3c4d_5e6f_7788;
    println!("seed {seed:#x}");
    let mut dice = Dice(seed);
    let mut world = World::new(&mut dice);
    let mut sessions: Vec<Played> = (0..9).map(|number| world.launch(number % 2)).collect();
    for step in 0..10_000 {
        let number = dice.roll(sessions.len());
        let what = dice.roll(100);
        let session = &mut sessions[number];
        match (what, &mut session.at) {
            (0..40, At::Resident(lent)) => {
                let at = dice.roll(session.content.len());
                let byte = u8::try_from(dice.roll(256)).expect("a byte");
                let many = (1 + dice.roll(20)).min(session.content.len() - at);
                session.content[at..at + many].fill(byte);
                for at in at..at + many {
                    lent.memory.view().page_mut(at / PAGE).expect("within")[at % PAGE] = byte;
                }
            }
            (40..44, At::Resident(lent)) if session.content.len() < 4 * WASM_PAGE => {
                session.content.resize(session.content.len() + WASM_PAGE, 0);
                assert!(lent.memory.grow(session.content.len()));
            }
            // A trap: the memory goes, and another session begins in its place.
            (44..46, _) => sessions[number] = world.launch(dice.roll(2)),
            (46..48, _) => drop(world.free.pop()),
            (48.., _) => world.turn_over(session),
            _ => {}
        }
        if let At::Resident(lent) = &mut sessions[number].at {
            let same = lent.memory.bytes() == sessions[number].content;
            assert!(same, "session {number} at step {step}");
        }
    }
}
