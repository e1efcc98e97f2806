//! Connecting, and what goes over a connection: checked here, done there.

use std::sync::Arc;

use super::connection::{Connection, Held};
use super::known::{MOST_CONNECTED, Standing};
use super::{
    Answer, Asked, CAPABILITY, CONNECT, Characteristic, Kind, MOST_VALUE, READ, Uuid, WATCH, WRITE,
};
use crate::asking::Use;
use crate::bindings::lapak::app::bluetooth::Error;
use crate::bindings::lapak::app::requests::RequestId;
use crate::flights::{Backlog, Kept};
use crate::instance::InstanceState;
use crate::requests::{Again, Finisher};

/// News of a watch that waits to be taken.
const BACKLOG: usize = 64;

/// A characteristic within reach, and the request that made the connection to its device.
struct Reached {
    by: RequestId,
    characteristic: Characteristic,
}

impl InstanceState {
    /// Whether these services are among those that the platform lends at this moment.
    pub(super) fn within_bounds(&mut self, services: &[Uuid]) -> Result<(), Error> {
        let session = self.session.clone();
        let allowed = self.answer(|| {
            let bounds = session.grants.bounds();
            services.iter().all(|one| bounds.bluetooth.allows(*one))
        });
        match allowed {
            true => Ok(()),
            false => Err(Error::AccessDenied),
        }
    }

    pub(super) fn begin_connection(&mut self, device: &str) -> Result<RequestId, Error> {
        let room = &self.rooms.bluetooth;
        let address = room.address(device)?.to_owned();
        let standing = room.standing(device);
        let full = room.connections() >= MOST_CONNECTED;
        match standing {
            Standing::Connecting(_) => return Err(Error::TooManyRequests),
            Standing::Away if full => return Err(Error::TooManyRequests),
            Standing::Away | Standing::Connected(_) => {}
        }
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        let requests = &mut self.rooms.bluetooth.requests;
        match standing {
            Standing::Connected(by) => {
                requests.ask(request, Asked::OverLink(Kind::Done));
                self.see_connection(request, by);
            }
            _ => {
                requests.ask(request, Asked::Connect(device.to_owned()));
                self.make_connection(request, address);
            }
        }
        Ok(request)
    }

    /// Answers whether a device is connected still.
    fn see_connection(&self, request: RequestId, by: RequestId) {
        let Some(finish) = self.finisher(request) else {
            return;
        };
        let session = self.session.clone();
        let pools = &self.session.host.pools;
        pools.off_workers(&self.session, move || {
            let done = match session.kept(by, Held::connection) {
                Some(_) => Ok(()),
                None => Err(Error::Disconnected),
            };
            finish.with(super::super::Answer::Bluetooth(Answer::Done(done)));
        });
    }

    fn make_connection(&self, request: RequestId, address: String) {
        let denied = Answer::failed(Kind::Done, Error::AccessDenied);
        self.keep_place(Kept {
            request,
            capability: CAPABILITY,
            denied: denied.clone(),
            backlog: Backlog::Latest,
            told: false,
        });
        let session = self.session.clone();
        self.went_on(CONNECT, String::new(), move |agreed| {
            if agreed.is_err() {
                return session.decline(request, denied);
            }
            let connection = Connection::new(&session, request);
            session.take_off(request, |teller| Box::new(connection.held(teller)));
            connection.open(&session, &address);
        });
    }

    pub(super) fn end_connection(&mut self, device: &str) -> Result<(), Error> {
        let room = &mut self.rooms.bluetooth;
        room.address(device)?;
        match room.standing(device) {
            Standing::Connected(by) => {
                room.disconnected(device);
                self.session.let_go(by, None);
            }
            Standing::Connecting(by) => {
                let given_up = Answer::failed(Kind::Done, Error::Disconnected);
                self.session.let_go(by, Some(given_up));
            }
            Standing::Away => {}
        }
        Ok(())
    }

    pub(super) fn begin_reading(
        &mut self,
        device: &str,
        service: &str,
        characteristic: &str,
    ) -> Result<RequestId, Error> {
        let reached = self.reach(device, service, characteristic)?;
        self.over_link(READ, &reached, Kind::Value, {
            let of = reached.characteristic;
            move |connection, request, finish| connection.read(finish, request, of)
        })
    }

    pub(super) fn begin_writing(
        &mut self,
        device: &str,
        service: &str,
        characteristic: &str,
        value: Vec<u8>,
    ) -> Result<RequestId, Error> {
        if value.len() > MOST_VALUE {
            return Err(Error::Invalid);
        }
        let reached = self.reach(device, service, characteristic)?;
        self.over_link(WRITE, &reached, Kind::Done, {
            let to = reached.characteristic;
            move |connection, request, finish| connection.write(finish, request, to, value)
        })
    }

    pub(super) fn begin_watching(
        &mut self,
        device: &str,
        service: &str,
        characteristic: &str,
    ) -> Result<RequestId, Error> {
        let reached = self.reach(device, service, characteristic)?;
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        let asked = Asked::OverLink(Kind::Value);
        self.rooms.bluetooth.requests.watch(request, asked);
        self.keep_place(Kept {
            request,
            capability: CAPABILITY,
            denied: Answer::failed(Kind::Value, Error::AccessDenied),
            backlog: Backlog::Most(BACKLOG),
            told: false,
        });
        if self.is_replay() {
            return Ok(request);
        }
        self.was_used(WATCH, &reached.characteristic.id.to_string());
        match self.session.kept(reached.by, Held::connection) {
            Some(connection) => connection.watch(request, reached.characteristic),
            None => {
                let lost = Answer::failed(Kind::Value, Error::Disconnected);
                self.session.stay(request, lost);
            }
        }
        Ok(request)
    }

    /// Begins something that comes to an end, in the order in which the app asks for such things.
    fn over_link(
        &mut self,
        wanted: Use,
        reached: &Reached,
        kind: Kind,
        ask: impl FnOnce(&Arc<Connection>, RequestId, Finisher),
    ) -> Result<RequestId, Error> {
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        let asked = Asked::OverLink(kind);
        self.rooms.bluetooth.requests.ask(request, asked);
        let Some(finish) = self.finisher(request) else {
            return Ok(request);
        };
        self.was_used(wanted, &reached.characteristic.id.to_string());
        match self.session.kept(reached.by, Held::connection) {
            Some(connection) => ask(&connection, request, finish),
            None => finish.with(Answer::failed(kind, Error::Disconnected)),
        }
        Ok(request)
    }

    fn reach(
        &mut self,
        device: &str,
        service: &str,
        characteristic: &str,
    ) -> Result<Reached, Error> {
        let uuid = |text: &str| text.parse::<Uuid>().map_err(|_| Error::Invalid);
        let characteristic = Characteristic {
            service: uuid(service)?,
            id: uuid(characteristic)?,
        };
        let room = &self.rooms.bluetooth;
        if !room.services(device)?.contains(&characteristic.service) {
            return Err(Error::AccessDenied);
        }
        self.within_bounds(&[characteristic.service])?;
        match self.rooms.bluetooth.standing(device) {
            Standing::Connected(by) => Ok(Reached { by, characteristic }),
            Standing::Connecting(_) | Standing::Away => Err(Error::Disconnected),
        }
    }

    pub(in super::super) fn ask_bluetooth_again(&mut self, answered: &[RequestId]) {
        self.rooms.bluetooth.forget_connections();
        for Again { request, asked, .. } in self.rooms.bluetooth.requests.again(answered) {
            if let Asked::Discover(services, milliseconds) = asked {
                self.look(request, services, milliseconds);
            } else if let (Some(kind), Some(finish)) = (asked.kind(), self.finisher(request)) {
                let lost = Answer::failed(kind, Error::Disconnected);
                let pools = &self.session.host.pools;
                pools.off_workers(&self.session, move || finish.with(lost));
            }
        }
    }
}
