//! The cache of compiled code: used when it is ours, never otherwise.

mod support;

use std::path::{Path, PathBuf};

use lapak_host::snapshot::eligibility::Verdict;
use lapak_host::{App, Launch, Runtime, RuntimeConfig};
use support::counter;

fn runtime(folder: &Path) -> Runtime {
    let config = RuntimeConfig {
        code_cache: Some(folder.to_owned()),
        ..RuntimeConfig::simulated()
    };
    Runtime::new(config).expect("a runtime")
}

async fn loaded(folder: &Path) -> std::sync::Arc<App> {
    let runtime = runtime(folder);
    let app = runtime.load(counter()).await.expect("loaded");
    let session = runtime.launch(&app, Launch::new("me")).expect("launched");
    session.painted().await;
    assert!(session.screen().version > 0, "{:?}", session.screen().ended);
    app
}

/// The one file of compiled code.
fn file(folder: &Path) -> PathBuf {
    let files = std::fs::read_dir(folder)
        .expect("the cache")
        .filter_map(Result::ok)
        .map(|entry| entry.path());
    files
        .into_iter()
        .find(|path| path.file_name().is_some_and(|name| name != "key"))
        .expect("a file")
}

#[tokio::test]
async fn the_second_host_finds_the_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("code");
    assert!(!loaded(&cache).await.from_cache());
    assert!(loaded(&cache).await.from_cache());
}

#[tokio::test]
async fn what_was_found_out_about_an_app_is_kept_with_its_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("code");
    let (first, second) = (loaded(&cache).await, loaded(&cache).await);
    assert!(second.from_cache());
    assert!(matches!(first.snapshots(), Verdict::Eligible(_)));
    assert_eq!(first.snapshots(), second.snapshots());
}

#[tokio::test]
async fn code_that_was_touched_is_not_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("code");
    loaded(&cache).await;
    let good = std::fs::read(file(&cache)).expect("the code");
    // The code's authentication, the length of the findings, the findings, the code.
    for at in [0, 31, 32, 35, 36, 40, 100, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        std::fs::write(file(&cache), bad).expect("written");
        assert!(!loaded(&cache).await.from_cache(), "byte {at}");
        // It was compiled again and is there again.
        assert!(loaded(&cache).await.from_cache(), "byte {at}");
    }
    for length in [0, 31, 32, 36, good.len() / 2] {
        std::fs::write(file(&cache), &good[..length]).expect("written");
        assert!(!loaded(&cache).await.from_cache(), "cut to {length}");
    }
}

#[tokio::test]
async fn another_hosts_code_is_not_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    loaded(&ours).await;
    loaded(&theirs).await;
    std::fs::copy(file(&theirs), file(&ours)).expect("copied");
    assert!(!loaded(&ours).await.from_cache());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("code");
    loaded(&cache).await;
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&cache), 0o700);
    assert_eq!(mode(&cache.join("key")), 0o600);
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_costs_speed_not_the_app() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("code");
    let runtime = runtime(&cache);
    // Gone while the host runs: nothing can be created in it any more.
    std::fs::remove_dir_all(&cache).expect("removed");
    let app = runtime.load(counter()).await.expect("loaded all the same");
    assert!(!app.from_cache());
}
