//! Who is near a person, and who is connected.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::super::{
    Advertised, Characteristic, Failure, Link, Lost, Notified, Uuid, ValueRead, Written,
};
use super::{Notification, SimulatedPeripheral};
use crate::flights::Stop;

type Device = Arc<Mutex<Box<dyn SimulatedPeripheral>>>;

/// What is near one person.
#[derive(Default)]
pub(super) struct Air {
    off: bool,
    near: Vec<Near>,
    /// The bolts of bicycle locks, by their ids.
    pub(super) locks: BTreeMap<String, Arc<AtomicBool>>,
}

struct Near {
    name: String,
    device: Device,
    connections: Vec<Weak<Connection>>,
}

/// A connection to a device, for as long as its link.
pub(super) struct Connection {
    device: Device,
    lost: Lost,
    over: AtomicBool,
    subscribed: Mutex<Vec<(Characteristic, Weak<Notified>)>>,
}

/// The end of a connection that the host holds.
pub(super) struct SimulatedLink(pub(super) Arc<Connection>);

impl Air {
    pub(super) fn add(&mut self, device: Box<dyn SimulatedPeripheral>) {
        self.near.push(Near {
            name: device.name(),
            device: Arc::new(Mutex::new(device)),
            connections: Vec::new(),
        });
    }

    /// Gives the connections that end.
    pub(super) fn remove(&mut self, name: &str) -> Option<Vec<Arc<Connection>>> {
        let at = self.near.iter().position(|near| near.name == name)?;
        self.locks.remove(name);
        Some(self.near.remove(at).connections())
    }

    /// Gives the connections that end.
    pub(super) fn switch(&mut self, on: bool) -> Vec<Arc<Connection>> {
        self.off = !on;
        match on {
            true => Vec::new(),
            false => self.near.iter().flat_map(Near::connections).collect(),
        }
    }

    pub(super) fn connected(&self, name: &str) -> Option<Vec<Arc<Connection>>> {
        let near = self.near.iter().find(|near| near.name == name)?;
        Some(near.connections())
    }

    pub(super) fn discover(&self, services: &[Uuid]) -> Result<Vec<Advertised>, Failure> {
        if self.off {
            return Err(Failure::Off);
        }
        let advertised = self.near.iter().map(|near| {
            let device = lock(&near.device);
            Advertised {
                // Names are one person's alone, and so are addresses.
                address: near.name.clone(),
                name: device.name(),
                services: device.services(),
                rssi: device.rssi(),
            }
        });
        let wanted = |one: &Advertised| one.services.iter().any(|one| services.contains(one));
        Ok(advertised.filter(wanted).collect())
    }

    pub(super) fn reachable(&self, address: &str) -> Result<Device, Failure> {
        if self.off {
            return Err(Failure::Off);
        }
        let near = self.near.iter().find(|near| near.name == address);
        near.map(|near| near.device.clone()).ok_or(Failure::Gone)
    }

    pub(super) fn keep(&mut self, address: &str, connection: &Arc<Connection>) {
        for near in self.near.iter_mut().filter(|near| near.name == address) {
            near.connections.retain(|one| one.strong_count() > 0);
            near.connections.push(Arc::downgrade(connection));
        }
    }

    pub(super) fn shown(&self) -> serde_json::Value {
        let devices = self.near.iter().map(|near| {
            serde_json::json!({
                "name": near.name,
                "connected": !near.connections().is_empty(),
                "state": lock(&near.device).shown(),
            })
        });
        serde_json::json!({ "on": !self.off, "devices": devices.collect::<Vec<_>>() })
    }
}

impl Near {
    fn connections(&self) -> Vec<Arc<Connection>> {
        self.connections.iter().filter_map(Weak::upgrade).collect()
    }
}

impl Connection {
    pub(super) fn new(device: Device, lost: Lost) -> Arc<Self> {
        Arc::new(Self {
            device,
            lost,
            over: AtomicBool::new(false),
            subscribed: Mutex::default(),
        })
    }

    pub(super) fn lose(&self) {
        if !self.over.swap(true, Ordering::AcqRel) {
            (self.lost)();
        }
    }

    pub(super) fn notify(&self, told: &Notification) {
        let notified: Vec<_> = {
            let mut subscribed = lock(&self.subscribed);
            subscribed.retain(|(_, notified)| notified.strong_count() > 0);
            let wanted = subscribed.iter().filter(|(of, _)| *of == told.of);
            wanted
                .filter_map(|(_, notified)| notified.upgrade())
                .collect()
        };
        for notified in notified {
            notified(Ok(told.value.clone()));
        }
    }

    /// The device, if it is connected still.
    fn device(&self) -> Result<MutexGuard<'_, Box<dyn SimulatedPeripheral>>, Failure> {
        match self.over.load(Ordering::Acquire) {
            true => Err(Failure::Gone),
            false => Ok(lock(&self.device)),
        }
    }
}

impl Link for SimulatedLink {
    fn read(&self, of: Characteristic, read: ValueRead) {
        let value = self.0.device().and_then(|mut device| device.read(of));
        read(value);
    }

    fn write(&self, to: Characteristic, value: Vec<u8>, written: Written) {
        let device = self.0.device();
        let told = device.and_then(|mut device| device.write(to, &value));
        match told {
            Ok(told) => {
                written(Ok(()));
                told.iter().for_each(|one| self.0.notify(one));
            }
            Err(failure) => written(Err(failure)),
        }
    }

    fn subscribe(&self, to: Characteristic, notified: Notified) -> Stop {
        let notified = Arc::new(notified);
        if self.0.over.load(Ordering::Acquire) {
            notified(Err(Failure::Gone));
            return Box::new(());
        }
        let mut subscribed = lock(&self.0.subscribed);
        subscribed.push((to, Arc::downgrade(&notified)));
        Box::new(notified)
    }
}

impl Drop for SimulatedLink {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Release);
    }
}

fn lock<T: ?Sized>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
