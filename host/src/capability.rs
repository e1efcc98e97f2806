//! The rooms: one file for each capability, with its host half and its provider's trait, and a folder
//! beside it with the providers.
//!
//! A room depends on grants and on nothing of another room. The first line of every host function asks the
//! one decider, [`crate::grants::Grants::check`].

pub mod bluetooth;
pub mod clock;
pub mod console;
pub mod location;
pub mod open_app;
pub mod payments;
pub mod random;
pub mod scan;
pub mod storage;
pub mod timer;
pub mod wallet;

use std::sync::Arc;

use crate::bindings::lapak::app::requests::RequestId;
use crate::instance::InstanceState;

/// What stands behind the capabilities. Empty places do not exist: a host that does not want to lend a
/// capability withholds its grant.
#[derive(Clone)]
pub struct Providers {
    /// Behind `clock`.
    pub clock: Arc<dyn clock::ClockProvider>,
    /// Behind `random`.
    pub random: Arc<dyn random::RandomProvider>,
    /// Behind `storage`.
    pub storage: Arc<dyn storage::StorageProvider>,
    /// Behind `timer`.
    pub timer: Arc<dyn timer::TimerProvider>,
    /// Behind `payments`.
    pub payments: Arc<payments::Payments>,
    /// Behind `wallet`.
    pub wallet: Arc<dyn wallet::WalletProvider>,
    /// Behind `location`.
    pub location: Arc<dyn location::LocationProvider>,
    /// Behind `scan`.
    pub scan: Arc<dyn scan::ScanProvider>,
    /// Behind `bluetooth`.
    pub bluetooth: Arc<dyn bluetooth::BluetoothProvider>,
    /// Behind `open-app`.
    pub open_app: Arc<dyn open_app::OpenAppProvider>,
}

impl Providers {
    /// Simulated providers for everything: the same answers in every run, nothing kept.
    #[must_use]
    pub fn simulated() -> Self {
        Self {
            clock: Arc::new(clock::simulated::SimulatedClock::default()),
            random: Arc::new(random::simulated::SimulatedRandom::default()),
            storage: Arc::new(storage::simulated::SimulatedStorage::default()),
            timer: Arc::new(timer::simulated::SimulatedTimer::default()),
            payments: payments::simulated::none(),
            wallet: Arc::new(wallet::simulated::EmptyWallets),
            location: Arc::new(location::simulated::SimulatedLocation::default()),
            scan: Arc::new(scan::simulated::SimulatedScanner::default()),
            bluetooth: Arc::new(bluetooth::simulated::SimulatedBluetooth::default()),
            open_app: Arc::new(open_app::simulated::SimulatedApps::default()),
        }
    }
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Providers { .. }")
    }
}

/// What a request came to, as the room that began it keeps it for the app. A value that can be written down,
/// so that it survives a restart and can be replayed.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Answer {
    /// Of `storage`.
    Storage(storage::Answer),
    /// Of `timer`: it has run out.
    Timer,
    /// Of `payments`.
    Payments(payments::Answer),
    /// Of `wallet`.
    Wallet(wallet::Answer),
    /// Of `location`.
    Location(location::Answer),
    /// Of `scan`.
    Scan(scan::Answer),
    /// Of `bluetooth`.
    Bluetooth(bluetooth::Answer),
    /// Of `open-app`.
    OpenApp(open_app::Answer),
    /// News of a watch, which goes on.
    News(Box<Answer>),
}

/// What the rooms keep for one session between two events. Whatever is here travels with the session's snapshot.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Rooms {
    /// Of `storage`.
    pub(crate) storage: storage::StorageState,
    /// Of `timer`.
    pub(crate) timer: timer::TimerState,
    /// Of `payments`.
    pub(crate) payments: payments::PaymentsState,
    /// Of `wallet`.
    pub(crate) wallet: wallet::WalletState,
    /// Of `location`.
    pub(crate) location: location::LocationState,
    /// Of `scan`.
    pub(crate) scan: scan::ScanState,
    /// Of `bluetooth`.
    pub(crate) bluetooth: bluetooth::BluetoothState,
    /// Of `open-app`.
    pub(crate) open_app: open_app::OpenAppState,
}

impl Rooms {
    /// Puts an outcome where the app will take it; tells whether the app waits for it.
    pub(crate) fn deliver(&mut self, request: RequestId, answer: Answer) -> bool {
        match answer {
            Answer::Storage(answer) => self.storage.deliver(request, answer),
            Answer::Timer => self.timer.deliver(request),
            Answer::Payments(answer) => self.payments.deliver(request, answer),
            Answer::Wallet(answer) => self.wallet.deliver(request, answer),
            Answer::Location(answer) => return self.location.finish(request, answer),
            Answer::Scan(answer) => return self.scan.finish(request, answer),
            Answer::Bluetooth(answer) => return self.bluetooth.finish(request, answer),
            Answer::OpenApp(answer) => return self.open_app.finish(request, answer),
            Answer::News(news) => return self.news(request, *news),
        }
        true
    }

    fn news(&mut self, request: RequestId, news: Answer) -> bool {
        match news {
            Answer::Location(news) => self.location.news(request, news),
            Answer::Bluetooth(news) => self.bluetooth.requests.news(request, news),
            // The others have no watches.
            _ => false,
        }
    }

    /// How many watches there are, and open scanners, and questions whether to open an app. A watch may go on for hours, and the
    /// others wait for the person: who only waits for them has come to rest.
    pub(crate) fn watching(&self) -> usize {
        self.location.watching()
            + scan::open_scanners(&self.scan)
            + self.bluetooth.requests.watching()
            + self.open_app.in_flight()
    }
}

impl InstanceState {
    /// Asks the providers again for what they were asked before the host restarted. Each room's requests are such
    /// that asking twice does no more than asking once. Those `answered` already have their outcome in the
    /// mailbox: a second one would be a second event for the app.
    pub(crate) fn ask_again(&mut self, answered: &[RequestId]) {
        self.ask_storage_again(answered);
        self.restart_timers(answered);
        self.ask_payments_again(answered);
        self.ask_wallet_again(answered);
        self.ask_location_again(answered);
        self.ask_scan_again(answered);
        self.ask_bluetooth_again(answered);
        self.ask_open_app_again(answered);
    }
}
