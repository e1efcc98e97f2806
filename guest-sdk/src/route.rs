//! Pages as types: `pages!` makes an enum of them.

use std::fmt::{Display, Write};
use std::str::FromStr;

/// A page of an app, with what it was opened with.
pub trait Route: Clone + 'static {
    /// The page that a URL means.
    fn parse(path: &str, query: &Query<'_>) -> Option<Self>;

    /// The URL of this page: `pages/dish?id=3`.
    fn to_url(&self) -> String;
}

/// The page of an app that has only one, whatever the manifest calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SinglePage;

impl Route for SinglePage {
    fn parse(_: &str, _: &Query<'_>) -> Option<Self> {
        Some(Self)
    }

    fn to_url(&self) -> String {
        String::new()
    }
}

/// `key=value&…`, percent-encoded.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    /// Takes a query as events carry it.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The value of `key`, if it is there and reads as a `T`.
    #[must_use]
    pub fn value<T: FromStr>(&self, key: &str) -> Option<T> {
        let pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.filter(|(name, _)| decode(name) == key);
        decode(found.map(|(_, value)| value).next()?).parse().ok()
    }
}

/// Builds a page URL.
#[derive(Clone, Debug)]
pub struct RouteUrl(String);

impl RouteUrl {
    /// Begins with a route.
    #[must_use]
    pub fn new(route: &str) -> Self {
        Self(route.to_owned())
    }

    /// Adds a value to the query.
    #[must_use]
    pub fn with(mut self, key: &str, value: &impl Display) -> Self {
        let mark = if self.0.contains('?') { '&' } else { '?' };
        self.0.push(mark);
        encode(key, &mut self.0);
        self.0.push('=');
        encode(&value.to_string(), &mut self.0);
        self
    }

    /// The URL.
    #[must_use]
    pub fn finish(self) -> String {
        self.0
    }
}

fn encode(text: &str, to: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            to.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(to, "%{byte:02X}");
        }
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        // Two digits, and nothing else that a number may begin with: `%+5` is no byte.
        let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
        let byte = digit(0).zip(digit(1)).map(|(high, low)| high << 4 | low);
        let hex = byte.and_then(|byte| u8::try_from(byte).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Makes an enum of an app's pages. Fields are the page's query, read and written by their types.
///
/// ```
/// lapak_sdk::pages! {
///     pub enum Page {
///         Menu = "pages/menu",
///         Dish { id: u32 } = "pages/dish",
///     }
/// }
/// use lapak_sdk::Route;
/// assert_eq!(Page::Dish { id: 3 }.to_url(), "pages/dish?id=3");
/// ```
///
/// The routes must be those of the manifest; `lapak build` compares them.
#[macro_export]
macro_rules! pages {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident $({ $($field:ident : $type:ty),+ $(,)? })? = $route:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $vis enum $name {
            $($(#[$variant_meta])* $variant $({ $(
                #[allow(missing_docs, reason = "the page's query")]
                $field: $type
            ),+ })?),+
        }

        impl $crate::Route for $name {
            fn parse(path: &str, query: &$crate::Query<'_>) -> Option<Self> {
                let _ = query;
                $(if path == $route {
                    return Some(Self::$variant $({ $($field: query.value(stringify!($field))?),+ })?);
                })+
                None
            }

            fn to_url(&self) -> String {
                match self {
                    $(Self::$variant $({ $($field),+ })? => {
                        $crate::RouteUrl::new($route) $($(.with(stringify!($field), $field))+)? .finish()
                    })+
                }
            }
        }

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            const ROUTES: &str = concat!($($route, "\n"),+);
            #[allow(unsafe_code, reason = "a custom section, read by `lapak build`")]
            #[used]
            #[unsafe(link_section = "lapak:pages")]
            static PAGES: [u8; ROUTES.len()] = match ROUTES.as_bytes().first_chunk() {
                Some(routes) => *routes,
                None => panic!("a slice is as long as itself"),
            };
        };
    };
}
