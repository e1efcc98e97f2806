//! Every queue, cache, pool, channel and table that a struct of the host's keeps stands in `BOUNDS.md`, with its bound.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where those structs are.
const SOURCES: [&str; 4] = [
    "host/src",
    "host/ledger/src",
    "host/scheduler/src",
    "preview/src",
];
/// What grows, or may keep somebody waiting.
const GROWS: [&str; 11] = [
    "VecDeque",
    "HashMap",
    "HashSet",
    "BTreeMap",
    "BTreeSet",
    "Semaphore",
    "Sender",
    "Receiver",
    "Crew",
    "Queue",
    "Slab",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// `path Struct.field` of every field that grows.
fn fields() -> BTreeSet<String> {
    let mut files = Vec::new();
    for folder in SOURCES {
        collect(&root().join(folder), &mut files);
    }
    let fields = files.iter().flat_map(|file| {
        let text = std::fs::read_to_string(file).expect("a source");
        let path = file.strip_prefix(root()).expect("below the root");
        let path = path.display().to_string();
        fields_of(&text)
            .into_iter()
            .map(move |field| format!("{path} {field}"))
    });
    fields.collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
}

/// `Struct.field` of a source's fields that grow. The sources are formatted: a field is a line, a struct ends with `}` at its start.
fn fields_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut of = None;
    for line in text.lines() {
        if let Some((before, after)) = line.split_once("struct ")
            && (before.trim().is_empty() || before.trim().starts_with("pub"))
        {
            let name = after.split(|one: char| !one.is_alphanumeric()).next();
            of = name.filter(|_| !line.ends_with(';')).map(str::to_owned);
        }
        let Some(name) = &of else {
            continue;
        };
        if line.starts_with('}') {
            of = None;
        } else if let Some((field, kind)) = line.trim().split_once(": ")
            && !field.starts_with("//")
            && GROWS.iter().any(|grows| kind.contains(grows))
        {
            let field = field.rsplit(' ').next().unwrap_or(field);
            found.push(format!("{name}.{field}"));
        }
    }
    found
}

/// `path Struct.field` of every line of the table; each says a bound.
fn listed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("BOUNDS.md")).expect("the table");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let listed = rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert!(
            cells.get(3).is_some_and(|bound| !bound.is_empty()),
            "no bound: {row}"
        );
        format!(
            "{} {}",
            cells[1].trim_matches('`'),
            cells[2].trim_matches('`')
        )
    });
    listed.collect()
}

#[test]
fn whatever_grows_stands_in_the_table_of_bounds() {
    let (fields, listed) = (fields(), listed());
    let missing: Vec<_> = fields.difference(&listed).collect();
    assert!(
        missing.is_empty(),
        "say in BOUNDS.md what bounds these, and what happens there: {missing:#?}"
    );
    let gone: Vec<_> = listed.difference(&fields).collect();
    assert!(
        gone.is_empty(),
        "BOUNDS.md lists what is not there any more: {gone:#?}"
    );
}

#[test]
fn a_field_that_grows_is_found() {
    let text = "pub(crate) struct Desk {\n    /// Sheets: VecDeque of them.\n    pub(super) open: Mutex<HashMap<Id, Open>>,\n    next: AtomicU64,\n}\nstruct Id(u64);\n";
    assert_eq!(fields_of(text), ["Desk.open"]);
}
