//! What is sent when somebody uses a control.

use super::View;
use super::fields::Fields;
use super::flatten::Handler;
use crate::bindings::Trigger;

impl<Msg> View<'_, Msg> {
    /// (input, textarea) At every change of the text.
    #[must_use]
    pub fn on_input(self, message: impl Fn(String) -> Msg + 'static) -> Self {
        self.on(Trigger::Input, Handler::Text(Box::new(message)))
    }

    /// (input, textarea, date and time picker, radio) When a change is complete.
    #[must_use]
    pub fn on_change(self, message: impl Fn(String) -> Msg + 'static) -> Self {
        self.on(Trigger::Change, Handler::Text(Box::new(message)))
    }

    /// (checkbox, switch) When it is turned on or off.
    #[must_use]
    pub fn on_toggle(self, message: impl Fn(bool) -> Msg + 'static) -> Self {
        self.on(Trigger::Change, Handler::Toggled(Box::new(message)))
    }

    /// (slider) While it is moved.
    #[must_use]
    pub fn on_slide(self, message: impl Fn(f64) -> Msg + 'static) -> Self {
        self.on(Trigger::Input, Handler::Number(Box::new(message)))
    }

    /// (slider) When it is let go.
    #[must_use]
    pub fn on_slid(self, message: impl Fn(f64) -> Msg + 'static) -> Self {
        self.on(Trigger::Change, Handler::Number(Box::new(message)))
    }

    /// (picker with options, swiper) When another is chosen.
    #[must_use]
    pub fn on_pick(self, message: impl Fn(u32) -> Msg + 'static) -> Self {
        self.on(Trigger::Change, Handler::Index(Box::new(message)))
    }

    /// (form) When it is submitted.
    #[must_use]
    pub fn on_submit(self, message: impl Fn(Fields) -> Msg + 'static) -> Self {
        self.on(Trigger::Submit, Handler::Fields(Box::new(message)))
    }

    /// (form) When it is reset.
    #[must_use]
    pub fn on_reset(self, message: Msg) -> Self {
        self.on(Trigger::Reset, Handler::Message(message))
    }

    /// (input) When Enter is pressed.
    #[must_use]
    pub fn on_enter(self, message: impl Fn(String) -> Msg + 'static) -> Self {
        self.on(Trigger::Submit, Handler::Text(Box::new(message)))
    }

    /// (input, textarea) When it gets the focus.
    #[must_use]
    pub fn on_focus(self, message: Msg) -> Self {
        self.on(Trigger::Focus, Handler::Message(message))
    }

    /// (input, textarea) When it loses the focus.
    #[must_use]
    pub fn on_blur(self, message: Msg) -> Self {
        self.on(Trigger::Blur, Handler::Message(message))
    }

    /// (scroll) When it was scrolled to its end.
    #[must_use]
    pub fn on_reach_end(self, message: Msg) -> Self {
        self.on(Trigger::ReachEnd, Handler::Message(message))
    }
}
