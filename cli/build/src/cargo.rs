//! Runs cargo for the wasm target.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::toolchain::{TARGET, Toolchain, find_toolchain};
use crate::{BuildError, read};

/// The guest's shadow stack, in bytes. Rust's default of 1 MiB would be the largest part of what a snapshot
/// has to compare.
const SHADOW_STACK_BYTES: u32 = 64 * 1024;

/// How apps are compiled, whatever their workspace says: small, without unwinding, with function names for
/// trap reports.
const PROFILE: &[&str] = &[
    "profile.release.opt-level='s'",
    "profile.release.lto=true",
    "profile.release.codegen-units=1",
    "profile.release.panic='abort'",
    "profile.release.debug=false",
    "profile.release.strip='debuginfo'",
];

/// Compiles the app in `dir` to a core module.
pub(crate) fn compile(dir: &Path) -> Result<Vec<u8>, BuildError> {
    let toolchain = find_toolchain().map_err(BuildError::Toolchain)?;
    let (name, target) = package(toolchain, dir)?;
    let target = target.join("lapak").join(toolchain.folder());
    let mut cargo = toolchain.cargo();
    cargo.current_dir(dir).args(["rustc", "--lib", "--crate-type", "cdylib", "--release"]);
    cargo.args(["--target", TARGET, "--message-format", "json", "--quiet"]);
    cargo.args(["--package", &name]).arg("--target-dir").arg(&target);
    cargo.args(toolchain.arguments());
    for setting in PROFILE {
        cargo.args(["--config", setting]);
    }
    cargo.args(["--", "-C"]).arg(format!("link-arg=-zstack-size={SHADOW_STACK_BYTES}"));
    // No path of this machine ends up in the package.
    cargo.env("RUSTFLAGS", remap(dir));
    let output = cargo.stdin(Stdio::null()).output().map_err(|source| BuildError::File {
        path: PathBuf::from("cargo"),
        source,
    })?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let messages: Vec<Value> = messages.collect();
    if !output.status.success() {
        return Err(BuildError::Compile(errors(&messages, &output.stderr)));
    }
    match module(&messages) {
        Some(path) => read(&path),
        None => Err(BuildError::Compile("cargo made no .wasm file; is there a src/lib.rs?".into())),
    }
}

fn remap(dir: &Path) -> String {
    let home = std::env::var("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|_| std::env::var("HOME").map(|home| Path::new(&home).join(".cargo")));
    let mut flags = format!("--remap-path-prefix={}=app", dir.display());
    if let Ok(home) = home {
        flags.push_str(&format!(" --remap-path-prefix={}=cargo", home.display()));
    }
    flags
}

/// The package's name and its workspace's target folder.
fn package(toolchain: Toolchain, dir: &Path) -> Result<(String, PathBuf), BuildError> {
    let failed = |text: String| BuildError::Compile(text);
    let output = metadata(toolchain.cargo(), dir).map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let metadata: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))?;
    let manifest = dir.join("Cargo.toml").canonicalize().unwrap_or_default();
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let own = packages.iter().find(|package| {
        package["manifest_path"].as_str().is_some_and(|path| Path::new(path) == manifest)
    });
    let name = own.and_then(|package| package["name"].as_str());
    let target = metadata["target_directory"].as_str();
    match (name, target) {
        (Some(name), Some(target)) => Ok((name.to_owned(), PathBuf::from(target))),
        _ => Err(failed(format!("{} describes no package", manifest.display()))),
    }
}

fn metadata(mut cargo: Command, dir: &Path) -> std::io::Result<std::process::Output> {
    cargo
        .current_dir(dir)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .stdin(Stdio::null())
        .output()
}

fn errors(messages: &[Value], stderr: &[u8]) -> String {
    let rendered = messages.iter().filter_map(|message| message["message"]["rendered"].as_str());
    let rendered: Vec<&str> = rendered.collect();
    if rendered.is_empty() {
        return String::from_utf8_lossy(stderr).into_owned();
    }
    rendered.join("\n")
}

/// The last `.wasm` file that cargo says it made: the app's own comes after its dependencies'.
fn module(messages: &[Value]) -> Option<PathBuf> {
    let files = messages.iter().filter_map(|message| message["filenames"].as_array()).flatten();
    let wasm = files.filter_map(Value::as_str).filter(|path| path.ends_with(".wasm"));
    wasm.last().map(PathBuf::from)
}
