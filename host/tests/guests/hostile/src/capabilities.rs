//! Calls to the capabilities, wild and tame. What came of them is shown as text.

mod bluetooth;
mod clipboard;
mod fetch;
mod files;
mod identity;
mod location;
mod motion;
mod notify;
mod observed;
mod open_app;
mod scan;
mod vibration;

use crate::Plan;
use crate::lapak::app::{
    clock, console, navigation, payments, random, storage, timer, updates, wallet,
};

/// The calls to one capability, in a module of their own.
struct Room {
    /// What its actions begin with.
    prefix: &'static str,
    /// Each of its functions, with a call that is right in itself.
    every: fn() -> Vec<(&'static str, String)>,
    /// Does what an action says; the second text is what it is about.
    call: fn(&str, &str) -> String,
    /// Says what came of a request of an action.
    finished: fn(&str, u32) -> String,
}

const ROOMS: &[Room] = &[
    location::ROOM,
    fetch::ROOM,
    files::ROOM,
    identity::ROOM,
    notify::ROOM,
    scan::ROOM,
    bluetooth::ROOM,
    open_app::ROOM,
    observed::battery::ROOM,
    observed::network::ROOM,
    observed::device::ROOM,
    motion::ROOM,
    clipboard::ROOM,
    vibration::ROOM,
];

fn room(action: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| action.starts_with(room.prefix))
}

/// Every function of every capability, with a call that is right in itself. The host's golden matrix checks
/// this list against the WIT.
pub(crate) fn every_function() -> Vec<(&'static str, String)> {
    let mut all = vec![
        (
            "console.log",
            outcome(console::log(console::Level::Info, "hello")),
        ),
        ("clock.now", outcome(clock::now())),
        (
            "clock.utc-offset-minutes-at",
            outcome(clock::utc_offset_minutes_at(0)),
        ),
        ("clock.zone", outcome(clock::zone())),
        ("clock.elapsed-ms", outcome(clock::elapsed_ms())),
        ("random.bytes", outcome(random::bytes(16))),
        ("storage.get", outcome(storage::get("key"))),
        ("storage.set", outcome(storage::set("key", b"value"))),
        ("storage.remove", outcome(storage::remove("key"))),
        ("storage.keys", outcome(storage::keys())),
        ("storage.clear", outcome(storage::clear())),
        ("storage.take", outcome(storage::take(4_000_000_000))),
        ("timer.after", outcome(timer::after(u32::MAX))),
        ("timer.take", outcome(timer::take(4_000_000_000))),
        (
            "payments.order",
            outcome(payments::order("shop", &[wanted()])),
        ),
        (
            "payments.take-signed",
            outcome(payments::take_signed(4_000_000_000)),
        ),
        (
            "payments.request-payment",
            outcome(payments::request_payment(b"no order")),
        ),
        (
            "payments.request-refund",
            outcome(payments::request_refund(b"no refund")),
        ),
        (
            "payments.transfer",
            outcome(payments::transfer("budi", &money(100), "")),
        ),
        (
            "payments.pay-bill",
            outcome(payments::pay_bill("pln", "1", &money(100))),
        ),
        ("payments.take", outcome(payments::take(4_000_000_000))),
        ("payments.query", outcome(payments::query("shop", "order"))),
        (
            "payments.take-order",
            outcome(payments::take_order(4_000_000_000)),
        ),
        ("wallet.accounts", outcome(wallet::accounts())),
        (
            "wallet.take-accounts",
            outcome(wallet::take_accounts(4_000_000_000)),
        ),
        ("wallet.history", outcome(wallet::history("a", None, 1))),
        (
            "wallet.take-history",
            outcome(wallet::take_history(4_000_000_000)),
        ),
    ];
    all.extend(ROOMS.iter().flat_map(|room| (room.every)()));
    all
}

/// Calls `random` until it is refused, and says how often it was not although the clock, which is asked before each call, said
/// 1: that the withdrawal had returned.
fn until_refused() -> String {
    let mut late = 0;
    loop {
        let withdrawn = clock::now().is_ok_and(|now| now.unix_ms == 1);
        match random::bytes(1) {
            Ok(_) if withdrawn => late += 1,
            Ok(_) => {}
            Err(_) if withdrawn => return format!("refused late={late}"),
            Err(_) => {}
        }
    }
}

/// Calls to `payments` and `wallet`. What they are about comes from the launch, its parts separated by `,`.
fn pay(action: &str, with: &str) -> String {
    let parts: Vec<&str> = with.split(',').collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let amount = |at: usize| payments::Money {
        minor: part(at).parse().unwrap_or(0),
        currency: part(at + 1).into(),
    };
    match action {
        "call-pay-order" => outcome(payments::request_payment(with.as_bytes())),
        "call-pay-bytes" => outcome(payments::request_payment(&[0xff; 1_000])),
        "call-pay-huge" => outcome(payments::request_payment(&vec![b'a'; 1 << 20])),
        "call-pay-refund" => outcome(payments::request_refund(with.as_bytes())),
        "call-pay-transfer" => outcome(payments::transfer(part(0), &amount(1), part(3))),
        "call-pay-transfer-huge" => {
            let long = "x".repeat(1 << 20);
            [
                payments::transfer(&long, &money(1), ""),
                payments::transfer("budi", &money(1), &long),
                payments::transfer("budi", &money(1), "one\u{202e}two"),
            ]
            .map(outcome)
            .join(" ")
        }
        "call-pay-bill" => outcome(payments::pay_bill(part(0), part(1), &amount(2))),
        "call-pay-query" => outcome(payments::query(part(0), part(1))),
        "call-pay-sign" => outcome(payments::order(part(0), &[wanted()])),
        "call-pay-sign-wild" => {
            let many = vec![wanted(); 201];
            [
                payments::order(part(0), &[]),
                payments::order(part(0), &many),
                payments::order(&"x".repeat(1 << 20), &[wanted()]),
            ]
            .map(outcome)
            .join(" ")
        }
        "call-pay-flood" => {
            let asked = (0..100).map(|_| payments::request_payment(with.as_bytes()));
            format!("refused={}", asked.filter(Result::is_err).count())
        }
        "call-pay-foreign" => {
            let taken = (0..10_000).filter(|id| {
                payments::take(*id).is_ok()
                    || payments::take_order(*id).is_ok()
                    || payments::take_signed(*id).is_ok()
            });
            format!("taken={}", taken.count())
        }
        "call-wallet-accounts" => outcome(wallet::accounts()),
        "call-wallet-history" => outcome(wallet::history(part(0), None, u32::MAX)),
        _ => "no such call".into(),
    }
}

/// What a request of `payments` or `wallet` came to.
fn paid(plan: &Plan, request: u32) -> String {
    match plan.action.as_str() {
        "call-pay-query" => format!("{:?}", payments::take_order(request)),
        "call-pay-sign" => match payments::take_signed(request) {
            Ok(Ok(signed)) => format!("signed={}", String::from_utf8_lossy(&signed)),
            other => format!("{other:?}"),
        },
        "call-wallet-accounts" => format!("{:?}", wallet::take_accounts(request)),
        "call-wallet-history" => format!("{:?}", wallet::take_history(request)),
        _ => format!("{:?}", payments::take(request)),
    }
}

fn wanted() -> payments::Wanted {
    payments::Wanted {
        item: "rice".into(),
        quantity: 1,
    }
}

fn money(minor: i64) -> payments::Money {
    payments::Money {
        minor,
        currency: "IDR".into(),
    }
}

pub(crate) fn call(action: &str, plan: &mut Plan) {
    if let Some(room) = room(action) {
        plan.text = (room.call)(action, &plan.with);
        return;
    }
    if action.starts_with("call-pay-") || action.starts_with("call-wallet-") {
        plan.text = pay(action, &plan.with);
        return;
    }
    plan.text = match action {
        "call-everything" => every_function()
            .into_iter()
            .map(|(name, outcome)| format!("{name}={outcome}"))
            .collect::<Vec<_>>()
            .join("\n"),
        "call-console-flood" => {
            let dropped =
                (0..5_000).filter(|_| console::log(console::Level::Debug, "flood").is_err());
            format!("dropped={}", dropped.count())
        }
        "call-console-huge" => outcome(console::log(console::Level::Info, &"x".repeat(1 << 20))),
        "call-random-huge" => outcome(random::bytes(u32::MAX)),
        "call-random-most" => format!("{:?}", random::bytes(65_536).map(|bytes| bytes.len())),
        "call-random" => format!("{:?}", random::bytes(8)),
        "call-random-until-refused" => until_refused(),
        "call-clock" => format!("{:?} {:?}", clock::now(), clock::elapsed_ms()),
        "call-clock-zone" => format!(
            "{:?} {:?} {:?} {:?}",
            clock::zone(),
            clock::now().map(|now| now.utc_offset_minutes),
            // 2026-07-15, noon in UTC.
            clock::utc_offset_minutes_at(1_784_116_800_000),
            clock::utc_offset_minutes_at(u64::MAX),
        ),
        "call-storage-key-empty" => outcome(storage::get("")),
        "call-storage-key-long" => outcome(storage::get(&"k".repeat(257))),
        "call-storage-value-large" => outcome(storage::set("big", &vec![0; (1 << 20) + 1])),
        "call-storage-flood" => {
            let refused = (0..100).filter(|_| storage::get("key").is_err()).count();
            format!("refused={refused}")
        }
        "call-storage-fill" => {
            for index in 0..12 {
                let _ = storage::set(&format!("big{index}"), &vec![7; 1 << 20]);
            }
            String::new()
        }
        "call-storage-write" => {
            let taps = plan.taps.to_string();
            outcome(storage::set("kept", taps.as_bytes()))
        }
        "call-storage-read" => {
            let _ = storage::get("kept");
            String::new()
        }
        "call-timer" => outcome(timer::after(1_000)),
        "call-carry-over" => {
            let taps = plan.taps.to_string();
            outcome(updates::carry_over(taps.as_bytes()))
        }
        "call-carry-over-huge" => outcome(updates::carry_over(&vec![0; (1 << 20) + 1])),
        "call-timer-flood" => {
            let refused = (0..100).filter(|_| timer::after(0).is_err()).count();
            format!("refused={refused}")
        }
        "call-timer-foreign" => {
            let taken = (0..10_000).filter(|id| timer::take(*id).is_ok()).count();
            format!("taken={taken}")
        }
        "call-storage-foreign-requests" => {
            let taken = (0..10_000).filter(|id| storage::take(*id).is_ok()).count();
            format!("taken={taken}")
        }
        "call-navigation-wild" => [
            navigation::navigate_to("https://evil.example/"),
            navigation::navigate_to("pages/../pages/main"),
            navigation::navigate_to("pages/nowhere"),
            navigation::navigate_to(&"p".repeat(1 << 20)),
            navigation::switch_tab("pages/second"),
            navigation::back(u32::MAX),
        ]
        .into_iter()
        .map(outcome)
        .collect::<Vec<_>>()
        .join("\n"),
        "call-navigation-flood" => {
            let opened = (0..100)
                .filter(|_| navigation::navigate_to("pages/second").is_ok())
                .count();
            format!("opened={opened}")
        }
        "call-navigation-relaunch" => {
            format!("relaunch={}", outcome(navigation::relaunch("pages/main")))
        }
        "call-navigation-relaunch-slow" => {
            for turn in 0..5_000_000_u64 {
                std::hint::black_box(turn);
            }
            format!("relaunch={}", outcome(navigation::relaunch("pages/main")))
        }
        "call-navigation-long" => {
            let url = format!("pages/main?q={}", "x".repeat(8_000));
            let mut moved = 0;
            let error = loop {
                match navigation::relaunch(&url) {
                    Ok(()) => moved += 1,
                    Err(error) => break error,
                }
            };
            format!("moved={moved} {error:?}")
        }
        _ => "no such call".into(),
    };
}

/// Asks for something, so that a request finishes.
pub(crate) fn begin_request() {
    let _ = storage::get("key");
}

/// Shows what a request came to.
pub(crate) fn finished(plan: &mut Plan, request: u32) {
    if let Some(room) = room(&plan.action) {
        let line = (room.finished)(&plan.action, request);
        plan.text = format!("{}\n{line}", plan.text);
        return;
    }
    if plan.action.starts_with("call-pay-") || plan.action.starts_with("call-wallet-") {
        let line = paid(plan, request);
        plan.text = format!("{}\n{line}", plan.text);
        return;
    }
    if plan.action.starts_with("call-timer") {
        plan.text = format!("timer={}", outcome(timer::take(request)));
        return;
    }
    let line = match storage::take(request) {
        Ok(storage::Outcome::Value(Some(value))) => {
            format!("value={}", String::from_utf8_lossy(&value))
        }
        Ok(storage::Outcome::Value(None)) => "value=none".into(),
        Ok(storage::Outcome::Done) => "done".into(),
        Ok(storage::Outcome::Keys(keys)) => format!("keys={}", keys.join(",")),
        Err(error) => format!("error={error:?}"),
    };
    if !plan.text.is_empty() {
        plan.text.push('\n');
    }
    plan.text.push_str(&line);
}

fn outcome<T, E: std::fmt::Debug>(result: Result<T, E>) -> String {
    match result {
        Ok(_) => "ok".into(),
        Err(error) => format!("{error:?}"),
    }
}
