//! The apps that are measured, built from their sources.

use std::path::Path;
use std::sync::Mutex;

use lapak_build::Built;

/// Builds an app of this repository; cargo does nothing where nothing changed.
pub(crate) fn built(app: &str) -> anyhow::Result<Built> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Ok(lapak_build::build(&root.join(app), &mut |_| {})?)
}

/// 25 lines.
pub(crate) const COUNTER: &str = "examples/counter";
/// Orders lunch.
pub(crate) const WARUNG: &str = "examples/warung";
/// A thousand rows.
pub(crate) const ROWS: &str = "benches/guests/rows";
/// A bad neighbour.
pub(crate) const WILD: &str = "benches/guests/wild";
