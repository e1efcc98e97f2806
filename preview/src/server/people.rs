//! Who sits at a browser: a cookie that this server issued and authenticated, and what follows from it.
//!
//! The cookie holds a random id and a code that only this server can make over it. What the rest of the host calls the person is
//! neither: it is derived from the id with another key, so that nothing which an app, a log or a file names a person by is a
//! login. Nothing is kept for a person here: whoever has a right cookie is who it says.

use axum::http::header::{self, HeaderMap, HeaderValue};
use lapak_host::HostKey;

use super::sessions::new_token;

const ID_DIGITS: usize = 32;
const CODE_DIGITS: usize = 64;
/// A year, in seconds.
const FOR: u32 = 31_536_000;

/// The secret that this server's cookies are authenticated with.
///
/// # Security
/// Another server does not take this one's cookies, nor set one that is taken here: each has a key of its own, and a cookie name
/// of its own that follows from it. Browsers send cookies to every port of a host, though, so another server under the same
/// host name sees the cookie: `PROTOCOL.md` says what follows.
#[derive(Clone)]
pub struct PeopleKey {
    code: [u8; 32],
    person: [u8; 32],
    sign: [u8; 32],
    /// Tells this server's cookie from another's.
    server: String,
}

/// A person at a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Visitor {
    /// What the host calls them. It opens nothing.
    pub(super) person: String,
    /// The cookie's value, if the browser has to be given one.
    pub(super) issued: Option<String>,
}

/// How a browser reaches the server, as far as cookies go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach<'a> {
    /// Over TLS.
    pub(super) secure: bool,
    /// The prefix under which the server is reached: empty, or `/preview`.
    pub(super) base: &'a str,
}

impl PeopleKey {
    /// People are the same when the server is started again with the same host key.
    #[must_use]
    pub fn of_host(key: &HostKey) -> Self {
        let code = key.derive("lapak preview cookie code v1");
        let server = blake3::keyed_hash(&code, b"name").to_hex()[..8].to_owned();
        Self {
            code,
            person: key.derive("lapak preview person v1"),
            sign: key.derive("lapak preview sign v1"),
            server,
        }
    }

    /// A key of this process alone: nobody is known any more after it.
    #[must_use]
    pub fn passing() -> Self {
        Self::of_host(&HostKey::passing())
    }

    /// A name of this machine's own that only whoever is told it knows: `lapak-….localhost`, which browsers take to this machine.
    /// Cookies that are given under it are sent to no other server, whatever its port: nobody else knows the name.
    #[must_use]
    pub fn own_name(&self) -> String {
        let name = blake3::keyed_hash(&self.code, b"host name").to_hex();
        format!("lapak-{}.localhost", &name[..20])
    }

    /// The person whose cookie this is, or somebody new.
    pub(super) fn visitor(&self, headers: &HeaderMap, reach: Reach<'_>) -> Visitor {
        let id = cookies(headers, &self.cookie_name(reach)).find_map(|value| self.id(value));
        match id {
            Some(id) => Visitor {
                person: self.person(id),
                issued: None,
            },
            None => {
                let id = new_token();
                Visitor {
                    person: self.person(&id),
                    issued: Some(format!("{id}.{}", self.code(&id).to_hex())),
                }
            }
        }
    }

    /// What follows from the name of a person, and nobody can tell from it.
    pub(super) fn sign_of(&self, person: &str, turn: u32) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.sign);
        hasher.update(&turn.to_le_bytes());
        hasher.update(person.as_bytes());
        hasher.finalize().into()
    }

    /// What the cookie is called. Only the server itself may set one whose name begins with `__Host-`, and only over TLS.
    fn cookie_name(&self, reach: Reach<'_>) -> String {
        let prefix = if reach.secure { "__Host-" } else { "" };
        format!("{prefix}lapak_person_{}", self.server)
    }

    /// The header that gives a browser its cookie.
    pub(super) fn set_cookie(&self, value: &str, reach: Reach<'_>) -> Option<HeaderValue> {
        let name = self.cookie_name(reach);
        let (path, secure) = match reach.secure {
            // What `__Host-` asks for.
            true => ("/".to_owned(), "; Secure"),
            false if reach.base.is_empty() => ("/".to_owned(), ""),
            false => (reach.base.to_owned(), ""),
        };
        let cookie =
            format!("{name}={value}; Path={path}; Max-Age={FOR}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&cookie).ok()
    }

    /// The id of a cookie's value, if this server issued it.
    fn id<'a>(&self, value: &'a str) -> Option<&'a str> {
        let (id, code) = value.split_once('.')?;
        let digits = |text: &str| {
            text.bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let formed = id.len() == ID_DIGITS && code.len() == CODE_DIGITS && digits(id);
        let code = blake3::Hash::from_hex(code).ok()?;
        // `blake3::Hash` compares in constant time.
        (formed && code == self.code(id)).then_some(id)
    }

    fn code(&self, id: &str) -> blake3::Hash {
        blake3::keyed_hash(&self.code, id.as_bytes())
    }

    fn person(&self, id: &str) -> String {
        let person = blake3::keyed_hash(&self.person, id.as_bytes());
        person.to_hex()[..ID_DIGITS].to_owned()
    }
}

/// The values of the cookies of this name.
pub(super) fn cookies<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let all = headers.get_all(header::COOKIE).iter();
    let pairs = all.filter_map(|value| value.to_str().ok());
    let pairs = pairs.flat_map(|cookies| cookies.split(';'));
    pairs.filter_map(move |pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then_some(value)
    })
}

impl Default for PeopleKey {
    fn default() -> Self {
        Self::passing()
    }
}

impl std::fmt::Debug for PeopleKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PeopleKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Reach<'static> = Reach {
        secure: false,
        base: "",
    };

    fn with(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let cookie = HeaderValue::from_str(cookie).expect("a header");
        headers.insert(header::COOKIE, cookie);
        headers
    }

    fn issued(key: &PeopleKey) -> (String, String) {
        let visitor = key.visitor(&HeaderMap::new(), PLAIN);
        let value = visitor.issued.expect("a newcomer");
        (visitor.person, value)
    }

    #[test]
    fn whoever_comes_back_is_the_same_and_is_called_by_no_part_of_the_cookie() {
        let key = PeopleKey::passing();
        let (person, value) = issued(&key);
        let cookie = format!("a=b; {}={value}", key.cookie_name(PLAIN));
        let again = key.visitor(&with(&cookie), PLAIN);
        assert_eq!(again.person, person);
        assert_eq!(again.issued, None);
        assert!(!value.contains(&person) && !person.contains(&value[..8]));
        assert_ne!(issued(&key).0, person);
    }

    #[test]
    fn what_the_server_did_not_issue_is_replaced() {
        let key = PeopleKey::passing();
        let (person, value) = issued(&key);
        let (_, of_another_server) = issued(&PeopleKey::passing());
        let (id, code) = value.split_once('.').expect("two parts");
        let (other, _) = of_another_server.split_once('.').expect("two parts");
        for forged in [
            id.to_owned(),
            person.clone(),
            format!("{person}.{code}"),
            format!("{other}.{code}"),
            format!("{id}.{}", "0".repeat(64)),
            format!("{}.{code}", id.to_uppercase()),
            format!("{value}0"),
            format!("{id}.{code}.{code}"),
            of_another_server,
            String::new(),
            "root".into(),
        ] {
            let cookie = format!("{}={forged}", key.cookie_name(PLAIN));
            let visitor = key.visitor(&with(&cookie), PLAIN);
            // Upper case is another id, which was never issued.
            assert!(visitor.issued.is_some(), "{forged}");
            assert_ne!(visitor.person, person, "{forged}");
        }
        // One that somebody else put before it does not hide the right one.
        let name = key.cookie_name(PLAIN);
        let both = format!("{name}=forged; {name}={value}");
        assert_eq!(key.visitor(&with(&both), PLAIN).person, person);
    }

    #[test]
    fn each_server_has_a_cookie_of_its_own_and_over_tls_nobody_else_can_set_it() {
        let (one, two) = (PeopleKey::passing(), PeopleKey::passing());
        assert_ne!(one.cookie_name(PLAIN), two.cookie_name(PLAIN));
        let secure = Reach {
            secure: true,
            base: "/preview",
        };
        let set = one.set_cookie("v", secure).expect("a header");
        let set = set.to_str().expect("text");
        assert!(set.starts_with("__Host-lapak_person_"), "{set}");
        assert!(
            set.contains("; Path=/;") && set.ends_with("; Secure"),
            "{set}"
        );
        let plain = Reach {
            secure: false,
            ..secure
        };
        let set = one.set_cookie("v", plain).expect("a header");
        let set = set.to_str().expect("text");
        assert!(
            set.contains("; Path=/preview;") && set.contains("HttpOnly"),
            "{set}"
        );
    }
}
