//! The results as pictures, for benches/README.md.

use std::path::Path;

use anyhow::anyhow;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::*;

use crate::report::short;
use crate::result::Figure;

const SIZE: (u32, u32) = (860, 420);
const OURS: RGBColor = RGBColor(0x0b, 0x6e, 0x4f);
const THEIRS: RGBColor = RGBColor(0xc0, 0x5a, 0x1a);
const FONT: (&str, u32) = ("sans-serif", 14);
const TITLE: (&str, u32) = ("sans-serif", 18);

/// Draws what the results have figures for.
pub(crate) fn draw(folder: &Path, figures: &[Figure]) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    ratios(&folder.join("ratios.svg"), figures)?;
    let at = [
        (1e3, "event-at-1k"),
        (1e4, "event-at-10k"),
        (1e5, "event-at-100k"),
        (1e6, "event-at-1m"),
    ];
    let curve = |name| Curve::of(name, figures, &at);
    let curves = [
        curve(("this many sessions", OURS, |figure| figure.median)),
        curve(("1,000 sessions in the same run", THEIRS, |figure| {
            figure.reference.median
        })),
    ];
    let labels = (
        "An event among many sessions",
        "sessions",
        "µs from event to patch",
    );
    lines(&folder.join("sessions.svg"), labels, &curves)?;
    let beside = [
        (1.0, "foreground-p99-1"),
        (8.0, "foreground-p99-8"),
        (64.0, "foreground-p99-64"),
        (1e3, "foreground-p99-1000"),
    ];
    let curve = |name| Curve::of(name, figures, &beside);
    let curves = [
        curve(("Lapak", OURS, |figure| figure.median)),
        curve(("tokio tasks with epoch yields", THEIRS, |figure| {
            figure.reference.median
        })),
    ];
    let labels = (
        "A tap beside apps that spin",
        "spinning apps",
        "ms to the patch, p99",
    );
    lines(&folder.join("neighbours.svg"), labels, &curves)
}

/// One line of a plot.
struct Curve {
    name: &'static str,
    colour: RGBColor,
    points: Vec<(f64, f64)>,
}

impl Curve {
    fn of(
        (name, colour, value): (&'static str, RGBColor, fn(&Figure) -> f64),
        figures: &[Figure],
        at: &[(f64, &str)],
    ) -> Self {
        let point = |(x, id): &(f64, &str)| {
            let figure = figures.iter().find(|figure| figure.id == *id)?;
            Some((*x, value(figure)))
        };
        Self {
            name,
            colour,
            points: at.iter().filter_map(point).collect(),
        }
    }
}

/// How each figure stands to its reference, on a logarithmic scale: 1 is the reference.
fn ratios(path: &Path, figures: &[Figure]) -> anyhow::Result<()> {
    let shown: Vec<&Figure> = figures
        .iter()
        .filter(|figure| figure.ratio.is_finite() && figure.ratio > 0.0)
        .collect();
    if shown.is_empty() {
        return Ok(());
    }
    let height = 90 + 20 * u32::try_from(shown.len())?;
    let area = SVGBackend::new(path, (SIZE.0, height)).into_drawing_area();
    area.fill(&WHITE).map_err(told)?;
    let bounds =
        |pick: fn(f64, f64) -> f64, from| shown.iter().map(|one| one.ratio).fold(from, pick);
    let (least, most) = (bounds(f64::min, 0.5), bounds(f64::max, 2.0));
    let rows = i32::try_from(shown.len())?;
    let mut chart = ChartBuilder::on(&area)
        .caption(
            "Ours over the reference of the same run (1 = the same)",
            TITLE,
        )
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(190)
        .build_cartesian_2d(
            (least / 1.5..most * 1.5).log_scale(),
            (0..rows).into_segmented(),
        )
        .map_err(told)?;
    let name = |row: &SegmentValue<i32>| match row {
        SegmentValue::CenterOf(row) | SegmentValue::Exact(row) => {
            let figure = usize::try_from(rows - 1 - row)
                .ok()
                .and_then(|row| shown.get(row));
            figure.map(|figure| figure.id.clone()).unwrap_or_default()
        }
        SegmentValue::Last => String::new(),
    };
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(shown.len())
        .y_label_formatter(&name)
        .x_label_formatter(&|x| short(*x))
        .label_style(FONT)
        .draw()
        .map_err(told)?;
    let bars = (0..rows).rev().zip(&shown).map(|(row, figure)| {
        let (from, to) = (figure.ratio.min(1.0), figure.ratio.max(1.0));
        let rows = (SegmentValue::Exact(row), SegmentValue::Exact(row + 1));
        let mut bar = Rectangle::new([(from, rows.0), (to, rows.1)], OURS.filled());
        bar.set_margin(3, 3, 0, 0);
        bar
    });
    chart.draw_series(bars).map_err(told)?;
    area.present().map_err(told)
}

/// Lines over a logarithmic scale.
fn lines(
    path: &Path,
    (title, x_label, y_label): (&str, &str, &str),
    curves: &[Curve],
) -> anyhow::Result<()> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    if points().count() == 0 {
        return Ok(());
    }
    let most = |value: fn(&(f64, f64)) -> f64| points().map(value).fold(0.0, f64::max);
    let least = |value: fn(&(f64, f64)) -> f64| points().map(value).fold(f64::INFINITY, f64::min);
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(told)?;
    let chart = ChartBuilder::on(&area)
        .caption(title, TITLE)
        .margin(12)
        .x_label_area_size(45)
        .y_label_area_size(70)
        .build_cartesian_2d(
            (least(|point| point.0) * 0.8..most(|point| point.0) * 1.25).log_scale(),
            (least(|point| point.1) * 0.5..most(|point| point.1) * 2.0).log_scale(),
        )
        .map_err(told)?;
    with_curves(chart, (x_label, y_label), curves)?;
    area.present().map_err(told)
}

fn with_curves<'a, X, Y>(
    mut chart: ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>,
    (x_label, y_label): (&str, &str),
    curves: &[Curve],
) -> anyhow::Result<()>
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    chart
        .configure_mesh()
        .x_desc(x_label)
        .y_desc(y_label)
        .x_label_formatter(&|x| short(*x))
        .y_label_formatter(&|y| short(*y))
        .label_style(FONT)
        .draw()
        .map_err(told)?;
    for curve in curves {
        let colour = curve.colour;
        chart
            .draw_series(LineSeries::new(
                curve.points.iter().copied(),
                colour.stroke_width(2),
            ))
            .map_err(told)?
            .label(curve.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(2)));
        let dots = curve.points.iter();
        chart
            .draw_series(dots.map(|point| Circle::new(*point, 4, colour.filled())))
            .map_err(told)?;
    }
    let legend = chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .label_font(FONT)
        .draw();
    legend.map_err(told)
}

fn told(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("a plot could not be drawn: {error}")
}
