//! A capability that Lapak knows nothing of: its host half, and a provider that keeps a lamp for each person.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use lapak_host::capability::storage::Owner;
use lapak_host::grants::AccessDenied;
use lapak_host::room::{Asks, Words};
use lapak_host::vendor::{AppState, AskError, Done, VendorCapability, VendorTerms};
use wasmtime::component::{HasSelf, Linker};

use self::bindings::acme::lamp::lamp::{self, Error, Host};

#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]
mod bindings {
    wasmtime::component::bindgen!({ path: "wit", world: "lamp-user" });
}

/// Everybody's lamps, by person: how bright, 0 to 100.
#[derive(Default)]
pub struct Lamps(Mutex<HashMap<String, u32>>);

impl Lamps {
    /// Works with a person's lamp.
    pub fn with<R>(&self, person: &str, work: impl FnOnce(&mut u32) -> R) -> R {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(all.entry(person.to_owned()).or_default())
    }
}

impl VendorCapability for Lamps {
    fn terms(&self) -> VendorTerms {
        VendorTerms {
            interface: "acme:lamp/lamp@0.1.0",
            permission: "system.permission.ACME_LAMP",
            allows: Words {
                en: "switch your lamp",
                id: "menyalakan lampu Anda",
            },
            asks: Asks::Never,
        }
    }

    fn link(&self, linker: &mut Linker<AppState>) -> wasmtime::Result<()> {
        lamp::add_to_linker::<_, HasSelf<AppState>>(linker, |state| state)
    }

    fn answer(&self, of: &Owner, asked: Vec<u8>, done: Done) {
        self.with(&of.person, |lamp| {
            *lamp = asked.first().copied().unwrap_or(0).into()
        });
        done(asked);
    }
}

impl Host for AppState {
    fn brightness(&mut self) -> Result<u32, Error> {
        let lamps = self.check::<Lamps>("brightness")?;
        let person = self.owner().person.clone();
        Ok(self.answer(|| lamps.with(&person, |lamp| *lamp)))
    }

    fn switch(&mut self, percent: u32) -> Result<(), Error> {
        let lamps = self.check::<Lamps>("switch")?;
        let person = self.owner().person.clone();
        let percent = checked(percent)?.into();
        self.answer(|| lamps.with(&person, |lamp| *lamp = percent));
        Ok(())
    }

    fn fade(&mut self, percent: u32) -> Result<u32, Error> {
        let question = vec![checked(percent)?];
        self.ask::<Lamps>("fade", &format!("to {percent} %"), question)
            .map_err(|error| match error {
                AskError::TooManyRequests => Error::TooManyRequests,
                AskError::AccessDenied(_) | AskError::TooLong => Error::AccessDenied,
            })
    }

    fn faded(&mut self, request: u32) -> Result<u32, Error> {
        let answer = self.take::<Lamps>(request)?.ok_or(Error::UnknownRequest)?;
        Ok(answer.first().copied().unwrap_or(0).into())
    }
}

fn checked(percent: u32) -> Result<u8, Error> {
    u8::try_from(percent)
        .ok()
        .filter(|percent| *percent <= 100)
        .ok_or(Error::Invalid)
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}
