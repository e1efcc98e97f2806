//! The grant's bounds: at a time, in a day, in which currency, to whom; moved at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lapak_host::RuntimeConfig;
use lapak_host::audit::AuditQuery;
use lapak_host::capability::payments::records::DAY_MS;
use lapak_host::grants::{Bounds, Most, PaymentBounds};
use lapak_host::sheet::SheetError;

use crate::support::money::{
    ANI_MINOR, World, ani, ask, asked, confirm, idr, refused, start, told,
};
use crate::support::until;

fn bounds(per_payment_minor: i64, per_day_minor: i64) -> PaymentBounds {
    let most = Most {
        per_payment_minor,
        per_day_minor,
    };
    PaymentBounds {
        currencies: Some(BTreeMap::from([(idr(), most)])),
        ..PaymentBounds::unlimited()
    }
}

fn within(world: &World, bounds: PaymentBounds) -> RuntimeConfig {
    RuntimeConfig {
        bounds: Bounds {
            payments: bounds,
            ..Bounds::unlimited()
        },
        ..world.config()
    }
}

#[tokio::test]
async fn what_lies_outside_is_refused_at_once_and_looks_like_any_refusal() {
    let world = World::new();
    let shop_alone = PaymentBounds {
        merchants: Some(BTreeSet::from(["shop".parse().expect("a merchant")])),
        ..bounds(1_000, 10_000)
    };
    let (runtime, app) = start(within(&world, shop_alone)).await;
    let (in_bounds, too_much) = (world.signed("a", 1_000), world.signed("b", 1_001));
    for (action, with, allowed) in [
        ("call-pay-order", in_bounds.as_str(), true),
        ("call-pay-order", too_much.as_str(), false),
        ("call-pay-transfer", "budi,1000,IDR,", true),
        ("call-pay-transfer", "budi,1001,IDR,", false),
        ("call-pay-transfer", "budi,1,EUR,", false),
        ("call-pay-bill", "pln,1,1,IDR", false),
    ] {
        let session = ani(&runtime, &app, action, with).await;
        if allowed {
            asked(&session).await;
        } else {
            assert!(refused(&session).await.contains("access-denied"), "{with}");
            assert!(session.sheets().is_empty());
        }
    }
    let audit = AuditQuery {
        limit: 100,
        ..AuditQuery::default()
    };
    let denied = runtime.audit(audit).expect("read");
    let denied = denied.iter().filter(|entry| !entry.allowed);
    assert!(denied.clone().all(|entry| entry.grant == "out of bounds"));
    assert_eq!(denied.map(|entry| entry.times).sum::<u32>(), 4);
}

#[tokio::test]
async fn a_day_holds_no_more_than_was_granted_and_the_next_day_begins_anew() {
    let world = World::new();
    let (runtime, app) = start(within(&world, bounds(1_000, 2_500))).await;
    for _ in 0..2 {
        let session = ani(&runtime, &app, "call-pay-transfer", "budi,1000,IDR,").await;
        let sheet = asked(&session).await;
        confirm(&session, &sheet).await.expect("agreed");
        told(&session, "Paid").await;
    }
    // A third would be too much: it is not even shown.
    let third = ani(&runtime, &app, "call-pay-transfer", "budi,501,IDR,").await;
    ask(&third).await;
    told(&third, "AccessDenied").await;
    assert!(third.sheets().is_empty());
    // A little less fits. Of two that fit one by one the second is refused when it is agreed to.
    let (one, two) = (
        ani(&runtime, &app, "call-pay-transfer", "budi,300,IDR,").await,
        ani(&runtime, &app, "call-pay-transfer", "budi,300,IDR,").await,
    );
    let (first, second) = (asked(&one).await, asked(&two).await);
    confirm(&one, &first).await.expect("agreed");
    let over = confirm(&two, &second).await;
    assert_eq!(over, Err(SheetError::Denied));
    told(&two, "AccessDenied").await;
    told(&one, "Paid").await;
    assert_eq!(world.ani(), ANI_MINOR - 2_300);
    world.clock.forward(DAY_MS);
    let next_day = ani(&runtime, &app, "call-pay-transfer", "budi,1000,IDR,").await;
    let sheet = asked(&next_day).await;
    confirm(&next_day, &sheet).await.expect("agreed");
    told(&next_day, "Paid").await;
    world.books_balance();
}

#[tokio::test]
async fn what_came_to_nothing_does_not_count_against_the_day() {
    let world = World::new();
    let most = ANI_MINOR + 1;
    let (runtime, app) = start(within(&world, bounds(most, most))).await;
    let with = format!("budi,{most},IDR,");
    let session = ani(&runtime, &app, "call-pay-transfer", &with).await;
    let sheet = asked(&session).await;
    confirm(&session, &sheet).await.expect("agreed");
    told(&session, "InsufficientFunds").await;
    let again = ani(&runtime, &app, "call-pay-transfer", "budi,1,IDR,").await;
    let sheet = asked(&again).await;
    confirm(&again, &sheet).await.expect("agreed");
    told(&again, "Paid").await;
}

#[tokio::test]
async fn bounds_that_move_hold_for_open_sheets_and_for_the_next_call() {
    let world = World::new();
    let (runtime, app) = start(within(&world, bounds(1_000, 1_000))).await;
    let session = ani(&runtime, &app, "call-pay-transfer", "budi,1000,IDR,").await;
    let sheet = asked(&session).await;
    session
        .grants()
        .bound(|all| all.payments = bounds(999, 999));
    until("the sheet closes", || session.sheets().is_empty()).await;
    assert_eq!(confirm(&session, &sheet).await, Err(SheetError::NotOpen));
    told(&session, "AccessDenied").await;
    assert!(refused(&session).await.contains("access-denied"));
    session
        .grants()
        .bound(|all| all.payments = bounds(1_000, 1_000));
    asked(&session).await;
    assert_eq!(world.submitted(), 0);
}

/// No call that begins after the withdrawal has returned succeeds, whoever else is at it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_agreed_to_after_a_withdrawal_has_returned() {
    let world = Arc::new(World::new());
    let (runtime, app) = world.start().await;
    for round in 0..20_u64 {
        let session = ani(&runtime, &app, "call-pay-transfer", "budi,1,IDR,").await;
        let sheet = asked(&session).await;
        let confirming = tokio::spawn({
            let (session, sheet) = (session.clone(), sheet.clone());
            async move { confirm(&session, &sheet).await }
        });
        let spin = std::time::Instant::now();
        while spin.elapsed() < std::time::Duration::from_micros(round * 100) {
            std::hint::spin_loop();
        }
        session.grants().withdraw(lapak_host::Capability::Payments);
        let submitted = world.submitted();
        let answered = confirming.await.expect("ran");
        match answered {
            // Written down before the withdrawal came, so it goes on.
            Ok(()) => {}
            Err(SheetError::Denied | SheetError::NotOpen) => {
                assert_eq!(world.submitted(), submitted);
            }
            Err(other) => panic!("{other}"),
        }
        let late = confirm(&session, &sheet).await;
        assert!(late.is_err());
    }
    world.books_balance();
}
