//! How much CPU time a session may use within a window of time.

use std::time::Duration;

use crate::policy::nanos;

/// At most `cpu` of CPU time in each `per`. The window begins with the first turn after the last one ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// CPU time that may be used.
    pub cpu: Duration,
    /// How long until there is as much again.
    pub per: Duration,
}

/// One session's window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) began_ns: u64,
    pub(crate) used_ns: u64,
}

/// What the budget says of a session that wants to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may use so much, in nanoseconds.
    Run(u64),
    /// Not before this moment, in nanoseconds of the scheduler's clock.
    Wait(u64),
}

impl Window {
    /// Asks at `now_ns`; begins a new window if the last one is over.
    pub(crate) fn ask(&mut self, budget: Option<Budget>, now_ns: u64) -> Verdict {
        let Some(budget) = budget else {
            return Verdict::Run(u64::MAX);
        };
        let ends = self.began_ns.saturating_add(nanos(budget.per));
        if now_ns >= ends || self.used_ns == 0 {
            *self = Self {
                began_ns: now_ns,
                used_ns: 0,
            };
        }
        match nanos(budget.cpu).max(1).checked_sub(self.used_ns) {
            None | Some(0) => Verdict::Wait(ends),
            Some(left) => Verdict::Run(left),
        }
    }

    pub(crate) fn charge(&mut self, cpu_ns: u64) {
        self.used_ns = self.used_ns.saturating_add(cpu_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Option<Budget> = Some(Budget {
        cpu: Duration::from_nanos(100),
        per: Duration::from_nanos(1_000),
    });

    #[test]
    fn a_spent_budget_comes_back_when_the_window_ends() {
        let mut window = Window::default();
        assert_eq!(window.ask(BUDGET, 5_000), Verdict::Run(100));
        window.charge(60);
        assert_eq!(window.ask(BUDGET, 5_500), Verdict::Run(40));
        window.charge(60);
        assert_eq!(window.ask(BUDGET, 5_999), Verdict::Wait(6_000));
        assert_eq!(window.ask(BUDGET, 6_000), Verdict::Run(100));
    }

    #[test]
    fn without_a_budget_nothing_waits() {
        let mut window = Window {
            began_ns: 0,
            used_ns: u64::MAX,
        };
        assert_eq!(window.ask(None, 1), Verdict::Run(u64::MAX));
    }
}
