//! `lapak ledger`: proves the books and writes them for other programs.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use lapak_ledger::ledger::{Anchor, ExportError, Format, Ledger};
use serde_json::json;

use crate::failure::Failure;
use crate::output;

/// Proves a ledger's books, or writes them for an accounting program. Never changes them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  lapak ledger verify ledger.sqlite
  lapak ledger export ledger.sqlite --format hledger | hledger -f - balance

The books of `lapak preview` are bank/ledger.sqlite in its data folder (see `lapak preview --help`).")]
pub(crate) struct LedgerArgs {
    #[command(subcommand)]
    command: LedgerCommand,
}

#[derive(Debug, clap::Subcommand)]
enum LedgerCommand {
    Verify(VerifyArgs),
    Export(ExportArgs),
}

/// Proves that nothing in the journal was changed and that every balance follows from it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  lapak ledger verify ledger.db
  lapak ledger verify ledger.db --anchor 1042:9f2c…   as a receipt or an earlier proof has it

Whoever can write the file can also write a whole new journal; an anchor from elsewhere tells.
Exit code 1 when the books are not sound.")]
struct VerifyArgs {
    /// The ledger's file.
    ledger: PathBuf,
    /// An entry's number and the hash of the journal up to it, known from elsewhere. May be repeated.
    #[arg(long, value_name = "ENTRY:HASH", value_parser = anchor)]
    anchor: Vec<Anchor>,
    /// Tells it as JSON.
    #[arg(long)]
    json: bool,
}

/// Writes the whole journal, oldest entry first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  lapak ledger export ledger.db > books.csv
  lapak ledger export ledger.db --format hledger | hledger -f - check
  lapak ledger export ledger.db --format beancount --out books.beancount && bean-check books.beancount")]
struct ExportArgs {
    /// The ledger's file.
    ledger: PathBuf,
    /// For whom.
    #[arg(long, value_enum, default_value_t = For::Csv)]
    format: For,
    /// A file to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum For {
    /// A line for each posting.
    Csv,
    /// hledger and ledger, with balance assertions.
    Hledger,
    /// Beancount, with balance directives.
    Beancount,
}

pub(crate) fn run(args: &LedgerArgs) -> Result<(), Failure> {
    match &args.command {
        LedgerCommand::Verify(args) => verify(args),
        LedgerCommand::Export(args) => export(args),
    }
}

fn verify(args: &VerifyArgs) -> Result<(), Failure> {
    check_is_file(&args.ledger)?;
    let proof = Ledger::verify_file(&args.ledger, &args.anchor).map_err(|broken| {
        Failure::app(format!(
            "{}: the books are not sound: {broken}",
            args.ledger.display()
        ))
    })?;
    if args.json {
        let owed = proof
            .owed
            .iter()
            .map(|(currency, minor)| (currency.to_string(), json!(minor.to_string())));
        return output::json(&json!({
            "entries": proof.entries,
            "postings": proof.postings,
            "accounts": proof.accounts,
            "head": proof.head,
            "owed_minor": serde_json::Value::Object(owed.collect()),
        }));
    }
    output::line(&format!(
        "sound: {} entries with {} postings in {} accounts, every currency adds up to nothing\nhead   {}:{}",
        proof.entries, proof.postings, proof.accounts, proof.entries, proof.head
    ))?;
    for (currency, minor) in &proof.owed {
        // What does not fit 64 bits is told in minor units.
        let text = i64::try_from(*minor).map_or_else(
            |_| format!("{minor} minor units"),
            |minor| currency.decimal(minor),
        );
        output::line(&format!("owed   {text} {currency}"))?;
    }
    Ok(())
}

fn export(args: &ExportArgs) -> Result<(), Failure> {
    check_is_file(&args.ledger)?;
    let format = match args.format {
        For::Csv => Format::Csv,
        For::Hledger => Format::Hledger,
        For::Beancount => Format::Beancount,
    };
    let written = match &args.out {
        Some(path) => {
            let file = std::fs::File::create(path)
                .map_err(|error| Failure::machine(format!("{}: {error}", path.display())))?;
            let mut to = std::io::BufWriter::new(file);
            Ledger::export_file(&args.ledger, format, &mut to).and_then(|()| Ok(to.flush()?))
        }
        // What merchants and people wrote is in it; a file or another program gets it as it is.
        None if std::io::stdout().is_terminal() => {
            let mut text = Vec::new();
            let written = Ledger::export_file(&args.ledger, format, &mut text);
            output::line(String::from_utf8_lossy(&text).trim_end())?;
            written
        }
        None => Ledger::export_file(
            &args.ledger,
            format,
            &mut std::io::BufWriter::new(std::io::stdout().lock()),
        ),
    };
    written.map_err(|error| match error {
        ExportError::Write(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            Failure::silent()
        }
        ExportError::Write(error) => Failure::machine(error.to_string()),
        error => Failure::app(format!("{}: {error}", args.ledger.display())),
    })
}

fn check_is_file(path: &Path) -> Result<(), Failure> {
    if path.is_file() {
        return Ok(());
    }
    Err(Failure::app(format!(
        "{} does not exist. Name a ledger's file",
        path.display()
    )))
}

fn anchor(text: &str) -> Result<Anchor, String> {
    let wrong = || "write an entry's number, a colon and 64 hexadecimal digits".to_owned();
    let (seq, hash) = text.split_once(':').ok_or_else(wrong)?;
    Ok(Anchor {
        seq: seq.parse().map_err(|_| wrong())?,
        hash: hash.parse().map_err(|_| wrong())?,
    })
}
