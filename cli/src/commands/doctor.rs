//! `lapak doctor`: what this machine has, what it lacks, and the cure.

use std::process::Command;

use serde::Serialize;

use crate::failure::Failure;
use crate::{folders, output};

/// Tells what was found on this machine and what is missing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  lapak doctor
  lapak doctor --json | jq '.[] | select(.found == null)'")]
pub(crate) struct DoctorArgs {
    /// Tells it as JSON.
    #[arg(long)]
    json: bool,
}

/// One thing that is looked for.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    why: &'static str,
    /// What was found; `null` if it is missing.
    found: Option<String>,
    cure: &'static str,
    /// Without it nothing can be built or run.
    needed: bool,
}

pub(crate) fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let findings = look();
    if args.json {
        output::json(&findings)?;
    } else {
        for finding in &findings {
            output::line(&said(finding))?;
        }
    }
    let missing = findings
        .iter()
        .filter(|finding| finding.needed && finding.found.is_none());
    match missing.map(|finding| finding.what).collect::<Vec<_>>() {
        missing if missing.is_empty() => Ok(()),
        missing => Err(Failure::machine(format!("missing: {}", missing.join(", ")))),
    }
}

fn said(finding: &Finding) -> String {
    match &finding.found {
        Some(found) => format!("✓ {:<16} {found}", finding.what),
        None if finding.needed => format!(
            "✗ {:<16} missing ({}). {}",
            finding.what, finding.why, finding.cure
        ),
        None => format!(
            "– {:<16} not there ({}). {}",
            finding.what, finding.why, finding.cure
        ),
    }
}

fn look() -> Vec<Finding> {
    vec![
        Finding {
            what: "cargo",
            why: "builds apps",
            found: version("cargo", "--version"),
            cure: "Install Rust from https://rustup.rs",
            needed: true,
        },
        Finding {
            what: "wasm compiler",
            why: "apps compile to WebAssembly",
            found: lapak_build::find_toolchain(std::path::Path::new("."))
                .ok()
                .map(|toolchain| match toolchain {
                    lapak_build::Toolchain::Rustup => {
                        "wasm32-unknown-unknown of rustup's toolchain".to_owned()
                    }
                    lapak_build::Toolchain::Debian => {
                        "Debian's packages (/usr/bin/cargo, rust-web-src)".to_owned()
                    }
                }),
            cure: "rustup target add wasm32-unknown-unknown, or on Debian: apt-get install rustc-web cargo-web \
                   rust-web-src rust-web-llvm lld-22",
            needed: true,
        },
        Finding {
            what: "engine",
            why: "runs apps",
            found: lapak_host::engine::new_engine()
                .ok()
                .map(|_| "wasmtime starts".to_owned()),
            cure: "This system or processor is not supported by wasmtime",
            needed: true,
        },
        Finding {
            what: "code cache",
            why: "keeps compiled apps",
            found: writable(&folders::code_cache()),
            cure: "Set XDG_CACHE_HOME to a folder that can be written",
            needed: false,
        },
        Finding {
            what: "app data",
            why: "keeps what apps store in previews",
            found: writable(&folders::data()),
            cure: "Set XDG_DATA_HOME, or use --data",
            needed: false,
        },
        Finding {
            what: "chromium",
            why: "only for this repository's browser tests",
            found: version("chromium", "--version"),
            cure: "apt-get install chromium",
            needed: false,
        },
        Finding {
            what: "chromedriver",
            why: "only for this repository's browser tests",
            found: version("chromedriver", "--version"),
            cure: "apt-get install chromium-driver",
            needed: false,
        },
    ]
}

fn version(program: &str, flag: &str) -> Option<String> {
    let output = Command::new(program).arg(flag).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output
        .status
        .success()
        .then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

fn writable(folder: &std::path::Path) -> Option<String> {
    std::fs::create_dir_all(folder).ok()?;
    let probe = folder.join(format!(".probe-{}", std::process::id()));
    std::fs::write(&probe, b"").ok()?;
    // It was only a probe: one that stays harms nobody.
    let _ = std::fs::remove_file(&probe);
    Some(folder.display().to_string())
}
