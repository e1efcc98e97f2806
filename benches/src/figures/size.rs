//! How large packages are.

use tokio::runtime::Runtime as Tokio;

use crate::apps::{self, COUNTER, WARUNG};
use crate::{Effort, Figure};

/// The counter's package.
pub(super) fn counter(_: &Tokio, _: Effort) -> anyhow::Result<Vec<Figure>> {
    size("package-size-counter", COUNTER)
}

/// Warung's package, its pictures included.
pub(super) fn warung(_: &Tokio, _: Effort) -> anyhow::Result<Vec<Figure>> {
    size("package-size-warung", WARUNG)
}

#[expect(clippy::cast_precision_loss, reason = "packages have at most 20 MiB")]
fn size(id: &str, app: &'static str) -> anyhow::Result<Vec<Figure>> {
    let built = apps::built(app)?;
    let unpacked: usize = built.package.files().map(|(_, bytes)| bytes.len()).sum();
    let reference = ("the same files unpacked", &[unpacked as f64][..]);
    Ok(vec![Figure::of(
        id,
        "bytes",
        &[built.bytes.len() as f64],
        reference,
    )])
}
