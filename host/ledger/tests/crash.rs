//! A program that pays is killed with SIGKILL at random instants, again and again. After each restart everything that
//! it was told is done is there, nothing is there twice, and the chain verifies.
//!
//! SIGKILL proves that no state outside the file is needed; that the file itself survives a power cut rests on SQLite's
//! write-ahead log with `synchronous=FULL` (see `torn.rs` for what a cut can leave behind).

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use lapak_ledger::Digest;
use lapak_ledger::ledger::{Anchor, Ledger, LedgerOptions, Operation, Payment};
use support::{capture, hold, id, open_accounts, pay, refund, transfer};

/// How often the program is killed when nobody says otherwise (`LAPAK_KILLS`).
const KILLS: usize = 520;
/// A new file now and then, so that proving the whole journal each time stays cheap.
const KILLS_PER_FILE: usize = 26;
const LANES: usize = 4;
const THREADS: usize = 4;
const TOP_UP: i64 = 1_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["driver", path, round] => return drive(Path::new(path), round, THREADS, usize::MAX),
        ["alone", path, steps] => {
            let steps = steps.parse().expect("a number");
            return drive(Path::new(path), "alone", 1, steps);
        }
        _ => {}
    }
    let tests: [(&str, fn()); 2] = [
        ("killed_at_any_instant", killed_at_any_instant),
        (
            "on_disk_before_it_is_acknowledged",
            on_disk_before_it_is_acknowledged,
        ),
    ];
    if arguments.iter().any(|argument| argument == "--list") {
        tests.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let filters: Vec<_> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let asked = |name: &str| {
        filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()))
    };
    let (run, left): (Vec<_>, Vec<_>) = tests.iter().partition(|(name, _)| asked(name));
    println!("\nrunning {} tests", run.len());
    for (name, test) in &run {
        // A check that fails ends the program.
        test();
        println!("test {name} ... ok");
    }
    println!(
        "\ntest result: ok. {} passed; 0 failed; 0 ignored; 0 measured; {} filtered out",
        run.len(),
        left.len()
    );
    ExitCode::SUCCESS
}

fn kills() -> usize {
    match std::env::var("LAPAK_KILLS") {
        Ok(kills) => kills.parse().expect("LAPAK_KILLS is a number"),
        Err(_) => KILLS,
    }
}

fn killed_at_any_instant() {
    let begun = Instant::now();
    let kills = kills();
    let files = kills.div_ceil(KILLS_PER_FILE);
    let lane = |lane| {
        (lane..files)
            .step_by(LANES)
            .map(one_file)
            .collect::<Vec<_>>()
    };
    let told: Vec<Told> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|number| scope.spawn(move || lane(number)))
            .collect();
        lanes
            .into_iter()
            .flat_map(|lane| lane.join().expect("no check failed"))
            .collect()
    });
    let sum = |part: fn(&Told) -> usize| told.iter().map(part).sum::<usize>();
    println!(
        "  {} kills in {:.1} s: {} operations acknowledged, {} more found done, {files} ledgers of {} entries proved",
        sum(|told| told.kills),
        begun.elapsed().as_secs_f64(),
        sum(|told| told.acknowledged),
        sum(|told| told.unacknowledged),
        sum(|told| told.entries),
    );
    let acknowledged = sum(|told| told.acknowledged);
    assert!(
        acknowledged > kills,
        "the kills came before anything was done"
    );
}

/// Watches what the program asks of the system: between a write to the ledger's files and the next word that something
/// is done there is always an `fsync`. SIGKILL alone cannot show that.
fn on_disk_before_it_is_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    let traced = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-e",
            "trace=pwrite64,pwritev,write,fsync,fdatasync",
            "-o",
        ])
        .arg(&trace)
        .arg(std::env::current_exe().expect("this program"))
        .args([
            "alone".as_ref(),
            folder.path().join("ledger.db").as_os_str(),
            "300".as_ref(),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !traced.is_ok_and(|status| status.success()) {
        println!("  skipped: strace is not installed, or may not trace");
        return;
    }
    let (mut acknowledged, mut synced, mut unsynced) = (0, 0, false);
    for line in std::fs::read_to_string(trace).expect("read").lines() {
        // A call that another thread's line interrupts is told again when it ends.
        let unfinished = line.contains("<unfinished");
        if line.contains("write(1, \"alone-") {
            assert!(!unsynced, "acknowledged before it was on disk: {line}");
            assert!(synced > 0, "acknowledged without a write: {line}");
            (acknowledged, synced) = (acknowledged + 1, 0);
        } else if line.contains("pwrite") {
            unsynced = true;
        } else if line.contains("sync") && !unfinished {
            (synced, unsynced) = (synced + 1, false);
        }
    }
    assert_eq!(acknowledged, 300);
}

struct Told {
    kills: usize,
    acknowledged: usize,
    unacknowledged: usize,
    entries: usize,
}

/// Kills the driver on one file, again and again.
fn one_file(number: usize) -> Told {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    let mut random = Random(number as u64 + 1);
    let mut told = Told {
        kills: 0,
        acknowledged: 0,
        unacknowledged: 0,
        entries: 0,
    };
    // Every operation that ever was acknowledged, with its entry.
    let mut known: BTreeMap<String, Anchor> = BTreeMap::new();
    for round in 0..KILLS_PER_FILE {
        // Most kills while payments run, some while the file is made or recovered.
        let after = Duration::from_micros(random.below(60_000));
        let acknowledged = killed(&path, &round.to_string(), after);
        told.kills += 1;
        told.acknowledged += acknowledged.len();
        known.extend(acknowledged);
        if !path.exists() {
            continue;
        }
        let ledger = Ledger::open(&path, LedgerOptions::default()).expect("opens after a kill");
        let anchors: Vec<Anchor> = known.values().copied().collect();
        let proof = ledger
            .verify(&anchors)
            .unwrap_or_else(|broken| panic!("round {round} of file {number}: {broken}"));
        told.entries = usize::try_from(proof.entries).unwrap_or(usize::MAX);
        told.unacknowledged += sent_again(&ledger, round, &known);
        check_balances(&ledger);
    }
    told
}

/// Starts the driver, kills it after a time, and gives what it was told was done.
fn killed(path: &Path, round: &str, after: Duration) -> Vec<(String, Anchor)> {
    let mut driver = Command::new(std::env::current_exe().expect("this program"))
        .args(["driver".as_ref(), path.as_os_str(), round.as_ref()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the driver starts");
    let out = BufReader::new(driver.stdout.take().expect("piped"));
    let reader = std::thread::spawn(move || {
        let whole = |line: String| line.strip_suffix('.').map(str::to_owned);
        out.lines()
            .map_while(Result::ok)
            .filter_map(whole)
            .map(|line| acknowledged(&line))
            .collect::<Vec<_>>()
    });
    std::thread::sleep(after);
    driver.kill().expect("killed");
    driver.wait().expect("ended");
    reader.join().expect("read")
}

fn acknowledged(line: &str) -> (String, Anchor) {
    let [name, seq, hash] = line
        .split(' ')
        .collect::<Vec<_>>()
        .try_into()
        .expect("three words");
    let hash: Digest = hash.parse().expect("a digest");
    (
        name.to_owned(),
        Anchor {
            seq: seq.parse().expect("a number"),
            hash,
        },
    )
}

/// Sends again what was acknowledged in this round: it is not done twice, and gives the same entry. And the first that
/// was not: it is done now, or was. Gives how many were.
fn sent_again(ledger: &Ledger, round: usize, known: &BTreeMap<String, Anchor>) -> usize {
    let mut found = 0;
    for thread in 0..THREADS {
        for number in 0.. {
            let name = format!("{round}-{thread}-{number}");
            if number == 0 && !opened(ledger) {
                break;
            }
            let posted = ledger
                .carry_out(operation(&name, number))
                .expect("done")
                .expect("an entry");
            match known.get(&name) {
                Some(anchor) => {
                    assert!(posted.repeated, "{name} was lost and done again");
                    assert_eq!(
                        (posted.seq, posted.hash),
                        (anchor.seq, anchor.hash),
                        "{name}"
                    );
                }
                None => {
                    found += usize::from(posted.repeated);
                    break;
                }
            }
        }
    }
    found
}

/// The first kills may come before the accounts were opened.
fn opened(ledger: &Ledger) -> bool {
    let ani = ledger.balance(&id("person:ani")).expect("read");
    ani.is_some_and(|balance| balance.available_minor + balance.held_minor > 0)
}

/// Nothing was made or lost between the accounts.
fn check_balances(ledger: &Ledger) {
    let total = |account: &str| {
        let balance = ledger.balance(&id(account)).expect("read");
        balance.map_or(0, |balance| balance.available_minor + balance.held_minor)
    };
    let people = ["person:ani", "person:budi", "merchant:warung"].map(total);
    assert_eq!(
        people.iter().sum::<i64>(),
        -total("equity:issued"),
        "{people:?}"
    );
    assert!(people.iter().all(|minor| *minor >= 0), "{people:?}");
}

/// Pays until it is killed, or has made so many steps, and says what it was told is done.
fn drive(path: &Path, round: &str, threads: usize, steps: usize) -> ExitCode {
    let ledger = Ledger::open(path, LedgerOptions::default()).expect("a ledger");
    open_accounts(&ledger);
    ledger
        .carry_out(transfer("equity:issued", "person:ani", "top-up", TOP_UP))
        .expect("topped up");
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let ledger = &ledger;
            scope.spawn(move || {
                for number in 0..steps {
                    let name = format!("{round}-{thread}-{number}");
                    let posted = ledger
                        .carry_out(operation(&name, number))
                        .expect("done")
                        .expect("an entry");
                    // One write for a line, so that lines of threads do not mix; the point says that it is whole.
                    let line = format!("{name} {} {}.\n", posted.seq, posted.hash);
                    std::io::stdout()
                        .lock()
                        .write_all(line.as_bytes())
                        .expect("told");
                }
            });
        }
    });
    ExitCode::SUCCESS
}

/// What a driver's thread does as its `number`th step: pay, hold, capture that hold, pay, refund that, send.
fn operation(name: &str, number: usize) -> Operation {
    let earlier = |back: usize| {
        let (thread, _) = name.rsplit_once('-').expect("a name with a number");
        format!("{thread}-{}", number - back)
    };
    let forever = |operation| match operation {
        Operation::Pay(payment) => Operation::Pay(Payment {
            expires_at_ms: i64::MAX,
            ..payment
        }),
        Operation::Hold(payment) => Operation::Hold(Payment {
            expires_at_ms: i64::MAX,
            ..payment
        }),
        other => other,
    };
    let operation = match number % 6 {
        0 => pay(name, "person:ani", 2),
        1 => hold(name, "person:ani", 2),
        2 => capture(&earlier(1), 1),
        3 => pay(name, "person:ani", 3),
        4 => refund(&earlier(1), name, 2),
        _ => transfer("person:ani", "person:budi", name, 1),
    };
    forever(operation)
}

/// Xorshift: which instants are chosen is the same in every run, what happens in them is not.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
