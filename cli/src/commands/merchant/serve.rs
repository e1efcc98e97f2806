//! `lapak merchant serve`: a merchant's server, as far as a demonstration needs one.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use lapak_ledger::merchant::{Catalogue, Shop};
use lapak_preview::ConnectionLimits;
use lapak_preview::shop::{ShopNews, router};

use super::{json as read_json, parsed, public_key, secret_key};
use crate::failure::Failure;
use crate::output;

/// Plays a merchant's server: makes signed orders at the catalogue's prices, and is told of payments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  lapak merchant serve --key warung.key --catalogue warung.json --host-key host.pub

The catalogue: {\"merchant\": \"warung\", \"app\": \"com.example.warung\", \"currency\": \"IDR\", \"valid_ms\": 900000,
                \"items\": {\"rendang\": {\"title\": \"Rendang\", \"price_minor\": 4500000}}}

GET  /catalogue      what there is
POST /orders         [{\"item\": \"rendang\", \"quantity\": 1}] gives {\"order\": …, \"signed\": …}
GET  /orders/ORDER   what became of it
POST /paid           a host's signed receipt; 204 acknowledges it, 400 refuses it

It keeps everything in memory, and forgets it when it ends.")]
pub(super) struct ServeArgs {
    /// The file with the merchant's secret key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// What is sold.
    #[arg(long, value_name = "FILE")]
    catalogue: PathBuf,
    /// The file with the public key of a host whose receipts are believed. May be repeated.
    #[arg(long, value_name = "FILE", required = true)]
    host_key: Vec<PathBuf>,
    /// The port to listen on; 0 takes any that is free.
    #[arg(long, default_value_t = 7710)]
    port: u16,
    /// The address to listen on. Anything but this machine's own is for a server with TLS in front.
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
}

/// Serves until Ctrl-C.
pub(super) fn run(args: &ServeArgs) -> Result<(), Failure> {
    let catalogue: Catalogue = parsed(read_json(Some(&args.catalogue))?)?;
    let hosts = args
        .host_key
        .iter()
        .map(|path| public_key(path))
        .collect::<Result<_, _>>()?;
    let shop = Arc::new(Shop::new(catalogue, secret_key(&args.key)?, hosts));
    let tokio = tokio::runtime::Runtime::new().context("tokio could not be started")?;
    tokio.block_on(serve(args, shop))
}

async fn serve(args: &ServeArgs, shop: Arc<Shop>) -> Result<(), Failure> {
    let address = SocketAddr::new(args.address, args.port);
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| {
            Failure::machine(format!(
                "cannot listen on {address}: {error}. Choose another port with --port"
            ))
        })?;
    let address = listener
        .local_addr()
        .context("the listener has no address")?;
    let router = router(shop, heard);
    output::line(&format!("http://{address}"))?;
    let stop = async {
        // Without a signal handler only the end of the process stops it.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        served = lapak_preview::serve::serve(listener, router, ConnectionLimits::default()) => {
            served.context("the server ended")?;
        }
        () = stop => {}
    }
    Ok(())
}

fn heard(news: ShopNews) {
    match news {
        ShopNews::Told => output::note("a payment or refund was told"),
        ShopNews::Refused(why) => output::note(&format!("a notice was refused: {why}")),
    }
}
