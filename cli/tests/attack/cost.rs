//! What a process holds: memory now and at its peak, and a folder on disk.

use std::path::Path;

/// In MiB.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) memory_mib: u64,
    /// The most that it ever was.
    pub(super) peak_mib: u64,
    pub(super) disk_mib: u64,
}

impl Cost {
    /// Of a process and its folder.
    pub(super) fn of(process: u32, folder: &Path) -> Self {
        let mib = |name: &str| mib(process, name).expect("the server runs");
        Self {
            memory_mib: mib("VmRSS:"),
            peak_mib: mib("VmHWM:"),
            disk_mib: bytes_below(folder) / (1024 * 1024),
        }
    }
}

impl Cost {
    /// The most memory that a process ever had, in MiB, while it runs.
    pub(super) fn of_memory(process: u32) -> Option<u64> {
        mib(process, "VmHWM:")
    }
}

/// A line of what the system tells of a process.
fn mib(process: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib = line.trim_matches(|one: char| !one.is_ascii_digit());
    Some(kib.parse::<u64>().ok()? / 1024)
}

fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let bytes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(data) if data.is_dir() => bytes_below(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    });
    bytes.sum()
}
