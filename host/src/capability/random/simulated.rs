//! Bytes that only look random: the same in every run.
//!
//! Differs from a real source in that anybody can tell the next byte. Never for keys.

use std::io::Read;
use std::sync::{Mutex, PoisonError};

use super::RandomProvider;

/// BLAKE3's extendable output over a fixed seed.
#[derive(Debug)]
pub struct SimulatedRandom {
    stream: Mutex<blake3::OutputReader>,
}

impl SimulatedRandom {
    /// The stream that belongs to `seed`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("lapak simulated random");
        hasher.update(&seed.to_le_bytes());
        Self {
            stream: Mutex::new(hasher.finalize_xof()),
        }
    }
}

impl Default for SimulatedRandom {
    fn default() -> Self {
        Self::seeded(0)
    }
}

impl RandomProvider for SimulatedRandom {
    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        self.stream
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .read_exact(bytes)
    }
}
