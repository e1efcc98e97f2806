//! `lapak preview` while its sources change.

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use support::counter_copy;

/// How long a build may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A preview that ends with the test.
struct Running {
    child: Child,
    /// `127.0.0.1:…`
    address: String,
    /// What it says on standard error, line by line.
    said: Receiver<String>,
    _data: tempfile::TempDir,
}

impl Running {
    fn start(app: &Path) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_lapak"))
            .args(["preview", "--port", "0", "--data"])
            .arg(data.path())
            .current_dir(app)
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
            said,
            _data: data,
        }
    }

    /// Waits until a line with this was said.
    fn until_said(&self, part: &str) {
        loop {
            let line = self.said.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("{part:?} was never said"));
            if line.contains(part) {
                return;
            }
        }
    }

    /// The whole answer, head and body.
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("connected");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
            self.address
        )
        .expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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

/// A mistake is told in the terminal and leaves the last good app; once it is mended, the open session shows the
/// newer app.
#[test]
fn a_change_of_the_sources_is_built_and_shown_in_the_open_session() {
    let app = counter_copy();
    let lib = app.path().join("src/lib.rs");
    let source = std::fs::read_to_string(&lib).expect("the source");
    let preview = Running::start(app.path());
    preview.until_said("is ready");
    let home = preview.get("/");
    let name = home.split("href=\"/a/").nth(1).expect("an app");
    let name = name.split('"').next().unwrap_or_default();
    let launched = preview.get(&format!("/a/{name}"));
    let session = launched
        .lines()
        .find_map(|line| line.strip_prefix("location: "))
        .expect("a session")
        .to_owned();
    assert!(preview.get(&session).contains("aria-label=\"Add one\""));

    std::fs::write(&lib, source.replace("Counter(0)", "Counter(zero)")).expect("written");
    preview.until_said("cannot find value `zero`");
    assert!(preview.get(&session).contains("aria-label=\"Add one\""));

    std::fs::write(&lib, source.replace("\"Add one\"", "\"Add just one\"")).expect("written");
    preview.until_said("is ready");
    let shown = preview.get(&session);
    assert!(shown.contains("aria-label=\"Add just one\""), "{shown}");
}
