//! The results as a table in Markdown, put between two marks of a file.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::result::Figure;

const BEGIN: &str = "<!-- figures: begin -->\n";
const END: &str = "<!-- figures: end -->";

/// Replaces the table in a file.
pub(crate) fn put_into(path: &Path, figures: &[Figure]) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let told = with_table(&text, figures);
    let told = told.with_context(|| format!("{} has no place for the figures", path.display()))?;
    Ok(std::fs::write(path, told)?)
}

fn with_table(text: &str, figures: &[Figure]) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{}{END}{after}", table(figures)))
}

fn table(figures: &[Figure]) -> String {
    let mut table = String::from(
        "| figure | median (min – max) | reference in the same run | its median (min – max) | ratio |\n|---|---|---|---|---|\n",
    );
    for figure in figures {
        let reference = &figure.reference;
        // Writing into a String cannot fail.
        let _ = writeln!(
            table,
            "| `{}` | {} ({} – {}) {} | {} | {} ({} – {}) | {} |",
            figure.id,
            short(figure.median),
            short(figure.min),
            short(figure.max),
            figure.unit,
            reference.name,
            short(reference.median),
            short(reference.min),
            short(reference.max),
            short(figure.ratio),
        );
    }
    table
}

/// Three digits that say something, thousands set apart.
pub(crate) fn short(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let decimals = match value.abs() {
        0.0..0.01 => 4,
        0.01..1.0 => 3,
        1.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    let digits = format!("{value:.decimals$}");
    let whole = digits.split('.').next().map_or(0, str::len);
    let mut told = String::new();
    for (place, digit) in digits.chars().enumerate() {
        let follows_digit = told.ends_with(|before: char| before.is_ascii_digit());
        if place < whole && follows_digit && (whole - place).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_readable() {
        let told = [0.0021, 0.25, 3.061, 12.34, 256.7, 1_000.0, 1_234_567.8].map(short);
        assert_eq!(
            told,
            [
                "0.0021",
                "0.250",
                "3.06",
                "12.3",
                "257",
                "1,000",
                "1,234,568"
            ]
        );
    }

    #[test]
    fn the_table_stands_between_its_marks_and_nothing_else_changes() {
        let figure = Figure::of("event-warm", "us", &[5.0, 6.0, 7.0], ("bare", &[3.0]));
        let text = format!("before\n{BEGIN}old\n{END}\nafter\n");
        let told = with_table(&text, &[figure]).expect("it has marks");
        assert!(
            told.starts_with("before\n") && told.ends_with("\nafter\n"),
            "{told}"
        );
        assert!(
            told.contains(
                "| `event-warm` | 6.00 (5.00 – 7.00) us | bare | 3.00 (3.00 – 3.00) | 2.00 |"
            ),
            "{told}"
        );
        assert!(!told.contains("old"), "{told}");
        assert!(with_table("no marks", &[]).is_none());
    }
}
