//! `lapak inspect`: what is in a package, and whether this host would run it.

use std::path::PathBuf;

use anyhow::Context as _;
use lapak_abi::package::Package;
use lapak_build::Purpose;
use lapak_host::snapshot::eligibility::{Verdict, prepare};
use lapak_host::{LoadError, Runtime, RuntimeConfig, contract};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::open::open_package;
use crate::{folders, output};

/// Tells what is in a package.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  lapak inspect shop-0.1.0.ma
  lapak inspect apps/shop --json | jq .imports

Exit code 1 when this host would not run it.")]
pub(crate) struct InspectArgs {
    /// A package (.ma), or the folder of an app, which is built.
    #[arg(default_value = ".")]
    app: PathBuf,
    /// Tells it as JSON.
    #[arg(long)]
    json: bool,
}

/// What was found out.
struct Inspected<'a> {
    package: &'a Package,
    imports: Vec<String>,
    snapshots: Verdict,
    /// Why this host would not run it.
    refusal: Option<&'a str>,
}

pub(crate) fn run(args: &InspectArgs) -> Result<(), Failure> {
    let package = open_package(&args.app, Purpose::Package)?;
    let refusal = would_run(package.clone())?;
    let inspected = Inspected {
        imports: contract::import_names(package.component()),
        snapshots: prepare(package.component()).verdict,
        refusal: refusal.as_deref(),
        package: &package,
    };
    if args.json {
        output::json(&as_json(&inspected))?;
    } else {
        output::line(&as_text(&inspected))?;
    }
    match refusal {
        Some(why) => Err(Failure::app(format!("{}: {why}", args.app.display()))),
        None => Ok(()),
    }
}

/// Why this host would not run it.
fn would_run(package: Package) -> Result<Option<String>, Failure> {
    let tokio = tokio::runtime::Runtime::new().context("tokio could not be started")?;
    tokio.block_on(async {
        // Packages of strangers are looked at, too: what compiles them is bounded, and apart from this process.
        let config = RuntimeConfig {
            code_cache: folders::code_cache(),
            compiler: super::compile::compiler(),
            ..RuntimeConfig::simulated()
        };
        let runtime = Runtime::new(config).map_err(|error| Failure::machine(error.to_string()))?;
        match runtime.load(package).await {
            Ok(_) => Ok(None),
            Err(LoadError::Host(why)) => Err(Failure::machine(why)),
            Err(refusal) => Ok(Some(refusal.to_string())),
        }
    })
}

fn as_json(inspected: &Inspected<'_>) -> Value {
    let package = inspected.package;
    let files = package
        .files()
        .map(|(path, bytes)| json!({ "path": path, "bytes": bytes.len() }));
    json!({
        "manifest": package.manifest(),
        "warnings": package.warnings(),
        "bytes": package.size(),
        "digest": output::hex(&package.digest()),
        "signing_block_bytes": package.signing_block().map(<[u8]>::len),
        "files": files.collect::<Vec<_>>(),
        "imports": inspected.imports,
        "runs_here": inspected.refusal.is_none(),
        "refusal": inspected.refusal,
        "snapshots": snapshots_as_json(&inspected.snapshots),
    })
}

fn snapshots_as_json(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Eligible(layout) => json!({
            "eligible": true,
            "memory_min_pages": layout.memory_min_pages,
            "memory_max_pages": layout.memory_max_pages,
        }),
        Verdict::Resident(reasons) => json!({
            "eligible": false,
            "reasons": reasons.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }),
    }
}

/// A line for the verdict, and one for each reason.
fn snapshots_as_text(verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Eligible(layout) => vec![format!(
            "snapshots  yes (memory {} pages of 64 KiB at start)",
            layout.memory_min_pages
        )],
        Verdict::Resident(reasons) => {
            let reasons = reasons.iter().map(|reason| format!("  the app {reason}"));
            let verdict = "snapshots  no, kept resident:".to_owned();
            std::iter::once(verdict).chain(reasons).collect()
        }
    }
}

fn as_text(inspected: &Inspected<'_>) -> String {
    let Inspected {
        package,
        imports,
        snapshots,
        refusal,
    } = inspected;
    let manifest = package.manifest();
    let lang = manifest.lang.clone().unwrap_or_default();
    let mut lines = vec![
        format!(
            "{}  {} ({})",
            package.localized(&manifest.name, &lang),
            manifest.version.name,
            manifest.version.code
        ),
        format!("id         {}", manifest.app_id),
        format!(
            "package    {}, blake3 {}",
            output::size(package.size()),
            output::hex(&package.digest())
        ),
        format!(
            "signature  {}",
            package.signing_block().map_or(
                "none",
                |_| "a signing block is there; it is not verified yet"
            )
        ),
        format!(
            "pages      {}",
            manifest
                .pages
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        ),
    ];
    let asked: Vec<_> = manifest
        .req_permissions
        .iter()
        .map(|permission| permission.name.clone())
        .collect();
    let runs_here = if refusal.is_none() { "yes" } else { "no" };
    lines.push(format!("asks for   {}", list(&asked)));
    lines.push(format!("imports    {}", list(imports)));
    lines.push(format!("runs here  {runs_here}"));
    lines.extend(snapshots_as_text(snapshots));
    lines.push("files".to_owned());
    for (path, bytes) in package.files() {
        lines.push(format!("  {:>10}  {path}", output::size(bytes.len())));
    }
    for warning in package.warnings() {
        lines.push(format!("warning: {warning}"));
    }
    lines.join("\n")
}

fn list(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        _ => names.join(", "),
    }
}
