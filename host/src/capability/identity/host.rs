//! Identities that this host makes itself.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Claim, Claimed, IdentityCodes, IdentityProvider, Login, NoIdentity, Told};
use crate::HostKey;
use crate::capability::storage::Owner;

/// What the platform knows about people.
pub trait ClaimsOfPeople: Send + Sync {
    /// What is known of a person of these things; what is not known is left out. Returns at once.
    fn claims(&self, person: &str, wanted: &[Claim], told: Told<Vec<Claimed>>);
}

/// Subjects by a secret of the host's, codes, and what the platform knows.
pub struct HostIdentity {
    key: [u8; 32],
    codes: Arc<IdentityCodes>,
    people: Arc<dyn ClaimsOfPeople>,
}

impl HostIdentity {
    /// Subjects follow from `key`, for which [`HostKey::open`] makes a file: in a folder of its own, which is kept for as long as
    /// apps are to know people again. Whoever has it can tell which subjects belong to whom.
    #[must_use]
    pub fn new(key: &HostKey, codes: Arc<IdentityCodes>, people: Arc<dyn ClaimsOfPeople>) -> Self {
        Self::with_key(key.derive("lapak identity subjects v1"), codes, people)
    }

    pub(super) fn with_key(
        key: [u8; 32],
        codes: Arc<IdentityCodes>,
        people: Arc<dyn ClaimsOfPeople>,
    ) -> Self {
        Self { key, codes, people }
    }

    /// A person to an app.
    #[must_use]
    pub fn subject(&self, of: &Owner) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        for part in [&of.app_id, &of.person] {
            // With their lengths, so that no two pairs are one text.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        URL_SAFE_NO_PAD.encode(hasher.finalize().as_bytes())
    }
}

impl IdentityProvider for HostIdentity {
    fn log_in(&self, of: &Owner, told: Told<Login>) {
        let subject = self.subject(of);
        let code = self.codes.issue(&of.app_id, &subject);
        told(match code {
            Ok(code) => Ok(Login { subject, code }),
            Err(error) => Err(NoIdentity(error.to_string())),
        });
    }

    fn claims(&self, of: &Owner, wanted: &[Claim], told: Told<Vec<Claimed>>) {
        self.people.claims(&of.person, wanted, told);
    }
}

impl std::fmt::Debug for HostIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostIdentity").finish_non_exhaustive()
    }
}
