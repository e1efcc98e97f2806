//! What a host tells of itself to whoever listens by `tracing`: a span for each event, freeze and thaw.

mod support;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use lapak_host::{Launch, Runtime, RuntimeConfig};
use support::{counter, settled, tap};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Counts the spans of the host by their names.
#[derive(Default)]
struct Counts {
    begun: Mutex<BTreeMap<&'static str, u64>>,
    /// Spans that somebody was in.
    entered: AtomicU64,
    last: AtomicU64,
}

impl Counts {
    fn of(&self, name: &str) -> u64 {
        let begun = self.begun.lock().expect("not poisoned");
        begun.get(name).copied().unwrap_or_default()
    }
}

/// Is given away for the whole process, and looked at here.
struct Listener(&'static Counts);

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("lapak_host")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut begun = self.0.begun.lock().expect("not poisoned");
        *begun.entry(span.metadata().name()).or_default() += 1;
        Id::from_u64(self.0.last.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {
        self.0.entered.fetch_add(1, Ordering::Relaxed);
    }

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn each_event_freeze_and_thaw_has_a_span() {
    let counts: &'static Counts = Box::leak(Box::default());
    // Spans begin on the workers' threads: the listener is the whole process's.
    tracing::subscriber::set_global_default(Listener(counts)).expect("the first");
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let app = runtime.load(counter()).await.expect("load");
    let session = runtime.launch(&app, Launch::new("me")).expect("launch");
    settled(&session).await;
    // The app's model, which the host launches for itself, has its events too.
    let events = counts.of("event");
    tap(&session, "+").await;
    assert!(counts.of("event") > events);
    let (freezes, thaws) = (counts.of("freeze"), counts.of("thaw"));
    assert!(session.freeze());
    assert!(counts.of("freeze") > freezes);
    tap(&session, "+").await;
    assert!(counts.of("thaw") > thaws);
    assert!(counts.entered.load(Ordering::Relaxed) > 0);
}
