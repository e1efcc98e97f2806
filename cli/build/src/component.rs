//! From the core module to the component.

use std::collections::BTreeSet;

use lapak_abi::manifest::Manifest;
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use crate::BuildError;

/// Where the SDK's `pages!` leaves the routes, one on a line.
const PAGES_SECTION: &str = "lapak:pages";

/// Makes the component. What it imports and exports, `wit-bindgen` has left in the module.
pub(crate) fn encode(module: &[u8]) -> Result<Vec<u8>, BuildError> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| BuildError::Component(format!("{error:#}")))
}

/// Holds the pages of the sources against those of the manifest. An app of a single page names none.
pub(crate) fn check_pages(module: &[u8], manifest: &Manifest) -> Result<(), BuildError> {
    let Some(section) = pages_section(module) else {
        return Ok(());
    };
    let sources: BTreeSet<&str> = section.lines().collect();
    let manifest: BTreeSet<&str> = manifest.pages.iter().map(|page| page.as_str()).collect();
    if sources == manifest {
        return Ok(());
    }
    let only = |this: &BTreeSet<&str>, that: &BTreeSet<&str>| {
        this.difference(that)
            .map(|route| (*route).to_owned())
            .collect()
    };
    Err(BuildError::Pages {
        only_manifest: only(&manifest, &sources),
        only_sources: only(&sources, &manifest),
    })
}

fn pages_section(module: &[u8]) -> Option<String> {
    Parser::new(0)
        .parse_all(module)
        .find_map(|payload| match payload {
            Ok(Payload::CustomSection(section)) if section.name() == PAGES_SECTION => {
                Some(String::from_utf8_lossy(section.data()).into_owned())
            }
            _ => None,
        })
}
