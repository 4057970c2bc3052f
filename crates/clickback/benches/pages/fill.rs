//! Fills a database as a month of work does: leads with names and statuses, five events for each (three
//! of four leads deposit), resends, postbacks of strangers, and some that cannot be read.

use std::path::Path;
use std::sync::Arc;

use clickback::app::{App, AppState};
use clickback::clock::ManualClock;
use clickback::config::Settings;
use clickback::ids::WorkspaceId;
use clickback::people::Role;
use clickback::store::crm::Author;
use clickback::store::inbox::{Incoming, RawRequest};
use clickback::store::integrations::{Integration, NewConfiguration, NewIntegration, NewLink};
use clickback::store::leads::{LeadPatch, NewLead};
use clickback::store::people::{NewUser, Session};
use clickback::tokens;
use clickback_core::intake::Parts;
use clickback_core::moment::Moment;
use clickback_core::partner::usual_postbacks;
use clickback_core::rules::Rules;
use tokio::task::JoinSet;

pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId(1);
/// Events of each lead.
const EACH: usize = 5;
/// Calls of the store at once.
const AT_ONCE: usize = 1_024;
const DAYS: usize = 30;
const NAMES: [&str; 8] = [
    "Иван Лебедев",
    "Анна Ким",
    "Пётр Орлов",
    "Мария Соколова",
    "John Smith",
    "Ольга Белова",
    "Тимур Ахметов",
    "Maria Silva",
];

/// A filled database, open, and the owner's cookie.
pub(crate) struct Filled {
    pub(crate) app: AppState,
    pub(crate) cookie: String,
    pub(crate) leads: usize,
}

/// The clickid of a lead by its place.
pub(crate) fn clickid(place: usize) -> String {
    format!("lead-{place:07}")
}

/// Waits until there is room for one more, or for all.
async fn room(waiting: &mut JoinSet<()>, at_most: usize) {
    while waiting.len() > at_most {
        waiting.join_next().await.expect("one").expect("no panic");
    }
}

pub(crate) async fn fill(directory: &Path, leads: usize) -> Filled {
    let begin = Moment::parse_rfc3339("2026-10-25T00:00:00Z").expect("a moment");
    let clock = Arc::new(ManualClock::at(begin));
    let settings = Settings::local(directory.to_owned());
    let app = App::open_with(settings, Arc::clone(&clock) as _, false).expect("the store opens");
    if !app.store.snapshot().of(WORKSPACE).is_empty() {
        clock.advance(i64::try_from(DAYS * 86_400).expect("small"));
        let cookie = log_in(&app).await;
        return Filled { app, cookie, leads };
    }
    let mut integrations = Vec::new();
    for name in ["1win", "Pocket Option", "Casino"] {
        integrations.push(Arc::new(integration(&app, name).await));
    }
    println!("making {leads} leads");
    make_leads(&app, leads).await;
    let events = leads * EACH;
    println!("receiving {events} postbacks and some more");
    let pace = DAYS * 86_400 / 1_000;
    let mut waiting = JoinSet::new();
    for number in 0..events {
        if number % (events / 1_000).max(1) == 0 {
            clock.advance(i64::try_from(pace).expect("small"));
        }
        if number % 100_000 == 0 {
            room(&mut waiting, 0).await;
            app.store.settle().await;
        }
        for query in queries(number, leads) {
            let integration = Arc::clone(&integrations[number % leads % integrations.len()]);
            let app = Arc::clone(&app);
            waiting.spawn(async move {
                app.store
                    .accept(incoming(&app, integration, query))
                    .await
                    .expect("kept");
            });
        }
        room(&mut waiting, AT_ONCE).await;
    }
    room(&mut waiting, 0).await;
    app.store.settle().await;
    let cookie = log_in(&app).await;
    Filled { app, cookie, leads }
}

async fn integration(app: &App, name: &str) -> Integration {
    let rules: Rules = serde_json::from_str(r#"{"currency":"USD"}"#).expect("rules");
    let made = app
        .store
        .create_integration(NewIntegration {
            workspace: WORKSPACE,
            partner: None,
            name: name.to_owned(),
            clickid_param: "sub1".to_owned(),
            clickid_macro: "{sub1}".to_owned(),
            rules,
            configurations: usual_postbacks()
                .into_iter()
                .map(|one| NewConfiguration {
                    name: one.name.en,
                    event: one.event,
                    rules: one.rules,
                })
                .collect(),
            fields: app.catalogue.get("1win").map_or_else(Vec::new, |partner| {
                let fields = partner.fields.iter();
                fields
                    .map(|field| (field.clone(), field.name.en.clone()))
                    .collect()
            }),
            events: Vec::new(),
        })
        .await
        .expect("an integration");
    for number in 0..20 {
        app.store
            .create_link(NewLink {
                integration: made.id,
                name: format!("{name} {number}"),
                base_url: format!("https://partner.example/?p=x7q{number}"),
                params: Vec::new(),
                owner: None,
            })
            .await
            .expect("a link");
    }
    made
}

async fn make_leads(app: &AppState, leads: usize) {
    let mut waiting = JoinSet::new();
    for place in 0..leads {
        let app = Arc::clone(app);
        waiting.spawn(async move {
            let made = app.store.create_lead(NewLead {
                workspace: Some(WORKSPACE),
                name: Some(format!("{} {place}", NAMES[place % NAMES.len()])),
                clickid: Some(clickid(place)),
                ..NewLead::default()
            });
            let lead = made.await.expect("a lead");
            if place % 50 == 0 {
                let patch = LeadPatch {
                    status: Some("in_work".to_owned()),
                    tags: Some(vec![format!("wave {}", place % 7)]),
                    author: Author::default(),
                    ..LeadPatch::default()
                };
                app.store
                    .update_lead(lead.id, patch)
                    .await
                    .expect("changed");
            }
        });
        room(&mut waiting, AT_ONCE).await;
    }
    room(&mut waiting, 0).await;
}

/// What is sent at this place: an event of a lead, and now and then something else behind it.
fn queries(number: usize, leads: usize) -> Vec<String> {
    let clickid = clickid(number % leads);
    // Every fourth lead never deposits.
    let deposits = !(number % leads).is_multiple_of(4);
    let event = match number / leads {
        0 => format!("tracker.event=registration&clickid={clickid}&fields.user_id={number}"),
        _ if !deposits => format!("tracker.event=visit&clickid={clickid}&tracker.tid={number}"),
        1 => format!(
            "tracker.event=sale&clickid={clickid}&tracker.cost=12.50&tracker.tid={number}&fields.last_deposit=12.50"
        ),
        _ => format!(
            "tracker.event=resale&clickid={clickid}&tracker.cost=31.05&tracker.tid={number}&fields.last_deposit=31.05"
        ),
    };
    let more = match number % 100 {
        7 => Some(event.clone()),
        17 => Some(format!(
            "tracker.event=sale&clickid=stranger-{number}&tracker.cost=5&tracker.tid=s{number}"
        )),
        27 => Some(format!(
            "tracker.event=resale&clickid={clickid}&tracker.cost={{amount}}&tracker.tid=m{number}"
        )),
        37 => Some("tracker.event=sale&tracker.cost=5".to_owned()),
        _ => None,
    };
    std::iter::once(event).chain(more).collect()
}

fn incoming(app: &App, integration: Arc<Integration>, query: String) -> Incoming {
    let raw = RawRequest {
        method: "GET",
        query: query.into_bytes(),
        ..RawRequest::default()
    };
    let received_at = app.clock.now();
    let parts = Parts {
        query: &raw.query,
        content_type: None,
        body: None,
    };
    let judged = parts.judge(&integration.ruleset, received_at);
    Incoming {
        raw,
        integration,
        received_at,
        judged,
        test: false,
    }
}

async fn log_in(app: &App) -> String {
    let known = app.store.user_by_login("owner").await.expect("a store");
    let owner = match known {
        Some(owner) => owner,
        None => app
            .store
            .create_user(NewUser {
                workspace: WORKSPACE,
                login: "owner".to_owned(),
                name: "Owner".to_owned(),
                role: Role::Owner,
                lead_by: None,
                password_hash: String::new(),
            })
            .await
            .expect("an owner"),
    };
    let (token, hash) = tokens::generate();
    let now = app.clock.now();
    app.store
        .create_session(Session {
            hash,
            user: owner.id,
            agent: "bench".to_owned(),
            address: "127.0.0.1".to_owned(),
            created_at: now,
            seen_at: now,
        })
        .await
        .expect("a session");
    format!("session={token}")
}
