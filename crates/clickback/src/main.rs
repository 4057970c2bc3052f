//! The command line: what can be asked of the program, and nothing else.

use std::io::Write as _;
use std::net::ToSocketAddrs as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use clickback::app::{self, App, AppState};
use clickback::clock::ShiftedClock;
use clickback::config::{Given, Settings};
use clickback::ids::WorkspaceId;
use clickback::move_store::{self, MoveArguments};
use clickback::people::Role;
use clickback::store::people::NewUser;
use clickback::store::{StoreError, StoreResult};
use clickback::upkeep::Said;
use clickback::web::people;
use clickback::{demo, doctor, load, telemetry, tokens, upkeep};
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Postback tracker with a lead CRM.
#[derive(Parser)]
#[command(name = "clickback", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Receive postbacks and serve the pages and the API
    Serve(Given),
    /// Try it: a throw-away database with live postbacks
    Demo {
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: std::net::SocketAddr,
    },
    /// API tokens
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// People who log in
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Check the database and recount its roll-ups: what is not sealed, and the sums of what is
    Check {
        /// Recount sealed months, too, and look for damage of the file
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        given: Given,
    },
    /// Seal a month that is over, with everything before it: `check` need not recount it any more
    Seal {
        /// The month, as in 2026-10; without it, says what is sealed and what could be
        month: Option<String>,
        /// Take the seals of the month and of everything after it away
        #[arg(long, requires = "month")]
        undo: bool,
        #[command(flatten)]
        given: Given,
    },
    /// Move everything to another database while the program goes on taking postbacks
    MigrateStore(MoveArguments),
    /// Say what is right and wrong with a postback URL, a template or a log line
    Doctor {
        /// What to look at
        text: String,
    },
    /// Send realistic postbacks to a running installation and measure
    Load(LoadArguments),
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Make a token and print it, once
    Create {
        /// What the token is for
        #[arg(long)]
        name: String,
        #[command(flatten)]
        given: Given,
    },
}

#[derive(Subcommand)]
enum UserCommand {
    /// Add a person and print a link with which he chooses a password
    Add {
        /// What he logs in with: an e-mail address or a short name
        #[arg(long)]
        login: String,
        /// The name that the team sees; the login unless given
        #[arg(long)]
        name: Option<String>,
        /// `owner`, `admin`, `team_lead`, `buyer` or `viewer`
        #[arg(long, default_value = "owner")]
        role: String,
        #[command(flatten)]
        given: Given,
    },
    /// Print a link with which a person chooses a new password
    Link {
        /// Whose password
        #[arg(long)]
        login: String,
        #[command(flatten)]
        given: Given,
    },
}

#[derive(clap::Args)]
struct LoadArguments {
    /// Address of the installation
    #[arg(long, default_value = "127.0.0.1:8080")]
    target: String,
    /// API token: the generator makes an integration and leads of its own
    #[arg(long)]
    token: String,
    /// Connections at the same time
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds to run
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Leads to make
    #[arg(long, default_value_t = 1_000)]
    leads: usize,
}

type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(cli.command)));
    match done {
        Ok(code) => code,
        Err(error) => {
            // Nobody reads standard error any more when this fails.
            let _ = writeln!(std::io::stderr(), "clickback: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Outcome {
    match command {
        Command::Serve(given) => serve(Settings::resolve(given)?).await,
        Command::Demo { listen } => run_demo(listen).await,
        Command::Token {
            command: TokenCommand::Create { name, given },
        } => create_token(Settings::resolve(given)?, name).await,
        Command::User { command } => user(command).await,
        Command::Check { all, given } => {
            let app = visit(Settings::resolve(given)?)?;
            let said = upkeep::check(&*app.store, all).await;
            tell(&app, said).await
        }
        Command::Seal { month, undo, given } => {
            let app = visit(Settings::resolve(given)?)?;
            let said = match month {
                Some(month) if undo => upkeep::unseal(&*app.store, &month).await,
                month => upkeep::seal(&*app.store, month.as_deref()).await,
            };
            tell(&app, said).await
        }
        Command::MigrateStore(arguments) => {
            writeln!(std::io::stdout(), "{}", move_store::run(arguments).await?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Doctor { text } => {
            write!(std::io::stdout(), "{}", doctor::report(&text))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Load(arguments) => run_load(arguments).await,
    }
}

async fn serve(settings: Settings) -> Outcome {
    telemetry::start_logs(&settings);
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", settings.listen))?;
    let app = App::open(settings)?;
    let address = listener.local_addr()?;
    let link = match people::first_link(&app).await {
        // Nobody is there to use a link before the database is back.
        Err(StoreError::Unavailable { .. }) => None,
        link => link?,
    };
    if let Some(link) = link {
        writeln!(
            std::io::stdout(),
            "\n  Nobody has an account yet. Open this once to make the owner's:\n\n  {link}\n"
        )?;
    }
    tracing::info!(%address, public_url = app.settings.public_url, data_dir = %app.settings.data_dir.display(), "listening");
    app::serve(app, listener, app::stop_signal()).await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn user(command: UserCommand) -> Outcome {
    let given = match &command {
        UserCommand::Add { given, .. } | UserCommand::Link { given, .. } => given.clone(),
    };
    let mut settings = Settings::resolve(given)?;
    settings.accepts = false;
    let app = App::open(settings)?;
    let user = match command {
        UserCommand::Add {
            login, name, role, ..
        } => {
            let role = Role::from_code(&role).ok_or_else(|| {
                let known: Vec<&str> = Role::ALL.iter().map(|role| role.code()).collect();
                format!(
                    "there is no role `{role}`: it is one of {}",
                    known.join(", ")
                )
            })?;
            let new = NewUser {
                workspace: WorkspaceId(1),
                name: name.unwrap_or_else(|| login.clone()),
                login,
                role,
                lead_by: None,
                password_hash: String::new(),
            };
            app.store.create_user(new).await?
        }
        UserCommand::Link { login, .. } => app
            .store
            .user_by_login(&login)
            .await?
            .ok_or_else(|| format!("there is no user `{login}`"))?,
    };
    let link = people::invitation(&app, user.id).await?;
    app.store.close().await;
    writeln!(std::io::stdout(), "{link}")?;
    Ok(ExitCode::SUCCESS)
}

async fn run_demo(listen: std::net::SocketAddr) -> Outcome {
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("cannot listen on {listen}: {error}; try --listen 127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    let directory = std::env::temp_dir().join(format!("clickback-demo-{}", std::process::id()));
    let mut settings = Settings::local(directory.clone());
    settings.listen = address;
    settings.public_url = format!("http://{address}");
    settings.public_urls = vec![settings.public_url.clone()];
    settings.open_pages = true;
    "warn".clone_into(&mut settings.log_filter);
    telemetry::start_logs(&settings);
    let clock = Arc::new(ShiftedClock::default());
    let app = App::open_with(settings, Arc::clone(&clock) as _, false)?;
    let cast = demo::fill(&app, &clock).await?;
    let (token, hash) = tokens::generate();
    app.store
        .create_token(WorkspaceId(1), "demo".to_owned(), hash)
        .await?;
    let stop = app::stop_signal();
    let player = tokio::spawn(demo::play(address, cast, stop.clone()));
    writeln!(
        std::io::stdout(),
        "\n  Clickback demo\n\n  Open   {}\n  API    {token}\n  Data   {} (deleted on exit)\n\n  Ctrl-C stops it.\n",
        demo::address(&app),
        directory.display()
    )?;
    app::serve(Arc::clone(&app), listener, stop).await;
    player.abort();
    std::fs::remove_dir_all(&directory)?;
    Ok(ExitCode::SUCCESS)
}

async fn create_token(mut settings: Settings, name: String) -> Outcome {
    settings.accepts = false;
    let app = App::open(settings)?;
    let (token, hash) = tokens::generate();
    app.store.create_token(WorkspaceId(1), name, hash).await?;
    app.store.close().await;
    writeln!(std::io::stdout(), "{token}")?;
    Ok(ExitCode::SUCCESS)
}

/// Opens a database that is there, beside the program that uses it.
fn visit(mut settings: Settings) -> Result<AppState, Box<dyn std::error::Error>> {
    settings.accepts = false;
    let file = settings.data_dir.join(clickback::store::sqlite::FILE_NAME);
    if settings.database.is_none() && !file.exists() {
        return Err(format!("there is no database at {}", file.display()).into());
    }
    Ok(App::open(settings)?)
}

async fn tell(app: &App, said: StoreResult<Said>) -> Outcome {
    app.store.close().await;
    let said = said?;
    write!(std::io::stdout(), "{}", said.text)?;
    Ok(if said.well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn run_load(arguments: LoadArguments) -> Outcome {
    let target = arguments
        .target
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_socket_addrs()?
        .next()
        .ok_or("the target has no address")?;
    let (path, clickids) = prepare(target, &arguments).await?;
    let report = load::run(load::Plan {
        target,
        path,
        clickids: Arc::new(clickids),
        connections: arguments.connections,
        duration: Duration::from_secs(arguments.seconds),
        first_tid: 1_000_000,
        clean: false,
    })
    .await?;
    writeln!(
        std::io::stdout(),
        "{:.0} postbacks/s over {} connections for {:.1} s\n\
         answers  200: {}  4xx: {}  503: {}  broken: {}\n\
         latency  median {:.2} ms  p90 {:.2} ms  p99 {:.2} ms  p99.9 {:.2} ms  max {:.2} ms",
        report.rate(),
        arguments.connections,
        report.seconds,
        report.ok,
        report.refused,
        report.unavailable,
        report.broken,
        report.percentile(0.5),
        report.percentile(0.9),
        report.percentile(0.99),
        report.percentile(0.999),
        report.percentile(1.0),
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Makes an integration and leads for the generator through the API.
async fn prepare(
    target: std::net::SocketAddr,
    arguments: &LoadArguments,
) -> Result<(String, Vec<String>), Box<dyn std::error::Error>> {
    let mut client = load::Client::connect(target).await?;
    let body = serde_json::json!({ "partner": "1win", "name": "Load test" });
    let (status, made) = client
        .api(
            "POST",
            "/api/v1/integrations",
            &arguments.token,
            Some(&body),
        )
        .await?;
    if status != 201 {
        return Err(format!("the installation answered {status}: {made}").into());
    }
    let uuid = made["uuid"].as_str().unwrap_or_default().to_owned();
    let mut clickids = Vec::with_capacity(arguments.leads);
    for _ in 0..arguments.leads {
        let body = serde_json::json!({ "name": "Load" });
        let (_, lead) = client
            .api("POST", "/api/v1/leads", &arguments.token, Some(&body))
            .await?;
        clickids.extend(lead["clickid"].as_str().map(str::to_owned));
    }
    Ok((format!("/api/postbacks/{uuid}/tracker-postback"), clickids))
}
