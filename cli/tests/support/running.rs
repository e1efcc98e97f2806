//! `lapak preview` as a program, and a browser's part in it.

use std::cell::Cell;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

/// How long a build may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// A preview that ends with the test.
pub struct Running {
    child: Child,
    /// `127.0.0.1:…`
    pub address: String,
    /// What it says on standard error, line by line.
    said: Mutex<Receiver<String>>,
}

impl Running {
    /// Shows one app.
    pub fn start(app: &Path, data: &Path) -> Self {
        Self::start_all(&[app.to_owned()], data)
    }

    /// Shows these apps.
    pub fn start_all(apps: &[PathBuf], data: &Path) -> Self {
        Self::start_with(&[], apps, data)
    }

    /// Shows these apps to whoever comes through a proxy, which tells from where: see [`come_from_elsewhere`].
    pub fn start_behind_proxy(apps: &[PathBuf], data: &Path) -> Self {
        Self::start_with(&["--behind-proxy"], apps, data)
    }

    fn start_with(options: &[&str], apps: &[PathBuf], data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lapak"))
            .args(["preview", "--port", "0"])
            .args(options)
            .arg("--data")
            .arg(data)
            .args(apps)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("lapak starts");
        let said = lines(child.stderr.take().expect("piped"));
        let out = lines(child.stdout.take().expect("piped"));
        let ready = out.recv_timeout(PATIENCE).expect("it tells its address");
        let address = ready.split("http://").nth(1).expect("an address");
        let address = address.split('/').next().unwrap_or_default().to_owned();
        Self {
            child,
            address,
            said: Mutex::new(said),
        }
    }

    /// Launches the first app; gives the path of its session's page.
    pub fn launch(&self) -> String {
        let home = self.get("/");
        let name = home.split("href=\"/a/").nth(1).expect("an app");
        let name = name.split('"').next().unwrap_or_default();
        self.launch_named(name)
    }

    /// Launches an app; gives the path of its session's page.
    pub fn launch_named(&self, name: &str) -> String {
        let launched = self.get(&format!("/a/{name}"));
        let session = launched
            .lines()
            .find_map(|line| line.strip_prefix("location: "));
        session
            .unwrap_or_else(|| panic!("no session: {launched}"))
            .to_owned()
    }

    /// The same for somebody who may be refused.
    pub fn try_launch(&self, name: &str) -> Option<String> {
        let launched = self.try_get(&format!("/a/{name}")).ok()?;
        let mut lines = launched.lines();
        let session = lines.find_map(|line| line.strip_prefix("location: "))?;
        Some(session.to_owned())
    }

    /// A browser page's connection, greeted. Gives the first page too.
    pub fn connect(&self, session: &str) -> (WebSocket<TcpStream>, Value) {
        let mut socket = self.try_connect(session).expect("a WebSocket");
        let hello = json!({ "t": "hello", "client": "a", "v": 0, "page": 0, "app": "" });
        socket.send(Message::text(hello.to_string())).expect("sent");
        let page = hear(&mut socket, "page");
        (socket, page)
    }

    /// A connection that has said nothing yet, unless it is refused.
    pub fn try_connect(&self, session: &str) -> Option<WebSocket<TcpStream>> {
        let url = format!("ws://{}{session}/ws", self.address);
        let mut request = url.into_client_request().expect("a request");
        let origin = format!("http://{}", self.address);
        let headers = request.headers_mut();
        headers.insert("origin", origin.parse().expect("a header"));
        let from = FROM.get().to_string();
        headers.insert("x-forwarded-for", from.parse().expect("a header"));
        let stream = stream(&self.address).ok()?;
        let (socket, _) = client(request, stream).ok()?;
        Some(socket)
    }

    /// The server's process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until nothing more is written: three checkpoints went by without.
    pub fn until_written(&self) {
        let (mut last, mut same) = (0, 0);
        while same < 15 {
            std::thread::sleep(Duration::from_millis(200));
            let answer = self.get("/_lapak/load.json");
            let (_, json) = answer.split_once("\r\n\r\n").expect("a body");
            let json: Value = serde_json::from_str(json).expect("JSON");
            let written = json["written"].as_u64().expect("a number");
            same = if written == last && written > 0 {
                same + 1
            } else {
                0
            };
            last = written;
        }
    }

    /// Stops it as whatever manages services does; gives its exit code.
    #[cfg(unix)]
    pub fn terminate(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.expect("kill runs").success());
        self.child.wait().expect("it ends").code()
    }

    /// Waits until all these apps are ready, in whatever order.
    pub fn until_ready(&self, mut apps: Vec<&str>) {
        let said = self.said.lock().expect("nobody panicked with it");
        while !apps.is_empty() {
            let line = said.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("{apps:?} never became ready"));
            apps.retain(|app| !line.starts_with(&format!("{app} is ready")));
        }
    }

    /// Waits until a line with this was said, and gives it.
    pub fn until_said(&self, part: &str) -> String {
        loop {
            let said = self.said.lock().expect("nobody panicked with it");
            let line = said.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("{part:?} was never said"));
            if line.contains(part) {
                return line;
            }
        }
    }

    /// The whole answer, head and body.
    pub fn get(&self, path: &str) -> String {
        self.try_get(path).expect("an answer")
    }

    /// The same for somebody who may be refused.
    pub fn try_get(&self, path: &str) -> std::io::Result<String> {
        let mut stream = stream(&self.address)?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {}\r\nx-forwarded-for: {}\r\nconnection: close\r\n\r\n",
            self.address,
            FROM.get()
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

thread_local! {
    /// The address that a proxy would tell of this thread's requests.
    static FROM: Cell<Ipv4Addr> = const { Cell::new(Ipv4Addr::new(192, 0, 2, 1)) };
}

/// This thread's requests come from another address than everybody else's, as a proxy tells it: quotas are of an address, too.
pub fn come_from_elsewhere() {
    FROM.set(Ipv4Addr::new(203, 0, 113, 7));
}

/// A connection to the server.
pub fn stream(address: &str) -> std::io::Result<TcpStream> {
    TcpStream::connect(address)
}

/// The next message of this kind.
pub fn hear(socket: &mut WebSocket<TcpStream>, kind: &str) -> Value {
    loop {
        let message = socket.read().expect("a message");
        let Ok(text) = message.to_text() else {
            continue;
        };
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        if message["t"] == kind {
            return message;
        }
    }
}

/// Taps the button of this label, and waits until that is shown.
pub fn tap((socket, page): &mut (WebSocket<TcpStream>, Value), seq: u64, label: &str) -> String {
    let html = page["html"].as_str().expect("html");
    let at = html.find(&format!("aria-label=\"{label}\""));
    let button = &html[html[..at.expect("a button")]
        .rfind('<')
        .expect("an element")..];
    let node = button.split("data-n=\"").nth(1).expect("a number");
    let node: u64 = node
        .split('"')
        .next()
        .unwrap_or_default()
        .parse()
        .expect("a number");
    let tap = json!({ "t": "input", "seq": seq, "node": node, "on": "tap", "value": null });
    socket.send(Message::text(tap.to_string())).expect("sent");
    hear(socket, "patch")["ops"].to_string()
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}
