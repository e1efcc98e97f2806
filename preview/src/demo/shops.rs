//! The shops of the demonstration: servers of their own on loopback, asked for orders and told of payments over HTTP as any
//! merchant's is.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use lapak_host::capability::payments::{MerchantServers, NotSigned};
use lapak_ledger::ledger::Ledger;
use lapak_ledger::merchant::{MerchantClient, Shop, Wanted};
use lapak_ledger::name::MerchantId;
use lapak_ledger::{AddressBook, Clock, Courier, Merchants, PublicKey, SecretKey, WebOptions};
use tokio::sync::oneshot;

use super::{DemoError, DemoShop, name};
use crate::serve::{self, ConnectionLimits};
use crate::shop::{ShopNews, router};

/// Where each shop is going to be served.
pub(super) struct Places(BTreeMap<MerchantId, (TcpListener, String)>);

impl Places {
    /// A free port of this machine's own for each shop.
    pub(super) fn take(shops: &[DemoShop]) -> Result<Self, DemoError> {
        let mut places = BTreeMap::new();
        for shop in shops {
            let place = place().map_err(DemoError::Shop)?;
            places.insert(shop.catalogue.merchant.clone(), place);
        }
        Ok(Self(places))
    }

    /// Where the shop wants to be told of payments.
    pub(super) fn paid_url(&self, merchant: &MerchantId) -> Option<String> {
        self.0.get(merchant).map(|(_, url)| format!("{url}/paid"))
    }
}

fn place() -> std::io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// What shops need of their bank.
pub(super) struct Bank {
    pub(super) ledger: Arc<Ledger>,
    pub(super) key: Arc<SecretKey>,
    pub(super) merchants: Arc<Merchants>,
    /// What people are called in the books and by others.
    pub(super) book: Arc<AddressBook>,
    pub(super) clock: Arc<dyn Clock>,
}

/// The shops, served for as long as this lives.
pub(super) struct ServedShops {
    urls: BTreeMap<MerchantId, String>,
    client: MerchantClient,
    courier: Option<Courier>,
    /// Ends the thread when it goes.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ServedShops {
    /// Serves the shops at their places, and tells them of payments until they acknowledge.
    pub(super) fn start(
        shops: &[DemoShop],
        mut keys: BTreeMap<MerchantId, SecretKey>,
        places: Places,
        bank: &Bank,
    ) -> Result<Self, DemoError> {
        let hosts: Vec<PublicKey> = vec![bank.key.public().clone()];
        let (mut urls, mut served) = (BTreeMap::new(), Vec::new());
        for (merchant, (listener, url)) in places.0 {
            let shop = shops
                .iter()
                .find(|shop| shop.catalogue.merchant == merchant);
            let Some((shop, key)) = shop.zip(keys.remove(&merchant)) else {
                continue;
            };
            let shop = Shop::new(shop.catalogue.clone(), key, hosts.clone());
            served.push((listener, Arc::new(shop)));
            urls.insert(merchant, url);
        }
        let orders = urls.iter();
        let orders = orders.map(|(id, url)| (id.clone(), format!("{url}/orders")));
        let web = WebOptions::default();
        let client = MerchantClient::new(orders.collect(), &web).map_err(name)?;
        let (stop, stopped) = oneshot::channel();
        // With a tokio of their own: whoever opened the bank may wait for an order just where it would be answered.
        let tokio = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("lapak-shops".into())
            .spawn(move || tokio.block_on(serve(served, stopped)))?;
        let courier = Courier::start(
            bank.ledger.clone(),
            bank.key.clone(),
            bank.merchants.clone(),
            bank.clock.clone(),
            web,
        )?;
        Ok(Self {
            urls,
            client,
            courier: Some(courier),
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub(super) fn url(&self, merchant: &str) -> Option<&str> {
        let merchant: MerchantId = merchant.parse().ok()?;
        self.urls.get(&merchant).map(String::as_str)
    }
}

impl MerchantServers for ServedShops {
    fn order(&self, merchant: &str, app_id: &str, wanted: &[Wanted]) -> Result<String, NotSigned> {
        MerchantServers::order(&self.client, merchant, app_id, wanted)
    }
}

impl Drop for ServedShops {
    fn drop(&mut self) {
        // First whoever asks, then whoever is asked.
        self.courier = None;
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(shops: Vec<(TcpListener, Arc<Shop>)>, stopped: oneshot::Receiver<()>) {
    for (listener, shop) in shops {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(%error, "a shop cannot be served");
                continue;
            }
        };
        let served = serve::serve(listener, router(shop, heard), ConnectionLimits::default());
        tokio::spawn(async move {
            if let Err(error) = served.await {
                tracing::error!(%error, "a shop is not served any more");
            }
        });
    }
    // Nothing is ever sent: the other half goes.
    let _ = stopped.await;
}

fn heard(news: ShopNews) {
    match news {
        ShopNews::Told => tracing::debug!("a shop was told of a payment"),
        ShopNews::Refused(why) => tracing::warn!(why, "a shop does not believe what it was told"),
    }
}
