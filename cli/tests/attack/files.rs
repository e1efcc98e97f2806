//! Files that are not what the command takes them for: pipes, devices, links to nowhere, files without end.

use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Attacker;
use super::cost::Cost;
use super::support::running::PATIENCE;

/// What lies in the place of a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Nobody ever writes to it.
    Pipe,
    /// A link to a device that never ends.
    Zeros,
    /// A link to nowhere.
    Dangling,
    /// A link to itself.
    Circle,
    /// Eight GiB of nothing, which take no disk.
    Huge,
    Folder,
    /// A list in a list, and so on.
    Nested,
}

const KINDS: [Kind; 7] = [
    Kind::Pipe,
    Kind::Zeros,
    Kind::Dangling,
    Kind::Circle,
    Kind::Huge,
    Kind::Folder,
    Kind::Nested,
];

/// Where the command reads at its start. The app's folder is `app`, the data's `data`.
const PLACES: [&str; 9] = [
    "app/device.json",
    "app/shop.json",
    "app/app.ma",
    "profile.json",
    "data/lock",
    "data/storage.sqlite",
    "data/sessions/key",
    "data/bank/bank.key",
    "data/bank",
];

/// Something in the wrong place.
pub(super) struct Hostile {
    place: &'static str,
    kind: Kind,
}

/// How a command that found it there went.
pub(super) struct Ended {
    /// `None`: it serves.
    code: Option<i32>,
    said: String,
    pub(super) peak_mib: u64,
}

/// Each with a name.
pub(super) fn all() -> Vec<(String, Hostile)> {
    let places = PLACES.into_iter();
    let all = places.flat_map(|place| KINDS.map(|kind| Hostile { place, kind }));
    all.map(|one| (format!("{:?} in the place of {}", one.kind, one.place), one))
        .collect()
}

/// Starts a preview beside it, and waits until it serves or has ended.
pub(super) fn started_with(package: &Path, hostile: &Hostile) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let (app, data) = (folder.path().join("app"), folder.path().join("data"));
    fs::create_dir(&app).expect("a folder");
    fs::copy(package, app.join("app.ma")).expect("copied");
    lay(&folder.path().join(hostile.place), hostile.kind);
    let mut command = Command::new(env!("CARGO_BIN_EXE_lapak"));
    command
        .args(["preview", "--port", "0", "--data"])
        .arg(&data);
    if hostile.place == "profile.json" {
        command
            .arg("--profile")
            .arg(folder.path().join("profile.json"));
    }
    command
        .arg(&app)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    watch(command)
}

fn watch(mut command: Command) -> Ended {
    let mut child = command.spawn().expect("lapak starts");
    let out = child.stdout.take().expect("piped");
    let (serves, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // Whoever ends says nothing.
        let first = BufReader::new(out).lines().next();
        let _ = serves.send(first.is_some_and(|line| line.is_ok()));
    });
    let err = child.stderr.take().expect("piped");
    let said = std::thread::spawn(move || {
        let mut said = Vec::new();
        let _ = err.take(1 << 20).read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    });
    let began = Instant::now();
    let mut peak_mib = 0;
    loop {
        if let Some(cost) = Cost::of_memory(child.id()) {
            peak_mib = peak_mib.max(cost);
        }
        match told.recv_timeout(Duration::from_millis(5)) {
            Ok(serves) => {
                if serves {
                    let _ = child.kill();
                }
                let ended = child.wait().expect("it ends");
                let said = said.join().unwrap_or_default();
                let code = if serves { None } else { ended.code() };
                assert!(serves || code.is_some_and(|code| code > 0), "{said}");
                assert!(serves || !said.contains("panicked"), "{said}");
                return Ended {
                    code,
                    said,
                    peak_mib,
                };
            }
            Err(_) if began.elapsed() < PATIENCE / 5 => {}
            Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                panic!("it waits for ever: {}", said.join().unwrap_or_default());
            }
        }
    }
}

/// Puts it there, with what is above it.
fn lay(place: &Path, kind: Kind) {
    clear(place);
    fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
    match kind {
        Kind::Pipe => {
            let made = Command::new("mkfifo").arg(place).status();
            assert!(made.expect("mkfifo runs").success());
        }
        Kind::Zeros => symlink("/dev/zero", place).expect("a link"),
        Kind::Dangling => symlink("/nowhere/at/all", place).expect("a link"),
        Kind::Circle => symlink(place, place).expect("a link"),
        Kind::Huge => {
            let file = File::create(place).expect("a file");
            file.set_len(8 << 30).expect("room");
        }
        Kind::Folder => fs::create_dir(place).expect("a folder"),
        Kind::Nested => fs::write(place, "[".repeat(3_000_000)).expect("written"),
    }
}

fn clear(place: &Path) {
    if fs::remove_file(place).is_err() {
        let _ = fs::remove_dir_all(place);
    }
}

/// Has a folder's package be one thing after the other, then the folder itself; a good one in between.
pub(super) fn replaces(folder: PathBuf, good: Vec<u8>) -> Attacker {
    let mut turn = 0;
    Box::new(move |_| {
        let package = folder.join("app.ma");
        let kind = KINDS[turn % KINDS.len()];
        match turn % 4 {
            0 | 2 => {
                if !folder.is_dir() {
                    clear(&folder);
                }
                lay(&package, kind);
            }
            1 => lay(&folder, kind),
            // It grows while it is read.
            _ => {
                clear(&folder);
                let _ = fs::create_dir(&folder);
                for piece in good.chunks(64 << 10) {
                    let file = File::options().create(true).append(true).open(&package);
                    let written =
                        file.and_then(|mut file| std::io::Write::write_all(&mut file, piece));
                    written.expect("written");
                }
            }
        }
        turn += 1;
        std::thread::sleep(Duration::from_millis(60));
    })
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.said.trim_end().lines().last().unwrap_or_default();
        match self.code {
            None => write!(f, "serves ({} MiB)", self.peak_mib),
            Some(code) => write!(f, "ends with {code} ({} MiB): {last}", self.peak_mib),
        }
    }
}
