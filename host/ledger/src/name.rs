//! Names of accounts, merchants, orders and requests: short, printable, the same in every encoding.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name, in bytes.
pub const MAX_NAME_BYTES: usize = 128;

/// Why something is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot be a name: a name has 1 to {MAX_NAME_BYTES} of the characters a-z A-Z 0-9 . _ - : @ / and begins with a letter or digit"
)]
pub struct NameError(String);

/// Makes a type of its own for each kind of name, so that an order's id is never taken for a merchant's.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                text.to_owned().try_into()
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                if is_name(&text) { Ok(Self(text)) } else { Err(NameError(shortened(text))) }
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name! {
    /// An account in the ledger. What stands before the first `:` is its kind in exports: `assets`, `equity`, `income`
    /// and `expenses` are the operator's own; everything else (`person:ani`, `merchant:warung`) is owed to its holder.
    AccountId
}
name! {
    /// A merchant, as the host registered it.
    MerchantId
}
name! {
    /// An order, unique for its merchant.
    OrderId
}
name! {
    /// What makes a request the same request when it is sent again: unique for its payer (for refunds: for its order).
    RequestKey
}

fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=MAX_NAME_BYTES).contains(&bytes.len())
        && bytes[0].is_ascii_alphanumeric()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-:@/".contains(byte))
}

/// Hostile text may be long; an error shows its beginning.
fn shortened(text: String) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for good in ["a", "person:ani", "2026-11-24/17", "x@y_z.w"] {
            assert!(good.parse::<AccountId>().is_ok(), "{good}");
        }
        let long = "a".repeat(MAX_NAME_BYTES + 1);
        for bad in [
            "",
            ":a",
            "a b",
            "a\n",
            "é",
            "a;b",
            "a\0",
            "-x",
            long.as_str(),
        ] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad}");
        }
    }
}
