//! Does a component keep the contract? Read from its import and export names, before anything is compiled.

use wasmparser::{Encoding, Parser, Payload};

use crate::component_types;
use crate::grants::Capability;

/// The version of the WIT package `lapak:app` that this host speaks.
pub const CONTRACT_VERSION: Version = Version {
    major: 0,
    minor: 1,
    patch: 0,
};

const CONTRACT_PACKAGE: &str = "lapak:app/";

/// The interfaces of the contract that a component may import, besides the capabilities.
const COMMON: [&str; 8] = [
    "navigation",
    "faults",
    "updates",
    "platform",
    // These hold no functions, only the types that the others share.
    "requests",
    "events",
    "view",
    "app",
];

/// The most core modules and components that a component may hold, at any depth. Tools make about five. What the
/// compiler needs for nested ones grows with the square of their number.
pub(crate) const MAX_NESTED: usize = 128;

/// A version of the contract, as Semantic Versioning has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Grows when older apps stop working.
    pub major: u64,
    /// While `major` is 0, grows when older apps stop working.
    pub minor: u64,
    /// Grows with every addition while `major` is 0.
    pub patch: u64,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// What a component asks for, as far as linking has to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Imports {
    /// It imports WASI (0.2), which another language's toolchain put there.
    pub(crate) wasi: bool,
    /// Interfaces of platforms' own. Whether the app can run here with them, [`VendorInterfaces::absent`] says.
    pub(crate) foreign: Vec<String>,
}

/// Interfaces of platforms' own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VendorInterfaces<'a> {
    /// Those of this host, with their versions.
    pub(crate) here: &'a [&'static str],
    /// Those that the app can do without, as its manifest lists them.
    pub(crate) listed: &'a [String],
}

impl VendorInterfaces<'_> {
    /// Those of the imports that this host does not have and the app can do without.
    pub(crate) fn absent(self, imports: &Imports) -> Result<Vec<String>, ContractError> {
        let here = |name: &str| self.here.contains(&name);
        let absent = imports.foreign.iter().filter(|name| !here(name));
        let told = absent.map(|name| match self.listed.contains(name) {
            true => Ok(name.clone()),
            false => Err(ContractError::UnknownImport(name.clone())),
        });
        told.collect()
    }
}

/// How a component breaks the contract.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    /// Not WebAssembly at all.
    #[error(
        "app.wasm is not WebAssembly (it does not begin with \\0asm). Build it with `lapak build`"
    )]
    NotWasm,
    /// A core module where a component is needed.
    #[error(
        "app.wasm is a core module, not a component. `lapak build` makes the component; `wasm-tools \
         component new` does it by hand"
    )]
    CoreModule,
    /// WebAssembly that does not parse.
    #[error("app.wasm is damaged: {0}")]
    Damaged(String),
    /// More parts than the compiler should be asked to take.
    #[error(
        "app.wasm is put together of more than {MAX_NESTED} modules and components. `lapak build` makes about five"
    )]
    TooManyParts,
    /// An import that no host of this version offers.
    #[error(
        "app.wasm imports `{0}`, which this host does not offer. Apps may import the interfaces of \
         lapak:app@{CONTRACT_VERSION} and WASI 0.2, and those of a platform's own that their manifest lists in \
         lapak_vendors"
    )]
    UnknownImport(String),
    /// Made for a newer contract.
    #[error(
        "this package was made for lapak:app@{found}; this host speaks {CONTRACT_VERSION}. Update the host, or \
         build the app with an SDK of version {CONTRACT_VERSION}"
    )]
    NewerContract {
        /// The version that the component names.
        found: Version,
    },
    /// Made for a contract that is no longer spoken.
    #[error(
        "this package was made for lapak:app@{found}, which this host (it speaks {CONTRACT_VERSION}) no longer \
         runs. Build the app again with the present SDK"
    )]
    OlderContract {
        /// The version that the component names.
        found: Version,
    },
    /// Nothing to call.
    #[error(
        "app.wasm does not export `lapak:app/app`. Does the source end with `lapak_sdk::app!(YourApp)`?"
    )]
    NoApp,
}

/// Reads the names of a component's imports and exports and holds them against the contract.
pub(crate) fn check(wasm: &[u8]) -> Result<Imports, ContractError> {
    if !wasm.starts_with(b"\0asm") {
        return Err(ContractError::NotWasm);
    }
    let mut imports = Imports::default();
    let mut exports_app = false;
    let mut depth = 0_u32;
    let mut nested = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(damaged)?;
        if let Payload::ModuleSection { .. } | Payload::ComponentSection { .. } = payload {
            nested += 1;
            if nested > MAX_NESTED {
                return Err(ContractError::TooManyParts);
            }
        }
        match payload {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } if depth == 0 => return Err(ContractError::CoreModule),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    check_import(import.map_err(damaged)?.name.name, &mut imports)?;
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let name = export.map_err(damaged)?.name.name;
                    exports_app |= contract_interface(name)? == Some("app");
                }
            }
            // Whoever compiles it follows nested types on the stack.
            Payload::ComponentTypeSection(section) => {
                component_types::walk(wasm, section.range(), &mut |_| {})
                    .map_err(|error| ContractError::Damaged(error.to_string()))?;
            }
            _ => {}
        }
    }
    if !exports_app {
        let foreign = imports.foreign.into_iter().next();
        return Err(foreign.map_or(ContractError::NoApp, ContractError::UnknownImport));
    }
    Ok(imports)
}

/// The names of what a component imports; empty where it cannot be read.
#[must_use]
pub fn import_names(wasm: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                let imports = section.into_iter().map_while(Result::ok);
                names.extend(imports.map(|import| import.name.name.to_owned()));
            }
            _ => {}
        }
    }
    names
}

fn check_import(name: &str, imports: &mut Imports) -> Result<(), ContractError> {
    if name.starts_with("wasi:") && name.contains("@0.2.") {
        imports.wasi = true;
        return Ok(());
    }
    match contract_interface(name)? {
        Some(interface) if is_offered(interface) => Ok(()),
        Some(_) => Err(ContractError::UnknownImport(name.to_owned())),
        None => {
            imports.foreign.push(name.to_owned());
            Ok(())
        }
    }
}

fn is_offered(interface: &str) -> bool {
    COMMON.contains(&interface) || Capability::named(interface).is_some()
}

/// The interface's name, if it is one of the contract's, of a version that this host speaks.
fn contract_interface(name: &str) -> Result<Option<&str>, ContractError> {
    let Some((interface, version)) = name
        .strip_prefix(CONTRACT_PACKAGE)
        .and_then(|name| name.split_once('@'))
    else {
        return Ok(None);
    };
    let Some(found) = parse_version(version) else {
        return Ok(None);
    };
    if found > CONTRACT_VERSION {
        return Err(ContractError::NewerContract { found });
    }
    if (found.major, found.minor) < (CONTRACT_VERSION.major, CONTRACT_VERSION.minor) {
        return Err(ContractError::OlderContract { found });
    }
    Ok(Some(interface))
}

fn parse_version(text: &str) -> Option<Version> {
    let mut parts = text.splitn(3, '.').map(|part| part.parse().ok());
    Some(Version {
        major: parts.next()??,
        minor: parts.next()??,
        patch: parts.next()??,
    })
}

fn damaged(error: wasmparser::BinaryReaderError) -> ContractError {
    ContractError::Damaged(error.to_string())
}
