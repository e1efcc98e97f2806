//! Codes to pay with: what stands in the picture that a camera would read.
//!
//! Somebody who wants money shows `dompet:send?to=…&amount=…&note=…`, the amount in minor units of rupiah. A shop shows its
//! signed order, which only it can make and this app only carries.

use lapak_sdk::payments::Money;
use lapak_sdk::{Query, RouteUrl};

use crate::amount::CURRENCY;

const SEND: &str = "dompet:send";
/// The longest code that is read, in bytes; orders are longer than requests.
const LONGEST: usize = 16 * 1024;

/// What a code asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Code {
    /// Somebody asks for money.
    Send(Request),
    /// A shop's signed order.
    Order(Vec<u8>),
}

/// Somebody asks for money.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    /// Where it goes.
    pub(crate) to: String,
    /// How much.
    pub(crate) amount: Money,
    /// What for; may be empty.
    pub(crate) note: String,
}

impl Code {
    /// Reads a code, as hostile as anything from outside: `None` if it is none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > LONGEST {
            return None;
        }
        if let Some(query) = text
            .strip_prefix(SEND)
            .and_then(|rest| rest.strip_prefix('?'))
        {
            return Request::read(query).map(Self::Send);
        }
        // Header, payload and signature, each in base64url: the host looks at the rest.
        let parts: Vec<&str> = text.split('.').collect();
        let is_base64url = |part: &&str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        (parts.len() == 3 && parts.iter().all(is_base64url))
            .then(|| Self::Order(text.as_bytes().to_vec()))
    }
}

impl Request {
    fn read(query: &str) -> Option<Self> {
        let query = Query::new(query);
        let to: String = query.value("to")?;
        let minor: i64 = query.value("amount")?;
        let note: String = query.value("note").unwrap_or_default();
        let fine = is_account(&to) && minor > 0 && is_note(&note);
        fine.then(|| Self {
            to,
            amount: Money::new(minor, CURRENCY),
            note,
        })
    }

    /// The code of this request.
    pub(crate) fn code(&self) -> String {
        let url = RouteUrl::new(SEND)
            .with("to", &self.to)
            .with("amount", &self.amount.minor);
        let url = if self.note.is_empty() {
            url
        } else {
            url.with("note", &self.note)
        };
        url.finish()
    }
}

/// Whether the platform could know an account of this name.
pub(crate) fn is_account(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| !c.is_whitespace() && !c.is_control())
}

/// Whether a note is one that both sides may see.
pub(crate) fn is_note(text: &str) -> bool {
    text.len() <= 256 && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::rupiah;

    fn request(note: &str) -> Request {
        Request {
            to: "person:ani".into(),
            amount: rupiah(25_000),
            note: note.into(),
        }
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        for note in ["", "Makan siang & es teh = 2", "日本 100% ok"] {
            let request = request(note);
            assert_eq!(Code::read(&request.code()), Some(Code::Send(request)));
        }
        assert_eq!(
            request("").code(),
            "dompet:send?to=person%3Aani&amount=2500000"
        );
    }

    #[test]
    fn an_order_is_carried_as_it_is() {
        let order = "eyJhbGciOiJFZERTQSJ9.eyJhIjoxfQ.c2ln";
        let read = Code::read(&format!(" {order}\n"));
        assert_eq!(read, Some(Code::Order(order.as_bytes().to_vec())));
    }

    #[test]
    fn everything_else_is_no_code() {
        for text in [
            "",
            "a.b",
            "a..c",
            "a.b.c.d",
            "a.b.c d",
            "https://evil.example/pay",
            "dompet:send",
            "dompet:send?to=&amount=1",
            "dompet:send?to=ani&amount=0",
            "dompet:send?to=ani&amount=-5",
            "dompet:send?to=ani&amount=99999999999999999999",
            "dompet:send?to=a%20b&amount=1",
            "dompet:send?to=ani&amount=1&note=%0A",
        ] {
            assert_eq!(Code::read(text), None, "{text:?}");
        }
        assert_eq!(Code::read(&"a".repeat(LONGEST + 1)), None);
    }
}
