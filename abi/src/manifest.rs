//! `manifest.json`, after W3C MiniApp Manifest (Editor's Draft, 2025-01-28).
//!
//! What the draft calls fatal is an error here; everything else that is wrong is skipped with a warning. Where
//! the draft contradicts itself, `SPEC-DECISIONS.md` says what was decided.

mod own;
mod read;
mod window;

use std::fmt;

use crate::domain::DomainPattern;
use crate::json::JsonError;
use crate::text::{printable, quoted};

pub use window::{NavigationStyle, Orientation, TextStyle, Window};

/// What an app says of itself.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Manifest {
    /// Compared code point by code point.
    pub app_id: String,
    /// May be a key: see [`crate::package::Package::localized`].
    pub name: String,
    /// For narrow places.
    pub short_name: Option<String>,
    /// What the app is for.
    pub description: Option<String>,
    /// At least one.
    pub icons: Vec<Icon>,
    /// At least one; the first is the start page.
    pub pages: Vec<PageRoute>,
    /// The app's version.
    pub version: AppVersion,
    /// The platform that the app was made for.
    pub platform_version: PlatformVersion,
    /// Base direction of the localizable members.
    pub dir: Dir,
    /// Language of the localizable members, BCP 47.
    pub lang: Option<String>,
    /// The colours that the app wants.
    pub color_scheme: ColorSchemePreference,
    /// What the app is made for; open vocabulary.
    pub device_type: Vec<String>,
    /// What the app asks for. Asking is not having.
    pub req_permissions: Vec<ReqPermission>,
    /// Parts of the app that can be shown on their own.
    pub widgets: Vec<Widget>,
    /// How pages look unless they say otherwise.
    pub window: Window,
    /// Our own member `lapak_tab_bar`.
    pub tab_bar: Option<TabBar>,
    /// Our own member `lapak_on_update`.
    pub on_update: OnUpdate,
    /// Our own member `lapak_domains`: the hosts that the app talks to.
    pub domains: Vec<DomainPattern>,
    /// Our own member `lapak_templates`: the messages that the app may send.
    pub templates: Vec<Template>,
    /// Our own member `lapak_vendors`: interfaces of platforms' own that the app uses where they are, and can do without.
    pub vendors: Vec<String>,
}

/// The most interfaces of platforms' own that a manifest may name.
pub const MAX_VENDORS: usize = 16;

/// What becomes of an app's sessions when a newer version of it is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnUpdate {
    /// They go on with the version that they began with, until they end.
    #[default]
    Keep,
    /// They hand over to the newer version, by the contract's `updates.carry-over`.
    Migrate,
}

/// An image resource.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Icon {
    /// Path in the package.
    pub src: String,
    /// As in HTML: `48x48 96x96`.
    pub sizes: Option<String>,
    /// For screen readers.
    pub label: Option<String>,
}

/// A page's path in the package, without leading slash and without extension: `pages/menu`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct PageRoute(String);

impl PageRoute {
    /// Takes a path as a manifest writes it.
    ///
    /// # Errors
    /// When it leaves the package or is not a plain relative path.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        let plain = inside_package(path)?;
        let stem = match plain.rsplit_once('.') {
            // A name that begins with its only dot has no extension.
            Some((stem, extension))
                if !extension.contains('/') && !stem.is_empty() && !stem.ends_with('/') =>
            {
                stem
            }
            _ => plain,
        };
        // `...x` without its extension would be the folder above.
        match inside_package(stem) {
            Ok(stem) => Ok(Self(stem.to_owned())),
            Err(_) => Err(PathError(quoted(path))),
        }
    }

    /// The route as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PageRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path that does not stay inside the package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is not a path inside the package; write it relative to the package's root, e.g. common/icon.svg"
)]
pub struct PathError(String);

/// The longest path, in bytes; no file of a package has a longer one.
const MAX_PATH_BYTES: usize = 1_024;

/// The path without its leading slash, if it is a plain path that stays inside the package.
pub(crate) fn inside_package(path: &str) -> Result<&str, PathError> {
    let plain = path.strip_prefix('/').unwrap_or(path);
    let odd = |part: &str| matches!(part, "" | "." | "..");
    let outside = plain.split('/').any(odd)
        || plain.contains(['\\', ':', '?', '#', '%'])
        || crate::text::hides_something(plain);
    if outside || path.len() > MAX_PATH_BYTES {
        return Err(PathError(quoted(path)));
    }
    Ok(plain)
}

/// The app's version.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AppVersion {
    /// Grows with each release; at least 1.
    pub code: u64,
    /// For people; `X.Y.Z` is recommended.
    pub name: String,
}

/// The platform that an app was made for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PlatformVersion {
    /// The lowest that it runs on.
    pub min_code: u64,
    /// The one it was tested on.
    pub target_code: Option<u64>,
    /// E.g. `Release`, `Beta1`.
    pub release_type: Option<String>,
}

/// Base direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Dir {
    #[default]
    Auto,
    Ltr,
    Rtl,
}

/// Which colours an app wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ColorSchemePreference {
    #[default]
    Auto,
    Light,
    Dark,
}

/// Something that an app asks for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ReqPermission {
    /// E.g. `system.permission.LOCATION`.
    pub name: String,
    /// What the person is told.
    pub reason: Option<String>,
}

/// A page that can be shown as a part of the screen.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Widget {
    /// What it is called.
    pub name: String,
    /// Its path in the package.
    pub path: PageRoute,
    /// The lowest platform it runs on; the app's own unless it says otherwise.
    pub min_code: u64,
}

/// Our own member `lapak_tab_bar`: 2 to 5 tabs.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct TabBar {
    /// The tabs, from the start of the line.
    pub list: Vec<Tab>,
}

/// One tab.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Tab {
    /// One of the manifest's pages.
    pub page: PageRoute,
    /// What it says; may be a key.
    pub text: String,
    /// An `icon-name` of the WIT interface `view`.
    pub icon: Option<String>,
}

/// Our own member `lapak_templates`: a message that the app may send to the person.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Template {
    /// Letters, digits, `-` and `_`, 32 at most; unique.
    pub id: String,
    /// What it is about; may be a key.
    pub title: String,
    /// What it says, with places: see [`crate::template`]; may be a key.
    pub text: String,
}

/// Something in a manifest that was skipped or replaced.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Warning {
    /// The file: `manifest.json`, `i18n/id.json`.
    pub file: String,
    /// Where: `window.orientation`, `icons[2].src`; empty where it is the whole file.
    pub member: String,
    /// What was wrong, and what was taken instead.
    pub what: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // They quote what an author wrote, and go to terminals.
        let file = printable(&self.file);
        match self.member.as_str() {
            "" => write!(f, "{file}: {}", printable(&self.what)),
            member => write!(
                f,
                "{file}: {}: {}",
                printable(member),
                printable(&self.what)
            ),
        }
    }
}

/// A manifest, and what was wrong with it without being fatal.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// What is left after everything wrong was skipped.
    pub manifest: Manifest,
    /// In the order of the members.
    pub warnings: Vec<Warning>,
}

/// Why a manifest cannot be used at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, a member twice, or more than a manifest may hold.
    #[error("manifest.json is not taken: {0}")]
    NotJson(JsonError),
    /// JSON, but no object.
    #[error("manifest.json must be a JSON object, {{ … }}")]
    NotAnObject,
    /// A required member is missing or unusable.
    #[error("manifest.json: {member}: {what}")]
    Required {
        /// Which.
        member: String,
        /// What is wrong, and the cure.
        what: String,
    },
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// [`ManifestError`]: not JSON, not an object, or one of the required members (`app_id`, `icons`, `name`,
    /// `pages`, `platform_version`, `version`) is absent after everything wrong was skipped.
    pub fn parse(bytes: &[u8]) -> Result<Parsed, ManifestError> {
        read::read(bytes)
    }
}
