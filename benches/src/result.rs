//! What a measurement came to: median and range, beside the reference's.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// One figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// Names the figure; stays the same between versions.
    pub id: String,
    /// `us`, `ms`, `bytes`, `MiB`, `1/s` or `sessions`.
    pub unit: String,
    /// The middle of the runs.
    pub median: f64,
    /// The smallest run.
    pub min: f64,
    /// The largest run.
    pub max: f64,
    /// How many runs.
    pub runs: usize,
    /// What it is compared with, measured in the same run.
    pub reference: Reference,
    /// Median over the reference's median.
    pub ratio: f64,
}

/// What a figure is compared with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reference {
    /// What it is.
    pub name: String,
    /// The middle of the runs.
    pub median: f64,
    /// The smallest run.
    pub min: f64,
    /// The largest run.
    pub max: f64,
}

impl Figure {
    /// Sums up runs of ours and of the reference, in the figure's unit. Neither may be empty.
    #[must_use]
    pub fn of(id: &str, unit: &str, ours: &[f64], reference: (&str, &[f64])) -> Self {
        let (name, theirs) = reference;
        let (median, their_median) = (middle(ours), middle(theirs));
        Self {
            id: id.to_owned(),
            unit: unit.to_owned(),
            median,
            min: least(ours),
            max: most(ours),
            runs: ours.len(),
            reference: Reference {
                name: name.to_owned(),
                median: their_median,
                min: least(theirs),
                max: most(theirs),
            },
            ratio: median / their_median,
        }
    }
}

/// The median.
#[must_use]
pub(crate) fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
    }
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// The figures as a table.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut table = format!(
        "{:<22} {:>26} {:>5}  {:<44} {:>26} {:>7}\n",
        "id", "median (min – max)", "unit", "reference", "median (min – max)", "ratio"
    );
    for figure in figures {
        let range = |median: f64, min: f64, max: f64| {
            format!("{} ({} – {})", short(median), short(min), short(max))
        };
        let reference = &figure.reference;
        // Writing into a String cannot fail.
        let _ = writeln!(
            table,
            "{:<22} {:>26} {:>5}  {:<44} {:>26} {:>7.2}",
            figure.id,
            range(figure.median, figure.min, figure.max),
            figure.unit,
            reference.name,
            range(reference.median, reference.min, reference.max),
            figure.ratio,
        );
    }
    table
}

fn short(value: f64) -> String {
    if value >= 1_000.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

/// Writes these results; figures that were not measured now stay as they are.
pub(crate) fn write(path: &Path, figures: &[Figure]) -> anyhow::Result<()> {
    let mut all = read(path)?;
    for figure in figures {
        match all.iter_mut().find(|one| one.id == figure.id) {
            Some(old) => *old = figure.clone(),
            None => all.push(figure.clone()),
        }
    }
    put(path, &all)
}

/// Forgets every result.
pub(crate) fn clear(path: &Path) -> anyhow::Result<()> {
    put(path, &[])
}

/// What was written.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Figure>> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| path.display().to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

fn put(path: &Path, figures: &[Figure]) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(figures)?;
    std::fs::write(path, text + "\n").with_context(|| path.display().to_string())
}
