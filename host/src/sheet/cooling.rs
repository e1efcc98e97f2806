//! Who cancelled a sheet is not asked again at once: an app may not bring it back until the person gives in.
//!
//! What the person does in the app (a tap, text, the back button) lets it ask again. Without that it has to wait, longer each time,
//! and after a few times until the person does something; and who cancels again and again although they do something is left alone
//! for a while too.

use std::collections::HashMap;

use crate::capability::storage::Owner;

/// Cancelled so often in a row, without the person having done anything since, an app asks no more.
const MOST_UNASKED: u32 = 3;
/// Cancelled so often in a row, an app waits even if the person has done something.
const MOST_AT_ONCE: u32 = 5;
/// The first wait, in milliseconds; each is four times the one before.
const FIRST_MS: i64 = 10_000;
/// The longest.
const MOST_MS: i64 = 15 * 60_000;
/// After so long nothing is held against an app.
const FORGOTTEN_MS: i64 = 60 * 60_000;

/// What was cancelled lately, by app and person.
#[derive(Default)]
pub(super) struct Cooling {
    cancelled: HashMap<Owner, Cancelled>,
}

#[derive(Clone, Copy)]
struct Cancelled {
    times: u32,
    at_ms: i64,
    until_ms: i64,
}

impl Cooling {
    /// The person has cancelled a sheet.
    pub(super) fn cancel(&mut self, owner: &Owner, now_ms: i64) {
        let before = self.cancelled.get(owner);
        let times = before.map_or(0, |before| before.times).saturating_add(1);
        let wait = FIRST_MS.saturating_mul(1 << (2 * (times - 1)).min(40));
        let cancelled = Cancelled {
            times,
            at_ms: now_ms,
            until_ms: now_ms.saturating_add(wait.min(MOST_MS)),
        };
        self.cancelled.insert(owner.clone(), cancelled);
    }

    /// The person has agreed to something of this app's.
    pub(super) fn agree(&mut self, owner: &Owner) {
        self.cancelled.remove(owner);
    }

    /// Whether an app may ask now; `acted`: the person has done something in it since they cancelled.
    pub(super) fn may_ask(&self, owner: &Owner, acted: bool, now_ms: i64) -> bool {
        let Some(cancelled) = self.cancelled.get(owner) else {
            return true;
        };
        let waited = now_ms >= cancelled.until_ms;
        match acted {
            true => waited || cancelled.times < MOST_AT_ONCE,
            false => waited && cancelled.times < MOST_UNASKED,
        }
    }

    /// Forgets what is long ago.
    pub(super) fn forget(&mut self, now_ms: i64) {
        self.cancelled
            .retain(|_, one| now_ms.saturating_sub(one.at_ms) < FORGOTTEN_MS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner {
            app_id: "app".into(),
            person: "ani".into(),
        }
    }

    #[test]
    fn an_app_waits_longer_each_time_and_then_until_the_person_does_something() {
        let (mut cooling, ani) = (Cooling::default(), owner());
        let mut now = 0;
        assert!(cooling.may_ask(&ani, false, now));
        for wait in [10_000, 40_000] {
            cooling.cancel(&ani, now);
            assert!(cooling.may_ask(&ani, true, now), "a tap brings it back");
            assert!(!cooling.may_ask(&ani, false, now + wait - 1));
            now += wait;
            assert!(cooling.may_ask(&ani, false, now));
        }
        cooling.cancel(&ani, now);
        assert!(!cooling.may_ask(&ani, false, now + FORGOTTEN_MS - 1));
        assert!(cooling.may_ask(&ani, true, now));
        // Other apps and people are another matter.
        let other = Owner {
            app_id: "other".into(),
            ..owner()
        };
        assert!(cooling.may_ask(&other, false, now));
        cooling.agree(&ani);
        assert!(cooling.may_ask(&ani, false, now));
    }

    #[test]
    fn who_cancels_again_and_again_is_left_alone_whatever_they_tap() {
        let (mut cooling, ani) = (Cooling::default(), owner());
        for _ in 0..MOST_AT_ONCE {
            assert!(cooling.may_ask(&ani, true, 0));
            cooling.cancel(&ani, 0);
        }
        assert!(!cooling.may_ask(&ani, true, 0));
        assert!(cooling.may_ask(&ani, true, MOST_MS));
        cooling.forget(FORGOTTEN_MS);
        assert!(cooling.cancelled.is_empty());
    }
}
