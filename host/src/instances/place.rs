//! A place among the instances of a host, and who has it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Instances, LARGE_BYTES};
use crate::instance::{Instance, InstanceState, NotStarted};
use crate::snapshot::image::Image;

/// One of the instances that there may be.
pub(crate) struct Permit {
    instances: Arc<Instances>,
    /// Lent to a large session.
    large: bool,
    /// As long as the instance's memory was when a session last came to rest in it.
    bytes: usize,
}

/// What a session needs before it can run: an instance that somebody left, or leave to make one.
pub(crate) enum Place {
    /// One of the same app, with a memory of the right length.
    Left(Box<Instance>, Permit),
    /// A new one may be made.
    New(Permit),
}

impl Place {
    /// An instance for `state`, with the memory that `delta` makes of `image`.
    pub(crate) async fn fill(
        self,
        state: Box<InstanceState>,
        image: &Arc<Image>,
        bytes: usize,
        delta: &[u8],
    ) -> Result<(Instance, Permit), NotStarted> {
        let (mut instance, permit) = match self {
            Self::Left(mut instance, permit) => {
                instance.lend(state);
                (*instance, permit)
            }
            Self::New(permit) => (Instance::start(state, bytes).await?, permit),
        };
        match instance.become_of(image, delta).await {
            Ok(()) => Ok((instance, permit)),
            Err(error) => Err(NotStarted {
                error: error.into(),
                panic: None,
            }),
        }
    }

    /// A fresh instance as the app's component makes it: for an app that is kept resident.
    pub(crate) async fn fresh(
        self,
        state: Box<InstanceState>,
    ) -> Result<(Instance, Permit), NotStarted> {
        let (Self::Left(_, permit) | Self::New(permit)) = self;
        Ok((Instance::start(state, 0).await?, permit))
    }
}

impl Permit {
    pub(super) fn new(instances: Arc<Instances>) -> Self {
        Self {
            instances,
            large: false,
            bytes: 0,
        }
    }

    /// The instance's memory has so many bytes now. Whose session can be frozen counts as large from some size on; one that
    /// cannot would be counted for ever. Written only where it is another number than before: all workers would write to it at
    /// each event.
    pub(crate) fn holds(&mut self, bytes: usize, can_be_frozen: bool) {
        if bytes >= LARGE_BYTES && can_be_frozen {
            self.lend_to_large(true);
        }
        if bytes > self.bytes {
            self.instances
                .bytes
                .fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else if bytes < self.bytes {
            self.instances
                .bytes
                .fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }

    pub(super) fn lend_to_large(&mut self, large: bool) {
        match (self.large, large) {
            (false, true) => self.instances.large.fetch_add(1, Ordering::AcqRel),
            (true, false) => self.instances.large.fetch_sub(1, Ordering::AcqRel),
            _ => 0,
        };
        self.large = large;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.lend_to_large(false);
        self.holds(0, false);
        self.instances.taken.fetch_sub(1, Ordering::AcqRel);
        self.instances.wake_waiting();
    }
}
