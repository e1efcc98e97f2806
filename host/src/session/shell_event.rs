//! What a shell can tell a session.

use crate::bindings::lapak::app::events::{Field, FieldValue, InputValue};
use crate::view::{NodeId, Trigger};

/// One thing that the person did, or that happened to the shell.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShellEvent {
    /// The person used a node.
    Input {
        /// Which.
        node: NodeId,
        /// How.
        trigger: Trigger,
        /// What was put in.
        value: InputValue,
    },
    /// The back button of the shell.
    Back,
    /// A tab of the tab bar, by its page's route.
    SwitchTab(String),
    /// A page of the app, opened from outside (a navigator is a node: use [`ShellEvent::Input`]).
    Navigate(String),
    /// The app came to the foreground.
    Show,
    /// The app went to the background.
    Hide,
    /// The page was pulled down.
    PageRefresh,
    /// The page was scrolled near its end.
    PageBottomReached,
    /// The person's time zone is this one, by its name in the IANA database.
    Zone(String),
    /// A newer version is to take over; see [`Runtime::update`](crate::Runtime::update).
    Update,
    /// The person closed the app.
    Close,
}

impl ShellEvent {
    /// The person did something in the app.
    pub(crate) fn is_an_act(&self) -> bool {
        matches!(
            self,
            Self::Input { .. } | Self::Back | Self::SwitchTab(_) | Self::PageRefresh
        )
    }

    /// Bytes that it holds besides its own few.
    pub(crate) fn bytes(&self) -> usize {
        let of_field = |field: &Field| {
            let value = match &field.value {
                FieldValue::Text(text) => text.len(),
                _ => 0,
            };
            size_of::<Field>() + field.name.len() + value
        };
        match self {
            Self::Input {
                value: InputValue::Text(text),
                ..
            }
            | Self::SwitchTab(text)
            | Self::Navigate(text) => text.len(),
            Self::Input {
                value: InputValue::Fields(fields),
                ..
            } => fields.iter().map(of_field).sum(),
            _ => 0,
        }
    }

    /// It is the last of its session, so that it is taken however much waits.
    pub(crate) fn ends_the_session(&self) -> bool {
        matches!(self, Self::Update | Self::Close)
    }
}
