//! What a launch starts from.

use std::marker::PhantomData;
use std::sync::Arc;

use lapak_abi::file_path::FilePath;
use lapak_abi::manifest::PageRoute;
use lapak_abi::pages::{PageStack, Routes};

use super::TestApp;
use crate::app::App;
use crate::bindings::{ColorScheme, Launch, TextDirection};
use crate::simulated::{self, Capability};
use crate::wallet::{Account, Entry};

const PAGE_STACK: usize = 10;

/// What a launch starts from; begun with [`TestApp::prepare`].
///
/// ```
/// # use lapak_sdk::prelude::*;
/// # use lapak_sdk::testing::{Capability, TestApp};
/// # struct Stall(String);
/// # impl App for Stall {
/// # type Msg = (); type Page = SinglePage;
/// # fn launch(launch: &Launch, _: &mut Context<Self>) -> Self { Stall(launch.lang.clone()) }
/// # fn update(&mut self, _: (), _: &mut Context<Self>) {}
/// # fn view(&self, _: &SinglePage) -> View<'_, ()> { text(&self.0) }
/// # }
/// # let manifest = r#"{ "app_id": "a", "name": "a", "icons": [{ "src": "i.svg" }], "pages": ["pages/dish"],
/// # "version": { "code": 1, "name": "1" }, "platform_version": { "min_code": 1 } }"#;
/// let stall = TestApp::<Stall>::prepare(manifest).lang("id").page("pages/dish?id=3");
/// let app = stall.deny(Capability::Storage).launch();
/// assert!(app.shows("id"));
/// ```
pub struct Preparation<A> {
    routes: Arc<Routes>,
    url: String,
    lang: String,
    color_scheme: ColorScheme,
    denied: Vec<Capability>,
    lacks: Vec<String>,
    timers_wait: bool,
    accounts: Vec<(Account, Vec<Entry>)>,
    answers: Vec<(String, u16, Vec<u8>)>,
    files: Vec<(FilePath, Vec<u8>)>,
    app: PhantomData<A>,
}

impl<A: App> Preparation<A> {
    pub(super) fn new(routes: Vec<PageRoute>, tabs: Vec<PageRoute>) -> Self {
        Self {
            routes: Arc::new(Routes {
                pages: routes,
                tabs,
            }),
            url: String::new(),
            lang: "en".to_owned(),
            color_scheme: ColorScheme::Light,
            denied: Vec::new(),
            lacks: Vec::new(),
            timers_wait: false,
            accounts: Vec::new(),
            answers: Vec::new(),
            files: Vec::new(),
            app: PhantomData,
        }
    }

    /// The person's language, BCP 47; English unless said otherwise.
    #[must_use]
    pub fn lang(mut self, lang: &str) -> Self {
        self.lang = lang.to_owned();
        self
    }

    /// The page that is opened first, with its query; the manifest's first unless said otherwise.
    #[must_use]
    pub fn page(mut self, url: &str) -> Self {
        self.url = url.to_owned();
        self
    }

    /// The colours that the shell shows; light unless said otherwise.
    #[must_use]
    pub fn color_scheme(mut self, scheme: ColorScheme) -> Self {
        self.color_scheme = scheme;
        self
    }

    /// Lends the app everything but this.
    #[must_use]
    pub fn deny(mut self, capability: Capability) -> Self {
        self.denied.push(capability);
        self
    }

    /// The platform does not have this interface, e.g. `payments`: see [`platform::offers`](crate::platform::offers).
    #[must_use]
    pub fn lacks(mut self, interface: &str) -> Self {
        self.lacks.push(interface.to_owned());
        self
    }

    /// Timers run out when [`TestApp::pass`] lets so much time pass, instead of at once: for apps that tick.
    #[must_use]
    pub fn timers_wait(mut self) -> Self {
        self.timers_wait = true;
        self
    }

    /// Puts an account into the person's wallet, with its history, newest first.
    #[must_use]
    pub fn account(mut self, account: Account, history: Vec<Entry>) -> Self {
        self.accounts.push((account, history));
        self
    }

    /// A URL answers this to the app's `fetch`; one that nobody spoke of is unavailable.
    #[must_use]
    pub fn answering(mut self, url: &str, status: u16, body: impl AsRef<[u8]>) -> Self {
        let answer = (url.to_owned(), status, body.as_ref().to_vec());
        self.answers.push(answer);
        self
    }

    /// Puts a file into the app's own folder.
    ///
    /// # Panics
    /// When it is no path of the app's own files.
    #[must_use]
    pub fn file(mut self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        match FilePath::parse(path) {
            Ok(path) => self.files.push((path, bytes.as_ref().to_vec())),
            Err(error) => panic!("{path:?}: {error}"),
        }
        self
    }

    /// Launches the app with empty storage.
    ///
    /// # Panics
    /// When the first page is not one of the manifest's.
    #[must_use]
    pub fn launch(self) -> TestApp<A> {
        crate::request::forget_finished();
        simulated::with(|host| {
            *host = simulated::Host::new(&self.denied);
            host.lacks = self.lacks.iter().cloned().collect();
            host.timers_wait = self.timers_wait;
        });
        for (account, history) in &self.accounts {
            super::payments::put_account(account.clone(), history.clone());
        }
        simulated::with(|host| {
            for (url, status, body) in &self.answers {
                host.fetch.answer(url, *status, body);
            }
            for (path, bytes) in &self.files {
                host.files.put(path, bytes);
            }
        });
        TestApp::start(self, false)
    }

    /// Opens the first page; the events of pages wait in the simulated host.
    pub(super) fn open(&self) -> Launch {
        let mut pages = PageStack::new(self.routes.clone(), PAGE_STACK);
        let opened = match pages.open_first(&self.url) {
            Ok(opened) => opened,
            Err(error) => panic!("{:?} cannot be the first page: {error}", self.url),
        };
        let first = pages.top().cloned();
        simulated::with(|host| {
            host.pages = Some(pages);
            host.page_events = opened;
        });
        let (path, query) = first
            .map(|page| (page.route.to_string(), page.query))
            .unwrap_or_default();
        Launch {
            path,
            query,
            referrer: None,
            lang: self.lang.clone(),
            dir: TextDirection::Ltr,
            color_scheme: self.color_scheme,
            carried_over: None,
        }
    }
}
