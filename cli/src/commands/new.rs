//! `lapak new`: a fresh app that builds, runs and has a test.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::failure::Failure;
use crate::{output, sdk};

static TEMPLATE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/template");

/// Makes a fresh app.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  lapak new shop && cd shop && lapak preview
  lapak new apps/bike-rental --title 'Bike rental'")]
pub(crate) struct NewArgs {
    /// The folder to make; its last part names the app.
    folder: PathBuf,
    /// What people read as the app's name [default: from the folder's].
    #[arg(long)]
    title: Option<String>,
}

pub(crate) fn run(args: &NewArgs) -> Result<(), Failure> {
    let name = crate_name(&args.folder)?;
    if args.folder.exists() {
        return Err(Failure::app(format!(
            "{} is there already; choose another name",
            args.folder.display()
        )));
    }
    let title = args.title.clone().unwrap_or_else(|| title(&name));
    if title.trim().is_empty() || title.chars().any(char::is_control) {
        return Err(Failure::app("the title is empty or has control characters"));
    }
    write(&args.folder, &name, &title)
        .map_err(|error| Failure::machine(format!("{}: {error}", args.folder.display())))?;
    sdk::refresh(&args.folder)?;
    output::line(&format!(
        "made {folder}\n\n  cd {folder}\n  lapak preview    see it in a browser while you edit\n  cargo test       try it without one\n  lapak build      make the package",
        folder = args.folder.display()
    ))
}

fn write(folder: &Path, name: &str, title: &str) -> std::io::Result<()> {
    write_dir(&TEMPLATE, folder, &|text| {
        let quoted = serde_json::to_string(title).unwrap_or_default();
        let in_quotes = quoted.trim_matches('"').to_owned();
        text.replace("{{name}}", name)
            .replace("{{title}}", &in_quotes)
    })
}

/// Names in the template carry a suffix where cargo or git would take them for their own.
fn write_dir(dir: &Dir<'_>, to: &Path, fill: &dyn Fn(&str) -> String) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for file in dir.files() {
        let name = file
            .path()
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let name = name.strip_suffix(".in").unwrap_or(&name);
        let name = if name == "gitignore" {
            ".gitignore"
        } else {
            name
        };
        std::fs::write(
            to.join(name),
            fill(file.contents_utf8().unwrap_or_default()),
        )?;
    }
    for inner in dir.dirs() {
        let name = inner
            .path()
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let name = if name == "cargo" { ".cargo" } else { &name };
        write_dir(inner, &to.join(name), fill)?;
    }
    Ok(())
}

/// The folder's name as a crate's name.
fn crate_name(folder: &Path) -> Result<String, Failure> {
    let name = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    let reserved = [
        "test",
        "core",
        "std",
        "alloc",
        "proc-macro",
        "self",
        "super",
        "crate",
        "lapak-sdk",
        "lapak-abi",
    ];
    if !begins || !name.chars().all(plain) || name.len() > 64 || reserved.contains(&name.as_str()) {
        return Err(Failure::app(format!(
            "{name:?} cannot name an app; use small letters, digits and hyphens, beginning with a letter: bike-rental"
        )));
    }
    Ok(name)
}

fn title(name: &str) -> String {
    let words = name.replace(['-', '_'], " ");
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_crate_names() {
        for good in ["shop", "apps/bike-rental", "a1_b"] {
            assert!(crate_name(Path::new(good)).is_ok(), "{good}");
        }
        for bad in [
            "", "..", "/", "Shop", "1shop", "my shop", "café", "test", "-x",
        ] {
            assert!(crate_name(Path::new(bad)).is_err(), "{bad}");
        }
        assert_eq!(title("bike-rental"), "Bike rental");
    }
}
