//! `lapak build`: from sources to a package.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use lapak_build::{Built, Purpose};
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
            "{} is not a folder. Name the folder of an app; `lapak new my-app` makes one",
            args.app.display()
        )));
    }
    let built = open::build(&args.app, Purpose::Package)?;
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| default_out(args, &built));
    write(&out, &built.bytes).map_err(|error| {
        Failure::machine(format!(
            "{}: {error}. Choose another file with --out",
            out.display()
        ))
    })?;
    tell(args, &built, &out)
}

fn default_out(args: &BuildArgs, built: &Built) -> PathBuf {
    let manifest = built.package.manifest();
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
}

fn tell(args: &BuildArgs, built: &Built, out: &Path) -> Result<(), Failure> {
    let package = &built.package;
    let digest = output::hex(&package.digest());
    let warnings = package.warnings();
    if args.json {
        return output::json(&json!({
            "package": out,
            "bytes": built.bytes.len(),
            "component_bytes": package.component().len(),
            "files": package.files().count(),
            "digest": digest,
            "warnings": warnings,
            "compiler_warnings": built.compiler_warnings,
        }));
    }
    for warning in warnings {
        output::note(&format!("warning: {warning}"));
    }
    output::line(&format!(
        "{}\n  size    {} in {} files; the component has {} before compression\n  blake3  {digest}",
        out.display(),
        output::size(built.bytes.len()),
        package.files().count(),
        output::size(package.component().len()),
    ))
}

/// Whole or not at all: a server may be reading the package that is there.
fn write(out: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // Devices and pipes are written as they are.
    if out.exists() && !out.is_file() {
        return std::fs::write(out, bytes);
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut name = OsString::from(".");
    name.push(out.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    let unfinished = folder.join(name);
    let written = std::fs::write(&unfinished, bytes);
    let written = written.and_then(|()| std::fs::rename(&unfinished, out));
    if written.is_err() {
        // It may never have been made.
        let _ = std::fs::remove_file(&unfinished);
    }
    written
}
