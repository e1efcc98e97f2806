//! The page stack: a state machine without I/O, shared by the host and the SDK's test kit.

use std::sync::Arc;

use crate::manifest::PageRoute;

/// Names one opened page; given once and never used again in a session.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct PageId(pub u32);

/// An opened page.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Page {
    /// Its name.
    pub id: PageId,
    /// Its route, as the manifest lists it.
    pub route: PageRoute,
    /// Its query, percent-encoded, without `?`; may be empty.
    pub query: String,
}

/// What happened to a page, in the order in which the app is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageEvent {
    /// It was put on the stack.
    Loaded(Page),
    /// It came to the top.
    Shown(PageId),
    /// Its first view is out.
    Ready(PageId),
    /// It is covered.
    Hidden(PageId),
    /// It left the stack.
    Unloaded(PageId),
}

/// Why the stack stayed as it was. The cases of `navigation.error` in the WIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NavigationError {
    /// Not a page route with an optional query.
    #[error("not a page URL; use a route of the manifest, e.g. pages/dish?id=3")]
    InvalidUrl,
    /// The manifest lists no such page.
    #[error("the manifest lists no such page")]
    UnknownPage,
    /// No room for one more.
    #[error("the page stack is full; go back or use redirect-to")]
    StackFull,
    /// `switch_tab` to a page that is no tab.
    #[error("that page is not in the tab bar; use navigate-to")]
    NotATab,
    /// Another call than `switch_tab` or `relaunch` to a tab.
    #[error("that page is in the tab bar; use switch-tab")]
    IsATab,
    /// Nothing below.
    #[error("there is no page below this one")]
    AtRoot,
}

/// The longest page URL, in bytes.
pub const MAX_URL_BYTES: usize = 8 * 1024;

/// The pages that an app has, the same for all its sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routes {
    /// As the manifest lists them.
    pub pages: Vec<PageRoute>,
    /// Those in the tab bar.
    pub tabs: Vec<PageRoute>,
}

/// The opened pages of a session, lowest first.
#[derive(Clone, Debug)]
pub struct PageStack {
    routes: Arc<Routes>,
    max: usize,
    open: Vec<Page>,
    next_id: u32,
}

/// What a page stack comes down to when it is put away: the routes are known from the manifest.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SavedPages {
    next_id: u32,
    /// Id, place of the route in the manifest's list, query; lowest page first.
    open: Vec<(u32, u32, String)>,
}

type Moved = Result<Vec<PageEvent>, NavigationError>;

impl PageStack {
    /// An empty stack for an app with these pages; at most `max` open.
    #[must_use]
    pub fn new(routes: Arc<Routes>, max: usize) -> Self {
        Self {
            routes,
            max: max.max(1),
            open: Vec::new(),
            next_id: 1,
        }
    }

    /// The page on top.
    #[must_use]
    pub fn top(&self) -> Option<&Page> {
        self.open.last()
    }

    /// Every opened page, lowest first.
    #[must_use]
    pub fn pages(&self) -> &[Page] {
        &self.open
    }

    /// The open pages, for [`reopen`](Self::reopen) by a stack of the same manifest.
    #[must_use]
    pub fn save(&self) -> SavedPages {
        let place = |page: &Page| {
            let found = self
                .routes
                .pages
                .iter()
                .position(|route| *route == page.route);
            found.and_then(|index| u32::try_from(index).ok())
        };
        let open = self.open.iter();
        SavedPages {
            next_id: self.next_id,
            open: open
                .filter_map(|page| Some((page.id.0, place(page)?, page.query.clone())))
                .collect(),
        }
    }

    /// Puts back what [`save`](Self::save) gave, over whatever is open.
    ///
    /// # Errors
    /// [`NavigationError::UnknownPage`] when a page is not in the manifest: the pages are another app's.
    pub fn reopen(&mut self, saved: SavedPages) -> Result<(), NavigationError> {
        let open = saved.open.into_iter().map(|(id, place, query)| {
            let route = usize::try_from(place)
                .ok()
                .and_then(|place| self.routes.pages.get(place));
            Ok(Page {
                id: PageId(id),
                route: route.ok_or(NavigationError::UnknownPage)?.clone(),
                query,
            })
        });
        self.open = open.collect::<Result<_, _>>()?;
        self.next_id = saved.next_id;
        Ok(())
    }

    /// Opens the lowest page of a new session; an empty URL takes the manifest's first page.
    ///
    /// # Errors
    /// [`NavigationError::InvalidUrl`] and [`NavigationError::UnknownPage`].
    pub fn open_first(&mut self, url: &str) -> Moved {
        let target = if url.is_empty() {
            let first = self
                .routes
                .pages
                .first()
                .ok_or(NavigationError::UnknownPage)?;
            (first.clone(), String::new())
        } else {
            self.parse(url)?
        };
        let mut events = self.close_all();
        self.push(target, &mut events);
        Ok(events)
    }

    /// Opens a page on top.
    ///
    /// # Errors
    /// See [`NavigationError`].
    pub fn navigate_to(&mut self, url: &str) -> Moved {
        let target = self.parse(url)?;
        if self.routes.tabs.contains(&target.0) {
            return Err(NavigationError::IsATab);
        }
        if self.open.len() >= self.max {
            return Err(NavigationError::StackFull);
        }
        let mut events = self.hide_top();
        self.push(target, &mut events);
        Ok(events)
    }

    /// Replaces the page on top.
    ///
    /// # Errors
    /// See [`NavigationError`].
    pub fn redirect_to(&mut self, url: &str) -> Moved {
        let target = self.parse(url)?;
        if self.routes.tabs.contains(&target.0) {
            return Err(NavigationError::IsATab);
        }
        let mut events = self.hide_top();
        self.pop(&mut events);
        self.push(target, &mut events);
        Ok(events)
    }

    /// Closes `delta` pages (0 is taken as 1), never the lowest.
    ///
    /// # Errors
    /// [`NavigationError::AtRoot`] when there is no page below.
    pub fn back(&mut self, delta: u32) -> Moved {
        let below = self.open.len().saturating_sub(1);
        if below == 0 {
            return Err(NavigationError::AtRoot);
        }
        let delta = usize::try_from(delta).unwrap_or(usize::MAX).clamp(1, below);
        let mut events = self.hide_top();
        for _ in 0..delta {
            self.pop(&mut events);
        }
        events.extend(self.top().map(|page| PageEvent::Shown(page.id)));
        Ok(events)
    }

    /// Closes every page and opens this one.
    ///
    /// # Errors
    /// [`NavigationError::InvalidUrl`] and [`NavigationError::UnknownPage`].
    pub fn relaunch(&mut self, url: &str) -> Moved {
        let target = self.parse(url)?;
        let mut events = self.close_all();
        self.push(target, &mut events);
        Ok(events)
    }

    /// Closes every page and opens this one of the tab bar. A tab that is open alone stays as it is.
    ///
    /// # Errors
    /// See [`NavigationError`].
    pub fn switch_tab(&mut self, url: &str) -> Moved {
        let target = self.parse(url)?;
        if !self.routes.tabs.contains(&target.0) {
            return Err(NavigationError::NotATab);
        }
        if !target.1.is_empty() {
            return Err(NavigationError::InvalidUrl);
        }
        if let [only] = self.open.as_slice()
            && only.route == target.0
        {
            return Ok(Vec::new());
        }
        let mut events = self.close_all();
        self.push(target, &mut events);
        Ok(events)
    }

    /// Closes every page, from the top.
    pub fn close_all(&mut self) -> Vec<PageEvent> {
        let mut events = self.hide_top();
        while !self.open.is_empty() {
            self.pop(&mut events);
        }
        events
    }

    fn hide_top(&self) -> Vec<PageEvent> {
        self.top()
            .map(|page| PageEvent::Hidden(page.id))
            .into_iter()
            .collect()
    }

    fn push(&mut self, (route, query): (PageRoute, String), events: &mut Vec<PageEvent>) {
        let id = PageId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        let page = Page { id, route, query };
        events.extend([
            PageEvent::Loaded(page.clone()),
            PageEvent::Shown(id),
            PageEvent::Ready(id),
        ]);
        self.open.push(page);
    }

    fn pop(&mut self, events: &mut Vec<PageEvent>) {
        events.extend(self.open.pop().map(|page| PageEvent::Unloaded(page.id)));
    }

    fn parse(&self, url: &str) -> Result<(PageRoute, String), NavigationError> {
        if url.is_empty() || url.len() > MAX_URL_BYTES || url.contains(['#', '\\', '\0']) {
            return Err(NavigationError::InvalidUrl);
        }
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let path = path.strip_prefix('/').unwrap_or(path);
        let odd = |part: &str| matches!(part, "" | "." | "..");
        if path.contains(':') || path.split('/').any(odd) {
            return Err(NavigationError::InvalidUrl);
        }
        let route = self
            .routes
            .pages
            .iter()
            .find(|route| route.as_str() == path);
        let route = route.ok_or(NavigationError::UnknownPage)?;
        Ok((route.clone(), query.to_owned()))
    }
}
