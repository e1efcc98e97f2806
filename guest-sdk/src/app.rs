//! The trait that an app implements, and what the app is handed with every call.

use std::collections::VecDeque;
use std::future::Future;

use crate::bindings::Launch;
use crate::navigation::{self, NavigationError};
use crate::route::Route;
use crate::task::Tasks;
use crate::view::View;
use crate::watch::{Following, Watch};

/// A mini-app.
pub trait App: Sized + 'static {
    /// What can happen in it.
    type Msg: Clone + 'static;
    /// Its pages: [`crate::SinglePage`], or an enum made by [`crate::pages!`].
    type Page: Route;

    /// Starts the app. Work that takes time is begun with [`Context::spawn`].
    fn launch(launch: &Launch, cx: &mut Context<Self>) -> Self;

    /// Does what a message asks for. The only place where the state changes.
    fn update(&mut self, msg: Self::Msg, cx: &mut Context<Self>);

    /// What `page` shows, given the state.
    fn view(&self, page: &Self::Page) -> View<'_, Self::Msg>;

    /// Text of the navigation bar; the manifest's where it is `None`.
    fn title(&self, _page: &Self::Page) -> Option<String> {
        None
    }

    /// A message for when a page comes to the top (first, or again after going back).
    fn page_shown(&self, _page: &Self::Page) -> Option<Self::Msg> {
        None
    }

    /// A message for when the person pulled the page down. The manifest's window has to ask for it.
    fn page_refresh(&self, _page: &Self::Page) -> Option<Self::Msg> {
        None
    }

    /// A message for when the page was scrolled near its end.
    fn page_bottom_reached(&self, _page: &Self::Page) -> Option<Self::Msg> {
        None
    }

    /// What a newer version of the app should know when it takes over from this one, which finds it in
    /// [`Launch::carried_over`]. Asked only if the manifest says `"lapak_on_update": "migrate"`; at most 1 MiB.
    fn carry_over(&self) -> Option<Vec<u8>> {
        None
    }

    /// A message for when the app goes to the background.
    fn hidden(&self) -> Option<Self::Msg> {
        None
    }

    /// A message for when the person's time zone has become another. What the view shows is made anew anyway.
    fn zone_changed(&self) -> Option<Self::Msg> {
        None
    }

    /// A message for when the app comes to the foreground.
    fn shown(&self) -> Option<Self::Msg> {
        None
    }
}

/// What an app can do besides changing its state: begin work, send itself messages, walk its pages.
pub struct Context<A: App> {
    pub(crate) tasks: Tasks<A::Msg>,
    pub(crate) messages: VecDeque<A::Msg>,
}

impl<A: App> Context<A> {
    pub(crate) fn new() -> Self {
        Self {
            tasks: Tasks::default(),
            messages: VecDeque::new(),
        }
    }

    /// Runs a future beside the app; what it comes to becomes a message.
    ///
    /// The future may await as often as it likes; the app goes on meanwhile.
    ///
    /// ```
    /// # use lapak_sdk::prelude::*;
    /// # struct Notes; #[derive(Clone)] enum Msg { Start, Counted(Result<usize, storage::Error>) }
    /// # impl App for Notes {
    /// # type Msg = Msg; type Page = SinglePage;
    /// # fn launch(_: &Launch, _: &mut Context<Self>) -> Self { Notes }
    /// # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
    /// fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
    ///     match msg {
    ///         Msg::Start => cx.spawn(rename("draft", "note"), Msg::Counted),
    ///         Msg::Counted(keys) => console::info!("keys: {keys:?}"),
    ///     }
    /// }
    /// # }
    ///
    /// async fn rename(from: &'static str, to: &'static str) -> Result<usize, storage::Error> {
    ///     if let Some(value) = storage::get(from).await? {
    ///         storage::set(to, value).await?;
    ///         storage::remove(from).await?;
    ///     }
    ///     Ok(storage::keys().await?.len())
    /// }
    /// ```
    pub fn spawn<T: 'static>(
        &mut self,
        future: impl Future<Output = T> + 'static,
        message: impl FnOnce(T) -> A::Msg + 'static,
    ) {
        self.tasks.spawn(async move { message(future.await) });
    }

    /// Makes a message of each news of a watch, for as long as the app keeps what this gives.
    ///
    /// ```
    /// # use lapak_sdk::prelude::*;
    /// # use lapak_sdk::Following;
    /// # #[derive(Clone)] enum Msg { Start, Stop, Moved(Result<location::Position, location::Error>) }
    /// struct Ride {
    ///     following: Option<Following>,
    /// }
    /// # impl App for Ride {
    /// # type Msg = Msg; type Page = SinglePage;
    /// # fn launch(_: &Launch, _: &mut Context<Self>) -> Self { Ride { following: None } }
    /// # fn view(&self, _: &SinglePage) -> View<'_, Msg> { text("") }
    /// fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
    ///     match msg {
    ///         Msg::Start => match location::watch(location::Accuracy::Precise, 10.0) {
    ///             Ok(watch) => self.following = Some(cx.follow(watch, Msg::Moved)),
    ///             Err(error) => console::error!("no location: {error}"),
    ///         },
    ///         Msg::Moved(position) => console::info!("{position:?}"),
    ///         Msg::Stop => self.following = None,
    ///     }
    /// }
    /// # }
    /// ```
    pub fn follow<T: 'static, E: 'static>(
        &mut self,
        watch: Watch<T, E>,
        message: impl Fn(Result<T, E>) -> A::Msg + 'static,
    ) -> Following {
        let (following, next) = watch.follow(message);
        self.tasks.follow(next);
        following
    }

    /// Sends the app a message, handled after the present one.
    pub fn send(&mut self, msg: A::Msg) {
        self.messages.push_back(msg);
    }

    /// Opens a page on top of the present one.
    ///
    /// # Errors
    /// E.g. when the stack of 10 is full.
    pub fn navigate_to(&mut self, page: A::Page) -> Result<(), NavigationError> {
        navigation::navigate_to(&page.to_url())
    }

    /// Replaces the present page.
    ///
    /// # Errors
    /// See [`NavigationError`].
    pub fn redirect_to(&mut self, page: A::Page) -> Result<(), NavigationError> {
        navigation::redirect_to(&page.to_url())
    }

    /// Closes every page and opens this one.
    ///
    /// # Errors
    /// See [`NavigationError`].
    pub fn relaunch(&mut self, page: A::Page) -> Result<(), NavigationError> {
        navigation::relaunch(&page.to_url())
    }

    /// Goes to a page of the tab bar.
    ///
    /// # Errors
    /// See [`NavigationError`].
    pub fn switch_tab(&mut self, page: A::Page) -> Result<(), NavigationError> {
        navigation::switch_tab(&page.to_url())
    }

    /// Goes back one page.
    ///
    /// # Errors
    /// When there is no page below.
    pub fn back(&mut self) -> Result<(), NavigationError> {
        navigation::back(1)
    }
}
