//! The `platform` interface: what there is to lend at all.

use crate::bindings::lapak::app::platform::Host;
use crate::grants::Capability;
use crate::instance::InstanceState;

impl Host for InstanceState {
    fn offers(&mut self, name: String) -> bool {
        let host = self.session.host.clone();
        let name = crate::grants::vendor::name(&name);
        self.answer(|| Capability::named(name).is_some_and(|one| host.offers(one)))
    }
}
