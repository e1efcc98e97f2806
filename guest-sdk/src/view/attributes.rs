//! The methods that only some elements have.

use super::View;
use crate::bindings::{
    ButtonLook, ButtonRole, Element, ImageFit, InputKind, NavigatorAction, PickerMode,
    ScrollDirection,
};

/// Sets an attribute on the elements that have it; on others it does nothing.
macro_rules! attribute {
    ($element:expr, $($variant:ident)|+ . $field:ident = $value:expr) => {
        $element.element(|element| match element {
            $(Element::$variant(one) => one.$field = $value,)+
            _ => {}
        })
    };
}

impl<'a, Msg> View<'a, Msg> {
    /// (button) The one that people should tap.
    #[must_use]
    pub fn primary(self) -> Self {
        attribute!(self, Button.look = ButtonLook::Primary)
    }

    /// (button) Without background.
    #[must_use]
    pub fn plain(self) -> Self {
        attribute!(self, Button.look = ButtonLook::Plain)
    }

    /// (button) For what cannot be undone.
    #[must_use]
    pub fn danger(self) -> Self {
        attribute!(self, Button.look = ButtonLook::Danger)
    }

    /// (button) Work is going on; taps do nothing meanwhile.
    #[must_use]
    pub fn loading(self, loading: bool) -> Self {
        attribute!(self, Button.loading = loading)
    }

    /// (button) Submits the form it is in.
    #[must_use]
    pub fn submits(self) -> Self {
        attribute!(self, Button.role = ButtonRole::Submit)
    }

    /// (button) Resets the form it is in.
    #[must_use]
    pub fn resets(self) -> Self {
        attribute!(self, Button.role = ButtonRole::Reset)
    }

    /// (controls) Cannot be used at the moment.
    #[must_use]
    pub fn disabled(self, disabled: bool) -> Self {
        attribute!(
            self,
            Button | Input | Textarea | Checkbox | Radio | Switch | Slider | Picker.disabled =
                disabled
        )
    }

    /// (controls) Its field name within a form.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        attribute!(
            self,
            Input | Textarea | Checkbox | Switch | Slider | Picker.name = Some(name.to_owned())
        )
    }

    /// (input, textarea) What stands there while it is empty.
    #[must_use]
    pub fn placeholder(self, text: &str) -> Self {
        attribute!(self, Input | Textarea.placeholder = text.to_owned())
    }

    /// (textarea) Shows more lines as there are more, up to 40; [`View::rows`] says how many there are at least.
    #[must_use]
    pub fn grows(self) -> Self {
        attribute!(self, Textarea.grows = true)
    }

    /// (date and time picker) The first day, `2026-01-31`, or time, `09:30`, that can be chosen.
    #[must_use]
    pub fn earliest(self, moment: impl Into<String>) -> Self {
        self.bound(Some(moment.into()), |value, earliest, _| *earliest = value)
    }

    /// (date and time picker) The last day or time that can be chosen. A time before [`View::earliest`] is of the next day.
    #[must_use]
    pub fn latest(self, moment: impl Into<String>) -> Self {
        self.bound(Some(moment.into()), |value, _, latest| *latest = value)
    }

    fn bound(
        self,
        value: Option<String>,
        set: impl FnOnce(Option<String>, &mut Option<String>, &mut Option<String>),
    ) -> Self {
        self.element(|element| {
            let Element::Picker(picker) = element else {
                return;
            };
            match &mut picker.mode {
                PickerMode::Date(range) => set(value, &mut range.earliest, &mut range.latest),
                PickerMode::Time(range) => set(value, &mut range.earliest, &mut range.latest),
                PickerMode::Options(_) => {}
            }
        })
    }

    /// (list, scroll) Scrolls to the child of this key when it becomes another than in the last view.
    #[must_use]
    pub fn reveal(self, key: impl ToString) -> Self {
        attribute!(self, List | ScrollView.reveal = Some(key.to_string()))
    }

    /// (input, textarea) Most characters that can be typed, as people see them: a family of emoji is one.
    #[must_use]
    pub fn max_length(self, characters: u32) -> Self {
        attribute!(self, Input | Textarea.max_length = Some(characters))
    }

    /// (input) What keyboard it wants.
    #[must_use]
    pub fn kind(self, kind: InputKind) -> Self {
        attribute!(self, Input.kind = kind)
    }

    /// (input) Takes the focus when it first appears.
    #[must_use]
    pub fn autofocus(self) -> Self {
        attribute!(self, Input.autofocus = true)
    }

    /// (textarea) Lines shown.
    #[must_use]
    pub fn rows(self, rows: u32) -> Self {
        attribute!(self, Textarea.rows = rows)
    }

    /// (image) What the picture shows.
    #[must_use]
    pub fn alt(self, text: &str) -> Self {
        attribute!(self, Image.alt = text.to_owned())
    }

    /// (image) How it fills its box; cover, unless said otherwise.
    #[must_use]
    pub fn fit(self, fit: ImageFit) -> Self {
        attribute!(self, Image.fit = fit)
    }

    /// (icon) Side of its square in CSS pixels, 8 to 256.
    #[must_use]
    pub fn size(self, pixels: u32) -> Self {
        attribute!(self, Icon.size = pixels)
    }

    /// (slider) The smallest change.
    #[must_use]
    pub fn step(self, step: f64) -> Self {
        attribute!(self, Slider.step = step)
    }

    /// (slider) Writes the value beside it.
    #[must_use]
    pub fn show_value(self) -> Self {
        attribute!(self, Slider.show_value = true)
    }

    /// (scroll) Scrolls sideways.
    #[must_use]
    pub fn horizontal(self) -> Self {
        attribute!(self, ScrollView.direction = ScrollDirection::Horizontal)
    }

    /// (swiper) Shows the next child by itself after so many milliseconds.
    #[must_use]
    pub fn autoplay_ms(self, ms: u32) -> Self {
        attribute!(self, Swiper.autoplay_ms = Some(ms))
    }

    /// (swiper) The first follows the last.
    #[must_use]
    pub fn circular(self) -> Self {
        attribute!(self, Swiper.circular = true)
    }

    /// (navigator) How the page is opened.
    #[must_use]
    pub fn action(self, action: NavigatorAction) -> Self {
        attribute!(self, Navigator.action = action)
    }
}
