//! What manifests may ask for, by the names that they write, and what each name allows.

use lapak_abi::manifest::Manifest;

use super::{Capability, CapabilitySet};

/// A permission as manifests name it, in the form of the examples in W3C MiniApp Manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// As `req_permissions` has it.
    pub name: &'static str,
    /// What it leads to.
    pub capability: Capability,
    /// What it allows, for people.
    pub allows: &'static str,
}

/// Every permission that there is. What is not in this table needs none: it is lent to every app by default.
pub const PERMISSIONS: &[Permission] = &[
    Permission {
        name: "system.permission.PAYMENTS",
        capability: Capability::Payments,
        allows: "ask you to pay; each payment is confirmed with your PIN",
    },
    Permission {
        name: "system.permission.WALLET",
        capability: Capability::Wallet,
        allows: "see your accounts, what is in them and what happened in them",
    },
    Permission {
        name: "system.permission.LOCATION",
        capability: Capability::Location,
        allows: "see where you are",
    },
    Permission {
        name: "system.permission.INTERNET",
        capability: Capability::Fetch,
        allows: "talk to the servers that it names",
    },
    Permission {
        name: "system.permission.IDENTITY",
        capability: Capability::Identity,
        allows: "know you again, and ask you each time for more about yourself",
    },
    Permission {
        name: "system.permission.NOTIFY",
        capability: Capability::Notify,
        allows: "send you messages like this while you do not use it",
    },
    Permission {
        name: "system.permission.SCAN",
        capability: Capability::Scan,
        allows: "open the scanner, and hear what the code says that you show it",
    },
    Permission {
        name: "system.permission.BLUETOOTH",
        capability: Capability::Bluetooth,
        allows: "find and use Bluetooth devices near you",
    },
    Permission {
        name: "system.permission.OPEN_APP",
        capability: Capability::OpenApp,
        allows: "ask you, as you tap, to open another app",
    },
    Permission {
        name: "system.permission.BATTERY",
        capability: Capability::Battery,
        allows: "see how full the battery is",
    },
    Permission {
        name: "system.permission.NETWORK",
        capability: Capability::Network,
        allows: "see whether you are online, and how",
    },
    Permission {
        name: "system.permission.MOTION",
        capability: Capability::Motion,
        allows: "see how you move and hold your device",
    },
    Permission {
        name: "system.permission.CLIPBOARD",
        capability: Capability::Clipboard,
        allows: "read what you copied, and put something else there",
    },
    Permission {
        name: "system.permission.VIBRATE",
        capability: Capability::Vibration,
        allows: "make your device vibrate",
    },
];

impl Permission {
    /// The permission that leads to a capability, if it needs one.
    #[must_use]
    pub fn of(capability: Capability) -> Option<Self> {
        if let Capability::Vendor(slot) = capability {
            let terms = slot.terms();
            return Some(Self {
                name: terms.permission,
                capability,
                allows: terms.allows,
            });
        }
        let mut all = PERMISSIONS.iter().copied();
        all.find(|permission| permission.capability == capability)
    }
}

/// What an app may ever use: what is lent by default, and what its manifest asks for. Names that this host does not know
/// ask for nothing.
pub(super) fn asked(manifest: &Manifest) -> CapabilitySet {
    let names = |permission: Permission| {
        let mut wanted = manifest.req_permissions.iter();
        wanted.any(|wanted| wanted.name == permission.name)
    };
    // What needs none is lent by default.
    Capability::all()
        .filter(|capability| Permission::of(*capability).is_none_or(names))
        .collect()
}
