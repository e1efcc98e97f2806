//! What `wit-bindgen` makes of the WIT package `lapak:app`. Apps use the modules around it instead.
#![allow(unreachable_pub, reason = "generated code")]

/// The generated modules.
#[allow(
    missing_docs,
    unsafe_code,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated code; the WIT files carry the documentation"
)]
pub mod wit {
    wit_bindgen::generate!({
        path: "../abi/wit",
        world: "mini-app",
        pub_export_macro: true,
        export_macro_name: "export_app",
        default_bindings_module: "lapak_sdk::bindings::wit",
        additional_derives: [PartialEq],
    });
}

pub use wit::export_app;
pub use wit::exports::lapak::app::app::Guest;
pub use wit::lapak::app::events::{
    ColorScheme, Event, Field, FieldValue, InputValue, Interaction, Launch, LifecycleError,
    PageInput, Referrer, TextDirection,
};
pub use wit::lapak::app::view::{
    Binding, Button, ButtonLook, ButtonRole, Checkbox, DateRange, Element, Icon, IconName, Image,
    ImageFit, Input, InputKind, Navigator, NavigatorAction, Node, Options, Picker, PickerMode,
    Progress, Radio, ScrollDirection, ScrollView, Slider, Swiper, Switch, Textarea, TimeRange,
    Trigger, View as WitView,
};
