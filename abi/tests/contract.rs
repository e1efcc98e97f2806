//! The contract as other people's tools see it: the newest parser reads it, and no two of its names become one in a language.

use std::collections::BTreeMap;
use std::path::Path;

use wit_parser::{Resolve, TypeDefKind};

fn resolved() -> Resolve {
    let mut resolve = Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("wit");
    resolve
        .push_dir(wit)
        .expect("the newest wit-parser reads the contract");
    resolve
}

/// What is left of a name in every language: `log-in` is `log_in`, `logIn`, `LogIn` and `LOG_IN`, and some compare without case
/// and without what joins the words.
fn folded(name: &str) -> String {
    let name = name.rsplit(['.', ']']).next().unwrap_or(name);
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase()
}

/// Names of one scope that clash.
fn clashes<'a>(at: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let mut clashes = Vec::new();
    for name in names {
        if let Some(first) = seen.insert(folded(name), name) {
            clashes.push(format!("{at}: {first} and {name}"));
        }
    }
    clashes
}

#[test]
fn no_two_names_of_a_scope_are_one_in_any_language() {
    let resolve = resolved();
    let mut found = Vec::new();
    assert!(
        resolve.interfaces.len() > 25,
        "{}",
        resolve.interfaces.len()
    );
    for (_, interface) in resolve.interfaces.iter() {
        let at = interface.name.clone().unwrap_or_default();
        let types = interface.types.keys().map(String::as_str);
        let functions = interface.functions.keys().map(String::as_str);
        found.extend(clashes(&at, types.chain(functions)));
        for (name, function) in &interface.functions {
            let params = function.params.iter().map(|param| param.name.as_str());
            found.extend(clashes(&format!("{at}.{name}"), params));
        }
    }
    for (_, one) in resolve.types.iter() {
        let at = one.name.clone().unwrap_or_default();
        let names: Vec<&str> = match &one.kind {
            TypeDefKind::Record(one) => one.fields.iter().map(|one| one.name.as_str()).collect(),
            TypeDefKind::Variant(one) => one.cases.iter().map(|one| one.name.as_str()).collect(),
            TypeDefKind::Enum(one) => one.cases.iter().map(|one| one.name.as_str()).collect(),
            TypeDefKind::Flags(one) => one.flags.iter().map(|one| one.name.as_str()).collect(),
            _ => Vec::new(),
        };
        found.extend(clashes(&at, names.into_iter()));
    }
    let interfaces = resolve
        .interfaces
        .iter()
        .filter_map(|(_, one)| one.name.as_deref());
    found.extend(clashes("the package", interfaces));
    assert_eq!(found, [""; 0]);
}

#[test]
fn names_that_are_one_are_seen() {
    assert_eq!(
        clashes("identity", ["login", "log-in"].into_iter()),
        ["identity: login and log-in"]
    );
    assert_eq!(clashes("x", ["a-b", "a-c"].into_iter()), [""; 0]);
}
