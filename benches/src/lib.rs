//! Measures what the README says, each figure beside its reference in the same run.

mod apps;
mod bare;
mod browser;
mod child;
mod figures;
mod live;
mod plots;
mod process;
mod report;
mod result;
mod server;
mod stub;
mod wire;

use std::path::Path;
use std::time::Instant;

pub use child::serve;
pub use result::{Figure, Reference};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Runs of each figure; the table shows their median and range.
    pub runs: usize,
    /// What is done in one run, for what takes microseconds.
    pub repeats: usize,
    /// What the numbers of sessions, instances and neighbours are divided by.
    pub divide: usize,
}

impl Effort {
    /// A number of sessions or neighbours, or as many of them as this effort allows.
    #[must_use]
    pub fn of(&self, count: usize) -> usize {
        (count / self.divide).max(2)
    }

    /// What the published figures are made with.
    #[must_use]
    pub fn full() -> Self {
        Self {
            runs: 15,
            repeats: 500,
            divide: 1,
        }
    }

    /// Just enough to see that everything still works.
    #[must_use]
    pub fn smoke() -> Self {
        Self {
            runs: 2,
            repeats: 3,
            divide: 1_000,
        }
    }
}

/// Measures all figures, or one by its id (and with it those that come of the same runs); prints the table, writes
/// `results.json`, the plots and the tables in the pages.
///
/// All of them are measured one after the other in processes of their own: memory maps and memory that one leaves behind are
/// not the next one's.
///
/// # Errors
/// When an app does not build or run, or the id is unknown. The other figures are measured all the same.
pub fn run(only: Option<&str>, effort: Effort) -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = folder.join("results.json");
    let since = Instant::now();
    let mut failed = Vec::new();
    let shown = match only {
        Some(only) => {
            let figures = measure(Some(only), effort)?;
            result::write(&path, &figures)?;
            figures
        }
        None => {
            result::clear(&path)?;
            for group in figures::ALL {
                let began = Instant::now();
                if !child::measures(group.name())? {
                    failed.push(group.name());
                }
                eprintln!("  took {:.0} s", began.elapsed().as_secs_f64());
            }
            result::read(&path)?
        }
    };
    print!("{}", result::table(&shown));
    let all = result::read(&path)?;
    plots::draw(&folder.join("plots"), &all)?;
    report::put_into(&folder.join("README.md"), &all)?;
    report::put_into(&folder.join("../README.md"), &all)?;
    println!(
        "\nwritten to {}, plots and tables beside it; took {:.1} minutes",
        path.display(),
        since.elapsed().as_secs_f64() / 60.0
    );
    anyhow::ensure!(failed.is_empty(), "not measured: {}", failed.join(", "));
    Ok(())
}

/// The id of every figure.
pub fn ids() -> impl Iterator<Item = &'static str> {
    figures::ALL.iter().flat_map(|group| group.ids).copied()
}

/// The id of every figure that this machine can measure.
pub fn possible_ids() -> impl Iterator<Item = &'static str> {
    let possible = figures::ALL.iter().filter(|group| group.is_possible());
    possible.flat_map(|group| group.ids).copied()
}

/// Measures without printing.
///
/// # Errors
/// As [`run`].
pub fn measure(only: Option<&str>, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let mut measured = Vec::new();
    for group in figures::ALL {
        if only.is_none_or(|only| group.ids.contains(&only)) {
            if !group.is_possible() {
                eprintln!(
                    "not measured, for there is no Chromium: {}",
                    group.ids.join(", ")
                );
                continue;
            }
            eprintln!("measuring {} …", group.ids.join(", "));
            let figures = (group.measure)(&tokio, effort)?;
            let told: Vec<_> = figures.iter().map(|figure| figure.id.as_str()).collect();
            // Who asks for a figure by its id is to get it.
            anyhow::ensure!(told == group.ids, "{told:?} were measured");
            measured.extend(figures);
        }
    }
    anyhow::ensure!(
        !measured.is_empty(),
        "there is no such figure; there are: {}",
        ids().collect::<Vec<_>>().join(", ")
    );
    Ok(measured)
}
