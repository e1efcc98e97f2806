//! Virtual time: CPU time divided by weight.

use std::cmp::Ordering;

use crate::policy::REFERENCE_WEIGHT;

/// The most that one charge moves virtual time. Far above what a turn can cost; it keeps differences within
/// the half circle that [`VTime`]'s order rests on.
const MAX_STEP: i64 = 1 << 58;

/// A moment in one queue's virtual time, in nanoseconds of an entity of the reference weight.
///
/// It wraps around. Moments are compared by which of them comes first on the shorter way round; all moments that a
/// queue holds lie within a small part of the circle, so this is an order among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct VTime(u64);

impl VTime {
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) fn to_bits(self) -> u64 {
        self.0
    }

    /// How far `self` lies behind `earlier`; negative if it comes before it.
    pub(crate) fn since(self, earlier: Self) -> i64 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }

    pub(crate) fn after(self, distance: i64) -> Self {
        Self(self.0.wrapping_add_signed(distance))
    }

    pub(crate) fn before(self, distance: i64) -> Self {
        self.after(distance.wrapping_neg())
    }
}

impl Ord for VTime {
    fn cmp(&self, other: &Self) -> Ordering {
        self.since(*other).cmp(&0)
    }
}

impl PartialOrd for VTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How far `cpu_ns` of CPU time move the virtual time of something that weighs `weight`.
pub(crate) fn stretch(cpu_ns: u64, weight: u64) -> i64 {
    let stretched = u128::from(cpu_ns) * u128::from(REFERENCE_WEIGHT) / u128::from(weight.max(1));
    i64::try_from(stretched).map_or(MAX_STEP, |step| step.min(MAX_STEP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_holds_across_the_point_where_the_clock_wraps() {
        let late = VTime::from_bits(u64::MAX - 5);
        let later = late.after(10);
        assert!(later.to_bits() < late.to_bits(), "it wrapped");
        assert!(late < later);
        assert_eq!(later.since(late), 10);
        assert_eq!(later.before(10), late);
    }

    #[test]
    fn half_the_weight_is_charged_twice() {
        assert_eq!(stretch(1_000, REFERENCE_WEIGHT), 1_000);
        assert_eq!(stretch(1_000, REFERENCE_WEIGHT / 2), 2_000);
        assert_eq!(stretch(u64::MAX, 1), MAX_STEP);
    }
}
