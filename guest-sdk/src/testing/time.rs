//! Time, which stands still unless a test lets it pass.

use std::time::Duration;

use super::TestApp;
use crate::app::App;
use crate::simulated;

impl<A: App> TestApp<A> {
    /// Lets time pass. What waits for a timer meanwhile goes on in order, each at its moment.
    pub fn pass(&mut self, time: Duration) {
        let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let until = simulated::with(|host| host.passed_ms.saturating_add(time));
        loop {
            let due = simulated::with(|host| {
                let next = host.due.first().copied();
                let next = next.filter(|(due, _)| *due <= until);
                let (due, request) = next?;
                host.due.remove(&(due, request));
                host.passed_ms = due;
                host.waiting.push_back(request);
                Some(())
            });
            if due.is_none() {
                break;
            }
            self.settle();
        }
        simulated::with(|host| host.passed_ms = until);
    }

    /// How many timers wait to run out.
    #[must_use]
    pub fn timers(&self) -> usize {
        simulated::with(|host| host.due.len())
    }
}
