//! What every store does. Each test runs over each implementation.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use lapak_host::SessionId;
use lapak_host::snapshot::store::{SnapshotStore, StoreError};
use proptest::prelude::*;

use crate::{new_id, noise};

macro_rules! suite {
    ($($test:ident),* $(,)?) => {
        mod memory {
            use lapak_host::snapshot::store::memory::MemorySnapshots;
            $(
                #[test]
                fn $test() {
                    super::$test(&|| Box::new(MemorySnapshots::default()));
                }
            )*
        }

        mod sqlite {
            use lapak_host::snapshot::store::sqlite::SqliteSnapshots;
            $(
                #[test]
                fn $test() {
                    let folder = tempfile::tempdir().expect("a folder");
                    let files = std::cell::Cell::new(0);
                    super::$test(&|| {
                        files.set(files.get() + 1);
                        let path = folder.path().join(format!("{}.sqlite", files.get()));
                        Box::new(SqliteSnapshots::open(&path).expect("opened"))
                    });
                }
            )*
        }
    };
}

suite! {
    nothing_is_there_at_first,
    what_was_put_comes_back,
    the_newest_counts,
    what_was_removed_is_gone,
    pages_hold_each_session_once,
    parts_come_back_in_order,
    a_first_part_is_renewed_alone,
    a_part_that_cannot_be_had_undoes_all,
    images_are_shared_and_apart_from_snapshots,
    unused_images_are_removed,
    threads_see_whole_snapshots,
    any_history_ends_as_a_map_would,
}

/// Makes an empty store of the kind under test.
type NewStore<'a> = &'a dyn Fn() -> Box<dyn SnapshotStore>;

fn nothing_is_there_at_first(new: NewStore<'_>) {
    let store = new();
    assert_eq!(store.get(new_id()).expect("read"), None);
    assert_eq!(store.len().expect("counted"), 0);
    assert!(store.is_empty().expect("counted"));
    assert_eq!(store.after(None, 10).expect("listed"), []);
    assert_eq!(store.image([1; 32]).expect("read"), None);
    store.remove(&[new_id()]).expect("nothing to remove");
    store.remove(&[]).expect("nothing to remove");
    store.put(&[]).expect("nothing to keep");
    assert!(store.is_empty().expect("counted"));
}

fn what_was_put_comes_back(new: NewStore<'_>) {
    let store = new();
    let all: Vec<_> = [0, 1, 15, 3 << 10, 5000, 1 << 20]
        .into_iter()
        .map(|length| (new_id(), noise(length as u64, length)))
        .collect();
    let batch: Vec<_> = all.iter().map(|(id, bytes)| (*id, &bytes[..])).collect();
    store.put(&batch).expect("kept");
    for (id, bytes) in &all {
        assert_eq!(store.get(*id).expect("read").as_ref(), Some(bytes));
    }
    assert_eq!(store.len().expect("counted"), 6);
    assert!(!store.is_empty().expect("counted"));
    assert_eq!(store.get(new_id()).expect("read"), None);
}

fn the_newest_counts(new: NewStore<'_>) {
    let store = new();
    let (one, two) = (new_id(), new_id());
    store
        .put(&[(one, b"first"), (two, b"other")])
        .expect("kept");
    store.put(&[(one, b"second")]).expect("kept");
    assert_eq!(
        store.get(one).expect("read").as_deref(),
        Some(&b"second"[..])
    );
    store.put(&[(one, b"third"), (one, b"")]).expect("kept");
    assert_eq!(store.get(one).expect("read").as_deref(), Some(&b""[..]));
    assert_eq!(
        store.get(two).expect("read").as_deref(),
        Some(&b"other"[..])
    );
    assert_eq!(store.len().expect("counted"), 2);
}

fn what_was_removed_is_gone(new: NewStore<'_>) {
    let store = new();
    let ids: Vec<_> = (0..10).map(|_| new_id()).collect();
    let batch: Vec<_> = ids.iter().map(|id| (*id, &b"bytes"[..])).collect();
    store.put(&batch).expect("kept");
    // One that is not there, and one twice, change nothing else.
    store
        .remove(&[ids[3], new_id(), ids[3], ids[7]])
        .expect("removed");
    for (at, id) in ids.iter().enumerate() {
        let there = store.get(*id).expect("read").is_some();
        assert_eq!(there, at != 3 && at != 7, "{at}");
    }
    assert_eq!(store.len().expect("counted"), 8);
    store.put(&[(ids[3], b"again")]).expect("kept");
    assert_eq!(
        store.get(ids[3]).expect("read").as_deref(),
        Some(&b"again"[..])
    );
    assert_eq!(store.len().expect("counted"), 9);
}

fn pages_hold_each_session_once(new: NewStore<'_>) {
    let store = new();
    let mut ids: Vec<_> = (0..255).map(|_| new_id()).collect();
    // The two ends of the order.
    ids.extend([
        SessionId::from_bytes([0; 16]),
        SessionId::from_bytes([255; 16]),
    ]);
    let batch: Vec<_> = ids.iter().map(|id| (*id, &b"bytes"[..])).collect();
    store.put(&batch).expect("kept");
    ids.sort();
    for limit in [1, 7, 257, 258, usize::MAX] {
        assert_eq!(all_pages(store.as_ref(), limit), ids, "pages of {limit}");
    }
    assert_eq!(store.after(None, 0).expect("listed"), []);
    // A session that is not there any more still says where to go on.
    store.remove(&[ids[100]]).expect("removed");
    let next = store.after(Some(ids[100]), 2).expect("listed");
    assert_eq!(next, ids[101..103]);
    assert_eq!(store.after(ids.last().copied(), 9).expect("listed"), []);
}

/// What a store gives of a session's parts.
fn parts_of(store: &dyn SnapshotStore, session: SessionId) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let all = store.parts(session, &mut |part| {
        parts.push(part.to_vec());
        ControlFlow::Continue(())
    });
    all.expect("read");
    parts
}

fn put_parts(store: &dyn SnapshotStore, session: SessionId, parts: &[Vec<u8>]) {
    let mut all = parts.iter().cloned().map(Ok);
    store.put_parts(session, &mut all).expect("kept");
}

fn parts_come_back_in_order(new: NewStore<'_>) {
    let store = new();
    let store = store.as_ref();
    let (one, two) = (new_id(), new_id());
    let many: Vec<_> = (0..12).map(|part| noise(part, 100_000)).collect();
    put_parts(store, one, &many);
    put_parts(store, two, &many[3..5]);
    assert_eq!(parts_of(store, one), many);
    assert_eq!(parts_of(store, two), many[3..5]);
    assert!(parts_of(store, new_id()).is_empty());
    assert_eq!(store.get(one).expect("read").as_ref(), Some(&many[0]));
    assert_eq!(store.len().expect("counted"), 2);
    let mut seen = 0;
    let some = store.parts(one, &mut |_| {
        seen += 1;
        match seen {
            3 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    });
    some.expect("read");
    assert_eq!(seen, 3);
    // Fewer, more, or a whole one: nothing of what was there before is left.
    for parts in [&many[4..6], &many[..9], &many[..1]] {
        put_parts(store, one, parts);
        assert_eq!(parts_of(store, one), parts);
    }
    put_parts(store, one, &many);
    store.put(&[(one, b"whole")]).expect("kept");
    assert_eq!(parts_of(store, one), [b"whole"]);
    put_parts(store, one, &[]);
    assert_eq!(parts_of(store, one), [b"whole"]);
    assert_eq!(parts_of(store, two), many[3..5]);
    store.remove(&[two]).expect("removed");
    assert!(parts_of(store, two).is_empty());
    store.put(&[(two, b"again")]).expect("kept");
    assert_eq!(parts_of(store, two), [b"again"]);
}

fn a_first_part_is_renewed_alone(new: NewStore<'_>) {
    let store = new();
    let store = store.as_ref();
    let (one, other) = (new_id(), new_id());
    let all: Vec<_> = (0..4).map(|part| noise(part, 9_000)).collect();
    put_parts(store, one, &all);
    store.put_first_part(one, b"renewed").expect("kept");
    assert_eq!(parts_of(store, one)[0], b"renewed");
    assert_eq!(parts_of(store, one)[1..], all[1..]);
    store.put_first_part(other, b"nothing").expect("passed");
    assert_eq!(store.get(other).expect("read"), None);
}

fn a_part_that_cannot_be_had_undoes_all(new: NewStore<'_>) {
    let store = new();
    let store = store.as_ref();
    let id = new_id();
    let before: Vec<_> = (0..3).map(|part| noise(part, 9_000)).collect();
    put_parts(store, id, &before);
    let broken = || StoreError::Full { doing: "test" };
    let mut parts = [Ok(vec![1]), Ok(vec![2]), Err(broken()), Ok(vec![3])].into_iter();
    let put = store.put_parts(id, &mut parts);
    assert!(matches!(put, Err(StoreError::Full { doing: "test" })));
    assert_eq!(parts_of(store, id), before);
}

fn all_pages(store: &dyn SnapshotStore, limit: usize) -> Vec<SessionId> {
    let mut all = Vec::new();
    loop {
        let page = store.after(all.last().copied(), limit).expect("listed");
        assert!(page.len() <= limit);
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

fn images_are_shared_and_apart_from_snapshots(new: NewStore<'_>) {
    let store = new();
    let (small, large) = (noise(1, 100), noise(2, 2 << 20));
    store.put_image([1; 32], &small).expect("kept");
    store.put_image([2; 32], &large).expect("kept");
    store.put_image([2; 32], &large).expect("kept already");
    assert_eq!(store.image([1; 32]).expect("read"), Some(small));
    assert_eq!(store.image([2; 32]).expect("read"), Some(large));
    assert_eq!(store.image([3; 32]).expect("read"), None);
    assert!(store.is_empty().expect("counted"));
    // One that had been damaged is put right.
    store.put_image([1; 32], b"well").expect("kept");
    assert_eq!(
        store.image([1; 32]).expect("read").as_deref(),
        Some(&b"well"[..])
    );
}

fn unused_images_are_removed(new: NewStore<'_>) {
    let store = new();
    let session = new_id();
    store.put(&[(session, b"bytes")]).expect("kept");
    for number in 0..5 {
        store.put_image([number; 32], &[number; 9]).expect("kept");
    }
    let used = [[1; 32], [3; 32], [9; 32]];
    assert_eq!(store.remove_images_except(&used).expect("removed"), 3);
    for number in 0..5 {
        let there = store.image([number; 32]).expect("read").is_some();
        assert_eq!(there, number == 1 || number == 3, "{number}");
    }
    assert_eq!(store.remove_images_except(&used).expect("removed"), 0);
    assert_eq!(store.remove_images_except(&[]).expect("removed"), 2);
    assert!(store.get(session).expect("read").is_some());
}

/// Writers that overwrite and readers that look: nobody ever sees half of one and half of another.
fn threads_see_whole_snapshots(new: NewStore<'_>) {
    let store = new();
    let store = store.as_ref();
    let ids: Vec<_> = (0..8).map(|_| new_id()).collect();
    let put = |version: u8| {
        let bytes = vec![version; 10_000 + usize::from(version)];
        let batch: Vec<_> = ids.iter().map(|id| (*id, &bytes[..])).collect();
        store.put(&batch).expect("kept");
    };
    put(0);
    std::thread::scope(|scope| {
        for writer in 0..3 {
            scope.spawn(move || (0..30).for_each(|round| put(writer * 30 + round)));
        }
        for _ in 0..6 {
            scope.spawn(|| {
                for id in ids.iter().cycle().take(400) {
                    let bytes = store.get(*id).expect("read").expect("there");
                    let version = bytes[0];
                    assert_eq!(bytes.len(), 10_000 + usize::from(version));
                    assert!(bytes.iter().all(|byte| *byte == version));
                    assert_eq!(store.len().expect("counted"), 8);
                }
            });
        }
    });
    let last: std::collections::HashSet<_> =
        ids.iter().map(|id| store.get(*id).expect("read")).collect();
    assert_eq!(last.len(), 1, "the last batch is there as a whole");
}

#[derive(Debug, Clone)]
enum Step {
    Put(Vec<(u8, Vec<u8>)>),
    Remove(Vec<u8>),
}

fn any_history_ends_as_a_map_would(new: NewStore<'_>) {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
    let step = prop_oneof![
        proptest::collection::vec((0..12_u8, bytes()), 0..6).prop_map(Step::Put),
        proptest::collection::vec(0..12_u8, 0..6).prop_map(Step::Remove),
    ];
    let history = proptest::collection::vec(step, 0..12);
    let config = ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(history in history)| {
        let (store, mut map) = (new(), BTreeMap::new());
        for step in history {
            follow(store.as_ref(), &mut map, step);
            prop_assert_eq!(store.len().expect("counted"), map.len() as u64);
        }
        let sessions: Vec<_> = map.keys().copied().collect();
        prop_assert_eq!(all_pages(store.as_ref(), 3), sessions);
        for number in 0..12 {
            let session = SessionId::from_bytes([number; 16]);
            let found = store.get(session).expect("read");
            prop_assert_eq!(found.as_ref(), map.get(&session));
        }
    });
}

fn follow(store: &dyn SnapshotStore, map: &mut BTreeMap<SessionId, Vec<u8>>, step: Step) {
    match step {
        Step::Put(batch) => {
            let batch: Vec<_> = batch
                .into_iter()
                .map(|(number, bytes)| (SessionId::from_bytes([number; 16]), bytes))
                .collect();
            let lent: Vec<_> = batch.iter().map(|(id, bytes)| (*id, &bytes[..])).collect();
            store.put(&lent).expect("kept");
            map.extend(batch);
        }
        Step::Remove(numbers) => {
            let ids: Vec<_> = numbers
                .into_iter()
                .map(|number| SessionId::from_bytes([number; 16]))
                .collect();
            store.remove(&ids).expect("removed");
            map.retain(|id, _| !ids.contains(id));
        }
    }
}
