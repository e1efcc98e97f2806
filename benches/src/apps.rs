//! The apps that are measured, built from their sources.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use lapak_build::Built;

/// Builds an app of this repository, once in a process: asking cargo again takes seconds.
pub(crate) fn built(app: &'static str) -> anyhow::Result<Arc<Built>> {
    static BUILT: Mutex<BTreeMap<&str, Arc<Built>>> = Mutex::new(BTreeMap::new());
    let mut all = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(built) = all.get(app) {
        return Ok(built.clone());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let built = Arc::new(lapak_build::build(&root.join(app), &mut |_| {})?);
    all.insert(app, built.clone());
    Ok(built)
}

/// 25 lines.
pub(crate) const COUNTER: &str = "examples/counter";
/// Orders lunch.
pub(crate) const WARUNG: &str = "examples/warung";
/// A thousand rows.
pub(crate) const ROWS: &str = "benches/guests/rows";
/// Does whatever it is told to.
pub(crate) const HOSTILE: &str = "host/tests/guests/hostile";
/// A bad neighbour.
pub(crate) const WILD: &str = "benches/guests/wild";
