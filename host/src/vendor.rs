//! Capabilities of a platform's own: a WIT interface that this library knows nothing of, with its host half and its provider,
//! lent to apps under the same grants, consent and audit as the built-in ones.
//!
//! `examples/embedder` is one, whole.

mod absent;
mod asking;

use std::any::Any;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasmtime::component::Linker;

pub use crate::grants::vendor::{MOST_VENDORS, VendorError, VendorTerms};
pub(crate) use absent::link_absent;
pub(crate) use asking::{Answer, Asked, VendorState};
pub use asking::{AskError, Done};

use crate::asking::{Use, note};
use crate::capability::storage::Owner;
use crate::grants::vendor::VendorSlot;
use crate::grants::{AccessDenied, Capability};
pub use crate::instance::AppState;
use crate::instance::hosted;

/// A capability of a platform's own.
pub trait VendorCapability: Any + Send + Sync {
    /// Under which terms it is lent. Always the same.
    fn terms(&self) -> VendorTerms;

    /// Puts its functions where apps import them, with `add_to_linker` of what `wasmtime::component::bindgen!` makes of the
    /// interface and `HasSelf<AppState>`. The `Host` trait that comes of it is implemented for [`AppState`].
    ///
    /// # Errors
    /// wasmtime's.
    fn link(&self, linker: &mut Linker<AppState>) -> wasmtime::Result<()>;

    /// Answers what an app [asked](AppState::ask) for, now or later, from any thread. It may be asked again for the same after a
    /// restart of the host: that must do no more than asking once.
    fn answer(&self, of: &Owner, asked: Vec<u8>, done: Done) {
        let _ = (of, asked, done);
    }
}

/// One that a host has.
#[derive(Clone)]
pub(crate) struct Vendor {
    pub(crate) capability: Capability,
    pub(crate) provider: Arc<dyn VendorCapability>,
}

impl Vendor {
    pub(crate) fn new(provider: Arc<dyn VendorCapability>) -> Result<Self, VendorError> {
        let slot = VendorSlot::of(provider.terms())?;
        Ok(Self {
            capability: Capability::Vendor(slot),
            provider,
        })
    }

    fn is<V: VendorCapability>(&self) -> Option<Arc<V>> {
        let any: Arc<dyn Any + Send + Sync> = self.provider.clone();
        any.downcast().ok()
    }
}

/// What host functions of a platform's own find: the session whose app calls them.
impl AppState {
    /// The first line of every host function: may this session use it now? Gives the provider. `function` is the function's
    /// WIT name, for the audit.
    ///
    /// # Errors
    /// [`AccessDenied`]: answer the app so, and do nothing.
    pub fn check<V: VendorCapability>(
        &mut self,
        function: &'static str,
    ) -> Result<Arc<V>, AccessDenied> {
        let (capability, provider) = self.vendor::<V>()?;
        let state = hosted(self);
        let allowed = state.check(capability);
        if !state.is_replay() && !state.session.is_model {
            let wanted = Use {
                capability,
                function,
                done: "used",
            };
            let session = &state.session;
            match &allowed {
                Ok(()) => note(session, wanted, Ok(()), "", "", wanted.done),
                Err(_) => {
                    let why = session.grants.why_not(capability).unwrap_or_default();
                    note(session, wanted, Err(&why), "", "", "denied");
                }
            }
        }
        allowed.map(|()| provider)
    }

    /// Whose session it is.
    #[must_use]
    pub fn owner(&mut self) -> &Owner {
        hosted(self).owner()
    }

    /// Asks for something that does not follow from the session itself, so that it is recorded and replayed. All that a host
    /// function that answers at once gets from its provider comes through here.
    pub fn answer<T: Serialize + DeserializeOwned>(&mut self, ask: impl FnOnce() -> T) -> T {
        hosted(self).answer(ask)
    }

    fn vendor<V: VendorCapability>(&mut self) -> Result<(Capability, Arc<V>), AccessDenied> {
        let state = hosted(self);
        // Nobody's session, launched for its memory alone: it reaches no provider.
        if state.session.is_model {
            return Err(AccessDenied);
        }
        let mut vendors = state.session.host.vendors.iter();
        let found = vendors.find_map(|vendor| Some((vendor.capability, vendor.is::<V>()?)));
        found.ok_or(AccessDenied)
    }
}
