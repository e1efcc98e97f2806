//! A real browser: Chromium without a window, driven over WebDriver (W3C), as far as a measurement needs it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

/// Chromium and its driver; both end with this.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: tempfile::TempDir,
}

/// Whether there is one on this machine.
pub(crate) fn is_there() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has = |name: &str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    has("chromedriver") && has("chromium")
}

/// How long the browser may take over anything.
const PATIENCE: Duration = Duration::from_secs(120);

impl Browser {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let said = driver.stdout.take().context("what the driver says")?;
        let port = BufReader::new(said).lines().find_map(|line| {
            let line = line.ok()?;
            let rest = line.split("started successfully on port ").nth(1)?;
            rest.trim_end_matches('.').parse().ok()
        });
        let profile = tempfile::tempdir()?;
        let mut browser = Self {
            driver,
            port: port.context("the driver has no port")?,
            session: String::new(),
            _profile: profile,
        };
        let folder = format!("--user-data-dir={}", browser._profile.path().display());
        let arguments = [
            "--headless",
            // Containers run as root, where Chromium's own sandbox does not start.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--window-size=390,844",
            &folder,
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": { "args": arguments },
        }}});
        let begun = browser.ask("POST", "/session", &wanted)?;
        let id = begun["sessionId"].as_str().context("a browser")?;
        id.clone_into(&mut browser.session);
        Ok(browser)
    }

    pub(crate) fn open(&self, url: &str) -> anyhow::Result<()> {
        self.command("POST", "url", &json!({ "url": url }))
            .map(drop)
    }

    /// Runs a script that calls its last argument with what it comes to.
    pub(crate) fn run(&self, script: &str, arguments: &Value) -> anyhow::Result<Value> {
        let asked = json!({ "script": script, "args": arguments });
        self.command("POST", "execute/async", &asked)
    }

    /// Paints what is shown, as a PNG in base64.
    pub(crate) fn screenshot(&self) -> anyhow::Result<String> {
        let shot = self.command("GET", "screenshot", &Value::Null)?;
        Ok(shot.as_str().context("a picture")?.to_owned())
    }

    fn command(&self, method: &str, what: &str, asked: &Value) -> anyhow::Result<Value> {
        self.ask(method, &format!("/session/{}/{what}", self.session), asked)
    }

    fn ask(&self, method: &str, path: &str, asked: &Value) -> anyhow::Result<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_nodelay(true)?;
        let body = match asked {
            Value::Null => String::new(),
            asked => asked.to_string(),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        );
        stream.write_all(request.as_bytes())?;
        let answer: Value = serde_json::from_slice(&body_of(stream)?)?;
        let value = answer["value"].clone();
        anyhow::ensure!(
            value.get("error").is_none_or(Value::is_null),
            "the browser: {value}"
        );
        Ok(value)
    }
}

/// The body of an answer, by its length: the driver keeps the connection open as long as the browser that it started lives.
fn body_of(stream: TcpStream) -> anyhow::Result<Vec<u8>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut answer = BufReader::new(stream);
    let mut length = None;
    loop {
        let mut line = String::new();
        answer.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    let mut body = vec![0; length.context("a length")?];
    answer.read_exact(&mut body)?;
    Ok(body)
}

impl Drop for Browser {
    fn drop(&mut self) {
        // With its session the browser ends; the driver does not end by itself.
        let _ = self.ask(
            "DELETE",
            &format!("/session/{}", self.session),
            &Value::Null,
        );
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
