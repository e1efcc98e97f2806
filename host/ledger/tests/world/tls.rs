//! A small HTTP/1.1 server on loopback, with or without TLS, whose every answer a test decides, broken ones too.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What came.
pub struct Came {
    pub path: String,
    pub signature: Option<String>,
    pub body: Vec<u8>,
}

/// What goes back.
pub enum Goes {
    /// A status, the header `lapak-signature`, a body.
    Answer(u16, Option<String>, Vec<u8>),
    /// These bytes as they are, and the end of the connection.
    Raw(Vec<u8>),
}

/// A server; it ends when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// A certificate for `localhost` that nobody trusts but who is told to: the server's half, and the root in DER.
pub fn certificate() -> (Arc<rustls::ServerConfig>, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let root = made.cert.der().to_vec();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .expect("versions")
    .with_no_client_auth()
    .with_single_cert(vec![made.cert.der().clone()], key)
    .expect("a pair");
    (Arc::new(config), root)
}

impl Server {
    pub fn start(
        tls: Option<Arc<rustls::ServerConfig>>,
        answer: impl Fn(Came) -> Goes + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let ended = Arc::new(AtomicBool::new(false));
        let (stop, answer) = (Arc::clone(&ended), Arc::new(answer));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (answer, tls) = (Arc::clone(&answer), tls.clone());
                // Ends with its connection: the client's end of it, or ten seconds.
                std::thread::spawn(move || serve(stream, tls, &*answer));
            }
        });
        Self {
            address,
            ended,
            thread: Some(thread),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(stream: TcpStream, tls: Option<Arc<rustls::ServerConfig>>, answer: &dyn Fn(Came) -> Goes) {
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout");
    match tls {
        None => one(stream, answer),
        Some(config) => {
            let connection = rustls::ServerConnection::new(config).expect("a connection");
            one(rustls::StreamOwned::new(connection, stream), answer);
        }
    }
}

/// Answers one request, and ends the connection.
fn one(mut stream: impl Read + Write, answer: &dyn Fn(Came) -> Goes) {
    // Whoever hangs up in the middle is not answered.
    let Some(came) = read(&mut stream) else {
        return;
    };
    let bytes = match answer(came) {
        Goes::Raw(bytes) => bytes,
        Goes::Answer(status, signature, body) => {
            let signature = signature.map_or_else(String::new, |signature| {
                format!("lapak-signature: {signature}\r\n")
            });
            let mut bytes = format!(
                "HTTP/1.1 {status} x\r\n{signature}connection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            )
            .into_bytes();
            bytes.extend(body);
            bytes
        }
    };
    let _ = stream.write_all(&bytes).and_then(|()| stream.flush());
}

fn read(stream: &mut impl Read) -> Option<Came> {
    let mut bytes = Vec::new();
    let head = loop {
        let mut some = [0; 4096];
        let count = stream.read(&mut some).ok().filter(|count| *count > 0)?;
        bytes.extend(&some[..count]);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break String::from_utf8(bytes.drain(..end + 4).collect()).ok()?;
        }
    };
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    };
    let length: usize = header("content-length")?.parse().ok()?;
    while bytes.len() < length {
        let mut some = [0; 4096];
        let count = stream.read(&mut some).ok().filter(|count| *count > 0)?;
        bytes.extend(&some[..count]);
    }
    let path = head.split(' ').nth(1)?.to_owned();
    Some(Came {
        path,
        signature: header("lapak-signature"),
        body: bytes,
    })
}
