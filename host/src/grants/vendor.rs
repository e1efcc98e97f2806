//! Places in the decider for capabilities of a platform's own: as many as there is room for in its one word.

use std::sync::OnceLock;

use crate::room::{Asks, Lent, Terms, Words};

/// The most capabilities of platforms' own in a process.
pub const MOST_VENDORS: usize = 8;

/// The terms of a capability of a platform's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VendorTerms {
    /// Its WIT interface, with its version: `acme:lamp/lamp@0.1.0`. Without the version it is the capability's name.
    pub interface: &'static str,
    /// What manifests ask for: `system.permission.ACME_LAMP`.
    pub permission: &'static str,
    /// What that allows, for people: "switch your lamp".
    pub allows: Words,
    /// When the person is asked.
    pub asks: Asks,
}

/// Why a capability of a platform's own was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VendorError {
    /// There is no room for another.
    #[error(
        "there is room for {MOST_VENDORS} capabilities of a platform's own in a process, and {0} is one more"
    )]
    TooMany(&'static str),
    /// In this process it has other terms already.
    #[error("{0} was given with other terms before, in the same process. Give the same each time")]
    Differs(&'static str),
    /// Its interface does not look like one, or is one of this host's.
    #[error(
        "{0:?} is no interface of a platform's own. Name it with package and version, as acme:lamp/lamp@0.1.0"
    )]
    Name(&'static str),
}

/// A place in the decider. Given once for each interface, as long as the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VendorSlot(u8);

static SLOTS: [OnceLock<VendorTerms>; MOST_VENDORS] = [const { OnceLock::new() }; MOST_VENDORS];

impl VendorSlot {
    /// The place of a capability with these terms; a fresh one for one that was not seen before.
    pub(crate) fn of(terms: VendorTerms) -> Result<Self, VendorError> {
        let version = terms.interface.split_once('@').map(|(_, version)| version);
        let named = name(terms.interface).split_once(':');
        let named = named.is_some_and(|(package, rest)| {
            rest.contains('/') && !["lapak", "wasi"].contains(&package)
        });
        if !named || version.is_none_or(str::is_empty) {
            return Err(VendorError::Name(terms.interface));
        }
        for (slot, held) in (0_u8..).zip(&SLOTS) {
            let held = held.get_or_init(|| terms);
            if name(held.interface) == name(terms.interface) {
                let same = *held == terms;
                return same
                    .then_some(Self(slot))
                    .ok_or(VendorError::Differs(terms.interface));
            }
        }
        Err(VendorError::TooMany(terms.interface))
    }

    /// Every place that was given.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let given = (0_u8..)
            .zip(&SLOTS)
            .filter(|(_, held)| held.get().is_some());
        given.map(|(slot, _)| Self(slot))
    }

    pub(super) const fn place(self) -> u8 {
        self.0
    }

    /// The terms as those of any capability.
    pub(super) fn terms(self) -> Terms {
        let given = self.given();
        Terms {
            name: name(given.interface),
            lent: Lent::ToWhoAsks(given.permission),
            allows: given.allows,
            asks: given.asks,
            bounds: "",
        }
    }

    fn given(self) -> VendorTerms {
        let held = SLOTS.get(usize::from(self.0)).and_then(OnceLock::get);
        // A place exists only once it was given.
        held.copied().unwrap_or(VendorTerms {
            interface: "",
            permission: "",
            allows: Words { en: "", id: "" },
            asks: Asks::FirstUse,
        })
    }
}

/// An interface's name without its version.
pub(crate) fn name(interface: &str) -> &str {
    interface.split('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAMP: VendorTerms = VendorTerms {
        interface: "test:slots/lamp@0.1.0",
        permission: "system.permission.LAMP",
        allows: Words {
            en: "switch your lamp",
            id: "menyalakan lampu Anda",
        },
        asks: Asks::Never,
    };

    #[test]
    fn an_interface_has_one_place_and_one_set_of_terms() {
        let lamp = VendorSlot::of(LAMP).expect("a place");
        assert_eq!(VendorSlot::of(LAMP), Ok(lamp));
        assert_eq!(lamp.terms().name, "test:slots/lamp");
        let asking = VendorTerms {
            asks: Asks::FirstUse,
            ..LAMP
        };
        assert_eq!(
            VendorSlot::of(asking),
            Err(VendorError::Differs(LAMP.interface))
        );
        assert!(VendorSlot::all().any(|slot| slot == lamp));
    }

    #[test]
    fn names_that_are_none_are_refused() {
        for interface in [
            "lamp",
            "acme:lamp@0.1.0",
            "acme:lamp/lamp",
            "lapak:app/clock@0.1.0",
            "wasi:io/poll@0.2.0",
            "acme:lamp/lamp@",
        ] {
            let terms = VendorTerms { interface, ..LAMP };
            assert_eq!(VendorSlot::of(terms), Err(VendorError::Name(interface)));
        }
    }
}
