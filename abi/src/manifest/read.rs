//! From JSON to a manifest, member by member.

use serde_json::{Map, Value};

use crate::domain::DomainPattern;
use crate::template::{TemplateText, is_name};

use super::{
    AppVersion, ColorSchemePreference, Dir, Icon, MAX_VENDORS, Manifest, ManifestError, OnUpdate,
    PageRoute, Parsed, PlatformVersion, ReqPermission, Tab, TabBar, Template, Warning, Widget,
    inside_package, window,
};

pub(super) fn read(bytes: &[u8]) -> Result<Parsed, ManifestError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let json: Value =
        serde_json::from_slice(bytes).map_err(|error| ManifestError::NotJson(error.to_string()))?;
    let Value::Object(json) = &json else {
        return Err(ManifestError::NotAnObject);
    };
    let mut of = Members::new("", json);
    let version = version(&mut of)?;
    let platform_version = platform_version(&mut of)?;
    let pages = pages(&mut of)?;
    let manifest = Manifest {
        app_id: required_text(&mut of, "app_id")?,
        name: required_text(&mut of, "name")?,
        short_name: of.text("short_name"),
        description: of.text("description"),
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
        tab_bar: tab_bar(&mut of, &pages),
        on_update: {
            use OnUpdate::{Keep, Migrate};
            let mut on_update = Keep;
            let names = [("keep", Keep), ("migrate", Migrate)];
            of.choice("lapak_on_update", &names, &mut on_update);
            on_update
        },
        domains: domains(&mut of),
        templates: templates(&mut of),
        vendors: vendors(&mut of),
        pages,
        version,
        platform_version,
    };
    Ok(Parsed {
        manifest,
        warnings: of.warnings,
    })
}

/// Interfaces with their versions, `acme:lamp/lamp@0.1.0`; never the contract's own or WASI's.
fn vendors(of: &mut Members<'_>) -> Vec<String> {
    let interface = |name: &str| {
        let (package, rest) = name.split_once(':')?;
        let (interface, version) = rest.split_once('@')?;
        let (namespace, interface) = interface.split_once('/')?;
        let plain = |part: &str| {
            let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            !part.is_empty() && part.len() <= 64 && part.chars().all(letters)
        };
        let own = [package, namespace, interface].into_iter().all(plain)
            && !["lapak", "wasi"].contains(&package)
            && !version.is_empty()
            && version.len() <= 64;
        own.then(|| name.to_owned())
    };
    let Some(value) = of.json.get("lapak_vendors") else {
        return Vec::new();
    };
    let listed = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let named = listed.iter().map(|one| one.as_str().and_then(interface));
    let vendors: Vec<String> = named.take(MAX_VENDORS).flatten().collect();
    if !value.is_array() || vendors.len() < listed.len() {
        of.warn(
            "lapak_vendors",
            format!("is a list of at most {MAX_VENDORS} interfaces like acme:lamp/lamp@0.1.0; others are left out"),
        );
    }
    vendors
}

/// An object's members, the place they stand at, and what was wrong so far.
pub(super) struct Members<'a> {
    at: String,
    json: &'a Map<String, Value>,
    pub(super) warnings: Vec<Warning>,
}

impl<'a> Members<'a> {
    fn new(at: &str, json: &'a Map<String, Value>) -> Self {
        Self {
            at: at.to_owned(),
            json,
            warnings: Vec::new(),
        }
    }

    fn path(&self, member: &str) -> String {
        if self.at.is_empty() {
            member.to_owned()
        } else {
            format!("{}.{member}", self.at)
        }
    }

    fn warn(&mut self, member: &str, what: impl Into<String>) {
        let member = self.path(member);
        self.warnings.push(Warning {
            member,
            what: what.into(),
        });
    }

    fn required(&self, member: &str, what: impl Into<String>) -> ManifestError {
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

    fn list(&mut self, member: &str) -> &'a [Value] {
        match self.json.get(member) {
            None => &[],
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.warn(member, "must be a list; it is skipped");
                &[]
            }
        }
    }

    pub(super) fn text(&mut self, member: &str) -> Option<String> {
        match self.json.get(member)? {
            Value::String(text) => Some(text.clone()),
            _ => {
                self.warn(member, "must be a string; it is skipped");
                None
            }
        }
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
        match found
            .as_str()
            .and_then(|text| text.parse::<csscolorparser::Color>().ok())
        {
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
    fn whole(&self, member: &str) -> Option<u64> {
        let number = self.json.get(member)?;
        number.as_u64().or_else(|| {
            let float = number.as_f64()?;
            let whole = float.is_finite() && float >= 0.0 && float.fract() == 0.0 && float < 9e15;
            whole.then(|| format!("{float:.0}").parse().ok()).flatten()
        })
    }
}

fn required_text(of: &mut Members<'_>, member: &str) -> Result<String, ManifestError> {
    match of.json.get(member) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
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
        Some(Value::String(name)) => name.clone(),
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
    let release_type = version.text("release_type");
    of.warnings.append(&mut version.warnings);
    Ok(PlatformVersion {
        min_code,
        target_code,
        release_type,
    })
}

fn pages(of: &mut Members<'_>) -> Result<Vec<PageRoute>, ManifestError> {
    let mut pages: Vec<PageRoute> = Vec::new();
    for (index, page) in of.list("pages").iter().enumerate() {
        let member = format!("pages[{index}]");
        match page.as_str().map(PageRoute::parse) {
            Some(Ok(route)) if pages.contains(&route) => {
                of.warn(&member, "is listed twice; it is skipped");
            }
            Some(Ok(route)) => pages.push(route),
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
    for (index, icon) in of.list("icons").iter().enumerate() {
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
                sizes: icon.text("sizes"),
                label: icon.text("label"),
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
    let lang = of.text("lang")?;
    match oxilangtag::LanguageTag::parse_and_normalize(&lang) {
        Ok(tag) => Some(tag.into_inner()),
        Err(_) => {
            of.warn("lang", "is not a BCP 47 language tag; it is skipped");
            None
        }
    }
}

fn device_type(of: &mut Members<'_>) -> Vec<String> {
    let list = of.list("device_type");
    let types: Option<Vec<String>> = list
        .iter()
        .map(|one| one.as_str().map(str::to_owned))
        .collect();
    types.unwrap_or_else(|| {
        of.warn(
            "device_type",
            "holds something that is no string; all of it is skipped",
        );
        Vec::new()
    })
}

fn req_permissions(of: &mut Members<'_>) -> Vec<ReqPermission> {
    let mut permissions = Vec::new();
    for (index, permission) in of.list("req_permissions").iter().enumerate() {
        let text = |member: &str| {
            let text = permission.get(member).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let at = format!("req_permissions[{index}]");
        let Some(name) = text("name") else {
            of.warn(&at, "has no name; it is skipped");
            continue;
        };
        let reason = text("reason");
        if reason.is_none() {
            of.warn(&at, "gives no reason; people will be asked without one");
        }
        permissions.push(ReqPermission { name, reason });
    }
    permissions
}

fn widgets(of: &mut Members<'_>, platform_min_code: u64) -> Vec<Widget> {
    let mut widgets = Vec::new();
    for (index, widget) in of.list("widgets").iter().enumerate() {
        let at = format!("widgets[{index}]");
        let text = |member: &str| widget.get(member).and_then(Value::as_str);
        match (text("name"), text("path").map(PageRoute::parse)) {
            (Some(name), Some(Ok(path))) => widgets.push(Widget {
                name: name.to_owned(),
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
    code.as_u64().or_else(|| code.as_str()?.parse().ok())
}

/// The most hosts of an app.
const MOST_DOMAINS: usize = 64;

fn domains(of: &mut Members<'_>) -> Vec<DomainPattern> {
    let mut domains: Vec<DomainPattern> = Vec::new();
    for (index, domain) in of.list("lapak_domains").iter().enumerate() {
        let at = format!("lapak_domains[{index}]");
        match domain.as_str().map(DomainPattern::parse) {
            Some(Ok(domain)) if domains.contains(&domain) => {
                of.warn(&at, "is listed twice; it is skipped");
            }
            Some(Ok(_)) if domains.len() >= MOST_DOMAINS => {
                of.warn(
                    &at,
                    format!("is one more than {MOST_DOMAINS}; it is skipped"),
                );
            }
            Some(Ok(domain)) => domains.push(domain),
            Some(Err(error)) => of.warn(&at, format!("{error}; it is skipped")),
            None => of.warn(&at, "must be a string; it is skipped"),
        }
    }
    domains
}

/// The most templates of an app.
const MOST_TEMPLATES: usize = 32;
/// The longest title of a template, in characters.
const MOST_TITLE_CHARS: usize = 64;

fn templates(of: &mut Members<'_>) -> Vec<Template> {
    let mut templates: Vec<Template> = Vec::new();
    for (index, template) in of.list("lapak_templates").iter().enumerate() {
        let at = format!("lapak_templates[{index}]");
        let text = |member: &str| template.get(member).and_then(Value::as_str);
        let (Some(id), Some(title), Some(text)) = (text("id"), text("title"), text("text")) else {
            of.warn(&at, "needs an id, a title and a text; it is skipped");
            continue;
        };
        // A key is looked at in each language as it is used.
        let is_key = text.len() > 2 && text.starts_with('%') && text.ends_with('%');
        let length = title.chars().count();
        if !is_name(id) {
            of.warn(
                &at,
                "needs an id of letters, digits, - and _, 32 at most; it is skipped",
            );
        } else if templates.iter().any(|one| one.id == id) {
            of.warn(&at, format!("{id} is there already; it is skipped"));
        } else if length == 0 || length > MOST_TITLE_CHARS || title.contains(char::is_control) {
            of.warn(&at, "needs a title of 1 to 64 characters; it is skipped");
        } else if let (false, Err(error)) = (is_key, TemplateText::parse(text)) {
            of.warn(&at, format!("its text {error}; it is skipped"));
        } else if templates.len() >= MOST_TEMPLATES {
            of.warn(
                &at,
                format!("is one more than {MOST_TEMPLATES}; it is skipped"),
            );
        } else {
            templates.push(Template {
                id: id.to_owned(),
                title: title.to_owned(),
                text: text.to_owned(),
            });
        }
    }
    templates
}

const FEWEST_TABS: usize = 2;
const MOST_TABS: usize = 5;

fn tab_bar(of: &mut Members<'_>, pages: &[PageRoute]) -> Option<TabBar> {
    let mut bar = of.object("lapak_tab_bar")?;
    let mut list: Vec<Tab> = Vec::new();
    for (index, tab) in bar.list("list").iter().enumerate() {
        let at = format!("list[{index}]");
        let text = |member: &str| tab.get(member).and_then(Value::as_str);
        let page = text("page").and_then(|page| PageRoute::parse(page).ok());
        match (page, text("text")) {
            (Some(page), Some(_)) if !pages.contains(&page) => {
                bar.warn(&at, format!("{page} is not among the pages; it is skipped"));
            }
            (Some(page), Some(_)) if list.iter().any(|tab| tab.page == page) => {
                bar.warn(&at, format!("{page} has a tab already; it is skipped"));
            }
            (Some(page), Some(label)) => list.push(Tab {
                page,
                text: label.to_owned(),
                icon: text("icon").map(str::to_owned),
            }),
            _ => bar.warn(&at, "needs a page and a text; it is skipped"),
        }
    }
    if !(FEWEST_TABS..=MOST_TABS).contains(&list.len()) {
        bar.warn("list", "needs 2 to 5 tabs; there is no tab bar");
        list.clear();
    }
    of.warnings.append(&mut bar.warnings);
    (!list.is_empty()).then_some(TabBar { list })
}
