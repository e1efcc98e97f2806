//! Which compiler makes WebAssembly here: rustup's, or Debian's.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of apps.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The oldest compiler that the SDK builds with.
pub const OLDEST_RUST: &str = env!("CARGO_PKG_RUST_VERSION");

/// What to install on Debian.
pub const DEBIAN_PACKAGES: &str = "rustc-web cargo-web rust-web-src rust-web-llvm lld-22";

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

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Finds the compiler for the app in `dir`, whose `rust-toolchain.toml` may choose one.
///
/// # Errors
/// What to install, when there is none.
pub fn find_toolchain(dir: &Path) -> Result<Toolchain, String> {
    let forced = std::env::var_os(FORCE).unwrap_or_default();
    let candidates: &[Toolchain] = match forced.to_str() {
        Some("") => &[Toolchain::Rustup, Toolchain::Debian],
        Some("rustup") => &[Toolchain::Rustup],
        Some("debian") => &[Toolchain::Debian],
        _ => {
            return Err(format!(
                "{FORCE} is {forced:?}; it may be `rustup` or `debian`"
            ));
        }
    };
    let found = candidates.iter().find(|toolchain| toolchain.is_there(dir));
    found.copied().ok_or_else(|| match candidates {
        [only] => format!(
            "no Rust compiler for {TARGET} was found ({FORCE} allows one only). {}",
            only.cure()
        ),
        _ => format!(
            "no Rust compiler for {TARGET} was found. {}, or on Debian: {}",
            Toolchain::Rustup.cure(),
            Toolchain::Debian.cure()
        ),
    })
}

impl Toolchain {
    /// How to install it, as a sentence without its full stop.
    #[must_use]
    pub fn cure(self) -> String {
        match self {
            Self::Rustup if asked(&"rustc".into(), Path::new("/"), &["--version"]).is_none() => {
                format!(
                    "Install Rust from https://rustup.rs, then run `rustup target add {TARGET}`"
                )
            }
            Self::Rustup => format!("Run `rustup target add {TARGET}`"),
            Self::Debian => format!("`apt-get install {DEBIAN_PACKAGES}`"),
        }
    }

    /// What its compiler says of its version; nothing if it does not start.
    #[must_use]
    pub fn rustc_version(self, dir: &Path) -> Option<String> {
        asked(&self.rustc(), dir, &["--version"])
    }

    fn is_there(self, dir: &Path) -> bool {
        let Some(sysroot) = asked(&self.rustc(), dir, &["--print", "sysroot"]) else {
            return false;
        };
        let rustlib = PathBuf::from(sysroot).join("lib/rustlib");
        match self {
            Self::Rustup => rustlib.join(TARGET).join("lib").is_dir(),
            // Other systems have a /usr/bin/rustc too; the sources of the library and the linker tell.
            Self::Debian => {
                let linkers = ["/usr/bin/rust-lld", "/usr/bin/wasm-ld"];
                Path::new(DEBIAN_CARGO).is_file()
                    && rustlib.join("src/rust/library/std/Cargo.toml").is_file()
                    && linkers.iter().any(|linker| Path::new(linker).exists())
            }
        }
    }

    fn rustc(self) -> OsString {
        match self {
            Self::Rustup => std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()),
            Self::Debian => DEBIAN_RUSTC.into(),
        }
    }

    /// `cargo`, with what this toolchain needs besides.
    pub(crate) fn cargo(self) -> Command {
        match self {
            Self::Rustup => Command::new("cargo"),
            Self::Debian => {
                let mut cargo = Command::new(DEBIAN_CARGO);
                // The standard library is built along, which cargo calls unstable.
                cargo.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
                // Inside a `cargo run` of rustup's, it names the libraries of another compiler.
                cargo.env_remove("LD_LIBRARY_PATH");
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

/// The first line that a program answers with.
fn asked(program: &OsString, dir: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(dir)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text
        .lines()
        .next()
        .map(str::trim)
        .filter(|line| !line.is_empty())?;
    output.status.success().then(|| line.to_owned())
}
