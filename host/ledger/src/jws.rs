//! Signed texts: JSON Web Signatures in compact form (RFC 7515) with Ed25519 (RFC 8037), and nothing else of that
//! standard. `base64url(header) . base64url(payload) . base64url(signature)`, without padding; the signature is over
//! the first two parts with their point.
//!
//! The header is exactly `{"alg":"EdDSA","kid":"<thumbprint>","typ":"<kind>"}`: the algorithm is not the sender's
//! choice, and a text that was signed as one kind of thing is never taken for another.
//!
//! The payload is JSON in canonical form (RFC 8785): members sorted, no white space, integers only. A payload that is
//! not the canonical form of what it says is refused, so that one thing has one digest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use lapak_abi::json::{self, JsonError, JsonLimits};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::keys::{PublicKey, SecretKey};

/// The longest signed text, in bytes.
pub const MAX_SIGNED_BYTES: usize = 64 * 1024;

/// What a signed text is; the header's `typ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A merchant's order.
    Order,
    /// A merchant's word that a payment is to be given back.
    Refund,
    /// A host's receipt.
    Receipt,
    /// A request to a payment service, or its answer.
    Message,
}

/// Why a signed text is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than [`MAX_SIGNED_BYTES`].
    #[error("the signed text has more than {MAX_SIGNED_BYTES} bytes")]
    TooLong,
    /// Not three parts of base64url, or another header than the one that is allowed.
    #[error(
        "this is no signed text: it must be a compact JWS with the header alg EdDSA, kid and typ"
    )]
    Malformed,
    /// Signed as something else.
    #[error("this was signed as another kind of thing")]
    OtherKind,
    /// Nobody known signed it.
    #[error("this was signed with an unknown key")]
    UnknownKey,
    /// The signature does not belong to the text.
    #[error("the signature does not belong to this text")]
    BadSignature,
    /// The payload is not what it should say, or not in the one form of it.
    #[error(
        "the signed text is genuine, but not in canonical form (RFC 8785) or not of the form expected"
    )]
    BadPayload,
}

impl Kind {
    fn typ(self) -> &'static str {
        match self {
            Self::Order => "lapak-order+jws",
            Self::Refund => "lapak-refund+jws",
            Self::Receipt => "lapak-receipt+jws",
            Self::Message => "lapak-message+jws",
        }
    }
}

/// The canonical form of a value whose members are declared in sorted order.
pub(crate) fn canonical(value: &impl Serialize) -> Vec<u8> {
    // Structures of names and integers: nothing in them can fail to be written.
    serde_json::to_vec(value).unwrap_or_default()
}

pub(crate) fn sign(key: &SecretKey, kind: Kind, value: &impl Serialize) -> String {
    let mut text = BASE64URL.encode(header(key.id(), kind));
    text.push('.');
    BASE64URL.encode_string(canonical(value), &mut text);
    let signature = key.sign(text.as_bytes());
    text.push('.');
    BASE64URL.encode_string(signature, &mut text);
    text
}

/// What was signed, its payload's bytes, and by which of the `keys`. Nothing of the payload is looked at before the
/// signature was found good.
pub(crate) fn open<'k, T: Serialize + DeserializeOwned>(
    text: &[u8],
    kind: Kind,
    keys: impl IntoIterator<Item = &'k PublicKey>,
) -> Result<(T, Vec<u8>, &'k PublicKey), JwsError> {
    if text.len() > MAX_SIGNED_BYTES {
        return Err(JwsError::TooLong);
    }
    let parts = Parts::of(text)?;
    let key_id = parts.key_id(kind)?;
    let key = keys
        .into_iter()
        .find(|key| key.id() == key_id)
        .ok_or(JwsError::UnknownKey)?;
    if !key.proves(parts.signed, &parts.signature) {
        return Err(JwsError::BadSignature);
    }
    let value: T = strict(&parts.payload).map_err(|_| JwsError::BadPayload)?;
    if canonical(&value) != parts.payload {
        return Err(JwsError::BadPayload);
    }
    Ok((value, parts.payload, key))
}

/// The payload of a text whose signature was not looked at: only to find out whose keys to try.
pub(crate) fn claimed<T: DeserializeOwned>(text: &[u8]) -> Result<T, JwsError> {
    if text.len() > MAX_SIGNED_BYTES {
        return Err(JwsError::TooLong);
    }
    strict(&Parts::of(text)?.payload).map_err(|_| JwsError::Malformed)
}

/// The canonical form of a value and its detached signature (RFC 7515, appendix F): `header..signature`.
pub(crate) fn sign_detached(
    key: &SecretKey,
    kind: Kind,
    value: &impl Serialize,
) -> (Vec<u8>, String) {
    let whole = sign(key, kind, value);
    let mut parts = whole.splitn(3, '.');
    let (header, _, signature) = (parts.next(), parts.next(), parts.next());
    (
        canonical(value),
        format!(
            "{}..{}",
            header.unwrap_or_default(),
            signature.unwrap_or_default()
        ),
    )
}

/// What [`open`] gives, for a text whose signature came apart from it.
pub(crate) fn open_detached<'k, T: Serialize + DeserializeOwned>(
    body: &[u8],
    signature: &str,
    kind: Kind,
    keys: impl IntoIterator<Item = &'k PublicKey>,
) -> Result<T, JwsError> {
    if body.len() + signature.len() > MAX_SIGNED_BYTES {
        return Err(JwsError::TooLong);
    }
    let (header, signature) = signature.split_once("..").ok_or(JwsError::Malformed)?;
    let whole = format!("{header}.{}.{signature}", BASE64URL.encode(body));
    open(whole.as_bytes(), kind, keys).map(|(value, ..)| value)
}

/// Reads what is signed, or says what is: no member twice, anywhere.
fn strict<T: DeserializeOwned>(json: &[u8]) -> Result<T, JsonError> {
    let limits = JsonLimits {
        bytes: MAX_SIGNED_BYTES,
        ..JsonLimits::default()
    };
    json::read(json, limits)
}

struct Parts<'t> {
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: [u8; 64],
    signed: &'t [u8],
}

impl<'t> Parts<'t> {
    fn of(text: &'t [u8]) -> Result<Self, JwsError> {
        let mut parts = text.split(|byte| *byte == b'.');
        let mut part = || {
            let part = parts.next().ok_or(JwsError::Malformed)?;
            BASE64URL
                .decode(part)
                .map(|bytes| (bytes, part.len()))
                .map_err(|_| JwsError::Malformed)
        };
        let ((header, header_len), (payload, payload_len), (signature, _)) =
            (part()?, part()?, part()?);
        if parts.next().is_some() {
            return Err(JwsError::Malformed);
        }
        let signature = signature
            .as_slice()
            .try_into()
            .map_err(|_| JwsError::Malformed)?;
        Ok(Self {
            header,
            payload,
            signature,
            signed: &text[..header_len + 1 + payload_len],
        })
    }

    fn key_id(&self, kind: Kind) -> Result<String, JwsError> {
        #[derive(serde::Deserialize)]
        struct Header {
            kid: String,
            typ: String,
        }
        let found: Header = strict(&self.header).map_err(|_| JwsError::Malformed)?;
        if found.typ != kind.typ() {
            return Err(JwsError::OtherKind);
        }
        if header(&found.kid, kind).as_bytes() != self.header {
            return Err(JwsError::Malformed);
        }
        Ok(found.kid)
    }
}

fn header(key_id: &str, kind: Kind) -> String {
    format!(
        r#"{{"alg":"EdDSA","kid":"{key_id}","typ":"{}"}}"#,
        kind.typ()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detached_signature_belongs_to_one_body() {
        let key = SecretKey::from_seed(&[1; 32]);
        let (body, signature) = sign_detached(&key, Kind::Message, &5);
        let opened = |body: &[u8], signature: &str| {
            open_detached::<i64>(body, signature, Kind::Message, [&key.public()])
        };
        assert_eq!(opened(&body, &signature), Ok(5));
        assert_eq!(opened(b"6", &signature), Err(JwsError::BadSignature));
        for bad in [
            "",
            "..",
            "a..b",
            &signature.replace("..", "."),
            &format!("{signature}."),
        ] {
            assert!(opened(&body, bad).is_err(), "{bad}");
        }
    }

    fn open_text(text: &str, kind: Kind, key: &PublicKey) -> Result<i64, JwsError> {
        open::<i64>(text.as_bytes(), kind, [key]).map(|(value, ..)| value)
    }

    #[test]
    fn what_was_signed_is_believed_and_nothing_else() {
        let (key, other) = (
            SecretKey::from_seed(&[1; 32]),
            SecretKey::from_seed(&[2; 32]),
        );
        let text = sign(&key, Kind::Order, &5);
        assert_eq!(open_text(&text, Kind::Order, &key.public()), Ok(5));
        assert_eq!(
            open_text(&text, Kind::Receipt, &key.public()),
            Err(JwsError::OtherKind)
        );
        assert_eq!(
            open_text(&text, Kind::Order, &other.public()),
            Err(JwsError::UnknownKey)
        );
        assert_eq!(
            open_text(
                &"a".repeat(MAX_SIGNED_BYTES + 1),
                Kind::Order,
                &key.public()
            ),
            Err(JwsError::TooLong)
        );
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).expect("text");
            assert!(
                open_text(&altered, Kind::Order, &key.public()).is_err(),
                "{altered}"
            );
        }
    }

    #[test]
    fn other_headers_are_refused() {
        let key = SecretKey::from_seed(&[1; 32]);
        let id = key.id();
        for header in [
            format!(r#"{{"alg":"none","kid":"{id}","typ":"lapak-order+jws"}}"#),
            format!(r#"{{"alg":"HS256","kid":"{id}","typ":"lapak-order+jws"}}"#),
            format!(
                r#"{{"alg":"EdDSA","kid":"{id}","typ":"lapak-order+jws","crit":["b64"],"b64":false}}"#
            ),
            format!(r#"{{"alg":"EdDSA", "kid":"{id}","typ":"lapak-order+jws"}}"#),
            format!(r#"{{"kid":"{id}","typ":"lapak-order+jws"}}"#),
        ] {
            let signed = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode("5"));
            let text = format!("{signed}.{}", BASE64URL.encode(key.sign(signed.as_bytes())));
            assert_eq!(
                open_text(&text, Kind::Order, &key.public()),
                Err(JwsError::Malformed)
            );
        }
    }

    #[test]
    fn payloads_in_another_form_are_refused() {
        let key = SecretKey::from_seed(&[1; 32]);
        for payload in [" 5", "5 ", "5.0", "\"5\"", "5e0", "null", ""] {
            let signed = format!(
                "{}.{}",
                BASE64URL.encode(header(key.id(), Kind::Order)),
                BASE64URL.encode(payload)
            );
            let text = format!("{signed}.{}", BASE64URL.encode(key.sign(signed.as_bytes())));
            assert_eq!(
                open_text(&text, Kind::Order, &key.public()),
                Err(JwsError::BadPayload),
                "{payload:?}"
            );
        }
    }
}
