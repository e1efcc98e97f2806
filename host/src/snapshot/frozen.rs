//! A session as bytes in memory: what its app remembers, what the host remembers of it, and its screen.

use std::sync::Arc;
use std::time::Duration;

use lapak_abi::pages::SavedPages;

use super::image::{Image, put_number, take_number};
use super::pile::{Bytes, Pile, Put as _};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::Rooms;
use crate::capability::clock::Age;
use crate::instance::InstanceState;
use crate::recording::Tape;
use crate::requests::Requests;
use crate::session::{Screen, Shared};
use crate::view::{NodeIds, Tree};
use crate::zone::Zone;

/// A frozen session. Its memory is what differs from `image`.
#[derive(Clone)]
pub(crate) struct Frozen {
    pub(crate) image: Arc<Image>,
    /// Length of the linear memory, in bytes.
    pub(crate) memory_bytes: usize,
    /// [`PLAIN`] or [`PACKED`]; then, packed or not, the host's part, preceded by its length, and the memory's difference.
    bytes: Bytes,
}

/// As it is.
const PLAIN: u8 = 0;
/// Preceded by its length and packed by LZ4, with the image's own host part as its dictionary: much of a screen is
/// what the model's screen was.
const PACKED: u8 = 1;
/// Packing begins where it saves more than it costs, and ends where it would take too long at once.
const WORTH_PACKING: std::ops::Range<usize> = 2_048..1 << 20;

/// Room for what the host remembers of a small app's session, so that it need not grow.
const HOST_BYTES: usize = 1_024;

/// What the host remembers of an idle session.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct HostPart {
    requests: Requests,
    /// `None`: there is nothing in them, as between most events of most apps. Many rooms written one by one take longer than all
    /// the rest.
    rooms: Option<Box<Rooms>>,
    pub(crate) age: Age,
    zone: Zone,
    pages: SavedPages,
    ids: NodeIds,
}

/// What the host remembers of a session, and its screen, as bytes.
pub(crate) fn host_bytes(
    state: &InstanceState,
    ids: &NodeIds,
    screen: &Screen,
) -> Result<Vec<u8>, Unreadable> {
    let part = HostPart {
        requests: state.requests,
        rooms: (state.rooms != Rooms::default()).then(|| Box::new(state.rooms.clone())),
        age: state.age,
        zone: state.zone.clone(),
        pages: state.pages.save(),
        ids: ids.clone(),
    };
    let room = Vec::with_capacity(HOST_BYTES);
    postcard::to_extend(&(part, screen, &screen.tree), room).map_err(unreadable)
}

/// A snapshot that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the session's snapshot cannot be read: {0}")]
pub(crate) struct Unreadable(String);

impl Frozen {
    /// Puts the parts together: what [`host_bytes`] gave, and what `put_delta` appends: where the memory, of so many bytes,
    /// differs from `image`.
    pub(crate) fn new(
        host: &[u8],
        image: Arc<Image>,
        memory_bytes: usize,
        put_delta: impl FnOnce(&mut Pile),
    ) -> Self {
        let mut plain = Pile::with_room(host.len() + HOST_BYTES);
        plain.put(&[PLAIN]);
        put_number(&mut plain, host.len());
        plain.put(host);
        put_delta(&mut plain);
        let bytes = if WORTH_PACKING.contains(&plain.len()) {
            let packed = lz4_flex::block::compress_with_dict(&plain[1..], image.host());
            let mut bytes = Vec::with_capacity(packed.len() + 5);
            bytes.push(PACKED);
            put_number(&mut bytes, plain.len() - 1);
            bytes.extend_from_slice(&packed);
            Bytes::from(&bytes[..])
        } else {
            plain.into()
        };
        Self {
            image,
            memory_bytes,
            bytes,
        }
    }

    /// From bytes that [`shared_bytes`](Self::shared_bytes) gave, and the image that they go with.
    pub(crate) fn from_bytes(image: Arc<Image>, memory_bytes: usize, bytes: Bytes) -> Self {
        Self {
            image,
            memory_bytes,
            bytes,
        }
    }

    pub(crate) fn shared_bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// Bytes that this snapshot takes in memory, apart from the image, which many share.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The host's part and the screen.
    pub(crate) fn host_part(&self) -> Result<(HostPart, Screen), Unreadable> {
        // For shells a screen is told without its tree; here it goes along.
        let parts: (HostPart, Screen, Tree) =
            postcard::from_bytes(self.parts()?.0).map_err(unreadable)?;
        let (part, mut screen, tree) = parts;
        screen.tree = tree;
        Ok((part, screen))
    }

    /// Where the memory differs from the image.
    pub(crate) fn delta(&self) -> Result<&[u8], Unreadable> {
        Ok(self.parts()?.1)
    }

    /// The screen alone.
    pub(crate) fn screen(&self) -> Option<Screen> {
        Some(self.unpacked().ok()?.host_part().ok()?.1)
    }

    /// The same session under the clock of another process, its requests asked again of that one's providers but for those
    /// `answered` already; tells how many the app waits for.
    pub(crate) fn moved(
        self,
        session: &Arc<Shared>,
        stopped: Duration,
        answered: &[RequestId],
    ) -> Result<(Self, usize), Unreadable> {
        let plain = self.unpacked()?;
        let (part, screen) = plain.host_part()?;
        let mut state = InstanceState::new(session.clone(), Tape::Off, Age::default());
        let now = session.providers.clock.monotonic();
        let ids = part.restore(&mut state)?;
        state.age = state.age.moved(stopped, now);
        state.ask_again(answered);
        let (host, delta) = (host_bytes(&state, &ids, &screen)?, plain.delta()?);
        let moved = Self::new(&host, self.image.clone(), self.memory_bytes, |to| {
            to.put(delta);
        });
        Ok((moved, state.waits_for()))
    }

    /// The same, ready to be read.
    pub(crate) fn unpacked(&self) -> Result<Self, Unreadable> {
        let Some((&PACKED, mut rest)) = self.bytes.split_first() else {
            return Ok(self.clone());
        };
        let length = take_number(&mut rest).map_err(unreadable)?;
        if !WORTH_PACKING.contains(&(length + 1)) {
            return Err(Unreadable("its length is wrong".into()));
        }
        let mut bytes = vec![PLAIN];
        bytes.extend(
            lz4_flex::block::decompress_with_dict(rest, length, self.image.host())
                .map_err(unreadable)?,
        );
        Ok(Self {
            bytes: bytes[..].into(),
            ..self.clone()
        })
    }

    /// Of one that is not packed.
    fn parts(&self) -> Result<(&[u8], &[u8]), Unreadable> {
        let (kind, mut rest) = self
            .bytes
            .split_first()
            .ok_or_else(|| Unreadable("it is empty".into()))?;
        if *kind != PLAIN {
            return Err(Unreadable("it is packed in an unknown way".into()));
        }
        let length = take_number(&mut rest).map_err(unreadable)?;
        let parts = rest.split_at_checked(length);
        parts.ok_or_else(|| Unreadable("it is cut short".into()))
    }
}

impl HostPart {
    /// Puts what was remembered into a fresh state; gives the numbers of the view's nodes.
    pub(crate) fn restore(self, state: &mut InstanceState) -> Result<NodeIds, Unreadable> {
        state.requests = self.requests;
        state.rooms = self.rooms.map(|rooms| *rooms).unwrap_or_default();
        state.age = self.age;
        state.zone = self.zone;
        state.pages.reopen(self.pages).map_err(unreadable)?;
        Ok(self.ids)
    }
}

fn unreadable(error: impl std::fmt::Display) -> Unreadable {
    Unreadable(error.to_string())
}
