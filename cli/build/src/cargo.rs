//! Runs cargo for the wasm target.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::toolchain::{TARGET, Toolchain, find_toolchain};
use crate::{BuildError, Purpose, read};

/// The guest's shadow stack, in bytes. Rust's default of 1 MiB would be the largest part of what a snapshot
/// has to compare.
const SHADOW_STACK_BYTES: u32 = 64 * 1024;

/// How packages are compiled, whatever the app's workspace says: small, without unwinding, with function names for
/// trap reports.
const SMALL: &[&str] = &[
    "profile.release.opt-level='s'",
    "profile.release.lto=true",
    "profile.release.codegen-units=1",
    "profile.release.panic='abort'",
    "profile.release.debug=false",
    "profile.release.strip='debuginfo'",
];

/// How apps are compiled that are shown while they are edited: nothing that did not change is compiled again, so it is
/// there at once. All that an app could notice is as in [`SMALL`].
const QUICK: &[&str] = &[
    "profile.lapak-quick.inherits='release'",
    "profile.lapak-quick.opt-level=1",
    "profile.lapak-quick.lto='off'",
    "profile.lapak-quick.codegen-units=16",
    "profile.lapak-quick.panic='abort'",
    "profile.lapak-quick.debug=false",
    "profile.lapak-quick.strip='debuginfo'",
];

impl Purpose {
    /// The name of cargo's profile, and its settings.
    fn profile(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Package => ("release", SMALL),
            Self::Preview => ("lapak-quick", QUICK),
        }
    }

    /// Whether the compiler keeps what it found out for the next time.
    fn incremental(self) -> &'static str {
        match self {
            Self::Package => "0",
            Self::Preview => "1",
        }
    }
}

/// A wrapper that does not compile, as `cargo clippy` sets one, must not reach the app's build: this one may run
/// inside a test.
const NOT_FOR_APPS: &[&str] = &["RUSTC_WORKSPACE_WRAPPER", "RUSTFLAGS", "CARGO_BUILD_TARGET"];

/// What cargo made.
pub(crate) struct Compiled {
    /// The core module.
    pub(crate) module: Vec<u8>,
    /// The compiler's warnings of the app's own sources, as it words them.
    pub(crate) warnings: Vec<String>,
}

/// Where an app's sources lie, as cargo sees them.
struct Sources {
    /// The package's id for `--package`: names alone may be ambiguous.
    package: String,
    workspace: PathBuf,
    target: PathBuf,
}

/// Compiles the app in `dir`, an absolute path, to a core module.
pub(crate) fn compile(dir: &Path, purpose: Purpose) -> Result<Compiled, BuildError> {
    let toolchain = find_toolchain(dir).map_err(BuildError::Toolchain)?;
    let sources = sources(toolchain, dir)?;
    let mut cargo = cargo(toolchain, dir);
    let (profile, settings) = purpose.profile();
    cargo.args(["rustc", "--lib", "--crate-type", "cdylib"]);
    cargo.args(["--profile", profile]);
    cargo.args(["--target", TARGET, "--message-format", "json", "--quiet"]);
    cargo.args(["--package", &sources.package]);
    cargo
        .arg("--target-dir")
        .arg(sources.target.join("lapak").join(toolchain.folder()));
    cargo.args(toolchain.arguments());
    for setting in settings {
        cargo.args(["--config", setting]);
    }
    cargo
        .args(["--", "-C"])
        .arg(format!("link-arg=-zstack-size={SHADOW_STACK_BYTES}"));
    cargo
        .env("CARGO_ENCODED_RUSTFLAGS", remap(dir, &sources))
        .env("CARGO_INCREMENTAL", purpose.incremental());
    let output = output(cargo)?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let messages: Vec<Value> = messages.collect();
    if !output.status.success() {
        return Err(failed(&messages, &output.stderr));
    }
    let Some(path) = module(&messages) else {
        return Err(BuildError::Cargo(
            "cargo made no .wasm file; is there a src/lib.rs?".into(),
        ));
    };
    Ok(Compiled {
        module: read(&path)?,
        warnings: rendered(&messages, "warning"),
    })
}

fn cargo(toolchain: Toolchain, dir: &Path) -> Command {
    let mut cargo = toolchain.cargo();
    cargo.current_dir(dir).stdin(Stdio::null());
    for name in NOT_FOR_APPS {
        cargo.env_remove(name);
    }
    cargo
}

fn output(mut cargo: Command) -> Result<Output, BuildError> {
    cargo
        .output()
        .map_err(|error| BuildError::Toolchain(format!("cargo could not be started: {error}")))
}

/// Keeps this machine's folders out of the package, so that it gives away no user's name and comes out the same
/// elsewhere. Of several that fit, the compiler takes the last.
fn remap(dir: &Path, sources: &Sources) -> String {
    let home = std::env::home_dir().filter(|home| home.is_absolute() && home.parent().is_some());
    let set = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let registry = set.or_else(|| home.as_ref().map(|home| home.join(".cargo")));
    let folders = [
        home.as_deref().map(|path| (path, "home")),
        registry.as_deref().map(|path| (path, "cargo")),
        Some((sources.target.as_path(), "target")),
        Some((sources.workspace.as_path(), "app")),
        Some((dir, "app")),
    ];
    let flags = folders.into_iter().flatten();
    let flags = flags.map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display()));
    // Cargo's own separator: paths may hold blanks.
    flags.collect::<Vec<_>>().join("\u{1f}")
}

fn sources(toolchain: Toolchain, dir: &Path) -> Result<Sources, BuildError> {
    let mut command = cargo(toolchain, dir);
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    let output = output(command)?;
    if !output.status.success() {
        return Err(BuildError::Cargo(
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
        BuildError::Cargo(format!("cargo metadata said what cannot be read: {error}"))
    })?;
    let manifest = dir.join("Cargo.toml");
    let packages = metadata["packages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let own = packages.iter().find(|package| {
        package["manifest_path"]
            .as_str()
            .is_some_and(|path| Path::new(path) == manifest)
    });
    let package = own.and_then(|package| package["id"].as_str());
    let folder = |name: &str| metadata[name].as_str().map(PathBuf::from);
    match (
        package,
        folder("workspace_root"),
        folder("target_directory"),
    ) {
        (Some(package), Some(workspace), Some(target)) => Ok(Sources {
            package: package.to_owned(),
            workspace,
            target,
        }),
        _ => Err(BuildError::Cargo(format!(
            "{} describes no package",
            manifest.display()
        ))),
    }
}

/// The compiler's errors, or cargo's own text where it never came to compiling.
fn failed(messages: &[Value], stderr: &[u8]) -> BuildError {
    let errors = rendered(messages, "error");
    if errors.is_empty() {
        return BuildError::Cargo(String::from_utf8_lossy(stderr).into_owned());
    }
    BuildError::Compile(errors.join("\n"))
}

/// Messages of a level in the compiler's own words, without its counts of them, which name no line.
fn rendered(messages: &[Value], level: &str) -> Vec<String> {
    let messages = messages.iter().map(|message| &message["message"]);
    let wanted = messages.filter(|message| message["level"] == level && !is_count(message));
    wanted
        .filter_map(|message| message["rendered"].as_str())
        .map(str::to_owned)
        .collect()
}

fn is_count(message: &Value) -> bool {
    let text = message["message"].as_str().unwrap_or_default();
    text.starts_with("aborting due to") || text.ends_with(" emitted")
}

/// The `.wasm` file that cargo says it made.
fn module(messages: &[Value]) -> Option<PathBuf> {
    let files = messages
        .iter()
        .filter_map(|message| message["filenames"].as_array())
        .flatten();
    let wasm = files
        .filter_map(Value::as_str)
        .find(|path| path.ends_with(".wasm"));
    wasm.map(PathBuf::from)
}
