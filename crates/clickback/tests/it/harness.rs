//! A running Clickback on a throw-away directory, and the little that tests need to talk to it.

use std::net::SocketAddr;
use std::sync::Arc;

use clickback::app::{self, App, AppState};
use clickback::clock::{ManualClock, SystemClock};
use clickback::config::Settings;
use clickback::ids::{UserId, WorkspaceId};
use clickback::load::Client;
use clickback::people::Role;
use clickback::store::people::{NewUser, Session};
use clickback::store::sqlite::FILE_NAME;
use clickback::tokens;
use clickback_core::moment::Moment;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::ground::TestDatabase;

pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId(1);

/// A server that ends with the test.
pub(crate) struct TestApp {
    pub(crate) app: AppState,
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    /// The owner's session; empty before there is an owner.
    pub(crate) cookie: String,
    stop: watch::Sender<bool>,
    server: Option<JoinHandle<()>>,
    _directory: TempDir,
    /// Dropped after everything that uses it.
    database: Option<TestDatabase>,
}

impl TestApp {
    /// Starts on the system's clock.
    pub(crate) async fn start() -> TestApp {
        Self::start_with(|_| {}).await
    }

    /// Starts with changed settings.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> TestApp {
        let mut app = Self::start_fresh(change).await;
        app.cookie = app.log_in_as(Role::Owner).await.1;
        app
    }

    /// A new person of the workspace with a role, and a session of his.
    pub(crate) async fn log_in_as(&self, role: Role) -> (UserId, String) {
        log_in(&self.app, WORKSPACE, role).await
    }

    /// The same before anybody has an account: there is no owner and no cookie.
    pub(crate) async fn start_fresh(change: impl FnOnce(&mut Settings)) -> TestApp {
        let directory = tempfile::tempdir().expect("a directory");
        let mut settings = Settings::local(directory.path().to_owned());
        let database = database().await;
        settings.database = database.as_ref().map(|made| made.address.clone());
        let listener = TcpListener::bind(settings.listen)
            .await
            .expect("an address");
        let address = listener.local_addr().expect("an address");
        settings.public_url = format!("http://{address}");
        change(&mut settings);
        let app = App::open_with(settings, Arc::new(SystemClock), false).expect("the store opens");
        let (token, hash) = tokens::generate();
        app.store
            .create_token(WORKSPACE, "test".to_owned(), hash)
            .await
            .expect("a token");
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(app::serve(Arc::clone(&app), listener, stopped));
        TestApp {
            app,
            address,
            token,
            cookie: String::new(),
            stop,
            server: Some(server),
            _directory: directory,
            database,
        }
    }

    /// One more workspace of the same server: nothing in the program makes them yet.
    pub(crate) async fn second_workspace(&self) -> WorkspaceId {
        const INSERT: &str =
            "INSERT INTO workspaces (id, name, created_at) VALUES (2, 'Theirs', 0)";
        if let Some(database) = &self.database {
            let client = database.client().await;
            client.batch_execute(INSERT).await.expect("a workspace");
        } else {
            let file = self.app.settings.data_dir.join(FILE_NAME);
            let sql = rusqlite::Connection::open(file).expect("the file");
            sql.execute(INSERT, []).expect("a workspace");
        }
        WorkspaceId(2)
    }

    /// Calls the API; the path is behind `/api/v1`.
    pub(crate) async fn api(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let mut client = Client::connect(self.address).await.expect("a connection");
        let body = (!body.is_null()).then_some(body);
        client
            .api(
                method,
                &format!("/api/v1{path}"),
                &self.token,
                body.as_ref(),
            )
            .await
            .expect("an answer")
    }

    /// Calls the API and expects success.
    pub(crate) async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.api(method, path, body).await;
        assert!(
            (200..300).contains(&status),
            "{method} {path}: {status} {answer}"
        );
        answer
    }

    /// Reads from the API.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.ok("GET", path, Value::Null).await
    }

    /// Sends a request to a path and query as a partner would.
    pub(crate) async fn send(&self, path_and_query: &str) -> (u16, Value) {
        let request =
            format!("GET {path_and_query} HTTP/1.1\r\nHost: partner\r\nConnection: close\r\n\r\n");
        let mut client = Client::connect(self.address).await.expect("a connection");
        let status = client
            .exchange(request.as_bytes())
            .await
            .expect("an answer");
        (
            status,
            serde_json::from_slice(client.body()).unwrap_or_default(),
        )
    }

    /// Opens a page as the owner.
    pub(crate) async fn page(&self, path: &str) -> (u16, String) {
        let cookie = &self.cookie;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: clickback\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        );
        let mut client = Client::connect(self.address).await.expect("a connection");
        let status = client
            .exchange(request.as_bytes())
            .await
            .expect("an answer");
        (status, String::from_utf8_lossy(client.body()).into_owned())
    }

    /// Sends a form as the owner, from the program's own pages.
    pub(crate) async fn submit(&self, path: &str, form: &str) -> (u16, String) {
        let cookie = &self.cookie;
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: clickback\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}",
            form.len()
        );
        let mut client = Client::connect(self.address).await.expect("a connection");
        let status = client
            .exchange(request.as_bytes())
            .await
            .expect("an answer");
        (status, String::from_utf8_lossy(client.body()).into_owned())
    }

    /// Posts a body as a partner would.
    pub(crate) async fn post(&self, path: &str, kind: &str, body: &str) -> (u16, Value) {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: partner\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut client = Client::connect(self.address).await.expect("a connection");
        let status = client
            .exchange(request.as_bytes())
            .await
            .expect("an answer");
        (
            status,
            serde_json::from_slice(client.body()).unwrap_or_default(),
        )
    }

    /// Makes an integration and returns it with the path of its postback address.
    pub(crate) async fn integration(&self, body: Value) -> (Value, String) {
        let made = self.ok("POST", "/integrations", body).await;
        let path = format!(
            "/api/postbacks/{}/tracker-postback",
            made["uuid"].as_str().expect("a uuid")
        );
        (made, path)
    }

    /// A custom integration without rules.
    pub(crate) async fn custom(&self) -> String {
        self.integration(json!({ "partner": null, "name": "Test" }))
            .await
            .1
    }

    /// Makes a lead and returns its id and clickid.
    pub(crate) async fn lead(&self) -> (String, String) {
        let made = self.ok("POST", "/leads", json!({ "name": "Anna" })).await;
        (text(&made["id"]), text(&made["clickid"]))
    }

    /// The events of a clickid, oldest first.
    pub(crate) async fn events(&self, clickid: &str) -> Vec<Value> {
        let list = self
            .get(&format!("/events?clickid={clickid}&limit=200"))
            .await;
        let mut items = list["items"].as_array().expect("items").clone();
        items.reverse();
        items
    }

    /// One request of the inbox.
    pub(crate) async fn request(&self, answer: &Value) -> Value {
        self.get(&format!(
            "/inbox/{}",
            answer["request_id"].as_str().expect("a request id")
        ))
        .await
    }

    /// `check` must find nothing.
    pub(crate) async fn check(&self) {
        let report = self.app.store.check().await.expect("a report");
        assert_eq!(report.problems, Vec::<String>::new());
    }

    /// Stops as the program does on SIGTERM.
    pub(crate) async fn stop(&mut self) {
        self.stop.send(true).expect("a running server");
        self.server
            .take()
            .expect("a server")
            .await
            .expect("no panic");
    }
}

/// What the program runs on: `TEST_ON=postgres` is a database of its own there, anything else SQLite.
#[expect(
    clippy::disallowed_methods,
    reason = "the script tells the tests which database to run on"
)]
async fn database() -> Option<TestDatabase> {
    if std::env::var("TEST_ON").is_ok_and(|on| on == "postgres") {
        let database = TestDatabase::fresh()
            .await
            .expect("TEST_ON=postgres needs TEST_POSTGRES_URL");
        database.say_where().await;
        return Some(database);
    }
    None
}

/// Makes a person and a session of his, as a cookie.
pub(crate) async fn log_in(app: &App, workspace: WorkspaceId, role: Role) -> (UserId, String) {
    let user = app
        .store
        .create_user(NewUser {
            workspace,
            login: format!("{}-{workspace}", role.code()),
            name: role.code().to_owned(),
            role,
            lead_by: None,
            password_hash: String::new(),
        })
        .await
        .expect("a person");
    let (token, hash) = tokens::generate();
    let now = app.clock.now();
    app.store
        .create_session(Session {
            hash,
            user: user.id,
            agent: "test".to_owned(),
            address: "127.0.0.1".to_owned(),
            created_at: now,
            seen_at: now,
        })
        .await
        .expect("a session");
    (user.id, format!("session={token}"))
}

/// A JSON string.
pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
        .to_owned()
}

/// A moment to begin manual clocks at.
pub(crate) fn noon() -> Moment {
    Moment::parse_rfc3339("2026-11-24T12:00:00Z").expect("a time")
}

/// A clock that stands.
pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(noon()))
}
