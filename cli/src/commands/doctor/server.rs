//! Whether browsers reach a preview server under an address: what a proxy in between makes of it.

use std::time::Duration;

use serde::Deserialize;

use super::{Finding, Need};

const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read.
const MOST_BYTES: u64 = 16 << 10;

/// What the server says of how it was asked.
#[derive(Debug, Deserialize)]
struct Health {
    host: Option<String>,
    answers: bool,
    cure: Option<String>,
}

/// Asks the server at `url` as a browser's page would.
pub(super) fn to_reach(url: &str) -> Vec<Finding> {
    let url = url.trim_end_matches('/');
    let health = health(url);
    let (found, cure) = match health {
        Ok(Health {
            host,
            answers: true,
            ..
        }) => (
            Some(format!("answers as {}", host.unwrap_or_default())),
            String::new(),
        ),
        Ok(Health { host, cure, .. }) => {
            let host = host.unwrap_or_else(|| "nothing".into());
            let cure = cure.unwrap_or_default();
            (None, format!("It was asked as {host}. {cure}"))
        }
        Err(error) => {
            let cure = format!("{error}. Is it started, and is the address right, its prefix too?");
            (None, cure)
        }
    };
    let server = Finding {
        what: "server",
        why: "shows apps at that address",
        found,
        cure,
        needed: Need::ToRun,
    };
    if server.found.is_none() {
        return vec![server];
    }
    let (found, cure) = match connects(url) {
        Ok(None) => (Some("may connect".to_owned()), String::new()),
        Ok(Some(why)) | Err(why) => (None, why),
    };
    let pages = Finding {
        what: "its pages",
        why: "connect for what apps do",
        found,
        cure,
        needed: Need::ToRun,
    };
    vec![server, pages]
}

fn health(url: &str) -> Result<Health, String> {
    let asked = agent().get(format!("{url}/healthz")).call();
    let mut answer = asked.map_err(|error| error.to_string())?;
    let text = text(&mut answer)?;
    serde_json::from_str(&text).map_err(|_| format!("{url}/healthz is no preview server's"))
}

/// Why a page of that address may not connect; nothing keeps it from it.
fn connects(url: &str) -> Result<Option<String>, String> {
    let asked = agent()
        .post(format!("{url}/s/doctor/reach"))
        .header("origin", origin(url))
        .send_empty();
    let mut answer = asked.map_err(|error| error.to_string())?;
    if answer.status().is_success() {
        return Ok(None);
    }
    Ok(Some(text(&mut answer)?.trim().to_owned()))
}

/// `https://preview.example.com` of an address below it.
fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let host = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .http_status_as_error(false)
        .build();
    config.into()
}

fn text(answer: &mut ureq::http::Response<ureq::Body>) -> Result<String, String> {
    let body = answer.body_mut().with_config().limit(MOST_BYTES);
    body.read_to_string().map_err(|error| error.to_string())
}
