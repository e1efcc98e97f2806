//! Which compiler makes WebAssembly here: rustup's, or Debian's.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of apps.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A compiler for apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The `cargo` of the path, whose toolchain has the target.
    Rustup,
    /// Debian's packages, which build the standard library along with the app.
    Debian,
}

/// The variable that forces one: `rustup` or `debian`.
const FORCE: &str = "LAPAK_GUEST_TOOLCHAIN";

/// Finds a compiler.
///
/// # Errors
/// What to install, when there is none.
pub fn find_toolchain() -> Result<Toolchain, String> {
    match std::env::var(FORCE).as_deref() {
        Ok("rustup") => return Ok(Toolchain::Rustup),
        Ok("debian") => return Ok(Toolchain::Debian),
        _ => {}
    }
    if rustup_has_target() {
        return Ok(Toolchain::Rustup);
    }
    if debian_has_target() {
        return Ok(Toolchain::Debian);
    }
    Err(format!(
        "no Rust compiler for {TARGET} was found. Run `rustup target add {TARGET}`, or on Debian \
         `apt-get install rustc-web cargo-web rust-web-src rust-web-llvm lld-22`"
    ))
}

fn rustup_has_target() -> bool {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output();
    let Ok(sysroot) = sysroot else { return false };
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir()
}

fn debian_has_target() -> bool {
    Path::new("/usr/bin/cargo").is_file()
        && Path::new("/usr/bin/rustc").is_file()
        && Path::new("/usr/lib/rustlib/src").exists()
}

impl Toolchain {
    /// `cargo`, with what this toolchain needs besides.
    pub(crate) fn cargo(self) -> Command {
        match self {
            Self::Rustup => Command::new("cargo"),
            Self::Debian => {
                let mut cargo = Command::new("/usr/bin/cargo");
                // The standard library is built along, which cargo calls unstable.
                cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
                cargo
            }
        }
    }

    pub(crate) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Rustup => &[],
            Self::Debian => &["-Zbuild-std=std,panic_abort"],
        }
    }

    /// Each has a folder of its own, since their outputs do not mix.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Rustup => "guest",
            Self::Debian => "guest-debian",
        }
    }
}
