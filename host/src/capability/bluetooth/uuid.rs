//! UUIDs, in the one form that the contract has for them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names a service or a characteristic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(u128);

/// Not a UUID in full and in lower case: `0000180f-0000-1000-8000-00805f9b34fb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID in full and in lower case, such as 0000180f-0000-1000-8000-00805f9b34fb")]
pub struct NotAUuid;

impl Uuid {
    /// The UUID with these bits: `Uuid::new(0x0000180f_0000_1000_8000_00805f9b34fb)`.
    #[must_use]
    pub const fn new(bits: u128) -> Self {
        Self(bits)
    }
}

impl FromStr for Uuid {
    type Err = NotAUuid;

    fn from_str(text: &str) -> Result<Self, NotAUuid> {
        const LENGTH: usize = 36;
        if text.len() != LENGTH {
            return Err(NotAUuid);
        }
        let mut bits = 0;
        for (at, byte) in text.bytes().enumerate() {
            let digit = match (at, byte) {
                (8 | 13 | 18 | 23, b'-') => continue,
                (8 | 13 | 18 | 23, _) => return Err(NotAUuid),
                (_, b'0'..=b'9') => byte - b'0',
                (_, b'a'..=b'f') => byte - b'a' + 10,
                _ => return Err(NotAUuid),
            };
            bits = (bits << 4) | u128::from(digit);
        }
        Ok(Self(bits))
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |from: u32, bits: u32| (self.0 >> from) & ((1 << bits) - 1);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            part(96, 32),
            part(80, 16),
            part(64, 16),
            part(48, 16),
            part(0, 48)
        )
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_form() {
        let text = "0000180f-0000-1000-8000-00805f9b34fb";
        let uuid: Uuid = text.parse().expect("a UUID");
        assert_eq!(uuid, Uuid::new(0x0000_180f_0000_1000_8000_0080_5f9b_34fb));
        assert_eq!(uuid.to_string(), text);
        for wrong in [
            "",
            "180f",
            "0000180F-0000-1000-8000-00805f9b34fb",
            "0000180f00001000800000805f9b34fb",
            "{0000180f-0000-1000-8000-00805f9b34f}",
            "0000180f-0000-1000-8000-00805f9b34f",
            "0000180f-0000-1000-8000-00805f9b34fb0",
            "0000180f-0000-1000-8000+00805f9b34fb",
            "+000180f-0000-1000-8000-00805f9b34fb",
            "0000180f-0000-1000-8000-00805f9b34é",
        ] {
            assert_eq!(wrong.parse::<Uuid>(), Err(NotAUuid), "{wrong}");
        }
    }
}
