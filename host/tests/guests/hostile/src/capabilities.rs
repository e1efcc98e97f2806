//! Calls to the capabilities, wild and tame. What came of them is shown as text.

use crate::Plan;
use crate::lapak::app::{
    clock, console, navigation, payments, random, storage, timer, updates, wallet,
};

/// Every function of every capability, with a call that is right in itself. The host's golden matrix checks
/// this list against the WIT.
pub(crate) fn every_function() -> Vec<(&'static str, String)> {
    vec![
        (
            "console.log",
            outcome(console::log(console::Level::Info, "hello")),
        ),
        ("clock.now", outcome(clock::now())),
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
        ("payments.order", outcome(payments::order("shop", &[wanted()]))),
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
    ]
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
        "call-clock" => format!("{:?} {:?}", clock::now(), clock::elapsed_ms()),
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
        _ => "no such call".into(),
    };
}

/// Asks for something, so that a request finishes.
pub(crate) fn begin_request() {
    let _ = storage::get("key");
}

/// Shows what a storage request came to; with several, the last stands, and failures are counted.
pub(crate) fn finished(plan: &mut Plan, request: u32) {
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
