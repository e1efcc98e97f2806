//! A submitted form, read by the fields' names.

use crate::bindings::{Field, FieldValue};

/// The named fields of a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields(Vec<Field>);

impl Fields {
    pub(crate) fn new(fields: Vec<Field>) -> Self {
        Self(fields)
    }

    /// The text of an input, textarea, radio group, date or time; empty if there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        match self.value(name) {
            Some(FieldValue::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether a checkbox or switch is on.
    #[must_use]
    pub fn is_on(&self, name: &str) -> bool {
        matches!(self.value(name), Some(FieldValue::Toggled(true)))
    }

    /// A slider's value.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.value(name) {
            Some(FieldValue::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// The index of a picker's option.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<u32> {
        match self.value(name) {
            Some(FieldValue::Index(index)) => Some(*index),
            _ => None,
        }
    }

    fn value(&self, name: &str) -> Option<&FieldValue> {
        let field = self.0.iter().find(|field| field.name == name)?;
        Some(&field.value)
    }
}
