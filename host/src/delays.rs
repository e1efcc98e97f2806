//! Delays where one thread hands over to another: they bring to light what counts on who comes first, in the host and in
//! its tests.
//!
//! Only with the feature `delays`, which is for tests (`make delays`); without it nothing happens here. The environment's
//! `LAPAK_DELAYS` is a list of `place:often:long`: of a thousand times that a thread comes by the place it sleeps so often,
//! for so many microseconds at most. `*` is every place: `shown:1000:30000,*:50:20000`.

#[cfg(feature = "delays")]
pub(crate) use delaying::at;

/// A thread comes by.
#[cfg(not(feature = "delays"))]
pub(crate) fn at(_: &str) {}

#[cfg(feature = "delays")]
mod delaying {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    use std::sync::OnceLock;
    use std::time::Duration;

    struct Delay {
        place: String,
        /// Of a thousand.
        often: u64,
        most_us: u64,
    }

    static DELAYS: OnceLock<Vec<Delay>> = OnceLock::new();

    /// A thread comes by, and may sleep.
    pub(crate) fn at(place: &str) {
        let delays = DELAYS.get_or_init(|| {
            let told = std::env::var("LAPAK_DELAYS").unwrap_or_default();
            told.split_terminator(',').map(read).collect()
        });
        let meant = |delay: &&Delay| delay.place == "*" || delay.place == place;
        if let Some(delay) = delays.iter().find(meant)
            && random() % 1_000 < delay.often
        {
            let us = random() % delay.most_us.saturating_add(1);
            std::thread::sleep(Duration::from_micros(us));
        }
    }

    fn read(told: &str) -> Delay {
        let mut parts = told.split(':');
        let number = |part: Option<&str>| part.and_then(|part| part.parse().ok());
        let place = parts.next().unwrap_or_default().to_owned();
        match (number(parts.next()), number(parts.next())) {
            (Some(often), Some(most_us)) => Delay {
                place,
                often,
                most_us,
            },
            #[expect(
                clippy::panic,
                reason = "whoever tests is to know that nothing is delayed"
            )]
            _ => panic!("LAPAK_DELAYS: not place:often:long: {told:?}"),
        }
    }

    /// Other numbers in each run, from the keys of a new hasher.
    fn random() -> u64 {
        RandomState::new().build_hasher().finish()
    }
}
