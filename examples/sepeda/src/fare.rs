//! What a ride costs: something for the unlocking, and so much for each minute that was begun.

use crate::money::Rupiah;

pub(crate) const UNLOCK: Rupiah = Rupiah(3_000);
pub(crate) const MINUTE: Rupiah = Rupiah(500);
/// More are not charged, whatever the clock says.
const MOST_MINUTES: u32 = 600;

/// The minutes that were begun. The clock counts, not the ticks that an app happens to see: at least one, and never backwards.
pub(crate) fn minutes(started_ms: u64, now_ms: u64) -> u32 {
    let minutes = now_ms.saturating_sub(started_ms).div_ceil(60_000);
    u32::try_from(minutes)
        .unwrap_or(u32::MAX)
        .clamp(1, MOST_MINUTES)
}

pub(crate) fn fare(minutes: u32) -> Rupiah {
    let ridden = MINUTE.times(minutes.min(MOST_MINUTES));
    ridden
        .and_then(|ridden| UNLOCK.plus(ridden))
        .unwrap_or(UNLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_counts_once_it_was_begun() {
        let at = |ms: u64| minutes(1_000, 1_000 + ms);
        assert_eq!(
            [at(0), at(1), at(60_000), at(60_001), at(600_000)],
            [1, 1, 1, 2, 10]
        );
        assert_eq!(minutes(1_000, 0), 1, "a clock that was set back");
        assert_eq!(minutes(0, u64::MAX), MOST_MINUTES);
    }

    #[test]
    fn the_fare_adds_up() {
        assert_eq!([1, 2, 12].map(fare), [3_500, 4_000, 9_000].map(Rupiah));
        assert_eq!(fare(u32::MAX), Rupiah(303_000));
    }
}
