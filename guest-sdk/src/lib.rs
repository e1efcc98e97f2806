//! Write mini-apps in ordinary Rust.
//!
//! An app is a type that keeps its state, a type of messages, and three functions: how it starts, what a message
//! does to it, and what it shows. Nothing else changes the state, so what is on show always follows from it.
//!
//! ```
//! use lapak_sdk::prelude::*;
//!
//! struct Counter(i32);
//!
//! #[derive(Clone)]
//! enum Msg { Add, Take }
//!
//! impl App for Counter {
//!     type Msg = Msg;
//!     type Page = SinglePage;
//!
//!     fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
//!         Counter(0)
//!     }
//!
//!     fn update(&mut self, msg: Msg, _: &mut Context<Self>) {
//!         match msg {
//!             Msg::Add => self.0 += 1,
//!             Msg::Take => self.0 -= 1,
//!         }
//!     }
//!
//!     fn view(&self, _: &SinglePage) -> View<'_, Msg> {
//!         view((button("−").on_tap(Msg::Take), text(self.0), button("+").on_tap(Msg::Add)))
//!     }
//! }
//!
//! lapak_sdk::app!(Counter);
//! # let mut app = lapak_sdk::testing::TestApp::<Counter>::single();
//! # app.tap("+");
//! # assert_eq!(app.texts(), ["−", "1", "+"]);
//! ```

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod app;
pub mod battery;
#[doc(hidden)]
pub mod bindings;
pub mod bluetooth;
pub mod clipboard;
pub mod clock;
pub mod console;
pub mod device;
pub mod fetch;
pub mod files;
#[cfg(feature = "json")]
mod i18n;
pub mod identity;
pub mod location;
#[cfg(target_arch = "wasm32")]
mod memory;
pub mod motion;
pub mod navigation;
pub mod network;
pub mod notify;
pub mod open_app;
#[cfg(target_arch = "wasm32")]
mod panics;
pub mod payments;
pub mod platform;
pub mod random;
mod request;
mod route;
#[doc(hidden)]
pub mod runtime;
pub mod scan;
#[cfg(not(target_arch = "wasm32"))]
mod simulated;
pub mod storage;
mod task;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod timer;
pub mod vibration;
pub mod view;
pub mod wallet;
mod watch;

pub use app::{App, Context};
#[cfg(feature = "json")]
pub use i18n::Translations;
pub use request::finished;
pub use route::{Query, Route, RouteUrl, SinglePage};
pub use watch::{Following, Watch};

/// What nearly every app uses.
pub mod prelude {
    pub use crate::app::{App, Context};
    pub use crate::bindings::{
        ColorScheme, IconName, ImageFit, InputKind, Launch, NavigatorAction, ScrollDirection,
    };
    #[cfg(feature = "json")]
    pub use crate::i18n::Translations;
    pub use crate::route::{Route, SinglePage};
    pub use crate::view::{
        Fields, View, button, checkbox, date_picker, form, icon, image, input, label, lazy, list,
        navigator, picker, progress, radio, scroll, slider, swiper, switch, text, textarea,
        time_picker, view,
    };
    pub use crate::{
        battery, bluetooth, clipboard, clock, console, device, fetch, files, identity, location,
        motion, network, notify, open_app, pages, payments, platform, scan, storage, timer,
        vibration, wallet,
    };
}

/// Makes a type the app of this crate: what the host calls. Once in a crate, at the end of `lib.rs`.
#[macro_export]
macro_rules! app {
    ($app:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Exported;

            ::std::thread_local! {
                static RUNTIME: ::std::cell::RefCell<$crate::runtime::Runtime<$app>> =
                    ::std::cell::RefCell::new($crate::runtime::Runtime::new());
            }

            impl $crate::bindings::Guest for Exported {
                fn handle(event: $crate::bindings::Event) -> Option<$crate::bindings::WitView> {
                    RUNTIME.with_borrow_mut(|runtime| runtime.handle(event))
                }
            }

    $crate::bindings::export_app!(Exported with_types_in $crate::bindings::wit);
        };

        /// The app, for tests on this machine; also keeps the compiler from calling it unused.
        #[cfg(not(target_arch = "wasm32"))]
        #[doc(hidden)]
        #[allow(
            private_interfaces,
            missing_docs,
            unreachable_pub,
            reason = "nothing outside names it"
        )]
        pub fn __lapak_app() -> $crate::runtime::Runtime<$app> {
            $crate::runtime::Runtime::new()
        }
    };
}
