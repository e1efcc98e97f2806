//! Providers that answer twice, late, never or in nonsense; media that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lapak_host::RuntimeConfig;
use lapak_host::capability::Providers;
use lapak_host::capability::payments::records::memory::MemoryRecords;
use lapak_host::capability::payments::records::{
    Agreed, PaymentRecords, PaymentResult, Record, RecordsError, Written,
};
use lapak_host::sheet::{SheetAnswer, SheetError, SheetStage};
use lapak_ledger::money::Currency;
use lapak_ledger::name::RequestKey;
use lapak_ledger::provider::simulated::Behaviour;
use lapak_ledger::provider::{Decline, Outcome};
use lapak_ledger::{SecretKey, SignedReceipt};

use crate::support::money::{ANI_MINOR, HandClock, World, ani, asked, confirm, start, told};
use crate::support::{text, until};

/// Waits until the provider is asked again, which it is when it was silent for a minute.
async fn a_minute_later(clock: &HandClock) {
    clock.forward(60_000);
}

#[tokio::test]
async fn each_behaviour_of_the_simulation_has_its_outcome() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let inner = &world.provider.inner;
    for (behaviour, came_to, paid) in [
        (Behaviour::Decline(Decline::Unavailable), "Unavailable", 0),
        (Behaviour::Cancel, "Cancelled", 0),
        (Behaviour::TimeOut(Duration::from_millis(1)), "Expired", 0),
        (Behaviour::Slow(Duration::from_millis(1)), "Paid", 1),
        (Behaviour::Late(Duration::from_millis(1)), "Paid", 1),
        (Behaviour::Twice(3), "Paid", 1),
    ] {
        let before = world.ani();
        let session = ani(&runtime, &app, "call-pay-transfer", "budi,1,IDR,").await;
        let sheet = asked(&session).await;
        inner.next(behaviour);
        confirm(&session, &sheet).await.expect("agreed");
        told(&session, came_to).await;
        assert_eq!(before - world.ani(), paid, "{behaviour:?}");
        assert!(session.sheets().is_empty());
    }
    world.books_balance();
}

#[tokio::test]
async fn a_silent_provider_is_asked_again_and_tells_what_it_did() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let session = ani(&runtime, &app, "call-pay-transfer", "budi,1,IDR,").await;
    let sheet = asked(&session).await;
    world.provider.inner.next(Behaviour::Silent);
    confirm(&session, &sheet).await.expect("agreed");
    until("it was submitted", || world.submitted() == 1).await;
    a_minute_later(&world.clock).await;
    told(&session, "Paid").await;
    assert_eq!((world.submitted(), world.ani()), (2, ANI_MINOR - 1));
}

#[tokio::test]
async fn outcomes_that_come_twice_or_change_their_mind_count_once() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let session = ani(&runtime, &app, "call-pay-transfer", "budi,1,IDR,").await;
    let sheet = asked(&session).await;
    // Two submissions in flight, two answers that contradict each other.
    let (late, held) = std::sync::mpsc::channel();
    world.meddle(move |_, done| {
        std::thread::spawn(move || {
            let _ = held.recv();
            done(Outcome::Declined(Decline::Unavailable));
        });
    });
    confirm(&session, &sheet).await.expect("agreed");
    until("it was submitted", || world.submitted() == 1).await;
    a_minute_later(&world.clock).await;
    told(&session, "Paid").await;
    let said = text(&session, "text");
    late.send(()).expect("heard");
    tokio::time::sleep(Duration::from_millis(50)).await;
    session.settled().await;
    assert_eq!(text(&session, "text"), said);
    assert_eq!(world.ani(), ANI_MINOR - 1);
}

#[tokio::test]
async fn receipts_that_prove_nothing_are_not_believed() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    // Another payment's receipt, to be passed off for this one.
    let other = ani(&runtime, &app, "call-pay-transfer", "budi,1,IDR,").await;
    let sheet = asked(&other).await;
    let stolen = Arc::new(std::sync::Mutex::new(None));
    let keep = stolen.clone();
    world.meddle(move |outcome, done| {
        *keep.lock().expect("not poisoned") = Some(outcome.clone());
        done(outcome);
    });
    confirm(&other, &sheet).await.expect("agreed");
    told(&other, "Paid").await;
    let stolen = stolen.lock().expect("not poisoned").take().expect("stolen");

    let forger = SecretKey::from_seed(&[9; 32]);
    let garbage = Outcome::Paid(SignedReceipt::from_text("a.b.c"));
    let nonsense = Outcome::Paid(SignedReceipt::from_text(""));
    for (number, false_outcome) in [stolen, garbage, nonsense].into_iter().enumerate() {
        let before = world.ani();
        let with = format!("budi,{},IDR,", 10 + number);
        let session = ani(&runtime, &app, "call-pay-transfer", &with).await;
        let sheet = asked(&session).await;
        let submitted = world.submitted();
        world.meddle(move |_, done| done(false_outcome));
        confirm(&session, &sheet).await.expect("agreed");
        until("it was submitted", || world.submitted() > submitted).await;
        assert_eq!(session.sheets()[0].stage, SheetStage::Waiting);
        assert_eq!(text(&session, "text"), "ok");
        // Asked again, it says the truth.
        a_minute_later(&world.clock).await;
        told(&session, "Paid").await;
        assert!(world.ani() < before);
    }
    // A genuine receipt of somebody else's key.
    let session = ani(&runtime, &app, "call-pay-transfer", "budi,50,IDR,").await;
    let sheet = asked(&session).await;
    let host = world.host_key.public();
    let submitted = world.submitted();
    world.meddle(move |outcome, done| {
        let Outcome::Paid(receipt) = outcome else {
            return;
        };
        let said = receipt.verify([&host]).expect("the host's");
        done(Outcome::Paid(said.sign(&forger)));
    });
    confirm(&session, &sheet).await.expect("agreed");
    until("it was submitted", || world.submitted() > submitted).await;
    assert_eq!(session.sheets()[0].stage, SheetStage::Waiting);
    a_minute_later(&world.clock).await;
    told(&session, "Paid").await;
    world.books_balance();
}

#[tokio::test]
async fn what_the_provider_works_at_can_be_stopped_in_time() {
    let world = World::new();
    let (runtime, app) = world.start().await;
    let session = ani(&runtime, &app, "call-pay-transfer", "budi,1,IDR,").await;
    let sheet = asked(&session).await;
    let slow = Behaviour::Slow(Duration::from_secs(3_600));
    world.provider.inner.next(slow);
    confirm(&session, &sheet).await.expect("agreed");
    let stopped = session.answer_sheet(sheet.id, SheetAnswer::Cancel).await;
    stopped.expect("taken");
    told(&session, "Cancelled").await;
    assert_eq!(world.ani(), ANI_MINOR);
}

/// Records on a disk that can be full.
#[derive(Default)]
struct Full {
    inner: MemoryRecords,
    full: AtomicBool,
}

impl PaymentRecords for Full {
    fn agree(&self, agreed: &Agreed, most_minor: Option<i64>) -> Result<Written, RecordsError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(RecordsError("the disk is full".into()));
        }
        self.inner.agree(agreed, most_minor)
    }

    fn finish(&self, key: &RequestKey, result: &PaymentResult) -> Result<(), RecordsError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(RecordsError("the disk is full".into()));
        }
        self.inner.finish(key, result)
    }

    fn find(&self, key: &RequestKey) -> Result<Option<Record>, RecordsError> {
        self.inner.find(key)
    }

    fn unfinished(&self) -> Result<Vec<Agreed>, RecordsError> {
        self.inner.unfinished()
    }

    fn spent_minor(
        &self,
        person: &str,
        app_id: &str,
        currency: Currency,
        since_ms: i64,
    ) -> Result<i64, RecordsError> {
        self.inner.spent_minor(person, app_id, currency, since_ms)
    }
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_paid() {
    let world = World::new();
    let records = Arc::new(Full::default());
    let config = world.config();
    let (runtime, app) = start(RuntimeConfig {
        providers: Providers {
            payments: world.payments_with(records.clone()),
            ..config.providers.clone()
        },
        ..config
    })
    .await;
    let session = ani(&runtime, &app, "call-pay-transfer", "budi,1,IDR,").await;
    let sheet = asked(&session).await;
    records.full.store(true, Ordering::SeqCst);
    let full = confirm(&session, &sheet).await;
    assert!(matches!(full, Err(SheetError::Unavailable(_))), "{full:?}");
    assert_eq!((world.submitted(), world.ani()), (0, ANI_MINOR));
    // The sheet is still there; with room it is paid.
    records.full.store(false, Ordering::SeqCst);
    confirm(&session, &sheet).await.expect("agreed");
    told(&session, "Paid").await;
    assert_eq!(world.ani(), ANI_MINOR - 1);
}
