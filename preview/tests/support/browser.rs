//! A real browser: Chromium without a window, driven over WebDriver.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);

/// Keys, as WebDriver numbers them.
pub(crate) const ENTER: char = '\u{e007}';
const TAB: char = '\u{e004}';
const SHIFT: char = '\u{e008}';

/// Chromium and its driver; both end with the test.
pub(crate) struct Browser {
    pub(crate) client: Client,
    driver: Child,
    profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one, with a window of this size.
    pub(crate) async fn start(width: u32, height: u32) -> Self {
        let (driver, port) = start_driver();
        let profile = tempfile::tempdir().expect("a folder");
        let arguments = [
            "--headless".to_owned(),
            // Containers run as root, where Chromium's own sandbox does not start.
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--lang=en".to_owned(),
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let wanted = json!({
            "goog:chromeOptions": { "args": arguments, "prefs": { "intl.accept_languages": "en" } },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(wanted.as_object().cloned().unwrap_or_default())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        Self {
            client,
            driver,
            profile,
        }
    }

    /// What the server calls whoever sits at this browser.
    pub(crate) async fn person(&self, server: &super::Server) -> String {
        let cookies = self.client.get_all_cookies().await.expect("cookies");
        let all: Vec<_> = cookies
            .iter()
            .map(|one| format!("{}={}", one.name(), one.value()))
            .collect();
        let person = server.preview.person_of(&all.join("; "));
        person.unwrap_or_else(|| panic!("nobody in {all:?}"))
    }

    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.expect("the page opens");
    }

    /// Runs a script in every page from now on, before the page's own scripts.
    pub(crate) async fn before_each_page(&self, script: &str) {
        let command = DevTools(
            json!({ "cmd": "Page.addScriptToEvaluateOnNewDocument", "params": { "source": script } }),
        );
        self.client
            .issue_cmd(command)
            .await
            .expect("the browser takes the script");
    }

    /// Waits until something is there and can be seen, and clicks it.
    pub(crate) async fn click(&self, css: &str) {
        self.attempt(css, "clicked", async |element| element.click().await)
            .await;
    }

    /// Does something to what is there, once it can be seen; again if it is drawn anew between the look and the deed.
    async fn attempt(
        &self,
        css: &str,
        what: &str,
        deed: impl AsyncFn(Element) -> Result<(), CmdError>,
    ) {
        let until = Instant::now() + PATIENCE;
        loop {
            match deed(self.find(css).await).await {
                Ok(()) => return,
                Err(error) if is_passing(&error) && Instant::now() < until => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => panic!("{css} cannot be {what}: {error}"),
            }
        }
    }

    /// Types into a field.
    pub(crate) async fn type_into(&self, css: &str, text: &str) {
        self.attempt(css, "typed into", async |element| {
            element.send_keys(text).await
        })
        .await;
    }

    /// Presses a key, wherever the focus is.
    pub(crate) async fn press(&self, key: char) {
        self.keys(&[key]).await;
    }

    /// Tabs on until the script gives `true`.
    pub(crate) async fn tab_to(&self, script: &str) {
        self.keys_until(&[TAB], script).await;
    }

    /// Tabs back until the script gives `true`.
    pub(crate) async fn back_tab_to(&self, script: &str) {
        self.keys_until(&[SHIFT, TAB], script).await;
    }

    async fn keys_until(&self, keys: &[char], script: &str) {
        let script = format!("return !!({script})");
        for _ in 0..100 {
            self.keys(keys).await;
            let there = self.client.execute(&script, vec![]).await;
            if there.expect("the script runs") == json!(true) {
                return;
            }
        }
        self.screenshot("failed").await;
        panic!("not reached by keyboard: {script}");
    }

    /// Presses keys together.
    async fn keys(&self, keys: &[char]) {
        let mut pressed = KeyActions::new("keyboard".into());
        for key in keys {
            pressed = pressed.then(KeyAction::Down { value: *key });
        }
        for key in keys.iter().rev() {
            pressed = pressed.then(KeyAction::Up { value: *key });
        }
        let done = self.client.perform_actions(pressed).await;
        done.expect("the keys are pressed");
    }

    async fn find(&self, css: &str) -> Element {
        let wait = self.client.wait().at_most(PATIENCE);
        match wait.for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => {
                self.screenshot("failed").await;
                panic!(
                    "{css} is not there: {error}\n{}",
                    self.text(".lp-app").await
                )
            }
        }
    }

    /// What stands in the first element of this selector; empty if there is none.
    pub(crate) async fn text(&self, css: &str) -> String {
        let script = "const found = document.querySelector(arguments[0]); return found ? found.innerText : ''";
        let found = self
            .client
            .execute(script, vec![json!(css)])
            .await
            .expect("the script runs");
        found.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the script gives `true`.
    pub(crate) async fn until(&self, what: &str, script: &str) {
        let script = format!("return !!({script})");
        for _ in 0..400 {
            if self
                .client
                .execute(&script, vec![])
                .await
                .expect("the script runs")
                == json!(true)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.screenshot("failed").await;
        panic!("never happened: {what}\n{}", self.text("body").await);
    }

    /// Waits until an element shows this text.
    pub(crate) async fn until_text(&self, css: &str, text: &str) {
        let wanted = serde_json::to_string(text).expect("JSON");
        let css_text = serde_json::to_string(css).expect("JSON");
        let script = format!("document.querySelector({css_text})?.innerText.includes({wanted})");
        self.until(&format!("{css} shows {text:?}"), &script).await;
    }

    /// Carries out a command of Chromium's own.
    pub(crate) async fn dev(&self, command: &str, params: serde_json::Value) {
        let command = DevTools(json!({ "cmd": command, "params": params }));
        let done = self.client.issue_cmd(command).await;
        done.expect("the browser takes it");
    }

    /// Runs a script; gives what it returns.
    pub(crate) async fn run(&self, script: &str) -> serde_json::Value {
        let ran = self.client.execute(script, vec![]).await;
        ran.expect("the script runs")
    }

    /// From now on a browser of somebody who likes it dark.
    pub(crate) async fn dark(&self) {
        let dark = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
        let command = DevTools(json!({ "cmd": "Emulation.setEmulatedMedia", "params": dark }));
        self.client
            .issue_cmd(command)
            .await
            .expect("the browser takes it");
    }

    /// A screen of this size with two dots to a pixel.
    pub(crate) async fn sharp(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 2, "mobile": false });
        let command =
            DevTools(json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": size }));
        self.client
            .issue_cmd(command)
            .await
            .expect("the browser takes it");
    }

    /// What the browser complained of, such as a breach of the page's policy.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.client.issue_cmd(Complaints).await.expect("a log");
        let entries = log.as_array().cloned().unwrap_or_default();
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].to_string()).collect()
    }

    /// Saves what is on show where a person can look at it.
    pub(crate) async fn screenshot(&self, name: &str) {
        if let Ok(png) = self.client.screenshot().await {
            let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
            // A picture that cannot be saved is no reason to fail.
            let _ = std::fs::create_dir_all(&folder);
            let _ = std::fs::write(folder.join(format!("{name}.png")), png);
        }
    }
}

/// A command of Chromium's own, carried by its driver.
#[derive(Debug)]
struct DevTools(serde_json::Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.to_string()))
    }
}

/// The browser's console since it was last read.
#[derive(Debug)]
struct Complaints;

impl WebDriverCompatibleCommand for Complaints {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (
            http::Method::POST,
            Some(json!({ "type": "browser" }).to_string()),
        )
    }
}

/// It will be well in a moment.
fn is_passing(error: &CmdError) -> bool {
    error.is_stale_element_reference() || error.is_element_not_interactable()
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver leaves what it started behind when it is killed. Chromium is found by the folder that it alone has.
        let profile = format!("user-data-dir={}", self.profile.path().display());
        let _ = Command::new("pkill")
            .args(["-KILL", "-f", &profile])
            .status();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Starts the driver on a port that it chooses.
///
/// It chooses one for IPv6 and then wants the same for IPv4; where another program has that, it gives up. So it is
/// started again, a few times.
fn start_driver() -> (Child, u16) {
    for _ in 0..5 {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver runs; `make test` installs it (Debian: apt-get install chromium chromium-driver)");
        let lines = BufReader::new(driver.stdout.take().expect("piped")).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.rsplit_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        if let Some(port) = port {
            return (driver, port);
        }
        let _ = driver.wait();
    }
    panic!("chromedriver never told its port");
}
