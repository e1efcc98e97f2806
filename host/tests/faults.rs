//! Guests that misbehave: each fault ends its own session with a report that names it; others go on.

mod support;

use lapak_host::view::{Element, Trigger};
use lapak_host::{EndCause, EndReport, Launch, Runtime, RuntimeConfig, Session};
use support::{built, hostile_app, launch, still_works, tap, tap_on};

/// Launches the fault beside a tame session, waits for the end, and checks that the tame one still answers.
async fn end_of(action: &str, event: &str) -> EndReport {
    let (runtime, app) = hostile_app().await;
    let tame = launch(&runtime, &app, "nothing", "never");
    tame.settled().await;
    let wild = launch(&runtime, &app, action, event);
    provoke(&wild, event).await;
    let report = wild.ended().await;
    still_works(&tame).await;
    assert!(runtime.sessions() <= 2);
    report
}

async fn provoke(session: &Session, event: &str) {
    session.settled().await;
    if session.screen().ended.is_some() {
        return;
    }
    match event {
        "interaction" => tap(session, "tap").await,
        "global-error" => tap(session, "nowhere").await,
        "global-hidden" => drop(session.send(lapak_host::ShellEvent::Hide)),
        "page-refresh" => drop(session.send(lapak_host::ShellEvent::PageRefresh)),
        "page-bottom-reached" => drop(session.send(lapak_host::ShellEvent::PageBottomReached)),
        "global-unloaded" | "page-unloaded" => drop(session.send(lapak_host::ShellEvent::Close)),
        _ => {}
    }
}

#[tokio::test]
async fn a_trap_at_every_entry_point_ends_only_that_session() {
    for event in [
        "global-launched",
        "global-shown",
        "page-loaded",
        "page-shown",
        "page-ready",
        "interaction",
        "page-hidden",
        "global-hidden",
        "page-refresh",
        "page-bottom-reached",
        "page-unloaded",
        "global-unloaded",
        "global-error",
        "request-finished",
    ] {
        let at = if event == "page-hidden" {
            "global-hidden"
        } else {
            event
        };
        let report = {
            let (runtime, app) = hostile_app().await;
            let tame = launch(&runtime, &app, "nothing", "never");
            tame.settled().await;
            let wild = launch(&runtime, &app, "trap", event);
            provoke(&wild, at).await;
            let report = wild.ended().await;
            still_works(&tame).await;
            report
        };
        assert!(
            matches!(report.cause, EndCause::Trap { .. }),
            "{event}: {report}"
        );
        assert_eq!(report.event, event);
        let named = report
            .stack
            .iter()
            .any(|frame| frame.contains("hostile_guest"));
        assert!(named, "the stack names the guest's functions: {report}");
    }
}

#[tokio::test]
async fn spinning_for_ever_hits_the_cpu_limit_wherever_it_happens() {
    for event in ["global-launched", "page-loaded", "interaction"] {
        let report = end_of("spin", event).await;
        assert_eq!(
            report.cause,
            EndCause::CpuLimit { limit_ms: 2_000 },
            "{event}"
        );
        assert_eq!(report.event, event);
    }
}

#[tokio::test]
async fn in_the_background_the_cpu_limit_is_lower() {
    let report = end_of("spin", "global-hidden").await;
    assert_eq!(report.cause, EndCause::CpuLimit { limit_ms: 200 });
}

#[tokio::test]
async fn eating_memory_hits_the_memory_limit() {
    let report = end_of("eat-memory", "interaction").await;
    let EndCause::MemoryLimit {
        limit_bytes,
        wanted_bytes,
    } = report.cause
    else {
        panic!("{report}");
    };
    assert_eq!(limit_bytes, 64 << 20);
    assert!(wanted_bytes > limit_bytes);
}

#[tokio::test]
async fn endless_recursion_overflows_the_guests_stack_not_ours() {
    let report = end_of("overflow-stack", "interaction").await;
    assert_eq!(report.cause, EndCause::StackOverflow, "{report}");
}

#[tokio::test]
async fn a_panic_arrives_with_message_file_and_line() {
    let report = end_of("panic", "interaction").await;
    assert_eq!(
        report.cause,
        EndCause::Panic {
            message: "the basket is on fire".into(),
            file: "src/basket.rs".into(),
            line: 12,
            column: 5,
        }
    );
}

/// From an app's own `panic!`, through the SDK's hook, to the report.
#[tokio::test]
async fn a_panic_of_an_app_made_with_the_sdk_names_its_line() {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let wild = runtime.load(built("benches/guests/wild")).await;
    let wild = wild.expect("load");
    let [session, other] = ["a", "b"].map(|me| runtime.launch(&wild, Launch::new(me)));
    let (session, other) = (session.expect("launch"), other.expect("launch"));
    session.settled().await;
    other.settled().await;
    let node = session.screen().tree.find("panic", Trigger::Tap);
    session.send(tap_on(node.expect("a button"))).expect("sent");
    let report = session.ended().await;
    let EndCause::Panic {
        message,
        file,
        line,
        column,
    } = &report.cause
    else {
        panic!("{report}");
    };
    assert_eq!(message, "0 pots boil over");
    assert!(file.ends_with("src/lib.rs"), "{file}");
    let source = include_str!("../../benches/guests/wild/src/lib.rs");
    let there = source.lines().nth(*line as usize - 1).unwrap_or_default();
    assert!(there.contains("panic!("), "line {line}: {there}");
    assert!(*column > 0);
    assert!(report.to_string().contains("src/lib.rs"), "{report}");
    tap(&other, "hoard").await;
    assert!(other.screen().ended.is_none());
}

#[tokio::test]
async fn a_huge_panic_message_is_cut() {
    let report = end_of("panic-huge", "interaction").await;
    let EndCause::Panic { message, file, .. } = report.cause else {
        panic!("{report}");
    };
    assert!(message.len() < 5_000 && file.len() < 5_000);
}

#[tokio::test]
async fn arithmetic_and_memory_faults_are_traps() {
    // Rust checks the division itself and panics without the SDK's hook.
    for (action, told) in [
        ("divide", "unreachable"),
        ("out-of-bounds", "out of bounds"),
    ] {
        let report = end_of(action, "interaction").await;
        let EndCause::Trap { trap } = &report.cause else {
            panic!("{report}");
        };
        assert!(trap.contains(told), "{report}");
    }
}

#[tokio::test]
async fn a_view_that_breaks_a_rule_ends_the_app_and_names_the_rule() {
    for (action, rule) in [
        ("view-many", "10001 nodes"),
        ("view-deep", "depth 65"),
        ("view-deepest", "depth 65"),
        ("view-bytes", "1048576 bytes"),
        ("view-count-large", "2 descendants"),
        ("view-count-max", "4294967295 descendants"),
        ("view-count-crossing", "2 descendants"),
        ("view-leaf-with-child", "cannot have descendants"),
        ("view-key-twice", "\"same\""),
        ("view-key-empty", "0 bytes"),
        ("view-key-long", "257 bytes"),
        ("view-list-unkeyed", "has no key"),
        ("view-forms", "form within a form"),
        ("view-nan", "finite"),
        ("view-infinite", "finite"),
        ("view-bounds", "min must be less than max"),
        ("view-progress-nan", "not a number"),
        ("view-picker-selected", "index of an option"),
        ("view-picker-date", "YYYY-MM-DD"),
        ("view-unchanged", "no such node"),
        ("view-two-bindings", "twice"),
    ] {
        let report = end_of(action, "interaction").await;
        let EndCause::InvalidView { rule: told } = &report.cause else {
            panic!("{action}: {report}");
        };
        assert!(told.contains(rule), "{action}: {told}");
    }
}

#[tokio::test]
async fn a_million_nodes_are_refused_before_they_cost_the_host_its_memory() {
    let report = end_of("view-million", "interaction").await;
    assert!(report.cause.is_fault(), "{report}");
}

#[tokio::test]
async fn wild_numbers_that_break_no_rule_are_clamped() {
    let (runtime, app) = hostile_app().await;
    let wild = launch(&runtime, &app, "view-wild-numbers", "interaction");
    wild.settled().await;
    tap(&wild, "tap").await;
    let screen = wild.screen();
    assert_eq!(screen.ended, None);
    let clamped = screen
        .tree
        .nodes
        .iter()
        .map(|node| match &node.node.element {
            Element::Icon(icon) => format!("icon {}", icon.size),
            Element::Textarea(textarea) => format!("textarea {}", textarea.rows),
            Element::Swiper(swiper) => format!("swiper {:?}", swiper.autoplay_ms),
            Element::Progress(progress) => format!("progress {:?}", progress.percent),
            Element::Slider(slider) => format!("slider {}", slider.value),
            _ => String::new(),
        });
    let clamped: Vec<_> = clamped.filter(|one| !one.is_empty()).collect();
    let rules = [
        "icon 256",
        "textarea 40",
        "swiper Some(1000)",
        "progress Some(100.0)",
        "slider 1",
    ];
    assert_eq!(clamped, rules);
}
