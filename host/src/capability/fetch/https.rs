//! HTTPS over the machine's network.
//!
//! Blocking exchanges on a bounded number of threads, each over a connection of its own: two apps never share one, so neither
//! can tell by the time what the other does.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::config::Config;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Connector as _, NextTimeout, RustlsConnector, TcpConnector};

use super::address::is_public;
use super::{Exchange, FetchError, FetchProvider, MOST_RECEIVED_BYTES, Replied, Reply};
use crate::capability::storage::Owner;
use crate::crew::{Bounds, Crew, Whose};
use crate::flights::Stop;

const PORT: u16 = 443;
/// As many addresses of a host are tried as the HTTP client has room for.
const MOST_ADDRESSES: usize = 16;
/// The longest wait for a connection: nothing ends it before.
const CONNECT: Duration = Duration::from_secs(10);

/// Finds a host's addresses.
pub trait Resolve: Send + Sync {
    /// All addresses of a host. It may wait.
    ///
    /// # Errors
    /// When there is no such host, or nobody to ask.
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// As this machine resolves names.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let addresses = (host, PORT).to_socket_addrs()?;
        Ok(addresses.map(|address| address.ip()).collect())
    }
}

/// Where to connect for an address that was looked at.
pub type Route = Arc<dyn Fn(SocketAddr) -> SocketAddr + Send + Sync>;

/// How HTTPS is spoken.
#[derive(Clone)]
pub struct HttpsOptions {
    /// The certificates that servers' certificates must lead to, in DER; `None`: those of Mozilla's list.
    pub roots: Option<Vec<Vec<u8>>>,
    /// Finds hosts' addresses; each is looked at before one is connected to, and none is looked up twice.
    pub resolver: Arc<dyn Resolve>,
    /// Which addresses may be connected to.
    pub may_reach: fn(IpAddr) -> bool,
    /// Where to connect instead of an address that may be reached; `None`: there. For tests, whose servers are on this machine.
    pub route: Option<Route>,
    /// Exchanges at a time, of all apps. Further ones wait, within their time.
    pub at_a_time: usize,
    /// Exchanges that wait; further ones are refused.
    pub waiting: usize,
}

/// Mozilla's list, this machine's resolver, the public internet, 64 exchanges at a time, 1,024 that wait.
impl Default for HttpsOptions {
    fn default() -> Self {
        Self {
            roots: None,
            resolver: Arc::new(SystemResolver),
            may_reach: is_public,
            route: None,
            at_a_time: 64,
            waiting: 1_024,
        }
    }
}

/// Fetches over the network.
///
/// What is given up is ended like this: an exchange that waits for its turn never begins, one that talks has its connection
/// closed, and one that resolves a name or connects goes on for as long as that takes (10 s at most to connect), and then ends
/// without having sent anything.
pub struct HttpsFetch {
    options: Arc<HttpsOptions>,
    crew: Arc<Crew>,
}

impl HttpsFetch {
    /// Over this machine's network.
    #[must_use]
    pub fn new(options: HttpsOptions) -> Self {
        Self {
            crew: Crew::new("lapak-fetch", bounds(&options)),
            options: Arc::new(options),
        }
    }
}

/// Of all that is done at a time an app gets a half, a person and a host a quarter: nobody's slow exchanges hold up all others.
fn bounds(options: &HttpsOptions) -> Bounds {
    let part = |of: usize| options.at_a_time.div_ceil(of);
    Bounds {
        at_a_time: options.at_a_time,
        of_app: part(2),
        of_person: part(4),
        at_place: part(4),
        waiting: options.waiting,
        waiting_of_owner: options.waiting.div_ceil(8).max(64),
    }
}

impl FetchProvider for HttpsFetch {
    fn exchange(&self, of: &Owner, exchange: Exchange, replied: Replied) -> Stop {
        let wire = Arc::new(Wire::default());
        let (options, used, began) = (self.options.clone(), wire.clone(), Instant::now());
        let whose = Whose {
            place: Some(exchange.host.as_str().into()),
            ..Whose::of(of)
        };
        let work = move |has_room| {
            if used.is_cut() {
                return;
            }
            replied(match has_room {
                true => over(&used, &options, &exchange, began + exchange.timeout),
                false => Err(unavailable("too many exchanges wait already")),
            });
        };
        self.crew.take_on(whose, Box::new(work));
        Box::new(Cut(wire))
    }
}

/// What an exchange runs over, to be cut from outside.
#[derive(Default)]
struct Wire {
    cut: AtomicBool,
    agent: Mutex<Option<Agent>>,
}

impl Wire {
    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }

    fn carries(&self, agent: Option<Agent>) {
        *self.agent.lock().unwrap_or_else(PoisonError::into_inner) = agent;
    }
}

/// Cuts it when it is dropped.
struct Cut(Arc<Wire>);

impl Drop for Cut {
    fn drop(&mut self) {
        // In this order: whoever puts an agent there looks at it afterwards.
        self.0.cut.store(true, Ordering::SeqCst);
        let agent = {
            let agent = self.0.agent.lock();
            agent.unwrap_or_else(PoisonError::into_inner).take()
        };
        if let Some(agent) = agent {
            agent.shutdown();
        }
    }
}

fn over(
    wire: &Wire,
    options: &HttpsOptions,
    exchange: &Exchange,
    deadline: Instant,
) -> Result<Reply, FetchError> {
    let addresses = addresses(options, &exchange.host)?;
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(FetchError::TimedOut);
    }
    let agent = agent(options, addresses, left);
    wire.carries(Some(agent.clone()));
    if wire.is_cut() {
        return Err(unavailable("given up"));
    }
    let reply = converse(&agent, exchange);
    wire.carries(None);
    reply
}

/// The host's addresses, if every one of them may be reached.
fn addresses(options: &HttpsOptions, host: &str) -> Result<Vec<SocketAddr>, FetchError> {
    let addresses = options.resolver.resolve(host).map_err(unavailable)?;
    if addresses.is_empty() {
        return Err(unavailable("the host has no address"));
    }
    if !addresses
        .iter()
        .all(|address| (options.may_reach)(*address))
    {
        return Err(FetchError::NotPublic);
    }
    let addresses = addresses.into_iter().take(MOST_ADDRESSES);
    let addresses = addresses.map(|address| SocketAddr::new(address, PORT));
    Ok(match &options.route {
        Some(route) => addresses.map(|address| route(address)).collect(),
        None => addresses.collect(),
    })
}

/// Speaks with these addresses and no other.
fn agent(options: &HttpsOptions, addresses: Vec<SocketAddr>, left: Duration) -> Agent {
    let roots = match &options.roots {
        None => RootCerts::WebPki,
        Some(roots) => {
            let certificates = roots
                .iter()
                .map(|der| Certificate::from_der(der).to_owned());
            RootCerts::Specific(Arc::new(certificates.collect()))
        }
    };
    let config = Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .https_only(true)
        .timeout_global(Some(left))
        .timeout_connect(Some(left.min(CONNECT)))
        .max_redirects(0)
        .http_status_as_error(false)
        // A proxy from the environment would look names up again.
        .proxy(None)
        .user_agent("lapak")
        .accept_encoding("identity")
        .max_idle_connections(0)
        .build();
    let connector = ().chain(TcpConnector::default()).chain(RustlsConnector::default());
    Agent::with_parts(config, connector, Looked(addresses))
}

/// What was looked at already.
#[derive(Debug)]
struct Looked(Vec<SocketAddr>);

impl Resolver for Looked {
    fn resolve(
        &self,
        _: &ureq::http::Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut resolved = self.empty();
        for address in &self.0 {
            resolved.push(*address);
        }
        Ok(resolved)
    }
}

fn converse(agent: &Agent, exchange: &Exchange) -> Result<Reply, FetchError> {
    let mut request = ureq::http::Request::builder()
        .method(&*exchange.method)
        .uri(&*exchange.url);
    for (name, value) in &exchange.headers {
        request = request.header(name, value);
    }
    let sends = matches!(&*exchange.method, "POST" | "PUT" | "PATCH");
    let response = match sends {
        true => agent.run(request.body(&*exchange.body).map_err(unavailable)?),
        false => agent.run(request.body(()).map_err(unavailable)?),
    };
    let mut response = response.map_err(failed)?;
    let headers = response.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), value.into_owned())
    });
    let headers = headers.collect();
    let most = u64::try_from(MOST_RECEIVED_BYTES).unwrap_or(u64::MAX);
    let body = response.body_mut().with_config().limit(most).read_to_vec();
    Ok(Reply {
        status: response.status().as_u16(),
        headers,
        body: body.map_err(failed)?,
    })
}

fn failed(error: ureq::Error) -> FetchError {
    match error {
        ureq::Error::Timeout(ureq::Timeout::Connect) => unavailable("no connection in time"),
        ureq::Error::Timeout(_) => FetchError::TimedOut,
        ureq::Error::BodyExceedsLimit(_) => FetchError::TooLarge,
        error => unavailable(error),
    }
}

fn unavailable(why: impl fmt::Display) -> FetchError {
    FetchError::Unavailable(why.to_string())
}

impl fmt::Debug for HttpsFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpsFetch").finish_non_exhaustive()
    }
}
