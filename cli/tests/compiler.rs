//! Packages are compiled by a process of their own: `lapak` itself, started as a compiler.
#![cfg(unix)]

mod support;

use std::path::Path;
use std::time::Duration;

use lapak_abi::package::{Package, PackageLimits, PackageWriter};
use lapak_host::{Compiler, CompilerProcess, Launch, LoadError, Runtime, RuntimeConfig};

fn counter() -> Package {
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/counter");
    let built = lapak_build::build(&app, &mut |_| {}).expect("the counter builds");
    Package::read(built.bytes, &PackageLimits::default()).expect("a package")
}

fn runtime(cache: &Path, program: &Path, args: &[&str], wall: Duration) -> Runtime {
    let process = CompilerProcess {
        program: program.to_owned(),
        args: args.iter().map(Into::into).collect(),
        wall,
    };
    Runtime::new(RuntimeConfig {
        code_cache: Some(cache.to_owned()),
        compiler: Compiler::Process(process),
        ..RuntimeConfig::simulated()
    })
    .expect("a runtime")
}

const LONG: Duration = Duration::from_secs(300);

#[tokio::test]
async fn the_compilers_process_leaves_the_code_in_the_cache() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("code");
    let lapak = Path::new(env!("CARGO_BIN_EXE_lapak"));
    let first = runtime(&cache, lapak, &["compile-component"], LONG);
    let app = first.load(counter()).await.expect("loaded");
    assert!(!app.from_cache());
    let session = first.launch(&app, Launch::new("me")).expect("launched");
    session.painted().await;
    assert!(session.screen().version > 0, "{:?}", session.screen().ended);
    // No process is asked for what is there: this program does not exist.
    let second = runtime(&cache, Path::new("/nowhere"), &[], LONG);
    assert!(second.load(counter()).await.expect("loaded").from_cache());
}

#[tokio::test]
async fn a_component_that_does_not_compile_is_refused_with_the_compilers_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let lapak = Path::new(env!("CARGO_BIN_EXE_lapak"));
    let runtime = runtime(
        &folder.path().join("code"),
        lapak,
        &["compile-component"],
        LONG,
    );
    let mut writer = PackageWriter::new();
    let wasm = counter().component().to_vec();
    for (path, bytes) in counter().files() {
        // The last section's bytes are another's: its names stay as they were.
        let bytes = if path == "app.wasm" {
            &wasm[..wasm.len() - 1]
        } else {
            bytes
        };
        writer.file(path, bytes.to_vec()).expect("a name");
    }
    let package = writer.finish().expect("written");
    let package = Package::read(package, &PackageLimits::default()).expect("a package");
    assert!(runtime.load(package).await.is_err());
}

#[tokio::test]
async fn a_compiler_that_takes_too_much_is_ended_and_the_package_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let sh = Path::new("/bin/sh");
    let cases = [
        (
            "exec sleep 600",
            Duration::from_millis(50),
            "was not compiled after",
        ),
        ("kill -XCPU $$", LONG, "CPU time"),
        ("kill -ABRT $$", LONG, "memory"),
        (
            "head -c 10000000 /dev/zero; kill -KILL $$",
            LONG,
            "CPU time",
        ),
    ];
    for (script, wall, what) in cases {
        let runtime = runtime(&folder.path().join("code"), sh, &["-c", script], wall);
        match runtime.load(counter()).await {
            Err(LoadError::TooCostly(why)) => assert!(why.contains(what), "{script}: {why}"),
            other => panic!("{script}: {other:?}"),
        }
    }
    let liar = runtime(&folder.path().join("code"), sh, &["-c", "exit 0"], LONG);
    assert!(matches!(
        liar.load(counter()).await,
        Err(LoadError::Host(_))
    ));
    let nobody = runtime(
        &folder.path().join("code"),
        Path::new("/nowhere"),
        &[],
        LONG,
    );
    assert!(
        nobody.load(counter()).await.is_ok(),
        "it is done in this process then"
    );
}
