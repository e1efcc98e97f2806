//! What somebody who means harm can do to a preview, beside a person who only taps.
//!
//! Each attack runs against the real command for a while (`LAPAK_ATTACK_SECONDS`, 3 in `make test`, 60 in `make attack`). Meanwhile a
//! neighbour taps a counter: every tap must be answered, in order, with the right number. The server's memory and its folder are
//! looked at before, at the peak and after, and must stay within a budget. How long the neighbour waited is told, not judged:
//! `make attack` prints it.

#[path = "attack/clients.rs"]
mod clients;
#[path = "attack/component.rs"]
mod component;
#[path = "attack/cost.rs"]
mod cost;
#[path = "attack/files.rs"]
mod files;
#[path = "attack/guests.rs"]
mod guests;
#[path = "attack/neighbour.rs"]
mod neighbour;
#[path = "attack/packages.rs"]
mod packages;
mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cost::Cost;
use neighbour::Neighbour;
use support::running::{Running, come_from_elsewhere};

/// A server under attack: the counter of a person who only taps, and what the attacker brought.
struct Siege {
    preview: Arc<Running>,
    folder: tempfile::TempDir,
}

/// Until when an attacker goes on.
#[derive(Clone)]
struct Until {
    over: Arc<AtomicBool>,
    ends: Instant,
}

/// What an attacker does, again and again.
type Attacker = Box<dyn FnMut(&Running) + Send>;

/// Apps that are to run, or their attack would be none. The others may be refused.
const RUN: [&str; 6] = [
    "relaunching",
    "spinning",
    "waiting",
    "hoarding",
    "writing",
    "asking",
];

/// What an attack may add to what the server holds, in MiB.
#[derive(Clone, Copy)]
struct Budget {
    /// In memory, at its peak.
    peak_mib: u64,
    /// On disk, for each second of the attack besides the first 160.
    disk_mib_per_second: u64,
}

/// Of whoever is not an app.
const CLIENTS: Budget = Budget {
    peak_mib: 640,
    disk_mib_per_second: 0,
};
/// Of an app that comes as ever other people: it may have a gigabyte of memory and a quarter of one under way by its account, and
/// hardly ever has both.
const APPS: Budget = Budget {
    peak_mib: 1_280,
    disk_mib_per_second: 64,
};
/// Of six such apps and the clients together.
const EVERYBODY: Budget = Budget {
    peak_mib: 2_048,
    disk_mib_per_second: 64,
};

impl Until {
    fn after(time: Duration) -> Self {
        Self {
            over: Arc::default(),
            ends: Instant::now() + time,
        }
    }

    /// Whether there is time left.
    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed) && Instant::now() < self.ends
    }
}

impl Siege {
    /// With these packages on the shelf.
    fn of(packages: &[(&str, Vec<u8>)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut apps: Vec<PathBuf> = vec![counter(folder.path())];
        for (name, bytes) in packages {
            let path = folder.path().join(format!("{name}.ma"));
            std::fs::write(&path, bytes).expect("written");
            apps.push(path);
        }
        let run = packages.iter().map(|(name, _)| *name);
        let run = run.filter(|name| RUN.contains(name));
        Self::begin(folder, &apps, run.chain(["counter"]).collect())
    }

    /// Shows these apps, and waits until those of the names are ready.
    fn begin(folder: tempfile::TempDir, apps: &[PathBuf], ready: Vec<&str>) -> Self {
        let preview = Running::start_behind_proxy(apps, &folder.path().join("data"));
        preview.until_ready(ready);
        Self {
            preview: Arc::new(preview),
            folder,
        }
    }

    fn cost(&self) -> Cost {
        Cost::of(self.preview.id(), &self.folder.path().join("data"))
    }

    /// Lets the attackers loose beside the neighbour, and looks at what it cost.
    fn stand(&self, name: &str, budget: Budget, attackers: Vec<Attacker>) {
        self.stand_for(name, seconds("LAPAK_ATTACK_SECONDS"), budget, attackers);
    }

    fn stand_for(&self, name: &str, time: Duration, budget: Budget, attackers: Vec<Attacker>) {
        let quiet = Neighbour::arrive(&self.preview).taps(&Until::after(Duration::from_secs(1)));
        let before = self.cost();
        let until = Until::after(time);
        let attacks: Vec<_> = attackers
            .into_iter()
            .map(|mut attack| {
                let (preview, until) = (self.preview.clone(), until.clone());
                std::thread::spawn(move || {
                    come_from_elsewhere();
                    while until.goes_on() {
                        attack(&preview);
                    }
                })
            })
            .collect();
        let busy = Neighbour::arrive(&self.preview).taps(&until);
        until.over.store(true, Ordering::Relaxed);
        for attack in attacks {
            let _ = attack.join();
        }
        let after = self.cost();
        println!(
            "{name}: neighbour {quiet} alone, {busy} beside it; memory {} → {} MiB at the peak → {} MiB; disk {} → {} MiB",
            before.memory_mib, after.peak_mib, after.memory_mib, before.disk_mib, after.disk_mib
        );
        // Whoever comes afterwards is served.
        Neighbour::arrive(&self.preview).taps(&Until::after(Duration::ZERO));
        let grown = after.peak_mib.saturating_sub(before.memory_mib);
        assert!(
            grown <= budget.peak_mib,
            "{name}: memory grew by {grown} MiB"
        );
        let written = after.disk_mib.saturating_sub(before.disk_mib);
        let may_write = 160 + budget.disk_mib_per_second * time.as_secs();
        assert!(
            written <= may_write,
            "{name}: {written} MiB were written to disk"
        );
    }
}

fn seconds(name: &str) -> Duration {
    let set = std::env::var(name).ok();
    Duration::from_secs(set.and_then(|set| set.parse().ok()).unwrap_or(3))
}

/// The counter's package.
fn counter(folder: &Path) -> PathBuf {
    let package = folder.join("counter.ma");
    let built = std::process::Command::new(env!("CARGO_BIN_EXE_lapak"))
        .args(["build", "--out"])
        .arg(&package)
        .arg(support::root().join("examples/counter"))
        .output()
        .expect("lapak runs");
    assert!(built.status.success(), "{built:?}");
    package
}

/// Launches the app of that name, again and again.
fn launches(app: &'static str) -> Attacker {
    Box::new(move |preview| {
        let _ = preview.try_get(&format!("/a/{app}"));
    })
}

#[test]
fn an_app_that_navigates_for_ever() {
    let siege = Siege::of(&[("relaunching", guests::relaunching())]);
    siege.stand("relaunching", APPS, vec![launches("relaunching")]);
}

#[test]
fn an_app_that_spins() {
    let siege = Siege::of(&[("spinning", guests::spinning())]);
    siege.stand("spinning", APPS, vec![launches("spinning")]);
}

#[test]
fn an_app_that_waits_in_wasi() {
    let siege = Siege::of(&[("waiting", guests::waiting())]);
    siege.stand("waiting", APPS, vec![launches("waiting")]);
}

#[test]
fn an_app_that_hoards_memory_and_cannot_be_frozen() {
    let siege = Siege::of(&[("hoarding", guests::hoarding())]);
    siege.stand("hoarding", APPS, vec![launches("hoarding")]);
}

#[test]
fn an_app_that_writes_without_end() {
    let siege = Siege::of(&[("writing", guests::writing())]);
    siege.stand("writing", APPS, vec![launches("writing")]);
}

#[test]
fn an_app_that_asks_for_what_it_may_not_have() {
    let siege = Siege::of(&[("asking", guests::asking())]);
    siege.stand("asking", APPS, vec![launches("asking")]);
}

#[test]
fn packages_that_cost_more_than_their_bytes() {
    for (name, package) in packages::all() {
        let siege = Siege::of(&[(name, package)]);
        siege.stand(name, CLIENTS, vec![launches(name)]);
    }
}

#[test]
fn clients_that_never_finish() {
    let siege = Siege::of(&[]);
    siege.stand(
        "half requests",
        CLIENTS,
        vec![clients::half_requests(), clients::half_requests()],
    );
}

#[test]
fn clients_that_do_not_read() {
    let siege = Siege::of(&[]);
    siege.stand("deaf sockets", CLIENTS, vec![clients::deaf()]);
}

#[test]
fn clients_that_send_too_much() {
    let siege = Siege::of(&[]);
    siege.stand(
        "large and unfinished frames",
        CLIENTS,
        vec![clients::large_messages(), clients::unfinished_frames()],
    );
}

#[test]
fn clients_that_launch_without_end() {
    let siege = Siege::of(&[]);
    siege.stand(
        "launches",
        CLIENTS,
        vec![launches("counter"), launches("counter")],
    );
}

/// Beside an app whose folder turns into ever other things while it is shown.
#[test]
fn a_watched_folder_that_is_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = std::fs::read(counter(folder.path())).expect("read");
    let shown = folder.path().join("changing");
    std::fs::create_dir(&shown).expect("a folder");
    std::fs::write(shown.join("app.ma"), &good).expect("written");
    let apps = [folder.path().join("counter.ma"), shown.clone()];
    let siege = Siege::begin(folder, &apps, vec!["counter", "changing"]);
    siege.stand(
        "a folder that is replaced",
        CLIENTS,
        vec![files::replaces(shown, good)],
    );
}

/// What lies where the command reads at its start: it says what is wrong, or goes on without.
#[test]
fn files_that_are_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let package = counter(folder.path());
    for (what, hostile) in files::all() {
        let ended = files::started_with(&package, &hostile);
        println!("{what}: {ended}");
        assert!(
            ended.peak_mib < CLIENTS.peak_mib,
            "{what}: {} MiB",
            ended.peak_mib
        );
    }
}

/// Everything at once; `make attack` lets it go on for 20 minutes.
#[test]
fn all_at_once() {
    let siege = Siege::of(&[
        ("relaunching", guests::relaunching()),
        ("spinning", guests::spinning()),
        ("waiting", guests::waiting()),
        ("hoarding", guests::hoarding()),
        ("writing", guests::writing()),
        ("asking", guests::asking()),
    ]);
    let mut attackers: Vec<Attacker> = RUN.into_iter().map(launches).collect();
    attackers.extend([
        clients::half_requests(),
        clients::deaf(),
        clients::large_messages(),
        clients::unfinished_frames(),
    ]);
    let time = seconds("LAPAK_SOAK_SECONDS");
    siege.stand_for("all at once", time, EVERYBODY, attackers);
}
