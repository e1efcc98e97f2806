//! Calls to `identity`.

use super::{Room, outcome};
use crate::lapak::app::identity::{Claim, Error, claims, log_on, take_claims, take_login};

pub(super) const ROOM: Room = Room {
    prefix: "call-identity-",
    every,
    call,
    finished,
};

fn every() -> Vec<(&'static str, String)> {
    vec![
        ("identity.log-on", outcome(log_on())),
        ("identity.take-login", outcome(take_login(4_000_000_000))),
        ("identity.claims", outcome(claims(&[Claim::Name]))),
        ("identity.take-claims", outcome(take_claims(4_000_000_000))),
    ]
}

fn call(action: &str, _: &str) -> String {
    match action {
        "call-identity-login" => outcome(log_on()),
        "call-identity-claims" => outcome(claims(&[Claim::Name, Claim::PhoneNumber])),
        "call-identity-wild" => [
            claims(&[]),
            claims(&[Claim::Name, Claim::Email, Claim::Name]),
            claims(&vec![Claim::Address; 1 << 16]),
        ]
        .map(outcome)
        .join(" "),
        "call-identity-flood" => {
            let refused = (0..100).filter(|_| claims(&[Claim::Name]).is_err()).count();
            format!("refused={refused}")
        }
        "call-identity-foreign" => {
            let taken =
                (0..10_000).filter(|id| take_login(*id).is_ok() || take_claims(*id).is_ok());
            format!("taken={}", taken.count())
        }
        _ => "no such call".into(),
    }
}

/// Takes it as whatever it is, and as that alone.
fn finished(_: &str, request: u32) -> String {
    match take_login(request) {
        Err(Error::UnknownRequest) => {}
        Ok(login) => return format!("subject={} code={}.", login.subject, login.code),
        Err(error) => return format!("{error:?}"),
    }
    match take_claims(request) {
        Ok(claims) => {
            let told = claims
                .iter()
                .map(|told| format!("{:?}={}", told.claim, told.value));
            format!("told=[{}]", told.collect::<Vec<_>>().join(" "))
        }
        Err(error) => format!("{error:?}"),
    }
}
