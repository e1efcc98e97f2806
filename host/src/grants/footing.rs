//! What a decision follows from.

use std::sync::Arc;

use lapak_abi::manifest::Manifest;
use serde::{Deserialize, Serialize};

use super::{Bounds, Capability};
use crate::room::Lent;

/// Some of the capabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilitySet(u64);

/// What the decider says, and to whom it owes an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may be used now.
    Allowed,
    /// It may not be used, unless the person agrees, who was not asked yet.
    AskPerson,
    /// It may not be used.
    Denied(Why),
}

/// What is missing. For the audit; an app never hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The manifest does not ask for it.
    NotInManifest,
    /// The platform does not grant it.
    NotGranted,
    /// The person refused it, or took it back.
    Refused,
}

/// What a session's grants follow from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Footing {
    /// Of the manifest's, and what is lent by default.
    pub(crate) asked: CapabilitySet,
    /// Of the platform's.
    pub(crate) granted: CapabilitySet,
    /// Of the person's, where the person is asked.
    pub(crate) agreed: CapabilitySet,
    /// What the person does not want to be asked again.
    pub(crate) refused: CapabilitySet,
    /// How far the grants go. Sessions of one platform share it.
    pub(crate) bounds: Arc<Bounds>,
}

impl Footing {
    /// What may be used.
    pub(super) fn allowed(&self) -> CapabilitySet {
        let silent = Capability::all()
            .filter(|capability| !capability.needs_consent())
            .collect::<CapabilitySet>();
        CapabilitySet(self.asked.0 & self.granted.0 & (silent.0 | self.agreed.0))
    }

    pub(super) fn decide(&self, capability: Capability) -> Decision {
        if self.allowed().contains(capability) {
            return Decision::Allowed;
        }
        if !self.asked.contains(capability) {
            return Decision::Denied(Why::NotInManifest);
        }
        if !self.granted.contains(capability) {
            return Decision::Denied(Why::NotGranted);
        }
        if self.refused.contains(capability) {
            return Decision::Denied(Why::Refused);
        }
        Decision::AskPerson
    }
}

/// What an app may ever use: what is lent to every app, and what its manifest asks for. Names that this host does not know ask
/// for nothing.
pub(super) fn asked(manifest: &Manifest) -> CapabilitySet {
    let names = |permission: &str| {
        let mut wanted = manifest.req_permissions.iter();
        wanted.any(|wanted| wanted.name == permission)
    };
    Capability::all()
        .filter(|capability| match capability.terms().lent {
            Lent::ToEveryApp => true,
            Lent::ToWhoAsks(permission) => names(permission),
        })
        .collect()
}

impl CapabilitySet {
    /// This one alone.
    #[must_use]
    pub fn only(capability: Capability) -> Self {
        Self(1 << capability.place())
    }

    pub(super) fn bits(self) -> u64 {
        self.0
    }

    pub(super) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Whether it is in it.
    #[must_use]
    pub fn contains(self, capability: Capability) -> bool {
        self.0 & Self::only(capability).0 != 0
    }

    /// Puts it in.
    pub fn insert(&mut self, capability: Capability) {
        self.0 |= Self::only(capability).0;
    }

    /// Takes it out.
    pub fn remove(&mut self, capability: Capability) {
        self.0 &= !Self::only(capability).0;
    }

    /// The capabilities of platforms' own, each alone, by their names.
    pub(crate) fn vendors() -> Vec<(String, Self)> {
        let vendors = Capability::all().filter(|one| matches!(one, Capability::Vendor(_)));
        vendors
            .map(|one| (one.name().to_owned(), Self::only(one)))
            .collect()
    }

    /// A set of another process, in which these capabilities of platforms' own had these places. What this process does not
    /// know goes.
    pub(crate) fn moved(self, vendors: &[(String, Self)]) -> Self {
        let built_in = Capability::ALL
            .into_iter()
            .filter(|one| self.contains(*one));
        let held = vendors.iter().filter(|(_, place)| self.0 & place.0 != 0);
        let known = held.filter_map(|(name, _)| Capability::named(name));
        built_in.chain(known).collect()
    }

    /// What is in it.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::all().filter(move |capability| self.contains(*capability))
    }
}

impl FromIterator<Capability> for CapabilitySet {
    fn from_iter<I: IntoIterator<Item = Capability>>(capabilities: I) -> Self {
        let mut set = Self::default();
        for capability in capabilities {
            set.insert(capability);
        }
        set
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotInManifest => "not in the manifest",
            Self::NotGranted => "not granted by the platform",
            Self::Refused => "refused by the person",
        })
    }
}
