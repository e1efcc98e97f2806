//! What this process takes of the machine.

/// Memory that is resident, in bytes (Linux: the second number of /proc/self/statm, in pages).
pub(crate) fn resident_bytes() -> anyhow::Result<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages = statm.split_whitespace().nth(1);
    let pages: f64 = pages.unwrap_or_default().parse()?;
    Ok(pages * 4096.0)
}

/// Gives memory that was freed back to the system, so that the next reading is of what is in use.
pub(crate) fn settle() {
    std::thread::sleep(std::time::Duration::from_millis(300));
}

/// The next of a row of numbers that look random and are the same in every run (xorshift64).
pub(crate) fn next_random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

/// One of `count`.
pub(crate) fn pick(seed: &mut u64, count: usize) -> usize {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    usize::try_from(next_random(seed) % count.max(1)).unwrap_or_default()
}

/// Memory maps of this process, of which the kernel gives so many (`vm.max_map_count`).
pub(crate) fn maps() -> anyhow::Result<usize> {
    Ok(std::fs::read_to_string("/proc/self/maps")?.lines().count())
}
