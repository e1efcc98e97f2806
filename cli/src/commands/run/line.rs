//! The lines of a script, as they come in.

use std::collections::BTreeMap;

use lapak_host::grants::consent::Consent;
use lapak_host::sheet::SheetAnswer;
use lapak_host::view::{Field, FieldValue, InputValue, NodeId, Trigger};
use serde::Deserialize;

/// A line of the script.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Line {
    Tap(Name),
    Hold(Name),
    Type {
        into: Name,
        text: String,
    },
    Enter(Name),
    Turn {
        what: Name,
        on: bool,
    },
    Pick {
        from: Name,
        option: Choice,
    },
    Slide {
        what: Name,
        to: f64,
    },
    Input {
        node: u32,
        trigger: TriggerName,
        value: Option<Plain>,
    },
    Back(Yes),
    Tab(String),
    Navigate(String),
    /// The person's time zone has become this one.
    Zone(String),
    Hide(Yes),
    Show(Yes),
    Refresh(Yes),
    Bottom(Yes),
    Text(Yes),
    Close(Yes),
    Device(String),
    Consent(Answer),
    /// Whether the person agrees to another app's being opened.
    OpenApp(bool),
    Withdraw(String),
    Platform(Platform),
    Audit(Yes),
}

/// What the person answers when they are asked whether the app may.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    Once,
    WhileInUse,
    Always,
    No,
    NotNow,
}

/// What the platform does, by the capability's name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Platform {
    Grant(String),
    Withdraw(String),
}

/// `true`; nothing else makes sense there.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "bool")]
pub(super) struct Yes;

/// A node by its number, or as a person would name it: by key, label, placeholder or text.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a name (text) or a node's number")]
pub(super) enum Name {
    Id(u32),
    Called(String),
}

/// An option of a picker by its place or by its text; a date or a time.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "an option's text or place, a date or a time")]
pub(super) enum Choice {
    Index(u32),
    Text(String),
}

/// A value in its plain JSON form.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Plain {
    Text(String),
    Toggled(bool),
    Number(f64),
    Index(u32),
    Fields(BTreeMap<String, PlainField>),
}

/// What a named field of a form holds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PlainField {
    Text(String),
    Toggled(bool),
    Number(f64),
    Index(u32),
}

/// A trigger by its name in the contract.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TriggerName {
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

impl TryFrom<bool> for Yes {
    type Error = &'static str;

    fn try_from(yes: bool) -> Result<Self, Self::Error> {
        if yes {
            Ok(Self)
        } else {
            Err("only `true` makes sense here")
        }
    }
}

impl From<Answer> for SheetAnswer {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Once => Self::Consent(Consent::Once),
            Answer::WhileInUse => Self::Consent(Consent::WhileInUse),
            Answer::Always => Self::Consent(Consent::Always),
            Answer::No => Self::Consent(Consent::No),
            Answer::NotNow => Self::Cancel,
        }
    }
}

impl From<TriggerName> for Trigger {
    fn from(name: TriggerName) -> Self {
        match name {
            TriggerName::Tap => Self::Tap,
            TriggerName::LongPress => Self::LongPress,
            TriggerName::Input => Self::Input,
            TriggerName::Change => Self::Change,
            TriggerName::Submit => Self::Submit,
            TriggerName::Reset => Self::Reset,
            TriggerName::Focus => Self::Focus,
            TriggerName::Blur => Self::Blur,
            TriggerName::ReachEnd => Self::ReachEnd,
        }
    }
}

impl From<Plain> for InputValue {
    fn from(value: Plain) -> Self {
        match value {
            Plain::Text(text) => Self::Text(text),
            Plain::Toggled(on) => Self::Toggled(on),
            Plain::Number(number) => Self::Number(number),
            Plain::Index(index) => Self::Index(index),
            Plain::Fields(fields) => {
                let fields = fields.into_iter();
                Self::Fields(
                    fields
                        .map(|(name, value)| Field {
                            name,
                            value: value.into(),
                        })
                        .collect(),
                )
            }
        }
    }
}

impl From<PlainField> for FieldValue {
    fn from(value: PlainField) -> Self {
        match value {
            PlainField::Text(text) => Self::Text(text),
            PlainField::Toggled(on) => Self::Toggled(on),
            PlainField::Number(number) => Self::Number(number),
            PlainField::Index(index) => Self::Index(index),
        }
    }
}

/// What is sent to the session for a node.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) node: NodeId,
    pub(super) trigger: Trigger,
    pub(super) value: InputValue,
}
