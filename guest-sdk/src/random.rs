//! Unpredictable bytes.

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::random as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::random as host;

pub use crate::bindings::wit::lapak::app::random::Error;

/// `length` bytes, fit for keys and tokens.
///
/// # Errors
/// [`Error::AccessDenied`], or [`Error::TooLong`] past 64 KiB.
pub fn bytes(length: u32) -> Result<Vec<u8>, Error> {
    host::bytes(length)
}

/// A number from 0 up to `below`, each as likely as the others; 0 if `below` is 0.
///
/// # Errors
/// [`Error::AccessDenied`] when the host does not lend random numbers.
pub fn below(below: u32) -> Result<u32, Error> {
    let mut number = [0; 8];
    for (to, from) in number.iter_mut().zip(bytes(8)?) {
        *to = from;
    }
    // 64 random bits over a range of at most 32: the bias is less than one in four thousand million.
    let scaled = (u128::from(u64::from_le_bytes(number)) * u128::from(below)) >> 64;
    Ok(u32::try_from(scaled).unwrap_or(0))
}
