//! Bytes that are put together one after the other, and then shared.
//!
//! Many of them lie in a mapping of their own. An allocator keeps what was given back to it, for a moment or for good; a
//! mapping is the kernel's again when its last owner lets go of it, and a host that has a budget must know what it takes.

use std::ops::Deref;
use std::sync::Arc;

use memmap2::MmapMut;

/// From so many bytes on they are many.
const MANY: usize = 1 << 20;

/// Takes bytes at its end.
pub(crate) trait Put {
    fn put(&mut self, bytes: &[u8]);
}

impl Put for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Bytes that grow.
#[derive(Debug)]
pub(crate) struct Pile(Room);

#[derive(Debug)]
enum Room {
    Few(Vec<u8>),
    Many(Mapped),
}

/// The first bytes of a mapping.
#[derive(Debug)]
pub(crate) struct Mapped {
    map: MmapMut,
    length: usize,
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map[..self.length]
    }
}

impl Pile {
    /// Nothing yet, with room for so many bytes.
    pub(crate) fn with_room(bytes: usize) -> Self {
        let mut pile = Self(Room::Few(Vec::new()));
        pile.reserve(bytes);
        pile
    }

    /// Makes room for so many more. Grown step by step they would take twice their room for moments.
    pub(crate) fn reserve(&mut self, more: usize) {
        let wanted = self.len().saturating_add(more);
        match &mut self.0 {
            Room::Few(bytes) if wanted < MANY => bytes.reserve(more),
            Room::Many(mapped) if wanted <= mapped.map.len() => {}
            _ => self.move_to(wanted),
        }
    }

    /// Into a mapping of so many bytes, of which those that are never written take no memory.
    fn move_to(&mut self, bytes: usize) {
        match (MmapMut::map_anon(bytes), &mut self.0) {
            (Ok(mut map), _) => {
                let length = self.len();
                map[..length].copy_from_slice(self);
                self.0 = Room::Many(Mapped { map, length });
            }
            // The allocator may have some left.
            (Err(_), Room::Few(few)) => few.reserve(bytes - few.len()),
            (Err(_), Room::Many(mapped)) => {
                let mut few = Vec::with_capacity(bytes);
                few.extend_from_slice(mapped);
                self.0 = Room::Few(few);
            }
        }
    }
}

impl Put for Pile {
    fn put(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Room::Few(few) if few.len() + bytes.len() <= few.capacity().max(MANY) => {
                few.extend_from_slice(bytes);
            }
            Room::Many(mapped) if bytes.len() <= mapped.map.len() - mapped.length => {
                let end = mapped.length + bytes.len();
                mapped.map[mapped.length..end].copy_from_slice(bytes);
                mapped.length = end;
            }
            _ => {
                // Twice as much, so that many small steps cost as little as one.
                self.reserve(bytes.len().max(self.len()));
                self.put(bytes);
            }
        }
    }
}

impl Deref for Pile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Room::Few(bytes) => bytes,
            Room::Many(bytes) => bytes,
        }
    }
}

/// Shared bytes.
#[derive(Clone, Debug)]
pub(crate) enum Bytes {
    Few(Arc<[u8]>),
    Many(Arc<Mapped>),
}

impl From<Pile> for Bytes {
    fn from(pile: Pile) -> Self {
        match pile.0 {
            Room::Few(bytes) => Self::Few(bytes.into()),
            Room::Many(bytes) => Self::Many(Arc::new(bytes)),
        }
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        if bytes.len() < MANY {
            return Self::Few(bytes.into());
        }
        let mut pile = Pile::with_room(bytes.len());
        pile.put(bytes);
        pile.into()
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Few(bytes) => bytes,
            Self::Many(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Put in parts, shared, read.
    fn piled(mut pile: Pile, parts: &[Vec<u8>]) -> Bytes {
        for part in parts {
            pile.put(part);
        }
        pile.into()
    }

    #[test]
    fn many_lie_in_a_mapping_and_few_do_not() {
        for (bytes, many) in [
            (0, false),
            (MANY - 1, false),
            (MANY, true),
            (3 * MANY, true),
        ] {
            let content = vec![7; bytes];
            let shared = Bytes::from(&content[..]);
            assert_eq!(matches!(shared, Bytes::Many(_)), many, "{bytes}");
            assert!(*shared == *content, "{bytes}");
            // Room that was never written is no content.
            assert!(piled(Pile::with_room(bytes), &[]).is_empty());
        }
    }

    #[test]
    fn it_grows_past_the_room_that_was_made() {
        let parts = vec![vec![1; MANY / 2], vec![2; MANY], vec![3; 5 * MANY], vec![4]];
        for room in [0, 1, MANY, 2 * MANY, 100 * MANY] {
            assert!(*piled(Pile::with_room(room), &parts) == *parts.concat());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_put_comes_back(
            room in 0..2 * MANY,
            parts in proptest::collection::vec((any::<u8>(), prop_oneof![0..40_usize, 0..MANY]), 0..8),
            reserve in 0..3 * MANY,
        ) {
            let parts: Vec<_> = parts.into_iter().map(|(byte, times)| vec![byte; times]).collect();
            let mut pile = Pile::with_room(room);
            for part in &parts {
                pile.put(part);
            }
            pile.reserve(reserve);
            prop_assert!(*Bytes::from(pile) == *parts.concat());
        }
    }
}
