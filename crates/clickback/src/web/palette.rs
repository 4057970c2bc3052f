//! Search that goes anywhere: pages and leads by what is typed. The palette asks for it as a script, the
//! page works alone.

use std::borrow::Cow;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use clickback_core::ids::RequestId;
use clickback_core::people::Right;
use serde::Deserialize;

use crate::app::{App, AppState};
use crate::store::StoreResult;
use crate::store::leads::LeadFilter;

use super::error::{self, render};
use super::parts::Icon;
use super::ui::Ui;
use super::visitor::Visitor;

/// Leads that are offered.
const LEADS: usize = 8;
/// Pages: address, word, icon, who may open it.
const PAGES: &[(&str, &str, &str, Right)] = &[
    ("/", "nav-overview", "overview", Right::SeeTeam),
    ("/leads", "nav-leads", "leads", Right::SeeLeads),
    ("/inbox", "nav-inbox", "inbox", Right::SeeTeam),
    (
        "/inbox?verdict=unmatched",
        "palette-unmatched",
        "question",
        Right::SeeTeam,
    ),
    (
        "/inbox?flagged=1",
        "palette-flagged",
        "flag",
        Right::SeeTeam,
    ),
    ("/integrations", "nav-integrations", "plug", Right::SeeTeam),
    ("/doctor", "nav-doctor", "doctor", Right::SeeTeam),
    (
        "/settings/account",
        "settings-account",
        "person",
        Right::Account,
    ),
    (
        "/settings/workspace",
        "settings-workspace",
        "gear",
        Right::SetUp,
    ),
    (
        "/settings/people",
        "settings-people",
        "leads",
        Right::ManagePeople,
    ),
    (
        "/settings/tokens",
        "settings-tokens",
        "gear",
        Right::ManagePeople,
    ),
    (
        "/settings/log",
        "settings-log",
        "clock",
        Right::ManagePeople,
    ),
];

struct Hit {
    href: String,
    icon: Icon,
    title: Cow<'static, str>,
    more: String,
}

#[derive(Template)]
#[template(path = "palette.html")]
struct PalettePage<'a> {
    ui: &'a Ui,
    section: &'static str,
    search: &'a str,
    hits: Vec<Hit>,
}

#[derive(Template)]
#[template(path = "parts/hits.html")]
struct Hits<'a> {
    ui: &'a Ui,
    hits: Vec<Hit>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
    /// Only the list, for the script.
    part: String,
}

/// The page, or its list alone.
pub(super) async fn find(
    State(app): State<AppState>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    let ui = &visitor.ui;
    let hits = match hits(&app, &visitor, asked.q.trim()).await {
        Ok(hits) => hits,
        Err(cause) => return error::page(ui, &cause),
    };
    if asked.part == "1" {
        return render(&Hits { ui, hits });
    }
    render(&PalettePage {
        ui,
        section: "",
        search: asked.q.trim(),
        hits,
    })
}

async fn hits(app: &App, visitor: &Visitor, search: &str) -> StoreResult<Vec<Hit>> {
    let ui = &visitor.ui;
    let wanted = search.to_lowercase();
    let mut hits: Vec<Hit> = PAGES
        .iter()
        .filter(|(_, _, _, right)| visitor.role.may(*right))
        .map(|(href, word, icon, _)| Hit {
            href: (*href).to_owned(),
            icon: Icon(icon),
            title: ui.t(word),
            more: String::new(),
        })
        .filter(|hit| hit.title.to_lowercase().contains(&wanted))
        .collect();
    if wanted.is_empty() {
        return Ok(hits);
    }
    if visitor.role.may(Right::SeeTeam) {
        let snapshot = app.store.snapshot();
        let named = snapshot.of(visitor.workspace).into_iter();
        hits.extend(
            named
                .filter(|one| one.name.to_lowercase().contains(&wanted))
                .map(|one| Hit {
                    href: format!("/integrations/{}", one.id),
                    icon: Icon("plug"),
                    title: Cow::Owned(one.name.clone()),
                    more: ui.t("integration").into_owned(),
                }),
        );
        if let Ok(id) = search.parse::<RequestId>() {
            hits.push(Hit {
                href: format!("/inbox/{id}"),
                icon: Icon("inbox"),
                title: Cow::Owned(id.to_string()),
                more: ui.t("detail-request").into_owned(),
            });
        }
    }
    let filter = LeadFilter {
        search: Some(search.to_owned()),
        buyers: visitor.scope.buyers(),
        limit: LEADS,
        ..LeadFilter::new(visitor.workspace)
    };
    let leads = app.store.leads(filter).await?;
    hits.extend(leads.items.into_iter().map(|lead| {
        let name = lead.name.trim().to_owned();
        let (title, more) = if name.is_empty() {
            (lead.clickid, String::new())
        } else {
            (name, lead.clickid)
        };
        Hit {
            href: format!("/leads/{}", lead.id),
            icon: Icon("person"),
            title: Cow::Owned(title),
            more,
        }
    }));
    Ok(hits)
}
