//! `lapak merchant`: a merchant's keys, orders, and a server for demonstrations.

mod serve;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use lapak_ledger::order::{Order, RefundOrder};
use lapak_ledger::{Clock as _, PublicKey, SecretKey, SystemClock};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;
use crate::output;

/// Makes a merchant's keys, signs its orders, plays its server.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  lapak merchant keygen --out warung.key > warung.pub
  lapak merchant sign --key warung.key order.json
  lapak merchant serve --key warung.key --catalogue warung.json --host-key host.pub

`lapak preview` plays the shop of an app's folder by itself (shop.json).")]
pub(crate) struct MerchantArgs {
    #[command(subcommand)]
    command: MerchantCommand,
}

#[derive(Debug, clap::Subcommand)]
enum MerchantCommand {
    Keygen(KeygenArgs),
    Sign(SignArgs),
    Serve(serve::ServeArgs),
}

/// Makes a key pair. The secret half goes to a new file that only you may read, the public half to standard output.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  lapak merchant keygen --out warung.key > warung.pub

Keys are Ed25519 in the form of a JSON Web Key (RFC 8037). The platform gets the public half.")]
struct KeygenArgs {
    /// The file for the secret half. It must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Signs an order or a refund; the signed text goes to standard output.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  lapak merchant sign --key warung.key order.json
  lapak merchant sign --key warung.key --refund refund.json

An order:  {\"merchant\": \"warung\", \"order\": \"17\", \"app\": \"com.example.warung\", \"currency\": \"IDR\",
            \"amount_minor\": 4500000, \"lines\": [{\"title\": \"Rendang\", \"quantity\": 1, \"amount_minor\": 4500000}]}
A refund:  {\"merchant\": \"warung\", \"order\": \"17\", \"key\": \"1\", \"app\": \"com.example.warung\",
            \"currency\": \"IDR\", \"amount_minor\": 4500000}
Amounts are minor units of the currency: 4500000 of IDR are 45,000.00. `expires_at_ms` may be given too.")]
struct SignArgs {
    /// A JSON file; standard input if it is left out.
    order: Option<PathBuf>,
    /// The file with the merchant's secret key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// It is a refund.
    #[arg(long)]
    refund: bool,
    /// How long it is good for, unless the file says until when.
    #[arg(long, value_name = "MINUTES", default_value_t = 15)]
    valid: u32,
}

pub(crate) fn run(args: &MerchantArgs) -> Result<(), Failure> {
    match &args.command {
        MerchantCommand::Keygen(args) => keygen(args),
        MerchantCommand::Sign(args) => sign(args),
        MerchantCommand::Serve(args) => serve::run(args),
    }
}

fn keygen(args: &KeygenArgs) -> Result<(), Failure> {
    let key = SecretKey::generate().map_err(|error| Failure::machine(error.to_string()))?;
    key.to_new_file(&args.out)
        .map_err(|error| Failure::app(error.to_string()))?;
    output::line(&key.public().to_jwk())
}

fn sign(args: &SignArgs) -> Result<(), Failure> {
    let key = secret_key(&args.key)?;
    let mut value = json(args.order.as_deref())?;
    if let Value::Object(members) = &mut value {
        let valid_ms = i64::from(args.valid) * 60_000;
        members
            .entry("expires_at_ms")
            .or_insert_with(|| (SystemClock.now_ms() + valid_ms).into());
        members.entry("version").or_insert_with(|| 1.into());
    }
    let signed = if args.refund {
        parsed::<RefundOrder>(value)?.sign(&key)
    } else {
        parsed::<Order>(value)?.sign(&key)
    };
    output::line(&signed.map_err(|error| Failure::app(error.to_string()))?)
}

fn json(path: Option<&Path>) -> Result<Value, Failure> {
    let text = match path {
        Some(path) => lapak_abi::file::read_text(path)
            .map_err(|error| Failure::app(format!("{}: {error}", path.display())))?,
        None => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .context("standard input cannot be read")?;
            text
        }
    };
    // What is signed says one thing to everybody.
    lapak_abi::json::read(text.as_bytes(), lapak_abi::json::JsonLimits::default())
        .map_err(|error| Failure::app(format!("this is no JSON: {error}")))
}

fn parsed<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|error| {
        Failure::app(format!(
            "{error}. `lapak merchant sign --help` shows what to write"
        ))
    })
}

fn secret_key(path: &Path) -> Result<SecretKey, Failure> {
    SecretKey::from_file(path)
        .map_err(|error| Failure::app(format!("{error}. `lapak merchant keygen` makes a key")))
}

fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    let text = lapak_abi::file::read_text(path)
        .map_err(|error| Failure::app(format!("{}: {error}", path.display())))?;
    PublicKey::from_jwk(&text).map_err(|error| Failure::app(format!("{}: {error}", path.display())))
}
