//! The rooms: one file for each capability, with its host half and its provider's trait, and a folder
//! beside it with the providers.
//!
//! A room depends on grants and on nothing of another room. The first line of every host function asks the
//! one decider, [`crate::grants::Grants::check`].

pub mod battery;
pub mod bluetooth;
pub mod clipboard;
pub mod clock;
pub mod console;
pub mod device;
pub mod fetch;
pub mod files;
pub mod identity;
pub mod location;
pub mod motion;
pub mod network;
pub mod notify;
pub mod open_app;
pub mod payments;
pub mod random;
pub mod scan;
pub mod storage;
pub mod timer;
pub mod vibration;
pub mod wallet;

use std::sync::Arc;

use crate::bindings::lapak::app::requests::RequestId;
use crate::instance::InstanceState;
use crate::requests::weight;

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
    /// Behind `fetch`.
    pub fetch: Arc<dyn fetch::FetchProvider>,
    /// Behind `files`.
    pub files: Arc<dyn files::FilesProvider>,
    /// Behind `identity`.
    pub identity: Arc<dyn identity::IdentityProvider>,
    /// Behind `notify`.
    pub notify: Arc<notify::Notifications>,
    /// Behind `scan`.
    pub scan: Arc<dyn scan::ScanProvider>,
    /// Behind `bluetooth`.
    pub bluetooth: Arc<dyn bluetooth::BluetoothProvider>,
    /// Behind `open-app`.
    pub open_app: Arc<dyn open_app::OpenAppProvider>,
    /// Behind `battery`.
    pub battery: Arc<dyn battery::BatteryProvider>,
    /// Behind `network`.
    pub network: Arc<dyn network::NetworkProvider>,
    /// Behind `device`.
    pub device: Arc<dyn device::DeviceProvider>,
    /// Behind `motion`.
    pub motion: Arc<dyn motion::MotionProvider>,
    /// Behind `clipboard`.
    pub clipboard: Arc<dyn clipboard::ClipboardProvider>,
    /// Behind `vibration`.
    pub vibration: Arc<dyn vibration::VibrationProvider>,
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
            fetch: Arc::new(fetch::simulated::SimulatedFetch::default()),
            files: Arc::new(files::simulated::SimulatedFiles::default()),
            identity: Arc::new(identity::simulated::SimulatedIdentity::default()),
            notify: notify::simulated::behind_a_limit(Arc::default()),
            scan: Arc::new(scan::simulated::SimulatedScanner::default()),
            bluetooth: Arc::new(bluetooth::simulated::SimulatedBluetooth::default()),
            open_app: Arc::new(open_app::simulated::SimulatedApps::default()),
            battery: Arc::new(battery::simulated::SimulatedBattery::default()),
            network: Arc::new(network::simulated::SimulatedNetwork::default()),
            device: Arc::new(device::simulated::SimulatedDevice::default()),
            motion: Arc::new(motion::simulated::SimulatedMotion::default()),
            clipboard: Arc::new(clipboard::simulated::SimulatedClipboard::default()),
            vibration: Arc::new(vibration::simulated::SimulatedVibration::default()),
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
    /// Of `fetch`.
    Fetch(fetch::Answer),
    /// Of `files`.
    Files(files::Answer),
    /// Of `identity`.
    Identity(identity::Answer),
    /// Of `notify`.
    Notify(notify::Answer),
    /// Of `scan`.
    Scan(scan::Answer),
    /// Of `bluetooth`.
    Bluetooth(bluetooth::Answer),
    /// Of `open-app`.
    OpenApp(open_app::Answer),
    /// Of `battery`.
    Battery(battery::Answer),
    /// Of `network`.
    Network(network::Answer),
    /// Of `device`.
    Device(device::Answer),
    /// Of `motion`.
    Motion(motion::Answer),
    /// Of `clipboard`.
    Clipboard(clipboard::Answer),
    /// News of a watch, which goes on.
    News(Box<Answer>),
    /// Of a capability of the platform's own.
    Vendor(crate::vendor::Answer),
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
    /// Of `fetch`.
    pub(crate) fetch: fetch::FetchState,
    /// Of `files`.
    pub(crate) files: files::FilesState,
    /// Of `identity`.
    pub(crate) identity: identity::IdentityState,
    /// Of `notify`.
    pub(crate) notify: notify::NotifyState,
    /// Of `scan`.
    pub(crate) scan: scan::ScanState,
    /// Of `bluetooth`.
    pub(crate) bluetooth: bluetooth::BluetoothState,
    /// Of capabilities of the platform's own.
    pub(crate) vendor: crate::vendor::VendorState,
    /// Of `open-app`.
    pub(crate) open_app: open_app::OpenAppState,
    /// Of `battery`.
    pub(crate) battery: battery::BatteryState,
    /// Of `network`.
    pub(crate) network: network::NetworkState,
    /// Of `device`.
    pub(crate) device: device::DeviceState,
    /// Of `motion`.
    pub(crate) motion: motion::MotionState,
    /// Of `clipboard`.
    pub(crate) clipboard: clipboard::ClipboardState,
}

impl Rooms {
    /// Puts an outcome where the app will take it; tells whether the app waits for it.
    pub(crate) fn deliver(&mut self, request: RequestId, answer: Answer) -> bool {
        let much = answer.bytes() > 0;
        let delivered = self.put(request, answer);
        if much {
            // Who never takes what is large does not fill the host's memory with it.
            let most = weight::UNTAKEN_BYTES;
            self.storage.forget_over(most, weight::of_storage);
            self.files.forget_over(most, weight::of_files);
            self.fetch.forget_over(most, weight::of_fetch);
            self.vendor.forget_over(most, crate::vendor::Answer::bytes);
        }
        delivered
    }

    /// Whether one of those that may keep much keeps something of this request.
    pub(crate) fn holds(&self, request: RequestId) -> bool {
        self.storage.holds(request)
            || self.files.holds(request)
            || self.fetch.holds(request)
            || self.vendor.holds(request)
            || self.clipboard.holds(request)
    }

    /// What was asked to be kept or told takes.
    pub(crate) fn asked_bytes(&self) -> usize {
        let storage = self.storage.asked().map(storage::Operation::bytes);
        let files = self.files.asked().map(files::Operation::bytes);
        let vendor = self.vendor.asked().map(crate::vendor::Asked::bytes);
        storage.chain(files).chain(vendor).sum()
    }

    fn put(&mut self, request: RequestId, answer: Answer) -> bool {
        match answer {
            Answer::Storage(answer) => self.storage.finish(request, answer),
            Answer::Timer => self.timer.finish(request, ()),
            Answer::Payments(answer) => self.payments.finish(request, answer),
            Answer::Wallet(answer) => self.wallet.finish(request, answer),
            Answer::Location(answer) => self.location.finish(request, answer),
            Answer::Fetch(answer) => self.fetch.finish(request, answer),
            Answer::Files(answer) => self.files.finish(request, answer),
            Answer::Identity(answer) => self.identity.finish(request, answer),
            Answer::Notify(answer) => self.notify.finish(request, answer),
            Answer::Scan(answer) => self.scan.finish(request, answer),
            Answer::Bluetooth(answer) => self.bluetooth.finish(request, answer),
            Answer::OpenApp(answer) => self.open_app.finish(request, answer),
            Answer::Battery(answer) => self.battery.finish(request, answer),
            Answer::Network(answer) => self.network.finish(request, answer),
            Answer::Device(answer) => self.device.finish(request, answer),
            Answer::Motion(answer) => self.motion.finish(request, answer),
            Answer::Clipboard(answer) => self.clipboard.finish(request, answer),
            Answer::News(news) => self.news(request, *news),
            Answer::Vendor(answer) => self.vendor.finish(request, answer),
        }
    }

    fn news(&mut self, request: RequestId, news: Answer) -> bool {
        match news {
            Answer::Location(news) => self.location.news(request, news),
            Answer::Bluetooth(news) => self.bluetooth.requests.news(request, news),
            Answer::Battery(news) => self.battery.news(request, news),
            Answer::Network(news) => self.network.news(request, news),
            Answer::Device(news) => self.device.news(request, news),
            Answer::Motion(news) => self.motion.news(request, news),
            Answer::Storage(_)
            | Answer::Timer
            | Answer::Payments(_)
            | Answer::Wallet(_)
            | Answer::Fetch(_)
            | Answer::Files(_)
            | Answer::Identity(_)
            | Answer::Notify(_)
            | Answer::Scan(_)
            | Answer::OpenApp(_)
            | Answer::Clipboard(_)
            | Answer::Vendor(_)
            | Answer::News(_) => false,
        }
    }

    /// How many watches there are, and open scanners, and questions whether to open an app. A watch may go on for hours, and the
    /// others wait for the person: who only waits for them has come to rest.
    pub(crate) fn watching(&self) -> usize {
        self.location.watching()
            + scan::open_scanners(&self.scan)
            + self.bluetooth.requests.watching()
            + self.open_app.in_flight()
            + self.battery.watching()
            + self.network.watching()
            + self.device.watching()
            + self.motion.watching()
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
        self.end_fetches(answered);
        self.ask_files_again(answered);
        self.ask_identity_again(answered);
        self.ask_notify_again(answered);
        self.ask_scan_again(answered);
        self.ask_bluetooth_again(answered);
        self.ask_vendors_again(answered);
        self.ask_open_app_again(answered);
        self.ask_battery_again(answered);
        self.ask_network_again(answered);
        self.ask_device_again(answered);
        self.ask_motion_again(answered);
        self.ask_clipboard_again(answered);
    }
}
