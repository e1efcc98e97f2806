//! The imports of an app whose host lends nothing: every capability refuses, every page stays.

mod money;

use lapak_host::bindings::lapak::app::{
    clock, console, events, faults, navigation, payments, random, requests, storage, timer,
    updates, view,
};
use wasmtime::component::{HasSelf, Linker};

/// What bare instances have for a host.
#[derive(Debug, Default)]
pub(crate) struct Stub;

/// Links what the apps of the benches call.
pub(crate) fn add_to_linker(linker: &mut Linker<Stub>) -> wasmtime::Result<()> {
    type Whole = HasSelf<Stub>;
    requests::add_to_linker::<_, Whole>(linker, |stub| stub)?;
    events::add_to_linker::<_, Whole>(linker, |stub| stub)?;
    view::add_to_linker::<_, Whole>(linker, |stub| stub)?;
    faults::add_to_linker::<_, Whole>(linker, |stub| stub)?;
    console::add_to_linker::<_, Whole>(linker, |stub| stub)?;
    clock::add_to_linker::<_, Whole>(linker, |stub| stub)?;
    random::add_to_linker::<_, Whole>(linker, |stub| stub)?;
    storage::add_to_linker::<_, Whole>(linker, |stub| stub)?;
    timer::add_to_linker::<_, Whole>(linker, |stub| stub)?;
    payments::add_to_linker::<_, Whole>(linker, |stub| stub)?;
    navigation::add_to_linker::<_, Whole>(linker, |stub| stub)?;
    updates::add_to_linker::<_, Whole>(linker, |stub| stub)
}

impl requests::Host for Stub {}
impl events::Host for Stub {}
impl view::Host for Stub {}

impl faults::Host for Stub {
    fn report_panic(&mut self, panic: faults::Panic) {
        eprintln!("the app panicked: {}", panic.message);
    }
}

impl console::Host for Stub {
    fn log(&mut self, _: console::Level, _: String) -> Result<(), console::Error> {
        Err(console::Error::AccessDenied)
    }
}

impl clock::Host for Stub {
    fn now(&mut self) -> Result<clock::Timestamp, clock::Error> {
        Err(clock::Error::AccessDenied)
    }

    fn utc_offset_minutes_at(&mut self, _unix_ms: u64) -> Result<i32, clock::Error> {
        Ok(0)
    }

    fn zone(&mut self) -> Result<Option<String>, clock::Error> {
        Ok(None)
    }

    fn elapsed_ms(&mut self) -> Result<u64, clock::Error> {
        Err(clock::Error::AccessDenied)
    }
}

impl random::Host for Stub {
    fn bytes(&mut self, _: u32) -> wasmtime::Result<Result<Vec<u8>, random::Error>> {
        Ok(Err(random::Error::AccessDenied))
    }
}

impl storage::Host for Stub {
    fn get(&mut self, _: String) -> Result<u32, storage::Error> {
        Err(storage::Error::AccessDenied)
    }

    fn set(&mut self, _: String, _: Vec<u8>) -> Result<u32, storage::Error> {
        Err(storage::Error::AccessDenied)
    }

    fn remove(&mut self, _: String) -> Result<u32, storage::Error> {
        Err(storage::Error::AccessDenied)
    }

    fn keys(&mut self) -> Result<u32, storage::Error> {
        Err(storage::Error::AccessDenied)
    }

    fn clear(&mut self) -> Result<u32, storage::Error> {
        Err(storage::Error::AccessDenied)
    }

    fn take(&mut self, _: u32) -> Result<storage::Outcome, storage::Error> {
        Err(storage::Error::AccessDenied)
    }
}

impl timer::Host for Stub {
    fn after(&mut self, _: u32) -> Result<u32, timer::Error> {
        Err(timer::Error::AccessDenied)
    }

    fn take(&mut self, _: u32) -> Result<(), timer::Error> {
        Err(timer::Error::AccessDenied)
    }
}

impl updates::Host for Stub {
    fn carry_over(&mut self, _: Vec<u8>) -> Result<(), updates::Error> {
        Err(updates::Error::NotUpdating)
    }
}

impl navigation::Host for Stub {
    fn navigate_to(&mut self, _: String) -> Result<(), navigation::Error> {
        Err(navigation::Error::UnknownPage)
    }

    fn redirect_to(&mut self, _: String) -> Result<(), navigation::Error> {
        Err(navigation::Error::UnknownPage)
    }

    fn back(&mut self, _: u32) -> Result<(), navigation::Error> {
        Err(navigation::Error::AtRoot)
    }

    fn relaunch(&mut self, _: String) -> Result<(), navigation::Error> {
        Err(navigation::Error::UnknownPage)
    }

    fn switch_tab(&mut self, _: String) -> Result<(), navigation::Error> {
        Err(navigation::Error::NotATab)
    }
}
