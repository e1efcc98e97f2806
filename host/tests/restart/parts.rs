//! Sessions with much memory, which are on disk in parts; and what an older Lapak wrote, which knew of none.

use std::ops::ControlFlow;
use std::sync::Arc;

use lapak_host::snapshot::seal::{self, Accepts, SealError, SealKey};
use lapak_host::snapshot::store::SnapshotStore;
use lapak_host::{
    Capability, HostKey, Launch, Residence, ResumeError, Runtime, Session, SessionId, ShellEvent,
};

use super::support::store::Troubled;
use super::support::{counter, hostile, launch_as, settled, still_works, tap, text, until};
use super::{over, spilling, start, suspend};

/// A session with more than a part's bytes of its own.
async fn large(runtime: &Runtime, me: &str) -> Session {
    let app = runtime.load(hostile()).await.expect("load");
    let session = launch_as(runtime, &app, me, "grow", "interaction");
    settled(&session).await;
    still_works(&session).await;
    session
}

fn parts_of(store: &Troubled, id: SessionId) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let all = store.parts(id, &mut |part| {
        parts.push(part.to_vec());
        ControlFlow::Continue(())
    });
    all.expect("read");
    parts
}

fn put(store: &Troubled, id: SessionId, parts: &[Vec<u8>]) {
    let mut parts = parts.iter().cloned().map(Ok);
    store.put_parts(id, &mut parts).expect("kept");
}

#[tokio::test]
async fn a_large_session_goes_on_in_the_next_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let first = start(over(&store, folder.path()));
    let session = large(&first, "a").await;
    let (id, screen) = (session.id(), session.screen());
    drop(session);
    suspend(first).await;
    let parts = parts_of(&store, id);
    assert!(parts.len() > 2, "{} parts", parts.len());
    assert!(
        parts.iter().all(|part| part.len() < 2 << 20),
        "a large part"
    );

    let second = start(over(&store, folder.path()));
    assert_eq!(second.screen_of(id).expect("there"), screen);
    let _app = second.load(hostile()).await.expect("load");
    let session = second.session(id).expect("resumed");
    assert_eq!(session.screen(), screen);
    let taps: u32 = text(&session, "taps").parse().expect("a number");
    still_works(&session).await;
    assert_eq!(text(&session, "taps"), (taps + 1).to_string());
}

#[tokio::test]
async fn parts_that_were_changed_moved_or_taken_away_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let first = start(over(&store, folder.path()));
    let session = large(&first, "a").await;
    let id = session.id();
    drop(session);
    suspend(first).await;
    let older = parts_of(&store, id);

    // The same session once more, a tap later.
    let second = start(over(&store, folder.path()));
    let _app = second.load(hostile()).await.expect("load");
    still_works(&second.session(id).expect("resumed")).await;
    suspend(second).await;
    let parts = parts_of(&store, id);

    let runtime = start(over(&store, folder.path()));
    let _app = runtime.load(hostile()).await.expect("load");
    let broken = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut broken = parts.clone();
        change(&mut broken);
        put(&store, id, &broken);
        runtime.session(id).expect_err("refused")
    };
    let tampered = |error: ResumeError| {
        let tampered = matches!(error, ResumeError::Seal(SealError::Tampered));
        assert!(tampered, "{error}");
    };
    tampered(broken(&|parts| parts[1][100] ^= 1));
    tampered(broken(&|parts| parts.swap(1, 2)));
    tampered(broken(&|parts| parts[1] = older[1].clone()));
    tampered(broken(&|parts| parts[0] = older[0].clone()));
    tampered(broken(&|parts| parts.push(parts[1].clone())));
    let cut = broken(&|parts| drop(parts.pop()));
    assert!(matches!(cut, ResumeError::Damaged(_)), "{cut}");

    put(&store, id, &parts);
    still_works(&runtime.session(id).expect("resumed")).await;
}

#[tokio::test]
async fn of_a_large_session_on_disk_only_the_first_part_is_written_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let first = start(spilling(&store, folder.path()));
    let session = large(&first, "a").await;
    let id = session.id();
    until("on disk", || session.residence() == Residence::Stored).await;
    let before = parts_of(&store, id);
    session.grants().withdraw(Capability::Console);
    assert_eq!(session.residence(), Residence::Stored);
    drop(session);
    suspend(first).await;
    let after = parts_of(&store, id);
    assert_ne!(before[0], after[0], "the first part was renewed");
    assert_eq!(before[1..], after[1..], "and no other was touched");

    let second = start(over(&store, folder.path()));
    let _app = second.load(hostile()).await.expect("load");
    let session = second.session(id).expect("resumed");
    assert!(session.grants().check(Capability::Console).is_err());
    still_works(&session).await;
}

#[tokio::test]
async fn what_has_an_older_layout_is_refused_by_its_number_and_the_app_begins_anew() {
    /// Today's.
    const NEWEST: u16 = 7;
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(Troubled::default());
    let first = start(over(&store, folder.path()));
    let app = first.load(counter()).await.expect("load");
    let session = first.launch(&app, Launch::new("me")).expect("launch");
    settled(&session).await;
    tap(&session, "+").await;
    session.send(ShellEvent::Hide).expect("sent");
    settled(&session).await;
    let id = session.id();
    drop((session, app));
    suspend(first).await;

    let key = SealKey::new(&HostKey::open(folder.path()).expect("the key"));
    let accepts = Accepts {
        oldest_layout: NEWEST,
        newest_layout: NEWEST,
        plain_bytes: 1 << 20,
    };
    let sealed = store.get(id).expect("read").expect("there");
    let opened = seal::open(&key, id, accepts, sealed).expect("opened");
    assert_eq!(opened.layout, NEWEST);
    let old = seal::seal(&key, id, NEWEST - 1, &opened.plain).expect("sealed");
    store.put(&[(id, &old)]).expect("kept");

    let second = start(over(&store, folder.path()));
    let app = second.load(counter()).await.expect("load");
    let error = second.session(id).expect_err("refused");
    let older = ResumeError::Seal(SealError::Older {
        found: NEWEST - 1,
        oldest: NEWEST,
    });
    assert_eq!(error.to_string(), older.to_string());
    // The app is launched anew, and the old session can be forgotten.
    second.forget(id);
    let session = second.launch(&app, Launch::new("me")).expect("launch");
    settled(&session).await;
    tap(&session, "+").await;
    assert_eq!(text(&session, "count"), "1");
}
