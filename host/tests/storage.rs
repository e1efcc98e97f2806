//! `storage`: allowed, denied, hostile; kept on disk, per person and per app.

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lapak_host::capability::Providers;
use lapak_host::capability::storage::simulated::SimulatedStorage;
use lapak_host::capability::storage::sqlite::SqliteStorage;
use lapak_host::capability::storage::{
    Operation, Outcome, Owner, Quota, StorageError, StorageProvider,
};
use lapak_host::{Capability, Runtime, RuntimeConfig};
use support::{hostile, hostile_app, launch, launch_as, still_works, tap, text};
use tokio::sync::oneshot;

const QUOTA: Quota = Quota {
    total_bytes: 10 << 20,
    value_bytes: 1 << 20,
    keys: 10_000,
    write_bytes_per_second: 1 << 20,
    write_burst_bytes: 16 << 20,
};

fn owner(app: &str, person: &str) -> Owner {
    Owner {
        app_id: app.into(),
        person: person.into(),
    }
}

async fn ask(
    provider: &dyn StorageProvider,
    owner: &Owner,
    operation: Operation,
) -> Result<Outcome, StorageError> {
    let (sender, receiver) = oneshot::channel();
    provider.submit(
        owner,
        QUOTA,
        operation,
        Box::new(move |outcome| drop(sender.send(outcome))),
    );
    tokio::time::timeout(Duration::from_secs(20), receiver)
        .await
        .expect("in time")
        .expect("an outcome")
}

fn open(path: &Path) -> SqliteStorage {
    SqliteStorage::open(&path.join("storage.sqlite")).expect("storage opens")
}

fn on(provider: SqliteStorage) -> Runtime {
    let providers = Providers {
        storage: Arc::new(provider),
        ..Providers::simulated()
    };
    Runtime::new(RuntimeConfig {
        providers,
        ..RuntimeConfig::simulated()
    })
    .expect("a runtime")
}

#[tokio::test]
async fn a_value_survives_the_session_and_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let runtime = on(open(folder.path()));
        let app = runtime.load(hostile()).await.expect("loaded");
        let session = launch(&runtime, &app, "call-storage-write", "interaction");
        session.settled().await;
        tap(&session, "tap").await;
        assert!(
            text(&session, "text").contains("done"),
            "{}",
            text(&session, "text")
        );
    }
    let runtime = on(open(folder.path()));
    let app = runtime.load(hostile()).await.expect("loaded");
    let session = launch(&runtime, &app, "call-storage-read", "interaction");
    session.settled().await;
    tap(&session, "tap").await;
    assert_eq!(text(&session, "text"), "value=1");
    // Another person finds nothing.
    let other = launch_as(
        &runtime,
        &app,
        "somebody else",
        "call-storage-read",
        "interaction",
    );
    other.settled().await;
    tap(&other, "tap").await;
    assert_eq!(text(&other, "text"), "value=none");
}

#[tokio::test]
async fn what_was_acknowledged_is_on_disk_without_any_closing() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = open(folder.path());
    let me = owner("app", "me");
    for index in 0..50 {
        let set = Operation::Set(format!("key{index}"), vec![index; 100]);
        assert_eq!(ask(&first, &me, set).await, Ok(Outcome::Done));
    }
    // The files as they lie at this moment, as after a crash.
    let crashed = tempfile::tempdir().expect("a folder");
    for file in std::fs::read_dir(folder.path())
        .expect("a folder")
        .filter_map(Result::ok)
    {
        std::fs::copy(file.path(), crashed.path().join(file.file_name())).expect("copied");
    }
    std::mem::forget(first);
    let second = open(crashed.path());
    for index in 0..50 {
        let found = ask(&second, &me, Operation::Get(format!("key{index}"))).await;
        assert_eq!(found, Ok(Outcome::Value(Some(vec![index; 100]))));
    }
}

#[tokio::test]
async fn owners_see_nothing_of_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    for provider in [
        Box::new(open(folder.path())) as Box<dyn StorageProvider>,
        Box::new(SimulatedStorage::default()),
    ] {
        // Names that would run into each other if they were joined.
        let owners = [
            owner("a", "bc"),
            owner("ab", "c"),
            owner("a", "BC"),
            owner("a\0b", "c"),
            owner("'; --", "c"),
        ];
        for (index, owner) in owners.iter().enumerate() {
            let value = vec![u8::try_from(index).expect("few")];
            ask(&*provider, owner, Operation::Set("key".into(), value))
                .await
                .expect("set");
        }
        for (index, owner) in owners.iter().enumerate() {
            let value = vec![u8::try_from(index).expect("few")];
            assert_eq!(
                ask(&*provider, owner, Operation::Get("key".into())).await,
                Ok(Outcome::Value(Some(value)))
            );
            assert_eq!(
                ask(&*provider, owner, Operation::Keys).await,
                Ok(Outcome::Keys(vec!["key".into()]))
            );
        }
        ask(&*provider, &owners[0], Operation::Clear)
            .await
            .expect("cleared");
        assert_eq!(
            ask(&*provider, &owners[0], Operation::Keys).await,
            Ok(Outcome::Keys(vec![]))
        );
        assert_eq!(
            ask(&*provider, &owners[1], Operation::Keys).await,
            Ok(Outcome::Keys(vec!["key".into()]))
        );
    }
}

#[tokio::test]
async fn the_quota_holds_and_a_replaced_value_counts_once() {
    let folder = tempfile::tempdir().expect("a folder");
    for provider in [
        Box::new(open(folder.path())) as Box<dyn StorageProvider>,
        Box::new(SimulatedStorage::default()),
    ] {
        let me = owner("app", "me");
        let large = || vec![0; 1 << 20];
        for index in 0..9 {
            ask(
                &*provider,
                &me,
                Operation::Set(format!("big{index}"), large()),
            )
            .await
            .expect("fits");
        }
        // Replaced over and over: never more than once.
        for _ in 0..5 {
            ask(&*provider, &me, Operation::Set("big0".into(), large()))
                .await
                .expect("fits");
        }
        // As they lie on disk: in whole pages, of which the last one's key and row take a part.
        let rest = QUOTA.total_bytes - 9 * Quota::entry_bytes(4, 1 << 20) - 64 - 4;
        let rest = usize::try_from(rest).expect("small");
        let full = Operation::Set("last".into(), vec![0; rest]);
        ask(&*provider, &me, full).await.expect("fits exactly");
        let over = ask(&*provider, &me, Operation::Set("x".into(), Vec::new())).await;
        assert_eq!(over, Err(StorageError::QuotaExceeded));
        // Nothing was lost by the refusal, and what is removed makes room.
        assert_eq!(
            ask(&*provider, &me, Operation::Get("big8".into())).await,
            Ok(Outcome::Value(Some(large())))
        );
        ask(&*provider, &me, Operation::Remove("big0".into()))
            .await
            .expect("removed");
        ask(&*provider, &me, Operation::Set("x".into(), Vec::new()))
            .await
            .expect("fits again");
    }
}

#[tokio::test]
async fn operations_of_one_owner_keep_their_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let provider = open(folder.path());
    let me = owner("app", "me");
    let (sender, mut done) = tokio::sync::mpsc::unbounded_channel();
    for index in 0..200_u8 {
        let sender = sender.clone();
        let set = Operation::Set("key".into(), vec![index]);
        provider.submit(
            &me,
            QUOTA,
            set,
            Box::new(move |outcome| drop(sender.send((index, outcome)))),
        );
    }
    for index in 0..200_u8 {
        assert_eq!(done.recv().await, Some((index, Ok(Outcome::Done))));
    }
    assert_eq!(
        ask(&provider, &me, Operation::Get("key".into())).await,
        Ok(Outcome::Value(Some(vec![199])))
    );
}

#[tokio::test]
async fn hostile_keys_and_values_are_refused_at_once() {
    for (action, outcome) in [
        ("call-storage-key-empty", "invalid-key"),
        ("call-storage-key-long", "invalid-key"),
        ("call-storage-value-large", "value-too-large"),
        ("call-storage-foreign-requests", "taken=0"),
        ("call-storage-flood", "refused=68"),
    ] {
        let (runtime, app) = hostile_app().await;
        let session = launch(&runtime, &app, action, "interaction");
        session.settled().await;
        tap(&session, "tap").await;
        assert!(
            text(&session, "text").contains(outcome),
            "{action}: {}",
            text(&session, "text")
        );
        session.grants().withdraw(Capability::Storage);
        still_works(&session).await;
    }
}

#[tokio::test]
async fn an_app_that_fills_its_storage_is_told_and_goes_on() {
    let (runtime, app) = hostile_app().await;
    let session = launch(&runtime, &app, "call-storage-fill", "interaction");
    session.settled().await;
    tap(&session, "tap").await;
    let told = text(&session, "text");
    assert!(
        told.contains("quota-exceeded") && told.contains("done"),
        "{told}"
    );
    still_works(&session).await;
}

#[test]
fn a_file_that_is_no_database_is_refused_with_its_path() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("storage.sqlite"),
        "not a database, but long enough to have a header".repeat(50),
    )
    .expect("written");
    let error = SqliteStorage::open(&folder.path().join("storage.sqlite")).expect_err("an error");
    assert!(format!("{error:#}").contains("database"), "{error:#}");
}
