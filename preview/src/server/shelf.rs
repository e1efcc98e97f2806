//! The apps that the server shows, by name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lapak_host::App;
use tokio::sync::watch;

use super::packed::Packed;
use crate::style::AppStyle;

/// Every app by its name.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    stalls: Mutex<BTreeMap<String, Arc<Stall>>>,
}

/// One app's place; the app itself can be replaced by a newer one.
#[derive(Debug)]
pub(super) struct Stall {
    pub(super) name: String,
    shown: Mutex<Option<Arc<ShownApp>>>,
    build: watch::Sender<Build>,
}

/// How the app's sources are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Build {
    /// What is shown is what the sources say.
    #[default]
    Current,
    /// Being built.
    Running,
    /// The compiler's message.
    Failed(String),
}

/// An app with what the browser needs of it.
#[derive(Debug)]
pub(super) struct ShownApp {
    pub(super) app: Arc<App>,
    pub(super) style: AppStyle,
    /// The style sheet that browsers get: on top of what every node looks like.
    pub(super) sheet: Packed,
    /// Names this very package.
    pub(super) digest: String,
}

impl ShownApp {
    pub(super) fn new(app: Arc<App>) -> Self {
        let style = AppStyle::of(app.package());
        let sheet = [crate::html::BASE_CSS, "\n", &style.css].concat();
        Self {
            style,
            sheet: Packed::new(sheet.into()),
            digest: app.package().digest()[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            app,
        }
    }
}

impl Shelf {
    /// The stall of this name, new if need be.
    pub(super) fn stall(&self, name: &str) -> Arc<Stall> {
        let mut stalls = lock(&self.stalls);
        let stall = stalls.entry(name.to_owned()).or_insert_with(|| {
            Arc::new(Stall {
                name: name.to_owned(),
                shown: Mutex::default(),
                build: watch::Sender::new(Build::default()),
            })
        });
        stall.clone()
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Stall>> {
        lock(&self.stalls).get(name).cloned()
    }

    /// The app of this id that is shown: as it stands, or else but for its case. None where several say they are it.
    pub(super) fn named(&self, app_id: &str) -> Option<(Arc<Stall>, Arc<ShownApp>)> {
        let all = self.all().into_iter();
        let shown: Vec<_> = all
            .filter_map(|stall| {
                let shown = stall.shown()?;
                Some((stall, shown))
            })
            .collect();
        // Of two apps that say they are the same, neither is opened for the other.
        let by = |same: &dyn Fn(&str) -> bool| {
            let id = |shown: &ShownApp| shown.app.manifest().app_id.clone();
            let mut named = shown.iter().filter(|(_, shown)| same(&id(shown)));
            let found = named.next();
            found.map(|found| named.next().is_none().then(|| found.clone()))
        };
        let found = by(&|id| id == app_id).or_else(|| by(&|id| id.eq_ignore_ascii_case(app_id)));
        found.flatten()
    }

    pub(super) fn all(&self) -> Vec<Arc<Stall>> {
        lock(&self.stalls).values().cloned().collect()
    }
}

impl Stall {
    /// Shows an app; tells whether there was one before.
    pub(super) fn put(&self, shown: Arc<ShownApp>) -> bool {
        let before = lock(&self.shown).replace(shown);
        self.build.send_replace(Build::Current);
        before.is_some()
    }

    pub(super) fn building(&self) {
        self.build.send_replace(Build::Running);
    }

    pub(super) fn build_failed(&self, message: String) {
        self.build.send_replace(Build::Failed(message));
    }

    pub(super) fn shown(&self) -> Option<Arc<ShownApp>> {
        lock(&self.shown).clone()
    }

    pub(super) fn build(&self) -> watch::Receiver<Build> {
        self.build.subscribe()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
