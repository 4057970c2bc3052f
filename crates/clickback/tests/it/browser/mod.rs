//! Tests in a real Chromium: what people see and do. Here is the harness; `checks` holds what must be
//! true of every page, the other files are stories by topic.

mod checks;
mod doctor;
mod driver;
mod inbox;
mod journey;
mod keys;
mod pages;
mod people;
mod switches;

use std::fmt::Debug;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clickback::web::i18n;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::TestApp;

use driver::Driver;

/// The name under which the browser knows the server: plain http on a host that is not local, as many
/// install it, so nothing works here only because browsers trust 127.0.0.1.
const HOST: &str = "clickback.test";

/// Shows the browser when it is set: `CLICKBACK_BROWSER_WINDOW=1`.
const WINDOW: &str = "CLICKBACK_BROWSER_WINDOW";

/// How long a condition may take to come true, in milliseconds; a lone test needs a fraction.
const PATIENCE: u32 = 20_000;

/// A width and a height of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(u32, u32);

/// A small laptop.
pub(crate) const LAPTOP: Size = Size(1_366, 768);
/// A phone.
pub(crate) const PHONE: Size = Size(390, 844);

/// A browser with a profile of its own. It ends with the test, also with a failed one.
pub(crate) struct Browser {
    client: Client,
    session: String,
    driver: Arc<Driver>,
    _profile: TempDir,
}

/// A command of chromedriver that the standard does not have.
#[derive(Debug)]
struct Extra {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extra {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (axum::http::Method, Option<String>) {
        (axum::http::Method::POST, Some(self.body.to_string()))
    }
}

/// Starts an app that the browser reaches under [`HOST`].
pub(crate) async fn start() -> TestApp {
    TestApp::start_with(|settings| settings.public_url = named(&settings.public_url)).await
}

/// The same before anybody has an account.
pub(crate) async fn start_fresh() -> TestApp {
    TestApp::start_fresh(|settings| settings.public_url = named(&settings.public_url)).await
}

fn named(url: &str) -> String {
    url.replace("127.0.0.1", HOST)
}

impl Browser {
    /// A browser with nobody logged in. Without Chromium it says so, and the test ends.
    pub(crate) async fn open() -> Option<Browser> {
        let driver = match driver::shared() {
            Ok(driver) => driver,
            Err(missing) => {
                println!("SKIPPED: {missing}");
                return None;
            }
        };
        let profile = tempfile::tempdir().expect("a directory");
        let mut arguments: Vec<String> = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-features=HttpsUpgrades",
            "--no-proxy-server",
            // Colours are compared when they are there, not on their way.
            "--force-prefers-reduced-motion",
            "--lang=en-US",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--host-resolver-rules=MAP {HOST} 127.0.0.1"));
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        if std::env::var_os(WINDOW).is_none() {
            arguments.push("--headless".to_owned());
        }
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(capabilities) = capabilities else {
            unreachable!("an object was written")
        };
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .expect("a browser");
        let session = client
            .session_id()
            .await
            .expect("an answer")
            .expect("a session");
        let browser = Browser {
            client,
            session,
            driver,
            _profile: profile,
        };
        browser.resize(LAPTOP).await;
        Some(browser)
    }

    /// A browser in which the owner of the app is logged in.
    pub(crate) async fn of_owner(app: &TestApp) -> Option<Browser> {
        let browser = Self::open().await?;
        let (name, value) = app.cookie.split_once('=').expect("a cookie");
        browser.set_cookie(app, name, value).await;
        Some(browser)
    }

    pub(crate) async fn set_cookie(&self, app: &TestApp, name: &str, value: &str) {
        let url = address(app, "/");
        self.devtools(
            "Network.setCookie",
            json!({ "name": name, "value": value, "url": url, "httpOnly": name == "session" }),
        )
        .await;
    }

    /// Calls the browser's own protocol.
    async fn devtools(&self, command: &str, params: Value) -> Value {
        let body = json!({ "cmd": command, "params": params });
        let path = "goog/cdp/execute";
        done(self.client.issue_cmd(Extra { path, body }).await, command)
    }

    /// The room that pages have.
    pub(crate) async fn resize(&self, Size(width, height): Size) {
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false }),
        )
        .await;
    }

    /// Opens a page of the app; nothing may be complained about.
    pub(crate) async fn visit(&self, app: &TestApp, path: &str) {
        self.goto(&address(app, path)).await;
        self.quiet().await;
    }

    /// Opens an address.
    pub(crate) async fn goto(&self, url: &str) {
        done(self.client.goto(url).await, url);
    }

    /// Path and query of the page.
    pub(crate) async fn place(&self) -> String {
        let url = done(self.client.current_url().await, "the address");
        let query = url.query().map(|query| format!("?{query}"));
        format!("{}{}", url.path(), query.unwrap_or_default())
    }

    /// What the console has said since the last time it was asked: errors, refused requests, breaches
    /// of the content security policy.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let body = json!({ "type": "browser" });
        let path = "se/log";
        let log = done(self.client.issue_cmd(Extra { path, body }).await, "the log");
        let entries = log.as_array().expect("entries");
        entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING")
            .map(|entry| format!("{}: {}", entry["source"], entry["message"]))
            .collect()
    }

    /// The console must have nothing to complain about.
    pub(crate) async fn quiet(&self) {
        let complaints = self.complaints().await;
        let place = self.place().await;
        assert_eq!(complaints, Vec::<String>::new(), "the console on {place}");
    }

    /// The page that is open was answered with this status, and the console tells of nothing else.
    pub(crate) async fn refused_with(&self, status: u16) {
        let answered = "return performance.getEntriesByType('navigation')[0].responseStatus";
        let answered = self.run(answered, Vec::new()).await;
        assert_eq!(answered, json!(status), "{}", self.place().await);
        // The console is told a little later than the page.
        let expected = format!("status of {status}");
        let end = Instant::now() + Duration::from_millis(PATIENCE.into());
        let mut complaints = Vec::new();
        while complaints.is_empty() {
            assert!(
                Instant::now() < end,
                "the console does not tell of {status}"
            );
            complaints = self.complaints().await;
        }
        let told = complaints.iter().all(|one| one.contains(&expected));
        assert!(told, "{complaints:?}");
    }

    /// Runs a script in the page.
    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        done(self.client.execute(script, arguments).await, script)
    }

    /// Waits until an expression of the page is true, and returns its value.
    pub(crate) async fn until(&self, expression: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1], end = performance.now() + {PATIENCE};
             (function look() {{
               const value = ({expression});
               if (value) done(value);
               else if (performance.now() > end) done(null);
               else setTimeout(look, 10);
             }})();"
        );
        let value = done(
            self.client.execute_async(&script, Vec::new()).await,
            expression,
        );
        if value.is_null() {
            let text = self.run("return document.body.innerText", Vec::new()).await;
            let place = self.place().await;
            panic!("never true on {place}: {expression}\n{text}");
        }
        value
    }

    /// The first element that a CSS selector finds; waits for it.
    pub(crate) async fn find(&self, selector: &str) -> Element {
        let found = self.client.wait().for_element(Locator::Css(selector)).await;
        if found.is_err() {
            let text = self.run("return document.body.innerText", Vec::new()).await;
            let place = self.place().await;
            panic!("no {selector} on {place}\n{text}");
        }
        done(found, selector)
    }

    /// Clicks something that changes the page.
    pub(crate) async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        done(element.click().await, selector);
    }

    /// Clicks something that leads to another page, and waits for that.
    pub(crate) async fn follow(&self, selector: &str) {
        let element = self.find(selector).await;
        self.leave(element, selector).await;
    }

    /// The same for the link or button with these words.
    pub(crate) async fn press(&self, words: &str) {
        let path = format!("//main//*[self::a or self::button][normalize-space()='{words}']");
        let found = self.client.wait().for_element(Locator::XPath(&path)).await;
        self.leave(done(found, words), words).await;
    }

    async fn leave(&self, element: Element, what: &str) {
        self.run("window.isLeft = true", Vec::new()).await;
        done(element.click().await, what);
        let arrived = "return !window.isLeft && document.readyState === 'complete'";
        let end = Instant::now() + Duration::from_millis(PATIENCE.into());
        // Between two pages there is none to ask.
        while !matches!(
            self.client.execute(arrived, Vec::new()).await,
            Ok(Value::Bool(true))
        ) {
            assert!(Instant::now() < end, "{what} leads nowhere");
        }
    }

    /// Types into an empty field.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        done(element.clear().await, selector);
        done(element.send_keys(text).await, selector);
    }

    /// The text that an element shows.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let element = self.find(selector).await;
        done(element.text().await, selector)
    }

    /// How many elements a selector finds now.
    pub(crate) async fn count(&self, selector: &str) -> u64 {
        let script = "return document.querySelectorAll(arguments[0]).length";
        let count = self.run(script, vec![json!(selector)]).await;
        count.as_u64().expect("a number")
    }

    /// Presses keys one after the other, wherever the focus is.
    pub(crate) async fn keys(&self, keys: impl IntoIterator<Item = KeyAction>) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for key in keys {
            actions = actions.then(key);
        }
        done(self.client.perform_actions(actions).await, "keys");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The runtime may be on its way out, so this is said without it. Who cannot be reached is gone.
        let address = (Ipv4Addr::LOCALHOST, self.driver.port);
        if let Ok(mut stream) = TcpStream::connect(address) {
            let request = format!(
                "DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
                self.session, self.driver.port
            );
            let _ = stream.write_all(request.as_bytes());
            // The answer's beginning is enough: the connection stays open after its end.
            let _ = stream.read(&mut [0; 512]);
        }
    }
}

/// The address of a page of the app as the browser knows it.
pub(crate) fn address(app: &TestApp, path: &str) -> String {
    format!("{}{path}", app.app.settings.public_url)
}

/// A sentence of the pages.
pub(crate) fn words(language: &str, key: &str) -> String {
    i18n::text(language, key, &[])
}

fn done<T>(result: Result<T, impl Debug>, what: &str) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {error:?}"))
}
