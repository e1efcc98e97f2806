//! Ed25519 keys (RFC 8032), written as JSON Web Keys (RFC 8037), named by their thumbprint (RFC 7638).

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use lapak_abi::json::{self, JsonLimits};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::digest::Digest;

/// A key that signs. It is wiped from memory when it is dropped, and never shown.
pub struct SecretKey {
    key: SigningKey,
    id: String,
}

/// A key that proves what the secret key signed.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    id: String,
}

/// Why something is no key, or cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The system gives no random numbers.
    #[error("this system gives no random numbers: {0}")]
    Random(String),
    /// Not a key's JSON.
    #[error("this is no Ed25519 key in the form of a JSON Web Key (RFC 8037): {0}")]
    NotAKey(String),
    /// The file cannot be read or written, or is there already.
    #[error("{path}: {error}")]
    File {
        /// Which file.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
}

/// A JSON Web Key, its members in the order that a thumbprint needs.
#[derive(Serialize, Deserialize)]
struct Jwk {
    crv: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<Zeroizing<String>>,
    kty: String,
    x: String,
}

impl SecretKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|error| KeyError::Random(error.to_string()))?;
        Ok(Self::from_seed(&seed))
    }

    /// The key that belongs to a seed (RFC 8032, section 5.1.5). The same seed gives the same key.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let id = thumbprint(&key.verifying_key());
        Self { key, id }
    }

    /// Reads the key that [`SecretKey::to_jwk`] wrote.
    ///
    /// # Errors
    /// When the text is no secret key, or its two halves do not belong together.
    pub fn from_jwk(text: &str) -> Result<Self, KeyError> {
        let jwk = parse(text)?;
        let secret = jwk
            .d
            .as_ref()
            .ok_or_else(|| KeyError::NotAKey("it has no secret half, `d`".into()))?;
        let seed = Zeroizing::new(thirty_two(secret)?);
        let key = Self::from_seed(&seed);
        if key.public() != public(&jwk)? {
            return Err(KeyError::NotAKey(
                "its halves do not belong together".into(),
            ));
        }
        Ok(key)
    }

    /// Reads a key from a file.
    ///
    /// # Errors
    /// When the file cannot be read or has no secret key.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let text = lapak_abi::file::read_text(path).map_err(|error| file(path, error))?;
        Self::from_jwk(&Zeroizing::new(text))
    }

    /// Writes the key to a new file that only its owner may read.
    ///
    /// # Errors
    /// When the file is there already or cannot be written.
    pub fn to_new_file(&self, path: &Path) -> Result<(), KeyError> {
        use std::io::Write as _;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(path).and_then(|mut to| {
            writeln!(to, "{}", *self.to_jwk())?;
            to.sync_all()
        });
        written.map_err(|error| file(path, error))
    }

    /// As a JSON Web Key with its secret half.
    pub fn to_jwk(&self) -> Zeroizing<String> {
        let seed = Zeroizing::new(self.key.to_bytes());
        let secret = Zeroizing::new(BASE64URL.encode(seed.as_slice()));
        Zeroizing::new(format!(
            r#"{{"crv":"Ed25519","d":"{}","kty":"OKP","x":"{}"}}"#,
            *secret,
            BASE64URL.encode(self.key.verifying_key().as_bytes())
        ))
    }

    /// The other half.
    pub fn public(&self) -> PublicKey {
        PublicKey {
            key: self.key.verifying_key(),
            id: self.id.clone(),
        }
    }

    /// The thumbprint: the same as the public key's.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    /// A secret of 32 bytes that only the holder of this key can derive, for another purpose.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let seed = Zeroizing::new(self.key.to_bytes());
        Zeroizing::new(blake3::derive_key(
            &format!("lapak-ledger 2026 {purpose}"),
            seed.as_slice(),
        ))
    }
}

impl PublicKey {
    /// Reads a JSON Web Key. A secret half, if there is one, is not looked at.
    ///
    /// # Errors
    /// When the text is no Ed25519 key.
    pub fn from_jwk(text: &str) -> Result<Self, KeyError> {
        public(&parse(text)?)
    }

    /// As a JSON Web Key.
    pub fn to_jwk(&self) -> String {
        jwk(&self.key)
    }

    /// The thumbprint (RFC 7638).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether this key's secret half signed this message. Strict: exactly one signature form, no weak keys.
    pub(crate) fn proves(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key
            .verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature))
            .is_ok()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.id)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let x = BASE64URL.encode(self.key.as_bytes());
        Jwk {
            crv: "Ed25519".into(),
            d: None,
            kty: "OKP".into(),
            x,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let jwk = Jwk::deserialize(deserializer)?;
        public(&jwk).map_err(serde::de::Error::custom)
    }
}

fn parse(text: &str) -> Result<Jwk, KeyError> {
    json::read(text.as_bytes(), JsonLimits::default())
        .map_err(|error| KeyError::NotAKey(error.to_string()))
}

fn public(jwk: &Jwk) -> Result<PublicKey, KeyError> {
    if (jwk.kty.as_str(), jwk.crv.as_str()) != ("OKP", "Ed25519") {
        return Err(KeyError::NotAKey(format!(
            "it is of the kind {:?} {:?}",
            jwk.kty, jwk.crv
        )));
    }
    let key = VerifyingKey::from_bytes(&thirty_two(&jwk.x)?)
        .ok()
        .filter(|key| !key.is_weak())
        .ok_or_else(|| KeyError::NotAKey("`x` is no point of the curve, or a weak one".into()))?;
    Ok(PublicKey {
        id: thumbprint(&key),
        key,
    })
}

fn thirty_two(text: &str) -> Result<[u8; 32], KeyError> {
    let bytes = Zeroizing::new(
        BASE64URL
            .decode(text)
            .map_err(|error| KeyError::NotAKey(error.to_string()))?,
    );
    bytes
        .as_slice()
        .try_into()
        .map_err(|_| KeyError::NotAKey("it has not 32 bytes".into()))
}

fn thumbprint(key: &VerifyingKey) -> String {
    BASE64URL.encode(Digest::sha256(jwk(key).as_bytes()).0)
}

fn jwk(key: &VerifyingKey) -> String {
    format!(
        r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
        BASE64URL.encode(key.as_bytes())
    )
}

fn file(path: &Path, error: std::io::Error) -> KeyError {
    KeyError::File {
        path: path.display().to_string(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.
    const RFC: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    #[test]
    fn the_key_and_thumbprint_of_rfc_8037() {
        let key = SecretKey::from_jwk(RFC).expect("a key");
        assert_eq!(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(
            key.public(),
            PublicKey::from_jwk(&key.public().to_jwk()).expect("a key")
        );
        assert_eq!(
            SecretKey::from_jwk(&key.to_jwk()).expect("a key").id(),
            key.id()
        );
        assert!(!format!("{key:?}").contains("nWGx"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bad in [
            "",
            "{}",
            r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#,
            r#"{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            r#"{"kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        ] {
            assert!(PublicKey::from_jwk(bad).is_err(), "{bad}");
        }
        let other = RFC.replace("11qY", "11qZ");
        assert!(SecretKey::from_jwk(&other).is_err());
    }
}
