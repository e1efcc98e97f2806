//! `lapak`: make mini-apps, build them, look at them, drive them.

mod commands;
mod data_folder;
mod failure;
mod first_device;
mod folders;
mod open;
mod output;
mod profile;
mod sdk;
mod watch;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use commands::Command;

/// Sessions come and go in small pieces, on every thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Make mini-apps, build them, look at them, drive them.
#[derive(Debug, Parser)]
#[command(
    name = "lapak",
    version,
    about,
    max_term_width = 100,
    after_help = "Examples:
  lapak new shop && cd shop
  lapak preview            see it in a browser while you edit
  lapak build              make the package
  lapak shot --frame       take a picture of it

Exit codes: 0 fine · 1 the app or package is wrong · 2 wrong usage · 3 the app ended by a fault ·
            4 this machine lacks something (`lapak doctor` says what)"
)]
struct Lapak {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let lapak = Lapak::parse();
    // What the host has to say besides, for whoever runs a server: RUST_LOG=info.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        // What is in the log may be an app's too.
        .with_ansi(false)
        .with_writer(|| output::Log)
        .init();
    match lapak.command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.told(),
    }
}
