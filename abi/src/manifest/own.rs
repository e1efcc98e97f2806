//! The members that are Lapak's own, beside those of the W3C drafts: all begin with `lapak_`.

use serde_json::Value;

use super::read::Members;
use super::{MAX_VENDORS, OnUpdate, PageRoute, Tab, TabBar, Template};
use crate::domain::DomainPattern;
use crate::template::{TemplateText, is_name};
use crate::text::{MOST_ID, MOST_LABEL, check};

pub(super) fn on_update(of: &mut Members<'_>) -> OnUpdate {
    use OnUpdate::{Keep, Migrate};
    let mut on_update = Keep;
    let names = [("keep", Keep), ("migrate", Migrate)];
    of.choice("lapak_on_update", &names, &mut on_update);
    on_update
}

/// Interfaces with their versions, `acme:lamp/lamp@0.1.0`; never the contract's own or WASI's.
pub(super) fn vendors(of: &mut Members<'_>) -> Vec<String> {
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
            && version.len() <= 64
            && version
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-+.".contains(&byte));
        own.then(|| name.to_owned())
    };
    let Some(value) = of.json.get("lapak_vendors") else {
        return Vec::new();
    };
    let listed = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let named = listed.iter().take(MAX_VENDORS);
    let vendors: Vec<String> = named.filter_map(|one| interface(one.as_str()?)).collect();
    if !value.is_array() || vendors.len() < listed.len() {
        of.warn(
            "lapak_vendors",
            format!("is a list of at most {MAX_VENDORS} interfaces like acme:lamp/lamp@0.1.0; others are left out"),
        );
    }
    vendors
}

/// The most hosts of an app.
const MOST_DOMAINS: usize = 64;

pub(super) fn domains(of: &mut Members<'_>) -> Vec<DomainPattern> {
    let mut domains: Vec<DomainPattern> = Vec::new();
    for (index, domain) in of.list("lapak_domains", MOST_DOMAINS).iter().enumerate() {
        let at = format!("lapak_domains[{index}]");
        match domain.as_str().map(DomainPattern::parse) {
            Some(Ok(domain)) if domains.contains(&domain) => {
                of.warn(&at, "is listed twice; it is skipped");
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

pub(super) fn templates(of: &mut Members<'_>) -> Vec<Template> {
    let mut templates: Vec<Template> = Vec::new();
    for (index, template) in of
        .list("lapak_templates", MOST_TEMPLATES)
        .iter()
        .enumerate()
    {
        let at = format!("lapak_templates[{index}]");
        let text = |member: &str| template.get(member).and_then(Value::as_str);
        let (Some(id), Some(title), Some(text)) = (text("id"), text("title"), text("text")) else {
            of.warn(&at, "needs an id, a title and a text; it is skipped");
            continue;
        };
        // A key is looked at in each language as it is used.
        let is_key = text.len() > 2 && text.starts_with('%') && text.ends_with('%');
        if !is_name(id) {
            of.warn(
                &at,
                "needs an id of letters, digits, - and _, 32 at most; it is skipped",
            );
        } else if templates.iter().any(|one| one.id == id) {
            of.warn(&at, format!("{id} is there already; it is skipped"));
        } else if let Err(fault) = check(title, MOST_LABEL) {
            of.warn(&at, format!("has a title that {fault}. It is skipped"));
        } else if let (false, Err(error)) = (is_key, TemplateText::parse(text)) {
            of.warn(&at, format!("its text {error}; it is skipped"));
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
/// Most tabs that are looked at.
const MOST_LISTED: usize = 16;

pub(super) fn tab_bar(of: &mut Members<'_>, pages: &[PageRoute]) -> Option<TabBar> {
    let mut bar = of.object("lapak_tab_bar")?;
    let mut list: Vec<Tab> = Vec::new();
    for (index, tab) in bar.list("list", MOST_LISTED).iter().enumerate() {
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
            (Some(page), Some(label)) => {
                let member = format!("{at}.text");
                list.push(Tab {
                    page,
                    text: bar.shown(&member, label, MOST_LABEL).unwrap_or_default(),
                    icon: text("icon")
                        .filter(|icon| check(icon, MOST_ID).is_ok())
                        .map(str::to_owned),
                });
            }
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
