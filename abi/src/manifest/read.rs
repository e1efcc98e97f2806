//! From JSON to a manifest, member by member.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    AppVersion, ColorSchemePreference, Dir, Icon, Manifest, ManifestError, PageRoute, Parsed,
    PlatformVersion, ReqPermission, Warning, Widget, inside_package, own, window,
};
use crate::json::{self, JsonLimits};
use crate::package::MANIFEST;
use crate::text;

/// Most warnings; a manifest with more has one cause for all of them.
const MOST_WARNINGS: usize = 100;
/// Most pages. Each needs a file of its own.
const MOST_PAGES: usize = 256;
/// The longest colour, in bytes.
const MOST_COLOR_BYTES: usize = 128;
const MOST_ICONS: usize = 32;
const MOST_WIDGETS: usize = 64;
const MOST_PERMISSIONS: usize = 64;
const MOST_DEVICE_TYPES: usize = 16;

pub(super) fn read(bytes: &[u8]) -> Result<Parsed, ManifestError> {
    let json: Value = json::read(bytes, JsonLimits::default()).map_err(ManifestError::NotJson)?;
    let Value::Object(json) = &json else {
        return Err(ManifestError::NotAnObject);
    };
    let mut of = Members::new("", json);
    let version = version(&mut of)?;
    let platform_version = platform_version(&mut of)?;
    let pages = pages(&mut of)?;
    let manifest = Manifest {
        app_id: app_id(&mut of)?,
        name: required_text(&mut of, "name", text::MOST_NAME)?,
        short_name: of.text("short_name", text::MOST_NAME),
        description: of.text("description", text::MOST_DESCRIPTION),
        icons: icons(&mut of)?,
        dir: {
            let mut dir = Dir::default();
            let names = [("ltr", Dir::Ltr), ("rtl", Dir::Rtl), ("auto", Dir::Auto)];
            of.choice("dir", &names, &mut dir);
            dir
        },
        lang: lang(&mut of),
        color_scheme: {
            use ColorSchemePreference::{Auto, Dark, Light};
            let mut scheme = Auto;
            let names = [("auto", Auto), ("light", Light), ("dark", Dark)];
            of.choice("color_scheme", &names, &mut scheme);
            scheme
        },
        device_type: device_type(&mut of),
        req_permissions: req_permissions(&mut of),
        widgets: widgets(&mut of, platform_version.min_code),
        window: window::read(&mut of),
        tab_bar: own::tab_bar(&mut of, &pages),
        on_update: own::on_update(&mut of),
        domains: own::domains(&mut of),
        templates: own::templates(&mut of),
        vendors: own::vendors(&mut of),
        pages,
        version,
        platform_version,
    };
    let mut warnings = of.warnings;
    warnings.truncate(MOST_WARNINGS);
    Ok(Parsed { manifest, warnings })
}

/// An object's members, the place they stand at, and what was wrong so far.
pub(super) struct Members<'a> {
    at: String,
    pub(super) json: &'a Map<String, Value>,
    pub(super) warnings: Vec<Warning>,
}

impl<'a> Members<'a> {
    pub(super) fn new(at: &str, json: &'a Map<String, Value>) -> Self {
        Self {
            at: at.to_owned(),
            json,
            warnings: Vec::new(),
        }
    }

    pub(super) fn path(&self, member: &str) -> String {
        if self.at.is_empty() {
            member.to_owned()
        } else {
            format!("{}.{member}", self.at)
        }
    }

    pub(super) fn warn(&mut self, member: &str, what: impl Into<String>) {
        if self.warnings.len() >= MOST_WARNINGS {
            return;
        }
        self.warnings.push(Warning {
            file: MANIFEST.to_owned(),
            member: self.path(member),
            what: what.into(),
        });
    }

    pub(super) fn required(&self, member: &str, what: impl Into<String>) -> ManifestError {
        ManifestError::Required {
            member: self.path(member),
            what: what.into(),
        }
    }

    pub(super) fn object(&mut self, member: &str) -> Option<Members<'a>> {
        match self.json.get(member)? {
            Value::Object(json) => Some(Members::new(&self.path(member), json)),
            _ => {
                self.warn(member, "must be an object; the defaults are taken");
                None
            }
        }
    }

    /// The first `most` elements of a list; what comes after them is left out, with a warning.
    pub(super) fn list(&mut self, member: &str, most: usize) -> &'a [Value] {
        match self.json.get(member) {
            None => &[],
            Some(Value::Array(list)) => {
                if list.len() > most {
                    let what = format!(
                        "holds {}; those after the first {most} are skipped",
                        list.len()
                    );
                    self.warn(member, what);
                }
                list.get(..most).unwrap_or(list)
            }
            Some(_) => {
                self.warn(member, "must be a list; it is skipped");
                &[]
            }
        }
    }

    /// A text for people, cleaned where it has to be, with a warning. None where nothing is left of it.
    pub(super) fn text(&mut self, member: &str, most: usize) -> Option<String> {
        match self.json.get(member)? {
            Value::String(text) => self.shown(member, text, most),
            _ => {
                self.warn(member, "must be a string; it is skipped");
                None
            }
        }
    }

    /// A text as the host shows it.
    pub(super) fn shown(&mut self, member: &str, text: &str, most: usize) -> Option<String> {
        if let Err(fault) = text::check(text, most) {
            self.warn(member, format!("{fault}. It is shown cleaned"));
        }
        let clean = text::cleaned(text, most).into_owned();
        (!clean.is_empty()).then_some(clean)
    }

    pub(super) fn boolean(&mut self, member: &str, value: &mut bool) {
        match self.json.get(member) {
            None => {}
            Some(Value::Bool(found)) => *value = *found,
            Some(_) => self.warn(member, format!("must be true or false; {value} is taken")),
        }
    }

    /// A length in CSS pixels: a finite number, 0 or more.
    pub(super) fn length(&mut self, member: &str, value: &mut f64) {
        let Some(found) = self.json.get(member) else {
            return;
        };
        match found.as_f64() {
            Some(found) if found.is_finite() && found >= 0.0 => *value = found,
            _ => self.warn(
                member,
                format!("must be a number, 0 or more; {value} is taken"),
            ),
        }
    }

    pub(super) fn color(&mut self, member: &str, value: &mut String) {
        let Some(found) = self.json.get(member) else {
            return;
        };
        let text = found.as_str().filter(|text| text.len() <= MOST_COLOR_BYTES);
        match text.and_then(|text| text.parse::<csscolorparser::Color>().ok()) {
            Some(color) => *value = color.to_css_hex().to_string(),
            None => self.warn(member, format!("must be a CSS colour; {value} is taken")),
        }
    }

    pub(super) fn choice<T: Copy>(&mut self, member: &str, names: &[(&str, T)], value: &mut T) {
        let Some(found) = self.json.get(member) else {
            return;
        };
        let named = names.iter().find(|(name, _)| found.as_str() == Some(name));
        match named {
            Some((_, named)) => *value = *named,
            None => {
                let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
                self.warn(
                    member,
                    format!("must be one of {}; the default is taken", names.join(", ")),
                );
            }
        }
    }

    /// A whole number, 0 or more. JSON has no integers: 3.0 counts as 3.
    pub(super) fn whole(&self, member: &str) -> Option<u64> {
        let number = self.json.get(member)?;
        number.as_u64().or_else(|| {
            let float = number.as_f64()?;
            let whole = float.is_finite() && float >= 0.0 && float.fract() == 0.0 && float < 9e15;
            whole.then(|| format!("{float:.0}").parse().ok()).flatten()
        })
    }
}

fn app_id(of: &mut Members<'_>) -> Result<String, ManifestError> {
    let app_id = required_text(of, "app_id", text::MOST_ID)?;
    // Hosts write behind it whose the app is.
    match app_id.contains('@') {
        true => Err(of.required("app_id", "holds @, which is the host's; take it out")),
        false => Ok(app_id),
    }
}

/// A text that the app cannot do without, and people know it by: what is wrong with it is for its author to mend.
fn required_text(of: &mut Members<'_>, member: &str, most: usize) -> Result<String, ManifestError> {
    match of.json.get(member) {
        Some(Value::String(text)) if !text.is_empty() => match text::check(text, most) {
            Ok(()) => Ok(text.clone()),
            Err(fault) => Err(of.required(member, fault.to_string())),
        },
        Some(_) => Err(of.required(member, "must be a string that is not empty")),
        None => Err(of.required(member, format!("is missing; add \"{member}\": \"…\""))),
    }
}

fn version(of: &mut Members<'_>) -> Result<AppVersion, ManifestError> {
    let cure = "is missing; add \"version\": { \"code\": 1, \"name\": \"1.0.0\" }";
    let Some(mut version) = of.object("version") else {
        return Err(of.required("version", cure));
    };
    let number = version.json.get("code").filter(|code| code.is_number());
    let Some(number) = number else {
        return Err(version.required("code", "must be a whole number, 1 or more"));
    };
    let code = match version.whole("code") {
        Some(code) if code > 0 => code,
        _ => {
            version.warn("code", format!("is {number}; 1 is taken"));
            1
        }
    };
    let name = match version.json.get("name") {
        Some(Value::String(name)) => match text::check(name, text::MOST_ID) {
            Ok(()) => name.clone(),
            Err(fault) => return Err(version.required("name", fault.to_string())),
        },
        _ => return Err(version.required("name", "must be a string, e.g. \"1.0.0\"")),
    };
    of.warnings.append(&mut version.warnings);
    Ok(AppVersion { code, name })
}

fn platform_version(of: &mut Members<'_>) -> Result<PlatformVersion, ManifestError> {
    let Some(mut version) = of.object("platform_version") else {
        return Err(of.required(
            "platform_version",
            "is missing; add \"platform_version\": { \"min_code\": 1 }",
        ));
    };
    let Some(min_code) = version.whole("min_code") else {
        return Err(version.required("min_code", "must be a whole number, e.g. 1"));
    };
    let target_code = version.whole("target_code");
    if target_code.is_none() && version.json.contains_key("target_code") {
        version.warn("target_code", "must be a whole number; it is skipped");
    }
    let release_type = version.text("release_type", text::MOST_ID);
    of.warnings.append(&mut version.warnings);
    Ok(PlatformVersion {
        min_code,
        target_code,
        release_type,
    })
}

fn pages(of: &mut Members<'_>) -> Result<Vec<PageRoute>, ManifestError> {
    let listed = of.json.get("pages").and_then(Value::as_array);
    if listed.is_some_and(|listed| listed.len() > MOST_PAGES) {
        let what = format!(
            "lists more than {MOST_PAGES} pages; put what is alike on one page with a query"
        );
        return Err(of.required("pages", what));
    }
    let mut pages: Vec<PageRoute> = Vec::new();
    let mut known = HashSet::new();
    for (index, page) in of.list("pages", MOST_PAGES).iter().enumerate() {
        let member = format!("pages[{index}]");
        match page.as_str().map(PageRoute::parse) {
            Some(Ok(route)) if known.contains(&route) => {
                of.warn(&member, "is listed twice; it is skipped");
            }
            Some(Ok(route)) => {
                known.insert(route.clone());
                pages.push(route);
            }
            Some(Err(error)) => of.warn(&member, format!("{error}; it is skipped")),
            None => of.warn(&member, "must be a string; it is skipped"),
        }
    }
    if pages.is_empty() {
        let what = "needs at least one page inside the package, e.g. [\"pages/index\"]";
        return Err(of.required("pages", what));
    }
    Ok(pages)
}

fn icons(of: &mut Members<'_>) -> Result<Vec<Icon>, ManifestError> {
    let mut icons = Vec::new();
    for (index, icon) in of.list("icons", MOST_ICONS).iter().enumerate() {
        let at = format!("icons[{index}]");
        let Value::Object(icon) = icon else {
            of.warn(&at, "must be an object with src; it is skipped");
            continue;
        };
        let path = of.path(&at);
        let mut icon = Members::new(&path, icon);
        match icon
            .json
            .get("src")
            .and_then(Value::as_str)
            .map(inside_package)
        {
            Some(Ok(src)) => icons.push(Icon {
                src: src.to_owned(),
                sizes: icon.text("sizes", text::MOST_ID),
                label: icon.text("label", text::MOST_LABEL),
            }),
            Some(Err(error)) => icon.warn("src", format!("{error}; the icon is skipped")),
            None => icon.warn("src", "is missing; the icon is skipped"),
        }
        of.warnings.append(&mut icon.warnings);
    }
    if icons.is_empty() {
        let what =
            "needs at least one icon inside the package, e.g. [{ \"src\": \"common/icon.svg\" }]";
        return Err(of.required("icons", what));
    }
    Ok(icons)
}

fn lang(of: &mut Members<'_>) -> Option<String> {
    let lang = of.text("lang", text::MOST_ID)?;
    match oxilangtag::LanguageTag::parse_and_normalize(&lang) {
        Ok(tag) => Some(tag.into_inner()),
        Err(_) => {
            of.warn("lang", "is not a BCP 47 language tag; it is skipped");
            None
        }
    }
}

fn device_type(of: &mut Members<'_>) -> Vec<String> {
    let list = of.list("device_type", MOST_DEVICE_TYPES);
    let word = |one: &Value| {
        let word = one.as_str()?;
        text::check(word, text::MOST_ID).ok()?;
        Some(word.to_owned())
    };
    let types: Option<Vec<String>> = list.iter().map(word).collect();
    types.unwrap_or_else(|| {
        of.warn(
            "device_type",
            "holds something that is no string; all of it is skipped",
        );
        Vec::new()
    })
}

fn req_permissions(of: &mut Members<'_>) -> Vec<ReqPermission> {
    let mut permissions: Vec<ReqPermission> = Vec::new();
    let list = of.list("req_permissions", MOST_PERMISSIONS);
    for (index, permission) in list.iter().enumerate() {
        let text = |member: &str| {
            let text = permission.get(member).and_then(Value::as_str);
            text.filter(|text| !text.is_empty())
        };
        let at = format!("req_permissions[{index}]");
        let Some(name) = text("name") else {
            of.warn(&at, "has no name; it is skipped");
            continue;
        };
        if let Err(fault) = text::check(name, text::MOST_ID) {
            of.warn(&at, format!("has a name that {fault}. It is skipped"));
            continue;
        }
        if permissions.iter().any(|one| one.name == name) {
            of.warn(&at, format!("{name} is asked for already; it is skipped"));
            continue;
        }
        let member = format!("{at}.reason");
        let reason = text("reason");
        let reason = reason.and_then(|reason| of.shown(&member, reason, text::MOST_REASON));
        if reason.is_none() {
            of.warn(&at, "gives no reason; people will be asked without one");
        }
        permissions.push(ReqPermission {
            name: name.to_owned(),
            reason,
        });
    }
    permissions
}

fn widgets(of: &mut Members<'_>, platform_min_code: u64) -> Vec<Widget> {
    let mut widgets = Vec::new();
    for (index, widget) in of.list("widgets", MOST_WIDGETS).iter().enumerate() {
        let at = format!("widgets[{index}]");
        let text = |member: &str| widget.get(member).and_then(Value::as_str);
        let name = text("name").and_then(|name| of.shown(&at, name, text::MOST_NAME));
        match (name, text("path").map(PageRoute::parse)) {
            (Some(name), Some(Ok(path))) => widgets.push(Widget {
                name,
                path,
                min_code: min_code(widget).unwrap_or(platform_min_code),
            }),
            _ => of.warn(
                &at,
                "needs a name and a path inside the package; it is skipped",
            ),
        }
    }
    widgets
}

/// A number, as the table has it, or a string of digits, as the algorithm has it.
fn min_code(widget: &Value) -> Option<u64> {
    let code = widget.get("min_code")?;
    let digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
    code.as_u64()
        .or_else(|| code.as_str().filter(digits)?.parse().ok())
}
