//! `lapak build`: from sources to a package.

use std::path::PathBuf;

use serde_json::json;

use crate::failure::Failure;
use crate::{open, output};

/// Builds the package of an app.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  lapak build                         to target/lapak/<name>-<version>.ma
  lapak build apps/shop --out shop.ma
  lapak build --json | jq .package")]
pub(crate) struct BuildArgs {
    /// The app's folder.
    #[arg(default_value = ".")]
    app: PathBuf,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Tells the result as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &BuildArgs) -> Result<(), Failure> {
    if !args.app.is_dir() {
        return Err(Failure::app(format!(
            "{} is not a folder. Name the folder of an app",
            args.app.display()
        )));
    }
    let built = open::build(&args.app)?;
    let package = &built.package;
    let manifest = package.manifest();
    let out = args.out.clone().unwrap_or_else(|| {
        let last = manifest.app_id.rsplit('.').next().unwrap_or("app");
        let plain = |text: &str| {
            text.replace(
                |c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '-',
                "-",
            )
        };
        args.app.join("target/lapak").join(format!(
            "{}-{}.ma",
            plain(last),
            plain(&manifest.version.name)
        ))
    });
    let written = out
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(&out, &built.bytes));
    written.map_err(|error| Failure::machine(format!("{}: {error}", out.display())))?;
    for warning in package.warnings() {
        eprintln!("warning: {warning}");
    }
    let digest: String = package
        .digest()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if args.json {
        return output::json(&json!({
            "package": out, "bytes": built.bytes.len(), "component_bytes": package.component().len(),
            "files": package.files().count(), "digest": digest,
            "warnings": package.warnings().iter().map(ToString::to_string).collect::<Vec<_>>(),
        }));
    }
    output::line(&format!(
        "{}  {} ({} files; component {} before compression)",
        out.display(),
        output::size(built.bytes.len()),
        package.files().count(),
        output::size(package.component().len()),
    ))
}
