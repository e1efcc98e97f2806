//! A capability of a platform's own, from an app down to the provider; and one package on platforms that differ.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use embedder::lamp::Lamps;
use lapak_abi::package::{Package, PackageLimits};
use lapak_host::audit::AuditQuery;
use lapak_host::profile::Profile;
use lapak_host::recording::RecordOptions;
use lapak_host::simulated::SimulatedDevices;
use lapak_host::view::{InputValue, Trigger};
use lapak_host::{Capability, Launch, Runtime, RuntimeConfig, Session, ShellEvent, SnapshotConfig};

const PERSON: &str = "ani";
const PROFILES: [&str; 4] = ["everything", "coarse", "kiosk", "lamp"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn package() -> Package {
    static BUILT: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
        let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest");
        lapak_build::build(&app, &mut |_| {})
            .expect("the app builds")
            .bytes
    });
    Package::read(BUILT.clone(), &PackageLimits::default()).expect("it reads")
}

fn with_lamps(lamps: &Arc<Lamps>) -> RuntimeConfig {
    RuntimeConfig {
        vendors: vec![lamps.clone()],
        ..RuntimeConfig::simulated()
    }
}

async fn launched(runtime: &Runtime, person: &str) -> Session {
    let app = runtime.load(package()).await.expect("loaded");
    let session = runtime.launch(&app, Launch::new(person)).expect("launched");
    session.painted().await;
    session.at_rest().await;
    session
}

async fn tap(session: &Session, name: &str) {
    let node = session.screen().tree.find(name, Trigger::Tap).expect(name);
    let (trigger, value) = (Trigger::Tap, InputValue::None);
    let input = ShellEvent::Input {
        node,
        trigger,
        value,
    };
    session.send(input).expect("sent");
    session.at_rest().await;
}

fn says(session: &Session) -> String {
    session.screen().tree.to_text()
}

#[track_caller]
fn shows(session: &Session, what: &str) {
    let says = says(session);
    assert!(says.contains(what), "{what:?} is not in {says}");
}

#[test]
fn it_is_small() {
    let lines = |file: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = std::fs::read_to_string(path).expect("a file");
        let code = text.lines().map(str::trim);
        code.filter(|line| !line.is_empty() && !line.starts_with("//"))
            .count()
    };
    let all = lines("wit/lamp.wit") + lines("src/lamp.rs");
    assert!(
        all < 100,
        "interface, host half and provider have {all} lines"
    );
}

#[tokio::test]
async fn an_app_uses_what_the_platform_adds() {
    let lamps = Arc::new(Lamps::default());
    let runtime = Runtime::new(with_lamps(&lamps)).expect("a runtime");
    let session = launched(&runtime, PERSON).await;
    shows(&session, "acme:lamp/lamp: true");
    shows(&session, "Lamp: 0 %");
    tap(&session, "Bright").await;
    shows(&session, "Lamp: 100 %");
    assert_eq!(lamps.with(PERSON, |lamp| *lamp), 100);
    tap(&session, "Too bright").await;
    shows(&session, "A brightness above 100");
    tap(&session, "Softly dark").await;
    shows(&session, "Lamp: 5 %");
    // Another person has another lamp.
    let other = launched(&runtime, "budi").await;
    shows(&other, "Lamp: 0 %");

    let audit = runtime.audit(AuditQuery {
        person: Some(PERSON),
        capability: Capability::named("acme:lamp/lamp"),
        limit: 100,
        ..AuditQuery::default()
    });
    let audit = audit.expect("the audit");
    assert_eq!((&*audit[0].function, &*audit[0].about), ("fade", "to 5 %"));
    assert!(
        audit
            .iter()
            .any(|entry| entry.function == "switch" && entry.allowed)
    );
}

#[tokio::test]
async fn what_is_withdrawn_is_refused_at_the_next_call() {
    let lamps = Arc::new(Lamps::default());
    let runtime = Runtime::new(with_lamps(&lamps)).expect("a runtime");
    let session = launched(&runtime, PERSON).await;
    let lamp = Capability::named("acme:lamp/lamp").expect("it has its place");
    assert!(session.grants().granted().contains(&lamp));
    session.grants().withdraw(lamp);
    for button in ["Bright", "Softly dark"] {
        tap(&session, button).await;
        shows(&session, "access-denied");
    }
    assert_eq!(lamps.with(PERSON, |lamp| *lamp), 0);
    session.grants().grant(lamp);
    tap(&session, "Bright").await;
    shows(&session, "Lamp: 100 %");
}

#[tokio::test]
async fn it_freezes_restarts_and_plays_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let lamps = Arc::new(Lamps::default());
    let config = || RuntimeConfig {
        snapshots: Some(SnapshotConfig::in_folder(folder.path()).expect("a folder")),
        ..with_lamps(&lamps)
    };
    let runtime = Runtime::new(config()).expect("a runtime");
    let session = launched(&runtime, PERSON).await;
    tap(&session, "Bright").await;
    assert!(session.freeze(), "{:?}", session.app().snapshots());
    tap(&session, "Softly dark").await;
    shows(&session, "Lamp: 5 %");
    let id = session.id();
    let left = runtime.suspend(Duration::from_secs(20)).await;
    assert_eq!(left.expect("suspended"), 0);

    let runtime = Runtime::new(config()).expect("a runtime");
    runtime.load(package()).await.expect("loaded");
    let session = runtime.session(id).expect("it goes on");
    tap(&session, "Bright").await;
    shows(&session, "Lamp: 100 %");
    drop(runtime);

    let recorded = RuntimeConfig {
        record: Some(RecordOptions {
            most_bytes: 1 << 20,
            hashes: true,
        }),
        ..with_lamps(&lamps)
    };
    let runtime = Runtime::new(recorded).expect("a runtime");
    let session = launched(&runtime, PERSON).await;
    for button in ["Bright", "Softly dark"] {
        tap(&session, button).await;
    }
    let recording = session.recording().expect("recorded");
    lamps.with(PERSON, |lamp| *lamp = 77);
    let replayed = runtime
        .replay(session.app(), &recording)
        .await
        .expect("played");
    assert!(replayed.is_exact());
    assert_eq!(
        lamps.with(PERSON, |lamp| *lamp),
        77,
        "a replay switched the lamp"
    );
}

#[tokio::test]
async fn a_platform_without_it_says_so() {
    let runtime = Runtime::new(RuntimeConfig::simulated()).expect("a runtime");
    let session = launched(&runtime, PERSON).await;
    shows(&session, "acme:lamp/lamp: false");
    for button in ["Bright", "Softly dark"] {
        tap(&session, button).await;
        shows(&session, "access-denied");
    }
    assert!(session.freeze(), "{:?}", session.app().snapshots());
}

#[tokio::test]
async fn one_package_runs_on_every_profile_and_sees_the_difference() {
    let mut seen = Vec::new();
    for name in PROFILES {
        let devices = SimulatedDevices::default();
        let mut config = with_lamps(&Arc::default());
        devices.put_behind(&mut config.providers);
        let file = root().join(format!("profiles/{name}.json"));
        let profile = Profile::read(&file).expect("sound");
        profile.set_up(&mut config, &devices).expect("sound");
        let runtime = Runtime::new(config).expect("a runtime");
        devices.begin(PERSON);
        let session = launched(&runtime, PERSON).await;
        tap(&session, "Where am I?").await;
        tap(&session, "Bright").await;
        seen.push(says(&session));
    }
    let [everything, coarse, kiosk, lamp] = &seen[..] else {
        panic!("{seen:?}");
    };
    // Precise, for whoever lends it so.
    assert!(
        everything.contains("-6.1754 106.8272 Accuracy::Precise"),
        "{everything}"
    );
    assert!(
        coarse.contains("Accuracy::Coarse") && !coarse.contains("-6.1754"),
        "{coarse}"
    );
    assert!(
        kiosk.contains("-6.1950 106.8230 Accuracy::Precise"),
        "{kiosk}"
    );
    assert!(kiosk.contains("bluetooth: false, motion: false"), "{kiosk}");
    assert!(
        lamp.contains("location: false") && lamp.contains("access-denied"),
        "{lamp}"
    );
    for (nth, says) in seen.iter().enumerate() {
        assert!(
            says.contains(if nth == 3 {
                "location: false"
            } else {
                "location: true"
            }),
            "{says}"
        );
        assert!(says.contains("Lamp: 100 %"), "{says}");
    }
    // What the host knows at all, the first offers.
    for name in ["bluetooth", "motion"]
        .into_iter()
        .filter(|name| Capability::named(name).is_some())
    {
        assert!(
            everything.contains(&format!("{name}: true")),
            "{everything}"
        );
    }
}
