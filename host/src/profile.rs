//! Platform profiles: one file in which the owner of a platform says what it lends to apps, how far, and, where devices are
//! simulated, how they are in the beginning.
//!
//! ```json
//! {
//!   "name": "A kiosk",
//!   "withholds": ["payments"],
//!   "bounds": { "location": { "coarse-only": true } },
//!   "device": ["location -6.2 106.8"]
//! }
//! ```
//!
//! `profiles/README.md` describes every member.

use std::path::Path;

use lapak_abi::json::JsonLimits;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::grants::{Bounds, Capability};
use crate::runtime::RuntimeConfig;
use crate::simulated::SimulatedDevices;
use crate::vendor::VendorCapability;

/// What is in a profile's file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    description: String,
    offers: Option<Vec<String>>,
    #[serde(default)]
    withholds: Vec<String>,
    #[serde(default)]
    bounds: Map<String, Value>,
    #[serde(default)]
    device: Vec<String>,
}

/// A platform's profile, sound in itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    written: Written,
    bounds: Bounds,
}

/// What is wrong with a profile, where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}")]
pub struct ProfileError {
    /// The file, or the member: `withholds[1]`.
    pub at: String,
    /// What is wrong, and the cure.
    pub what: String,
}

impl Profile {
    /// Reads a profile's file.
    ///
    /// # Errors
    /// [`ProfileError`], which names the file and the place in it.
    pub fn read(path: &Path) -> Result<Self, ProfileError> {
        let name = path.display().to_string();
        let text = lapak_abi::file::read_text(path);
        let text = text.map_err(|error| wrong(&name, format!("{error}. Name a profile's file")))?;
        Self::parse(&text).map_err(|error| wrong(&format!("{name}: {}", error.at), error.what))
    }

    /// Reads a profile.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut json = serde_json::Deserializer::from_str(text);
        let read: Result<Written, _> = serde_path_to_error::deserialize(&mut json);
        let written = read.map_err(|error| {
            let path = error.path().to_string();
            let at = if path == "." { "the profile" } else { &path };
            wrong(at, error.inner().to_string())
        })?;
        json.end()
            .map_err(|error| wrong("after the profile", error.to_string()))?;
        // Bounds that are there twice would be read as the last.
        lapak_abi::json::checked(text.as_bytes(), JsonLimits::default())
            .map_err(|error| wrong("the profile", error.to_string()))?;
        let bounds = bounds(&written.bounds)?;
        Ok(Self { written, bounds })
    }

    /// What the platform is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.written.name
    }

    /// What it is, for people.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.written.description
    }

    /// How far the grants go.
    #[must_use]
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Sets a host up as the profile says: what it lends, of its own capabilities and of the configuration's
    /// [`vendors`](RuntimeConfig::vendors), the bounds, and how simulated devices are in the beginning. Tells what the profile
    /// speaks of and this host does not have, a sentence each.
    ///
    /// # Errors
    /// [`ProfileError`]; the configuration is as it was then.
    pub fn set_up(
        &self,
        config: &mut RuntimeConfig,
        devices: &SimulatedDevices,
    ) -> Result<Vec<String>, ProfileError> {
        let mut notes = Vec::new();
        let vendor = |one: &dyn VendorCapability| {
            crate::grants::vendor::name(one.terms().interface).to_owned()
        };
        let of_vendors: Vec<String> = config.vendors.iter().map(|one| vendor(&**one)).collect();
        let offered = self.written.offers.as_deref();
        for (nth, name) in offered.unwrap_or_default().iter().enumerate() {
            if built_in(name).is_some() || of_vendors.contains(name) {
                continue;
            }
            if !name.contains(':') {
                return Err(wrong(&format!("offers[{nth}]"), unknown(name)));
            }
            notes.push(format!(
                "offers {name}, which this program does not have: apps hear that it is not there"
            ));
        }
        for name in &self.written.withholds {
            if built_in(name).is_none() && !of_vendors.contains(name) {
                notes.push(format!(
                    "withholds {name}, which this program does not have either"
                ));
            }
        }
        for (nth, line) in self.written.device.iter().enumerate() {
            // Somebody whom nobody is.
            let set = SimulatedDevices::default().set("", line);
            set.map_err(|error| wrong(&format!("device[{nth}]"), error))?;
        }
        let lent = |name: &str| {
            let withheld = self.written.withholds.iter().any(|one| one == name);
            offered.is_none_or(|offered| offered.iter().any(|one| one == name)) && !withheld
        };
        config.grants = Capability::ALL
            .into_iter()
            .filter(|one| lent(one.name()))
            .collect();
        config.vendors.retain(|one| lent(&vendor(&**one)));
        config.bounds = self.bounds.clone();
        devices.begin_with(self.written.device.clone());
        Ok(notes)
    }
}

/// Where nothing is said there are no bounds.
fn bounds(written: &Map<String, Value>) -> Result<Bounds, ProfileError> {
    let mut all = serde_json::to_value(Bounds::unlimited()).unwrap_or_default();
    for (member, value) in written {
        all[member] = value.clone();
    }
    serde_path_to_error::deserialize(all).map_err(|error| {
        let path = error.path().to_string();
        let at = if path == "." {
            "bounds".to_owned()
        } else {
            format!("bounds.{path}")
        };
        wrong(&at, error.inner().to_string())
    })
}

fn built_in(name: &str) -> Option<Capability> {
    Capability::ALL.into_iter().find(|one| one.name() == name)
}

fn unknown(name: &str) -> String {
    let all: Vec<_> = Capability::ALL.iter().map(|one| one.name()).collect();
    let all = all.join(", ");
    format!(
        "there is no capability {name:?}. There are {all}; a vendor's is named as acme:lamp/lamp"
    )
}

fn wrong(at: &str, what: impl Into<String>) -> ProfileError {
    ProfileError {
        at: at.to_owned(),
        what: what.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_up(text: &str) -> Result<(RuntimeConfig, Vec<String>), ProfileError> {
        let mut config = RuntimeConfig::simulated();
        let notes = Profile::parse(text)?.set_up(&mut config, &SimulatedDevices::default())?;
        Ok((config, notes))
    }

    #[test]
    fn what_is_not_said_is_lent_without_bounds() {
        let (config, notes) = set_up(r#"{ "name": "All" }"#).expect("sound");
        assert_eq!(config.grants, Capability::ALL);
        assert_eq!(config.bounds, Bounds::unlimited());
        assert_eq!(notes, [""; 0]);
    }

    #[test]
    fn bounds_of_one_capability_are_not_those_of_another() {
        let text = r#"{ "name": "Coarse", "bounds": { "location": { "coarse-only": true } } }"#;
        let (config, _) = set_up(text).expect("sound");
        assert!(config.bounds.location.coarse_only);
        assert_eq!(config.bounds.payments, Bounds::unlimited().payments);
    }

    #[test]
    fn a_member_that_is_there_twice_is_refused() {
        for text in [
            r#"{ "name": "A", "name": "B" }"#,
            r#"{ "name": "A", "withholds": ["payments"], "withholds": [] }"#,
            r#"{ "name": "A", "bounds": { "location": { "coarse-only": true }, "location": {} } }"#,
            r#"{ "name": "A", "bounds": { "location": { "coarse-only": true, "coarse-only": false } } }"#,
        ] {
            let error = set_up(text).expect_err(text).to_string();
            assert!(
                error.contains("twice") || error.contains("duplicate"),
                "{error}"
            );
        }
        assert!(set_up("\u{feff}{ \"name\": \"A\" }").is_ok());
    }

    #[test]
    fn what_is_withheld_is_not_lent_and_what_is_unknown_is_said() {
        let text = r#"{ "name": "Few", "offers": ["clock", "location", "acme:lamp/lamp"], "withholds": ["location", "toaster"] }"#;
        let (config, notes) = set_up(text).expect("sound");
        assert_eq!(config.grants, [Capability::Clock]);
        assert!(notes[0].contains("acme:lamp/lamp") && notes[1].contains("toaster"));
        assert_eq!(notes.len(), 2);
    }

    #[test]
    fn an_error_names_the_place_and_the_cure() {
        for (text, at, what) in [
            ("", "the profile", "line 1"),
            ("{}", "the profile", "missing field `name`"),
            (r#"{ "name": "A" } {}"#, "after the profile", "line 1"),
            (r#"{ "name": 7 }"#, "name", "expected a string"),
            (
                "{ \"name\": \"A\",\n\"ofers\": [] }",
                "ofers",
                "unknown field `ofers`, expected one of",
            ),
            (
                r#"{ "name": "A", "offers": ["clock", "tosater"] }"#,
                "offers[1]",
                "There are console, clock",
            ),
            (
                r#"{ "name": "A", "bounds": { "location": { "coarse": true } } }"#,
                "bounds.location",
                "coarse-only",
            ),
            (
                r#"{ "name": "A", "bounds": { "loction": {} } }"#,
                "bounds",
                "location",
            ),
            (
                r#"{ "name": "A", "device": ["location north"] }"#,
                "device[0]",
                "location LATITUDE",
            ),
        ] {
            let error = set_up(text).expect_err(text);
            assert!(error.at.starts_with(at), "{error}");
            assert!(error.what.contains(what), "{error}");
        }
    }
}
