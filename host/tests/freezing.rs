//! Frozen sessions go on as if nothing had happened.

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lapak_host::session::Residence;
use lapak_host::{Launch, Runtime, RuntimeConfig, Session};
use support::{built, counter, hostile, launch, launch_as, still_works, tap, text};

/// A runtime that freezes only when it is told to, or when it must.
fn runtime(max_instances: usize) -> Runtime {
    Runtime::new(RuntimeConfig {
        max_instances,
        freeze_after: Duration::from_secs(3_600),
        ..RuntimeConfig::simulated()
    })
    .expect("a runtime")
}

async fn frozen(session: &Session) {
    session.settled().await;
    assert!(session.freeze(), "{:?}", session.residence());
}

#[tokio::test]
async fn a_frozen_session_answers_with_all_that_it_had() {
    let runtime = runtime(64);
    let app = runtime.load(counter()).await.expect("load");
    let session = runtime.launch(&app, Launch::new("me")).expect("launch");
    session.settled().await;
    let before = session.screen();
    frozen(&session).await;
    assert_eq!(session.residence(), Residence::Frozen);
    assert_eq!(session.screen(), before);
    for count in 1..50 {
        tap(&session, "+").await;
        assert!(session.screen().tree.to_text().contains(&count.to_string()));
        frozen(&session).await;
    }
}

#[tokio::test]
async fn one_instance_serves_many_sessions_in_turn() {
    let runtime = runtime(2);
    let app = runtime.load(hostile()).await.expect("load");
    let mut sessions = Vec::new();
    for person in 0..20 {
        let session = launch_as(&runtime, &app, &format!("p{person}"), "nothing", "never");
        session.settled().await;
        sessions.push(session);
    }
    for round in 0..5 {
        for (index, session) in sessions.iter().enumerate() {
            for _ in 0..=(index % 3) {
                still_works(session).await;
            }
            let expected = (round + 1) * (index % 3 + 1);
            assert_eq!(
                text(session, "taps"),
                expected.to_string(),
                "session {index}"
            );
        }
    }
}

#[tokio::test]
async fn apps_take_turns_in_the_same_slots_and_see_nothing_of_each_other() {
    let runtime = runtime(1);
    let counter = runtime.load(counter()).await.expect("load");
    let warung = runtime.load(built("examples/warung")).await.expect("load");
    let first = runtime.launch(&counter, Launch::new("a")).expect("launch");
    let second = runtime.launch(&warung, Launch::new("b")).expect("launch");
    first.settled().await;
    second.settled().await;
    let menu = second.screen();
    for _ in 0..5 {
        tap(&first, "+").await;
        second
            .send(lapak_host::ShellEvent::PageRefresh)
            .expect("sent");
        second.settled().await;
        assert_eq!(second.screen().tree.to_text(), menu.tree.to_text());
    }
    assert!(first.screen().tree.to_text().contains('5'));
}

#[tokio::test]
async fn a_session_that_is_ended_while_frozen_is_gone() {
    let runtime = runtime(4);
    let app = runtime.load(hostile()).await.expect("load");
    let session = launch(&runtime, &app, "nothing", "never");
    frozen(&session).await;
    session.send(lapak_host::ShellEvent::Close).expect("sent");
    session.ended().await;
    assert_eq!(session.residence(), Residence::Ended);
    assert_eq!(runtime.sessions(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_looks_at_a_session_keeps_nobody_from_its_instance() {
    let runtime = runtime(1);
    let app = runtime.load(hostile()).await.expect("load");
    let sessions = ["a", "b"].map(|me| launch_as(&runtime, &app, me, "nothing", "never"));
    for session in &sessions {
        session.settled().await;
    }
    let over = AtomicBool::new(false);
    /// Says so even if the test fails, or the others would look for ever.
    struct Over<'a>(&'a AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    std::thread::scope(|scope| {
        for session in &sessions {
            let over = &over;
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    std::hint::black_box(session.screen());
                }
            });
        }
        let _over = Over(&over);
        let taps = async {
            for _ in 0..100 {
                for session in &sessions {
                    still_works(session).await;
                }
            }
        };
        let taps = tokio::time::timeout(Duration::from_secs(60), taps);
        let done = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(taps));
        assert!(done.is_ok(), "the one instance is never given up");
    });
}

#[tokio::test]
async fn large_sessions_get_their_turn_among_small_ones() {
    let runtime = runtime(2);
    let app = runtime.load(hostile()).await.expect("load");
    let large = ["a", "b"].map(|me| launch_as(&runtime, &app, me, "grow", "interaction"));
    let small = ["c", "d", "e"].map(|me| launch_as(&runtime, &app, me, "nothing", "never"));
    let turns = async {
        for _ in 0..4 {
            for session in large.iter().chain(&small) {
                still_works(session).await;
            }
        }
    };
    for session in large.iter().chain(&small) {
        session.settled().await;
    }
    let turns = tokio::time::timeout(Duration::from_secs(60), turns).await;
    assert!(turns.is_ok(), "a session never gets an instance");
}

/// Two large sessions, both frozen, and a small one, where one large session at a time may have an instance.
async fn two_large(runtime: &Runtime) -> ([Session; 2], Session) {
    let app = runtime.load(hostile()).await.expect("load");
    let large = ["a", "b"].map(|me| launch_as(runtime, &app, me, "grow", "interaction"));
    for session in &large {
        session.settled().await;
        still_works(session).await;
    }
    let small = launch_as(runtime, &app, "c", "nothing", "never");
    small.settled().await;
    for session in &large {
        until_frozen(session).await;
    }
    (large, small)
}

/// The keeper may be quicker.
async fn until_frozen(session: &Session) {
    session.settled().await;
    support::until("it is frozen", || {
        session.freeze();
        session.residence() == Residence::Frozen
    })
    .await;
}

async fn answers(session: &Session) {
    let answer = tokio::time::timeout(Duration::from_secs(60), still_works(session)).await;
    assert!(answer.is_ok(), "it never gets an instance");
}

#[tokio::test]
async fn a_large_session_that_was_frozen_keeps_no_other_back() {
    let runtime = runtime(2);
    let ([first, second], _small) = two_large(&runtime).await;
    for session in [&first, &second, &first] {
        answers(session).await;
        until_frozen(session).await;
    }
}

#[tokio::test]
async fn a_large_session_makes_room_for_another_although_places_are_left() {
    let runtime = runtime(2);
    let ([first, second], small) = two_large(&runtime).await;
    answers(&small).await;
    small.send(lapak_host::ShellEvent::Close).expect("sent");
    small.ended().await;
    for session in [&first, &second, &first] {
        answers(session).await;
    }
}

#[tokio::test]
async fn a_place_that_one_of_a_growing_app_left_is_taken_by_the_next() {
    let runtime = runtime(2);
    let app = runtime.load(hostile()).await.expect("load");
    let large = launch_as(&runtime, &app, "a", "grow", "interaction");
    large.settled().await;
    still_works(&large).await;
    until_frozen(&large).await;
    // From now on all of this app count as large, of which one at a time may have a place.
    for me in ["b", "c"] {
        let small = launch_as(&runtime, &app, me, "nothing", "never");
        let settled = tokio::time::timeout(Duration::from_secs(60), small.settled()).await;
        assert!(settled.is_ok(), "it never gets an instance");
        answers(&small).await;
        until_frozen(&small).await;
    }
    answers(&large).await;
}

#[tokio::test]
async fn large_sessions_keep_their_share_of_the_places_and_no_more() {
    let runtime = runtime(4);
    let app = runtime.load(hostile()).await.expect("load");
    // They grow where they are: when they come to rest, all four places are with large ones.
    let people = ["a", "b", "c", "d"];
    let large = people.map(|me| launch_as(&runtime, &app, me, "grow", "interaction"));
    for session in &large {
        session.settled().await;
        still_works(session).await;
    }
    let resident = || {
        let all = large.iter().map(Session::residence);
        all.filter(|one| *one == Residence::Resident).count()
    };
    support::until("one place is left to small ones", || resident() <= 3).await;
    // Nobody else wants a place: time for the keeper to take one all the same.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(resident(), 3);
}
