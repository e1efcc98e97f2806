//! One capability, one room: each has its six places.

use std::path::Path;

use lapak_host::Capability;
use lapak_host::room::{Asks, Lent};

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

const TABLE_BEGINS: &str = "<!-- capabilities: begin -->\n";
const TABLE_ENDS: &str = "<!-- capabilities: end -->\n";

/// The table of what is lent to whom, as the terms of the rooms have it.
fn table() -> String {
    let mut table = "| capability | lets an app | manifest (`req_permissions`) | the person is asked | a profile may bound |\n|---|---|---|---|---|\n".to_owned();
    for capability in Capability::ALL {
        let terms = capability.terms();
        let permission = match terms.lent {
            Lent::ToEveryApp => "*none needed*".to_owned(),
            Lent::ToWhoAsks(permission) => format!("`{permission}`"),
        };
        let asks = match terms.asks {
            Asks::Never => "no",
            Asks::FirstUse => "before the first use",
            Asks::EachTime => "each time",
        };
        let (name, allows) = (terms.name, terms.allows.en);
        table += &format!(
            "| `{name}` | {allows} | {permission} | {asks} | {} |\n",
            terms.bounds
        );
    }
    table
}

/// `LAPAK_WRITE=1 cargo test --workspace --test rooms` writes it anew.
#[test]
fn the_table_in_contributing_is_what_the_rooms_say() {
    let path = root().join("CONTRIBUTING.md");
    let text = std::fs::read_to_string(&path).expect("CONTRIBUTING.md");
    let (before, rest) = text.split_once(TABLE_BEGINS).expect("the table begins");
    let (held, after) = rest.split_once(TABLE_ENDS).expect("the table ends");
    if std::env::var_os("LAPAK_WRITE").is_some() {
        let whole = [before, TABLE_BEGINS, &table(), TABLE_ENDS, after].concat();
        return std::fs::write(&path, whole).expect("written");
    }
    assert_eq!(
        held,
        table(),
        "write it anew: LAPAK_WRITE=1 cargo test --workspace --test rooms"
    );
}

#[test]
fn every_room_says_what_it_allows_in_every_language_of_the_shell() {
    let texts = root().join("preview/assets/sheet-texts.js");
    let texts = std::fs::read_to_string(texts).expect("the shell's texts");
    let (_, spoken) = texts
        .split_once("export const TEXTS = {")
        .expect("the languages");
    let (spoken, _) = spoken.split_once('}').expect("the languages");
    let spoken: Vec<_> = spoken
        .split(',')
        .filter_map(|one| Some(one.split_once(':')?.0.trim()))
        .collect();
    assert_eq!(spoken, lapak_host::room::Words::LANGUAGES);
    for capability in Capability::ALL {
        let allows = capability.terms().allows;
        let texts: Vec<_> = spoken
            .iter()
            .map(|lang| allows.for_language(lang))
            .collect();
        assert!(
            texts.iter().all(|text| !text.is_empty()),
            "{}",
            capability.name()
        );
        assert_ne!(
            texts[0],
            texts[1],
            "{} is not translated",
            capability.name()
        );
    }
}
