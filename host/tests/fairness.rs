//! Who gets how much of the machine: weights, classes, budgets, and what happens when there is too much to do.

mod support;

use std::time::Duration;

use lapak_host::view::Trigger;
use lapak_host::{
    Budget, Class, Launch, Runtime, RuntimeConfig, SendError, Session, ShellEvent, SnapshotConfig,
};
use support::{
    counter, hostile, launch, launch_as, nothing_runs, settled, spins_now, still_works, tap,
    tap_on, text, until,
};

const LONG: Duration = Duration::from_secs(3_600);

/// One worker, and events that may take as long as they like.
fn config() -> RuntimeConfig {
    let mut config = RuntimeConfig {
        workers: 1,
        ..RuntimeConfig::simulated()
    };
    config.limits.foreground_cpu = LONG;
    config.limits.background_cpu = LONG;
    config
}

fn start(config: RuntimeConfig) -> Runtime {
    Runtime::new(config).expect("a runtime")
}

fn spin(session: &Session) {
    let node = session.screen().tree.find("tap", Trigger::Tap);
    session.send(tap_on(node.expect("a button"))).expect("sent");
}

/// Lets both spin until they have had enough to compare; tells how many times as much the second got.
async fn times_as_much(one: &Session, other: &Session) -> f64 {
    spin(one);
    spin(other);
    let both = || one.cpu_time() + other.cpu_time();
    until("they have spun", || both() > Duration::from_secs(2)).await;
    other.cpu_time().as_secs_f64() / one.cpu_time().as_secs_f64()
}

#[tokio::test]
async fn a_heavier_session_gets_more() {
    let runtime = start(config());
    let app = runtime.load(hostile()).await.expect("load");
    let [one, other] = ["a", "b"].map(|me| launch_as(&runtime, &app, me, "spin", "interaction"));
    settled(&one).await;
    settled(&other).await;
    assert_eq!(other.weight(), 1_024);
    other.set_weight(16 * 1_024);
    assert_eq!(other.weight(), 16 * 1_024);
    let times = times_as_much(&one, &other).await;
    assert!(times > 2.0, "only {times} times as much");
}

#[tokio::test]
async fn a_heavier_tenant_gets_more_however_many_sessions_the_other_has() {
    let runtime = start(config());
    let app = runtime.load(hostile()).await.expect("load");
    let of = |tenant: &str| {
        let mut launch = Launch::new("me");
        launch.tenant = Some(tenant.into());
        launch.pages = vec!["pages/main?do=spin&at=interaction".into()];
        runtime.launch(&app, launch).expect("launch")
    };
    let many: Vec<_> = (0..4).map(|_| of("many")).collect();
    let few = of("few");
    for session in many.iter().chain([&few]) {
        settled(session).await;
    }
    runtime.set_tenant_weight("few", 16 * 1_024);
    for session in many.iter().chain([&few]) {
        spin(session);
    }
    let all_of_many = || many.iter().map(Session::cpu_time).sum::<Duration>();
    until("they have spun", || {
        all_of_many() + few.cpu_time() > Duration::from_secs(2)
    })
    .await;
    let (many, few) = (all_of_many(), few.cpu_time());
    assert!(few > many, "{few:?} of one against {many:?} of four");
    let told = runtime.metrics().tenants;
    assert!(
        told.iter().any(|(name, cpu)| name == "few" && *cpu > 0),
        "{told:?}"
    );
}

#[tokio::test]
async fn what_is_too_much_is_refused_by_name_and_counted() {
    let runtime = start(RuntimeConfig {
        max_runnable: 1,
        ..config()
    });
    let app = runtime.load(hostile()).await.expect("load");
    let spinning = ["a", "b"].map(|me| launch_as(&runtime, &app, me, "spin", "interaction"));
    let calm = launch(&runtime, &app, "nothing", "never");
    for session in spinning.iter().chain([&calm]) {
        settled(session).await;
    }
    nothing_runs(&runtime).await;
    for session in &spinning {
        spin(session);
    }
    let node = calm
        .screen()
        .tree
        .find("tap", Trigger::Tap)
        .expect("a button");
    let refused = calm.send(tap_on(node)).expect_err("too much");
    let SendError::Overloaded(overloaded) = &refused else {
        panic!("{refused}");
    };
    assert_eq!((overloaded.runnable, overloaded.max_runnable), (2, 1));
    assert!(refused.to_string().contains("max_runnable"), "{refused}");
    assert_eq!(runtime.metrics().scheduler.sheds, 1);
    // What makes room is always taken.
    for session in &spinning {
        session.send(ShellEvent::Close).expect("sent");
    }
    calm.send(ShellEvent::Close).expect("sent");
    assert_eq!(runtime.metrics().scheduler.sheds, 1);
}

#[tokio::test]
async fn a_session_past_its_budget_waits_for_the_next_window_and_still_moves() {
    let mut config = config();
    config.budgets[2] = Some(Budget {
        cpu: Duration::from_millis(10),
        per: Duration::from_millis(200),
    });
    let runtime = start(config);
    let app = runtime.load(hostile()).await.expect("load");
    let spinning = launch(&runtime, &app, "spin", "interaction");
    let calm = launch(&runtime, &app, "nothing", "never");
    settled(&spinning).await;
    settled(&calm).await;
    spinning.send(ShellEvent::Hide).expect("sent");
    settled(&spinning).await;
    spin(&spinning);
    let parked = || runtime.metrics().scheduler.parked == 1;
    for _ in 0..3 {
        until("it is parked", parked).await;
        let so_far = spinning.cpu_time();
        still_works(&calm).await;
        until("it moves", || spinning.cpu_time() > so_far).await;
    }
}

#[tokio::test]
async fn a_session_that_is_seen_and_not_used_has_a_class_of_its_own() {
    let runtime = start(RuntimeConfig::simulated());
    let app = runtime.load(counter()).await.expect("load");
    let session = runtime.launch(&app, Launch::new("me")).expect("launch");
    settled(&session).await;
    assert_eq!(session.class(), Class::Foreground);
    let turns = |class: usize| runtime.metrics().queue_delay[class].1.count();
    session.set_class(Class::Visible);
    let before = turns(1);
    // A tap that comes while the last turn is still ending waits for none.
    nothing_runs(&runtime).await;
    tap(&session, "+").await;
    assert!(turns(1) > before);
    for (event, class) in [
        (ShellEvent::Hide, Class::Background),
        (ShellEvent::Show, Class::Foreground),
    ] {
        session.send(event).expect("sent");
        settled(&session).await;
        assert_eq!(session.class(), class);
    }
}

#[tokio::test]
async fn weight_and_class_are_kept_with_the_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = || RuntimeConfig {
        snapshots: Some(SnapshotConfig::in_folder(folder.path()).expect("a store")),
        ..RuntimeConfig::simulated()
    };
    let first = start(config());
    let app = first.load(counter()).await.expect("load");
    let session = first.launch(&app, Launch::new("me")).expect("launch");
    settled(&session).await;
    session.set_weight(2_048);
    session.set_class(Class::Visible);
    let id = session.id();
    drop((session, app));
    assert_eq!(first.suspend(LONG).await.expect("suspended"), 0);

    let second = start(config());
    let _app = second.load(counter()).await.expect("load");
    let session = second.session(id).expect("resumed");
    assert_eq!((session.weight(), session.class()), (2_048, Class::Visible));
    tap(&session, "+").await;
    assert_eq!(text(&session, "count"), "1");
}

#[tokio::test]
async fn a_runtime_that_is_dropped_stops_who_spins() {
    let config = config();
    let held = std::sync::Arc::downgrade(&config.providers.clock);
    let runtime = start(config);
    let app = runtime.load(hostile()).await.expect("load");
    let session = launch_as(&runtime, &app, "me", "spin", "interaction");
    settled(&session).await;
    spin(&session);
    spins_now(&runtime).await;
    // Alone on its worker, which nobody asks to give way.
    drop((session, app, runtime));
    // A guest that ran on, its event may take an hour, would hold the host and all that is in it.
    until("the host is gone", || held.strong_count() == 0).await;
}
