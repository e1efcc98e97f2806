//! Somebody who only taps, and how long they waited.

use std::fmt;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_tungstenite::tungstenite::WebSocket;

use super::Until;
use super::support::running::{Running, tap};

/// A person with the counter open.
pub(super) struct Neighbour {
    page: (WebSocket<TcpStream>, Value),
}

/// How long each tap took.
pub(super) struct Waits(Vec<Duration>);

impl Neighbour {
    /// Opens the counter.
    pub(super) fn arrive(preview: &Running) -> Self {
        let session = preview.launch_named("counter");
        Self {
            page: preview.connect(&session),
        }
    }

    /// Taps, once at least: each must show the next number.
    pub(super) fn taps(mut self, until: &Until) -> Waits {
        let mut waits = Vec::new();
        loop {
            let number = waits.len() as u64 + 1;
            let began = Instant::now();
            let shown = tap(&mut self.page, number, "Add one");
            waits.push(began.elapsed());
            assert!(shown.contains(&format!("\"{number}\"")), "{shown}");
            if !until.goes_on() {
                return Waits(waits);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut waits = self.0.clone();
        waits.sort_unstable();
        let at = |share: usize| waits[(waits.len() - 1) * share / 100].as_secs_f64() * 1000.0;
        write!(
            f,
            "{:.2}/{:.2} ms (p50/p99 of {} taps)",
            at(50),
            at(99),
            waits.len()
        )
    }
}
