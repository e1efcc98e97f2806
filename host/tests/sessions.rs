//! Sessions: floods, stale events, navigation, fairness, the end.

mod support;

use std::time::Duration;

use lapak_abi::limits::Limits;
use lapak_host::view::{Element, InputValue, NodeId, Op, Trigger, apply};
use lapak_host::{
    EndCause, Launch, LaunchError, Runtime, RuntimeConfig, SendError, Session, ShellEvent, Update,
};
use support::{
    built, counter, hostile, hostile_app, launch, launch_as, still_works, tap, tap_on, text,
};
use tokio::sync::broadcast::error::TryRecvError;

/// Names of the events that were handled, and reasons of those that were dropped, since the receiver was made.
fn handled(updates: &mut lapak_host::Updates) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        match updates.try_recv() {
            Ok(Update::Handled(record)) => names.push(
                record
                    .dropped
                    .clone()
                    .unwrap_or_else(|| record.event.clone()),
            ),
            Ok(_) | Err(TryRecvError::Lagged(_)) => {}
            Err(_) => return names,
        }
    }
}

#[tokio::test]
async fn the_launch_has_the_order_that_the_contract_says() {
    let (runtime, app) = hostile_app().await;
    let (session, mut updates) = runtime
        .launch_watched(&app, Launch::new("me"))
        .expect("launched");
    session.settled().await;
    let launched = [
        "global-launched",
        "global-shown",
        "page-loaded",
        "page-shown",
        "page-ready",
    ];
    assert_eq!(handled(&mut updates), launched);
    session
        .send(ShellEvent::Navigate("pages/second".into()))
        .expect("sent");
    session.settled().await;
    assert_eq!(
        handled(&mut updates),
        ["page-hidden", "page-loaded", "page-shown", "page-ready"]
    );
    assert_eq!(session.screen().depth, 2);
    session.send(ShellEvent::Back).expect("sent");
    session.settled().await;
    assert_eq!(
        handled(&mut updates),
        ["page-hidden", "page-unloaded", "page-shown"]
    );
    session.send(ShellEvent::Hide).expect("sent");
    session.send(ShellEvent::Show).expect("sent");
    session.settled().await;
    assert_eq!(
        handled(&mut updates),
        ["page-hidden", "global-hidden", "global-shown", "page-shown"]
    );
    session.send(ShellEvent::Close).expect("sent");
    assert_eq!(session.ended().await.cause, EndCause::Closed);
    assert_eq!(
        handled(&mut updates),
        [
            "page-hidden",
            "page-unloaded",
            "global-hidden",
            "global-unloaded"
        ]
    );
    assert_eq!(session.send(ShellEvent::Back), Err(SendError::Ended));
}

#[tokio::test]
async fn ten_thousand_taps_all_count() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "nothing", "never");
    session.settled().await;
    let node = session
        .screen()
        .tree
        .find("tap", Trigger::Tap)
        .expect("a button");
    let mut refused = 0;
    for _ in 0..10_000 {
        while let Err(error) = session.send(tap_on(node)) {
            assert!(matches!(error, SendError::MailboxFull(256)), "{error}");
            refused += 1;
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
    }
    session.settled().await;
    assert_eq!(text(&session, "taps"), "10000");
    // The sender is far faster than the app: it was told to slow down.
    assert!(refused > 0);
}

#[tokio::test]
async fn a_flood_of_one_session_leaves_others_their_turn() {
    let (runtime, app) = hostile_app().await;
    let flooded = launch(&runtime, &app, "nothing", "never");
    let other = launch(&runtime, &app, "nothing", "never");
    flooded.settled().await;
    other.settled().await;
    let node = flooded
        .screen()
        .tree
        .find("tap", Trigger::Tap)
        .expect("a button");
    while flooded.send(tap_on(node)).is_ok() {}
    still_works(&other).await;
    flooded.settled().await;
    still_works(&flooded).await;
}

#[tokio::test]
async fn apps_that_spin_on_every_core_do_not_stop_others() {
    let (runtime, app) = hostile_app().await;
    let other = launch(&runtime, &app, "nothing", "never");
    other.settled().await;
    let spinning: Vec<Session> = (0..8)
        .map(|_| launch(&runtime, &app, "spin", "global-launched"))
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    still_works(&other).await;
    assert!(
        spinning
            .iter()
            .any(|session| session.screen().ended.is_none()),
        "they ended before the test began"
    );
    for session in spinning {
        assert!(matches!(
            session.ended().await.cause,
            EndCause::CpuLimit { .. }
        ));
    }
}

#[tokio::test]
async fn events_for_nodes_that_are_not_there_are_dropped_and_said() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "nothing", "never");
    session.settled().await;
    let (_, mut updates) = session.watch();
    let node = session
        .screen()
        .tree
        .find("tap", Trigger::Tap)
        .expect("a button");
    let wrong = [
        tap_on(NodeId(0)),
        tap_on(NodeId(u32::MAX)),
        ShellEvent::Input {
            node,
            trigger: Trigger::Change,
            value: InputValue::Toggled(true),
        },
        ShellEvent::Input {
            node,
            trigger: Trigger::Tap,
            value: InputValue::Number(f64::NAN),
        },
        ShellEvent::Input {
            node,
            trigger: Trigger::LongPress,
            value: InputValue::None,
        },
    ];
    for event in &wrong {
        session.send(event.clone()).expect("sent");
    }
    session.settled().await;
    let dropped = handled(&mut updates);
    assert_eq!(dropped.len(), wrong.len(), "{dropped:?}");
    assert!(
        dropped.iter().all(|why| !why.starts_with("interaction")),
        "{dropped:?}"
    );
    assert_eq!(text(&session, "taps"), "0");
    still_works(&session).await;
}

#[tokio::test]
async fn an_event_for_an_older_view_is_dropped() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "nothing", "never");
    session.settled().await;
    let old = session
        .screen()
        .tree
        .find("tap", Trigger::Tap)
        .expect("a button");
    session
        .send(ShellEvent::Navigate("pages/second".into()))
        .expect("sent");
    session.settled().await;
    let (_, mut updates) = session.watch();
    session.send(tap_on(old)).expect("sent");
    session.settled().await;
    let dropped = handled(&mut updates);
    assert!(
        dropped.len() == 1 && dropped[0].contains("not on show"),
        "{dropped:?}"
    );
}

#[tokio::test]
async fn a_refused_view_leaves_the_last_good_one_on_the_screen() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "view-nan", "interaction");
    session.settled().await;
    let node = session
        .screen()
        .tree
        .find("tap", Trigger::Tap)
        .expect("a button");
    session.send(tap_on(node)).expect("sent");
    assert!(matches!(
        session.ended().await.cause,
        EndCause::InvalidView { .. }
    ));
    assert!(session.screen().tree.find("tap", Trigger::Tap).is_some());
}

/// The contract: a control with a binding for `input` or `change` shows what the view says, nothing else.
#[tokio::test]
async fn what_an_app_does_not_take_over_is_taken_back() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "stubborn", "never");
    session.settled().await;
    let mut shown = session.screen().tree.clone();
    let (_, mut updates) = session.watch();
    let text = |text: &str| InputValue::Text(text.into());
    let put: [(&str, Trigger, InputValue, &[&str]); 5] = [
        ("off", Trigger::Change, InputValue::Toggled(true), &["off"]),
        ("fixed", Trigger::Change, text("mine"), &["fixed"]),
        ("fixed", Trigger::Change, text("fixed"), &[]),
        ("free", Trigger::Submit, text("mine"), &[]),
        // The browser put the other one of the group out.
        ("two", Trigger::Change, text("two"), &["one", "two"]),
    ];
    for (key, trigger, value, taken_back) in put {
        let node = shown.find(key, trigger).expect("the control");
        let input = ShellEvent::Input {
            node,
            trigger,
            value,
        };
        session.send(input).expect("sent");
        session.settled().await;
        let mut told = Vec::new();
        while let Ok(update) = updates.try_recv() {
            if let Update::Patch(patch) = update {
                told.extend(patch.ops.iter().filter_map(changed_control));
                apply(&mut shown, &patch.ops).expect("the patch fits");
            }
        }
        assert_eq!(told, taken_back, "{key} {trigger:?}");
        assert_eq!(shown, session.screen().tree);
    }
    still_works(&session).await;
}

/// The key of a control that a patch changes.
fn changed_control(op: &Op) -> Option<String> {
    match op {
        Op::Update { old, new } if old != new && !matches!(new.node.element, Element::Text(_)) => {
            new.node.key.clone()
        }
        _ => None,
    }
}

#[tokio::test]
async fn wild_navigation_is_refused_as_values() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "call-navigation-wild", "interaction");
    session.settled().await;
    tap(&session, "tap").await;
    let told = text(&session, "text");
    assert!(told.lines().count() == 6 && !told.contains("ok"), "{told}");
    assert_eq!(session.screen().depth, 1);
}

#[tokio::test]
async fn the_page_stack_ends_at_ten() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "call-navigation-flood", "interaction");
    session.settled().await;
    tap(&session, "tap").await;
    session.settled().await;
    assert_eq!(session.screen().depth, 10);
    session
        .send(ShellEvent::Navigate("pages/second".into()))
        .expect("sent");
    session.settled().await;
    assert_eq!(session.screen().depth, 10);
    still_works(&session).await;
}

#[tokio::test]
async fn two_people_and_two_apps_share_nothing_on_the_screen() {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let wild = runtime.load(hostile()).await.expect("loaded");
    let tame = runtime.load(counter()).await.expect("loaded");
    let ada = runtime.launch(&tame, Launch::new("ada")).expect("launched");
    let budi = runtime
        .launch(&tame, Launch::new("budi"))
        .expect("launched");
    let trap = launch_as(&runtime, &wild, "ada", "trap", "interaction");
    for session in [&ada, &budi, &trap] {
        session.settled().await;
    }
    for _ in 0..3 {
        tap(&ada, "Add one").await;
    }
    tap(&budi, "Take one away").await;
    tap(&trap, "tap").await;
    assert!(trap.ended().await.cause.is_fault());
    assert_eq!(text(&ada, "count"), "3");
    assert_eq!(text(&budi, "count"), "-1");
}

#[tokio::test]
async fn no_more_sessions_than_allowed_and_an_ended_one_makes_room() {
    let config = RuntimeConfig {
        max_sessions: 2,
        ..RuntimeConfig::simulated()
    };
    let runtime = Runtime::new(config).expect("a runtime");
    let app = runtime.load(counter()).await.expect("loaded");
    let first = runtime.launch(&app, Launch::new("a")).expect("launched");
    let _second = runtime.launch(&app, Launch::new("b")).expect("launched");
    assert_eq!(
        runtime.launch(&app, Launch::new("c")).err(),
        Some(LaunchError::TooManySessions(2))
    );
    first.send(ShellEvent::Close).expect("sent");
    first.ended().await;
    while runtime.sessions() > 1 {
        tokio::task::yield_now().await;
    }
    assert!(runtime.launch(&app, Launch::new("c")).is_ok());
}

#[tokio::test]
async fn a_report_names_the_functions_it_happened_in() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "trap", "interaction");
    session.settled().await;
    tap(&session, "tap").await;
    let report = session.ended().await;
    assert_eq!(report.event, "interaction");
    assert!(
        report.stack.iter().any(|frame| frame.contains("handle")),
        "{report}"
    );
}

#[tokio::test]
async fn other_limits_are_the_hosts_to_choose() {
    let limits = Limits {
        view_nodes: 3,
        ..Limits::default()
    };
    let runtime = Runtime::new(RuntimeConfig {
        limits,
        ..RuntimeConfig::simulated()
    })
    .expect("a runtime");
    let app = runtime.load(counter()).await.expect("loaded");
    let session = runtime.launch(&app, Launch::new("me")).expect("launched");
    let EndCause::InvalidView { rule } = session.ended().await.cause else {
        panic!("it was shown");
    };
    assert!(rule.contains("the limit is 3"), "{rule}");
}

/// Compiling has threads of its own: whoever taps meanwhile is answered.
#[tokio::test]
async fn an_app_that_is_being_compiled_delays_no_other_session() {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let app = runtime.load(counter()).await.expect("load");
    let session = runtime.launch(&app, Launch::new("me")).expect("launch");
    session.settled().await;
    // One is compiled at a time: the last one waits for all the others.
    let package = built("examples/warung");
    let loads: Vec<_> = (0..8)
        .map(|_| {
            let (runtime, package) = (runtime.clone(), package.clone());
            tokio::spawn(async move { runtime.load(package).await.map(drop) })
        })
        .collect();
    tokio::task::yield_now().await;
    let mut answered = 0;
    while loads.iter().any(|load| !load.is_finished()) {
        tap(&session, "+").await;
        answered += u32::from(loads.iter().any(|load| !load.is_finished()));
    }
    assert!(answered > 0, "no tap was answered while apps were compiled");
    for load in loads {
        load.await.expect("ran").expect("loaded");
    }
}
