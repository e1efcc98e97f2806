//! A small HTTP client over TLS: one POST, bounded in time and size, following nothing.

use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// The longest answer, in bytes.
const MAX_ANSWER_BYTES: u64 = 256 * 1024;
/// The header that carries a detached signature.
pub(crate) const SIGNATURE: &str = "lapak-signature";

/// Whom to trust, and how long to wait.
#[derive(Clone, Debug)]
pub struct WebOptions {
    /// The certificates that servers' certificates must lead to, in DER; `None`: those of Mozilla's list.
    pub roots: Option<Vec<Vec<u8>>>,
    /// The longest that one exchange may take.
    pub timeout: Duration,
    /// The wait after the first failure; it doubles with each further one.
    pub first_wait: Duration,
    /// The longest wait between two tries.
    pub most_wait: Duration,
}

/// Mozilla's list, 15 s for an exchange, waits from 250 ms to a minute.
impl Default for WebOptions {
    fn default() -> Self {
        Self {
            roots: None,
            timeout: Duration::from_secs(15),
            first_wait: Duration::from_millis(250),
            most_wait: Duration::from_secs(60),
        }
    }
}

/// An address that is not safe to send money's messages to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a safe address: use https (http only for this machine: 127.0.0.1, [::1] or localhost)"
)]
pub struct UnsafeUrl(String);

#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
}

/// What a server said.
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) signature: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn new(options: &WebOptions) -> Self {
        let roots = match &options.roots {
            None => RootCerts::WebPki,
            Some(roots) => {
                let certificates = roots
                    .iter()
                    .map(|der| Certificate::from_der(der).to_owned());
                RootCerts::Specific(Arc::new(certificates.collect()))
            }
        };
        let config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_global(Some(options.timeout))
            .max_redirects(0)
            .http_status_as_error(false)
            // Neither a proxy from the environment nor a hint of what runs here.
            .proxy(None)
            .user_agent("lapak")
            .build();
        Self {
            agent: config.into(),
        }
    }

    pub(crate) fn post(
        &self,
        url: &str,
        content_type: &str,
        signature: Option<&str>,
        body: &[u8],
    ) -> Result<Said, String> {
        check_url(url).map_err(|error| error.to_string())?;
        let mut request = self.agent.post(url).header("content-type", content_type);
        if let Some(signature) = signature {
            request = request.header(SIGNATURE, signature);
        }
        let mut response = request.send(body).map_err(|error| error.to_string())?;
        let signature = response
            .headers()
            .get(SIGNATURE)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let body = response
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER_BYTES)
            .read_to_vec();
        Ok(Said {
            status: response.status().as_u16(),
            signature,
            body: body.map_err(|error| error.to_string())?,
        })
    }
}

/// # Errors
/// When messages would cross a network in the clear.
pub(crate) fn check_url(url: &str) -> Result<(), UnsafeUrl> {
    let local = |rest: &str| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next(),
            None => authority.split(':').next(),
        };
        // No user part: `127.0.0.1@elsewhere` is elsewhere.
        !authority.contains('@') && matches!(host, Some("127.0.0.1" | "::1" | "localhost"))
    };
    let is_safe = url.starts_with("https://") || url.strip_prefix("http://").is_some_and(local);
    if is_safe {
        Ok(())
    } else {
        Err(UnsafeUrl(url.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_crosses_a_network_in_the_clear() {
        for good in [
            "https://pay.example/",
            "http://127.0.0.1:8080/a",
            "http://localhost",
            "http://[::1]:1/",
        ] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        for bad in [
            "http://pay.example/",
            "http://127.0.0.1@pay.example/",
            "ftp://a",
            "",
            "http://127.0.0.1.example/",
            "HTTP://a",
        ] {
            assert!(check_url(bad).is_err(), "{bad}");
        }
    }
}
