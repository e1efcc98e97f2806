//! What is on disk of a session, read and checked part by part.

use std::ops::ControlFlow;

use super::{ResumeError, Snapshots, damaged};
use crate::session::SessionId;
use crate::snapshot::pile::{Pile, Put as _};
use crate::snapshot::saved::{LAYOUT, OLDEST_LAYOUT, PART_BYTES, Rest, Saved};
use crate::snapshot::seal::{self, Accepts, PartOf, SealError, SealKey};
use crate::snapshot::store::SnapshotStore as _;

impl Snapshots {
    /// All that is on disk of a session.
    pub(in crate::runtime) fn read(&self, id: SessionId) -> Result<Saved, ResumeError> {
        let first = self.read_first(id)?;
        if first.rest().is_none() {
            return Ok(first);
        }
        let mut reading = Reading {
            snapshots: self,
            id,
            found: None,
            number: 0,
        };
        let mut failed = None;
        // The first part again: now all of them are as they were at one instant.
        self.store
            .parts(id, &mut |sealed| match reading.take(sealed) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            })?;
        match failed {
            Some(error) => Err(error),
            None => reading.done(),
        }
    }

    /// The same without what is in other parts.
    pub(super) fn read_first(&self, id: SessionId) -> Result<Saved, ResumeError> {
        let sealed = self.store.get(id)?.ok_or(ResumeError::Unknown(id))?;
        self.open_first(id, sealed)
    }

    fn open_first(&self, id: SessionId, sealed: Vec<u8>) -> Result<Saved, ResumeError> {
        let opened = seal::open(&self.key, id, self.accepts(), sealed)?;
        Saved::from_bytes(&opened.plain).map_err(damaged)
    }
}

/// A snapshot whose parts come one after the other.
struct Reading<'a> {
    snapshots: &'a Snapshots,
    id: SessionId,
    found: Option<(Saved, Option<Others>)>,
    /// Of the part that comes next.
    number: u32,
}

/// What the parts behind the first hold.
struct Others {
    rest: Rest,
    /// As many as there will be.
    total: usize,
    bytes: Pile,
}

impl Reading<'_> {
    fn take(&mut self, sealed: &[u8]) -> Result<(), ResumeError> {
        let number = self.number;
        self.number = number.saturating_add(1);
        let snapshots = self.snapshots;
        // A worker with a tap that the processor was taken from, or not given, need not wait for all of it.
        std::thread::yield_now();
        let Some((_, others)) = &mut self.found else {
            let first = snapshots.open_first(self.id, sealed.to_vec())?;
            let others = first
                .rest()
                .map(|rest| Others::new(rest, snapshots.most_bytes));
            self.found = Some((first, others.transpose()?));
            return Ok(());
        };
        let others = others.as_mut();
        let others = others.ok_or_else(|| damaged("there is more of it than it says"))?;
        let part = PartOf {
            session: self.id,
            set: others.rest.set,
            number,
        };
        others.take(&snapshots.key, part, sealed)
    }

    fn done(self) -> Result<Saved, ResumeError> {
        let (mut saved, others) = self.found.ok_or(ResumeError::Unknown(self.id))?;
        if let Some(others) = others {
            if others.bytes.len() != others.total {
                return Err(damaged("a part of it is missing"));
            }
            saved.set_other_parts(others.bytes);
        }
        Ok(saved)
    }
}

impl Others {
    fn new(rest: Rest, limit: usize) -> Result<Self, ResumeError> {
        let total = usize::try_from(rest.bytes).unwrap_or(usize::MAX);
        if total > limit {
            let bytes = total;
            return Err(SealError::TooLarge { bytes, limit }.into());
        }
        Ok(Self {
            rest,
            total,
            bytes: Pile::with_room(total),
        })
    }

    fn take(&mut self, key: &SealKey, part: PartOf, sealed: &[u8]) -> Result<(), ResumeError> {
        let accepts = Accepts {
            oldest_layout: OLDEST_LAYOUT,
            newest_layout: LAYOUT,
            plain_bytes: PART_BYTES.min(self.total - self.bytes.len()),
        };
        let opened = seal::open_part(key, part, accepts, sealed)?;
        self.bytes.put(&opened.plain);
        Ok(())
    }
}
