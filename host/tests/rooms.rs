//! One capability, one room: each has its six places.

use std::path::Path;

use lapak_host::Capability;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn every_capability_has_its_six_places() {
    for capability in Capability::ALL {
        let name = capability.name();
        let module = module(name);
        for place in [
            format!("abi/wit/{name}.wit"),
            format!("host/src/capability/{module}.rs"),
            format!("host/src/capability/{module}/simulated.rs"),
            format!("guest-sdk/src/{module}.rs"),
            format!("host/tests/{module}.rs"),
        ] {
            assert!(root().join(&place).is_file(), "{name} has no {place}");
        }
        assert!(is_used(&module), "no example or test guest uses {name}");
    }
}

#[test]
fn every_room_is_a_capability() {
    let rooms = std::fs::read_dir(root().join("host/src/capability")).expect("the rooms");
    for room in rooms {
        let path = room.expect("a room").path();
        let stem = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let known = Capability::ALL
            .iter()
            .any(|capability| module(capability.name()) == stem);
        assert!(known, "{} belongs to no capability", path.display());
    }
}

/// What Rust calls it: its names have no hyphens.
fn module(name: &str) -> String {
    name.replace('-', "_")
}

fn is_used(name: &str) -> bool {
    ["examples", "host/tests/guests"]
        .iter()
        .any(|folder| mentions(&root().join(folder), name))
}

fn mentions(folder: &Path, name: &str) -> bool {
    let entries = std::fs::read_dir(folder)
        .expect("a folder")
        .filter_map(Result::ok);
    entries.map(|entry| entry.path()).any(|path| {
        if path.is_dir() {
            return path.file_name().is_some_and(|part| part != "target") && mentions(&path, name);
        }
        let source = path.extension().is_some_and(|extension| extension == "rs");
        source
            && std::fs::read_to_string(&path).is_ok_and(|text| text.contains(&format!("{name}::")))
    })
}
