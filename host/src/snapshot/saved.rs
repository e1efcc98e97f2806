//! A session as bytes on disk: the frozen session, and all that a host needs to take it up.

use std::sync::Arc;
use std::time::Duration;

use lapak_scheduler::Class;

use super::frozen::Frozen;
use super::image::Image;
use super::pile::{Bytes, Pile};
use super::store::ImageHash;
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::Answer;
use crate::grants::{Bounds, CapabilitySet, Footing, Grants};
use crate::mailbox::Mailbox;
use crate::session::{Shared, ShellEvent, State};

/// The version of [`Saved`]'s form. Grows with every change of it, or of anything in it.
pub(crate) const LAYOUT: u16 = 7;
/// The oldest version that is read. Fields are told by their order, so what is older would be read as what it is not: it is refused
/// by its number.
pub(crate) const OLDEST_LAYOUT: u16 = 7;

/// A frozen session of more bytes is kept in several parts: see [`Rest`].
const WHOLE_BYTES: usize = 1 << 20;
/// So many bytes have the parts behind the first, but for the last one. To seal or write one takes about a millisecond.
pub(crate) const PART_BYTES: usize = 256 << 10;

/// Everything about one idle session.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Saved {
    /// BLAKE3 of the package.
    pub(crate) package: [u8; 32],
    pub(crate) person: String,
    pub(crate) tenant: String,
    pub(crate) standing: Standing,
    granted: SavedTerms,
    /// Events handled so far.
    pub(crate) handled: u64,
    /// The clock provider's monotonic time when this was written.
    pub(crate) written_at: Duration,
    /// Letters that wait.
    shell: Vec<ShellEvent>,
    finished: Vec<(RequestId, Answer)>,
    pub(crate) image: ImageHash,
    memory_bytes: u64,
    /// Nothing, if there is a rest.
    frozen: FrozenBytes,
    #[serde(skip)]
    rest: Option<Rest>,
    /// The bytes that the rest holds, where they are at hand.
    #[serde(skip)]
    large: Option<Bytes>,
}

/// The frozen session is too large for one part: its bytes are in others behind this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Rest {
    /// Random: these parts, and no older ones.
    pub(crate) set: [u8; 16],
    /// How many bytes they hold together.
    pub(crate) bytes: u64,
}

/// A snapshot's bytes, which may be many: written as any list of bytes, shared while they are.
#[derive(Debug)]
struct FrozenBytes(Bytes);

impl serde::Serialize for FrozenBytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for FrozenBytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: &[u8] = serde::Deserialize::deserialize(deserializer)?;
        Ok(Self(bytes.into()))
    }
}

/// How much of the machine it gets, when that is short.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Standing {
    class: u8,
    weight: u32,
}

impl Standing {
    fn of(session: &Shared) -> Self {
        Self {
            class: session.entity.class() as u8,
            weight: session.entity.weight(),
        }
    }

    /// Gives a session the standing that it had.
    pub(crate) fn give_to(self, session: &Arc<Shared>) {
        let class = Class::ALL.get(usize::from(self.class)).copied();
        let class = class.unwrap_or(Class::Background);
        session.host.scheduler.set_class(session, class);
        session.entity.set_weight(self.weight);
    }
}

/// What the session may use.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct SavedTerms {
    asked: CapabilitySet,
    granted: CapabilitySet,
    agreed: CapabilitySet,
    refused: CapabilitySet,
    bounds: Bounds,
    /// Capabilities of platforms' own and their places, which may be others in the next process.
    vendors: Vec<(String, CapabilitySet)>,
}

impl SavedTerms {
    fn of(grants: &Grants) -> Self {
        let terms = grants.to_footing();
        Self {
            asked: terms.asked,
            granted: terms.granted,
            agreed: terms.agreed,
            refused: terms.refused,
            bounds: Bounds::clone(&terms.bounds),
            vendors: CapabilitySet::vendors(),
        }
    }
}

impl Saved {
    /// Of a session that is idle and frozen like this.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub(crate) fn new(
        session: &Shared,
        state: &State,
        frozen: &Frozen,
    ) -> Result<Self, getrandom::Error> {
        let (shell, finished) = state.mailbox().letters();
        let bytes = frozen.shared_bytes();
        let (here, rest, large) = if bytes.len() <= WHOLE_BYTES {
            (bytes, None, None)
        } else {
            let mut set = [0; 16];
            getrandom::fill(&mut set)?;
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            let rest = Rest { set, bytes: length };
            (Bytes::from(&[][..]), Some(rest), Some(bytes))
        };
        Ok(Self {
            package: session.app.mark(),
            person: session.owner.person.to_string(),
            tenant: session.tenant_name(),
            standing: Standing::of(session),
            granted: SavedTerms::of(&session.grants),
            handled: session.handled.load(std::sync::atomic::Ordering::Relaxed),
            written_at: session.providers.clock.monotonic(),
            shell,
            finished,
            image: frozen.image.hash(),
            memory_bytes: u64::try_from(frozen.memory_bytes).unwrap_or(u64::MAX),
            frozen: FrozenBytes(here),
            rest,
            large,
        })
    }

    /// The first part, or the only one, as bytes.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        // Grown step by step, a large one would take twice its room.
        let room = Vec::with_capacity(self.frozen.0.len() + 4_096);
        let bytes = postcard::to_extend(self, room)?;
        postcard::to_extend(&self.rest, bytes)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) made.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, postcard::Error> {
        let (mut saved, after): (Self, _) = postcard::take_from_bytes(bytes)?;
        saved.rest = postcard::from_bytes(after)?;
        Ok(saved)
    }

    /// What is in other parts.
    pub(crate) fn rest(&self) -> Option<Rest> {
        self.rest
    }

    /// The bytes of the other parts, each; nothing if they are not at hand.
    pub(crate) fn other_parts(&self) -> impl Iterator<Item = &[u8]> {
        self.large.iter().flat_map(|bytes| bytes.chunks(PART_BYTES))
    }

    /// Gives it what the other parts held.
    pub(crate) fn set_other_parts(&mut self, bytes: Pile) {
        self.large = Some(bytes.into());
    }

    /// Renews what can change around a session that is on disk.
    pub(crate) fn renew(&mut self, session: &Shared, state: &State) {
        (self.shell, self.finished) = state.mailbox().letters();
        self.granted = SavedTerms::of(&session.grants);
        self.standing = Standing::of(session);
    }

    /// The frozen session, with the image that it goes with.
    pub(crate) fn thaw(self, image: Arc<Image>) -> Frozen {
        let bytes = usize::try_from(self.memory_bytes).unwrap_or(usize::MAX);
        Frozen::from_bytes(image, bytes, self.large.unwrap_or(self.frozen.0))
    }

    pub(crate) fn grants(&self) -> Grants {
        let vendors = &self.granted.vendors;
        Grants::on(Footing {
            asked: self.granted.asked.moved(vendors),
            granted: self.granted.granted.moved(vendors),
            agreed: self.granted.agreed.moved(vendors),
            refused: self.granted.refused.moved(vendors),
            bounds: Arc::new(self.granted.bounds.clone()),
        })
    }

    pub(crate) fn mailbox(&self) -> Mailbox {
        let mut mailbox = Mailbox::default();
        for (request, answer) in self.finished.clone() {
            mailbox.finish(request, answer);
        }
        for event in self.shell.clone() {
            // Taken once already: no bound applies.
            let _ = mailbox.post(event, (usize::MAX, usize::MAX));
        }
        mailbox
    }
}
