//! Apps that open one another: what stands behind `open-app` where a preview shows them.

use std::sync::{Arc, OnceLock, Weak};

use lapak_abi::address::MiniAppUri;
use lapak_host::capability::open_app::{NotOpened, OpenAppProvider, Opened};
use lapak_host::capability::storage::Owner;
use lapak_host::session::Referrer;
use lapak_host::simulated::SimulatedDevices;

use super::quotas::Comer;
use super::sessions::{OpenSession, Start};
use super::shelf::{ShownApp, Stall};
use super::{Inner, Preview};

/// The apps that a preview shows, for apps that open others: the provider behind `open-app`. Made before the runtime, and handed
/// to the preview with its options.
#[derive(Clone, Debug)]
pub struct ShownApps {
    shown_by: Arc<OnceLock<Weak<Inner>>>,
    devices: SimulatedDevices,
}

impl ShownApps {
    /// None yet. A person's simulated device may have fewer of them than there are.
    #[must_use]
    pub fn new(devices: &SimulatedDevices) -> Self {
        Self {
            shown_by: Arc::default(),
            devices: devices.clone(),
        }
    }

    /// Those of this preview, from now on; of the first that asks.
    pub(super) fn are_of(&self, preview: &Arc<Inner>) {
        let _ = self.shown_by.set(Arc::downgrade(preview));
    }
}

impl OpenAppProvider for ShownApps {
    fn open(&self, of: &Owner, uri: &MiniAppUri, opened: Opened) {
        let preview = self.shown_by.get().and_then(Weak::upgrade);
        match preview.and_then(|preview| preview.shelf.named(&uri.id)) {
            Some(_) => self.devices.open_app.open(of, uri, opened),
            None => opened(Err(NotOpened)),
        }
    }
}

impl Preview {
    /// Launches the app that a URI names for whoever sits before `opener`, at the page that it names.
    pub(super) fn open_app(&self, opener: &OpenSession, uri: &str) -> Option<Arc<OpenSession>> {
        let uri: MiniAppUri = uri.parse().ok()?;
        let (stall, shown): (Arc<Stall>, Arc<ShownApp>) = self.inner.shelf.named(&uri.id)?;
        let app_id = opener.live().session.app().manifest().app_id.clone();
        let start = Start {
            pages: page_of(&uri).into_iter().collect(),
            referrer: Some(Referrer {
                app_id,
                extra_data: None,
            }),
            ..opener.start.clone()
        };
        let sessions = &self.inner.sessions;
        // They have the page of a session before them.
        let comer = Comer {
            from: opener.from,
            is_known: true,
        };
        let opened = sessions.open(&self.inner.runtime, &stall, &shown, start, comer);
        opened
            .inspect_err(|error| tracing::warn!(%error, "an app is not opened by another"))
            .ok()
    }
}

/// The URL of a page within the app, if the URI names one.
fn page_of(uri: &MiniAppUri) -> Option<String> {
    let path = uri.path.trim_start_matches('/');
    if path.is_empty() {
        return None;
    }
    let query = uri.query.as_ref().map(|query| format!("?{query}"));
    Some(format!("{path}{}", query.unwrap_or_default()))
}
