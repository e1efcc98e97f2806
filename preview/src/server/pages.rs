//! The pages: what is on the shelf, a session with its first view in it, and friendly refusals.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use lapak_abi::languages;
use lapak_abi::manifest::{NavigationStyle, TextStyle, Window};
use lapak_abi::package::Package;
use lapak_host::session::ColorScheme;
use lapak_host::{EndCause, EndReport, Screen};
use serde::Deserialize;
use serde_json::{Value, json};

use super::people::Visitor;
use super::quotas::Comer;
use super::resume::Absent;
use super::sessions::{Live, OpenSession, Start};
use super::shelf::{ShownApp, Stall};
use super::{Preview, guard, prefers, reach, sign, unbuilt};
use crate::html::{self, HtmlContext, escape};

const SESSION: &str = include_str!("../../assets/session.html");
const HOME: &str = include_str!("../../assets/home.html");
/// How long the page waits for the app's first view before it is sent without.
pub(super) const FIRST_VIEW: Duration = Duration::from_secs(3);

/// What is on the shelf.
pub(super) async fn home(
    State(preview): State<Preview>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let langs = prefers::languages(&headers);
    let stalls = preview.inner.shelf.all();
    let base = preview.base();
    let cards: Vec<String> = stalls
        .iter()
        .map(|stall| card(base, stall, &langs))
        .collect();
    let visitor = preview.visitor(&headers);
    let sign = preview.inner.signs.of(&visitor.person);
    let page = home_page(&preview, &cards.concat(), &sign::card(&sign));
    let mut page = Html(page).into_response();
    if method == Method::GET {
        preview.greet(&visitor, &headers, &mut page);
    }
    if stalls.iter().all(|stall| stall.shown().is_some()) {
        return page;
    }
    unbuilt::look_again(page)
}

/// The list of apps with this in it, and the person's sign above it.
pub(super) fn home_page(preview: &Preview, cards: &str, sign: &str) -> String {
    let load = match preview.inner.options.metrics {
        true => format!("<a href=\"{}/_lapak/load\">Load</a>", preview.base()),
        false => String::new(),
    };
    let values = [
        ("lang", "en".into()),
        ("base", preview.base().to_owned()),
        ("load_html", load),
        ("sign_html", sign.to_owned()),
        ("apps_html", cards.into()),
    ];
    fill(HOME, &values)
}

fn card(base: &str, stall: &Stall, langs: &[String]) -> String {
    let name = escape(&stall.name);
    let Some(shown) = stall.shown() else {
        return unbuilt::card(base, stall);
    };
    let package = shown.app.package();
    let manifest = package.manifest();
    let lang = package.language_for(langs).unwrap_or("en");
    let title = escape(&package.localized(&manifest.name, lang));
    let description = manifest.description.as_deref().unwrap_or_default();
    let description = escape(&package.localized(description, lang));
    format!(
        "<li class=\"card\" lang=\"{}\" dir=\"{}\"><a href=\"{base}/a/{name}\"><img class=\"card-icon\" src=\"{base}/a/{name}/icon\" alt=\"\" width=\"56\" \
         height=\"56\"><div class=\"card-text\"><h2>{title}</h2><p>{description}</p></div></a></li>",
        escape(lang),
        html::direction(lang),
    )
}

/// How `/a/<app>` may be asked to launch.
#[derive(Debug, Deserialize)]
pub(super) struct LaunchQuery {
    page: Option<String>,
    lang: Option<String>,
    scheme: Option<String>,
}

/// Launches a session and goes on to its page.
pub(super) async fn launch(
    State(preview): State<Preview>,
    Path(name): Path<String>,
    Query(query): Query<LaunchQuery>,
    request: Request,
) -> Response {
    let headers = request.headers();
    if guard::from_elsewhere(headers) || reach::is_ahead(headers) {
        let why = "Another site's page may link to an app, but not launch it by itself, nor may a browser ahead of time.";
        return refusal(&preview, StatusCode::FORBIDDEN, "Not launched", why);
    }
    let (stall, shown) = match launchable(&preview, &name) {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let visitor = preview.visitor(headers);
    let comer = Comer {
        from: preview.comes_from(headers, request.extensions()),
        is_known: visitor.issued.is_none(),
    };
    let start = start(visitor.person.clone(), query, headers, shown.app.package());
    let (inner, device) = (&preview.inner, visitor.person.clone());
    preview.begin_device(&device);
    let opened = match inner
        .sessions
        .open(&inner.runtime, &stall, &shown, start, comer)
    {
        Ok(opened) => opened,
        Err(error) => {
            return refusal(&preview, error.status(), "Not opened", &error.to_string());
        }
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(to) = HeaderValue::from_str(&format!("{}/s/{}", preview.base(), opened.token)) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    preview.greet(&visitor, headers, &mut response);
    response
}

/// What is launched under this name; the answer where nothing is.
fn launchable(preview: &Preview, name: &str) -> Result<(Arc<Stall>, Arc<ShownApp>), Box<Response>> {
    let Some(stall) = preview.inner.shelf.find(name) else {
        let why = "This server does not show an app of that name.";
        let refused = refusal(preview, StatusCode::NOT_FOUND, "No such app", why);
        return Err(Box::new(refused));
    };
    match stall.shown() {
        Some(shown) => Ok((stall, shown)),
        None => Err(Box::new(unbuilt::page(preview, &stall))),
    }
}

/// Whether an app can be launched: launches none.
pub(super) async fn can_launch(
    State(preview): State<Preview>,
    Path(name): Path<String>,
) -> Response {
    match launchable(&preview, &name) {
        Ok(_) => StatusCode::OK.into_response(),
        Err(response) => *response,
    }
}

/// Whether there is a session: takes none up.
pub(super) async fn is_known(
    State(preview): State<Preview>,
    Path(token): Path<String>,
) -> StatusCode {
    preview.knows(&token).await
}

/// As [`is_known`], of one of its files.
pub(super) async fn is_known_file(
    State(preview): State<Preview>,
    Path((token, _)): Path<(String, String)>,
) -> StatusCode {
    preview.knows(&token).await
}

/// How a session begins: as the address says, else as the browser prefers.
fn start(person: String, query: LaunchQuery, headers: &HeaderMap, package: &Package) -> Start {
    let dark = match query.scheme.as_deref() {
        Some(scheme) => scheme == "dark",
        None => headers
            .get("sec-ch-prefers-color-scheme")
            .is_some_and(|scheme| {
                scheme.as_bytes().ends_with(b"dark") || scheme.as_bytes() == b"\"dark\""
            }),
    };
    let langs = match query.lang.filter(|lang| languages::is_tag(lang)) {
        Some(lang) => vec![lang],
        None => prefers::languages(headers),
    };
    Start {
        person,
        lang: package.language_for(&langs).unwrap_or("en").to_owned(),
        zone: prefers::zone(headers),
        dark,
        pages: query.page.into_iter().collect(),
        referrer: None,
    }
}

impl Preview {
    /// Who sits at the browser that sent this.
    pub(super) fn visitor(&self, headers: &HeaderMap) -> Visitor {
        let people = &self.inner.options.people;
        people.visitor(headers, self.reach(headers))
    }

    /// Gives a newcomer the cookie by which they are known from then on.
    pub(super) fn greet(&self, visitor: &Visitor, headers: &HeaderMap, response: &mut Response) {
        let people = &self.inner.options.people;
        let issued = visitor.issued.as_deref();
        let cookie = issued.and_then(|value| people.set_cookie(value, self.reach(headers)));
        if let Some(cookie) = cookie {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
    }
}

/// A session's page.
pub(super) async fn session(State(preview): State<Preview>, Path(token): Path<String>) -> Response {
    let open = match preview.session(&token).await {
        Ok(open) => open,
        Err(Absent::Unknown) => {
            let why = "It was closed. What the app stored is still there: open it again.";
            return refusal(&preview, StatusCode::NOT_FOUND, "This session is over", why);
        }
        Err(Absent::Unbuilt(stall)) => return unbuilt::page(&preview, &stall),
        Err(Absent::NotNow(why)) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let refused = refusal(&preview, status, "Not at the moment", &why);
            return unbuilt::look_again(refused);
        }
    };
    let live = open.live();
    // An app that spins at its launch must not keep the page from showing that.
    let _ = tokio::time::timeout(FIRST_VIEW, live.session.painted()).await;
    let screen = live.session.screen();
    let state = page_message(&live, &open, &screen);
    let text = |member: &str| state[member].as_str().unwrap_or_default().to_owned();
    let page = fill(
        SESSION,
        &[
            ("lang", escape(&text("lang"))),
            ("dir", text("dir")),
            ("document_title", escape(&document_title(&state))),
            ("app_name", escape(&text("name"))),
            ("base", preview.base().to_owned()),
            ("token", escape(&token)),
            ("inspector", preview.inner.options.inspector.to_string()),
            (
                "sign_json",
                in_script(&preview.inner.signs.of(&open.start.person).to_json()),
            ),
            ("stall", escape(&open.stall.name)),
            ("title", escape(&text("title"))),
            (
                "back_hidden",
                if screen.depth > 1 { "" } else { "hidden" }.into(),
            ),
            ("tabs_html", tabs_html(&state["tabs"])),
            ("app_html", text("html")),
            (
                "app_css_href",
                format!("{}/s/{token}/{}", preview.base(), escape(&text("css"))),
            ),
            ("state_json", in_script(&state)),
        ],
    );
    Html(page).into_response()
}

/// The page's own title names the app once.
fn document_title(state: &Value) -> String {
    match (&state["title"], &state["name"]) {
        (title, name) if title == name => name.as_str().unwrap_or_default().to_owned(),
        (title, name) => format!(
            "{} · {}",
            title.as_str().unwrap_or_default(),
            name.as_str().unwrap_or_default()
        ),
    }
}

/// JSON that may stand in a script element.
fn in_script(state: &Value) -> String {
    state
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

fn tabs_html(tabs: &Value) -> String {
    let tabs = tabs.as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |tab: &Value| {
        let member = |name: &str| tab[name].as_str().unwrap_or_default();
        let current = if tab["selected"] == true {
            " aria-current=\"page\""
        } else {
            ""
        };
        // The icon is markup of the host's own.
        format!(
            "<button type=\"button\" class=\"tab\" data-page=\"{}\"{current}>{}<span>{}</span></button>",
            escape(member("page")),
            member("icon"),
            escape(member("text")),
        )
    };
    tabs.iter().map(one).collect()
}

/// The message that paints a whole page.
pub(super) fn page_message(live: &Live, open: &OpenSession, screen: &Screen) -> Value {
    let package = live.shown.app.package();
    let manifest = package.manifest();
    let lang = &open.start.lang;
    let base = open.asset_base();
    let html = live.shown.with_html(&base, |cx| {
        html::app_box(
            &html::AppBox {
                tree: &screen.tree,
                route: &screen.route,
                lang,
                dark: open.start.dark,
            },
            cx,
        )
    });
    json!({
        "t": "page",
        "v": screen.version,
        "page": screen.page.0,
        "app": open.run(),
        "name": package.localized(&manifest.name, lang),
        "css": format!("app.css?v={}", live.shown.digest),
        "route": screen.route,
        "title": title(live, open, screen.title.as_deref()),
        "depth": screen.depth,
        "tabs": tabs(&live.shown, lang, &screen.route),
        "window": window(&manifest.window),
        "scheme": if open.start.dark { "dark" } else { "light" },
        "lang": lang,
        "dir": html::direction(lang),
        "zone": open.start.zone,
        "html": html,
    })
}

/// Text of the navigation bar: the app's, else the manifest's, else the app's name.
pub(super) fn title(live: &Live, open: &OpenSession, of_page: Option<&str>) -> String {
    if let Some(title) = of_page {
        return title.to_owned();
    }
    let package = live.shown.app.package();
    let manifest = package.manifest();
    let of_app = manifest.window.navigation_bar_title_text.as_ref();
    package.localized(of_app.unwrap_or(&manifest.name), &open.start.lang)
}

fn tabs(shown: &ShownApp, lang: &str, route: &str) -> Value {
    let package = shown.app.package();
    let Some(bar) = &package.manifest().tab_bar else {
        return Value::Null;
    };
    if !bar.list.iter().any(|tab| tab.page.as_str() == route) {
        return Value::Null;
    }
    let tabs = bar.list.iter().map(|tab| {
        json!({
            "page": tab.page.as_str(),
            "text": package.localized(&tab.text, lang),
            "icon": tab.icon.as_deref().and_then(html::icon_markup).unwrap_or_default(),
            "selected": tab.page.as_str() == route,
        })
    });
    tabs.collect()
}

fn window(window: &Window) -> Value {
    json!({
        "bar": window.navigation_style == NavigationStyle::Default && !window.fullscreen,
        "bar_background": window.navigation_bar_background_color,
        "bar_dark_text": window.navigation_bar_text_style == TextStyle::Dark,
        "background": window.background_color,
        "refresh": window.enable_pull_down_refresh,
        "bottom_distance": window.on_reach_bottom_distance,
        "fullscreen": window.fullscreen,
    })
}

/// The message that tells of a session's end.
pub(super) fn ended_message(report: &EndReport, is_recorded: bool) -> Value {
    let title = match &report.cause {
        EndCause::Closed => "The app was closed",
        EndCause::Panic { .. } => "The app panicked",
        EndCause::CpuLimit { .. } => "The app took too long",
        EndCause::MemoryLimit { .. } => "The app used too much memory",
        EndCause::AccountLimit { .. } => "There was no room for the app any more",
        EndCause::WouldWait { .. } => "The app waited",
        EndCause::WallLimit { .. } => "The app waited too long",
        EndCause::Denied { .. } => "The app needs what it may not have",
        EndCause::StackOverflow => "The app overflowed its stack",
        EndCause::InvalidView { .. } => "The app's view was refused",
        EndCause::Trap { .. } => "The app trapped",
        EndCause::HostFault { .. } => "The host failed",
    };
    json!({
        "t": "ended", "title": title, "text": report.cause.to_string(), "stack": report.stack,
        "event": report.event, "closed": report.cause == EndCause::Closed, "recorded": is_recorded,
    })
}

impl ShownApp {
    /// Calls `with` with what the generator needs to know of this app's package.
    pub(super) fn with_html<T>(
        &self,
        asset_base: &str,
        with: impl FnOnce(&HtmlContext<'_>) -> T,
    ) -> T {
        let package = self.app.package();
        with(&HtmlContext {
            asset_base,
            has_file: &|path| package.file(path).is_some(),
            for_picture: false,
        })
    }
}

impl OpenSession {
    /// Where the package's files are for this session's page.
    pub(super) fn asset_base(&self) -> String {
        // Beside the session's page, whatever the prefix before both is.
        format!("{}/f/", self.token)
    }

    /// The colours that the session shows.
    pub(super) fn color_scheme(&self) -> ColorScheme {
        if self.start.dark {
            ColorScheme::Dark
        } else {
            ColorScheme::Light
        }
    }
}

/// Everything else.
pub(super) async fn nothing_here(State(preview): State<Preview>, uri: Uri) -> Response {
    let why = format!("{} is not an address of this server.", uri.path());
    refusal(&preview, StatusCode::NOT_FOUND, "Nothing here", &why)
}

/// What the operator does not show to whoever comes.
pub(super) fn not_shown(preview: &Preview) -> Response {
    let why = "This server does not show it. Whoever starts it can: with --metrics, or --inspect for what is an app's.";
    refusal(preview, StatusCode::FORBIDDEN, "Not shown", why)
}

pub(super) fn refusal(preview: &Preview, status: StatusCode, title: &str, text: &str) -> Response {
    let card = format!(
        "<li class=\"card\"><div class=\"card-text\"><h2>{}</h2><p>{}</p><p><a href=\"{}/\">All apps</a></p></div></li>",
        escape(title),
        escape(text),
        preview.base(),
    );
    (status, Html(home_page(preview, &card, ""))).into_response()
}

/// Puts values into a template. What a value contains is never looked at again.
pub(super) fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut page = String::with_capacity(
        template.len() + values.iter().map(|(_, value)| value.len()).sum::<usize>(),
    );
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        let value = values.iter().find(|(one, _)| *one == name.trim());
        page.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    page.push_str(rest);
    page
}
