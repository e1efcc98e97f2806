//! Makes the bindings, into this build's own folder. `src/main.rs` says where they belong.

use std::path::Path;

use anyhow::{Context as _, Result};
use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator as _};
use wit_bindgen_rust::Opts;

fn main() -> Result<()> {
    // Apps export their world with the SDK's `app!`, and tests compare views.
    let for_the_sdk = Opts {
        pub_export_macro: true,
        export_macro_name: Some("export_app".into()),
        default_bindings_module: Some("lapak_sdk::bindings::wit".into()),
        additional_derive_attributes: vec!["PartialEq".into()],
        ..Opts::default()
    };
    make("abi/wit", "mini-app", for_the_sdk)?;
    make("examples/embedder/wit", "lamp-user", Opts::default())
}

/// Makes the bindings of a world, `<world>.rs`.
fn make(wit: &str, world: &str, options: Opts) -> Result<()> {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(wit);
    println!("cargo::rerun-if-changed={}", wit.display());
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(&wit)?;
    let id = resolve.select_world(&[package], Some(world))?;
    let options = Opts {
        format: true,
        ..options
    };
    let mut files = Files::default();
    options.build().generate(&mut resolve, id, &mut files)?;
    let (_, text) = files.iter().next().context("nothing was made")?;
    let folder = std::env::var_os("OUT_DIR").context("cargo names no OUT_DIR")?;
    std::fs::write(Path::new(&folder).join(format!("{world}.rs")), text)?;
    Ok(())
}
