//! `device`: what the app runs on, now and as it changes. Lent to every app.

pub mod simulated;

use crate::asking::Use;
use crate::bindings::lapak::app::device::{Error, Host};
use crate::bindings::lapak::app::requests::RequestId;
use crate::capability::console::cut;
use crate::capability::storage::Owner;
use crate::flights::{Observed, Stop};
use crate::grants::{AccessDenied, Capability};
use crate::instance::InstanceState;
use crate::requests::{Again, RoomRequests};
use crate::room::{Asks, Lent, Terms, Words};

pub use crate::bindings::lapak::app::device::{Information, Screen, Theme};

/// The terms on which it is lent.
pub const TERMS: Terms = Terms {
    name: "device",
    lent: Lent::ToEveryApp,
    allows: Words {
        en: "know your screen and what kind of device it is",
        id: "mengetahui layar dan jenis perangkat Anda",
    },
    asks: Asks::Never,
    bounds: "",
};

const CAPABILITY: Capability = Capability::Device;
const WATCH: Use = Use {
    capability: CAPABILITY,
    function: "watch",
    done: "watched",
};

/// The most bytes of a name.
const MOST_BYTES: usize = 64;
/// The widest and highest that a screen is said to be.
const MOST_PIXELS: u32 = 1 << 16;
/// The least and the most device pixels for each CSS pixel.
const SCALES: (f64, f64) = (0.25, 16.0);

/// Takes what a device is, again and again, on any thread.
pub type Changed = Box<dyn Fn(Information) + Send + Sync>;

/// Knows what people's devices are.
///
/// # Security
/// Every app hears what it says, and nobody is asked: nothing in it may tell a device from another of its kind.
pub trait DeviceProvider: Send + Sync {
    /// A person's device. Called on threads that run guests: what it answers is at hand.
    fn now(&self, of: &Owner) -> Information;

    /// Tells of the device now and whenever something about it changes, until what this gives is dropped. Returns at once.
    fn watch(&self, of: &Owner, changed: Changed) -> Stop;
}

/// The watches of a session.
pub(crate) type DeviceState = RoomRequests<(), Answer>;

/// A watch's news.
pub(crate) type Answer = Result<Information, Error>;

impl Host for InstanceState {
    fn now(&mut self) -> Result<Information, Error> {
        self.check(CAPABILITY)?;
        let session = self.session.clone();
        self.answer(|| sound(session.providers.device.now(&session.owner)))
    }

    fn watch(&mut self) -> Result<RequestId, Error> {
        self.check(CAPABILITY)?;
        let request = self.begin_request().ok_or(Error::TooManyRequests)?;
        self.rooms.device.watch(request, ());
        self.watch_device(request, false);
        Ok(request)
    }

    fn take(&mut self, watch: RequestId) -> Result<Information, Error> {
        self.check(CAPABILITY)?;
        let news = self.take_news(watch, |rooms| &mut rooms.device);
        news.ok_or(Error::UnknownRequest)?
    }

    fn stop(&mut self, watch: RequestId) -> Result<(), Error> {
        self.check(CAPABILITY)?;
        let ended = self.end_watch(watch, |rooms| &mut rooms.device);
        ended.then_some(()).ok_or(Error::UnknownRequest)
    }
}

impl InstanceState {
    fn watch_device(&self, request: RequestId, told: bool) {
        let observed = Observed {
            request,
            by: WATCH,
            answer: super::Answer::Device,
            told,
        };
        self.observe(observed, |session, changes| {
            let changed = Box::new(move |now| changes.tell(sound(now)));
            session.providers.device.watch(&session.owner, changed)
        });
    }

    pub(super) fn ask_device_again(&mut self, answered: &[RequestId]) {
        for Again { request, told, .. } in self.rooms.device.again(answered) {
            self.watch_device(request, told);
        }
    }
}

/// What apps can rely on, whatever the provider says.
fn sound(now: Information) -> Answer {
    let Screen {
        width,
        height,
        scale,
    } = now.screen;
    let scale = if scale.is_finite() { scale } else { 1.0 };
    Ok(Information {
        brand: cut(now.brand, MOST_BYTES),
        model: cut(now.model, MOST_BYTES),
        system: cut(now.system, MOST_BYTES),
        locale: language_tag(now.locale),
        theme: now.theme,
        screen: Screen {
            width: width.min(MOST_PIXELS),
            height: height.min(MOST_PIXELS),
            scale: scale.clamp(SCALES.0, SCALES.1),
        },
    })
}

/// A text that has the form of a BCP 47 tag, or `und`, which is one.
fn language_tag(locale: String) -> String {
    const MOST_BYTES: usize = 35;
    let part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if locale.len() <= MOST_BYTES && locale.split('-').all(part) {
        return locale;
    }
    "und".into()
}

impl From<AccessDenied> for Error {
    fn from(_: AccessDenied) -> Self {
        Self::AccessDenied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_gives_is_cut_to_size() {
        let long = "é".repeat(1_000);
        let information = sound(Information {
            brand: long.clone(),
            model: long.clone(),
            system: long.clone(),
            locale: long,
            theme: Theme::Dark,
            screen: Screen {
                width: u32::MAX,
                height: u32::MAX,
                scale: f64::NAN,
            },
        });
        let information = information.expect("a device always is one");
        for text in [&information.brand, &information.model, &information.system] {
            assert!(text.len() <= MOST_BYTES && text.ends_with('…'), "{text}");
        }
        let Screen {
            width,
            height,
            scale,
        } = information.screen;
        assert_eq!((width, height, scale), (MOST_PIXELS, MOST_PIXELS, 1.0));
        assert_eq!(information.locale, "und");
    }

    #[test]
    fn locales_are_tags() {
        for tag in ["id", "id-ID", "zh-Hant-TW", "de-DE-1996"] {
            assert_eq!(language_tag(tag.into()), tag);
        }
        for none in [
            "",
            "id_ID",
            "-",
            "id-",
            "<b>",
            "de-DE-u-co-phonebk-1234567890-1234567890",
        ] {
            assert_eq!(language_tag(none.into()), "und", "{none}");
        }
    }
}
