//! Who is near, who is connected, and what is on its way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Notification, Peripheral};
use crate::bindings::wit::lapak::app::bluetooth::{Device, Error};

const MOST_CONNECTED: usize = 4;

#[derive(Default)]
pub(crate) struct Air {
    off: bool,
    near: Vec<Near>,
    named: u32,
    found: BTreeMap<u32, Result<Vec<Device>, Error>>,
    done: BTreeMap<u32, Result<(), Error>>,
    values: BTreeMap<u32, Result<Vec<u8>, Error>>,
    watches: BTreeMap<u32, Subscribed>,
}

struct Near {
    id: String,
    peripheral: Box<dyn Peripheral>,
    /// What the app asked for when it found the device.
    asked: BTreeSet<String>,
    connected: bool,
    /// Out of reach; the app may still know its id.
    gone: bool,
}

struct Subscribed {
    device: String,
    service: String,
    characteristic: String,
    news: VecDeque<Result<Vec<u8>, Error>>,
}

impl Air {
    pub(crate) fn add(&mut self, peripheral: Box<dyn Peripheral>) {
        self.named += 1;
        self.near.push(Near {
            id: format!("device-{}", self.named),
            peripheral,
            asked: BTreeSet::new(),
            connected: false,
            gone: false,
        });
    }

    /// A device is gone. Gives the requests whose app must be told.
    pub(crate) fn remove(&mut self, name: &str) -> Vec<u32> {
        let mut told = Vec::new();
        for at in 0..self.near.len() {
            if let Some(near) = self.near.get_mut(at)
                && near.peripheral.name() == name
            {
                near.gone = true;
                let id = near.id.clone();
                told.extend(self.disconnect(&id));
            }
        }
        told
    }

    /// Switches Bluetooth off or on. Gives the requests whose app must be told.
    pub(crate) fn switch(&mut self, on: bool) -> Vec<u32> {
        self.off = !on;
        if on {
            return Vec::new();
        }
        let ids: Vec<_> = self.near.iter().map(|near| near.id.clone()).collect();
        ids.iter().flat_map(|id| self.disconnect(id)).collect()
    }

    /// Something that a device tells of. Gives the requests whose app must be told.
    pub(crate) fn notify(&mut self, name: &str, told: &Notification) -> Vec<u32> {
        let ids = self.near.iter();
        let ids = ids.filter(|near| near.connected && near.peripheral.name() == name);
        let ids: Vec<_> = ids.map(|near| near.id.clone()).collect();
        ids.iter().flat_map(|id| self.notified(id, told)).collect()
    }

    pub(super) fn discover(&mut self, request: u32, services: &[String]) {
        if self.off {
            self.found.insert(request, Err(Error::Unavailable));
            return;
        }
        let mut found = Vec::new();
        for near in self.near.iter_mut().filter(|near| !near.gone) {
            let mut advertised = near.peripheral.services();
            advertised.retain(|one| services.contains(one));
            if advertised.is_empty() {
                continue;
            }
            near.asked.extend(services.iter().cloned());
            found.push(Device {
                id: near.id.clone(),
                name: near.peripheral.name(),
                services: advertised,
                rssi: near.peripheral.rssi(),
            });
        }
        found.sort_by_key(|device| std::cmp::Reverse(device.rssi));
        self.found.insert(request, Ok(found));
    }

    pub(super) fn take_devices(&mut self, request: u32) -> Result<Vec<Device>, Error> {
        let found = self.found.remove(&request);
        found.unwrap_or(Err(Error::UnknownRequest))
    }

    /// Whether the app has found this device.
    pub(super) fn known(&self, device: &str) -> Result<(), Error> {
        self.found(device).map(|_| ())
    }

    pub(super) fn may_connect(&self, device: &str) -> Result<(), Error> {
        let near = self.found(device)?;
        let connected = self.near.iter().filter(|near| near.connected).count();
        match connected >= MOST_CONNECTED && !near.connected {
            true => Err(Error::TooManyRequests),
            false => Ok(()),
        }
    }

    pub(super) fn connect(&mut self, request: u32, device: &str) {
        let off = self.off;
        let outcome = match self.near.iter_mut().find(|near| near.id == device) {
            _ if off => Err(Error::Unavailable),
            Some(near) if !near.gone => {
                near.connected = true;
                Ok(())
            }
            _ => Err(Error::Disconnected),
        };
        self.done.insert(request, outcome);
    }

    /// Gives the watches whose app must be told.
    pub(super) fn disconnect(&mut self, device: &str) -> Vec<u32> {
        for near in self.near.iter_mut().filter(|near| near.id == device) {
            near.connected = false;
        }
        let watches = self.watches.iter_mut();
        let ended = watches.filter(|(_, watch)| watch.device == device);
        ended
            .filter_map(|(request, watch)| {
                watch.news.push_back(Err(Error::Disconnected));
                (watch.news.len() == 1).then_some(*request)
            })
            .collect()
    }

    /// Whether this service of this device is within reach.
    pub(super) fn reachable(&self, device: &str, service: &str) -> Result<(), Error> {
        let near = self.found(device)?;
        if !near.asked.contains(service) {
            return Err(Error::AccessDenied);
        }
        match near.connected {
            true => Ok(()),
            false => Err(Error::Disconnected),
        }
    }

    pub(super) fn read(&mut self, request: u32, device: &str, service: &str, of: &str) {
        let near = self.near.iter_mut().find(|near| near.id == device);
        let value = match near {
            Some(near) => near.peripheral.read(service, of),
            None => Err(Error::Disconnected),
        };
        self.values.insert(request, value);
    }

    /// Gives the watches whose app must be told.
    pub(super) fn write(
        &mut self,
        request: u32,
        device: &str,
        service: &str,
        of: &str,
        value: &[u8],
    ) -> Vec<u32> {
        let near = self.near.iter_mut().find(|near| near.id == device);
        let written = match near {
            Some(near) => near.peripheral.write(service, of, value),
            None => Err(Error::Disconnected),
        };
        let (outcome, told) = match written {
            Ok(told) => (Ok(()), told),
            Err(error) => (Err(error), Vec::new()),
        };
        self.done.insert(request, outcome);
        let told = told.iter();
        told.flat_map(|one| self.notified(device, one)).collect()
    }

    pub(super) fn watch(&mut self, request: u32, device: &str, service: &str, of: &str) {
        let watch = Subscribed {
            device: device.to_owned(),
            service: service.to_owned(),
            characteristic: of.to_owned(),
            news: VecDeque::new(),
        };
        self.watches.insert(request, watch);
    }

    pub(super) fn stop(&mut self, watch: u32) -> bool {
        self.watches.remove(&watch).is_some()
    }

    pub(super) fn take_done(&mut self, request: u32) -> Result<(), Error> {
        let done = self.done.remove(&request);
        done.unwrap_or(Err(Error::UnknownRequest))
    }

    /// And whether there is more to be taken under this id.
    pub(super) fn take_value(&mut self, request: u32) -> (Result<Vec<u8>, Error>, bool) {
        if let Some(value) = self.values.remove(&request) {
            return (value, false);
        }
        let Some(watch) = self.watches.get_mut(&request) else {
            return (Err(Error::UnknownRequest), false);
        };
        let news = watch.news.pop_front();
        let more = !watch.news.is_empty();
        let news = news.unwrap_or(Err(Error::UnknownRequest));
        if news == Err(Error::Disconnected) {
            self.watches.remove(&request);
        }
        (news, more)
    }

    fn found(&self, device: &str) -> Result<&Near, Error> {
        let near = self.near.iter().find(|near| near.id == device);
        near.filter(|near| !near.asked.is_empty())
            .ok_or(Error::Invalid)
    }

    fn notified(&mut self, device: &str, told: &Notification) -> Vec<u32> {
        let watches = self.watches.iter_mut().filter(|(_, watch)| {
            watch.device == device
                && watch.service == told.service
                && watch.characteristic == told.characteristic
        });
        watches
            .filter_map(|(request, watch)| {
                watch.news.push_back(Ok(told.value.clone()));
                (watch.news.len() == 1).then_some(*request)
            })
            .collect()
    }
}
