//! Devices that are what they are told to be.
//!
//! Differs from real ones in that they do not turn, and that nothing they say is true of any machine. Those that were never told
//! are light, English and 360 by 640.

use super::{Changed, DeviceProvider, Information, Screen, Theme};
use crate::capability::storage::Owner;
use crate::flights::Stop;
use crate::simulated::{Part, Watched};

/// A device for each person.
#[derive(Debug)]
pub struct SimulatedDevice {
    devices: Watched<Information>,
}

impl Default for SimulatedDevice {
    fn default() -> Self {
        Self {
            devices: Watched::new(Information {
                brand: "Lapak".into(),
                model: "simulated device".into(),
                system: "simulated 1".into(),
                locale: "en".into(),
                theme: Theme::Light,
                screen: Screen {
                    width: 360,
                    height: 640,
                    scale: 2.0,
                },
            }),
        }
    }
}

impl SimulatedDevice {
    /// Changes something about a person's.
    pub fn change(&self, person: &str, change: impl FnOnce(&mut Information)) {
        let mut information = self.devices.of(person);
        change(&mut information);
        self.devices.set(person, information);
    }

    /// What a person's is.
    #[must_use]
    pub fn of(&self, person: &str) -> Information {
        self.devices.of(person)
    }
}

impl Part for SimulatedDevice {
    fn set(&self, person: &str, words: &[&str]) -> Result<(), String> {
        const USAGE: &str = "device theme light|dark; device locale TAG; device screen WIDTH HEIGHT [SCALE]; or device \
                             brand|model|system NAME";
        let mut changed = self.of(person);
        match words {
            ["theme", "light"] => changed.theme = Theme::Light,
            ["theme", "dark"] => changed.theme = Theme::Dark,
            ["locale", tag] => changed.locale = (*tag).to_owned(),
            ["screen", width, height, scale @ ..] if scale.len() <= 1 => {
                changed.screen.width = width.parse().map_err(|_| USAGE)?;
                changed.screen.height = height.parse().map_err(|_| USAGE)?;
                for scale in scale {
                    changed.screen.scale = scale.parse().map_err(|_| USAGE)?;
                }
            }
            ["brand", name @ ..] if !name.is_empty() => changed.brand = name.join(" "),
            ["model", name @ ..] if !name.is_empty() => changed.model = name.join(" "),
            ["system", name @ ..] if !name.is_empty() => changed.system = name.join(" "),
            _ => return Err(USAGE.into()),
        }
        if super::sound(changed.clone()).as_ref() != Ok(&changed) {
            return Err(USAGE.into());
        }
        self.devices.set(person, changed);
        Ok(())
    }

    fn shown(&self, person: &str) -> serde_json::Value {
        let now = self.of(person);
        let theme = match now.theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        let Screen {
            width,
            height,
            scale,
        } = now.screen;
        serde_json::json!({
            "brand": now.brand,
            "model": now.model,
            "system": now.system,
            "locale": now.locale,
            "theme": theme,
            "screen": { "width": width, "height": height, "scale": scale },
        })
    }
}

impl DeviceProvider for SimulatedDevice {
    fn now(&self, of: &Owner) -> Information {
        self.of(&of.person)
    }

    fn watch(&self, of: &Owner, changed: Changed) -> Stop {
        self.devices.watch(&of.person, changed)
    }
}
