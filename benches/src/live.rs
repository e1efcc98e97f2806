//! Ours: a session of a runtime, driven as a shell drives it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use lapak_abi::package::{Package, PackageLimits};
use lapak_host::session::Patch;
use lapak_host::view::{InputValue, NodeId, Trigger};
use lapak_host::{App, Launch, Runtime, RuntimeConfig, Session, ShellEvent, Update, Updates};
use tokio::sync::broadcast::error::TryRecvError;

use crate::apps;

/// A runtime with simulated providers and no cache.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Ok(Runtime::new(RuntimeConfig::simulated())?)
}

/// The same with so many instances, and room for a million sessions.
pub(crate) fn runtime_with(max_instances: usize) -> anyhow::Result<Runtime> {
    Ok(Runtime::new(config(max_instances))?)
}

/// How runtimes with many sessions are set up here.
pub(crate) fn config(max_instances: usize) -> RuntimeConfig {
    RuntimeConfig {
        max_instances,
        max_sessions: 2_000_000,
        max_runnable: 2_000_000,
        freeze_after: Duration::from_secs(3_600),
        ..RuntimeConfig::simulated()
    }
}

/// A tap on a node.
pub(crate) fn tap_on(node: NodeId) -> ShellEvent {
    ShellEvent::Input {
        node,
        trigger: Trigger::Tap,
        value: InputValue::None,
    }
}

/// Taps, and waits, without sleeping, until the app has handled it.
pub(crate) fn tap_and_see(session: &Session, node: NodeId) -> anyhow::Result<()> {
    let before = session.handled();
    session.send(tap_on(node))?;
    let mut turns = 0_u32;
    while session.handled() == before {
        std::hint::spin_loop();
        turns = turns.wrapping_add(1);
        // An app that has ended handles nothing more; seldom asked, for it takes a lock.
        if turns.is_multiple_of(1 << 20) {
            let ended = session.screen().ended;
            anyhow::ensure!(ended.is_none(), "the app ended: {ended:?}");
        }
    }
    Ok(())
}

static PERSONS: AtomicU64 = AtomicU64::new(0);

/// Launches so many sessions and waits until they have come to rest.
pub(crate) async fn launch_many(
    runtime: &Runtime,
    app: &Arc<App>,
    count: usize,
) -> anyhow::Result<Vec<Session>> {
    let mut sessions = Vec::with_capacity(count);
    // A few hundred at a time: as many as can be on their way at once.
    while sessions.len() < count {
        let first = sessions.len();
        for _ in first..count.min(first + 256) {
            // Everybody a person of their own: what one has stored is not another's.
            let person = PERSONS.fetch_add(1, Ordering::Relaxed);
            sessions.push(runtime.launch(app, Launch::new(format!("p{person}")))?);
        }
        for session in &sessions[first..] {
            session.settled().await;
        }
    }
    Ok(sessions)
}

/// Loads an app of this repository.
pub(crate) async fn load(runtime: &Runtime, app: &'static str) -> anyhow::Result<Arc<App>> {
    let package = Package::read(apps::built(app)?.bytes.clone(), &PackageLimits::default())?;
    Ok(runtime.load(package).await?)
}

/// A session that shows its first view.
pub(crate) struct Live {
    session: Session,
    updates: Updates,
}

impl Live {
    pub(crate) async fn launch(runtime: &Runtime, app: &Arc<App>) -> anyhow::Result<Self> {
        let session = runtime.launch(app, Launch::new("bench"))?;
        session.painted().await;
        session.settled().await;
        let (screen, updates) = session.watch();
        anyhow::ensure!(screen.ended.is_none(), "the app ended: {:?}", screen.ended);
        Ok(Self { session, updates })
    }

    /// The `nth` node that can be tapped.
    pub(crate) fn tappable(&self, nth: usize) -> anyhow::Result<NodeId> {
        let screen = self.session.screen();
        let bound = screen.tree.nodes.iter().filter(|node| {
            node.node
                .bindings
                .iter()
                .any(|binding| binding.trigger == Trigger::Tap)
        });
        bound.map(|node| node.id).nth(nth).context("nothing to tap")
    }

    /// Taps, and waits for the patch. The measuring thread waits without sleeping, so that its own waking up
    /// is not in the figure.
    pub(crate) fn tap(&mut self, node: NodeId) -> anyhow::Result<Arc<Patch>> {
        // Looked at from outside: whoever asked the channel again and again would hold up the worker that sends on it.
        tap_and_see(&self.session, node)?;
        loop {
            match self.updates.try_recv() {
                Ok(Update::Patch(patch)) => return Ok(patch),
                Ok(Update::Ended(report)) => anyhow::bail!("the app ended: {report}"),
                Ok(_) => {}
                Err(TryRecvError::Empty) => std::hint::spin_loop(),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // A session that has ended already is closed as well.
        let _ = self.session.send(ShellEvent::Close);
    }
}
