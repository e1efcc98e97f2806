//! How much of the audit waits and how much is kept.

use std::time::Duration;

/// The longest text of an entry, in bytes.
pub const TEXT_BYTES: usize = 512;
/// Entries that wait to be written: of one person in one app, and of all. Past it the next ones are counted, and one entry says how
/// many there were; past the bound of all, those of the app that has most waiting.
pub const WAITING_OF_ONE: usize = 256;
/// See [`WAITING_OF_ONE`].
pub const WAITING_OF_ALL: usize = 16_384;
/// What waits of one person in one app, of what the person did and of what became of money: this is not counted away before.
pub const WEIGHTY_OF_ONE: usize = 4_096;
/// Entries that are kept of one person, app and capability: uses, and refusals. Then the oldest go; so a flood of refusals drives
/// out refusals of the same app and capability alone.
pub const KEPT_USES: u32 = 2_000;
/// See [`KEPT_USES`].
pub const KEPT_REFUSALS: u32 = 500;
/// How long an entry is kept.
pub const KEPT_FOR: Duration = Duration::from_secs(400 * 24 * 60 * 60);
