//! A Chromium of its own, driven through chromedriver (W3C `WebDriver`), and gone with this value.
//!
//! chromedriver takes any free port and serves one browser, so that no test waits for another's. The two
//! speak over a pipe: whatever ends chromedriver, the browser ends with it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::error::WebDriverResult;
use thirtyfour::extensions::query::ElementQuery;
use thirtyfour::prelude::ElementQueryable as _;
use thirtyfour::{By, Capabilities, Key, WebDriver, WebElement, WindowHandle};

/// Where chromedriver and Chromium are.
const CHROMEDRIVER: &str = "KEYFOB_TEST_CHROMEDRIVER";
const CHROMIUM: &str = "KEYFOB_TEST_CHROMIUM";

/// How long a page may take under the load of all tests at once before it counts as hanging.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is looked.
const EVERY: Duration = Duration::from_millis(20);

/// Nothing of the browser's own: no windows, no first steps, nobody to call.
const ARGUMENTS: [&str; 14] = [
    "--headless=new",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-breakpad",
    "--disable-sync",
    "--disable-quic",
    "--disable-features=Translate,MediaRouter,OptimizationHints",
    "--force-color-profile=srgb",
    "--lang=en-US",
];

/// Whether pages may run script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    On,
    Off,
}

/// A browser with an empty profile.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    chromedriver: Child,
    port: u16,
    /// It says nothing more that is of interest, but must not talk to a closed pipe.
    _output: BufReader<ChildStdout>,
    _folder: TempDir,
}

impl Browser {
    pub(crate) async fn open(script: Script) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut chromedriver = Command::new(program(CHROMEDRIVER))
            .args(["--port=0", "--log-level=SEVERE"])
            // What it keeps beside the profile goes the same way.
            .env("HOME", folder.path())
            .env("XDG_CONFIG_HOME", folder.path())
            .env("XDG_CACHE_HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(chromedriver.stdout.take().unwrap());
        let port = told_port(&mut output);
        let opened = WebDriver::new(
            format!("http://127.0.0.1:{port}"),
            capabilities(&folder, script),
        )
        .await;
        let driver = match opened {
            Ok(driver) => driver,
            Err(error) => {
                drop(chromedriver.kill());
                drop(chromedriver.wait());
                panic!("no browser: {error}");
            }
        };
        let browser = Self {
            driver,
            chromedriver,
            port,
            _output: output,
            _folder: folder,
        };
        browser.resize(1280, 900).await;
        // A window that nobody has clicked may not have the focus yet, and keys then go nowhere.
        let focused = json!({ "enabled": true });
        browser
            .devtools("Emulation.setFocusEmulationEnabled", focused)
            .await;
        browser
    }

    /// What is seen has this size, in CSS pixels.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
        // As on a phone, where it takes no room.
        self.devtools("Emulation.setScrollbarsHidden", json!({ "hidden": true }))
            .await;
    }

    /// What the system is said to like: `light` or `dark`.
    pub(crate) async fn prefer(&self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": [feature] }),
        )
        .await;
    }

    /// A command of the `DevTools` protocol to the page.
    pub(crate) async fn devtools(&self, method: &str, parameters: Value) -> Value {
        let answer = self.driver.cdp().send_raw(method, parameters).await;
        answer.unwrap()
    }

    pub(crate) async fn go(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// What a selector names, looked for until it is there. An element that goes with its page while it is
    /// looked at is not what is waited for.
    fn query(&self, selector: &str) -> ElementQuery {
        let query = self.driver.query(By::Css(selector));
        query.ignore_errors(true).wait(PATIENCE, EVERY)
    }

    /// Waits until what the selector names is to be seen.
    pub(crate) async fn see(&self, selector: &str) -> WebElement {
        match self.query(selector).and_displayed().first().await {
            Ok(element) => element,
            Err(error) => panic!("{selector}: {error}\n{}", self.said().await),
        }
    }

    /// Waits until a text stands in what the selector names.
    pub(crate) async fn read(&self, selector: &str, text: &str) {
        let wanted = text.to_owned();
        let has_it = move |found: &str| found.contains(&wanted);
        let found = self.query(selector).with_text(has_it).first().await;
        if let Err(error) = found {
            panic!("{text:?} in {selector}: {error}\n{}", self.said().await);
        }
    }

    /// Waits until nothing that the selector names is there.
    pub(crate) async fn miss(&self, selector: &str) {
        self.query(selector).wait_until_gone().await.unwrap();
    }

    /// Waits for a second tab, and goes there.
    pub(crate) async fn to_other_tab(&self, first: &WindowHandle) {
        let opened = tokio::time::timeout(PATIENCE, self.opened_beside(first));
        let second = opened.await.unwrap();
        self.driver.switch_to_window(second).await.unwrap();
    }

    async fn opened_beside(&self, first: &WindowHandle) -> WindowHandle {
        let mut looks = tokio::time::interval(EVERY);
        loop {
            looks.tick().await;
            let tabs = self.driver.windows().await.unwrap();
            if let Some(other) = tabs.into_iter().find(|tab| tab != first) {
                return other;
            }
        }
    }

    /// How many there are now, seen or not.
    pub(crate) async fn count(&self, selector: &str) -> usize {
        self.driver.find_all(By::Css(selector)).await.unwrap().len()
    }

    /// What is written there, as a reader sees it. Of what the page before has as well, `read` waits for the
    /// one that is meant.
    pub(crate) async fn text(&self, selector: &str) -> String {
        self.see(selector).await.text().await.unwrap()
    }

    pub(crate) async fn press(&self, selector: &str) {
        let pressed = self.see(selector).await;
        // Not at the very edge, where something that stays in sight may lie above it.
        pressed.scroll_into_view().await.unwrap();
        pressed.click().await.unwrap();
    }

    /// Writes in the place of what is in a field.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let field = self.see(selector).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Types on the keyboard, wherever the focus is.
    pub(crate) async fn type_in(&self, keys: &str) {
        self.see_painted().await;
        let chain = self.driver.action_chain().send_keys(keys);
        chain.perform().await.unwrap();
    }

    /// Waits until the page was painted: before that a browser drops what is typed, so that nobody presses
    /// what they have not seen.
    async fn see_painted(&self) {
        const PAINTED: &str = "const answer = arguments[0], look = () =>
            performance.getEntriesByType('paint').length ? answer() : requestAnimationFrame(look);
            look()";
        self.driver.execute_async(PAINTED, vec![]).await.unwrap();
    }

    pub(crate) async fn strike(&self, key: Key) {
        self.type_in(&char::from(key).to_string()).await;
    }

    pub(crate) async fn source(&self) -> String {
        self.driver.source().await.unwrap()
    }

    /// The path of the page, with what follows it.
    pub(crate) async fn path(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        let text = url.as_str();
        let (_scheme, rest) = text.split_once("://").unwrap();
        let slash = rest.find('/').unwrap_or(rest.len());
        rest.split_at(slash).1.to_owned()
    }

    /// The value of a script's `return`.
    pub(crate) async fn run(&self, script: &str) -> Value {
        let value = self.driver.execute(script, vec![]).await.unwrap();
        value.json().clone()
    }

    /// Where something lies: left, top, right, bottom.
    pub(crate) async fn lies(&self, selector: &str) -> [f64; 4] {
        let rect = self.see(selector).await.rect().await.unwrap();
        [rect.x, rect.y, rect.x + rect.width, rect.y + rect.height]
    }

    /// Lets the page and the test use the clipboard.
    pub(crate) async fn lets_read_the_clipboard(&self) {
        let allowed = json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
        self.devtools("Browser.grantPermissions", allowed).await;
    }

    /// What the browser has logged since it was asked last: errors of script and of the network, and
    /// whatever the Content-Security-Policy stopped.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let entries = self.driver.browser_log().await.unwrap();
        let told = entries
            .into_iter()
            .map(|entry| format!("{} {}", entry.level, entry.message));
        told.collect()
    }

    /// Sets a cookie, as `name=value`, for a site.
    pub(crate) async fn set_cookie(&self, url: &str, cookie: &str) {
        let (name, value) = cookie.split_once('=').unwrap();
        let cookie = json!({
            "url": url, "name": name, "value": value, "httpOnly": true, "sameSite": "Lax"
        });
        let set = self.devtools("Network.setCookie", cookie).await;
        assert_eq!(set["success"], true);
    }

    /// For a message: the page as it is read.
    async fn said(&self) -> String {
        let body = self.driver.find(By::Tag("body")).await;
        let text: WebDriverResult<String> = match body {
            Ok(body) => body.text().await,
            Err(error) => Err(error),
        };
        format!("{}: {}", self.path().await, text.unwrap_or_default())
    }
}

impl Drop for Browser {
    /// Closes the browser and waits for it, so that nobody writes into the profile any more when that is
    /// removed. Also when a test has failed, so nothing here may panic.
    fn drop(&mut self) {
        let session = self.driver.session_id().to_string();
        // The library would otherwise ask for the same, later.
        drop(self.driver.clone().leak());
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let request = format!(
                "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
            );
            drop(stream.set_read_timeout(Some(PATIENCE)));
            drop(stream.write_all(request.as_bytes()));
            // It answers when the browser is gone, and keeps the connection.
            drop(stream.read(&mut [0; 512]));
        }
        drop(self.chromedriver.kill());
        drop(self.chromedriver.wait());
    }
}

/// A program that the test run has found or installed.
fn program(variable: &str) -> PathBuf {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test binary has no other way to be told"
    )]
    let Some(path) = std::env::var_os(variable) else {
        panic!("{variable} is not set; `cargo xtask test` finds or installs a browser and sets it");
    };
    path.into()
}

/// Reads the port that chromedriver says it took.
fn told_port(output: &mut BufReader<ChildStdout>) -> u16 {
    let mut said = String::new();
    while output.read_line(&mut said).unwrap() > 0 {
        let last = said.lines().next_back().unwrap_or_default();
        if let Some((_before, port)) = last.split_once("started successfully on port ") {
            return port.trim_end_matches(['.', '\n']).parse().unwrap();
        }
    }
    panic!("chromedriver did not start: {said}");
}

fn capabilities(folder: &TempDir, script: Script) -> Capabilities {
    let profile = folder.path().join("profile");
    let mut arguments: Vec<String> = ARGUMENTS.map(str::to_owned).into();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    if rustix::process::geteuid().is_root() {
        arguments.push("--no-sandbox".to_owned());
    }
    let block = 2;
    let preferences = match script {
        Script::On => json!({}),
        Script::Off => json!({ "profile.managed_default_content_settings.javascript": block }),
    };
    let capabilities = json!({
        "browserName": "chrome",
        "unhandledPromptBehavior": "ignore",
        "goog:loggingPrefs": { "browser": "WARNING" },
        "goog:chromeOptions": {
            "binary": program(CHROMIUM),
            "args": arguments,
            "prefs": preferences,
        },
    });
    capabilities.as_object().unwrap().clone().into()
}
