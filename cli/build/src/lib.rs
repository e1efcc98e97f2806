//! From an app's sources to its package: cargo for the wasm target, a component, a `.ma` file.

mod cargo;
mod component;
mod package;
mod toolchain;

use std::path::{Path, PathBuf};

use lapak_abi::manifest::Manifest;
use lapak_abi::package::{Package, PackageError, PackageLimits};

pub use toolchain::{DEBIAN_PACKAGES, OLDEST_RUST, TARGET, Toolchain, find_toolchain};

/// A built package.
#[derive(Clone, Debug)]
pub struct Built {
    /// The `.ma` file's bytes.
    pub bytes: Vec<u8>,
    /// The same, read again and checked.
    pub package: Package,
    /// Size of the core module before it became a component, in bytes.
    pub module_bytes: usize,
    /// The compiler's warnings, as it words them.
    pub compiler_warnings: Vec<String>,
}

/// Why a package was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no app here.
    #[error("{0} has no {1}. Is it the folder of an app? `lapak new my-app` makes one")]
    NotAnApp(PathBuf, &'static str),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The manifest or another file of the package is wrong.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The sources do not compile. The text is the compiler's own.
    #[error("the app does not compile\n\n{0}")]
    Compile(String),
    /// It never came to compiling: `Cargo.toml` is wrong, or a dependency cannot be had. The text is cargo's own.
    #[error("cargo could not build the app\n\n{0}")]
    Cargo(String),
    /// No compiler for WebAssembly.
    #[error("{0}")]
    Toolchain(String),
    /// The module could not be made a component.
    #[error(
        "the module could not be made a component: {0}. Does src/lib.rs end with `lapak_sdk::app!(YourApp);`?"
    )]
    Component(String),
    /// The sources and the manifest disagree on the pages.
    #[error(
        "manifest.json and the sources disagree on the pages.\n  only in manifest.json: {}\n  only in `pages!`:      \
         {}\nAdd or remove them on one side",
        list(only_manifest),
        list(only_sources)
    )]
    Pages {
        /// Routes that only the manifest lists.
        only_manifest: Vec<String>,
        /// Routes that only the sources have.
        only_sources: Vec<String>,
    },
}

fn list(routes: &[String]) -> String {
    match routes {
        [] => "–".to_owned(),
        _ => routes.join(", "),
    }
}

/// What an app is built for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To be given away: small, and the same bytes from the same sources.
    #[default]
    Package,
    /// To be looked at while its sources are edited: quickly there after a change, and larger.
    Preview,
}

/// Builds the package of the app in `dir`. `progress` is told what is being done, a line each.
///
/// # Errors
/// See [`BuildError`].
pub fn build(dir: &Path, progress: &mut dyn FnMut(&str)) -> Result<Built, BuildError> {
    build_for(Purpose::Package, dir, progress)
}

/// As [`build`], for a purpose.
///
/// # Errors
/// See [`BuildError`].
pub fn build_for(
    purpose: Purpose,
    dir: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Built, BuildError> {
    for needed in ["manifest.json", "Cargo.toml", "app.css"] {
        if !dir.join(needed).is_file() {
            return Err(BuildError::NotAnApp(dir.to_owned(), needed));
        }
    }
    let dir = &dir.canonicalize().map_err(|source| BuildError::File {
        path: dir.to_owned(),
        source,
    })?;
    let manifest = read(&dir.join("manifest.json"))?;
    let parsed = Manifest::parse(&manifest).map_err(PackageError::from)?;
    progress("compiling to WebAssembly");
    let cargo::Compiled { module, warnings } = cargo::compile(dir, purpose)?;
    component::check_pages(&module, &parsed.manifest)?;
    progress("packing");
    let component = component::encode(&module)?;
    let bytes = package::pack(dir, &parsed.manifest, component)?;
    let package = Package::read(bytes.clone(), &PackageLimits::default())?;
    Ok(Built {
        bytes,
        package,
        module_bytes: module.len(),
        compiler_warnings: warnings,
    })
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    let most = u64::try_from(PackageLimits::default().unpacked_bytes).unwrap_or(u64::MAX);
    lapak_abi::file::read(path, most).map_err(|source| BuildError::File {
        path: path.to_owned(),
        source,
    })
}
