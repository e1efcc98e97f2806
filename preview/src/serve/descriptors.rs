//! How many files the process may open: each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are not connections: databases, packages, listeners.
const OTHERS: u64 = 256;

/// Lets the process open as many files as the system allows it to, and tells how many that is. Shells often start programs with
/// 1,024, a quarter of what they may have.
pub fn raise_descriptor_limit() -> u64 {
    let now = getrlimit(Resource::Nofile);
    let (soft, hard) = (now.current, now.maximum);
    // As many as there may be connections, and not without end: some systems walk through all of them.
    let wanted = hard.unwrap_or(1 << 20).min(1 << 20);
    if soft.is_some_and(|soft| soft < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            maximum: hard,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "this process may not open more files");
        }
    }
    getrlimit(Resource::Nofile).current.unwrap_or(wanted)
}

/// Connections that there are files for.
pub(super) fn room() -> usize {
    let all = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let room = all.saturating_sub(OTHERS).max(all / 2);
    usize::try_from(room).unwrap_or(usize::MAX)
}
