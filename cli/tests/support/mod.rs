//! What the command's tests share.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "a module of each test file, which uses its part"
)]

pub mod running;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Copies the counter without what was built of it, so that a test can spoil it.
pub fn counter_copy() -> tempfile::TempDir {
    let copy = tempfile::tempdir_in(root().join("target")).expect("a folder");
    let from = root().join("examples/counter");
    for file in ["app.css", "manifest.json", "common/icon.svg", "src/lib.rs"] {
        let to = copy.path().join(file);
        std::fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
        std::fs::copy(from.join(file), to).expect("copied");
    }
    let sdk = root().join("guest-sdk").canonicalize().expect("the SDK");
    let cargo = format!(
        "[package]\nname = \"counter\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nlapak-sdk = {{ path = {sdk:?} }}\n[workspace]\n"
    );
    std::fs::write(copy.path().join("Cargo.toml"), cargo).expect("written");
    std::fs::copy(root().join("Cargo.lock"), copy.path().join("Cargo.lock")).expect("copied");
    copy
}

/// Runs `lapak` and gives what came of it.
pub fn lapak(dir: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lapak"))
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lapak starts");
    // A command that does not read its input closes the pipe.
    let _ = child
        .stdin
        .take()
        .expect("piped")
        .write_all(input.as_bytes());
    child.wait_with_output().expect("lapak ends")
}

/// What it said.
pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
