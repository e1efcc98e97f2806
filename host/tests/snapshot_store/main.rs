//! Frozen sessions on disk: the seal around a snapshot, and the stores that keep it.

mod crash;
mod figures;
mod full;
mod seal;
mod sqlite;
mod suite;

use lapak_host::SessionId;

/// A new session.
fn new_id() -> SessionId {
    SessionId::random().expect("random bytes")
}

/// `length` bytes that nobody could compress, always the same ones for the same `seed`.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new()
        .update(&seed.to_le_bytes())
        .finalize_xof()
        .fill(&mut bytes);
    bytes
}
