//! The subcommands, one file each.

mod build;
mod compile;
mod doctor;
mod inspect;
mod ledger;
mod merchant;
mod new;
mod preview;
mod run;
mod shot;

use crate::failure::Failure;

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    New(new::NewArgs),
    Build(build::BuildArgs),
    Preview(preview::PreviewArgs),
    Shot(shot::ShotArgs),
    Run(run::RunArgs),
    Inspect(inspect::InspectArgs),
    Ledger(ledger::LedgerArgs),
    Merchant(merchant::MerchantArgs),
    Doctor(doctor::DoctorArgs),
    #[command(name = "compile-component", hide = true)]
    Compile(compile::CompileArgs),
}

impl Command {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        match self {
            Self::New(args) => new::run(args),
            Self::Build(args) => build::run(args),
            Self::Preview(args) => preview::run(args),
            Self::Shot(args) => shot::run(args),
            Self::Run(args) => run::run(args),
            Self::Inspect(args) => inspect::run(args),
            Self::Ledger(args) => ledger::run(args),
            Self::Merchant(args) => merchant::run(args),
            Self::Doctor(args) => doctor::run(args),
            Self::Compile(args) => compile::run(args),
        }
    }
}
