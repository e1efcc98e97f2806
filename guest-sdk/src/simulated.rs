//! What stands in the host's place natively, for the test kit: deterministic, one for each thread.
//!
//! Differs from a host: no quotas, requests finish when the test kit says so, time stands still until the test lets it pass,
//! and timers run out at once unless the test says that they wait.

pub(crate) mod battery;
pub(crate) mod bluetooth;
pub(crate) mod clipboard;
pub(crate) mod device;
pub(crate) mod fetch;
pub(crate) mod files;
pub(crate) mod identity;
pub(crate) mod location;
pub(crate) mod motion;
pub(crate) mod network;
pub(crate) mod notify;
mod observed;
pub(crate) mod open_app;
pub(crate) mod payments;
pub(crate) mod scan;
pub(crate) mod vibration;
pub(crate) mod wallet;
mod watches;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lapak_abi::pages::{PageEvent, PageStack};

use crate::bindings::wit::lapak::app::console::{Error as ConsoleError, Level};
use crate::bindings::wit::lapak::app::storage::{Error as StorageError, Outcome};

/// What a host may refuse to lend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names of the SDK's modules")]
pub enum Capability {
    Battery,
    Bluetooth,
    Clipboard,
    Clock,
    Console,
    Device,
    Fetch,
    Files,
    Identity,
    Location,
    Motion,
    Network,
    Notify,
    OpenApp,
    Payments,
    Random,
    Scan,
    Storage,
    Timer,
    Vibration,
    Wallet,
}

/// All that the simulated host holds.
#[derive(Default)]
pub(crate) struct Host {
    pub(crate) values: BTreeMap<String, Vec<u8>>,
    pub(crate) lines: Vec<String>,
    pub(crate) pages: Option<PageStack>,
    pub(crate) page_events: Vec<PageEvent>,
    /// Requests that have not been finished yet, in order.
    pub(crate) waiting: VecDeque<u32>,
    pub(crate) payments: payments::Payments,
    pub(crate) wallet: wallet::Wallet,
    pub(crate) location: location::Location,
    pub(crate) fetch: fetch::Fetch,
    pub(crate) files: files::Files,
    pub(crate) identity: identity::Identity,
    pub(crate) notify: notify::Notify,
    pub(crate) scan: scan::Scan,
    pub(crate) bluetooth: bluetooth::Air,
    pub(crate) open_app: open_app::OpenApp,
    /// The bolts of simulated bicycle locks, by their ids.
    pub(crate) locks: BTreeMap<String, std::rc::Rc<std::cell::Cell<bool>>>,
    /// Interfaces that the platform does not have.
    pub(crate) lacks: BTreeSet<String>,
    /// How much time the test has let pass.
    pub(crate) passed_ms: u64,
    /// Timers wait until then; without it they run out at once.
    pub(crate) timers_wait: bool,
    /// Timers that wait, by when they run out.
    pub(crate) due: BTreeSet<(u64, u32)>,
    pub(crate) battery: battery::Battery,
    pub(crate) network: network::Network,
    pub(crate) device: device::Device,
    pub(crate) motion: motion::Motion,
    pub(crate) clipboard: clipboard::Clipboard,
    pub(crate) vibration: vibration::Vibration,
    denied: BTreeSet<Capability>,
    outcomes: BTreeMap<u32, Outcome>,
    timers: BTreeSet<u32>,
    pub(crate) requests: u32,
    random: u64,
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::default();
}

pub(crate) fn with<T>(work: impl FnOnce(&mut Host) -> T) -> T {
    HOST.with_borrow_mut(work)
}

pub(crate) fn console_log(level: Level, message: &str) -> Result<(), ConsoleError> {
    let level = match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    with(|host| {
        if host.denies(Capability::Console) {
            return Err(ConsoleError::AccessDenied);
        }
        host.lines.push(format!("{level}: {message}"));
        Ok(())
    })
}

pub(crate) mod clock {
    use crate::bindings::wit::lapak::app::clock::{Error, Timestamp};

    /// 2026-01-05, eleven in the morning in Jakarta.
    pub(crate) const UNIX_MS: u64 = 1_767_585_600_000;
    const UTC_OFFSET_MINUTES: i32 = 7 * 60;

    pub(crate) fn now() -> Result<Timestamp, Error> {
        lent()?;
        Ok(Timestamp {
            unix_ms: UNIX_MS + super::with(|host| host.passed_ms),
            utc_offset_minutes: UTC_OFFSET_MINUTES,
        })
    }

    pub(crate) fn utc_offset_minutes_at(unix_ms: u64) -> Result<i32, Error> {
        lent()?;
        if unix_ms > 253_402_207_200_000 {
            return Err(Error::OutOfRange);
        }
        Ok(UTC_OFFSET_MINUTES)
    }

    pub(crate) fn zone() -> Result<Option<String>, Error> {
        lent()?;
        Ok(Some("Asia/Jakarta".to_owned()))
    }

    pub(crate) fn elapsed_ms() -> Result<u64, Error> {
        lent()?;
        Ok(super::with(|host| host.passed_ms))
    }

    fn lent() -> Result<(), Error> {
        match super::with(|host| host.denies(super::Capability::Clock)) {
            true => Err(Error::AccessDenied),
            false => Ok(()),
        }
    }
}

pub(crate) mod platform {
    /// A platform that has all of Lapak's own capabilities but those it lacks, and none of others'.
    pub(crate) fn offers(name: &str) -> bool {
        !name.contains(':') && !super::with(|host| host.lacks.contains(name))
    }
}

pub(crate) mod random {
    use crate::bindings::wit::lapak::app::random::Error;

    const MAX_BYTES: u32 = 64 * 1024;

    /// SplitMix64 from a fixed seed.
    pub(crate) fn bytes(length: u32) -> Result<Vec<u8>, Error> {
        if super::with(|host| host.denies(super::Capability::Random)) {
            return Err(Error::AccessDenied);
        }
        if length > MAX_BYTES {
            return Err(Error::TooLong);
        }
        Ok((0..length)
            .map(|_| super::with(super::Host::random_byte))
            .collect())
    }
}

impl Host {
    /// An empty host that lends all but `denied`.
    pub(crate) fn new(denied: &[Capability]) -> Self {
        Self {
            denied: denied.iter().copied().collect(),
            ..Self::default()
        }
    }

    fn denies(&self, capability: Capability) -> bool {
        self.denied.contains(&capability)
    }

    fn random_byte(&mut self) -> u8 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed.to_le_bytes().first().copied().unwrap_or_default()
    }

    fn request(&mut self, outcome: Outcome) -> u32 {
        let request = self.finished_request();
        self.outcomes.insert(request, outcome);
        request
    }

    /// A request whose outcome is there already.
    fn finished_request(&mut self) -> u32 {
        self.requests += 1;
        self.waiting.push_back(self.requests);
        self.requests
    }
}

pub(crate) mod storage {
    use super::{Capability, Host, Outcome, StorageError};

    /// The first line of every function: is storage lent at all?
    fn with<T>(work: impl FnOnce(&mut Host) -> Result<T, StorageError>) -> Result<T, StorageError> {
        super::with(|host| match host.denies(Capability::Storage) {
            true => Err(StorageError::AccessDenied),
            false => work(host),
        })
    }

    pub(crate) fn get(key: &str) -> Result<u32, StorageError> {
        with(|host| {
            let value = host.values.get(valid(key)?).cloned();
            Ok(host.request(Outcome::Value(value)))
        })
    }

    pub(crate) fn set(key: &str, value: &[u8]) -> Result<u32, StorageError> {
        with(|host| {
            host.values.insert(valid(key)?.to_owned(), value.to_vec());
            Ok(host.request(Outcome::Done))
        })
    }

    pub(crate) fn remove(key: &str) -> Result<u32, StorageError> {
        with(|host| {
            host.values.remove(valid(key)?);
            Ok(host.request(Outcome::Done))
        })
    }

    pub(crate) fn keys() -> Result<u32, StorageError> {
        with(|host| {
            let keys = host.values.keys().cloned().collect();
            Ok(host.request(Outcome::Keys(keys)))
        })
    }

    pub(crate) fn clear() -> Result<u32, StorageError> {
        with(|host| {
            host.values.clear();
            Ok(host.request(Outcome::Done))
        })
    }

    pub(crate) fn take(request: u32) -> Result<Outcome, StorageError> {
        with(|host| {
            host.outcomes
                .remove(&request)
                .ok_or(StorageError::UnknownRequest)
        })
    }

    fn valid(key: &str) -> Result<&str, StorageError> {
        if key.is_empty() || key.len() > 256 {
            return Err(StorageError::InvalidKey);
        }
        Ok(key)
    }
}

pub(crate) mod timer {
    use super::{Capability, with};
    use crate::bindings::wit::lapak::app::timer::Error;

    pub(crate) fn after(milliseconds: u32) -> Result<u32, Error> {
        with(|host| {
            if host.denies(Capability::Timer) {
                return Err(Error::AccessDenied);
            }
            let request = if host.timers_wait {
                host.requests += 1;
                let due = host.passed_ms + u64::from(milliseconds);
                host.due.insert((due, host.requests));
                host.requests
            } else {
                host.finished_request()
            };
            host.timers.insert(request);
            Ok(request)
        })
    }

    pub(crate) fn take(request: u32) -> Result<(), Error> {
        with(|host| match host.timers.remove(&request) {
            _ if host.denies(Capability::Timer) => Err(Error::AccessDenied),
            true => Ok(()),
            false => Err(Error::UnknownRequest),
        })
    }
}

pub(crate) mod navigation {
    use lapak_abi::pages::{NavigationError, PageEvent, PageStack};

    use crate::bindings::wit::lapak::app::navigation::Error;

    pub(crate) fn navigate_to(url: &str) -> Result<(), Error> {
        go(|pages| pages.navigate_to(url))
    }

    pub(crate) fn redirect_to(url: &str) -> Result<(), Error> {
        go(|pages| pages.redirect_to(url))
    }

    pub(crate) fn relaunch(url: &str) -> Result<(), Error> {
        go(|pages| pages.relaunch(url))
    }

    pub(crate) fn switch_tab(url: &str) -> Result<(), Error> {
        go(|pages| pages.switch_tab(url))
    }

    pub(crate) fn back(delta: u32) -> Result<(), Error> {
        go(|pages| pages.back(delta))
    }

    fn go(
        step: impl FnOnce(&mut PageStack) -> Result<Vec<PageEvent>, NavigationError>,
    ) -> Result<(), Error> {
        super::with(|host| {
            let pages = host.pages.as_mut().ok_or(Error::UnknownPage)?;
            let events = step(pages).map_err(|error| match error {
                NavigationError::InvalidUrl => Error::InvalidUrl,
                NavigationError::UnknownPage => Error::UnknownPage,
                NavigationError::StackFull => Error::StackFull,
                NavigationError::NotATab => Error::NotATab,
                NavigationError::IsATab => Error::IsATab,
                NavigationError::AtRoot => Error::AtRoot,
            })?;
            host.page_events.extend(events);
            Ok(())
        })
    }
}
