//! The one decider: may this session use this capability now?
//!
//! Every host function of every capability asks [`Grants::check`] in its first line. A refusal is a value
//! that the app receives, and it does not tell whether the thing exists.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A capability: one WIT interface that a host may lend to an app.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Capability {
    /// `lapak:app/console`
    Console,
    /// `lapak:app/clock`
    Clock,
    /// `lapak:app/random`
    Random,
    /// `lapak:app/storage`
    Storage,
    /// `lapak:app/timer`
    Timer,
}

impl Capability {
    /// Every capability that this host knows.
    pub const ALL: [Self; 5] = [
        Self::Console,
        Self::Clock,
        Self::Random,
        Self::Storage,
        Self::Timer,
    ];

    /// The name of its WIT interface.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Clock => "clock",
            Self::Random => "random",
            Self::Storage => "storage",
            Self::Timer => "timer",
        }
    }

    fn bit(self) -> u64 {
        1 << (self as u8)
    }
}

/// The refusal. Each capability turns it into its own `access-denied`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize,
)]
#[error("access denied")]
pub struct AccessDenied;

/// What one session may use at this moment. Shared between the session, which asks, and the platform, which
/// gives and takes.
///
/// # Security
/// The set and its generation are one atomic word: a call that begins after
/// [`withdraw`](Self::withdraw) returned sees the withdrawal.
pub struct Grants {
    /// Low 48 bits: the granted capabilities; high 16 bits: the generation, which grows with each change.
    word: AtomicU64,
    /// Called after each change.
    told: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

const GENERATION_SHIFT: u32 = 48;
const SET: u64 = (1 << GENERATION_SHIFT) - 1;

impl Grants {
    /// Nothing at all.
    #[must_use]
    pub fn none() -> Self {
        Self::of([])
    }

    /// Just these.
    #[must_use]
    pub fn of(capabilities: impl IntoIterator<Item = Capability>) -> Self {
        let set = capabilities
            .into_iter()
            .fold(0, |set, capability| set | capability.bit());
        Self {
            word: AtomicU64::new(set),
            told: OnceLock::new(),
        }
    }

    /// Decides. The first line of every host function.
    ///
    /// # Errors
    /// [`AccessDenied`] when the capability is not granted at this moment.
    pub fn check(&self, capability: Capability) -> Result<(), AccessDenied> {
        if self.word.load(Ordering::Acquire) & capability.bit() == 0 {
            return Err(AccessDenied);
        }
        Ok(())
    }

    /// What is granted at this moment.
    #[must_use]
    pub fn granted(&self) -> Vec<Capability> {
        let set = self.word.load(Ordering::Acquire);
        let granted = |capability: &Capability| set & capability.bit() != 0;
        Capability::ALL.into_iter().filter(granted).collect()
    }

    /// Grants a capability from now on.
    pub fn grant(&self, capability: Capability) {
        self.change(|set| set | capability.bit());
    }

    /// Takes a capability back: the next call is refused.
    pub fn withdraw(&self, capability: Capability) {
        self.change(|set| set & !capability.bit());
    }

    /// Grows (and wraps) with every change, so that whoever keeps a decision can see that it is out of date.
    #[must_use]
    pub fn generation(&self) -> u16 {
        u16::try_from(self.word.load(Ordering::Acquire) >> GENERATION_SHIFT).unwrap_or_default()
    }

    /// Has `told` called after every change from now on: whoever keeps a copy must renew it, or a grant that was taken back
    /// would come back with the copy. For the first caller only.
    pub(crate) fn on_change(&self, told: impl Fn() + Send + Sync + 'static) {
        let _ = self.told.set(Box::new(told));
    }

    fn change(&self, change: impl Fn(u64) -> u64) {
        let changed = |word: u64| {
            let generation = (word >> GENERATION_SHIFT).wrapping_add(1) & 0xffff;
            Some((generation << GENERATION_SHIFT) | change(word & SET))
        };
        // `fetch_update` fails only if the closure answers `None`, which it never does.
        let _ = self
            .word
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, changed);
        if let Some(told) = self.told.get() {
            told();
        }
    }
}

impl std::fmt::Debug for Grants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grants")
            .field("granted", &self.granted())
            .field("generation", &self.generation())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn withdrawn_is_refused_and_granted_again_is_allowed() {
        let grants = Grants::of(Capability::ALL);
        for capability in Capability::ALL {
            assert_eq!(grants.check(capability), Ok(()));
            grants.withdraw(capability);
            assert_eq!(grants.check(capability), Err(AccessDenied));
            grants.grant(capability);
            assert_eq!(grants.check(capability), Ok(()));
        }
        assert_eq!(grants.generation(), 10);
    }

    #[test]
    fn a_change_touches_no_other_capability_even_when_the_generation_wraps() {
        let grants = Grants::of([Capability::Clock]);
        for _ in 0..70_000 {
            grants.grant(Capability::Random);
            grants.withdraw(Capability::Random);
        }
        assert_eq!(grants.check(Capability::Clock), Ok(()));
        assert_eq!(grants.check(Capability::Console), Err(AccessDenied));
    }
}
