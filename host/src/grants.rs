//! The one decider: may this session use this capability now?
//!
//! *What the manifest asks for* ∩ *what the platform grants, within bounds* ∩ *what the person agrees to*. Every host
//! function of every capability asks [`Grants::check`] in its first line. A refusal is a value that the app receives, and
//! it does not tell whether the thing exists, nor which of the three is missing.

mod bounds;
pub mod consent;
mod footing;
pub mod vendor;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use lapak_abi::manifest::Manifest;

use crate::room::{Asks, Terms};
use vendor::VendorSlot;

pub use bounds::{
    BluetoothBounds, Bounds, FetchBounds, LocationBounds, Most, OutOfBounds, PaymentBounds,
    Spending,
};
pub(crate) use footing::Footing;
pub use footing::{CapabilitySet, Decision, Why};

/// Makes the enumeration of capabilities: each has its name, which is that of its WIT interface, and its place in the set.
macro_rules! capabilities {
    ($($capability:ident = $room:ident,)*) => {
        /// A capability: one WIT interface that a host may lend to an app.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Capability {
            $(
                #[doc = concat!("`lapak:app`: [`", stringify!($room), "`](crate::capability::", stringify!($room), ")")]
                $capability,
            )*
            /// An interface of the platform's own.
            Vendor(VendorSlot),
        }

        /// The capabilities of `lapak:app` by their places in the set.
        #[repr(u8)]
        enum Place {
            $($capability),*
        }

        impl Capability {
            /// Every capability of `lapak:app` that this host knows.
            pub const ALL: [Self; [$(stringify!($room)),*].len()] = [$(Self::$capability),*];

            /// The name of its WIT interface: `location`, or a platform's own with its package, `acme:lamp/lamp`.
            #[must_use]
            pub fn name(self) -> &'static str {
                self.terms().name
            }

            /// The terms on which it is lent.
            #[must_use]
            pub fn terms(self) -> Terms {
                match self {
                    $(Self::$capability => const { crate::capability::$room::TERMS.checked() },)*
                    Self::Vendor(slot) => slot.terms(),
                }
            }

            /// Its place in the set.
            const fn place(self) -> u8 {
                match self {
                    $(Self::$capability => Place::$capability as u8,)*
                    Self::Vendor(slot) => FIRST_VENDOR + slot.place(),
                }
            }
        }
    };
}

/// The place of the first capability of a platform's own: the last 8 of the 48 that `Grants::word` has room for.
const FIRST_VENDOR: u8 = 40;

// At most 40. New ones go to the end: sessions on disk hold them by their place.
capabilities! {
    Console = console,
    Clock = clock,
    Random = random,
    Storage = storage,
    Timer = timer,
    Payments = payments,
    Wallet = wallet,
    Location = location,
    Fetch = fetch,
    Files = files,
    Identity = identity,
    Notify = notify,
    Scan = scan,
    Bluetooth = bluetooth,
    OpenApp = open_app,
    Battery = battery,
    Network = network,
    Device = device,
    Motion = motion,
    Clipboard = clipboard,
    Vibration = vibration,
}

const _: () = assert!(Capability::ALL.len() <= FIRST_VENDOR as usize);

impl Capability {
    /// Every capability that this host knows, and those of platforms' own that this process has seen.
    pub fn all() -> impl Iterator<Item = Self> {
        let vendors = VendorSlot::all().map(Self::Vendor);
        Self::ALL.into_iter().chain(vendors)
    }

    /// The capability whose interface has this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|one| one.name() == name)
    }

    /// Whether the person is asked before it is used for the first time.
    #[must_use]
    pub fn needs_consent(self) -> bool {
        self.terms().asks == Asks::FirstUse
    }

    /// Whether only apps get it whose manifest asks for its permission.
    #[must_use]
    pub fn needs_permission(self) -> bool {
        self.terms().permission().is_some()
    }

    /// The capability that a permission leads to.
    #[must_use]
    pub fn permitted_by(permission: &str) -> Option<Self> {
        Self::all().find(|one| one.terms().permission() == Some(permission))
    }
}

// By their names: places of platforms' own may be others in another process.
impl serde::Serialize for Capability {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Capability {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let unknown = || serde::de::Error::custom(format!("there is no capability {name:?}"));
        Self::named(&name).ok_or_else(unknown)
    }
}

/// The refusal. Each capability turns it into its own `access-denied`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize,
)]
#[error("access denied")]
pub struct AccessDenied;

/// What one session may use at this moment. Shared between the session, which asks, and the platform and the person, who
/// give and take.
///
/// # Security
/// What is allowed and its generation are one atomic word: a call that begins after [`withdraw`](Self::withdraw) or
/// [`disagree`](Self::disagree) returned sees the withdrawal.
pub struct Grants {
    /// Low 48 bits: the capabilities that may be used now; high 16 bits: the generation, which grows with each change.
    word: AtomicU64,
    /// What the word follows from.
    footing: Mutex<Footing>,
    /// Called after each change.
    told: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

const GENERATION_SHIFT: u32 = 48;
const SET: u64 = (1 << GENERATION_SHIFT) - 1;

impl Grants {
    /// Nothing at all.
    #[must_use]
    pub fn none() -> Self {
        Self::of([])
    }

    /// Just these, as if the manifest asked for everything and the person agreed to it, without bounds.
    #[must_use]
    pub fn of(capabilities: impl IntoIterator<Item = Capability>) -> Self {
        Self::on(Footing {
            asked: Capability::all().collect(),
            granted: capabilities.into_iter().collect(),
            agreed: Capability::all().collect(),
            refused: CapabilitySet::default(),
            bounds: Arc::new(Bounds::unlimited()),
        })
    }

    /// What is granted to an app with this manifest, to somebody who has answered no question yet.
    #[must_use]
    pub fn for_app(
        manifest: &Manifest,
        granted: impl IntoIterator<Item = Capability>,
        bounds: Arc<Bounds>,
    ) -> Self {
        Self::on(Footing {
            asked: footing::asked(manifest),
            granted: granted.into_iter().collect(),
            agreed: CapabilitySet::default(),
            refused: CapabilitySet::default(),
            bounds,
        })
    }

    /// From what was kept.
    pub(crate) fn on(footing: Footing) -> Self {
        Self {
            word: AtomicU64::new(footing.allowed().bits()),
            footing: Mutex::new(footing),
            told: OnceLock::new(),
        }
    }

    /// Decides. The first line of every host function.
    ///
    /// # Errors
    /// [`AccessDenied`] when the capability may not be used at this moment.
    pub fn check(&self, capability: Capability) -> Result<(), AccessDenied> {
        if self.word.load(Ordering::Acquire) & CapabilitySet::only(capability).bits() == 0 {
            return Err(AccessDenied);
        }
        Ok(())
    }

    /// Decides as [`check`](Self::check) does, and tells why not: whether the person could still be asked, for those who
    /// can ask, and what is missing, for the audit. An app never hears it.
    #[must_use]
    pub fn decide(&self, capability: Capability) -> Decision {
        self.footing().decide(capability)
    }

    /// How far the grants go at this moment.
    #[must_use]
    pub fn bounds(&self) -> Arc<Bounds> {
        self.footing().bounds.clone()
    }

    /// What is missing at this moment, in words for the audit; nothing is.
    pub(crate) fn why_not(&self, capability: Capability) -> Option<String> {
        match self.decide(capability) {
            Decision::Denied(why) => Some(why.to_string()),
            Decision::Allowed | Decision::AskPerson => None,
        }
    }

    /// What may be used at this moment.
    #[must_use]
    pub fn granted(&self) -> Vec<Capability> {
        let allowed = CapabilitySet::from_bits(self.word.load(Ordering::Acquire) & SET);
        allowed.iter().collect()
    }

    /// The platform grants a capability from now on. What the manifest does not ask for stays out of reach.
    pub fn grant(&self, capability: Capability) {
        self.change(|footing| footing.granted.insert(capability));
    }

    /// The platform takes a capability back: the next call is refused.
    pub fn withdraw(&self, capability: Capability) {
        self.change(|footing| footing.granted.remove(capability));
    }

    /// The platform moves the bounds; they hold from the next call on, and for sheets that are open.
    pub fn bound(&self, change: impl FnOnce(&mut Bounds)) {
        self.change(|footing| change(Arc::make_mut(&mut footing.bounds)));
    }

    /// The person agrees to a capability, for this session.
    pub fn agree(&self, capability: Capability) {
        self.change(|footing| {
            footing.agreed.insert(capability);
            footing.refused.remove(capability);
        });
    }

    /// The person refuses a capability, or takes back what they agreed to: the next call is refused, and nobody asks again
    /// in this session.
    pub fn disagree(&self, capability: Capability) {
        self.change(|footing| {
            footing.agreed.remove(capability);
            footing.refused.insert(capability);
        });
    }

    /// As if the person had not been asked.
    pub(crate) fn forget_answer(&self, capability: Capability) {
        self.change(|footing| {
            footing.agreed.remove(capability);
            footing.refused.remove(capability);
        });
    }

    /// Grows (and wraps) with every change, so that whoever keeps a decision can see that it is out of date.
    #[must_use]
    pub fn generation(&self) -> u16 {
        u16::try_from(self.word.load(Ordering::Acquire) >> GENERATION_SHIFT).unwrap_or_default()
    }

    /// What all this follows from, to be kept.
    pub(crate) fn to_footing(&self) -> Footing {
        self.footing().clone()
    }

    /// Has `told` called after every change from now on: whoever keeps a copy must renew it, or a grant that was taken back
    /// would come back with the copy. For the first caller only.
    pub(crate) fn on_change(&self, told: impl Fn() + Send + Sync + 'static) {
        let _ = self.told.set(Box::new(told));
    }

    fn change(&self, change: impl FnOnce(&mut Footing)) {
        {
            let mut footing = self.footing();
            change(&mut footing);
            let generation = u64::from(self.generation().wrapping_add(1));
            let word = (generation << GENERATION_SHIFT) | footing.allowed().bits();
            // Only whoever holds the lock writes it.
            self.word.store(word, Ordering::Release);
        }
        if let Some(told) = self.told.get() {
            told();
        }
    }

    fn footing(&self) -> MutexGuard<'_, Footing> {
        self.footing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Grants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grants")
            .field("granted", &self.granted())
            .field("generation", &self.generation())
            .finish()
    }
}

#[cfg(test)]
mod tests;
