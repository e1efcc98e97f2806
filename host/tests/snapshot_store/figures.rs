//! Figures, by hand: `cargo test -p lapak-host --test snapshot_store -- --ignored --nocapture figures`.

use std::time::{Duration, Instant};

use lapak_host::snapshot::seal::{Accepts, SealKey, open, seal};
use lapak_host::snapshot::store::SnapshotStore;
use lapak_host::snapshot::store::sqlite::SqliteSnapshots;
use lapak_host::{HostKey, SessionId};

use crate::{new_id, noise};

const BYTES: usize = 3 << 10;

#[test]
#[ignore = "measures; takes a minute and some hundred MB of disk"]
fn figures_of_the_store() {
    let rows = std::env::var("ROWS").map_or(100_000, |rows| rows.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("snapshots.sqlite");
    let store = SqliteSnapshots::open(&path).expect("opened");
    let ids: Vec<_> = (0..rows).map(|_| new_id()).collect();
    let pool = noise(1, 1 << 20);
    per_second("new, batches of 1000", &store, ids.chunks(1000), &pool);
    let again: Vec<_> = ids.iter().step_by(5).copied().collect();
    per_second("again, batches of 1000", &store, again.chunks(1000), &pool);
    per_second("again, one by one", &store, again[..200].chunks(1), &pool);
    drop(store);

    let opening = Instant::now();
    let store = SqliteSnapshots::open(&path).expect("opened");
    println!("open with {rows}: {:?}", opening.elapsed());
    let counting = Instant::now();
    assert_eq!(store.len().expect("counted"), rows as u64);
    println!("len: {:?}", counting.elapsed());
    let step = (rows / 5000).max(1);
    let gets = ids.iter().step_by(step).map(|id| {
        let start = Instant::now();
        assert_eq!(store.get(*id).expect("read").expect("there").len(), BYTES);
        start.elapsed()
    });
    print_quantiles("get", gets.collect());
    let listing = Instant::now();
    let (mut last, mut count) = (None, 0);
    loop {
        let page = store.after(last, 1000).expect("listed");
        count += page.len();
        last = page.last().copied();
        if last.is_none() {
            break;
        }
    }
    assert_eq!(count, rows);
    println!("all pages of 1000: {:?}", listing.elapsed());
    drop(store);
    println!(
        "file: {} MB",
        std::fs::metadata(&path).expect("there").len() / 1_000_000
    );
}

fn per_second<'a>(
    what: &str,
    store: &SqliteSnapshots,
    batches: impl Iterator<Item = &'a [SessionId]>,
    pool: &[u8],
) {
    let (start, mut count) = (Instant::now(), 0);
    for batch in batches {
        let lent: Vec<_> = batch
            .iter()
            .enumerate()
            .map(|(at, id)| (*id, &pool[at * 100..at * 100 + BYTES]))
            .collect();
        store.put(&lent).expect("kept");
        count += lent.len();
    }
    let each = start.elapsed() / u32::try_from(count).expect("few");
    println!("put {what}: {:.0}/s", 1.0 / each.as_secs_f64());
}

fn print_quantiles(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: usize| times[times.len() * share / 1000];
    println!(
        "{what}: median {:?}, 99% {:?}, 99.9% {:?}",
        at(500),
        at(990),
        at(999)
    );
}

#[test]
#[ignore = "measures"]
fn figures_of_the_seal() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = SealKey::new(&HostKey::open(folder.path()).expect("a key"));
    let accepts = Accepts {
        oldest_layout: 0,
        newest_layout: 0,
        plain_bytes: 64 << 20,
    };
    // Half of it noise, as memory is: 4 pages.
    let plain = [noise(1, 8 << 10), vec![0; 8 << 10]].concat();
    let session = new_id();
    let (mut seals, mut opens) = (Vec::new(), Vec::new());
    for _ in 0..2000 {
        let start = Instant::now();
        let sealed = seal(&key, session, 0, &plain).expect("sealed");
        seals.push(start.elapsed());
        let start = Instant::now();
        let opened = open(&key, session, accepts, sealed.clone()).expect("opened");
        opens.push(start.elapsed());
        assert_eq!(opened.plain, plain);
    }
    print_quantiles("seal 16 KiB", seals);
    print_quantiles("open 16 KiB", opens);
}
