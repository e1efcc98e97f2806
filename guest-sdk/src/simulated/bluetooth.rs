//! The Bluetooth devices that a test puts near the person.
//!
//! Differs from a host: devices are found and connected at once, and are named `device-1`, `device-2`, …

mod air;
pub(crate) mod lock;

use super::{Capability, with};
use crate::bindings::wit::lapak::app::bluetooth::{Device, Error};

pub(crate) use air::Air;

/// A device that a test scripts.
pub trait Peripheral {
    /// What it calls itself.
    fn name(&self) -> String;

    /// The services that it advertises.
    fn services(&self) -> Vec<String>;

    /// How strong its signal is, in dBm.
    fn rssi(&self) -> i16 {
        -50
    }

    /// The app reads a characteristic.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where there is nothing to be read.
    fn read(&mut self, service: &str, characteristic: &str) -> Result<Vec<u8>, Error>;

    /// The app writes a characteristic; gives what the device notifies of then.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where there is nothing to be written, or not this.
    fn write(
        &mut self,
        service: &str,
        characteristic: &str,
        value: &[u8],
    ) -> Result<Vec<Notification>, Error>;
}

/// What a device tells of by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Of this service,
    pub service: String,
    /// this characteristic
    pub characteristic: String,
    /// has this value.
    pub value: Vec<u8>,
}

fn lent<T>(work: impl FnOnce(&mut super::Host) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.denies(Capability::Bluetooth) {
        true => Err(Error::AccessDenied),
        false => work(host),
    })
}

pub(crate) fn discover(services: &[String], _milliseconds: u32) -> Result<u32, Error> {
    const MOST: usize = 8;
    lent(|host| {
        if services.is_empty() || services.len() > MOST || !services.iter().all(|one| is_uuid(one))
        {
            return Err(Error::Invalid);
        }
        let request = host.finished_request();
        host.bluetooth.discover(request, services);
        Ok(request)
    })
}

pub(crate) fn take_devices(request: u32) -> Result<Vec<Device>, Error> {
    lent(|host| host.bluetooth.take_devices(request))
}

pub(crate) fn connect(device: &str) -> Result<u32, Error> {
    lent(|host| {
        host.bluetooth.may_connect(device)?;
        let request = host.finished_request();
        host.bluetooth.connect(request, device);
        Ok(request)
    })
}

pub(crate) fn disconnect(device: &str) -> Result<(), Error> {
    lent(|host| {
        host.bluetooth.known(device)?;
        let told = host.bluetooth.disconnect(device);
        host.waiting.extend(told);
        Ok(())
    })
}

pub(crate) fn read(device: &str, service: &str, characteristic: &str) -> Result<u32, Error> {
    lent(|host| {
        reachable(host, device, service, characteristic)?;
        let request = host.finished_request();
        host.bluetooth
            .read(request, device, service, characteristic);
        Ok(request)
    })
}

pub(crate) fn write(
    device: &str,
    service: &str,
    characteristic: &str,
    value: &[u8],
) -> Result<u32, Error> {
    const MOST: usize = 512;
    lent(|host| {
        reachable(host, device, service, characteristic)?;
        if value.len() > MOST {
            return Err(Error::Invalid);
        }
        let request = host.finished_request();
        let air = &mut host.bluetooth;
        let told = air.write(request, device, service, characteristic, value);
        host.waiting.extend(told);
        Ok(request)
    })
}

pub(crate) fn watch(device: &str, service: &str, characteristic: &str) -> Result<u32, Error> {
    lent(|host| {
        reachable(host, device, service, characteristic)?;
        let request = host.watch_request();
        host.bluetooth
            .watch(request, device, service, characteristic);
        Ok(request)
    })
}

pub(crate) fn stop(watch: u32) -> Result<(), Error> {
    lent(|host| match host.bluetooth.stop(watch) {
        true => Ok(()),
        false => Err(Error::UnknownRequest),
    })
}

pub(crate) fn take_done(request: u32) -> Result<(), Error> {
    lent(|host| host.bluetooth.take_done(request))
}

pub(crate) fn take_value(request: u32) -> Result<Vec<u8>, Error> {
    lent(|host| {
        let (value, more) = host.bluetooth.take_value(request);
        if more {
            host.waiting.push_back(request);
        }
        value
    })
}

fn reachable(
    host: &super::Host,
    device: &str,
    service: &str,
    characteristic: &str,
) -> Result<(), Error> {
    if !is_uuid(service) || !is_uuid(characteristic) {
        return Err(Error::Invalid);
    }
    host.bluetooth.reachable(device, service)
}

/// In full and in lower case.
fn is_uuid(text: &str) -> bool {
    const LENGTH: usize = 36;
    text.len() == LENGTH
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}
