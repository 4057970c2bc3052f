//! A measured server in a process of its own, and the set-up and leads that it is measured with.

use std::io::BufRead as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use clickback::app::App;
use clickback::config::Settings;
use clickback::ids::WorkspaceId;
use clickback::load::Client;
use clickback::store::integrations::{NewConfiguration, NewIntegration};
use clickback::store::leads::NewClick;
use clickback::store::postgres::connect::Address;
use clickback_core::rules::Rules;

pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId(1);

/// Settings of a server on a directory of its own and, where an address is given, on PostgreSQL.
pub(crate) fn settings(directory: &Path, database: Option<&str>) -> Settings {
    Settings {
        database: database.map(|url| Address::parse(url).expect("an address")),
        ..Settings::local(directory.to_owned())
    }
}

/// Serves a data directory until killed; prints its address first.
pub(crate) fn serve(directory: &str, database: Option<&str>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("an address");
        println!("{}", listener.local_addr().expect("an address"));
        let app = App::open(settings(Path::new(directory), database)).expect("the store opens");
        clickback::app::serve(app, listener, clickback::app::stop_signal()).await;
    });
}

/// A server process; ended when dropped.
pub(crate) struct Child {
    pub(crate) process: std::process::Child,
    pub(crate) address: SocketAddr,
}

impl Child {
    /// Starts this program again in another role.
    pub(crate) fn start(role: &str, arguments: &[&str]) -> Child {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg(role).args(arguments).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the server starts");
        let mut line = String::new();
        let out = process.stdout.take().expect("its output");
        std::io::BufReader::new(out)
            .read_line(&mut line)
            .expect("its address");
        Child {
            process,
            address: line.trim().parse().expect("an address"),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // A polite end, so that the database is closed before it is measured from outside.
        let _ = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        let _ = self.process.wait();
    }
}

/// Seconds until everything that was accepted is decided.
pub(crate) async fn drained(address: SocketAddr) -> f64 {
    let begun = std::time::Instant::now();
    let mut client = Client::connect(address).await.expect("a connection");
    loop {
        let status = client
            .exchange(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .expect("an answer");
        assert_eq!(status, 200);
        let text = String::from_utf8_lossy(client.body());
        if text.lines().any(|line| line == "clickback_undecided 0") {
            return begun.elapsed().as_secs_f64();
        }
    }
}

/// What the load is about.
pub(crate) struct Filled {
    pub(crate) clickids: Vec<String>,
    pub(crate) path: String,
}

/// Makes an integration and clicks. The first postback of each click makes its lead, as in life.
pub(crate) async fn fill(settings: Settings, leads: usize) -> Filled {
    let app = App::open(settings).expect("the store opens");
    let rules: Rules = serde_json::from_str(r#"{"currency":"USD"}"#).expect("rules");
    let made = app
        .store
        .create_integration(NewIntegration {
            workspace: WORKSPACE,
            partner: None,
            name: "Bench".to_owned(),
            clickid_param: "sub1".to_owned(),
            clickid_macro: "{sub1}".to_owned(),
            rules,
            configurations: vec![NewConfiguration {
                name: "First deposit".to_owned(),
                event: "sale".to_owned(),
                rules: clickback_core::rules::ConfigurationRules::default(),
            }],
            fields: app.catalogue.get("1win").map_or_else(Vec::new, |partner| {
                partner
                    .fields
                    .iter()
                    .map(|field| (field.clone(), field.name.en.clone()))
                    .collect()
            }),
            events: Vec::new(),
        })
        .await
        .expect("an integration");
    let mut clickids = Vec::with_capacity(leads);
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..leads {
        let random = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let clickid = clickback_core::ids::clickid(
            1_790_000_000_000 + i64::try_from(number).unwrap_or(0) * 40,
            random,
        );
        clickids.push(clickid.clone());
        let app = Arc::clone(&app);
        waiting.spawn(async move {
            app.store
                .record_click(NewClick {
                    workspace: WORKSPACE,
                    clickid,
                    params: Vec::new(),
                })
                .await
        });
        while waiting.len() >= 512 {
            waiting
                .join_next()
                .await
                .expect("one")
                .expect("no panic")
                .expect("a click");
        }
    }
    while let Some(done) = waiting.join_next().await {
        done.expect("no panic").expect("a click");
    }
    app.store.close().await;
    Filled {
        clickids,
        path: format!("/api/postbacks/{}/tracker-postback", made.uuid),
    }
}
