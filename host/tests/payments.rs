//! `payments`: allowed, denied, hostile input; attacks; sheets over freezing, restarts and updates; providers in trouble.

mod support;

#[path = "payments/attacks.rs"]
mod attacks;
#[path = "payments/bounds.rs"]
mod bounds;
#[path = "payments/lasting.rs"]
mod lasting;
#[path = "payments/trouble.rs"]
mod trouble;

use lapak_host::audit::AuditQuery;
use lapak_host::sheet::{PaymentKind, Pin, SheetAnswer, SheetAsk, SheetError, SheetOutcome};
use lapak_host::{Capability, Update};
use support::money::{ANI_MINOR, PIN, World, ani, ask, asked, confirm, refused, told};
use support::{still_works, until};

#[tokio::test]
async fn an_order_is_paid_once_the_person_agrees() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let order = world.signed("lunch", 4_500_000);
    let session = ani(&runtime, &app, "call-pay-order", &order).await;
    let sheet = asked(&session).await;
    let SheetAsk::Payment(shown) = &sheet.ask else {
        panic!("{sheet:?}");
    };
    assert_eq!(
        (shown.kind, &*shown.to),
        (PaymentKind::Order, "Warung Sari")
    );
    assert_eq!((&*shown.amount, shown.currency.code()), ("45000.00", "IDR"));
    assert_eq!(
        (&*shown.reference, &*shown.lines[0].title),
        ("lunch", "Rendang")
    );
    assert_eq!(shown.account.available, "100000.00");
    assert!(shown.provider.simulated && shown.has_pin);
    assert_eq!(
        (&*sheet.app_id, &*sheet.app_name),
        (support::money::APP, "Hostile")
    );
    assert_eq!(world.submitted(), 0, "nobody has agreed yet");

    confirm(&session, &sheet).await.expect("agreed");
    told(&session, "Paid").await;
    assert!(session.sheets().is_empty());
    assert_eq!(world.ani(), ANI_MINOR - 4_500_000);
    assert_eq!(world.has("merchant:shop"), 4_500_000);
    world.books_balance();
    // The same order again: the same receipt, and nobody is asked.
    let receipt = support::text(&session, "text");
    support::tap(&session, "tap").await;
    told(&session, "Paid").await;
    assert_eq!(support::text(&session, "text"), receipt);
    assert_eq!(world.submitted(), 1);
    assert_eq!(world.ani(), ANI_MINOR - 4_500_000);
    still_works(&session).await;
}

#[tokio::test]
async fn whoever_watches_hears_of_the_sheet_and_of_its_end() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let order = world.signed("lunch", 100);
    let session = ani(&runtime, &app, "call-pay-order", &order).await;
    let (_, mut updates) = session.watch();
    let sheet = asked(&session).await;
    confirm(&session, &sheet).await.expect("agreed");
    let mut heard = Vec::new();
    loop {
        match updates.recv().await.expect("an update") {
            Update::Sheet(sheet) => heard.push(format!("{:?}", sheet.stage)),
            Update::SheetOver(id, outcome) => {
                assert_eq!(id, sheet.id);
                assert!(matches!(*outcome, SheetOutcome::Paid { .. }), "{outcome:?}");
                break;
            }
            _ => {}
        }
    }
    assert_eq!(heard, ["Open", "Waiting"]);
}

#[tokio::test]
async fn the_person_may_not_want_it() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let order = world.signed("lunch", 100);
    let session = ani(&runtime, &app, "call-pay-order", &order).await;
    let sheet = asked(&session).await;
    let cancelled = session.answer_sheet(sheet.id, SheetAnswer::Cancel).await;
    cancelled.expect("cancelled");
    told(&session, "Cancelled").await;
    let late = confirm(&session, &sheet).await;
    assert_eq!(late, Err(SheetError::NotOpen));
    assert_eq!((world.submitted(), world.ani()), (0, ANI_MINOR));
}

#[tokio::test]
async fn money_is_sent_and_bills_are_paid() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let session = ani(&runtime, &app, "call-pay-transfer", "budi,250000,IDR,lunch").await;
    let sheet = asked(&session).await;
    let SheetAsk::Payment(shown) = &sheet.ask else {
        panic!("{sheet:?}");
    };
    assert_eq!(
        (shown.kind, &*shown.to),
        (PaymentKind::Transfer, "Account budi")
    );
    assert_eq!(shown.note, "lunch");
    confirm(&session, &sheet).await.expect("agreed");
    told(&session, "Paid").await;
    assert_eq!(world.has(support::money::account("budi").as_str()), 250_000);

    let bill = ani(&runtime, &app, "call-pay-bill", "pln,5321,300000,IDR").await;
    let sheet = asked(&bill).await;
    let SheetAsk::Payment(shown) = &sheet.ask else {
        panic!("{sheet:?}");
    };
    assert_eq!((shown.kind, &*shown.to), (PaymentKind::Bill, "PLN"));
    assert_eq!(shown.reference, "5321");
    confirm(&bill, &sheet).await.expect("agreed");
    told(&bill, "Paid").await;
    assert_eq!(world.has("merchant:pln"), 300_000);
    // Asked for twice it is two payments, and takes two answers.
    let again = asked(&bill).await;
    assert_ne!(again.id, sheet.id);
    confirm(&bill, &again).await.expect("agreed");
    told(&bill, "Paid").await;
    until("it is paid", || world.has("merchant:pln") == 600_000).await;
    world.books_balance();
}

#[tokio::test]
async fn a_refund_comes_back_without_a_question_and_never_more_than_was_paid() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let order = world.signed("lunch", 1_000);
    let session = ani(&runtime, &app, "call-pay-order", &order).await;
    let sheet = asked(&session).await;
    confirm(&session, &sheet).await.expect("agreed");
    told(&session, "Paid").await;
    let refunds = [
        ("box", 400, "Paid", 400),
        ("more", 601, "RefundTooLarge", 400),
    ];
    for (key, minor, came_to, back) in refunds {
        let refund = world.refund("lunch", key, minor);
        let session = ani(&runtime, &app, "call-pay-refund", &refund).await;
        ask(&session).await;
        told(&session, came_to).await;
        assert!(session.sheets().is_empty());
        assert_eq!(world.ani(), ANI_MINOR - 1_000 + back);
    }
    let query = ani(&runtime, &app, "call-pay-query", "shop,lunch").await;
    ask(&query).await;
    told(&query, "refunded-minor").await;
    world.books_balance();
}

#[tokio::test]
async fn a_merchants_server_signs_what_is_ordered_at_its_own_price() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let session = ani(&runtime, &app, "call-pay-sign", "shop").await;
    ask(&session).await;
    told(&session, "signed=").await;
    let text = support::text(&session, "text");
    let (_, signed) = text.split_once("signed=").expect("signed");
    let paying = ani(&runtime, &app, "call-pay-order", signed.trim()).await;
    let sheet = asked(&paying).await;
    let SheetAsk::Payment(shown) = &sheet.ask else {
        panic!("{sheet:?}");
    };
    assert_eq!(
        (&*shown.lines[0].title, &*shown.amount),
        ("Rice", "5000.00")
    );
    let none = ani(&runtime, &app, "call-pay-sign", "nobody").await;
    ask(&none).await;
    told(&none, "NotSold").await;
}

#[tokio::test]
async fn the_first_pin_is_chosen_on_the_sheet() {
    let world = World::new();
    world.pins().reset("ani").expect("reset");
    let (runtime, app) = world.start().await;
    let order = world.signed("lunch", 100);
    let session = ani(&runtime, &app, "call-pay-order", &order).await;
    let sheet = asked(&session).await;
    let has_pin = |sheet: &lapak_host::Sheet| match &sheet.ask {
        SheetAsk::Payment(shown) => shown.has_pin,
        SheetAsk::Consent(_) | SheetAsk::OpenApp(_) => panic!("{sheet:?}"),
    };
    assert!(!has_pin(&sheet));
    let choose = |pin: &str| SheetAnswer::ChoosePin(Pin::new(pin.into()));
    let weak = session.answer_sheet(sheet.id, choose("123456")).await;
    assert!(matches!(weak, Err(SheetError::Pin(_))), "{weak:?}");
    let chosen = session.answer_sheet(sheet.id, choose(PIN)).await;
    chosen.expect("chosen");
    assert!(has_pin(&session.sheets()[0]));
    assert_eq!(world.submitted(), 0);
    let other = session.answer_sheet(sheet.id, choose("314159")).await;
    assert!(matches!(other, Err(SheetError::Pin(_))), "{other:?}");
    confirm(&session, &sheet).await.expect("agreed");
    told(&session, "Paid").await;
}

#[tokio::test]
async fn without_a_grant_nothing_is_asked_and_the_audit_knows() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let order = world.signed("lunch", 100);
    for (action, with) in [
        ("call-pay-order", order.as_str()),
        ("call-pay-transfer", "budi,1,IDR"),
        ("call-pay-bill", "pln,1,1,IDR"),
        ("call-pay-refund", order.as_str()),
        ("call-pay-query", "shop,lunch"),
        ("call-pay-sign", "shop"),
    ] {
        let session = ani(&runtime, &app, action, with).await;
        session.grants().withdraw(Capability::Payments);
        assert!(
            refused(&session).await.contains("access-denied"),
            "{action}"
        );
        assert!(session.sheets().is_empty());
        session.grants().grant(Capability::Payments);
    }
    let audit = AuditQuery {
        person: Some("ani"),
        limit: 100,
        ..AuditQuery::default()
    };
    let entries = runtime.audit(audit).expect("read");
    assert_eq!(entries.len(), 6);
    for entry in entries {
        assert!(!entry.allowed);
        assert_eq!(entry.grant, "not granted by the platform");
    }
}

#[tokio::test]
async fn the_audit_tells_who_asked_what_was_agreed_to_and_what_came_of_it() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let order = world.signed("lunch", 100);
    let session = ani(&runtime, &app, "call-pay-order", &order).await;
    let sheet = asked(&session).await;
    let wrong = support::money::confirm_with(&session, &sheet, "000001").await;
    assert!(matches!(wrong, Err(SheetError::Pin(_))), "{wrong:?}");
    confirm(&session, &sheet).await.expect("agreed");
    told(&session, "Paid").await;
    let query = AuditQuery {
        person: Some("ani"),
        app_id: Some(support::money::APP),
        limit: 100,
        ..AuditQuery::default()
    };
    let mut entries = runtime.audit(query).expect("read");
    entries.reverse();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (&*entry.outcome, entry.allowed, &*entry.consent))
        .collect();
    assert_eq!(
        told,
        [
            ("asked", true, ""),
            ("wrong PIN", false, ""),
            ("agreed", true, "PIN"),
            ("paid", true, ""),
        ]
    );
    assert!(
        entries
            .iter()
            .all(|entry| entry.request == entries[0].request)
    );
    assert_eq!(entries[0].about, "IDR 1.00 to shop, lunch");
    let budi = AuditQuery {
        person: Some("budi"),
        limit: 100,
        ..AuditQuery::default()
    };
    assert!(runtime.audit(budi).expect("read").is_empty());
}
