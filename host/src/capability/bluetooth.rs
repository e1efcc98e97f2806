//! `bluetooth`: Bluetooth Low Energy, as a GATT client. The person is asked before an app first looks for devices; what it finds
//! then it may use, as far as it asked for it.
//!
//! A connection is kept going by the request that made it (see [`crate::flights`]), and all that goes on over it ends with it.

mod connection;
mod discovery;
mod gatt;
mod known;
pub mod simulated;
mod uuid;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::asking::Use;
use crate::bindings::lapak::app::bluetooth::{Device, Error, Host};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::storage::Owner;
use crate::flights::Stop;
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::room::{Asks, Lent, Terms, Words};

use discovery::Found;
pub(crate) use known::BluetoothState;
pub use uuid::{NotAUuid, Uuid};

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "bluetooth",
    lent: Lent::ToWhoAsks("system.permission.BLUETOOTH"),
    allows: Words {
        en: "find and use Bluetooth devices near you",
        id: "mencari dan memakai perangkat Bluetooth di dekat Anda",
    },
    asks: Asks::FirstUse,
    bounds: "which services",
};

const CAPABILITY: Capability = Capability::Bluetooth;

const fn used(function: &'static str, done: &'static str) -> Use {
    Use {
        capability: CAPABILITY,
        function,
        done,
    }
}

const DISCOVER: Use = used("discover", "looked");
const CONNECT: Use = used("connect", "connected");
const READ: Use = used("read", "read");
const WRITE: Use = used("write", "written");
const WATCH: Use = used("watch", "watched");

/// The longest value, in bytes: what ATT allows.
const MOST_VALUE: usize = 512;

/// A device that tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advertised {
    /// Names it for the provider; apps never see it. At most 256 bytes.
    pub address: String,
    /// What it calls itself.
    pub name: String,
    /// The services that it advertises.
    pub services: Vec<Uuid>,
    /// How strong its signal is, in dBm.
    pub rssi: i16,
}

/// A characteristic of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Characteristic {
    /// Of this service,
    pub service: Uuid,
    /// this one.
    pub id: Uuid,
}

/// Why something did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Switched off, or broken.
    #[error("Bluetooth is off")]
    Off,
    /// The device is out of reach, or not connected any more.
    #[error("the device is out of reach")]
    Gone,
    /// The device has no such characteristic, or it cannot be used like this, or the value is refused.
    #[error("the device does not do this")]
    Unsupported,
}

/// Takes the devices that were found, on any thread.
pub type Looked = Box<dyn FnOnce(Result<Vec<Advertised>, Failure>) + Send>;

/// Takes a connection, on any thread.
pub type Connected = Box<dyn FnOnce(Result<Box<dyn Link>, Failure>) + Send>;

/// Called when a connection has ended by itself.
pub type Lost = Box<dyn Fn() + Send + Sync>;

/// Takes a value that was read.
pub type ValueRead = Box<dyn FnOnce(Result<Vec<u8>, Failure>) + Send>;

/// Hears that a value was written.
pub type Written = Box<dyn FnOnce(Result<(), Failure>) + Send>;

/// Takes one notification or indication after the other. After a failure comes nothing more.
pub type Notified = Box<dyn Fn(Result<Vec<u8>, Failure>) + Send + Sync>;

/// Reaches the devices near a person. Its functions, and those of its connections, return at once; each answers in the end.
pub trait BluetoothProvider: Send + Sync {
    /// Looks for devices that advertise one of these services, for so long; not any more when what it gives is dropped.
    fn discover(&self, of: &Owner, services: &[Uuid], lasting: Duration, looked: Looked) -> Stop;

    /// Connects to a device that was found, by its address: each call for a connection of its own. When what it gives is
    /// dropped it need not be connected any more, if it is not yet.
    fn connect(&self, of: &Owner, address: &str, connected: Connected, lost: Lost) -> Stop;
}

/// A connection. It ends when this is dropped.
pub trait Link: Send + Sync {
    /// Reads a characteristic.
    fn read(&self, of: Characteristic, read: ValueRead);

    /// Writes one, and waits until the device has the value.
    fn write(&self, to: Characteristic, value: Vec<u8>, written: Written);

    /// Hears its notifications or indications, until what this gives is dropped.
    fn subscribe(&self, to: Characteristic, notified: Notified) -> Stop;
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Asked {
    Discover(Vec<Uuid>, u32),
    /// A device, by its id.
    Connect(String),
    /// What needs a connection: it does not outlive one.
    OverLink(Kind),
}

/// What is taken in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Done,
    Value,
}

/// What a request came to, or a watch's news.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// As it was found; becomes `Devices` when the room has it.
    Found(Result<Vec<Found>, Error>),
    /// Of `discover`.
    Devices(Result<Vec<Device>, Error>),
    /// Of `connect` and `write`. Under the id of a connection that is made already: it has ended.
    Done(Result<(), Error>),
    /// Of `read` and `watch`.
    Value(Result<Vec<u8>, Error>),
}

impl Answer {
    /// A request of this kind came to nothing.
    fn failed(kind: Kind, why: Error) -> super::Answer {
        super::Answer::Bluetooth(match kind {
            Kind::Done => Self::Done(Err(why)),
            Kind::Value => Self::Value(Err(why)),
        })
    }
}

impl Host for InstanceState {
    fn discover(&mut self, services: Vec<String>, milliseconds: u32) -> Result<RequestId, Error> {
        self.may_ask(DISCOVER)?;
        self.begin_discovery(&services, milliseconds)
    }

    fn take_devices(&mut self, request: RequestId) -> Result<Vec<Device>, Error> {
        self.may_take(CAPABILITY)?;
        let of_kind = |answer| match answer {
            Answer::Devices(devices) => Ok(devices),
            other => Err(other),
        };
        let taken = self.rooms.bluetooth.requests.take(request, of_kind);
        taken.unwrap_or(Err(Error::UnknownRequest))
    }

    fn connect(&mut self, device: String) -> Result<RequestId, Error> {
        self.may_use(CONNECT)?;
        self.begin_connection(&device)
    }

    fn disconnect(&mut self, device: String) -> Result<(), Error> {
        self.may_take(CAPABILITY)?;
        self.end_connection(&device)
    }

    fn read(
        &mut self,
        device: String,
        service: String,
        characteristic: String,
    ) -> Result<RequestId, Error> {
        self.may_use(READ)?;
        self.begin_reading(&device, &service, &characteristic)
    }

    fn write(
        &mut self,
        device: String,
        service: String,
        characteristic: String,
        value: Vec<u8>,
    ) -> Result<RequestId, Error> {
        self.may_use(WRITE)?;
        self.begin_writing(&device, &service, &characteristic, value)
    }

    fn watch(
        &mut self,
        device: String,
        service: String,
        characteristic: String,
    ) -> Result<RequestId, Error> {
        self.may_use(WATCH)?;
        self.begin_watching(&device, &service, &characteristic)
    }

    fn stop(&mut self, watch: RequestId) -> Result<(), Error> {
        self.may_take(CAPABILITY)?;
        let ended = self.end_watch(watch, |rooms| &mut rooms.bluetooth.requests);
        ended.then_some(()).ok_or(Error::UnknownRequest)
    }

    fn take_done(&mut self, request: RequestId) -> Result<(), Error> {
        self.may_take(CAPABILITY)?;
        let of_kind = |answer| match answer {
            Answer::Done(done) => Ok(done),
            other => Err(other),
        };
        let taken = self.rooms.bluetooth.requests.take(request, of_kind);
        taken.unwrap_or(Err(Error::UnknownRequest))
    }

    fn take_value(&mut self, request: RequestId) -> Result<Vec<u8>, Error> {
        self.may_take(CAPABILITY)?;
        let of_kind = |answer| match answer {
            Answer::Value(value) => Ok(value),
            other => Err(other),
        };
        let taken = self.rooms.bluetooth.requests.take(request, of_kind);
        let taken = taken.ok_or(Error::UnknownRequest)?;
        // Of this room's: another's is not told anew for it.
        self.took_news(request);
        taken
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Off => Self::Unavailable,
            Failure::Gone => Self::Disconnected,
            Failure::Unsupported => Self::Unsupported,
        }
    }
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}
