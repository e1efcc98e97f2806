//! Forged, altered, replayed and expired orders, hostile numbers, PIN guessing, double taps.

use lapak_host::sheet::{SheetAnswer, SheetError};
use lapak_host::{Capability, Launch, ShellEvent};
use lapak_ledger::order::Order;
use lapak_ledger::pin::PinError;
use lapak_ledger::{Clock as _, SecretKey};

use crate::support::money::{
    ANI_MINOR, World, ani, ask, asked, confirm, confirm_with, refused, told,
};
use crate::support::{still_works, until};

#[tokio::test]
async fn orders_that_are_not_genuine_are_refused_before_anybody_is_asked() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let good = world.signed("lunch", 1_000);
    let other_key = SecretKey::from_seed(&[9; 32]);
    let forged = world
        .order("lunch", 1_000)
        .sign(&other_key)
        .expect("signed");
    // Another merchant's key: its orders are not this merchant's.
    let of_pln = SecretKey::from_seed(&[4; 32]);
    let borrowed = world.order("lunch", 1_000).sign(&of_pln).expect("signed");
    // The signature of one order under the content of another: a price changed by the app.
    let cheap = world.signed("lunch", 1);
    let (head, signature) = good.rsplit_once('.').expect("three parts");
    let (cheap_head, _) = cheap.rsplit_once('.').expect("three parts");
    let altered = format!("{cheap_head}.{signature}");
    let other_app = Order {
        app: "com.example.other".into(),
        ..world.order("lunch", 1_000)
    };
    let other_app = other_app.sign(&world.shop_key).expect("signed");
    let unknown = Order {
        merchant: "nobody".parse().expect("a name"),
        ..world.order("lunch", 1_000)
    };
    let unknown = unknown.sign(&world.shop_key).expect("signed");
    let foreign = Order {
        currency: "EUR".parse().expect("a currency"),
        ..world.order("lunch", 1_000)
    };
    let foreign = foreign.sign(&world.shop_key).expect("signed");
    let receipt_as_order = world.refund("lunch", "a", 1);
    for (order, refusal) in [
        (forged.as_str(), "order-forged"),
        (borrowed.as_str(), "order-forged"),
        (altered.as_str(), "order-forged"),
        (unknown.as_str(), "order-forged"),
        (head, "order-malformed"),
        ("", "order-malformed"),
        (receipt_as_order.as_str(), "order-malformed"),
        (other_app.as_str(), "order-of-another-app"),
        (foreign.as_str(), "order-unpayable"),
    ] {
        let session = ani(&runtime, &app, "call-pay-order", order).await;
        let said = refused(&session).await;
        assert!(said.contains(refusal), "{refusal}: {said}");
        assert!(session.sheets().is_empty());
        still_works(&session).await;
    }
    assert_eq!((world.submitted(), world.ani()), (0, ANI_MINOR));
}

#[tokio::test]
async fn an_order_that_has_expired_is_not_paid_at_whatever_stage() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let order = world.signed("lunch", 1_000);
    // While its sheet is open: the keeper closes it, or the person is too late.
    let open = ani(&runtime, &app, "call-pay-order", &order).await;
    let sheet = asked(&open).await;
    world.clock.forward(600_000);
    let late = confirm(&open, &sheet).await;
    assert!(
        matches!(late, Err(SheetError::Expired | SheetError::NotOpen)),
        "{late:?}"
    );
    told(&open, "Expired").await;
    // Before it is asked for.
    let before = ani(&runtime, &app, "call-pay-order", &order).await;
    ask(&before).await;
    told(&before, "Expired").await;
    assert_eq!((world.submitted(), world.ani()), (0, ANI_MINOR));
}

#[tokio::test]
async fn a_sheet_that_nobody_answers_closes_by_itself() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let session = ani(&runtime, &app, "call-pay-transfer", "budi,100,IDR").await;
    asked(&session).await;
    world
        .clock
        .forward(lapak_host::capability::payments::SHEET_MS);
    told(&session, "Expired").await;
    assert!(session.sheets().is_empty());
}

#[tokio::test]
async fn numbers_at_their_limits() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    for amount in [
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "9007199254740992",
    ] {
        for action in ["call-pay-transfer", "call-pay-bill"] {
            let with = match action {
                "call-pay-bill" => format!("pln,1,{amount},IDR"),
                _ => format!("budi,{amount},IDR,"),
            };
            let session = ani(&runtime, &app, action, &with).await;
            assert!(refused(&session).await.contains("invalid"), "{with}");
        }
    }
    for with in ["budi,1,XXX,", "budi,1,idr,", "budi,1,,", ",1,IDR,"] {
        let session = ani(&runtime, &app, "call-pay-transfer", with).await;
        assert!(refused(&session).await.contains("invalid"), "{with}");
    }
    // The most that there can be, of which Ani has not got so much.
    let most = ani(
        &runtime,
        &app,
        "call-pay-transfer",
        "budi,9007199254740991,IDR,",
    )
    .await;
    let sheet = asked(&most).await;
    confirm(&most, &sheet).await.expect("agreed");
    told(&most, "InsufficientFunds").await;
    world.books_balance();
    assert_eq!(world.ani(), ANI_MINOR);
}

#[tokio::test]
async fn enormous_and_wild_input() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    for (action, refusal, times) in [
        ("call-pay-bytes", "order-malformed", 1),
        ("call-pay-huge", "order-malformed", 1),
        ("call-pay-transfer-huge", "invalid", 3),
        ("call-pay-sign-wild", "invalid", 3),
    ] {
        let session = ani(&runtime, &app, action, "shop").await;
        let said = refused(&session).await;
        let named = format!("name: \"{refusal}\"");
        assert_eq!(said.matches(&named).count(), times, "{action}: {said}");
        assert!(session.sheets().is_empty());
        still_works(&session).await;
    }
    let flood = ani(&runtime, &app, "call-pay-flood", &world.signed("lunch", 1)).await;
    ask(&flood).await;
    told(&flood, "refused=68").await;
    let foreign = ani(&runtime, &app, "call-pay-foreign", "").await;
    assert!(refused(&foreign).await.contains("taken=0"));
}

#[tokio::test]
async fn a_pin_cannot_be_guessed() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let session = ani(&runtime, &app, "call-pay-transfer", "budi,100,IDR,").await;
    let sheet = asked(&session).await;
    let mut locked = false;
    for guess in 0..40 {
        match confirm_with(&session, &sheet, &format!("{:06}", 500_000 + guess)).await {
            Err(SheetError::Pin(PinError::Wrong { .. })) => {}
            Err(SheetError::Pin(PinError::Wait { until_ms })) => {
                // The right one is not even looked at.
                let right = confirm(&session, &sheet).await;
                assert!(
                    matches!(right, Err(SheetError::Pin(PinError::Wait { .. }))),
                    "{right:?}"
                );
                world.clock.forward(until_ms - world.clock.now_ms());
                if session.sheets().is_empty() || world.clock.now_ms() >= sheet.expires_ms {
                    // It was open for as long as it may: the guesser has to begin anew.
                    break;
                }
            }
            Err(SheetError::Pin(PinError::Locked)) => {
                locked = true;
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    if locked {
        let right = confirm(&session, &sheet).await;
        assert_eq!(right, Err(SheetError::Pin(PinError::Locked)));
    }
    // Another app, another sheet: the tries are the person's, not the sheet's.
    let tries = world.pins().check("ani", "999999");
    assert!(
        matches!(
            tries,
            Err(PinError::Wait { .. } | PinError::Locked | PinError::Wrong { tries_left: 0..=4 })
        ),
        "{tries:?}"
    );
    assert_eq!((world.submitted(), world.ani()), (0, ANI_MINOR));
}

/// Each sheet is open for a while only, and a guesser who must wait lets it go: new ones give no new tries.
#[tokio::test]
async fn a_guesser_who_opens_ever_new_sheets_is_locked_out() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    for sheets in 0..30 {
        let session = ani(&runtime, &app, "call-pay-transfer", "budi,100,IDR,").await;
        let sheet = asked(&session).await;
        let guess = format!("{:06}", 500_000 + sheets);
        let answered = confirm_with(&session, &sheet, &guess).await;
        match answered {
            Err(SheetError::Pin(PinError::Wrong { .. })) => {}
            Err(SheetError::Pin(PinError::Wait { until_ms })) => {
                world.clock.forward(until_ms - world.clock.now_ms());
            }
            Err(SheetError::Pin(PinError::Locked)) => {
                // The right PIN does not help any more, nor does time.
                world.clock.forward(86_400_000);
                let session = ani(&runtime, &app, "call-pay-transfer", "budi,100,IDR,").await;
                let sheet = asked(&session).await;
                let right = confirm(&session, &sheet).await;
                assert_eq!(right, Err(SheetError::Pin(PinError::Locked)));
                assert_eq!((world.submitted(), world.ani()), (0, ANI_MINOR));
                return;
            }
            other => panic!("{other:?}"),
        }
        session.send(ShellEvent::Close).expect("sent");
        session.ended().await;
    }
    panic!("the PIN was never locked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_taps_at_once_one_counts() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let session = ani(&runtime, &app, "call-pay-transfer", "budi,100,IDR,").await;
    let sheet = asked(&session).await;
    let taps = (0..8).map(|_| {
        let (session, sheet) = (session.clone(), sheet.clone());
        tokio::spawn(async move { confirm(&session, &sheet).await })
    });
    let mut taken = 0;
    for tap in taps.collect::<Vec<_>>() {
        match tap.await.expect("ran") {
            Ok(()) => taken += 1,
            Err(SheetError::Busy | SheetError::NotOpen | SheetError::WrongKind) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(taken, 1);
    told(&session, "Paid").await;
    assert_eq!((world.submitted(), world.ani()), (1, ANI_MINOR - 100));
}

#[tokio::test]
async fn two_sheets_at_once_are_two_questions_and_one_order_is_paid_once() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let order = world.signed("lunch", 100);
    let (one, two) = (
        ani(&runtime, &app, "call-pay-order", &order).await,
        ani(&runtime, &app, "call-pay-order", &order).await,
    );
    let (first, second) = (asked(&one).await, asked(&two).await);
    // A sheet belongs to its session.
    let foreign = confirm(&one, &second).await;
    assert_eq!(foreign, Err(SheetError::NotOpen));
    confirm(&one, &first).await.expect("agreed");
    told(&one, "Paid").await;
    confirm(&two, &second).await.expect("agreed");
    told(&two, "Paid").await;
    assert_eq!(world.ani(), ANI_MINOR - 100, "charged once");
    let receipt = |session| {
        let text = crate::support::text(session, "text");
        text.split("Paid").nth(1).map(str::to_owned)
    };
    assert_eq!(receipt(&one), receipt(&two));
}

#[tokio::test]
async fn the_same_id_for_another_order_is_refused() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let one = ani(
        &runtime,
        &app,
        "call-pay-order",
        &world.signed("lunch", 100),
    )
    .await;
    let sheet = asked(&one).await;
    confirm(&one, &sheet).await.expect("agreed");
    told(&one, "Paid").await;
    let other = ani(
        &runtime,
        &app,
        "call-pay-order",
        &world.signed("lunch", 200),
    )
    .await;
    ask(&other).await;
    told(&other, "OrderUsed").await;
    assert_eq!(world.ani(), ANI_MINOR - 100);
}

#[tokio::test]
async fn a_grant_taken_back_while_the_sheet_is_open_closes_it() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let session = ani(
        &runtime,
        &app,
        "call-pay-order",
        &world.signed("lunch", 100),
    )
    .await;
    let sheet = asked(&session).await;
    session.grants().withdraw(Capability::Payments);
    until("the sheet closes", || session.sheets().is_empty()).await;
    let late = confirm(&session, &sheet).await;
    assert_eq!(late, Err(SheetError::NotOpen));
    told(&session, "access-denied").await;
    assert_eq!((world.submitted(), world.ani()), (0, ANI_MINOR));
}

#[tokio::test]
async fn people_and_apps_do_not_reach_each_others_sheets() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let session = ani(
        &runtime,
        &app,
        "call-pay-order",
        &world.signed("lunch", 100),
    )
    .await;
    let sheet = asked(&session).await;
    let budi = runtime.launch(&app, Launch::new("budi")).expect("launched");
    budi.settled().await;
    assert!(budi.sheets().is_empty());
    let cancel = budi.answer_sheet(sheet.id, SheetAnswer::Cancel).await;
    assert_eq!(cancel, Err(SheetError::NotOpen));
    assert_eq!(session.sheets().len(), 1);
    // What ends with its session is nobody's any more.
    session.send(lapak_host::ShellEvent::Close).expect("sent");
    session.ended().await;
    let late = confirm(&session, &sheet).await;
    assert_eq!(late, Err(SheetError::NotOpen));
    assert_eq!(world.submitted(), 0);
}
