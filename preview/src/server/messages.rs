//! The messages of `PROTOCOL.md`, as far as they are read; those that are written stand where they are made.

use lapak_abi::json::{JsonError, JsonLimits};
use lapak_host::ShellEvent;
use lapak_host::grants::consent::Consent;
use lapak_host::view::{Field, FieldValue, InputValue, NodeId, Trigger};
use serde::Deserialize;

/// What a message may hold: its size is bounded where it is heard. A form of 10,000 fields has 40,000 values.
const LIMITS: JsonLimits = JsonLimits {
    bytes: usize::MAX,
    values: 64 * 1024,
};

/// Reads a message; no member stands in it twice.
pub(super) fn read(text: &str) -> Result<FromShell, JsonError> {
    lapak_abi::json::read(text.as_bytes(), LIMITS)
}

/// The number of an event that could not be read, so that what comes after it need not wait for it for ever.
pub(super) fn number_of(text: &str) -> Option<u64> {
    /// Members that it does not name may hold anything.
    #[derive(Deserialize)]
    struct Numbered {
        seq: Option<u64>,
    }
    match serde_json::from_str::<Numbered>(text) {
        Ok(numbered) => numbered.seq,
        Err(_) => written_number(text),
    }
}

/// The number where shells write it: behind the kind, or at the very end. A text that a person wrote stands at neither place:
/// its quotation marks are escaped, and it ends with one.
fn written_number(text: &str) -> Option<u64> {
    const MEMBER: &str = "\"seq\":";
    let first = || {
        let (kind, rest) = text.strip_prefix("{\"t\":\"")?.split_once('"')?;
        let is_kind = kind.bytes().all(|byte| byte.is_ascii_lowercase());
        let rest = rest.strip_prefix(',')?.strip_prefix(MEMBER)?;
        let (digits, _) = rest.split_once([',', '}'])?;
        digits_of(digits).filter(|_| is_kind)
    };
    let last = || {
        let (before, digits) = text.strip_suffix('}')?.rsplit_once(MEMBER)?;
        digits_of(digits).filter(|_| before.ends_with(','))
    };
    first().or_else(last)
}

fn digits_of(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// A message of the shell's.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "t", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum FromShell {
    Hello {
        client: String,
        v: u64,
        page: u32,
        app: String,
    },
    Input {
        seq: u64,
        node: u32,
        on: On,
        value: Option<Value>,
    },
    Back {
        seq: u64,
    },
    Tab {
        seq: u64,
        page: String,
    },
    Refresh {
        seq: u64,
    },
    Bottom {
        seq: u64,
    },
    Zone {
        seq: u64,
        zone: String,
    },
    Show {
        seq: u64,
    },
    Hide {
        seq: u64,
    },
    /// In the place of an event that was given up.
    Nothing {
        seq: u64,
    },
    Ping {},
    Restart {},
    Inspect {
        on: bool,
    },
    Storage {},
    SheetPay {
        sheet: u64,
        pin: Digits,
        fresh: bool,
    },
    SheetConsent {
        sheet: u64,
        answer: Consent,
    },
    SheetAgree {
        sheet: u64,
    },
    SheetCancel {
        sheet: u64,
    },
    Trust {
        #[serde(default)]
        of: Which,
    },
    Grant {
        capability: String,
        on: bool,
    },
    TakeBack {
        capability: String,
        /// What of it; empty: all of it.
        #[serde(default)]
        subject: String,
    },
    Uninstall {},
    Device {
        line: Option<String>,
    },
}

impl FromShell {
    /// Whether only a developer may say it: what looks into an app, or sets what it finds around it.
    pub(super) fn is_a_developers(&self) -> bool {
        matches!(
            self,
            Self::Inspect { on: true } | Self::Storage {} | Self::Device { .. }
        )
    }
}

/// What a message counts as that a person never sends many of, or that nobody can read: all but what they do in an app.
pub(super) const DEAR: u32 = 10;
/// So many bytes of a message count as one more.
const BYTES_OF_ONE: usize = 16 * 1024;

impl FromShell {
    /// How many plain messages this one of so many bytes counts as.
    pub(super) fn counts_as(&self, bytes: usize) -> u32 {
        let is_plain = matches!(self, Self::Ping {}) || self.is_event();
        let kind = if is_plain { 1 } else { DEAR };
        kind + more_for(bytes)
    }

    /// Whether it has a number.
    fn is_event(&self) -> bool {
        matches!(
            self,
            Self::Input { .. }
                | Self::Back { .. }
                | Self::Tab { .. }
                | Self::Refresh { .. }
                | Self::Bottom { .. }
                | Self::Zone { .. }
                | Self::Show { .. }
                | Self::Hide { .. }
                | Self::Nothing { .. }
        )
    }
}

/// What the size of a message adds to what it counts as.
pub(super) fn more_for(bytes: usize) -> u32 {
    u32::try_from(bytes / BYTES_OF_ONE).unwrap_or(u32::MAX - DEAR)
}

/// What of the audit is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Of one capability.
    pub(super) capability: Option<String>,
    /// Of so many days up to now.
    pub(super) days: Option<u16>,
}

/// A PIN as it was typed. Written down nowhere, not even in a log.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub(super) struct Digits(pub(super) String);

impl std::fmt::Debug for Digits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digits(…)")
    }
}

/// A trigger by its WIT name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum On {
    Tap,
    LongPress,
    Input,
    Change,
    Submit,
    Reset,
    Focus,
    Blur,
    ReachEnd,
}

/// What the person put in.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Value {
    Text(String),
    Toggled(bool),
    Number(f64),
    Index(u32),
    Fields(Vec<NamedValue>),
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedValue {
    name: String,
    value: PlainValue,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PlainValue {
    Text(String),
    Toggled(bool),
    Number(f64),
    Index(u32),
}

impl FromShell {
    /// The event for the session, with its number, if the message is one; `None` in it for one that was given up.
    pub(super) fn event(self) -> Option<(u64, Option<ShellEvent>)> {
        let (seq, event) = match self {
            Self::Input {
                seq,
                node,
                on,
                value,
            } => {
                let value = value.map_or(InputValue::None, InputValue::from);
                let (node, trigger) = (NodeId(node), on.into());
                (
                    seq,
                    ShellEvent::Input {
                        node,
                        trigger,
                        value,
                    },
                )
            }
            Self::Back { seq } => (seq, ShellEvent::Back),
            Self::Tab { seq, page } => (seq, ShellEvent::SwitchTab(page)),
            Self::Refresh { seq } => (seq, ShellEvent::PageRefresh),
            Self::Bottom { seq } => (seq, ShellEvent::PageBottomReached),
            Self::Zone { seq, zone } => (seq, ShellEvent::Zone(zone)),
            Self::Show { seq } => (seq, ShellEvent::Show),
            Self::Hide { seq } => (seq, ShellEvent::Hide),
            Self::Nothing { seq } => return Some((seq, None)),
            Self::Hello { .. }
            | Self::Ping {}
            | Self::Restart {}
            | Self::Inspect { .. }
            | Self::Storage {}
            | Self::SheetPay { .. }
            | Self::SheetConsent { .. }
            | Self::SheetAgree { .. }
            | Self::SheetCancel { .. }
            | Self::Trust { .. }
            | Self::Grant { .. }
            | Self::TakeBack { .. }
            | Self::Uninstall {}
            | Self::Device { .. } => return None,
        };
        Some((seq, Some(event)))
    }
}

impl From<On> for Trigger {
    fn from(trigger: On) -> Self {
        match trigger {
            On::Tap => Self::Tap,
            On::LongPress => Self::LongPress,
            On::Input => Self::Input,
            On::Change => Self::Change,
            On::Submit => Self::Submit,
            On::Reset => Self::Reset,
            On::Focus => Self::Focus,
            On::Blur => Self::Blur,
            On::ReachEnd => Self::ReachEnd,
        }
    }
}

impl From<Value> for InputValue {
    fn from(value: Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            Value::Toggled(on) => Self::Toggled(on),
            Value::Number(number) => Self::Number(number),
            Value::Index(index) => Self::Index(index),
            Value::Fields(fields) => Self::Fields(fields.into_iter().map(Field::from).collect()),
        }
    }
}

impl From<NamedValue> for Field {
    fn from(field: NamedValue) -> Self {
        Self {
            name: field.name,
            value: match field.value {
                PlainValue::Text(text) => FieldValue::Text(text),
                PlainValue::Toggled(on) => FieldValue::Toggled(on),
                PlainValue::Number(number) => FieldValue::Number(number),
                PlainValue::Index(index) => FieldValue::Index(index),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_message_of_the_protocol() {
        for message in [
            r#"{"t":"hello","client":"a","v":7,"page":3,"app":"00"}"#,
            r#"{"t":"input","seq":1,"node":412,"on":"tap","value":null}"#,
            r#"{"t":"input","seq":1,"node":412,"on":"long-press","value":null}"#,
            r#"{"t":"input","seq":1,"node":412,"on":"reach-end","value":null}"#,
            r#"{"t":"input","seq":1,"node":412,"on":"change","value":{"toggled":true}}"#,
            r#"{"t":"input","seq":1,"node":1,"on":"submit","value":{"fields":[{"name":"a","value":{"index":1}}]}}"#,
            r#"{"t":"back","seq":2}"#,
            r#"{"t":"tab","seq":3,"page":"pages/basket"}"#,
            r#"{"t":"refresh","seq":4}"#,
            r#"{"t":"bottom","seq":5}"#,
            r#"{"t":"zone","seq":6,"zone":"Asia/Jakarta"}"#,
            r#"{"t":"show","seq":6}"#,
            r#"{"t":"hide","seq":7}"#,
            r#"{"t":"nothing","seq":8}"#,
            r#"{"t":"ping"}"#,
            r#"{"t":"restart"}"#,
            r#"{"t":"inspect","on":true}"#,
            r#"{"t":"storage"}"#,
            r#"{"t":"sheet-pay","sheet":4,"pin":"135790","fresh":false}"#,
            r#"{"t":"sheet-consent","sheet":4,"answer":"while-in-use"}"#,
            r#"{"t":"sheet-agree","sheet":4}"#,
            r#"{"t":"sheet-cancel","sheet":4}"#,
            r#"{"t":"trust"}"#,
            r#"{"t":"trust","of":{"capability":"location","days":7}}"#,
            r#"{"t":"uninstall"}"#,
            r#"{"t":"device"}"#,
            r#"{"t":"device","line":"location -6.2 106.8"}"#,
            r#"{"t":"grant","capability":"payments","on":false}"#,
            r#"{"t":"take-back","capability":"wallet"}"#,
            r#"{"t":"take-back","capability":"notify","subject":"ready"}"#,
        ] {
            read(message).unwrap_or_else(|error| panic!("{message}: {error}"));
        }
    }

    #[test]
    fn a_pin_is_not_shown() {
        let message = r#"{"t":"sheet-pay","sheet":4,"pin":"135790","fresh":false}"#;
        let message = read(message).expect("a message");
        assert!(!format!("{message:?}").contains("135790"));
    }

    #[test]
    fn refuses_what_is_not_a_message() {
        for message in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"t":"steal"}"#,
            r#"{"t":"input","seq":-1,"node":1,"on":"tap","value":null}"#,
            r#"{"t":"input","seq":1,"node":4294967296,"on":"tap","value":null}"#,
            r#"{"t":"input","seq":1,"node":1,"on":"explode","value":null}"#,
            r#"{"t":"input","seq":1,"node":1,"on":"change","value":{"number":"NaN"}}"#,
            r#"{"t":"input","seq":1,"node":1,"on":"change","value":{"text":"a","toggled":true}}"#,
            r#"{"t":"back","seq":1,"more":1}"#,
            r#"{"t":"back","seq":1,"seq":2}"#,
            r#"{"t":"hello","t":"back","seq":1}"#,
            r#"{"t":"input","seq":1,"node":1,"on":"change","value":{"text":"a","text":"b"}}"#,
            r#"{"t":"input","seq":1,"node":1,"on":"submit","value":{"fields":[{"name":"a","name":"b","value":{"text":"c"}}]}}"#,
            r#"{"t":"input","seq":1,"node":1,"on":"submit","value":{"fields":[{"name":"a","value":{"text":"c"},"more":1}]}}"#,
            r#"{"t":"sheet-pay","sheet":4,"pin":135790,"fresh":false}"#,
            r#"{"t":"sheet-pay","sheet":-4,"pin":"135790","fresh":false}"#,
            r#"{"t":"sheet-consent","sheet":4,"answer":"perhaps"}"#,
            r#"{"t":"trust","of":{"days":-7}}"#,
            r#"{"t":"device","line":7}"#,
        ] {
            assert!(read(message).is_err(), "{message}");
        }
    }

    #[test]
    fn the_number_of_what_cannot_be_read_is_found() {
        for text in [
            r#"{"t":"input","seq":7,"node":1,"on":"input","value":{"text":"\ud83d"}}"#,
            r#"{"t":"input","node":1,"on":"input","value":{"text":"\ud83d"},"seq":7}"#,
            r#"{"t":"input","seq":7,"node":1,"on":"input","value":{"number":1e999}}"#,
            r#"{"t":"input","seq":7,"node":1,"on":"input","value":{"number":null}}"#,
            r#"{"t":"no-such","seq":7}"#,
            // Not even JSON.
            r#"{"t":"input","seq":7,"node":"#,
            r#"{"t":"input",,,"seq":7}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
            assert_eq!(number_of(text), Some(7), "{text}");
        }
    }

    #[test]
    fn what_is_dear_counts_as_several() {
        let counts = |text: &str, bytes| read(text).expect("a message").counts_as(bytes);
        for plain in [r#"{"t":"back","seq":2}"#, r#"{"t":"ping"}"#] {
            assert_eq!(counts(plain, 100), 1, "{plain}");
        }
        assert_eq!(counts(r#"{"t":"nothing","seq":2}"#, 256 << 10), 17);
        for dear in [r#"{"t":"trust"}"#, r#"{"t":"restart"}"#] {
            assert_eq!(counts(dear, 100), DEAR, "{dear}");
        }
    }

    #[test]
    fn what_has_no_number_has_none() {
        for text in [
            "",
            "null",
            "{",
            r#"{"t":"input"}"#,
            r#"{"t":"input","seq":1e400}"#,
            r#"{"t":"input","seq":-1}"#,
            r#"{"t":"input","seq":+1,,}"#,
            r#"{"t":"input","seq":99999999999999999999}"#,
            r#"{"t":"input","value":{"text":",\"seq\":7}"#,
        ] {
            assert_eq!(number_of(text), None, "{text}");
        }
    }
}
