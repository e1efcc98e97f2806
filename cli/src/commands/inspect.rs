//! `lapak inspect`: what is in a package, and whether this host would run it.

use std::path::PathBuf;

use anyhow::Context as _;
use lapak_abi::package::Package;
use lapak_host::{LoadError, Runtime, RuntimeConfig, contract};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::open::open_package;
use crate::output;

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

pub(crate) fn run(args: &InspectArgs) -> Result<(), Failure> {
    let package = open_package(&args.app)?;
    let refusal = would_run(package.clone())?;
    let imports = contract::import_names(package.component());
    if args.json {
        output::json(&as_json(&package, &imports, refusal.as_deref()))?;
    } else {
        let text = as_text(&package, &imports, refusal.as_deref());
        output::line(&output::printable(&text))?;
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
        let runtime = Runtime::new(RuntimeConfig::simulated())
            .map_err(|error| Failure::machine(error.to_string()))?;
        match runtime.load(package).await {
            Ok(_) => Ok(None),
            Err(LoadError::Host(why)) => Err(Failure::machine(why)),
            Err(refusal) => Ok(Some(refusal.to_string())),
        }
    })
}

fn as_json(package: &Package, imports: &[String], refusal: Option<&str>) -> Value {
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
        "imports": imports,
        "runs_here": refusal.is_none(),
        "refusal": refusal,
    })
}

fn as_text(package: &Package, imports: &[String], refusal: Option<&str>) -> String {
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
        .map(|permission| permission.name.as_str())
        .collect();
    lines.push(format!(
        "asks for   {}",
        if asked.is_empty() {
            "nothing".into()
        } else {
            asked.join(", ")
        }
    ));
    lines.push(format!(
        "imports    {}",
        if imports.is_empty() {
            "nothing".into()
        } else {
            imports.join(", ")
        }
    ));
    lines.push(format!(
        "runs here  {}",
        if refusal.is_none() { "yes" } else { "no" }
    ));
    lines.push("files".to_owned());
    for (path, bytes) in package.files() {
        lines.push(format!("  {:>10}  {path}", output::size(bytes.len())));
    }
    for warning in package.warnings() {
        lines.push(format!("warning: {warning}"));
    }
    lines.join("\n")
}
