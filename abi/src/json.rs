//! JSON that others wrote, read strictly: bounded in bytes and in values before anything is made of it, and no member of an
//! object twice. What two readers would read differently is not signed, and decides about nobody.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};

use crate::text::quoted;

/// How much a JSON text may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonLimits {
    /// Its length, in bytes.
    pub bytes: usize,
    /// Values of any kind, members and elements among them.
    pub values: usize,
}

impl Default for JsonLimits {
    /// What a manifest, a profile or a list of merchants needs many times over.
    fn default() -> Self {
        Self {
            bytes: 256 * 1024,
            values: 16 * 1024,
        }
    }
}

/// Why a JSON text is not taken. Every message names the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Longer than the limit.
    #[error("it has {found} bytes; the limit is {limit}")]
    TooLong {
        /// Its length, in bytes.
        found: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// Not JSON, a member twice, too many values, or not of the form that is read here.
    #[error("line {line}, column {column}: {what}")]
    At {
        /// From 1; 0 where the text does not say.
        line: usize,
        /// From 1, in bytes.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// Read, and not sound in itself.
    #[error("{0}")]
    Content(String),
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let told = error.to_string();
        // The place stands in a member of its own.
        let what = told.rfind(" at line ").and_then(|at| told.get(..at));
        Self::At {
            line,
            column,
            what: what.unwrap_or(&told).to_owned(),
        }
    }
}

/// The text without its byte-order mark.
#[must_use]
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Reads a value.
///
/// # Errors
/// [`JsonError`].
pub fn read<T: DeserializeOwned>(text: &[u8], limits: JsonLimits) -> Result<T, JsonError> {
    let text = checked(text, limits)?;
    Ok(serde_json::from_slice(text)?)
}

/// The text without its byte-order mark, if it is JSON within the limits that has no member twice. One pass; nothing is kept of it
/// but the names of the members that are open.
///
/// # Errors
/// [`JsonError`].
pub fn checked(text: &[u8], limits: JsonLimits) -> Result<&[u8], JsonError> {
    let text = without_mark(text);
    if text.len() > limits.bytes {
        return Err(JsonError::TooLong {
            found: text.len(),
            limit: limits.bytes,
        });
    }
    let mut left = limits.values;
    let mut json = serde_json::Deserializer::from_slice(text);
    Checked { left: &mut left }.deserialize(&mut json)?;
    json.end()?;
    Ok(text)
}

/// One value that is looked at and forgotten.
struct Checked<'l> {
    /// How many values may still come.
    left: &'l mut usize,
}

impl Checked<'_> {
    fn one_more<E: serde::de::Error>(&mut self) -> Result<(), E> {
        *self.left = self.left.checked_sub(1).ok_or_else(|| {
            E::custom("there are more values than this file may hold; take some away")
        })?;
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Checked<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(mut self, json: D) -> Result<(), D::Error> {
        self.one_more()?;
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list
            .next_element_seed(Checked { left: self.left })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut names: HashSet<String> = HashSet::new();
        while let Some(name) = object.next_key::<String>()? {
            if names.contains(&name) {
                let told = format!("the member {} is there twice; take one away", quoted(&name));
                return Err(A::Error::custom(told));
            }
            names.insert(name);
            object.next_value_seed(Checked { left: self.left })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn read_value(text: &str) -> Result<Value, JsonError> {
        read(text.as_bytes(), JsonLimits::default())
    }

    #[test]
    fn a_member_that_is_there_twice_is_refused_wherever_it_stands() {
        for (text, line) in [
            ("{\"a\":1,\n\"a\":1}", 2),
            ("{\"a\":{\"b\":1},\n\"c\":[{\"b\":1,\"\\u0062\":2}]}", 2),
            ("[{},{\"\":1,\"\":2}]", 1),
        ] {
            let JsonError::At { line: at, what, .. } = read_value(text).expect_err(text) else {
                panic!("{text}");
            };
            assert!(at == line && what.contains("twice"), "{text}: {at} {what}");
        }
        let fine = "\u{feff}{\"a\":{\"a\":[{\"a\":null},{\"a\":\"a\"}]},\"A\":-1.5}";
        assert!(read_value(fine).is_ok());
    }

    #[test]
    fn length_values_and_depth_are_bounded() {
        let limits = JsonLimits {
            bytes: 100,
            values: 10,
        };
        let zeros = |n: usize| format!("[{}0]", "0,".repeat(n - 1));
        assert!(checked(zeros(9).as_bytes(), limits).is_ok());
        let told = checked(zeros(10).as_bytes(), limits).expect_err("one too many");
        assert!(told.to_string().contains("more values"), "{told}");
        assert!(matches!(
            checked(zeros(60).as_bytes(), limits),
            Err(JsonError::TooLong {
                found: 121,
                limit: 100
            })
        ));
        assert!(read_value(&"[".repeat(100_000)).is_err());
        assert!(
            read_value("{\"a\":1,}")
                .expect_err("a comma")
                .to_string()
                .starts_with("line 1, column 8:")
        );
        assert!(read_value("1 2").is_err());
    }
}
