//! The numbers that decisions rest on, and weights.

use std::time::Duration;

use crate::vtime::stretch;
use crate::window::Budget;

/// The weight that changes nothing: 1,024.
pub const NORMAL_WEIGHT: u32 = 1024;

/// What a session in the foreground weighs, alone, of normal weight, of a normal tenant. Virtual time is CPU time
/// at this weight.
pub(crate) const REFERENCE_WEIGHT: u64 = 1 << 30;

/// Virtual time of a lighter session would run away: 1 / 2^20 of the reference.
const MIN_WEIGHT: u64 = 1 << 10;

/// The sum of a million of the heaviest still fits.
const MAX_WEIGHT: u64 = 1 << 42;

/// How much a person has to do with a session just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// Somebody uses it.
    Foreground = 0,
    /// Somebody sees it, beside what they use.
    Visible = 1,
    /// Nobody sees it.
    Background = 2,
}

impl Class {
    /// All classes, in the order of the arrays that are indexed by class.
    pub const ALL: [Self; 3] = [Self::Foreground, Self::Visible, Self::Background];

    pub(crate) fn index(self) -> usize {
        usize::from(self as u8)
    }

    pub(crate) fn from_index(index: u8) -> Self {
        match index {
            0 => Self::Foreground,
            1 => Self::Visible,
            _ => Self::Background,
        }
    }
}

/// The numbers that decisions rest on.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What a session may use before its deadline moves on.
    pub slice: Duration,
    /// Weights by class ([`Class::ALL`]), in 1,024ths. At most 65,535 each.
    pub class_weights: [u32; 3],
    /// CPU time that one event may use before its session is demoted. A demoted session weighs
    /// `demote_after / used` of its weight.
    pub demote_after: Duration,
    /// The part of its weight that a session keeps however much it has used: one `demote_to`-th.
    pub demote_to: u32,
    /// How much unspent CPU time, at the reference weight, a session may take out of its sleep. As much debt may
    /// be left when it wakes.
    pub bonus: Duration,
    /// After so much CPU time for events that have just begun, a session that has been at it for longer gets a
    /// slice, if one waits.
    pub guard_every: Duration,
    /// How much CPU time a session of each class may use in how long; `None` is no bound.
    pub budgets: [Option<Budget>; 3],
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            slice: Duration::from_millis(1),
            class_weights: [1024, 256, 32],
            demote_after: Duration::from_millis(4),
            demote_to: 64,
            bonus: Duration::from_millis(16),
            guard_every: Duration::from_millis(16),
            budgets: [
                None,
                None,
                Some(Budget {
                    cpu: Duration::from_secs(1),
                    per: Duration::from_secs(10),
                }),
            ],
        }
    }
}

/// [`Policy`] in the units that the queues reckon in.
#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    pub(crate) slice_ns: u64,
    pub(crate) class_weights: [u32; 3],
    pub(crate) demote_after_ns: u64,
    pub(crate) demote_to: u64,
    pub(crate) bonus: i64,
    pub(crate) guard_every_ns: u64,
    pub(crate) budgets: [Option<Budget>; 3],
}

impl From<&Policy> for Numbers {
    fn from(policy: &Policy) -> Self {
        Self {
            slice_ns: nanos(policy.slice).max(1),
            class_weights: policy
                .class_weights
                .map(|weight| weight.clamp(1, u32::from(u16::MAX))),
            demote_after_ns: nanos(policy.demote_after).max(1),
            demote_to: u64::from(policy.demote_to.max(1)),
            bonus: stretch(nanos(policy.bonus), REFERENCE_WEIGHT),
            guard_every_ns: nanos(policy.guard_every),
            budgets: policy.budgets,
        }
    }
}

impl Numbers {
    /// By how much the weight is divided of a session that has used `burst_ns` since it was last idle.
    pub(crate) fn demotion(&self, burst_ns: u64) -> u64 {
        (burst_ns / self.demote_after_ns).clamp(1, self.demote_to)
    }

    /// What an entity weighs against others in its queue.
    pub(crate) fn weight(&self, factors: &Factors) -> u64 {
        let product = u128::from(self.class_weights[factors.class.index()])
            * u128::from(factors.own)
            * u128::from(factors.tenant);
        let runnable = u128::try_from(factors.tenant_runnable.max(1)).unwrap_or(u128::MAX);
        let weight = product / runnable / u128::from(self.demotion(factors.burst_ns));
        u64::try_from(weight)
            .unwrap_or(MAX_WEIGHT)
            .clamp(MIN_WEIGHT, MAX_WEIGHT)
    }
}

/// What makes up an entity's weight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factors {
    pub(crate) class: Class,
    /// The session's own weight, in 1,024ths.
    pub(crate) own: u32,
    /// The tenant's weight, in 1,024ths.
    pub(crate) tenant: u32,
    /// How many of the tenant's sessions are runnable, this one among them.
    pub(crate) tenant_runnable: usize,
    /// CPU time since the session was last idle.
    pub(crate) burst_ns: u64,
}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors() -> Factors {
        Factors {
            class: Class::Foreground,
            own: NORMAL_WEIGHT,
            tenant: NORMAL_WEIGHT,
            tenant_runnable: 1,
            burst_ns: 0,
        }
    }

    #[test]
    fn classes_tenants_and_long_turns_divide_the_weight() {
        let numbers = Numbers::from(&Policy::default());
        let weigh = |factors: Factors| numbers.weight(&factors);
        assert_eq!(weigh(factors()), REFERENCE_WEIGHT);
        let background = Factors {
            class: Class::Background,
            ..factors()
        };
        assert_eq!(weigh(background), REFERENCE_WEIGHT / 32);
        let crowded = Factors {
            tenant_runnable: 1_000,
            ..factors()
        };
        assert_eq!(weigh(crowded), REFERENCE_WEIGHT / 1_000);
        let used = |ms: u64| Factors {
            burst_ns: ms * 1_000_000,
            ..factors()
        };
        assert_eq!(weigh(used(7)), REFERENCE_WEIGHT);
        assert_eq!(weigh(used(8)), REFERENCE_WEIGHT / 2);
        assert_eq!(weigh(used(100_000)), REFERENCE_WEIGHT / 64);
    }

    #[test]
    fn weights_stay_within_what_virtual_time_can_hold() {
        let numbers = Numbers::from(&Policy::default());
        let most = Factors {
            own: u32::MAX,
            tenant: u32::MAX,
            ..factors()
        };
        let least = Factors {
            class: Class::Background,
            own: 1,
            tenant: 1,
            tenant_runnable: usize::MAX,
            burst_ns: u64::MAX,
        };
        assert_eq!(numbers.weight(&most), MAX_WEIGHT);
        assert_eq!(numbers.weight(&least), MIN_WEIGHT);
    }
}
