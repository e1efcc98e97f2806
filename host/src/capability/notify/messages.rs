//! A template with its fields filled in.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use lapak_abi::manifest::Template;
use lapak_abi::template::TemplateText;
use lapak_abi::text::hides_something;

use crate::app::App;
use crate::bindings::lapak::app::notify::{Error, Field};

/// The longest value of a field, in characters.
const MOST_VALUE_CHARS: usize = 64;

/// A message to a person, in the language that whoever shows it asks for.
#[derive(Clone)]
pub struct Message {
    app: Arc<App>,
    template: Template,
    fields: BTreeMap<String, String>,
}

impl Message {
    /// Its template, as the manifest names it.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.template.id
    }

    /// The app's name, in a language (BCP 47), as far as the app speaks it.
    #[must_use]
    pub fn app_name(&self, lang: &str) -> String {
        let package = self.app.package();
        package.localized(&package.manifest().name, lang)
    }

    /// The title.
    #[must_use]
    pub fn title(&self, lang: &str) -> String {
        self.app.package().localized(&self.template.title, lang)
    }

    /// The text, filled in.
    #[must_use]
    pub fn text(&self, lang: &str) -> String {
        let text = self.app.package().localized(&self.template.text, lang);
        let filled = TemplateText::parse(&text)
            .map(|text| text.filled(|name| self.fields.get(name).map(String::as_str)));
        // A translation that is no template has no places.
        filled.unwrap_or(text)
    }
}

/// A message of an app's, if the template is one of its own and the fields are the template's.
pub(super) fn message(app: &Arc<App>, id: &str, fields: Vec<Field>) -> Result<Message, Error> {
    let mut templates = app.manifest().templates.iter();
    let template = templates.find(|template| template.id == id);
    let template = template.ok_or(Error::Invalid)?.clone();
    let text = app.package().localized(&template.text, "en");
    let text = TemplateText::parse(&text).map_err(|_| Error::Invalid)?;
    let places = text.fields();
    if fields.len() != places.len() {
        return Err(Error::Invalid);
    }
    let mut filled = BTreeMap::new();
    for Field { name, value } in fields {
        let fits = places.contains(&*name)
            && value.chars().count() <= MOST_VALUE_CHARS
            && !hides_something(&value);
        if !fits || filled.insert(name, value).is_some() {
            return Err(Error::Invalid);
        }
    }
    Ok(Message {
        app: app.clone(),
        template,
        fields: filled,
    })
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("template", &self.template.id)
            .finish_non_exhaustive()
    }
}
