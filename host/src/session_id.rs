//! The name of a session, which is also the secret of the person who has it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of one session: 128 random bits.
///
/// Written as 32 lower-case hexadecimal digits, in one way only, so that equal texts are equal sessions.
///
/// # Security
/// Whoever knows it may act as the person in that session: treat it like a password. Nobody guesses one: among
/// a million live sessions a guess hits with a chance of about 1 in 3 × 10³². [`fmt::Debug`] shows only the
/// first 4 of the 16 bytes, so that a log does not give sessions away; [`fmt::Display`] shows all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// A new one, from the system's random source.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> std::io::Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        Ok(Self(bytes))
    }

    /// The session that has these bytes as its name.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "SessionId({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

/// A text is not a session's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a session id: it must be 32 lower-case hexadecimal digits, as the host gave it; copy the whole of it"
)]
pub struct SessionIdError;

impl FromStr for SessionId {
    type Err = SessionIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: &[u8; 32] = text.as_bytes().try_into().map_err(|_| SessionIdError)?;
        let (pairs, _) = digits.as_chunks::<2>();
        let mut bytes = [0; 16];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

fn digit(character: u8) -> Result<u8, SessionIdError> {
    match character {
        b'0'..=b'9' => Ok(character - b'0'),
        b'a'..=b'f' => Ok(character - b'a' + 10),
        _ => Err(SessionIdError),
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "000102030405060708090a0b0c0d0eff";

    fn id() -> SessionId {
        SessionId([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255])
    }

    #[test]
    fn text_and_back() {
        assert_eq!(id().to_string(), TEXT);
        assert_eq!(TEXT.parse(), Ok(id()));
        let json = serde_json::to_string(&id()).expect("written");
        assert_eq!(json, format!("\"{TEXT}\""));
        assert_eq!(
            serde_json::from_str::<SessionId>(&json).expect("read"),
            id()
        );
    }

    #[test]
    fn only_one_way_to_write_it() {
        for wrong in [
            "",
            "00",
            &TEXT[1..],
            &format!("{TEXT}0"),
            &TEXT.to_uppercase(),
            &TEXT.replace('f', "g"),
            &TEXT.replace("00", " 0"),
            &TEXT.replace("00", "+0"),
            // 32 bytes, but not 32 characters.
            &TEXT.replace("00", "é"),
        ] {
            assert_eq!(wrong.parse::<SessionId>(), Err(SessionIdError), "{wrong:?}");
            assert!(serde_json::from_str::<SessionId>(&format!("{wrong:?}")).is_err());
        }
    }

    #[test]
    fn the_log_does_not_give_it_away() {
        assert_eq!(format!("{:?}", id()), "SessionId(00010203…)");
        assert!(!SessionIdError.to_string().contains(TEXT));
    }

    #[test]
    fn two_are_never_the_same() {
        let many: std::collections::HashSet<_> = (0..1000)
            .map(|_| SessionId::random().expect("random"))
            .collect();
        assert_eq!(many.len(), 1000);
    }
}
