//! A small HTTPS server on loopback, whose every answer a test decides, broken ones too.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The hosts that the certificate is for.
pub const HOSTS: [&str; 2] = ["fetch.example", "a.img.example"];

/// What goes back to a request, of which this is the head and what came with it.
pub type Answers = Box<dyn Fn(&str, &[u8]) -> Goes + Send + Sync>;

pub enum Goes {
    /// These bytes as they are, and the end of the connection.
    Raw(Vec<u8>),
    /// Nothing, until the other side hangs up.
    Silence,
}

/// A status, headers (each with its line end), a body.
pub fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Goes {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 {status} x\r\n{headers}content-length: {length}\r\n\r\n");
    Goes::Raw([head.as_bytes(), body].concat())
}

pub struct Server {
    pub address: SocketAddr,
    /// The certificate that leads to it, in DER.
    pub root: Vec<u8>,
    /// The heads of all requests.
    pub heads: Arc<Mutex<Vec<String>>>,
    /// Connections that were begun, and those in silence that the other side has ended.
    pub connections: Arc<AtomicUsize>,
    pub hung_up: Arc<AtomicUsize>,
    ended: Arc<AtomicBool>,
}

struct Part {
    tls: Arc<rustls::ServerConfig>,
    answers: Answers,
    heads: Arc<Mutex<Vec<String>>>,
    hung_up: Arc<AtomicUsize>,
}

impl Server {
    pub fn start(answers: impl Fn(&str, &[u8]) -> Goes + Send + Sync + 'static) -> Self {
        let made = rcgen::generate_simple_self_signed(HOSTS.map(str::to_owned));
        let made = made.expect("a certificate");
        let root = made.cert.der().to_vec();
        let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a pair");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let server = Self {
            address: listener.local_addr().expect("an address"),
            root,
            heads: Arc::default(),
            connections: Arc::default(),
            hung_up: Arc::default(),
            ended: Arc::default(),
        };
        let part = Arc::new(Part {
            tls: Arc::new(tls),
            answers: Box::new(answers),
            heads: server.heads.clone(),
            hung_up: server.hung_up.clone(),
        });
        let (ended, connections) = (server.ended.clone(), server.connections.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                connections.fetch_add(1, Ordering::SeqCst);
                let part = part.clone();
                // Ends with its connection: the client's end of it, or ten seconds.
                std::thread::spawn(move || part.serve(stream));
            }
        });
        server
    }

    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("not poisoned").clone()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn hung_up(&self) -> usize {
        self.hung_up.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

impl Part {
    fn serve(&self, stream: TcpStream) {
        let time = Some(Duration::from_secs(10));
        stream.set_read_timeout(time).expect("a timeout");
        let connection = rustls::ServerConnection::new(self.tls.clone()).expect("a connection");
        let mut stream = rustls::StreamOwned::new(connection, stream);
        // Whoever hangs up in the middle is not answered.
        let Some((head, body)) = read(&mut stream) else {
            return;
        };
        self.heads.lock().expect("not poisoned").push(head.clone());
        match (self.answers)(&head, &body) {
            Goes::Raw(bytes) => {
                let _ = stream.write_all(&bytes).and_then(|()| stream.flush());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
            Goes::Silence => {
                let ended = match stream.read(&mut [0]) {
                    Ok(count) => count == 0,
                    Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
                };
                self.hung_up.fetch_add(usize::from(ended), Ordering::SeqCst);
            }
        }
    }
}

fn read(stream: &mut impl Read) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut more = |bytes: &mut Vec<u8>| {
        let mut some = [0; 4096];
        let count = stream.read(&mut some).ok().filter(|count| *count > 0)?;
        bytes.extend(&some[..count]);
        Some(())
    };
    let head = loop {
        more(&mut bytes)?;
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break String::from_utf8(bytes.drain(..end + 4).collect()).ok()?;
        }
    };
    let head = head.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(Some(0), |length| length.parse().ok())?;
    while bytes.len() < length {
        more(&mut bytes)?;
    }
    Some((head, bytes))
}
