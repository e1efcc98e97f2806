//! What `wit-bindgen` makes of the WIT package `lapak:app`, written down by `make bindings`. Apps use the modules around it instead.
#![allow(unreachable_pub, reason = "generated code")]

/// The generated modules. `make bindings` writes them anew after a change of the WIT files; a test tells when it was forgotten.
#[allow(
    missing_docs,
    unsafe_code,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated code; the WIT files carry the documentation"
)]
#[rustfmt::skip]
pub mod wit;

pub use wit::export_app;
pub use wit::exports::lapak::app::app::Guest;
pub use wit::lapak::app::events::{
    ColorScheme, Event, Field, FieldValue, InputValue, Interaction, Launch, LifecycleError,
    PageInput, Referrer, TextDirection,
};
pub use wit::lapak::app::view::{
    Binding, Button, ButtonLook, ButtonRole, Checkbox, DateRange, Element, Icon, IconName, Image,
    ImageFit, Input, InputKind, Navigator, NavigatorAction, Node, Options, Picker, PickerMode,
    Progress, Radio, Rows, ScrollDirection, ScrollView, Slider, Swiper, Switch, Textarea,
    TimeRange, Trigger, View as WitView,
};
