//! `lapak doctor`: what this machine has, what it lacks, and the cure.

mod server;

use std::collections::BTreeSet;
use std::net::ToSocketAddrs as _;
use std::path::Path;
use std::process::Command;

use lapak_build::{DEBIAN_PACKAGES, OLDEST_RUST, TARGET, Toolchain, find_toolchain};
use lapak_preview::picture::unpainted_scripts;
use serde::Serialize;

use crate::failure::Failure;
use crate::{folders, output};

/// Tells what was found on this machine and what is missing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  lapak doctor
  lapak doctor --server https://preview.example.com
  lapak doctor --no-build    on a machine that only runs packages
  lapak doctor --json | jq '.[] | select(.found == null)'

Packages that exist already (.ma) run without Rust; building apps needs it. Exit code 4 when something needed is missing.")]
pub(crate) struct DoctorArgs {
    /// Leaves out what only building apps needs.
    #[arg(long)]
    no_build: bool,
    /// Tells it as JSON.
    #[arg(long)]
    json: bool,
    /// Looks at a preview server instead, at the address under which browsers are to reach it: whether a proxy in front lets
    /// them.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
}

/// One thing that is looked for.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    why: &'static str,
    /// What was found; `null` if it is missing.
    found: Option<String>,
    cure: String,
    needed: Need,
}

/// What cannot be done where something is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Need {
    /// Apps cannot be built; packages that exist already run.
    ToBuild,
    /// Nothing can be run.
    ToRun,
    /// All works, some of it slower or untested.
    Optional,
}

pub(crate) fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let findings: Vec<Finding> = match &args.server {
        Some(url) => server::to_reach(url),
        None if args.no_build => to_run(),
        None => {
            let machine = to_run().into_iter().chain(to_build());
            machine.chain(to_test()).collect()
        }
    };
    if args.json {
        output::json(&findings)?;
    } else {
        for finding in &findings {
            output::line(&said(finding))?;
        }
    }
    let missing = |need| {
        let missing = findings
            .iter()
            .filter(|one| one.needed == need && one.found.is_none());
        missing.map(|one| one.what).collect::<Vec<_>>().join(", ")
    };
    let (run, build) = (missing(Need::ToRun), missing(Need::ToBuild));
    if !run.is_empty() {
        return Err(Failure::machine(format!("missing to run apps: {run}")));
    }
    if !build.is_empty() {
        return Err(Failure::machine(format!(
            "missing to build apps: {build}. Packages that exist already run here: `lapak preview shop.ma`"
        )));
    }
    Ok(())
}

fn said(finding: &Finding) -> String {
    match &finding.found {
        Some(found) => format!("✓ {:<14} {found}", finding.what),
        None if finding.needed != Need::Optional => format!(
            "✗ {:<14} missing ({}). {}",
            finding.what, finding.why, finding.cure
        ),
        None => format!(
            "– {:<14} not there ({}). {}",
            finding.what, finding.why, finding.cure
        ),
    }
}

fn to_build() -> Vec<Finding> {
    let here = Path::new(".");
    let toolchain = find_toolchain(here);
    // Where there is none, whatever rustc there is tells whether the compiler or just its target is missing.
    let compiler = toolchain.as_ref().copied().unwrap_or(Toolchain::Rustup);
    let cargo = if compiler == Toolchain::Debian {
        "/usr/bin/cargo"
    } else {
        "cargo"
    };
    vec![
        Finding {
            what: "cargo",
            why: "builds apps",
            found: version(cargo),
            cure: format!(
                "Install Rust from https://rustup.rs, or on Debian: apt-get install {DEBIAN_PACKAGES}"
            ),
            needed: Need::ToBuild,
        },
        Finding {
            what: "rustc",
            why: "compiles apps; the SDK needs this version or a newer one",
            found: compiler
                .rustc_version(here)
                .filter(|version| is_new_enough(version)),
            cure: format!("Install Rust {OLDEST_RUST} or newer: rustup update stable"),
            needed: Need::ToBuild,
        },
        Finding {
            what: "wasm target",
            why: "apps compile to WebAssembly",
            found: toolchain.as_ref().ok().map(|toolchain| match toolchain {
                Toolchain::Rustup => format!("{TARGET} in the toolchain of the path"),
                Toolchain::Debian => {
                    format!("{TARGET} with Debian's packages; the standard library is built along")
                }
            }),
            cure: toolchain.err().unwrap_or_default(),
            needed: Need::ToBuild,
        },
        Finding {
            what: "C compiler",
            why: "links the build scripts of dependencies, and native tests",
            found: version("cc"),
            cure: "Install one; on Debian: apt-get install gcc libc6-dev".into(),
            needed: Need::ToBuild,
        },
    ]
}

fn to_run() -> Vec<Finding> {
    let writable = |folder: std::path::PathBuf| {
        folders::is_writable(&folder).then(|| folder.display().to_string())
    };
    vec![
        Finding {
            what: "lapak",
            why: "is this program",
            found: Some(format!("{} ({LINKED})", env!("CARGO_PKG_VERSION"))),
            cure: String::new(),
            needed: Need::ToRun,
        },
        Finding {
            what: "engine",
            why: "runs apps",
            found: lapak_host::engine::new_engine().ok().map(|_| "wasmtime starts".to_owned()),
            cure: "wasmtime does not support this system or processor; its documentation lists those that it does".into(),
            needed: Need::ToRun,
        },
        Finding {
            what: "code cache",
            why: "keeps compiled apps, so that they start at once",
            found: writable(folders::code_cache_folder()),
            cure: "Set XDG_CACHE_HOME to a folder that can be written".into(),
            needed: Need::Optional,
        },
        Finding {
            what: "app data",
            why: "keeps what apps store in previews",
            found: writable(folders::data()),
            cure: "Set XDG_DATA_HOME to a folder that can be written, or use --data".into(),
            needed: Need::Optional,
        },
        fonts(),
        Finding {
            what: "host names",
            why: "what apps fetch from and whom they pay is found by its name",
            found: found_by_name("localhost"),
            cure: "Names are looked up in /etc/hosts and by the servers of /etc/resolv.conf; localhost is in neither".into(),
            needed: Need::Optional,
        },
    ]
}

/// How the program was made.
const LINKED: &str = if cfg!(target_feature = "crt-static") {
    "static: needs no library of this machine"
} else {
    "built here: uses this machine's libraries"
};

/// Whether pictures show every script.
fn fonts() -> Finding {
    let lost = unpainted_scripts();
    let list = |names: BTreeSet<&str>, between| names.into_iter().collect::<Vec<_>>().join(between);
    let scripts = list(lost.iter().map(|one| one.script).collect(), ", ");
    let packages = list(lost.iter().map(|one| one.package).collect(), " ");
    Finding {
        what: "fonts",
        why: "pictures of apps, in scripts that the program has no font for; browsers have their own",
        found: lost.is_empty().then(|| "for every script".to_owned()),
        cure: format!(
            "Not painted: {scripts}. On Debian: apt-get install {packages}; or name a file with --font"
        ),
        needed: Need::Optional,
    }
}

fn found_by_name(name: &str) -> Option<String> {
    let addresses = (name, 0).to_socket_addrs().ok()?;
    let first = addresses.into_iter().next()?;
    Some(format!("{name} is {}", first.ip()))
}

/// What the tests of Lapak's own sources use where it is there; see `scripts/skipped.sh`.
fn to_test() -> Vec<Finding> {
    let browser = "only for the browser tests of Lapak's own sources";
    let shell = "only for the unit tests of the browser's shell";
    let books = "only for a test in which another program checks the ledger's books";
    let calls = "only for tests that look at what the ledger asks of the system";
    [
        ("chromium", "--version", browser, "apt-get install chromium"),
        (
            "chromedriver",
            "--version",
            browser,
            "apt-get install chromium-driver",
        ),
        ("node", "--version", shell, "apt-get install nodejs"),
        ("hledger", "--version", books, "apt-get install hledger"),
        (
            "bean-check",
            "--version",
            books,
            "apt-get install beancount",
        ),
        ("strace", "-V", calls, "apt-get install strace"),
    ]
    .map(|(what, asks, why, cure)| Finding {
        what,
        why,
        found: told(what, asks),
        cure: format!("On Debian: {cure}"),
        needed: Need::Optional,
    })
    .into()
}

fn version(program: &str) -> Option<String> {
    told(program, "--version")
}

/// The first line of what a program answers.
fn told(program: &str, asks: &str) -> Option<String> {
    let output = Command::new(program).arg(asks).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output
        .status
        .success()
        .then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Reads `rustc 1.96.0 (…)`.
fn is_new_enough(version: &str) -> bool {
    let number = version.split_whitespace().nth(1).unwrap_or_default();
    minor(number) >= minor(OLDEST_RUST)
}

/// Major and minor of `1.95`, `1.95.0` or `1.95.0-nightly`.
fn minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_compilers_are_not_enough() {
        assert!(is_new_enough(&format!(
            "rustc {OLDEST_RUST}.0 (59807616e 2026-04-14)"
        )));
        assert!(is_new_enough("rustc 2.0.0"));
        assert!(is_new_enough("rustc 1.200.1-nightly (x)"));
        for old in [
            "rustc 1.63.0 (x)",
            "rustc 1.9.0",
            "rustc",
            "",
            "what is this",
        ] {
            assert!(!is_new_enough(old), "{old}");
        }
    }
}
